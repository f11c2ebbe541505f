"""Signed tree heads in their table: one for each size at which a batch ended, the first that was stored, for ever."""

from collections.abc import Collection, Mapping
from typing import Any, Final, LiteralString

from psycopg import Cursor

_KEEP: Final[LiteralString] = (
    "INSERT INTO public.checkpoints (tree_size, note) SELECT * FROM unnest(%b::bigint[], %b::bytea[])"
    " ON CONFLICT DO NOTHING"
)
_SHOW: Final[LiteralString] = (
    # For this statement's own transaction, in the statement itself: one round trip.
    "WITH hurried AS (SELECT set_config('synchronous_commit', 'off', true))"
    " INSERT INTO public.checkpoints (tree_size, note) SELECT %b, %b FROM hurried ON CONFLICT DO NOTHING"
)


def read_checkpoints(cursor: Cursor[tuple[Any, ...]], tree_sizes: Collection[int]) -> dict[int, bytes]:
    """Return the signed notes stored for those of `tree_sizes` that have one."""
    cursor.execute(
        "SELECT tree_size, note FROM public.checkpoints WHERE tree_size = ANY(%s)", [list(tree_sizes)], binary=True
    )
    return dict(cursor.fetchall())


def keep_checkpoints(cursor: Cursor[tuple[Any, ...]], notes: Mapping[int, bytes]) -> dict[int, bytes]:
    """Store signed notes by their tree size, where there is none, and return those that are stored for ever.

    What this adds is on the disk when it returns, and so is whatever was committed before.
    """
    cursor.execute(_KEEP, [list(notes), list(notes.values())])
    return dict(notes) if cursor.rowcount == len(notes) else read_checkpoints(cursor, notes)


def show_checkpoint(cursor: Cursor[tuple[Any, ...]], tree_size: int, note: bytes) -> bytes:
    """Do the same for one note without waiting for the disk.

    A crash of the database may take the row away, unless a later commit was waited for. Whoever calls this has to put
    it back.
    """
    cursor.execute(_SHOW, [tree_size, note])
    return note if cursor.rowcount == 1 else read_checkpoints(cursor, [tree_size])[tree_size]
