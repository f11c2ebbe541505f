"""Append to PostgreSQL: entries, tiles, folded states and head in one transaction.

Either a reader sees all of them or none. Who holds the row lock on the head is the only one who appends, whatever
number of processes try: positions have no gap, the order of positions is the order of commits, and no entry is
decided without all those before it in view. Every other module may assume it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from eventsourcing.persistence import Notification, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Cursor
from psycopg.rows import tuple_row

from ledger.events.stages import Admitted, Envelope
from ledger.log.entry import Entry, build_entry
from ledger.log.tree import EMPTY, Frontier
from ledger.rules.streams import reads
from ledger.store.appending import Appended, Appending, Decided, Found, Locked
from ledger.store.database import AGAIN, database_errors
from ledger.store.errors import StoreInconsistent, StoreUnavailable, UnsafeServer
from ledger.store.evidence import keep_evidence
from ledger.store.head import Head, lock_head, move_head
from ledger.store.states import KnownStates, StoredCompact, write_states
from ledger.store.tiles import read_frontier, write_tiles

ENTRIES_TABLE = "entries"
COPY = (
    "COPY public.entries (notification_id, originator_id, originator_version, topic, state, payload_sha256, authority,"
    " recorded_at, stream, sealed_size, pending_on) FROM STDIN (FORMAT BINARY)"
)
COPY_TYPES = (
    ("int8", "text", "int2", "text", "bytea", "bytea", "text", "timestamptz", "text", "int8", "text[]")
)  # fmt: skip


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
        event_ids = [str(event.originator_id) for event in stored_events]
        with (
            database_errors(),
            self.datastore.pool.connection() as connection,
            _no_warning_at_commit(connection),
            connection.transaction(),
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            locked = self._look(cursor, lock_head(cursor), appending, event_ids)
            decided = appending.decide(locked)
            frontier, appended = self._append(cursor, locked, decided)
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

    def _look(
        self, cursor: Cursor[tuple[Any, ...]], head: Head, appending: Appending, event_ids: Sequence[str]
    ) -> Locked:
        """Fetch what deciding the batch is sure to read, in three queries however many acts it has."""
        found = find_entries(cursor, event_ids)
        located = {event_id: one.stream for event_id, one in found.items()}
        compact = StoredCompact(cursor, self._known.at(head.tree_size), located)
        events = [envelope.event for envelope in appending.envelopes]
        targets = [act for event in events if (act := getattr(event, "act", None)) is not None]
        compact.prefetch_located(targets)
        streams = [stream for event in events for stream in reads(event)]
        compact.prefetch([*streams, *filter(None, map(compact.locate, targets))])
        return Locked(head, _not_before(head.recorded_at, appending.now()), compact, found)

    def _append(self, cursor: Cursor[tuple[Any, ...]], locked: Locked, decided: Decided) -> tuple[Frontier, Appended]:
        head = locked.head
        frontier = self._frontier
        if (frontier.tree_size, frontier.root) != (head.tree_size, head.root):
            # Another process has appended since, or this one has not yet.
            frontier = read_frontier(cursor, head)
            check_last_entry(cursor, head)
        keep_evidence(cursor, decided.conflicting, locked.recorded_at)
        entries = _chained(head, decided.admitted, locked.recorded_at)
        if not entries:
            return frontier, Appended(head, (), {})
        frontier, tiles = frontier.append(entry.leaf_hash for entry in entries)
        new_head = Head(frontier.tree_size, frontier.root, entries[-1].sha256, locked.recorded_at)
        _copy_entries(cursor, entries, decided, new_head.tree_size)
        write_tiles(cursor, tiles)
        write_states(cursor, decided.folded.changes, new_head.tree_size)
        move_head(cursor, head, new_head)
        self._notify_channel(cursor)  # type: ignore[arg-type]  # the library's cursors give rows as dicts
        return frontier, Appended(new_head, entries, {tile.tile_id: tile.hashes for tile in tiles})


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


def find_entries(cursor: Cursor[tuple[Any, ...]], event_ids: Sequence[str]) -> dict[str, Found]:
    """Return those of the events `event_ids` that are in the log."""
    cursor.execute(
        "SELECT originator_id, notification_id, payload_sha256, sealed_size, pending_on, stream FROM public.entries"
        " WHERE originator_id = ANY(%s)",
        [list(event_ids)],
    )
    return {
        event_id: Found(position, payload_sha256.hex(), sealed_size, tuple(pending_on), stream)
        for event_id, position, payload_sha256, sealed_size, pending_on, stream in cursor.fetchall()
    }


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


def _copy_entries(
    cursor: Cursor[tuple[Any, ...]], entries: Sequence[Entry], decided: Decided, sealed_size: int
) -> None:
    located = decided.folded.located
    with cursor.copy(COPY) as copy:
        copy.set_types(COPY_TYPES)
        for entry, admitted in zip(entries, decided.admitted, strict=True):
            envelope: Envelope = admitted.verified.envelope
            event = envelope.event
            copy.write_row(
                (
                    entry.position,
                    event.id,
                    1,
                    event.type,
                    entry.raw,
                    bytes.fromhex(envelope.payload_sha256),
                    event.authority,
                    entry.recorded_at,
                    located[event.id],
                    sealed_size,
                    list(admitted.pending_on),
                )
            )
