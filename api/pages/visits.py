"""One visit: which language, which page, which day and which tree size it asks about, and the addresses that keep them.

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
from api.reads_asked import FIRST_DAY, LAST_DAY

TIMES: Final = ("as_of", "known_at")
TREE_SIZE_DIGITS_MAX: Final = 15
PARAMETER_CHARACTERS_MAX: Final = 120
SHOWN_CHARACTERS_MAX: Final = 80

ID: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")
"""What an id of a party, an instrument, a commitment, a delivery or an act can look like."""

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


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

    `as_of` and `known_at` are None where the address does not name them; `times` is how it wrote those that it names.
    """

    language: Language
    prefix: str
    path: str
    base: str
    query: Mapping[str, str]
    today: date
    as_of_asked: date | None = None
    known_at: int | datetime | None = None
    times: Mapping[str, str] = field(default_factory=dict)

    @property
    def as_of(self) -> date:
        """The day that is asked about: today in UTC unless the address says otherwise."""
        return self.as_of_asked or self.today

    def link(self, path: str, **query: object) -> str:
        """Return the address of a page in this language, about the same day and tree size."""
        return self._address(self.prefix + path, {**query, **self.times})

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
    today = datetime.now(UTC).date()
    for language in LANGUAGES:
        if first == language:
            return Visit(language, f"/{language}", f"/{rest}", base, query, today)
    accepted = negotiated(request.headers.get("accept-language", ""))
    return Visit(accepted, "", request.url.path, base, query, today)


def visit_of(request: Request) -> Visit:
    """Return the visit that a request is. Raises PageError for a day or a tree size that is none."""
    visit = bare_visit(request)
    query = {name: value for name, value in visit.query.items() if value.strip() and "\0" not in value}
    as_of, known_at = query.get("as_of", "").strip(), query.get("known_at", "").strip()
    return Visit(
        visit.language,
        visit.prefix,
        visit.path,
        visit.base,
        query,
        visit.today,
        as_of_asked=_day(as_of) if as_of else None,
        known_at=_known_at(known_at) if known_at else None,
        times={name: query[name].strip() for name in TIMES if name in query},
    )


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text) and FIRST_DAY <= (day := date.fromisoformat(text)) <= LAST_DAY:
            return day
    except ValueError:
        pass
    raise PageError(400, "as_of_malformed", text)


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
