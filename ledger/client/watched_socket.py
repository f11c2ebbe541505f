"""An end to requests that a server draws out: the library's own time limits begin anew with every byte that comes."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

_CONNECTED: Final = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})


class WatchedSocket:
    """The socket of a client that makes one request at a time, and a clock beside it."""

    def __init__(self) -> None:
        self._stream: Any = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Be told by the library (its extension `trace`) of the connection that it made."""
        if event in _CONNECTED:
            self._stream = info["return_value"]

    @contextmanager
    def ending_after(self, seconds: float) -> Iterator[None]:
        """Close the connection if what is done meanwhile is not done after `seconds`: it fails then as if cut off."""
        timer = threading.Timer(max(seconds, 0.0), self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end(self) -> None:
        opened = self._stream.get_extra_info("socket") if self._stream is not None else None
        if opened is not None:
            with suppress(OSError):
                # Of the plain socket, also where TLS lies over it: this wakes the thread that waits for it.
                socket.socket.shutdown(opened, socket.SHUT_RDWR)
