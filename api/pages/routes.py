"""Which address is which page, in both languages and without one."""

from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from api.pages import acts, contents, crises, figures, needs, observations, sanctions, statistics
from api.pages.languages import LANGUAGES
from api.pages.looking import Content, Looking
from api.pages.rendering import error_page, page
from api.pages.visits import not_found

STATIC_PATH: Final = "/static"
NOT_PAGES: Final = ("/v1/", "/docs", "/entries", "/.well-known/", STATIC_PATH)

Show = Callable[[Looking], Content]
ShowOne = Callable[[Looking, str], Content]
ShowFigure = Callable[[Looking, str, str], Content]

PLAIN: Final[tuple[tuple[str, str, Show], ...]] = (
    ("/", "home.html", contents.home),
    ("/instruments", "instruments.html", contents.instruments),
    ("/overdue", "overdue.html", contents.late),
    ("/sanctions", "sanctions.html", sanctions.sanctions),
    ("/consultations", "consultations.html", crises.consultations),
    ("/upcoming", "upcoming.html", needs.coming),
    ("/coverage", "coverage.html", needs.covered),
    ("/statistics", "statistics.html", statistics.over_time),
    ("/observations", "observations.html", observations.claims),
    ("/feed", "feed.html", acts.feed),
    ("/verify", "verify.html", contents.verifying),
    ("/about", "about.html", contents.about),
)
OF_ONE: Final[tuple[tuple[str, str, ShowOne], ...]] = (
    ("/guarantors/{entity}", "guarantor.html", contents.guarantor),
    ("/commitments/{entity}", "commitment.html", contents.commitment),
    ("/instruments/{entity}", "instrument.html", contents.instrument),
    ("/deliveries/{entity}", "delivery.html", contents.delivery),
    ("/parties/{entity}", "party.html", contents.party),
    ("/sanctions/{entity}", "measure.html", sanctions.measure),
    ("/crises/{entity}", "crisis.html", crises.crisis),
    ("/consultations/{entity}", "consultation.html", crises.consultation),
    ("/requirements/{entity}", "requirement.html", needs.requirement),
    ("/observations/{entity}", "observation.html", observations.claim),
    ("/events/{entity}", "event.html", acts.act),
)
OF_FIGURE: Final[tuple[tuple[str, ShowFigure], ...]] = (
    ("/guarantors/{entity}/figures/{figure}", figures.explained_guarantor),
    ("/commitments/{entity}/figures/{figure}", figures.explained_commitment),
    ("/deliveries/{entity}/figures/{figure}", figures.explained_delivery),
    ("/requirements/{entity}/figures/{figure}", needs.explained_requirement),
)
OF_TOTAL: Final[tuple[tuple[str, str, ShowOne], ...]] = (
    ("/coverage/figures/{entity}", "explained.html", needs.explained_coverage),
    ("/statistics/figures/{entity}", "explained.html", statistics.explained_totals),
)
"""Where the acts behind a figure are listed: of one thing, or of all together."""

BY_INSTANT: Final = frozenset(
    {
        *("home.html", "guarantor.html", "party.html"),
        *("sanctions.html", "measure.html", "consultations.html", "consultation.html", "crisis.html"),
        "upcoming.html",
    }
)
"""Pages on which it matters which instant of a day is asked about: measures change and deadlines pass at instants."""


def static_files() -> StaticFiles:
    """Return the application that serves what the pages load: one style sheet and one icon."""
    return StaticFiles(directory=Path(str(files("api") / "static" / "pages")))


def missing_page(request: Request) -> Response:
    """Return the page for an address that leads nowhere."""
    return error_page(request, not_found(request.url.path))


def wants_page(request: Request) -> bool:
    """Tell whether whoever asks is a person with a browser, at an address that is not the interface's."""
    is_page = not request.url.path.startswith(NOT_PAGES)
    return is_page and request.method == "GET" and "text/html" in request.headers.get("accept", "")


def _plain(template: str, content: Show) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        return page(request, template, content, by_instant=template in BY_INSTANT)

    return endpoint


def _of_one(template: str, content: ShowOne) -> Callable[[Request, str], Response]:
    def endpoint(request: Request, entity: str) -> Response:
        shown = partial(_of_entity, content, entity)
        return page(request, template, shown, by_instant=template in BY_INSTANT)

    return endpoint


def _of_entity(content: ShowOne, entity: str, looking: Looking) -> Content:
    return content(looking, entity)


def _of_figure(content: ShowFigure) -> Callable[[Request, str, str], Response]:
    def endpoint(request: Request, entity: str, figure: str) -> Response:
        return page(request, "explained.html", lambda looking: content(looking, entity, figure))

    return endpoint


def _router() -> APIRouter:
    made = APIRouter(include_in_schema=False)
    for prefix in ("", *(f"/{language}" for language in LANGUAGES)):
        for path, template, show in PLAIN:
            made.add_api_route(prefix + path, _plain(template, show), methods=["GET"])
        for path, template, show_one in (*OF_ONE, *OF_TOTAL):
            made.add_api_route(prefix + path, _of_one(template, show_one), methods=["GET"])
        for path, show_figure in OF_FIGURE:
            made.add_api_route(prefix + path, _of_figure(show_figure), methods=["GET"])
        if prefix:
            made.add_api_route(prefix, _plain("home.html", contents.home), methods=["GET"])
    return made


router = _router()
