"""Worker processes: pure work on chunks, on the other cores, with the results in the order of the chunks.

What is done is the same with any number of them, none included. A worker imports nothing of the program that starts it
and is never a copy of it, since that has threads and connections. It leaves the signals that a terminal or a service
manager sends to all processes at once to its parent, and goes when its parent is gone, however that ended.
"""

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.queues import SimpleQueue
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Final, Self, TypeVar

WORKERS_DEFAULT: Final = max(1, (os.cpu_count() or 1) - 1)
"""One core is left to the process that hands out the work and folds what comes back."""

_LEFT_TO_PARENT: Final = (signal.SIGINT, signal.SIGTERM)
_STARTING: Final = Lock()

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


class WorkersLost(Exception):
    """No result will come: a worker process ended unasked, or all were closed. The next use starts others."""


class Workers:
    """Up to `count` processes beside this one, started when they are first needed; 0: all work is done here.

    Thread-safe. Functions and chunks are pickled: a function of a module that can be imported, not of the program's
    own `__main__`, and values that are cheap to copy. A worker takes 33 MB and 0.15 s of CPU to start.
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

        Raises what `work` raises, where its result would have come; WorkersLost. What is under way when nobody asks on
        is done all the same, unless all are closed.
        """
        if self.count == 0:
            yield from map(work, chunks)
            return
        if ahead < 1:
            raise ValueError(f"expected at least one chunk ahead, got {ahead}")
        waiting: deque[Future[Result]] = deque()
        for chunk in chunks:
            waiting.append(self.submit(work, chunk))
            if len(waiting) >= ahead:
                yield self.result(waiting.popleft())
        while waiting:
            yield self.result(waiting.popleft())

    def submit(self, work: Callable[[Chunk], Result], chunk: Chunk) -> Future[Result]:
        """Begin `work(chunk)` and return where its `result` will be. Without workers it is done before this returns.

        Not to be cancelled: up to Python 3.13 a pool that breaks then leaves whoever waits for anything else waiting.
        Raises ValueError for a function that workers could not import.
        """
        if self.count == 0:
            return _done(work, chunk)
        # Unpickling it would end the worker.
        if getattr(work, "__module__", None) == "__main__":
            raise ValueError(f"expected work of a module that can be imported, got {work!r} of the program itself")
        pool = self._started()
        try:
            return pool.submit(work, chunk)
        except RuntimeError:
            # It broke after its last use, or another thread closed it; nothing of this chunk was begun.
            self._drop(pool)
            return self._started().submit(work, chunk)

    def result(self, future: Future[Result]) -> Result:
        """Wait for what `submit` began. Raises what the work raised; WorkersLost."""
        try:
            return future.result()
        except BrokenProcessPool as error:
            # The pool is left where it is: it may be another by now, and `submit` sees whether it is broken.
            raise WorkersLost(
                f"expected {self.count} worker processes to finish their work; one of them ended before: {error} "
                "Look for a lack of memory; then do it again."
            ) from None
        except CancelledError:
            raise WorkersLost("expected worker processes to do this work; they were closed before it began") from None

    def close(self) -> None:
        """Give up what was not begun, wait for the rest, and end the processes. The next use starts others."""
        with self._guard:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        with self._guard:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(self.count, mp_context=_Context(), initializer=_begin)
            return self._pool

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        """Let a pool go that takes no more work, unless another thread has done so."""
        with self._guard:
            if self._pool is pool:
                self._pool = None
        pool.shutdown(wait=False)


def _done(work: Callable[[Chunk], Result], chunk: Chunk) -> Future[Result]:
    done: Future[Result] = Future()
    try:
        done.set_result(work(chunk))
    except Exception as error:
        done.set_exception(error)
    return done


class _Context(SpawnContext):
    """What the pool makes its processes and its queue of results with. They end together."""

    def __init__(self) -> None:
        super().__init__()
        self._ending = Lock()
        self._is_over = False
        self._processes: list[_Process] = []
        self._results: list[_Results] = []

    def Process(self, *args: Any, **named: Any) -> SpawnProcess:  # type: ignore[override]
        process = _Process(*args, **named)
        process.pool = self
        return process

    def SimpleQueue(self) -> "_Results":
        self._results.append(_Results(ctx=self))
        return self._results[-1]

    def watch(self, process: "_Process") -> None:
        """Let the others end when this one does; if one has ended by now, this one at once."""
        with self._ending:
            self._processes.append(process)
            if self._is_over:
                process.kill()
        Thread(target=self._end_with, args=(process,), name="watch-worker", daemon=True).start()

    def _end_with(self, process: "_Process") -> None:
        wait([process.sentinel])
        with self._ending:
            # The pool itself would end the others by SIGTERM, to which they are deaf.
            for one in () if self._is_over else self._processes:
                one.kill()
            for results in self._results:
                results.hang_up()
            self._is_over = True


class _Results(SimpleQueue[Any]):
    """The pipe through which all workers answer."""

    _writer: Connection

    def __init__(self, *, ctx: SpawnContext) -> None:
        super().__init__(ctx=ctx)
        self._closing = Lock()

    def hang_up(self) -> None:
        # A worker that is killed in the middle of an answer leaves half of it in the pipe, and the pool waits for the
        # other half for ever, since this process could still write it. Without a writer it reads an end, and breaks.
        with self._closing:
            self._writer.close()

    def close(self) -> None:
        # The pool does so while the last of its processes ends. A descriptor closed twice may be another's by then.
        with self._closing:
            super().close()


class _Process(SpawnProcess):
    """A worker as the pool starts it."""

    pool: _Context

    def start(self) -> None:
        pool = self.__dict__.pop("pool")  # What is left here crosses into the child.
        with _STARTING, _without_main(), _signals_held():
            super().start()
        pool.watch(self)


@contextmanager
def _without_main() -> Iterator[None]:
    """A child that is started meanwhile does not import the program: it may be large, or do all its work again."""
    main = sys.modules["__main__"]
    spec, main.__spec__ = main.__spec__, None
    file = main.__dict__.pop("__file__", None)
    try:
        yield
    finally:
        main.__spec__ = spec
        if file is not None:
            main.__file__ = file


@contextmanager
def _signals_held() -> Iterator[None]:
    """A child that is started meanwhile is not reached by what is left to the parent before it has begun."""
    if sys.platform == "win32":
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _LEFT_TO_PARENT)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _begin() -> None:
    """Make this process a worker."""
    for number in _LEFT_TO_PARENT:
        signal.signal(number, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _LEFT_TO_PARENT)
    Thread(target=_leave_with_parent, name="parent", daemon=True).start()


def _leave_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    # Without ceremony: nobody is left to hand anything to, and a pipe of the pool would never end by itself.
    os._exit(1)
