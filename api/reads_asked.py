"""What every question about the projections may say: as of when, as known when, in which form, from where on.

One question has one set of times: whatever it left open is filled in once, and said in the answer. `as_of` is a day,
which means its end, or an instant; where an answer goes by days, an instant means its day in UTC.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

import msgspec
from fastapi import Depends, Query, Request

from api.parameters import Whole
from api.problems import Problem, Trouble
from projections.reading import end_of

LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 500
CURSOR_CHARACTERS_MAX: Final = 200

FIRST_DAY: Final = date(1990, 1, 1)
LAST_DAY: Final = date(2089, 12, 31)
"""Between these a recurrence by the month has few enough periods to be written out."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
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
    """The times and the form of one question. `known_at` None: as newest.

    `at` is in UTC and `as_of` its day. `is_now`: the question left it open. `by_instant`: the answer depends on `at`.
    """

    request: Request
    as_of: date
    at: datetime
    known_at: int | datetime | None
    form: Form
    explain: bool
    is_now: bool
    by_instant: bool = False

    @property
    def is_pinned(self) -> bool:
        """Whether the question names both of its times."""
        return not self.is_now and self.known_at is not None

    @property
    def time(self) -> str:
        """What the answer is as of, as `as_of` would name it: an instant where the answer depends on it, or a day."""
        return instant_text(self.at) if self.by_instant else self.as_of.isoformat()


@dataclass(frozen=True, slots=True)
class Page:
    """Where a list goes on: after the item of this key, at most so many items."""

    after: str | None
    limit: int


def _asked(
    request: Request,
    as_of: Annotated[
        str | None,
        Query(
            description="what was true at the end of this day, UTC, or at this RFC 3339 instant; default: now",
            examples=["2026-06-30", "2026-06-30T12:00:00Z"],
        ),
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
    at = instant_of(as_of) if as_of is not None else datetime.now(UTC).replace(microsecond=0)
    if at is None:
        expected = f"as_of as a day or as an instant such as 2026-06-30T12:00:00Z, from {FIRST_DAY} to {LAST_DAY}"
        raise Problem(Trouble.QUERY_INVALID, expected, ascii(as_of)[:_SHOWN])
    return Asked(
        request=request,
        as_of=at.date(),
        at=at,
        known_at=moment_of(known_at) if known_at is not None else None,
        form=Form(format) if format is not None else form_of(request.headers.get("accept", "")),
        explain=explain,
        is_now=as_of is None,
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


def instant_of(text: str) -> datetime | None:
    """Return the instant in UTC that `as_of` names, of a day its end; None for what cannot be asked about."""
    try:
        if _INSTANT.fullmatch(text):
            instant = datetime.fromisoformat(text).astimezone(UTC)
        elif _DAY.fullmatch(text):
            instant = end_of(date.fromisoformat(text))
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return instant if FIRST_DAY <= instant.date() <= LAST_DAY else None


def instant_text(instant: datetime) -> str:
    """Return an instant in UTC as answers write it: 2026-06-30T12:00:00Z."""
    text: str = msgspec.to_builtins(instant)
    return text


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
