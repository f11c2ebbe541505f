"""The tables as they are, for whoever checks them: rows by key and in pieces, read only, nothing believed.

Reading takes no lock that anybody waits for. What one call returns was committed; what belongs together while others
append is read within `snapshot`. A row that the server itself cannot read raises Unreadable, a server that has gone
StoreUnavailable.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, LiteralString, Self

import psycopg
from psycopg import sql

from ledger.log.tiles import TileId
from ledger.store.database import CONNECT_SECONDS_MAX, check_migrated, configure, database_errors

IDLE_SECONDS_MAX: Final = 600
"""How long the checker may think within one snapshot; the server ends it after that."""

ROWS_AT_ONCE: Final = 200
CURSOR: Final = "inspection"

NOT_THE_ROWS: Final = frozenset({"08", "53", "55", "57"})
"""Classes of errors that say nothing of what is stored: connection, resources, locks, an operator's intervention."""

_ENTRY_COLUMNS: Final = (
    "notification_id, originator_id, originator_version, topic, state, payload_sha256, authority, recorded_at, stream,"
    " sealed_size, pending_on"
)


class Unreadable(Exception):
    """The server refuses to return rows that it should have. Carries what it said."""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A row of `entries`, its columns in the order of the table."""

    position: int
    event_id: str
    version: int
    topic: str
    raw: bytes
    payload_sha256: bytes
    authority: str
    recorded_at: datetime
    stream: str
    sealed_size: int
    pending_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeadRow:
    """The row of `head` as it is stored."""

    tree_size: int
    root: bytes
    last_sha256: bytes
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """A row of `conflicts`: what was signed under an id that was taken."""

    event_id: str
    payload_sha256: bytes
    authority: str
    envelope: bytes
    recorded_at: datetime


class Inspection:
    """One connection that reads and never writes. Not for use from two threads at once. Raises StoreError."""

    def __init__(self, dsn: str) -> None:
        with database_errors():
            self._connection = psycopg.connect(dsn, connect_timeout=CONNECT_SECONDS_MAX, autocommit=True)
            configure(self._connection)
            self._connection.execute(
                sql.SQL(
                    "SET default_transaction_read_only = on; SET idle_in_transaction_session_timeout = {};"
                    # A row is looked for where the ledger looks for it: in its index.
                    " SET enable_seqscan = off"
                ).format(f"{IDLE_SECONDS_MAX}s")
            )
            check_migrated(self._connection.cursor())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    @property
    def connection(self) -> psycopg.Connection:
        """The connection itself, for those who read tables that are not of the log."""
        return self._connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read everything within as of one moment, however long it takes. Nobody waits for it."""
        with database_errors():
            self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            if not self._connection.closed:
                self._connection.rollback()

    def hold(self, lock: int) -> bool:
        """Take an advisory lock until this connection ends. False if somebody else has it."""
        return bool(self.rows("SELECT pg_try_advisory_lock(%s)", [lock])[0][0])

    def rows(self, query: LiteralString, values: Collection[object] = ()) -> list[Any]:
        """Return rows. Raises Unreadable if the server is there and cannot read them."""
        within = self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE
        # Within a snapshot a row that cannot be read must not end the snapshot.
        with self._reading(), self._connection.transaction() if within else nullcontext():
            return self._connection.execute(query, list(values), binary=True).fetchall()

    def streamed(self, query: LiteralString, values: Collection[object]) -> Iterator[Any]:
        """Yield rows a few at a time. In a snapshot. Raises Unreadable."""
        with self._reading(), self._connection.transaction(), self._connection.cursor(CURSOR, binary=True) as cursor:
            cursor.itersize = ROWS_AT_ONCE
            cursor.execute(query, list(values))
            yield from cursor

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with database_errors():
            try:
                yield
            except psycopg.Error as error:
                if self._connection.closed or (error.sqlstate or "")[:2] in NOT_THE_ROWS:
                    raise
                said = error.diag.message_primary or str(error).partition("\n")[0]
                raise Unreadable(f"{said} ({error.sqlstate or type(error).__name__})") from error

    def heads(self) -> list[HeadRow]:
        rows = self.rows("SELECT tree_size, root, last_sha256, recorded_at FROM public.head")
        return [HeadRow(size, root, last, at and at.astimezone(UTC)) for size, root, last, at in rows]

    def entries(self, first: int, last: int) -> list[EntryRow]:
        """Return the entries at positions `first` to `last`, those that there are, in order."""
        rows = self.rows(
            f"SELECT {_ENTRY_COLUMNS} FROM public.entries WHERE notification_id BETWEEN %s AND %s"
            " ORDER BY notification_id",
            [first, last],
        )
        return [_entry_row(row) for row in rows]

    def positions_of(self, event_ids: Collection[str]) -> dict[str, int]:
        """Return the positions of acts, found by their ids."""
        rows = self.rows(
            "SELECT originator_id, notification_id FROM public.entries WHERE originator_id = ANY(%s)", [list(event_ids)]
        )
        return dict(rows)

    def acts_of(self, authority: str, last: int) -> int:
        """Return how many entries up to `last` are found by their authority."""
        return self.number(
            "SELECT count(*) FROM public.entries WHERE authority = %s AND notification_id <= %s", [authority, last]
        )

    def number(self, query: LiteralString, values: Collection[object] = ()) -> int:
        """Return the number that a query gives."""
        return int(self.rows(query, values)[0][0])

    def column(self, query: LiteralString, values: Collection[object] = ()) -> list[Any]:
        """Return the first column of what a query gives."""
        return [row[0] for row in self.rows(query, values)]

    def scanned(self, table: str) -> int:
        """Return how many rows lie in a table, counted without its indexes. In a snapshot."""
        methods = ("seqscan", "indexscan", "indexonlyscan", "bitmapscan")
        switched = "; ".join(
            f"SET LOCAL enable_{method} = {'on' if method == 'seqscan' else 'off'}" for method in methods
        )
        count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", table))
        with self._reading(), self._connection.transaction(force_rollback=True):
            self._connection.execute(switched)
            return int(self._connection.execute(count).fetchall()[0][0])

    def tiles(self, ids: Collection[TileId]) -> dict[TileId, bytes]:
        """Return the hashes of those of the tiles `ids` that are stored."""
        if not ids:
            return {}
        levels, indexes = zip(*ids, strict=True)
        rows = self.rows(
            "SELECT level, index, hashes FROM public.tiles"
            " JOIN unnest(%s::smallint[], %s::bigint[]) AS wanted (level, index) USING (level, index)",
            [list(levels), list(indexes)],
        )
        return {(level, index): hashes for level, index, hashes in rows}

    def tiles_beyond(self, counts: Collection[int]) -> list[TileId]:
        """Return the tiles that do not belong to a tree that has `counts` of them at levels 0, 1 and so on."""
        rows = self.rows(
            "SELECT level, index FROM public.tiles"
            " LEFT JOIN unnest(%s::bigint[]) WITH ORDINALITY AS counted (tiles, number) ON number = level + 1"
            " WHERE index >= coalesce(tiles, 0) OR index < 0",
            [list(counts)],
        )
        return [(level, index) for level, index in rows]

    def checkpoints(self, after: int, until: int) -> dict[int, bytes]:
        """Return the signed notes of sizes above `after`, up to `until`."""
        query: LiteralString = "SELECT tree_size, note FROM public.checkpoints WHERE tree_size > %s AND tree_size <= %s"
        return dict(self.rows(query, [after, until]))

    def streams(self) -> Iterator[tuple[str, bytes, int]]:
        """Yield name, state and last change of every stream, by the bytes of their names. In a snapshot."""
        yield from self.streamed('SELECT name, state, changed_at FROM public.streams ORDER BY name COLLATE "C"', [])

    def conflicts(self, after: tuple[str, bytes], limit: int) -> list[ConflictRow]:
        """Return at most `limit` pieces of evidence after (event id, payload digest)."""
        rows = self.rows(
            "SELECT event_id, payload_sha256, authority, envelope, recorded_at FROM public.conflicts"
            " WHERE (event_id, payload_sha256) > (%s, %s) ORDER BY event_id, payload_sha256 LIMIT %s",
            [*after, limit],
        )
        return [
            ConflictRow(event_id, payload_sha256, authority, envelope, recorded_at.astimezone(UTC))
            for event_id, payload_sha256, authority, envelope, recorded_at in rows
        ]


def _entry_row(values: Sequence[Any]) -> EntryRow:
    row = EntryRow(*values)
    return replace(row, recorded_at=row.recorded_at.astimezone(UTC), pending_on=tuple(row.pending_on))
