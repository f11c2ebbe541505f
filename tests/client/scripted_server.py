"""A real socket that answers what a test wrote, byte for byte: the answers that no honest server would give.

Each connection gets the next answer of the script, the last one again and again; what was asked is kept.
"""

import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

HEAD_BYTES_MAX = 64 * 1024


@dataclass
class Script:
    """What is answered, at which address, and what was asked: the first line of each request and its body."""

    answers: Sequence[bytes]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


def answer(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """Return an answer; `length` is what it claims to have as a body, which may be a lie."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", "Connection: close"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


@contextmanager
def scripted(*answers: bytes) -> Iterator[Script]:
    """Yield a server that gives `answers`."""
    script = Script(answers)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            first = self.rfile.readline(HEAD_BYTES_MAX).decode().strip()
            length = 0
            while (line := self.rfile.readline(HEAD_BYTES_MAX).strip()) != b"":
                name, _, value = line.decode().partition(":")
                length = int(value) if name.lower() == "content-length" else length
            script.bodies.append(self.rfile.read(length))
            script.asked.append(first)
            self.wfile.write(script.answers[min(len(script.asked), len(script.answers)) - 1])

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        script.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
