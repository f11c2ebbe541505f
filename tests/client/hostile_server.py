"""A server that does its worst, byte by byte, for as long as it is listened to."""

import socketserver
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

HEAD_BYTES_MAX = 64 * 1024
OK = b"HTTP/1.1 200 OK\r\n"

Answer = Callable[[], Iterable[bytes]]
"""Begins one answer: its bytes from the status line on, in pieces."""


@contextmanager
def hostile(answer: Answer) -> Iterator[str]:
    """Yield the address of a server that gives `answer` to every request."""
    ending = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline(HEAD_BYTES_MAX).strip():
                pass
            try:
                for piece in answer():
                    if ending.is_set():
                        return
                    self.wfile.write(piece)
            except OSError:
                """Nobody listens any more."""

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            ending.set()
            server.shutdown()
            thread.join()


def without_end(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


def dripping(piece: bytes, pause_s: float = 0.05) -> Iterator[bytes]:
    """Yield a piece now and then, often enough for every limit on silence."""
    while True:
        time.sleep(pause_s)
        yield piece
