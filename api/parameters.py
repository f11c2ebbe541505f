"""Parameters that several addresses share. Each value has one spelling, so that one thing has one address."""

import re
from typing import Annotated, Final

from fastapi import Path
from pydantic import BeforeValidator

from ledger.events.canonical import INTEGER_MAX

POSITION_MAX: Final = INTEGER_MAX

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")


def _decimal(value: object) -> object:
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise ValueError("expected a whole number without sign, point or leading zeros")
    return value


Whole = Annotated[int, BeforeValidator(_decimal)]
"""A number as digits. The framework alone would take 1.0 and +1 too."""

EventId = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        description="UUIDv7 that the signer chose",
        examples=["019a3c5e-7b1a-7c3d-8e4f-0123456789ab"],
    ),
]
Position = Annotated[Whole, Path(ge=1, le=POSITION_MAX, description="from 1", examples=[1])]
Party = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{1,31}$", examples=["depositary"])]
Office = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$", examples=["root"])]
