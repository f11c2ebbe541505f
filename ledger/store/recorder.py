"""Append to PostgreSQL: entries, tiles, folded states and head in one transaction.

Either a reader sees all of them or none. Who holds the row lock on the head is the only one who appends, whatever
number of processes try: positions have no gap, the order of positions is the order of commits, and no entry is
decided without all those before it in view. Every other module may assume it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import psycopg
from eventsourcing.persistence import Notification, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Cursor
from psycopg.rows import tuple_row

from ledger.events.stages import Admitted
from ledger.log.entry import Entry, build_entry
from ledger.log.tree import EMPTY, Frontier
from ledger.store.appending import Appended, Appending, Decided, Locked
from ledger.store.copying import copy_entries
from ledger.store.database import AGAIN, database_errors
from ledger.store.errors import StoreInconsistent, StoreUnavailable, UnsafeServer
from ledger.store.evidence import keep_evidence
from ledger.store.finishing import Finished, finish
from ledger.store.head import Head, begin_with_head
from ledger.store.states import KnownStates, StoredCompact
from ledger.store.tiles import read_frontier

ENTRIES_TABLE = "entries"


class EntryRecorder(PostgresApplicationRecorder):
    """The library's recorder of an application's events, with an insert of our own. One thread at a time inserts."""

    def __init__(self, datastore: PostgresDatastore) -> None:
        if datastore.enable_db_functions:
            # That path of the library takes no lock: readers that follow the log would miss entries.
            raise UnsafeServer("expected POSTGRES_ENABLE_DB_FUNCTIONS to be unset, got a setting that inserts unlocked")
        super().__init__(datastore, events_table_name=ENTRIES_TABLE)
        # The tables are made once, by `ledger.store.database.migrate`, with more in them than the library knows.
        self.sql_create_statements.clear()
        self._frontier = EMPTY
        self._known = KnownStates()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        """Decide on and append what `appending`, an `Appending` among `kwargs`, holds; `stored_events` are its events.

        Returns None: which of them were recorded, where and as what, is in `appending.appended`. No attempt is
        repeated here, because only the submitter's bytes tell whether a commit that failed was one.
        """
        appending: Appending = kwargs["appending"]
        with (
            database_errors(),
            self.datastore.pool.connection() as connection,
            _no_warning_at_commit(connection),
            _begun(connection) as cursor,
        ):
            locked = self._look(cursor, begin_with_head(cursor), appending)
            decided = appending.decide(locked)
            frontier, appended = self._append(cursor, locked, decided, appending.notes)
        # Committed: the entries are in the log whether or not the caller hears of it.
        # Submitting the same bytes again finds them and seals them again.
        self._frontier = frontier
        self._known.advance(appended.head.tree_size, decided.folded.changes)
        appending.appended.append(appended)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return the entries from a position on, in order. In binary: 3 µs each instead of 9."""
        conditions = ["notification_id >= %(start)s" if inclusive_of_start else "notification_id > %(start)s"]
        conditions += ["notification_id <= %(stop)s"] if stop is not None else []
        conditions += ["topic = ANY(%(topics)s)"] if topics else []
        query = (
            "SELECT notification_id, originator_id, originator_version, topic, state FROM public.entries"
            f" WHERE {' AND '.join(conditions)} ORDER BY notification_id LIMIT %(limit)s"
        )
        values = {"start": start or 0, "stop": stop, "topics": list(topics), "limit": limit}
        with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(query.encode(), values, binary=True)
            return [
                Notification(id=row[0], originator_id=row[1], originator_version=row[2], topic=row[3], state=row[4])
                for row in cursor.fetchall()
            ]

    def _look(self, cursor: Cursor[tuple[Any, ...]], head: Head, appending: Appending) -> Locked:
        """Fetch what deciding the batch is sure to read."""
        compact = StoredCompact(cursor, self._known.at(head.tree_size))
        found = compact.look_ahead([envelope.event for envelope in appending.envelopes])
        return Locked(head, _not_before(head.recorded_at, appending.now()), compact, found)

    def _append(
        self, cursor: Cursor[tuple[Any, ...]], locked: Locked, decided: Decided, notes: Mapping[int, bytes]
    ) -> tuple[Frontier, Appended]:
        head = locked.head
        frontier = self._frontier
        if (frontier.tree_size, frontier.root) != (head.tree_size, head.root):
            # Another process has appended since, or this one has not yet.
            frontier = read_frontier(cursor, head)
            check_last_entry(cursor, head)
        keep_evidence(cursor, decided.conflicting, locked.recorded_at)
        entries = _chained(head, decided.admitted, locked.recorded_at)
        if not entries:
            return frontier, Appended(head, head, (), {}, frontier.peaks)
        frontier, tiles = frontier.append(entry.leaf_hash for entry in entries)
        new_head = Head(frontier.tree_size, frontier.root, entries[-1].sha256, locked.recorded_at)
        located = decided.folded.located
        streams = [located[one.verified.event.id] for one in decided.admitted]
        copy_entries(cursor, entries, decided.admitted, streams, new_head.tree_size)
        finish(cursor, head, Finished(new_head, tiles, decided.folded.changes, notes), self.channel_name)
        grown = {tile.tile_id: tile.hashes for tile in tiles}
        return frontier, Appended(head, new_head, entries, grown, frontier.peaks)


@contextmanager
def _begun(connection: psycopg.Connection[Any]) -> Iterator[Cursor[tuple[Any, ...]]]:
    """Yield the cursor of a transaction that its first statement begins; commit, or roll back if something is raised.

    The driver's own would send BEGIN by itself, one of eight round trips.
    """
    try:
        with connection.cursor(row_factory=tuple_row) as cursor:
            yield cursor
        connection.commit()
    except BaseException:
        with suppress(psycopg.Error):
            connection.rollback()
        raise


@contextmanager
def _no_warning_at_commit(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Raise StoreUnavailable if the server warned while it worked.

    A commit that waited for a synchronous standby in vain, because somebody cancelled the wait, succeeds with a
    warning: it is on this machine only and may be lost with it, so no receipt may be given for it.
    """
    warnings: list[str] = []

    def listen(diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            warnings.append(diagnostic.message_primary or "a warning without text")

    connection.add_notice_handler(listen)
    try:
        yield
    finally:
        connection.remove_notice_handler(listen)
    if warnings:
        raise StoreUnavailable(f"The server committed with a warning: {warnings[0]}. {AGAIN}")


def check_last_entry(cursor: Cursor[tuple[Any, ...]], head: Head) -> None:
    """Raise StoreInconsistent unless the last entry is the one that `head` names."""
    cursor.execute(
        "SELECT notification_id, encode(sha256(state), 'hex') FROM public.entries ORDER BY notification_id DESC LIMIT 1"
    )
    row = cursor.fetchone() or (0, head.last_sha256)
    if row != (head.tree_size, head.last_sha256):
        raise StoreInconsistent(f"expected entry {head.tree_size} with SHA-256 {head.last_sha256} last, found {row}")


def _not_before(last: datetime | None, now: datetime) -> datetime:
    """Return the time of the next entries: now, unless the clock has gone back behind the last entry."""
    if now.tzinfo is None:
        raise ValueError(f"expected a clock with a time zone, got {now.isoformat()}")
    return now.astimezone(UTC) if last is None else max(now.astimezone(UTC), last)


def _chained(head: Head, admitted: Sequence[Admitted], recorded_at: datetime) -> list[Entry]:
    entries: list[Entry] = []
    previous = head.last_sha256
    for position, one in enumerate(admitted, head.tree_size + 1):
        entry = build_entry(position, recorded_at, previous, one.verified.envelope.raw)
        previous = entry.sha256
        entries.append(entry)
    return entries
