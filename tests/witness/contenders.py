"""Clients that hold the keys of logs and ask a witness, all at once, to cosign trees that cannot all be true.

Each keeps every cosignature that it is given. What they were given together is judged by somebody else.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ledger.witness.protocol import SIZE_TYPE, format_add_checkpoint
from ledger.witness.witness import Witness
from tests.witness.histories import Leaves, TwoFacedLog, fresh, proof
from tests.witness.witnesses import text_of

CLIENTS = 16
UNANSWERED = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; status UNANSWERED if nothing did."""

    status: int
    content_type: str = ""
    body: bytes = b""


class Reach(Protocol):
    """A way to a witness. It never raises because of the witness."""

    def ask(self, raw: bytes) -> Reply:
        """Send an add-checkpoint request."""

    def newest(self, origin: str) -> bytes | None:
        """Return the newest checkpoint of a log that can be had."""


@dataclass(frozen=True)
class InProcess:
    """A witness in this process, with no network between."""

    witness: Witness
    digest_of: Callable[[str], str]

    def ask(self, raw: bytes) -> Reply:
        answer = self.witness.add_checkpoint(raw)
        return Reply(answer.status, answer.content_type, answer.body)

    def newest(self, origin: str) -> bytes | None:
        return self.witness.checkpoint(self.digest_of(origin))


@dataclass
class Contest:
    """What all clients did together. `kept`: origin, text and lines of every answer with status 200."""

    requests: int
    begun: int = 0
    kept: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> bool:
        """Take one of the requests; False if there are none left."""
        with self.lock:
            self.begun += 1
            return self.begun <= self.requests

    def end(self, origin: str, text: bytes, reply: Reply) -> None:
        with self.lock:
            self.statuses[reply.status] += 1
            if reply.status == 200:
                self.kept.append((origin, text, reply.body))

    def contradictions(self, logs: Sequence[TwoFacedLog]) -> list[tuple[str, tuple[int, int]]]:
        """Return every two trees of a log that were both cosigned and cannot both be true. Judged by their leaves."""
        return [
            (log.origin, pair)
            for log in logs
            for pair in log.contradictions(text for origin, text, _ in self.kept if origin == log.origin)
        ]


class Contender:
    """One client: it believes the witness to be at some history of each log, and asks for another."""

    def __init__(self, contest: Contest, logs: Sequence[TwoFacedLog], reach: Reach, seed: int) -> None:
        self._contest, self._logs, self._reach = contest, logs, reach
        self._chance = random.Random(seed)
        self._believed: dict[str, Leaves] = {log.origin: () for log in logs}

    def work(self) -> None:
        while self._contest.begin():
            self._turn(self._chance.choice(self._logs))

    def _turn(self, log: TwoFacedLog) -> None:
        if self._chance.random() < 0.5:
            # Others look at the same moment: then their growths contradict each other, and each is well-founded.
            self._learn(log)
        old_size, history = self._wish(self._believed[log.origin])
        note_raw = log.note(history)
        reply = self._reach.ask(format_add_checkpoint(old_size, proof(old_size, history), note_raw))
        self._contest.end(log.origin, text_of(note_raw), reply)
        if reply.status == 200:
            self._believed[log.origin] = history
        elif reply.status:
            assert reply.status != 409 or reply.content_type == SIZE_TYPE
            self._learn(log)

    def _wish(self, believed: Leaves) -> tuple[int, Leaves]:
        """Return a tree and the size that it is said to grow from."""
        size, more = len(believed), fresh(self._chance, self._chance.randint(1, 3))
        fork = self._chance.randint(0, max(0, size - 1))
        match self._chance.choices(range(6), (60, 10, 10, 10, 5, 5))[0]:
            case 0:
                return size, believed + more
            case 1:
                return size, believed
            case 2:
                # The last leaves rewritten, and the proof that the forged tree itself would give.
                return size, believed[:fork] + fresh(self._chance, size - fork) + more
            case 3:
                return size, believed[:fork] + fresh(self._chance, size - fork)
            case 4:
                return 0, fresh(self._chance, size) + more
            case _:
                return fork, believed[:fork] + more

    def _learn(self, log: TwoFacedLog) -> None:
        newest = self._reach.newest(log.origin)
        if newest is not None:
            self._believed[log.origin] = log.history_of(text_of(newest))


def contend(
    contest: Contest, logs: Sequence[TwoFacedLog], reaches: Sequence[Reach], seed: int
) -> list[threading.Thread]:
    """Start one client for each way; they end when the requests are used up."""
    contenders = [Contender(contest, logs, reach, seed + nth) for nth, reach in enumerate(reaches)]
    threads = [threading.Thread(target=one.work, name=f"contender {nth}") for nth, one in enumerate(contenders)]
    for thread in threads:
        thread.start()
    return threads
