"""The witness over HTTP: what is read, within which limits, and what is answered.

    POST /add-checkpoint                     cosign a checkpoint
    POST /sign-subtree                       cosign a subtree, if the witness has an ML-DSA key
    GET  /<sha256 of the origin>/checkpoint  the newest checkpoint cosigned for a log
    GET  /healthz, /metrics                  for the operator

Beyond the statuses of the protocol: 405, 408 for a body that takes too long, 413, 415 for a compressed one, and 503
when nothing can be recorded, which means that nothing was signed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger.witness.errors import WitnessError
from ledger.witness.protocol import REQUEST_BYTES_MAX, Answer, Status
from ledger.witness.witness import Witness

BODY_SECONDS_MAX: Final = 15.0
RETRY_AFTER_SECONDS: Final = 5
ADD_CHECKPOINT: Final = "/add-checkpoint"
SIGN_SUBTREE: Final = "/sign-subtree"
CHECKPOINT: Final = "/{origin_digest}/checkpoint"

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer."""

UNROUTED: Final = "none"
_CLOSE: Final = {"Connection": "close"}
_log = structlog.get_logger("api.witness")

Handler = Callable[[Request], Awaitable[Response]]


def create_witness_app(witness: Witness) -> ASGIApp:
    """Return the application of `witness`. It keeps nothing outside itself."""
    registry = CollectorRegistry()
    requests = Counter("gledger_witness_requests", "Requests", ["route", "status"], registry=registry)

    async def show_metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    routes = [
        Route(ADD_CHECKPOINT, _adding(witness), methods=["POST"]),
        Route(CHECKPOINT, _showing(witness), methods=["GET"]),
        Route("/healthz", _show_health, methods=["GET"]),
        Route("/metrics", show_metrics, methods=["GET"]),
    ]
    if witness.signs_subtrees:
        routes.append(Route(SIGN_SUBTREE, _signing(witness), methods=["POST"]))
    app = Starlette(
        routes=routes, exception_handlers={WitnessError: _unable, HTTPException: _framework, Exception: _failed}
    )
    app.router.redirect_slashes = False
    return _Edge(app, requests)


def _adding(witness: Witness) -> Handler:
    # One for each log that is trusted: only its own requests get that far.
    turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def add_checkpoint(request: Request) -> Response:
        heeded = await run_in_threadpool(witness.heed, await _body(request))
        if isinstance(heeded, Answer):
            return _response(heeded)
        # Waiting here holds no thread, so that a log that asks a thousand times at once delays itself alone.
        async with turns[heeded.origin]:
            answer = await run_in_threadpool(witness.settle, heeded)
        if answer.status is Status.INCONSISTENT:
            # The log signed it: with the recorded checkpoint this may be the proof that it shows two histories.
            checkpoint, said = heeded.note_raw.decode(), answer.body.decode()
            _log.warning("inconsistent", old_size=heeded.request.old_size, checkpoint=checkpoint, said=said)
        return _response(answer)

    return add_checkpoint


def _signing(witness: Witness) -> Handler:
    async def sign_subtree(request: Request) -> Response:
        return _response(await run_in_threadpool(witness.sign_subtree, await _body(request)))

    return sign_subtree


def _showing(witness: Witness) -> Handler:
    async def show_checkpoint(request: Request) -> Response:
        note = await run_in_threadpool(witness.checkpoint, request.path_params["origin_digest"])
        if note is None:
            return PlainTextResponse("expected a log that was cosigned; got another\n", 404)
        return PlainTextResponse(note)

    return show_checkpoint


async def _show_health(_request: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _body(request: Request) -> bytes:
    """Return the body. Raises HTTPException for one that is too large, too slow or compressed."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise HTTPException(415, "expected a body that is not compressed; got another")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            async for chunk in request.stream():
                body += chunk
                if len(body) > REQUEST_BYTES_MAX:
                    raise HTTPException(413, f"expected at most {REQUEST_BYTES_MAX} bytes; got more", _CLOSE)
    except TimeoutError:
        expected = f"expected a body within {BODY_SECONDS_MAX:.0f} seconds; got {len(body)} bytes of it"
        raise HTTPException(408, expected, _CLOSE) from None
    except ClientDisconnect:
        # Nobody is left to answer.
        raise HTTPException(400, "expected a complete body; got a client that went away") from None
    return bytes(body)


def _response(answer: Answer) -> Response:
    # Not by media_type, which would add a character set to the type that the protocol demands.
    return Response(answer.body, answer.status, headers={"Content-Type": answer.content_type})


async def _unable(_request: Request, error: Exception) -> Response:
    # What the file system said is for the operator.
    _log.error("unable", error=str(error), kind=type(error).__name__)
    said = "expected to record what is signed; got a store or a clock that does not allow it: nothing was signed\n"
    return PlainTextResponse(said, 503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


async def _framework(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(f"{error.detail}\n", error.status_code, headers=error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    _log.error("failed", path=request.url.path, exc_info=error)
    return PlainTextResponse("a failure of the witness itself\n", 500)


class _Edge:
    """Around every request: the headers of every answer, its line in the log, its count."""

    def __init__(self, app: ASGIApp, requests: Counter) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, is_complete = 0, False

        async def dressed(message: Message) -> None:
            nonlocal status, is_complete
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            else:
                is_complete = not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, dressed)
        except Exception:
            # It was logged, and answered if that was still possible: no server above writes it where a client sees it.
            if not is_complete:
                raise ConnectionAbortedError("the answer is not complete") from None
        finally:
            route = getattr(scope.get("route"), "path", UNROUTED)
            self._requests.labels(route, str(status)).inc()
            client = scope.get("client")
            _log.info("request", client=client[0] if client else None, path=scope["path"], status=status)
