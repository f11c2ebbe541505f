"""The stored log, to be read: head, entries, tiles, checkpoints, states, and the tail as it grows.

What one call returns was committed; entries that were returned once never change.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, cast

from eventsourcing.persistence import PersistenceError
from psycopg import Cursor
from psycopg.rows import tuple_row

from ledger.log.proofs import inclusion_proofs, tiles_needed_for_inclusion
from ledger.log.tiles import TileId
from ledger.rules.compact import State
from ledger.store.appending import Found
from ledger.store.application import EntrySubscription, LedgerApplication
from ledger.store.checkpoints import keep_checkpoints, read_checkpoints, show_checkpoint
from ledger.store.cosignatures import Cosignature, cosigned_sizes, keep_cosignatures, read_cosignatures, read_newest
from ledger.store.database import check_durable, check_migrated, database_errors
from ledger.store.errors import StoreUnavailable
from ledger.store.evidence import read_evidence
from ledger.store.head import Head, read_head
from ledger.store.lookups import find_entries
from ledger.store.recorder import EntryRecorder
from ledger.store.states import read_states
from ledger.store.tiles import read_tiles

FOLLOWER_CONNECTIONS: Final = 2
"""One listens, one reads."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The states of some streams, all as of the log of `tree_size` entries. Streams without any are left out."""

    tree_size: int
    states: dict[str, State]


class StoredLog:
    """The log in the database of `dsn`, whose tables `ledger.store.database.migrate` made. Thread-safe.

    Raises UnknownSchema for other tables, UnsafeServer for a server that may lose what it confirmed or for an unsafe
    setting of the library, and StoreUnavailable, here and in every method.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.application = LedgerApplication(dsn)
        try:
            with self._reading() as cursor:
                check_migrated(cursor)
                check_durable(cursor)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. Followers have their own and are stopped by themselves."""
        self.application.close()

    def head(self) -> Head:
        """Return the head as last committed; `ledger.store.head.EMPTY` when nothing is recorded."""
        with self._reading() as cursor:
            return read_head(cursor)

    def entries(self, after: int, limit: int) -> list[bytes]:
        """Return the bytes of at most `limit` entries from position `after` + 1 on, in order."""
        with self._reading() as cursor:
            cursor.execute(
                "SELECT state FROM public.entries WHERE notification_id > %s ORDER BY notification_id LIMIT %s",
                [after, limit],
                binary=True,
            )
            return [state for (state,) in cursor.fetchall()]

    def entries_at(self, positions: Collection[int]) -> dict[int, bytes]:
        """Return the bytes of those of the entries at `positions` that there are."""
        if not positions:
            return {}
        with self._reading() as cursor:
            cursor.execute(
                "SELECT notification_id, state FROM public.entries WHERE notification_id = ANY(%s)",
                [list(positions)],
                binary=True,
            )
            return dict(cursor.fetchall())

    def entry(self, position: int) -> bytes | None:
        """Return the bytes of one entry, or None if the log is not that long."""
        return self.entries_at([position]).get(position)

    def entries_of(self, authority: str, after: int, until: int, limit: int) -> list[bytes]:
        """Return the bytes of at most `limit` acts of `authority` from positions `after` + 1 to `until`, in order."""
        with self._reading() as cursor:
            cursor.execute(
                "SELECT state FROM public.entries WHERE authority = %s AND notification_id > %s"
                " AND notification_id <= %s ORDER BY notification_id LIMIT %s",
                [authority, after, until, limit],
                binary=True,
            )
            return [state for (state,) in cursor.fetchall()]

    def last_of(self, authority: str, until: int) -> bytes | None:
        """Return the bytes of the last act of `authority` up to position `until`, or None if there is none."""
        with self._reading() as cursor:
            cursor.execute(
                "SELECT state FROM public.entries WHERE authority = %s AND notification_id <= %s"
                " ORDER BY notification_id DESC LIMIT 1",
                [authority, until],
                binary=True,
            )
            row = cursor.fetchone()
            return row[0] if row is not None else None

    def find(self, event_id: str) -> Found | None:
        """Return where the act `event_id` was recorded, or None."""
        with self._reading() as cursor:
            return find_entries(cursor, [event_id]).get(event_id)

    def positions_about(self, authority_id: str) -> list[int]:
        """Return the positions of all that was recorded about an authority itself: grant, revocation, words on them."""
        with self._reading() as cursor:
            # The second condition is that of the index.
            cursor.execute(
                "SELECT notification_id FROM public.entries WHERE stream = %s AND stream LIKE 'authority/%%'"
                " ORDER BY notification_id",
                [f"authority/{authority_id}"],
            )
            return [position for (position,) in cursor.fetchall()]

    def conflicts(self, event_id: str) -> list[bytes]:
        """Return the envelopes kept as evidence: signed under the id of a recorded act, with another payload."""
        with self._reading() as cursor:
            return read_evidence(cursor, event_id)

    def states(self, streams: Collection[str]) -> Snapshot:
        """Return the folded states of `streams`, all as of one tree size."""
        with self._reading() as cursor:
            # One snapshot of the database for both reads.
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                return Snapshot(read_head(cursor).tree_size, read_states(cursor, streams))
            finally:
                cursor.execute("ROLLBACK")

    def state(self, stream: str) -> State | None:
        """Return the folded state of one stream, or None if nothing was recorded there."""
        with self._reading() as cursor:
            return read_states(cursor, [stream]).get(stream)

    def tiles(self, ids: Collection[TileId]) -> dict[TileId, bytes]:
        """Return the hashes of those of the tiles `ids` that are stored; a partial tile may have grown since."""
        if not ids:
            return {}
        with self._reading() as cursor:
            return read_tiles(cursor, ids)

    def proofs(self, indexes: Sequence[int], tree_size: int) -> list[tuple[bytes, ...]]:
        """Return the inclusion proof of each leaf of `indexes` (from 0) in the tree of `tree_size`, in their order."""
        tiles = self.tiles(tiles_needed_for_inclusion(indexes, tree_size))
        return inclusion_proofs(indexes, tree_size, tiles.__getitem__)

    def checkpoint(self, tree_size: int | None = None) -> bytes | None:
        """Return the signed note stored for `tree_size`, or the newest, or None if there is none."""
        with self._reading() as cursor:
            if tree_size is None:
                cursor.execute("SELECT note FROM public.checkpoints ORDER BY tree_size DESC LIMIT 1", binary=True)
            else:
                cursor.execute("SELECT note FROM public.checkpoints WHERE tree_size = %s", [tree_size], binary=True)
            row = cursor.fetchone()
            return row[0] if row is not None else None

    def sealed_after(self, tree_size: int) -> int | None:
        """Return the smallest size of at least `tree_size` of which a signed note is stored, or None."""
        with self._reading() as cursor:
            cursor.execute("SELECT min(tree_size) FROM public.checkpoints WHERE tree_size >= %s", [tree_size])
            row = cursor.fetchone()
            return row[0] if row is not None else None

    def checkpoints(self, tree_sizes: Collection[int]) -> dict[int, bytes]:
        """Return the signed notes stored for those of `tree_sizes` that have one."""
        with self._reading() as cursor:
            return read_checkpoints(cursor, tree_sizes)

    def is_sealed_within(self, first: int, last: int) -> bool:
        """Tell whether a signed note is stored for any tree size from `first` to `last`."""
        with self._reading() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM public.checkpoints WHERE tree_size BETWEEN %s AND %s)", [first, last]
            )
            row = cursor.fetchone()
            assert row is not None
            return bool(row[0])

    def keep_checkpoint(self, tree_size: int, note: bytes) -> bytes:
        """Store the signed note of `tree_size` unless there is one, and return the one that is stored for ever."""
        with self._reading() as cursor:
            return keep_checkpoints(cursor, {tree_size: note})[tree_size]

    def show_checkpoint(self, tree_size: int, note: bytes) -> bytes:
        """Do as `keep_checkpoint` does without waiting for the disk: a crash of the database may take a new row away.

        Not if a commit after it was waited for. Who calls this can put the row back.
        """
        with self._reading() as cursor:
            return show_checkpoint(cursor, tree_size, note)

    def keep_checkpoints(self, notes: Mapping[int, bytes]) -> dict[int, bytes]:
        """Store signed notes by their tree size, where there is none; return those that are stored for ever."""
        with self._reading() as cursor:
            return keep_checkpoints(cursor, notes)

    def keep_cosignatures(self, tree_size: int, cosignatures: Collection[Cosignature]) -> None:
        """Store verified lines under the checkpoint of `tree_size`; of each key the latest stays."""
        with self._reading() as cursor:
            keep_cosignatures(cursor, tree_size, cosignatures)

    def cosignatures(self, tree_size: int) -> list[Cosignature]:
        """Return the lines stored under the checkpoint of `tree_size`."""
        with self._reading() as cursor:
            return read_cosignatures(cursor, tree_size)

    def cosigned_sizes(self, at_least: int, limit: int) -> list[int]:
        """Return at most `limit` tree sizes from `at_least` on that somebody cosigned, the largest first."""
        with self._reading() as cursor:
            return cosigned_sizes(cursor, at_least, limit)

    def newest_cosigned(self, keys: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return the largest tree size that each of `keys` cosigned, and when it last did, in POSIX seconds."""
        with self._reading() as cursor:
            return read_newest(cursor, keys)

    def follow(self, after: int) -> "Following":
        """Return an iterator over the entries after position `after` that waits for new ones.

        with log.follow(after=0) as following:
            for entries in following: ...
        """
        return Following(self._dsn, after)

    @contextmanager
    def _reading(self) -> Iterator[Cursor[tuple[Any, ...]]]:
        with (
            database_errors(),
            self.application.pool.connection() as connection,
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            yield cursor


class Following:
    """Lists of entries as they are committed, in order, each entry once. Iterate in one thread, `stop` from any.

    Raises StoreUnavailable out of the iteration when the connection is lost: follow again after the last position.
    """

    def __init__(self, dsn: str, after: int) -> None:
        self._application = LedgerApplication(dsn, pool_size_max=FOLLOWER_CONNECTIONS)
        recorder = cast("EntryRecorder", self._application.recorder)
        self._subscription = EntrySubscription(recorder, gt=after)
        self._subscription.__enter__()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> list[bytes]:
        try:
            return [notification.state for notification in self._subscription.next_batch()]
        except PersistenceError as error:
            raise StoreUnavailable(f"Following the log ended: {error}. Follow again.") from error

    def stop(self) -> None:
        """End the iteration, which may be waiting in another thread, before its next list."""
        self._subscription.stop()

    def close(self) -> None:
        """Stop, and close the connections."""
        self._subscription.__exit__(None, None, None)
        self._application.close()
