"""The application: what is served where, and what surrounds it.

`create_app` reads no environment and keeps nothing outside the application that it returns, so two of them in one
process do not know of each other.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from api import (
    docs,
    explanations,
    health,
    log,
    pages,
    reads,
    reads_documentation,
    reference,
    scitt,
    statements,
    submissions,
    tiles,
    verifier,
    witnesses,
)
from api.concise import respond
from api.documentation import DESCRIPTION, describe
from api.edge import BODY_BYTES_MAX, Edge, Failing, instance_of
from api.heads import NewestCheckpoint
from api.measures import Measures
from api.problems import OWN_KEYS, PUBLISHED_LOG, Problem, Trouble, problem_of
from api.ready import Ready
from api.routing import Direct
from api.service import running
from api.settings import Settings
from ledger.intake.errors import SealingFailed, WrongLedger
from ledger.store.errors import HeadsUnreadable, LogRolledBack, StoreError, StoreUnavailable, UnknownSchema

_SHOWN_MAX: Final = 80
_BY_STATUS: Final = {
    400: Trouble.REQUEST_MALFORMED,
    404: Trouble.NOT_FOUND,
    405: Trouble.METHOD_NOT_ALLOWED,
    406: Trouble.NOT_ACCEPTABLE,
    413: Trouble.BODY_TOO_LARGE,
    415: Trouble.MEDIA_TYPE_UNSUPPORTED,
    422: Trouble.QUERY_INVALID,
}
"""What the framework's own errors are called here."""

_logger = structlog.get_logger(__name__)


def create_app(settings: Settings) -> ASGIApp:
    """Return the application of the ledger that `settings` describe. Its lifespan opens and closes everything.

    The framework's own application is within, so that what is ready, and what is called directly, does not go through
    its middleware.
    """
    newest, measures, ready = NewestCheckpoint(), Measures(), Ready()
    routed = routed_app(settings, newest, measures, ready)
    return Edge(Direct(routed), newest, measures, ready)


def routed_app(settings: Settings, newest: NewestCheckpoint, measures: Measures, ready: Ready) -> FastAPI:
    """Return all routes, described, with answers for every error."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, newest, measures, ready) as service:
            app.state.service = service
            yield

    app = FastAPI(
        title="Guarantee ledger",
        version=version("guarantee-ledger"),
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    serving = (tiles, statements, scitt, witnesses, reads, explanations, reference, health, docs, verifier)
    for module in (submissions, log, *serving, pages):
        app.include_router(module.router)
    app.mount(docs.STATIC_PATH, docs.static_files())
    app.mount(pages.STATIC_PATH, pages.static_files())
    describe(app, reads_documentation.complete)
    _answer_errors(app)
    app.add_middleware(Failing)
    return app


def _answer_errors(app: FastAPI) -> None:
    """Answer every error with a problem document; what is not named here the edge answers with internal_error."""

    @app.exception_handler(Problem)
    async def own(request: Request, error: Problem) -> Response:
        return respond(problem_of(error, instance_of(request.scope)), request.url.path, error.headers)

    @app.exception_handler(StoreUnavailable)
    async def database_away(request: Request, error: StoreUnavailable) -> Response:
        # What the driver said is for the operator: it may name hosts and accounts.
        _logger.error("database_unavailable", error=str(error))
        return await own(request, Problem(Trouble.DATABASE_UNAVAILABLE, "the database", "no answer from it in time"))

    @app.exception_handler(UnknownSchema)
    async def not_migrated(request: Request, error: UnknownSchema) -> Response:
        _logger.error("not_migrated", error=str(error))
        return await own(request, Problem(Trouble.NOT_READY, "tables of this version", "others"))

    @app.exception_handler(WrongLedger)
    async def keys_missing(request: Request, error: WrongLedger) -> Response:
        # Another process may have recorded the adoption of keys that this one was not given.
        _logger.error("wrong_ledger", error=str(error))
        return await own(request, Problem(Trouble.NOT_READY, OWN_KEYS, "a process without them"))

    @app.exception_handler(LogRolledBack)
    @app.exception_handler(HeadsUnreadable)
    async def not_published(request: Request, error: StoreError) -> Response:
        _logger.error("not_published", error=str(error))
        return await own(request, Problem(Trouble.NOT_READY, PUBLISHED_LOG, "a database or a head store without it"))

    @app.exception_handler(SealingFailed)
    async def not_sealed(request: Request, error: SealingFailed) -> Response:
        _logger.error("sealing_failed", error=str(error))
        return await own(request, Problem(Trouble.OUTCOME_UNKNOWN, "receipts", "a log that could not sign them now"))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        got = ascii(first.get("input"))[:_SHOWN_MAX]
        return await own(request, Problem(Trouble.QUERY_INVALID, f"{where}: {first['msg']}", got))

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        allowed = _allowed(error)
        if request.method == "OPTIONS" and allowed:
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": allowed})
        if error.status_code == HTTPStatus.NOT_FOUND and pages.wants_page(request):
            return await run_in_threadpool(pages.missing_page, request)
        trouble = _BY_STATUS.get(error.status_code, Trouble.REQUEST_MALFORMED)
        headers = {"Allow": allowed} if allowed else None
        return await own(request, Problem(trouble, *_told(trouble, request, allowed), headers))


def _allowed(error: HTTPException) -> str:
    """Return the methods that the framework says are allowed here, and those that follow from them."""
    named = {one.strip() for one in (error.headers or {}).get("Allow", "").split(",") if one.strip()}
    if "GET" in named:
        named.add("HEAD")
    return ", ".join(sorted(named | {"OPTIONS"})) if named else ""


def _told(trouble: Trouble, request: Request, allowed: str) -> tuple[str, str]:
    match trouble:
        case Trouble.NOT_FOUND:
            return "an address that /docs describes", ascii(request.url.path)[:_SHOWN_MAX]
        case Trouble.METHOD_NOT_ALLOWED:
            return f"one of {allowed}", ascii(request.method)[:_SHOWN_MAX]
        case Trouble.BODY_TOO_LARGE:
            return f"a body of at most {BODY_BYTES_MAX} bytes", "more"
        case _:
            return "a request as /docs describes it", "another"
