"""What the client sends and in which order: batches by strands, single acts by desks, questions in turn.

Acts are sent so that none can be refused for the sake of another that is under way: each desk's in their order, and far
enough from those that they refer to (`tests.bench.story`).
"""

import math
import time
from base64 import b64decode
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from typing import Final, Protocol

import orjson

from tests.acts import DEPOSITARY
from tests.bench.story import GROUPS, strand_of
from tests.bench.wire import Answer, get, post

AHEAD_MAX: Final = 200
"""How many acts are looked through for one whose desk is free."""

SAMPLED: Final = 1_000
"""Of so many acts the receipt of one is kept."""

_ADMITTED: Final = b'"outcome":"admitted"'


class Order(Protocol):
    """What is sent. `next` gives the request for a free connection, or None if it has nothing to send now or at all."""

    sent: int
    admitted: int
    receipts: list[tuple[int, str]]

    def next(self, line: Hashable) -> bytes | None: ...

    def take(self, line: Hashable, answer: Answer) -> bool:
        """Tell whether the answer is what it should be."""
        ...


def authority_of(raw: bytes) -> str:
    """Return who signed an envelope."""
    payload = orjson.loads(b64decode(orjson.loads(raw)["payload"]))
    return str(payload["authority"])


class Batches:
    """Acts in NDJSON bodies; each connection has strands of its own and sends one body after the other.

    Of offices that are of no strand, the depositary's and the beneficiary's principal, all go over the first one.
    """

    def __init__(self, raws: Iterable[bytes], path: str, lines: int, connections: int) -> None:
        self.sent = self.admitted = 0
        self.receipts: list[tuple[int, str]] = []
        shares: list[list[bytes]] = [[] for _ in range(connections)]
        for raw in raws:
            authority = authority_of(raw)
            is_of_strand = not authority.startswith(DEPOSITARY) and authority != "ua/principal"
            shares[strand_of(authority) * connections // len(GROUPS) if is_of_strand else 0].append(raw)
        self._bodies: list[deque[tuple[int, bytes]]] = [deque() for _ in range(connections)]
        for share, bodies in zip(shares, self._bodies, strict=True):
            for at in range(0, len(share), lines):
                body = b"\n".join(share[at : at + lines]) + b"\n"
                bodies.append((len(share[at : at + lines]), post(path, body, "application/x-ndjson")))
        self._of: dict[Hashable, int] = {}
        self._under_way: dict[Hashable, int] = {}

    def next(self, line: Hashable) -> bytes | None:
        bodies = self._bodies[self._of.setdefault(line, len(self._of))]
        if not bodies:
            return None
        self._under_way[line], body = bodies.popleft()
        self.sent += self._under_way[line]
        return body

    def take(self, line: Hashable, answer: Answer) -> bool:
        wanted = self._under_way[line]
        found = answer.body.count(_ADMITTED)
        before = self.admitted
        self.admitted += found
        if before // SAMPLED != self.admitted // SAMPLED:
            _keep(self.receipts, answer.body.split(b"\n", 1)[0])
        return found == wanted


class Singles:
    """Acts one in each request: the first whose desk has none under way."""

    def __init__(self, raws: Iterable[bytes], path: str) -> None:
        self.sent = self.admitted = 0
        self.receipts: list[tuple[int, str]] = []
        self._waiting = deque((authority_of(raw), post(path, raw, "application/json")) for raw in raws)
        self._busy: dict[Hashable, str] = {}

    def next(self, line: Hashable) -> bytes | None:
        taken = set(self._busy.values())
        for at, (desk, request) in enumerate(self._waiting):
            if at >= AHEAD_MAX:
                break
            if desk not in taken:
                del self._waiting[at]
                self._busy[line] = desk
                self.sent += 1
                return request
            # An act before this one waits for its desk.
            taken.add(desk)
        return None

    def take(self, line: Hashable, answer: Answer) -> bool:
        del self._busy[line]
        is_admitted = _ADMITTED in answer.body
        self.admitted += is_admitted
        if is_admitted and self.admitted % SAMPLED == 1:
            _keep(self.receipts, answer.body)
        return True


class Questions:
    """Questions in turn: `count` of them in all, or as many as are asked within `seconds` of the first."""

    def __init__(
        self, paths: Sequence[str], headers: Sequence[dict[str, str]], count: int, seconds: float = math.inf
    ) -> None:
        self.sent = self.admitted = 0
        self.receipts: list[tuple[int, str]] = []
        with_headers = headers or [{}] * len(paths)
        self._requests = [get(path, one) for path, one in zip(paths, with_headers, strict=True)]
        self._count, self._seconds = count, seconds
        self._began: float | None = None

    def next(self, line: Hashable) -> bytes | None:
        now = time.perf_counter()
        self._began = self._began or now
        if self.sent >= self._count or now - self._began > self._seconds:
            return None
        self.sent += 1
        return self._requests[(self.sent - 1) % len(self._requests)]

    def take(self, line: Hashable, answer: Answer) -> bool:
        return True


def _keep(receipts: list[tuple[int, str]], line: bytes) -> None:
    told = orjson.loads(line)
    receipts.append((told["position"], told["receipt"]))
