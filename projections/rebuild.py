"""Rebuild every row from zero, into a new generation, while the old one still serves; then switch at once.

Readers see the old rows or the new ones, never a mixture and never a gap. Interrupted, it leaves a generation that
nobody reads and that the next rebuild removes.

Three things go on at once: the next entries are parsed and verified by other processes, these are folded here, and
those before are written by the server.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Final

import psycopg

from ledger.signing.process import undisturbed
from ledger.signing.workers import Workers
from ledger.store.database import configure
from projections.ahead import Ahead, Entries
from projections.folding import Batch
from projections.generations import Generation, begin, let_plan, remove, switch, write
from projections.progress import BATCH_ENTRIES, Progress
from projections.tables import REBUILD_LOCK, create_tables

PLANNED_FROM: Final = 5_000
"""Entries after which looking through all of them costs more than telling that there are so many."""


class RebuildRunning(Exception):
    """Another rebuild of the same database has not ended."""


def rebuild(log: Entries, dsn: str, report: Callable[[int], None]) -> int:
    """Fold the whole log anew and let the result serve. Returns its position; `report` hears each one on the way.

    Raises RebuildRunning; LogCorrupt, and then the old rows go on serving.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        configure(connection)
        create_tables(connection)
        if not connection.execute("SELECT pg_try_advisory_lock(%s)", [REBUILD_LOCK]).fetchone() == (True,):
            raise RebuildRunning("expected no other rebuild of this database")
        # The lock is of the session: it goes with the connection, however this ends.
        remove(connection, "building")
        generation = begin(connection, "building")
        assert generation is not None
        progress = Progress(connection, generation)
        with Workers() as workers, _writer(dsn, generation) as writer, undisturbed():
            ahead = Ahead(log, workers, BATCH_ENTRIES)
            is_planned = False
            while True:
                for entries in ahead.runs():
                    batch = progress.fold(entries)
                    ahead.learn(batch)
                    writer.put(batch)
                    report(progress.place.position)
                    if not is_planned and batch.before.position >= PLANNED_FROM:
                        let_plan(connection)
                        is_planned = True
                writer.wait()
                if switch(connection, generation.number):
                    break
                # The follower was ahead at this moment: there are new entries to fold.
        remove(connection, "retired")
        return progress.place.position


class _Writer:
    """Writes one batch after the other in a thread of its own, while the next is being folded."""

    def __init__(self, thread: ThreadPoolExecutor, connection: psycopg.Connection, generation: Generation) -> None:
        self._thread = thread
        self._connection = connection
        self._generation = generation.number
        self._writing: Future[bool] | None = None

    def put(self, batch: Batch) -> None:
        """Begin to write a batch, when the one before it is written."""
        self.wait()
        self._writing = self._thread.submit(write, self._connection, self._generation, batch)

    def wait(self) -> None:
        """Return when everything is written. Raises what went wrong."""
        if self._writing is not None:
            is_first = self._writing.result()
            assert is_first, "only the holder of the lock writes to a generation that is building"
        self._writing = None


@contextmanager
def _writer(dsn: str, generation: Generation) -> Iterator[_Writer]:
    with ExitStack() as opened:
        connection = opened.enter_context(psycopg.connect(dsn, autocommit=True))
        configure(connection)
        # Nobody reads these rows before `switch` has committed on disk, and with it all that was committed before.
        connection.execute("SET synchronous_commit = off")
        thread = opened.enter_context(ThreadPoolExecutor(1, thread_name_prefix="rows"))
        yield _Writer(thread, connection, generation)
