"""Group commit: many submitters of one process share a transaction, and none of them blocks the event loop.

Two threads take what waits, in order. The checker parses and verifies; the committer records what was checked as one
batch. While it does, more gathers and is checked. Where nothing else is under way the committer checks by itself, so
that a lone act changes threads no more than it must.

What was accepted gets exactly one answer, an outcome or an exception, unless its submitter has gone. A submitter that
has gone leaves its act to be recorded or refused as if it were there: it may ask again.
"""

import asyncio
import math
import time
from collections import defaultdict, deque
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from threading import Condition, Lock, Thread
from typing import Final

import structlog

from ledger.events.refusals import Refused
from ledger.intake.checking import Begun
from ledger.intake.decisions import Submission
from ledger.intake.errors import Busy, SealingFailed, Stopped, WrongLedger
from ledger.intake.intake import BATCH_MAX, Intake
from ledger.intake.outcomes import Outcome
from ledger.store.errors import (
    HeadsUnreadable,
    LogRolledBack,
    StoreError,
    StoreUnavailable,
    UnknownSchema,
    UnsafeServer,
)

QUEUE_MAX: Final = 20_000
KEPT_FOR_SINGLE: Final = 20
"""One of so many places is kept for acts that come by themselves, however many batches press for it."""

QUEUE_BYTES_MAX: Final = 64 * 1024 * 1024
GROUP_MAX: Final = 1_000
"""Submissions that are joined into one transaction; one submitter's own list may be longer."""

CHECK_MAX: Final = 250
"""Submissions that are checked at a time; one submitter's own list may be longer."""

CHECKS_AHEAD: Final = 2
"""Checks that are begun before the oldest is waited for, so that the workers always have something to do."""

GROUP_WORTH: Final = 64
"""Checked submissions that are recorded without waiting for those that are still being checked."""

REST_SECONDS: Final = 1.0
"""How long nothing comes in before the newest checkpoint is looked after."""

AGAIN_SECONDS_MAX: Final = 30
"""The longest that a submitter is told to stay away."""

RATES_REMEMBERED: Final = 8
"""Over how many groups the rate is averaged from which that time is told."""

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


_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What one submitter handed in, and where it waits for the answer."""

    raws: Sequence[bytes]
    size_bytes: int
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[list[Outcome]]


_Checked = list[Submission | Refused] | BaseException
"""What the check of one submitter's list came to."""

_Answer = list[Outcome] | BaseException


class Committer:
    """Records submissions through `intake` in threads of its own, between `start` and `stop`."""

    def __init__(self, intake: Intake, *, queue_max: int = QUEUE_MAX, group_max: int = GROUP_MAX) -> None:
        self._intake = intake
        self._queue_max = queue_max
        self._group_max = group_max
        guard = Lock()
        self._to_check, self._to_record = Condition(guard), Condition(guard)
        self._queue: deque[_Waiting] = deque()
        self._checking = 0
        self._checked: deque[tuple[_Waiting, _Checked]] = deque()
        self._queued = 0
        self._queued_bytes = 0
        self._recording = False
        self._restless = False
        self._running = False
        self._threads: list[Thread] = []
        self._per_second = float(group_max)

    @property
    def waiting(self) -> int:
        """How many submissions wait for a transaction, checked or not."""
        return self._queued

    def start(self) -> None:
        """Start the threads; nothing if they run."""
        with self._to_check:
            if not self._running:
                self._running = True
                works = {"checker": self._check_all, "committer": self._record_all}
                self._threads = [Thread(target=work, name=name) for name, work in works.items()]
                for thread in self._threads:
                    thread.start()

    def stop(self) -> None:
        """Accept nothing more, finish what was accepted, and return when that is done. Blocks; idempotent."""
        with self._to_check:
            self._running = False
            self._to_check.notify_all()
            self._to_record.notify_all()
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    async def submit(self, raw: bytes) -> Outcome:
        """Return the outcome of one envelope. Raises as `submit_many` does."""
        (outcome,) = await self.submit_many([raw])
        return outcome

    async def submit_many(self, raws: Sequence[bytes]) -> list[Outcome]:
        """Return the outcomes of `raws`, as `hand_in` does, when they are there. Raises what `Intake.submit` raises."""
        return await self.hand_in(raws)

    def hand_in(self, raws: Sequence[bytes]) -> asyncio.Future[list[Outcome]]:
        """Accept `raws`, at most BATCH_MAX envelopes, recorded in one transaction; called in a running event loop.

        Their outcomes will be in the future, in order, or what `Intake.submit` raises. What was handed in earlier is
        decided earlier. Raises Busy if too much waits already and Stopped if the threads do not run; nothing was
        accepted then.
        """
        if len(raws) > BATCH_MAX:
            raise ValueError(f"expected at most {BATCH_MAX} submissions, got {len(raws)}")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(raws, sum(map(len, raws)), loop, loop.create_future())
        self._accept(waiting)
        return waiting.answer

    def _accept(self, waiting: _Waiting) -> None:
        with self._to_check:
            if not self._running:
                raise Stopped("expected a running committer; it was stopped or not started")
            # One list is always taken where nothing waits, however long it is.
            queued, queued_bytes = self._queued + len(waiting.raws), self._queued_bytes + waiting.size_bytes
            room = self._queue_max - (self._queue_max // KEPT_FOR_SINGLE if len(waiting.raws) > 1 else 0)
            if self._queued and (queued > room or queued_bytes > QUEUE_BYTES_MAX):
                message = f"{self._queued} submissions of {self._queued_bytes} bytes wait; submit again later"
                raise Busy(message, min(math.ceil(self._queued / self._per_second), AGAIN_SECONDS_MAX))
            self._queue.append(waiting)
            self._queued, self._queued_bytes = queued, queued_bytes
            (self._to_check if self._recording or self._checking else self._to_record).notify()

    def _check_all(self) -> None:
        """The work of the checker: what waits while the committer is busy."""
        under_way: deque[tuple[list[_Waiting], Begun | BaseException]] = deque()
        done: list[tuple[_Waiting, _Checked]] = []
        while True:
            group = self._next_unchecked(done, under_way)
            done = []
            if group:
                under_way.append((group, self._begun(group)))
            elif not under_way:
                return
            if len(under_way) > CHECKS_AHEAD or not group:
                oldest, begun = under_way.popleft()
                done = list(zip(oldest, self._finished(oldest, begun), strict=True))

    def _next_unchecked(self, done: Sequence[tuple[_Waiting, _Checked]], under_way: Sized) -> list[_Waiting]:
        """Hand over what was checked, and take submissions that the committer has no time for.

        Waits for some unless checks are under way; none then, or when stopped. All under one lock: nothing that waits
        is overlooked in between.
        """
        with self._to_check:
            self._checked.extend(done)
            self._checking = len(under_way)
            self._to_record.notify()
            while self._running and not self._checking and not self._is_behind():
                self._to_check.wait()
            group = self._taken(CHECK_MAX, 1) if self._running and self._is_behind() else []
            self._checking += bool(group)
            return group

    def _is_behind(self) -> bool:
        """Tell whether something waits that could be checked while the committer records."""
        return bool(self._queue) and self._recording and self._count_checked() < self._group_max

    def _count_checked(self) -> int:
        return sum(len(waiting.raws) for waiting, _ in self._checked)

    def _taken(self, room: int, least: int) -> list[_Waiting]:
        """Take as many lists off the queue as there is room for, and `least` of them in any case."""
        group: list[_Waiting] = []
        while self._queue and (len(group) < least or len(self._queue[0].raws) <= room):
            group.append(self._queue.popleft())
            room -= len(group[-1].raws)
        return group

    def _begun(self, group: Sequence[_Waiting]) -> Begun | BaseException:
        try:
            return self._intake.begin_check([raw for waiting in group for raw in waiting.raws])
        except Exception as error:
            return error

    def _finished(self, group: Sequence[_Waiting], begun: Begun | BaseException) -> list[_Checked]:
        """Return what came of a check; if one of its acts made it fail, each submitter's is tried by itself."""
        try:
            if isinstance(begun, BaseException):
                raise begun
            checked = iter(self._intake.finish_check(begun))
            return [[next(checked) for _ in waiting.raws] for waiting in group]
        except NOT_BY_ONE_ACT as error:
            return [error] * len(group)
        except Exception as error:
            if len(group) == 1:
                return [error]
        return [one for waiting in group for one in self._finished([waiting], self._begun([waiting]))]

    def _record_all(self) -> None:
        """The work of the committer."""
        while (group := self._next_group()) is not None:
            if not group:
                self._rest()
                continue
            began = time.monotonic()
            _resolve([waiting for waiting, _ in group], self._answers(group))
            rate = sum(len(waiting.raws) for waiting, _ in group) / max(time.monotonic() - began, 0.001)
            self._per_second += (rate - self._per_second) / RATES_REMEMBERED
            self._restless = True

    def _next_group(self) -> list[tuple[_Waiting, _Checked]] | None:
        """Wait for submissions and take as many as make one transaction; None when stopped and all are done.

        Nothing after a while in which nothing came.
        """
        with self._to_record:
            self._recording = False
            while not self._is_due():
                if not self._running and not self._checking:
                    return None
                if not self._to_record.wait(REST_SECONDS if self._restless else None) and not self._checking:
                    return []
            self._recording = True
            group: list[tuple[_Waiting, _Checked]] = []
            room = self._group_max
            while self._checked and (not group or len(self._checked[0][0].raws) <= room):
                group.append(self._checked.popleft())
                room -= len(group[-1][0].raws)
            # What nobody checks yet comes along, unless the checker had better do it meanwhile.
            is_small = self._group_max - room < GROUP_WORTH
            is_alone = not self._checked and not self._checking
            unchecked = self._taken(room, 0 if group else 1) if is_small and is_alone else []
            for waiting in (*(one for one, _ in group), *unchecked):
                self._queued -= len(waiting.raws)
                self._queued_bytes -= waiting.size_bytes
            if self._queue:
                self._to_check.notify()
        if not unchecked:
            return group
        return [*group, *zip(unchecked, self._finished(unchecked, self._begun(unchecked)), strict=True)]

    def _is_due(self) -> bool:
        """Tell whether to record now: enough is checked, or nothing waits that could come along."""
        if self._checking:
            return self._count_checked() >= min(GROUP_WORTH, self._group_max)
        return bool(self._checked or self._queue)

    def _rest(self) -> None:
        try:
            self._intake.settle()
            self._restless = False
        except StoreError as error:
            # Nothing depends on it now; asked again a moment later.
            _log.warning("not_settled", error=str(error))

    def _answers(self, group: Sequence[tuple[_Waiting, _Checked]]) -> list[_Answer]:
        """Record a group in one transaction; if one of its acts cannot even be refused, each submitter's by itself."""
        try:
            sound = [checked for _, checked in group if not isinstance(checked, BaseException)]
            outcomes = iter(self._intake.record([one for checked in sound for one in checked]))
            return [
                checked if isinstance(checked, BaseException) else [next(outcomes) for _ in checked]
                for _, checked in group
            ]
        except NOT_BY_ONE_ACT as error:
            return [error] * len(group)
        except Exception as error:
            if len(group) == 1:
                return [error]
        return [answer for one in group for answer in self._answers([one])]


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
