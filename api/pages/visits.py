"""One visit: which language, which page, which day or instant and which tree size it asks about, kept in its addresses.

A visit is a value; whatever of the address is not in the documented form is answered with a page that says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final
from urllib.parse import quote, urlencode

from starlette.requests import Request

from api.pages.languages import LANGUAGES, Language, negotiated
from api.reads_asked import instant_of
from projections.reading import end_of

TIMES: Final = ("as_of", "time", "known_at")
TREE_SIZE_DIGITS_MAX: Final = 15
PARAMETER_CHARACTERS_MAX: Final = 120
SHOWN_CHARACTERS_MAX: Final = 80

ID: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,120}")
"""What an id can look like; the longest is that of a consultation: a crisis, a full stop and an instrument."""

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_TIME: Final = re.compile(r"\d\d:\d\d(:\d\d)?")

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")


class PageError(Exception):
    """Answered with a page. `code` is one of the labels of kind `error`; `got` is shown, cut short."""

    def __init__(self, status: int, code: str, got: str = "") -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.got = got[:SHOWN_CHARACTERS_MAX]


def not_found(got: str) -> PageError:
    """Return the answer to an id or an address that leads nowhere."""
    return PageError(404, "not_found", got)


@dataclass(frozen=True)
class Visit:
    """What an address asks for. `prefix`: `/uk` where the address fixes the language, else nothing.

    `at_asked` and `known_at` are None where the address does not name them; `times` is how an address names those it
    does. A form sends a day and a time of it: one instant.
    """

    language: Language
    prefix: str
    path: str
    base: str
    query: Mapping[str, str]
    now: datetime
    at_asked: datetime | None = None
    known_at: int | datetime | None = None
    times: Mapping[str, str] = field(default_factory=dict)

    @property
    def as_of(self) -> date:
        """The day that is asked about: today in UTC unless the address says otherwise."""
        return self.at.date()

    @property
    def at(self) -> datetime:
        """The instant that is asked about, in UTC: of a day its end; now unless the address says otherwise."""
        return self.at_asked or self.now

    @property
    def today(self) -> date:
        """The day of the visit, in UTC."""
        return self.now.date()

    @property
    def is_whole_day(self) -> bool:
        """Whether it is a day that is asked about, and no instant of it."""
        return self.at_asked is not None and self.at_asked == end_of(self.as_of)

    def link(self, path: str, **query: object) -> str:
        """Return the address of a page in this language, about the same day and tree size."""
        return self._address(self.prefix + path, {**query, **self.times})

    def link_on(self, day: date, path: str, **query: object) -> str:
        """Return the address of a page in this language about another day, at the same tree size."""
        return self._address(self.prefix + path, {**query, **self.times, "as_of": day.isoformat()})

    def here(self, **query: object) -> str:
        """Return the address of this page with other parameters; one that is None is left out."""
        return self._address(self.prefix + self.path, {**self.query, **query})

    def switched(self, language: Language) -> str:
        """Return the address of this page in another language."""
        return self._address(f"/{language}{self.path}", dict(self.query))

    def plain(self) -> str:
        """Return the address of this page about today and all that is known."""
        return self._address(self.prefix + self.path, {name: self.query[name] for name in self.others})

    @property
    def others(self) -> list[str]:
        """The parameters that are not times."""
        return [name for name in self.query if name not in TIMES]

    @staticmethod
    def _address(path: str, query: Mapping[str, object]) -> str:
        given = {name: str(value) for name, value in query.items() if value is not None and value != ""}
        return quote(path, safe="/") + (f"?{urlencode(given)}" if given else "")


def bare_visit(request: Request) -> Visit:
    """Return the visit without the times it asks about, which may be malformed."""
    first, _, rest = request.url.path.removeprefix("/").partition("/")
    base = str(request.base_url).rstrip("/")
    query = {name: value[:PARAMETER_CHARACTERS_MAX] for name, value in request.query_params.items()}
    now = datetime.now(UTC).replace(microsecond=0)
    for language in LANGUAGES:
        if first == language:
            return Visit(language, f"/{language}", f"/{rest}", base, query, now)
    accepted = negotiated(request.headers.get("accept-language", ""))
    return Visit(accepted, "", request.url.path, base, query, now)


def visit_of(request: Request) -> Visit:
    """Return the visit that a request is. Raises PageError for a day or a tree size that is none."""
    visit = bare_visit(request)
    query = {name: value for name, value in visit.query.items() if value.strip() and "\0" not in value}
    time, known_at = query.pop("time", "").strip(), query.get("known_at", "").strip()
    as_of = _with_time(query.get("as_of", "").strip(), time, visit.today)
    if as_of:
        query["as_of"] = as_of
    return Visit(
        visit.language,
        visit.prefix,
        visit.path,
        visit.base,
        query,
        visit.now,
        at_asked=_as_of(as_of) if as_of else None,
        known_at=_known_at(known_at) if known_at else None,
        times={name: query[name].strip() for name in TIMES if name in query},
    )


def _with_time(as_of: str, time: str, today: date) -> str:
    """Return the instant that a day and a time of it name; the day alone without a time."""
    if not time or (as_of and not _DAY.fullmatch(as_of)):
        return as_of
    if not _TIME.fullmatch(time):
        raise PageError(400, "time_malformed", time)
    return f"{as_of or today.isoformat()}T{time if time.count(':') == 2 else f'{time}:00'}Z"


def _as_of(text: str) -> datetime:
    instant = instant_of(text)
    if instant is None:
        raise PageError(400, "as_of_malformed", text)
    return instant


def _known_at(text: str) -> int | datetime:
    if text.isascii() and text.isdecimal() and len(text) <= TREE_SIZE_DIGITS_MAX:
        return int(text)
    try:
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise PageError(400, "known_at_malformed", text)


def checked_id(text: str) -> str:
    """Return `text` if an id can look like it. Raises PageError."""
    if not ID.fullmatch(text):
        raise not_found(text)
    return text
