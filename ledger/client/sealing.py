"""Sealing: a value becomes a digest that an act can hold, and a secret file that opens it one day.

    {"salt":"5f…","value":{"kind":"goods","quantity":"3","unit":"radar satellite"}}

The file is readable by its owner alone and never overwritten: without its salt nobody can open what was sealed.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from ledger.client.errors import ClientError
from ledger.events import currencies
from ledger.events.canonical import canonical_bytes, parse_canonical
from ledger.events.corrections import DisclosedObject, Salt, salted_sha256
from ledger.events.terms import FormulaObject, MoneyObject, UndisclosedObject
from ledger.events.values import Confidential
from ledger.rules.disclosures import OBJECT
from ledger.store.durable import sync_directory

SECRET_FILE_MODE: Final = 0o600
SECRET_BYTES_MAX: Final = 16 * 1024


class Secret(Struct, frozen=True, forbid_unknown_fields=True):
    """What opens a sealed value."""

    salt: Salt
    value: DisclosedObject

    @property
    def sealed(self) -> UndisclosedObject:
        """What stands in an act in its place."""
        return UndisclosedObject(Confidential(salted_sha256(bytes.fromhex(self.salt), self.value)))

    def opening(self) -> dict[str, Any]:
        """Return the fields of an `act.disclosed` that open it."""
        opened: dict[str, Any] = {"field": OBJECT, **msgspec.to_builtins(self)}
        return opened


def secret_of(value: Mapping[str, Any], salt: bytes) -> Secret:
    """Return the secret of a value that an act could hold. Raises ClientError, or Rejected for text that none could."""
    do = "Give it as terms.object is written in a draft."
    try:
        parse_canonical(canonical_bytes(dict(value)), SECRET_BYTES_MAX)
        made = msgspec.convert({"salt": salt.hex(), "value": value}, Secret)
    except (ValueError, msgspec.ValidationError) as error:
        raise ClientError("a value of money, goods, a service or a formula", str(error), do) from None
    if isinstance(made.value, MoneyObject | FormulaObject) and currencies.exponent(made.value.currency) is None:
        raise ClientError("an ISO 4217 code", made.value.currency, do)
    return made


def write_secret(path: Path, secret: Secret) -> None:
    """Write a secret for its owner alone. Raises ClientError rather than overwrite what may be the only salt."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET_FILE_MODE)
    except FileExistsError:
        raise ClientError(f"no file at {path}", "one", "Choose another name: a secret is not overwritten.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(canonical_bytes(msgspec.to_builtins(secret)) + b"\n")
        file.flush()
        # The digest may be in the ledger a moment later: what opens it must not be lost with the power.
        os.fsync(file.fileno())
    sync_directory(path.parent)


def read_secret(path: Path) -> Secret:
    """Return the secret in a file. Raises ClientError where it is none."""
    try:
        with path.open("rb") as opened:
            return msgspec.json.decode(opened.read(SECRET_BYTES_MAX), type=Secret)
    except (OSError, msgspec.DecodeError) as error:
        raise ClientError(f"{path} as written by gledger value seal", str(error), "Name another file.") from None
