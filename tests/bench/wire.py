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
    """A complete answer. `seconds` since its request was written."""

    status: int
    head: bytes
    body: bytes
    seconds: float

    def header(self, name: bytes) -> bytes:
        """Return the value of a header, named in lower case, or nothing."""
        for line in self.head.split(b"\r\n")[1:]:
            found, _, value = line.partition(b":")
            if found.lower() == name:
                return value.strip()
        return b""


class Line(asyncio.Protocol):
    """One connection. `ask` writes a request; `told` is called with the answer to it, and may ask again at once."""

    def __init__(self, told: Callable[["Line", Answer], None], lost: Callable[["Line"], None]) -> None:
        self._told = told
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._came = bytearray()
        self._head = b""
        self._body: list[bytes] = []
        self._wanted: int | None = None
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
        self._came += data
        if not self._head and not self._read_head():
            return
        if self._wanted is None:
            if self._read_chunks():
                self._complete(b"".join(self._body))
        elif len(self._came) >= self._wanted:
            self._complete(bytes(self._came))

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

    def _complete(self, body: bytes) -> None:
        answer = Answer(int(self._head[9:12]), self._head, body, time.perf_counter() - self._began)
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
