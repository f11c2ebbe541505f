"""An HTTP server around an application: its limits, its socket, its log. Knows no application.

What this module promises the operator: a server says that it is ready once it can answer, and a stop lets the answers
that have begun go out before it closes what it opened.
"""

import logging
import socket
import sys
import threading
from collections.abc import Callable
from typing import Final, TextIO

import structlog
import uvicorn
from starlette.types import ASGIApp
from structlog.typing import EventDict, Processor, WrappedLogger

CONNECTIONS_MAX: Final = 2048
"""Beyond it a connection is told 503 at once; the front proxy has limits of its own."""

BACKLOG: Final = 2048
KEEP_ALIVE_SECONDS: Final = 30
STOP_SECONDS_MAX: Final = 20
HEAD_BYTES_MAX: Final = 32 * 1024


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to `host` and `port` (0: any that is free). Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    return listening


def url_of(listening: socket.socket) -> str:
    """Return the address at which this machine reaches the socket."""
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class AnnouncedServer(uvicorn.Server):
    """A server that says when it is ready, and not before."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def app_server(app: ASGIApp, ready: Callable[[], None]) -> AnnouncedServer:
    """Return the server of `app`. Clients behind a proxy are named by FORWARDED_ALLOW_IPS (uvicorn's own)."""
    return AnnouncedServer(
        uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=CONNECTIONS_MAX,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS_MAX,
            h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        ),
        ready,
    )


def configure_logging(level: int) -> None:
    """Have everything from `level` on written to stderr, one JSON object on a line, this project's and uvicorn's."""
    processors: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_secrets,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=JsonLines(sys.stderr, shows_info=level <= logging.INFO),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *processors],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


class JsonLines:
    """Where the lines of the log go: the factory of `structlog`'s loggers, and the one logger that it makes."""

    def __init__(self, file: TextIO, *, shows_info: bool) -> None:
        self.shows_info = shows_info
        self._file = file
        self._guard = threading.Lock()

    def __call__(self, *_: object) -> "JsonLines":
        return self

    def write(self, line: str) -> None:
        """Write a line, whole, whichever threads write too."""
        with self._guard:
            self._file.write(line + "\n")
            self._file.flush()

    debug = info = warning = error = critical = write
    """As `structlog` calls it, by the level."""


def _without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Cut what a driver may say after `password=`."""
    for name, value in event.items():
        if isinstance(value, str) and "password" in value.lower():
            event[name] = "(withheld: it names a password)"
    return event
