"""Answers that are given again as they are: tag, headers and bytes, without a route, a thread or the database.

An answer is found by path, query and Accept as they were written, and holds as long as its basis does. One about now
rests on the place to which the rows were written: as soon as they go on, the question is asked anew. So it may be of a
slightly older position than another process's, never of one before what this process has said already.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

READY_BYTES_MAX: Final = 128 * 1024 * 1024
READY_ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
_OVERHEAD_BYTES: Final = 1024
"""What an answer takes beside its body, its path and its query."""

Headers = list[tuple[bytes, bytes]]
_OF_A_BODY: Final = frozenset({b"content-length", b"content-type"})


class Standing(NamedTuple):
    """Which generation of rows serves and how far it goes, as this process knows. `position` None: it does not."""

    generation: int | None
    position: int | None


@dataclass(frozen=True, slots=True)
class Basis:
    """What an answer rests on: rows of a generation, those of exactly this position (None: of any), until an instant.

    `until` is in POSIX seconds.
    """

    generation: int
    position: int | None = None
    until: float = math.inf


class Answer(NamedTuple):
    """An answer of status 200, or with `body` None only its confirmation. `basis` None: it never changes."""

    route: str
    etag: bytes
    headers: Headers
    bare: Headers
    body: bytes | None
    basis: Basis | None


Name = tuple[bytes, bytes, bytes]


class Ready:
    """The answers of one process, those that were not asked for longest making room. Thread-safe."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Name, Answer] = OrderedDict()
        self._bytes = 0
        self._guard = threading.Lock()
        self._standing: Callable[[], Standing] = lambda: Standing(None, None)
        self._position = 0

    def watch(self, standing: Callable[[], Standing]) -> None:
        """Say by whom the basis of an answer is known."""
        self._standing = standing

    def find(self, scope: Scope) -> tuple[Answer, bool] | None:
        """Return the answer to a request, and whether the client says that it has it; None if it is to be made."""
        accept = known = None
        for name, value in scope["headers"]:
            if name == b"accept" and accept is None:
                accept = value
            elif name == b"if-none-match" and known is None:
                known = value
        name = (scope["raw_path"], scope["query_string"], accept or b"")
        with self._guard:
            answer = self._answers.get(name)
            if answer is None:
                return None
            self._answers.move_to_end(name)
        if answer.basis is not None and not self._holds(answer.basis):
            return None
        is_known = known is not None and (known == answer.etag or names(known, answer.etag))
        return (answer, is_known) if is_known or answer.body is not None else None

    def keep(self, request: Request, response: Response, basis: Basis | None) -> Response:
        """Keep the answer to `request`, which has a tag, and return it. What is too large is not kept."""
        headers = list(response.raw_headers)
        body = bytes(response.body) if response.status_code == HTTPStatus.OK else None
        answer = Answer(
            route=request.scope["route"].path,
            etag=response.headers["etag"].encode(),
            headers=headers,
            bare=[one for one in headers if one[0] not in _OF_A_BODY],
            body=body,
            basis=basis,
        )
        scope = request.scope
        name = (scope["raw_path"], scope["query_string"], request.headers.get("accept", "").encode("latin-1"))
        if _size(name, answer) <= READY_ANSWER_BYTES_MAX:
            self._put(name, answer)
        return response

    def clear(self) -> None:
        """Forget all: the rows are others, or the database is not the one that it was."""
        with self._guard:
            self._answers.clear()
            self._bytes = 0

    def _put(self, name: Name, answer: Answer) -> None:
        with self._guard:
            old = self._answers.pop(name, None)
            if old is not None:
                self._bytes -= _size(name, old)
                if answer.body is None and old.etag == answer.etag and old.body is not None:
                    # A confirmation does not take the place of the bytes that it confirms.
                    answer = old._replace(basis=answer.basis)
            self._answers[name] = answer
            self._bytes += _size(name, answer)
            while self._bytes > READY_BYTES_MAX:
                self._bytes -= _size(*self._answers.popitem(last=False))

    def _holds(self, basis: Basis) -> bool:
        generation, position = self._standing()
        if position is not None:
            if position < self._position:
                # The rows went back: the database was put back, or they are folded anew.
                self.clear()
            self._position = position
        return (
            basis.generation == generation
            and (basis.position is None or basis.position == position)
            and time.time() < basis.until
        )


def names(if_none_match: bytes, etag: bytes) -> bool:
    """Tell whether the value of If-None-Match names the tag (RFC 9110 §13.1.2, weak comparison)."""
    return if_none_match.strip() == b"*" or etag in (
        one.strip().removeprefix(b"W/") for one in if_none_match.split(b",")
    )


def _size(name: Name, answer: Answer) -> int:
    return _OVERHEAD_BYTES + sum(map(len, name)) + len(answer.body or b"")
