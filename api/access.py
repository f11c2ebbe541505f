"""The line that each request leaves in the operator's log.

It is what `structlog` would write by `api.serving.configure_logging`, made at once: 2 µs of a request instead of 12.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import orjson
import structlog

from api.serving import JsonLines

EVENT: Final = "request"
_ADDED: Final = ("event", "level", "timestamp")
_SECRET: Final = b"password"

Record = Callable[[dict[str, object]], None]

_log = structlog.get_logger("api.access")


def access_log() -> Record:
    """Return what writes the line of a request, as logging is configured now. Called in the event loop."""
    lines = structlog.get_config()["logger_factory"]
    if not isinstance(lines, JsonLines):
        return _by_structlog
    return _Access(lines).record if lines.shows_info else _nothing


class _Access:
    """Collects the lines of the requests that one turn of the event loop answers, and writes them together."""

    def __init__(self, lines: JsonLines) -> None:
        self._lines = lines
        self._waiting: list[bytes] = []

    def record(self, fields: dict[str, object]) -> None:
        fields |= {"event": EVENT, "level": "info", "timestamp": datetime.now(UTC)}
        line = orjson.dumps(fields, option=orjson.OPT_UTC_Z)
        if _SECRET in line.lower():
            _by_structlog({name: fields[name] for name in fields if name not in _ADDED})
            return
        if not self._waiting:
            # One system call for each turn, not for each request: 5 of 60 µs.
            asyncio.get_running_loop().call_soon(self._write)
        self._waiting.append(line)

    def _write(self) -> None:
        text = b"\n".join(self._waiting).decode()
        self._waiting.clear()
        self._lines.write(text)


def _by_structlog(fields: dict[str, object]) -> None:
    _log.info(EVENT, **fields)


def _nothing(_: dict[str, object]) -> None:
    pass
