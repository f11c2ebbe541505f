"""What every question about the projections may say: as of which day, as known when, in which form, from where on.

One question has one set of times: whatever it left open is filled in once, and said in the answer.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from fastapi import Depends, Query, Request

from api.parameters import Whole
from api.problems import Problem, Trouble

LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 500
CURSOR_CHARACTERS_MAX: Final = 200

FIRST_DAY: Final = date(1990, 1, 1)
LAST_DAY: Final = date(2089, 12, 31)
"""Between these a recurrence by the month has few enough periods to be written out."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_SHOWN: Final = 60


class Form(StrEnum):
    """The representations of an answer, by the name that `format` has for them."""

    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"


MEDIA_TYPE: Final = {
    Form.JSON: "application/json",
    Form.CSV: "text/csv",
    Form.NDJSON: "application/x-ndjson",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The times and the form of one question. `known_at` None: as newest."""

    request: Request
    as_of: date
    known_at: int | datetime | None
    form: Form
    explain: bool
    is_pinned: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Where a list goes on: after the item of this key, at most so many items."""

    after: str | None
    limit: int


def _asked(
    request: Request,
    as_of: Annotated[
        str | None, Query(description="what was true on this day; default: today, UTC", examples=["2026-06-30"])
    ] = None,
    known_at: Annotated[
        str | None,
        Query(description="as the ledger knew it then: a tree size or an RFC 3339 instant; default: the newest"),
    ] = None,
    format: Annotated[  # the parameter's public name
        Literal["json", "csv", "ndjson"] | None, Query(description="instead of the header Accept")
    ] = None,
    explain: Annotated[bool, Query(description="add the acts behind the figures, each with its address")] = False,
) -> Asked:
    return Asked(
        request=request,
        as_of=day_of(as_of) if as_of is not None else datetime.now(UTC).date(),
        known_at=moment_of(known_at) if known_at is not None else None,
        form=Form(format) if format is not None else form_of(request.headers.get("accept", "")),
        explain=explain,
        is_pinned=as_of is not None and known_at is not None,
    )


def _page(
    after: Annotated[
        str | None, Query(max_length=CURSOR_CHARACTERS_MAX, description="the key that the last page ended with")
    ] = None,
    limit: Annotated[Whole, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> Page:
    return Page(after, limit)


Asking = Annotated[Asked, Depends(_asked)]
Paging = Annotated[Page, Depends(_page)]


def day_of(text: str) -> date:
    """Return the day that `as_of` names. Raises Problem."""
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise Problem(
            Trouble.QUERY_INVALID, f"as_of as YYYY-MM-DD, from {FIRST_DAY} to {LAST_DAY}", ascii(text[:_SHOWN])
        )
    return day


def moment_of(text: str) -> int | datetime:
    """Return the tree size or the instant that `known_at` names. Raises Problem."""
    if _SIZE.fullmatch(text):
        return int(text)
    try:
        instant = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        expected = "known_at as a tree size, or as an instant such as 2026-06-30T12:00:00Z"
        raise Problem(Trouble.QUERY_INVALID, expected, ascii(text[:_SHOWN]))
    return instant


def form_of(accept: str) -> Form:
    """Return the form that the header Accept asks for: the first named that there is. Raises Problem."""
    ranges = [one.partition(";")[0].strip().lower() for one in accept.split(",") if one.strip()]
    for wanted in ranges:
        for form, media_type in MEDIA_TYPE.items():
            if wanted in (media_type, "*/*", f"{media_type.partition('/')[0]}/*"):
                return form
    if not ranges:
        return Form.JSON
    raise Problem(Trouble.NOT_ACCEPTABLE, f"one of {', '.join(MEDIA_TYPE.values())}", ascii(accept[:_SHOWN]))
