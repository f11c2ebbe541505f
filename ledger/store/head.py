"""The head of the log: how long it is, and what binds all of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from psycopg import Cursor

from ledger.log.entry import GENESIS_PREVIOUS
from ledger.log.tree import EMPTY_ROOT
from ledger.store.database import require_durable
from ledger.store.errors import UnknownSchema


@dataclass(frozen=True, slots=True)
class Head:
    """The log after `tree_size` entries.

    `root` (32 bytes) is that of the Merkle tree, `last_sha256` (64 hexadecimal digits) that of the last entry's bytes,
    `recorded_at` the last entry's time, None in a log without entries.
    """

    tree_size: int
    root: bytes
    last_sha256: str
    recorded_at: datetime | None


EMPTY: Final = Head(0, EMPTY_ROOT, GENESIS_PREVIOUS, None)
"""The head of a log in which nothing was recorded."""


def read_head(cursor: Cursor[tuple[Any, ...]]) -> Head:
    """Return the head as last committed."""
    return _head(cursor.execute("SELECT tree_size, root, last_sha256, recorded_at FROM public.head").fetchone())


def begin_with_head(cursor: Cursor[tuple[Any, ...]]) -> Head:
    """Begin a transaction, wait for whoever appends, then hold the head until its end, and return it.

    A row lock, because it means the same on every PostgreSQL and on what speaks its protocol. Raises UnsafeServer if
    the commit of this transaction would not be waited for.
    """
    # Without parameters both statements travel together.
    cursor.execute(
        "BEGIN ISOLATION LEVEL READ COMMITTED;"
        " SELECT tree_size, root, last_sha256, recorded_at, current_setting('fsync'),"
        " current_setting('synchronous_commit') FROM public.head FOR UPDATE",
        prepare=False,
    )
    cursor.nextset()
    row = cursor.fetchone()
    if row is not None:
        require_durable(*row[4:])
    return _head(row)


def _head(row: tuple[Any, ...] | None) -> Head:
    if row is None:
        raise UnknownSchema("expected the head of the log in its table, found no row: migrate first")
    tree_size, root, last_sha256, recorded_at = row[:4]
    return Head(tree_size, root, last_sha256.hex(), recorded_at and recorded_at.astimezone(UTC))
