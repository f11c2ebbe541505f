"""A server between the auditor and an honest ledger that changes answers on the way, as a dishonest operator could."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import httpx

Lie = Callable[[bytes], bytes | None]
"""From an honest body to what is told; None: that there is no such thing."""


@contextmanager
def lying(url: str, lies: dict[str, Lie]) -> Iterator[str]:
    """Yield the address of a server that passes everything on to `url` but the answers at the paths of `lies`."""
    with httpx.Client(base_url=url, timeout=30.0) as honest:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(honest, lies))
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(honest: httpx.Client, lies: dict[str, Lie]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = honest.get(self.path)
            lie = lies.get(urlsplit(self.path).path)
            body = lie(answer.content) if lie is not None else answer.content
            self.send_response(answer.status_code if body is not None else 404)
            self.send_header("content-length", str(len(body or b"")))
            if "link" in answer.headers:
                self.send_header("link", answer.headers["link"])
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
