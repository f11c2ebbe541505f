"""Group commit: many submitters of one process share a transaction, and none of them blocks the event loop.

One thread takes what waits, in order, and records it as one batch; while it does, more gathers. What was accepted
gets exactly one answer, an outcome or an exception, unless its submitter has gone. A submitter that has gone leaves
its act to be recorded or refused as if it were there: it may ask again.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Final

from ledger.intake.errors import Busy, SealingFailed, Stopped, WrongLedger
from ledger.intake.intake import BATCH_MAX, Intake
from ledger.intake.outcomes import Outcome
from ledger.store.errors import HeadsUnreadable, LogRolledBack, StoreUnavailable, UnknownSchema, UnsafeServer

QUEUE_MAX: Final = 20_000
QUEUE_BYTES_MAX: Final = 64 * 1024 * 1024
GROUP_MAX: Final = 1_000
"""Submissions that are joined into one transaction; one submitter's own list may be longer."""

NOT_BY_ONE_ACT: Final = (
    StoreUnavailable,
    UnsafeServer,
    UnknownSchema,
    SealingFailed,
    WrongLedger,
    LogRolledBack,
    HeadsUnreadable,
)
"""Failures of the whole batch, which trying its parts one by one would only repeat."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What one submitter handed in, and where it waits for the answer."""

    raws: Sequence[bytes]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[list[Outcome]]

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.raws))


_Answer = list[Outcome] | BaseException


class Committer:
    """Records submissions through `intake` in a thread of its own, between `start` and `stop`."""

    def __init__(self, intake: Intake, *, queue_max: int = QUEUE_MAX, group_max: int = GROUP_MAX) -> None:
        self._intake = intake
        self._queue_max = queue_max
        self._group_max = group_max
        self._changed = Condition()
        self._queue: deque[_Waiting] = deque()
        self._queued = 0
        self._queued_bytes = 0
        self._running = False
        self._thread: Thread | None = None

    @property
    def waiting(self) -> int:
        """How many submissions wait for a transaction."""
        return self._queued

    def start(self) -> None:
        """Start the thread; nothing if it runs."""
        with self._changed:
            if not self._running:
                self._running = True
                self._thread = Thread(target=self._work, name="committer")
                self._thread.start()

    def stop(self) -> None:
        """Accept nothing more, finish what was accepted, and return when that is done. Blocks; idempotent."""
        with self._changed:
            self._running = False
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    async def submit(self, raw: bytes) -> Outcome:
        """Return the outcome of one envelope. Raises as `submit_many` does."""
        (outcome,) = await self.submit_many([raw])
        return outcome

    async def submit_many(self, raws: Sequence[bytes]) -> list[Outcome]:
        """Return the outcomes of `raws`, at most BATCH_MAX envelopes, in order; recorded in one transaction.

        Raises Busy if too much waits already and Stopped if the thread does not run; nothing was accepted then. Raises
        what `Intake.submit` raises.
        """
        if len(raws) > BATCH_MAX:
            raise ValueError(f"expected at most {BATCH_MAX} submissions, got {len(raws)}")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(raws, loop, loop.create_future())
        self._accept(waiting)
        return await waiting.answer

    def _accept(self, waiting: _Waiting) -> None:
        with self._changed:
            if not self._running:
                raise Stopped("expected a running committer; it was stopped or not started")
            # One list is always taken where nothing waits, however long it is.
            queued, queued_bytes = self._queued + len(waiting.raws), self._queued_bytes + waiting.size_bytes
            if self._queue and (queued > self._queue_max or queued_bytes > QUEUE_BYTES_MAX):
                raise Busy(f"{self._queued} submissions of {self._queued_bytes} bytes wait; submit again later")
            self._queue.append(waiting)
            self._queued, self._queued_bytes = queued, queued_bytes
            self._changed.notify()

    def _work(self) -> None:
        while group := self._next_group():
            _resolve(group, self._answers(group))

    def _next_group(self) -> list[_Waiting]:
        """Wait for submissions and take as many as make one transaction; none when stopped and all are done."""
        with self._changed:
            while not self._queue and self._running:
                self._changed.wait()
            group: list[_Waiting] = []
            taken = 0
            while self._queue and (not group or taken + len(self._queue[0].raws) <= self._group_max):
                waiting = self._queue.popleft()
                group.append(waiting)
                taken += len(waiting.raws)
                self._queued -= len(waiting.raws)
                self._queued_bytes -= waiting.size_bytes
            return group

    def _answers(self, group: Sequence[_Waiting]) -> list[_Answer]:
        """Record a group in one transaction; if one of its acts cannot even be refused, each submitter's by itself."""
        try:
            outcomes = iter(self._intake.submit([raw for waiting in group for raw in waiting.raws]))
            return [[next(outcomes) for _ in waiting.raws] for waiting in group]
        except NOT_BY_ONE_ACT as error:
            return [error] * len(group)
        except Exception as error:
            if len(group) == 1:
                return [error]
        return [answer for waiting in group for answer in self._answers([waiting])]


def _resolve(group: Sequence[_Waiting], answers: Sequence[_Answer]) -> None:
    """Wake the submitters, those of one event loop by one call."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[tuple[_Waiting, _Answer]]] = defaultdict(list)
    for waiting, answer in zip(group, answers, strict=True):
        by_loop[waiting.loop].append((waiting, answer))
    for loop, resolved in by_loop.items():
        # A loop that was closed meanwhile has no submitters left to wake.
        if not loop.is_closed():
            try:
                loop.call_soon_threadsafe(_wake, resolved)
            except RuntimeError:
                continue


def _wake(resolved: Sequence[tuple[_Waiting, _Answer]]) -> None:
    for waiting, answer in resolved:
        # A client that disconnects cancels its future.
        if waiting.answer.done():
            continue
        if isinstance(answer, BaseException):
            waiting.answer.set_exception(answer)
        else:
            waiting.answer.set_result(answer)
