"""Worker processes: pure work on chunks, on the other cores, with the results in the order of the chunks.

What is done is the same with any number of them, none included. A worker ignores Ctrl-C, which its parent answers, and
goes when its parent is gone, however that ended.
"""

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from threading import Lock, Thread
from types import TracebackType
from typing import Final, Self, TypeVar

WORKERS_DEFAULT: Final = max(1, (os.cpu_count() or 1) - 1)
"""One core is left to the process that hands out the work and folds what comes back."""

_METHOD: Final = "spawn" if sys.platform == "win32" else "forkserver"
"""Never a copy of this process, which has threads and connections."""

_PRELOADED: Final = ("ledger.signing.checking",)
"""Imported once, before the workers part: together they start in the time of one."""

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


class WorkersLost(Exception):
    """A worker process ended in the middle of its work: killed, or out of memory. The next use starts others."""


class Workers:
    """Up to `count` processes beside this one, started when they are first needed; 0: all work is done here.

    Thread-safe. Functions and chunks are pickled: a function of a module, and values that are cheap to copy.
    """

    def __init__(self, count: int = WORKERS_DEFAULT) -> None:
        if count < 0:
            raise ValueError(f"expected 0 or more worker processes, got {count}")
        self.count = count
        self._guard = Lock()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def map(self, work: Callable[[Chunk], Result], chunks: Iterable[Chunk], *, ahead: int) -> Iterator[Result]:
        """Yield `work(chunk)` of each chunk, in their order; at most `ahead` are under way or wait to be yielded.

        Raises what `work` raises, where its result would have come; WorkersLost.
        """
        if self.count == 0:
            yield from map(work, chunks)
            return
        if ahead < 1:
            raise ValueError(f"expected at least one chunk ahead, got {ahead}")
        waiting: deque[Future[Result]] = deque()
        try:
            for chunk in chunks:
                waiting.append(self.submit(work, chunk))
                if len(waiting) >= ahead:
                    yield self.result(waiting.popleft())
            while waiting:
                yield self.result(waiting.popleft())
        finally:
            for future in waiting:
                future.cancel()

    def submit(self, work: Callable[[Chunk], Result], chunk: Chunk) -> Future[Result]:
        """Begin `work(chunk)` and return where its `result` will be. Without workers it is done before this returns."""
        if self.count == 0:
            done: Future[Result] = Future()
            try:
                done.set_result(work(chunk))
            except Exception as error:
                done.set_exception(error)
            return done
        pool = self._started()
        try:
            return pool.submit(work, chunk)
        except BrokenProcessPool:
            # It broke after its last use; nothing of this chunk was begun.
            self._drop(pool)
            return self._started().submit(work, chunk)

    def result(self, future: Future[Result]) -> Result:
        """Wait for what `submit` began. Raises what the work raised; WorkersLost."""
        try:
            return future.result()
        except BrokenProcessPool as error:
            with self._guard:
                pool = self._pool
            if pool is not None:
                self._drop(pool)
            raise WorkersLost(
                f"expected {self.count} worker processes to finish their work; one of them ended before: {error} "
                "Look for a lack of memory; then do it again."
            ) from None

    def close(self) -> None:
        """Give up what was not begun, wait for the rest, and end the processes. The next use starts others."""
        with self._guard:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        with self._guard:
            if self._pool is None:
                context = multiprocessing.get_context(_METHOD)
                if _METHOD == "forkserver":
                    context.set_forkserver_preload(list(_PRELOADED))
                self._pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=_begin)
            return self._pool

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        """Let a broken pool go, unless another thread has done so."""
        with self._guard:
            if self._pool is pool:
                self._pool = None
        pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """Make this process a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_leave_with_parent, name="parent", daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    # Without ceremony: nobody is left to hand anything to, and a pipe of the pool would never end by itself.
    os._exit(1)
