"""A server that hands out whatever a test tells it to, over real HTTP, in the forms of the public interface."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.audit.logs import Log

Answer = Callable[[str, dict[str, str]], Any]


@dataclass
class Served:
    """What is handed out. `obligations` gets the guarantor's id and the query; `absent` paths answer 404."""

    log: Log
    obligations: Answer
    absent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(served: Served) -> Iterator[str]:
    """Yield the address of a server of `served`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = None if parts.path in served.absent else _body(served, parts.path, query)
            self.send_response(200 if body is not None else 404)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


def _body(served: Served, path: str, query: dict[str, str]) -> bytes | None:
    if path == "/v1/checkpoint":
        return served.log.note
    if path == "/v1/entries":
        after, limit = int(query["after"]), int(query["limit"])
        return b"".join(raw + b"\n" for raw in served.log.entries[after : after + limit])
    if path.startswith("/v1/guarantors/"):
        return json.dumps(served.obligations(path.split("/")[3], query)).encode()
    return None
