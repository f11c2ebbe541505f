"""Around every request: its id, the headers of every answer, its line in the log, its measures, and the last resort.

Whatever happens below, the client gets an answer in the documented form, and the operator the reason.
"""

import time
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.concise import respond
from api.heads import NewestCheckpoint
from api.measures import Measures
from api.problems import Problem, Trouble, problem_of

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
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})

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


class BodyLimit:
    """Stops a body while it is read and grows beyond what is read at all."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._limited = RequestBodyLimitMiddleware(app, max_body_size=BODY_BYTES_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_free = scope["type"] != "http" or is_streamed(scope)
        await (self._app if is_free else self._limited)(scope, receive, send)


class Edge:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, newest: NewestCheckpoint, measures: Measures) -> None:
        self._app = app
        self._newest = newest
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        # Who may GET may HEAD: the server itself leaves the body out.
        below = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        below["state"] = {**scope.get("state", {}), "instance": f"urn:uuid:{request_id}"}
        began = time.perf_counter()
        status = 0

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers["Request-Id"] = request_id
                if self._newest.header:
                    headers["Ledger-Checkpoint"] = self._newest.header.decode()
            await send(message)

        try:
            await self._answer(below, receive, dressed)
        except Exception as error:
            # Logged here and not raised further, so that no server above writes it where a client can see it.
            _log.error("failed", request_id=request_id, path=scope["path"], exc_info=error)
            if status:
                raise ConnectionAbortedError("the answer had begun") from None
            failure = Problem(Trouble.INTERNAL_ERROR, "an answer", "a failure of the ledger itself")
            await respond(problem_of(failure, instance_of(below)), scope["path"])(below, receive, dressed)
        finally:
            self._record(scope, below, request_id, status, time.perf_counter() - began)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a body that is declared too large unread; one that lies about it is stopped while it is read."""
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) <= BODY_BYTES_MAX or is_streamed(scope):
            await self._app(scope, receive, send)
            return
        too_large = Problem(
            Trouble.BODY_TOO_LARGE, f"at most {BODY_BYTES_MAX} bytes", f"{declared.decode()[:20]} bytes"
        )
        document = problem_of(too_large, instance_of(scope))
        await respond(document, scope["path"], {"Connection": "close"})(scope, receive, send)

    def _record(self, scope: Scope, below: Scope, request_id: str, status: int, seconds: float) -> None:
        route = getattr(below.get("route"), "path", UNROUTED)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._measures.requests.labels(route, method, str(status)).inc()
        self._measures.request_seconds.labels(route).observe(seconds)
        client = scope.get("client")
        # Without the query: who asked about whom is nobody's business a month later.
        _log.info(
            "request",
            request_id=request_id,
            client=client[0] if client else None,
            method=method,
            path=scope["path"],
            status=status,
            seconds=round(seconds, 4),
        )
