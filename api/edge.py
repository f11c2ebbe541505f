"""Around every request: its id, the headers of every answer, its line in the log, its measures, and the last resort.

Whatever happens below, the client gets an answer in the documented form, and the operator the reason.
"""

import time
from collections.abc import Iterable, Mapping
from random import Random
from types import MappingProxyType
from typing import Final

import structlog
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import access_log
from api.concise import respond
from api.heads import NewestCheckpoint
from api.measures import Measures
from api.problems import Problem, Trouble, problem_of
from api.ready import Headers, Ready

BODY_BYTES_MAX: Final = 16 * 1024 * 1024
"""The largest body that is read at all, but for a batch of acts; the front proxy has the same limit for all."""

HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
)
"""On every answer that does not set them itself."""

STREAMED: Final = ("POST", "/v1/events")
UNROUTED: Final = "none"
FAILURE: Final = "failure"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})

# As they go over the wire, made once: an answer is dressed in 1 µs instead of 5.
_HEADERS: Final[Headers] = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_NAMES: Final = frozenset(name for name, _ in _HEADERS)

_log = structlog.get_logger("api.access")


def instance_of(scope: Scope) -> str:
    """Return the id of a request, as the `instance` of a problem and as the operator's log name it."""
    return str(scope["state"]["instance"])


def is_streamed(scope: Scope) -> bool:
    """Tell whether the body is a batch of acts, taken line by line: the only one that may have any length."""
    if (scope["method"], scope["path"]) != STREAMED:
        return False
    media_type = dict(scope["headers"]).get(b"content-type", b"")
    return bool(media_type.partition(b";")[0].strip().lower() == b"application/x-ndjson")


class Edge:
    """The outermost application."""

    def __init__(self, app: ASGIApp, newest: NewestCheckpoint, measures: Measures, ready: Ready) -> None:
        self._app = app
        self._limited = RequestBodyLimitMiddleware(app, max_body_size=BODY_BYTES_MAX)
        self._newest = newest
        self._measures = measures
        self._ready = ready
        self._record = access_log()
        # Ids are names, not secrets: this takes 0.6 µs where uuid4 takes 2.5.
        self._random = Random()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = self._new_id()
        is_reading = scope["method"] in ("GET", "HEAD")
        found = self._ready.find(scope) if is_reading else None
        if found is None:
            await self._routed(scope, receive, send, request_id, began)
            return
        answer, is_known = found
        status = 304 if is_known else 200
        try:
            await send(self._start(status, answer.bare if is_known else answer.headers, request_id))
            await send({"type": "http.response.body", "body": b"" if is_known else answer.body})
        finally:
            self._note(scope, answer.route, request_id, status, began)

    async def _routed(self, scope: Scope, receive: Receive, send: Send, request_id: str, began: float) -> None:
        # Who may GET may HEAD: the server itself leaves the body out.
        below = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        below["state"] = {**scope.get("state", {}), "instance": f"urn:uuid:{request_id}"}
        status = 0

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = self._start(status, message.get("headers", ()), request_id)
            await send(message)

        try:
            await self._answer(below, receive, dressed)
            if (failure := below["state"].get(FAILURE)) is not None:
                raise failure
        except Exception as error:
            # Logged here and not raised further, so that no server above writes it where a client can see it.
            _log.error("failed", request_id=request_id, path=scope["path"], exc_info=error)
            if status:
                raise ConnectionAbortedError("the answer had begun") from None
            told = Problem(Trouble.INTERNAL_ERROR, "an answer", "a failure of the ledger itself")
            await respond(problem_of(told, instance_of(below)), scope["path"])(below, receive, dressed)
        finally:
            self._note(scope, getattr(below.get("route"), "path", UNROUTED), request_id, status, began)

    def _start(self, status: int, given: Iterable[tuple[bytes, bytes]], request_id: str) -> Message:
        """Return the beginning of an answer, with the headers that every answer has and does not set itself."""
        headers = [*given]
        named = _NAMES.intersection([name for name, _ in headers])
        headers += _HEADERS if not named else [one for one in _HEADERS if one[0] not in named]
        headers.append((b"request-id", request_id.encode()))
        if self._newest.header:
            headers.append((b"ledger-checkpoint", self._newest.header))
        return {"type": "http.response.start", "status": status, "headers": headers}

    def _new_id(self) -> str:
        """Return a random UUID (RFC 9562, version 4)."""
        digits = f"{self._random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a body that is declared too large unread; one that is not declared is stopped while it is read."""
        if is_streamed(scope):
            await self._app(scope, receive, send)
            return
        declared = _declared(scope)
        if declared is None:
            await self._limited(scope, receive, send)
            return
        if not declared.isdigit() or int(declared) <= BODY_BYTES_MAX:
            # No more than that many bytes arrive: the server reads no further.
            await self._app(scope, receive, send)
            return
        too_large = Problem(
            Trouble.BODY_TOO_LARGE, f"at most {BODY_BYTES_MAX} bytes", f"{declared.decode()[:20]} bytes"
        )
        document = problem_of(too_large, instance_of(scope))
        await respond(document, scope["path"], {"Connection": "close"})(scope, receive, send)

    def _note(self, scope: Scope, route: str, request_id: str, status: int, began: float) -> None:
        """Count the request, and write its line."""
        seconds = time.perf_counter() - began
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._measures.count_request(route, method, status, seconds)
        client = scope.get("client")
        # Without the query: who asked about whom is nobody's business a month later.
        self._record(
            {
                "request_id": request_id,
                "client": client[0] if client else None,
                "method": method,
                "path": scope["path"],
                "status": status,
                "seconds": round(seconds, 4),
            }
        )


class Failing:
    """Within the framework: keeps a failure for the edge, since the framework would answer it in its own words."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            scope["state"][FAILURE] = error


def _declared(scope: Scope) -> bytes | None:
    """Return how long the body is declared to be; None for one of unknown length."""
    declared = b"0"
    for name, value in scope["headers"]:
        if name == b"content-length":
            declared = value
        elif name == b"transfer-encoding":
            return None
    return declared
