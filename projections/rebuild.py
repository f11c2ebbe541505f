"""Rebuild every row from zero, into a new generation, while the old one still serves; then switch at once.

Readers see the old rows or the new ones, never a mixture and never a gap. Interrupted, it leaves a generation that
nobody reads and that the next rebuild removes.
"""

from collections.abc import Callable
from typing import Protocol

import psycopg

from ledger.store.database import configure
from projections.generations import begin, remove, switch
from projections.progress import BATCH_ENTRIES, Progress
from projections.tables import REBUILD_LOCK, create_tables


class Entries(Protocol):
    """The log, as far as rebuilding needs it."""

    def entries(self, after: int, limit: int) -> list[bytes]:
        """Return the raw entries at positions after + 1 and on, at most `limit`."""
        ...


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
        while True:
            while raws := log.entries(progress.place.position, BATCH_ENTRIES):
                assert progress.advance(raws), "only the holder of the lock writes to a generation that is building"
                report(progress.place.position)
            if switch(connection, generation.number):
                break
            # The follower was ahead at this moment: there are new entries to fold.
        remove(connection, "retired")
        return progress.place.position
