"""From a visit to its answer: language, conditional requests, headers, and a page even where something is wrong.

Every page carries its day and tree size, and on a demonstration ledger the banner, errors included. No page needs a
script, and the policy lets none run.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Final

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.log import DEMONSTRATION
from api.pages.languages import LANGUAGE_NAMES, LANGUAGES, Language, catalogue
from api.pages.looking import Content, Looking
from api.pages.visits import PageError, Visit, bare_visit, visit_of
from api.pages.writing import Writing
from api.service import Service, service_of
from ledger.rules.compact import LEDGER, Opened
from ledger.store.errors import StoreError
from projections.reading import Known
from projections.stored_rows import NotKnown, NotServing, StoredRows

PAGES_CSP: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
RETRY_AFTER_SECONDS: Final = "5"

_PARTS: Final = ("templates", "messages", "static/pages")
_log = structlog.get_logger(__name__)

MENU: Final[Mapping[str, str]] = MappingProxyType(
    {
        "/": "ledger",
        "/sanctions": "sanctions",
        "/consultations": "consultations",
        "/feed": "feed",
        "/verify": "verify",
        "/about": "about",
    }
)
"""The sections of the menu and their labels of kind `menu`."""

WITHIN: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "/": {
            "/": "guarantors",
            "/instruments": "instruments",
            "/overdue": "overdue",
            "/upcoming": "upcoming",
            "/coverage": "coverage",
            "/statistics": "statistics",
            "/observations": "observations",
        },
    }
)
"""The pages of a section that has several, and their labels of kind `menu`."""

OF_SECTION: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(WITHIN["/"], "/"),
        **dict.fromkeys(("/guarantors", "/commitments", "/deliveries", "/parties", "/requirements"), "/"),
        **dict.fromkeys(("/consultations", "/crises"), "/consultations"),
        "/sanctions": "/sanctions",
        **dict.fromkeys(("/feed", "/events"), "/feed"),
    }
)
"""The section of a page, by the first part of its path."""

LIVE: Final = frozenset({"verify.html"})
"""Pages that say how the witnesses stand, which changes without an entry."""


@cache
def environment(language: Language) -> Environment:
    """Return the templates of a language. What is inserted is escaped; a name that is missing is an error."""
    made = Environment(
        loader=PackageLoader("api", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    return made


@cache
def edition() -> str:
    """Return a digest of everything that pages are made from, so that a new version of them is another page."""
    digest = sha256()
    for part in _PARTS:
        for name, content in sorted(_read(files("api").joinpath(part))):
            digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _read(folder: Traversable) -> list[tuple[str, bytes]]:
    return [(one.name, one.read_bytes()) for one in folder.iterdir() if one.is_file()]


def page(
    request: Request, template: str, content: Callable[[Looking], Content], *, by_instant: bool = False
) -> Response:
    """Return the page that a request asks for, made of `template` and `content`, or the page of its error.

    `by_instant`: the page depends on the instant, not on the day alone.
    """
    try:
        visit = visit_of(request)
        service = service_of(request)
        with service.models.at(visit.known_at) as rows:
            if by_instant:
                visit = _settled(visit, rows)
            live = _live(service) if template in LIVE else ()
            headers = _headers(visit, _etag(visit, rows, service, visit.at if by_instant else visit.as_of, *live))
            if _is_known(request, headers["ETag"]):
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
            kept = service.models.kept(f"page {headers['ETag']}")
            if kept is None:
                instant = visit.at if by_instant else visit.at_asked
                looking = Looking(service, visit, rows, Known(rows, visit.as_of, instant))
                given = {**_frame(request, visit), **_shown(looking), **content(looking), "by_instant": by_instant}
                shown = environment(visit.language).get_template(template).render(given).encode()
                kept = service.models.keep(f"page {headers['ETag']}", shown)
            return HTMLResponse(kept.body, headers=headers)
    except PageError as error:
        return error_page(request, error)
    except NotKnown as error:
        return error_page(request, PageError(HTTPStatus.NOT_FOUND, "not_known_yet", str(error.position)))
    except (NotServing, StoreError) as error:
        _log.error("page_not_made", path=request.url.path, error=str(error))
        return error_page(request, PageError(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"))


def _settled(visit: Visit, rows: StoredRows) -> Visit:
    """Return the visit whose now is the whole minute, or the newest entry where that is later.

    So everybody who looks within a minute is shown one page, and nothing that is recorded is missing on it.
    """
    minute = visit.now.replace(second=0)
    return replace(visit, now=max(minute, rows.recorded_at) if rows.recorded_at is not None else minute)


def error_page(request: Request, error: PageError) -> Response:
    """Return the page that says what is wrong with a request, and where to go from there."""
    visit = bare_visit(request)
    given = {**_frame(request, visit), "error": error, "looking": None}
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language", "Content-Security-Policy": PAGES_CSP}
    headers["Content-Language"] = visit.language
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    rendered = environment(visit.language).get_template("error.html").render(given)
    return HTMLResponse(rendered, error.status, headers)


def _frame(request: Request, visit: Visit) -> dict[str, Any]:
    """Return what every page has, whatever it can read."""
    writing = Writing(visit.language)
    opened = _opened(request)
    purpose = (opened.purpose or "") if opened is not None else ""
    return {
        "visit": visit,
        "writing": writing,
        "label": writing.label,
        "edition": edition(),
        "menu": MENU,
        "section": (section := OF_SECTION.get("/" + visit.path.split("/")[1], visit.path)),
        "within": WITHIN.get(section, {}),
        "languages": [(one, LANGUAGE_NAMES[one]) for one in LANGUAGES],
        "ledger_names": opened.name if opened is not None else {},
        "purpose": purpose,
        "origin": service_of(request).settings.origin,
        "demonstration": DEMONSTRATION in purpose.lower(),
    }


def _shown(looking: Looking) -> dict[str, Any]:
    rows = looking.rows
    return {
        "looking": looking,
        "party_name": looking.name,
        "said": looking.said,
        "tree_size": rows.known_at,
        "recorded_at": rows.recorded_at,
    }


def _opened(request: Request) -> Opened | None:
    """Return what the opening fixed, as last seen: it never changes, so no banner is lost with the database."""
    state = request.app.state
    found: Opened | None = getattr(state, "pages_opened", None)
    if found is None:
        try:
            opened = service_of(request).log.state(LEDGER)
        except StoreError:
            return None
        found = state.pages_opened = opened if isinstance(opened, Opened) else None
    return found


def _live(service: Service) -> tuple[object, ...]:
    """Return what such a page says of the witnesses."""
    if service.gatherer is None:
        return ()
    gathered = service.gatherer.gathered
    stand = tuple((one.standing, one.tree_size, one.cosigned_at) for one in gathered.witnesses)
    return gathered.quorum, gathered.tree_size, gathered.witnessed_size, stand


def _etag(visit: Visit, rows: StoredRows, service: Service, when: date | datetime, *live: object) -> str:
    asked = visit.here()
    parts = (edition(), rows.generation, rows.known_at, service.newest.tree_size, when, visit.language, *live)
    named = "\n".join(map(str, (*parts, visit.base, asked)))
    return f'W/"{sha256(named.encode()).hexdigest()[:32]}"'


def _headers(visit: Visit, etag: str) -> dict[str, str]:
    return {
        "ETag": etag,
        "Cache-Control": "no-cache",
        "Vary": "Accept-Language",
        "Content-Language": visit.language,
        "Content-Security-Policy": PAGES_CSP,
    }


def _is_known(request: Request, etag: str) -> bool:
    """Tell whether the client says that it has this page (RFC 9110 §13.1.2, weak comparison)."""
    named = request.headers.get("if-none-match", "")
    return named.strip() == "*" or etag in (one.strip() for one in named.split(","))
