"""HTTP/1.1 over one kept connection, for a client that must cost less than what it measures.

Bodies come with a length or in chunks; nothing is checked that a framing error would not show.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

LENGTH = b"content-length:"
CHUNKED = b"transfer-encoding: chunked"
HEAD_ENDS = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer. `seconds` since its request was written; `body` is empty where nobody wanted to keep it."""

    status: int
    head: bytes
    body: bytes
    seconds: float
    body_bytes: int

    def header(self, name: bytes) -> bytes:
        """Return the value of a header, named in lower case, or nothing."""
        for line in self.head.split(b"\r\n")[1:]:
            found, _, value = line.partition(b":")
            if found.lower() == name:
                return value.strip()
        return b""


class Line(asyncio.Protocol):
    """One connection. `ask` writes a request; `told` is called with the answer to it, and may ask again at once.

    Without `keeps`, bodies of a stated length are counted and thrown away, those of errors excepted.
    """

    def __init__(self, told: Callable[["Line", Answer], None], lost: Callable[["Line"], None], *, keeps: bool) -> None:
        self._told = told
        self._lost = lost
        self._keeps = keeps
        self._transport: asyncio.Transport | None = None
        self._came = bytearray()
        self._head = b""
        self._body: list[bytes] = []
        self._wanted: int | None = None
        self._have = 0
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The transports of uvloop are of no class of asyncio.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(self)

    def ask(self, request: bytes) -> None:
        assert self._transport is not None
        self._began = time.perf_counter()
        self._transport.write(request)

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._head and self._wanted is not None and self._throws_away:
            self._have += len(data)
        else:
            self._came += data
            if not self._head and not self._read_head():
                return
            self._have = len(self._came)
        if self._wanted is None:
            if self._read_chunks():
                body = b"".join(self._body)
                self._complete(body, len(body))
        elif self._have >= self._wanted:
            self._complete(b"" if self._throws_away else bytes(self._came), self._have)

    @property
    def _throws_away(self) -> bool:
        return not self._keeps and self._head[9:10] in b"23"

    def _read_head(self) -> bool:
        """Take the head off what has come, once it is complete; tell whether it was."""
        head, ends, rest = self._came.partition(HEAD_ENDS)
        if not ends:
            return False
        lower = bytes(head).lower()
        self._head, self._came = bytes(head), rest
        at = lower.find(LENGTH)
        self._wanted = (
            None if CHUNKED in lower else 0 if at < 0 else int(lower[at + len(LENGTH) :].split(b"\r\n", 1)[0])
        )
        return True

    def _read_chunks(self) -> bool:
        """Take the complete chunks off what has come; tell whether the last, which is empty, was among them."""
        at = 0
        try:
            while (ends := self._came.find(b"\r\n", at)) >= 0:
                size = int(self._came[at:ends], 16)
                if len(self._came) < ends + size + 4:
                    return False
                if size == 0:
                    return True
                self._body.append(bytes(self._came[ends + 2 : ends + 2 + size]))
                at = ends + size + 4
            return False
        finally:
            del self._came[:at]

    def _complete(self, body: bytes, size: int) -> None:
        answer = Answer(int(self._head[9:12]), self._head, body, time.perf_counter() - self._began, size)
        self._came, self._head, self._body, self._wanted = bytearray(), b"", [], None
        self._told(self, answer)


def get(path: str, headers: dict[str, str] | None = None) -> bytes:
    """Return the bytes of a request for `path`."""
    lines = [f"GET {path} HTTP/1.1", "Host: bench", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return "\r\n".join(lines).encode() + HEAD_ENDS


def post(path: str, body: bytes, media_type: str) -> bytes:
    """Return the bytes of a request that submits `body`."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}"
    return head.encode() + HEAD_ENDS + body
