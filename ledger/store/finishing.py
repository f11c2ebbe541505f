"""The end of an append: tiles, folded states and head, and what tells followers, in one statement.

The checkpoint before rides along. Its row may have been committed without waiting for the disk; that of the entries is
waited for, so that from here on it is there for ever, whether or not a crash took it in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from psycopg import Cursor

from ledger.log.tiles import Tile
from ledger.rules.compact import State, encode_state
from ledger.store.errors import StoreInconsistent
from ledger.store.head import Head

_FINISH: Final[LiteralString] = """
WITH grown AS (
    INSERT INTO public.tiles (level, index, hashes)
    SELECT * FROM unnest(%b::smallint[], %b::bigint[], %b::bytea[])
    ON CONFLICT (level, index) DO UPDATE SET hashes = excluded.hashes
), folded AS (
    INSERT INTO public.streams (name, state, changed_at)
    SELECT name, state, %b FROM unnest(%b::text[], %b::bytea[]) AS changed (name, state)
    ON CONFLICT (name) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at
), kept AS (
    INSERT INTO public.checkpoints (tree_size, note) SELECT * FROM unnest(%b::bigint[], %b::bytea[])
    ON CONFLICT DO NOTHING
), moved AS (
    UPDATE public.head SET tree_size = %b, root = %b, last_sha256 = %b, recorded_at = %b WHERE tree_size = %b
    RETURNING tree_size
)
SELECT pg_notify(%b, '') FROM moved
"""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a batch leaves beside its entries. `notes` are signed checkpoints by their tree size."""

    head: Head
    tiles: Sequence[Tile]
    states: Mapping[str, State]
    notes: Mapping[int, bytes]


def finish(cursor: Cursor[tuple[Any, ...]], old: Head, finished: Finished, channel: str) -> None:
    """Write what belongs to the entries just copied, move the locked head, and notify `channel` at the commit.

    Raises StoreInconsistent if the head is not `old` any more. The database refuses a tile that lost a hash.
    """
    new, tiles, states = finished.head, finished.tiles, finished.states
    cursor.execute(
        _FINISH,
        [
            *([tile.level for tile in tiles], [tile.index for tile in tiles], [tile.hashes for tile in tiles]),
            *(new.tree_size, list(states), [encode_state(state) for state in states.values()]),
            *(list(finished.notes), list(finished.notes.values())),
            *(new.tree_size, new.root, bytes.fromhex(new.last_sha256), new.recorded_at, old.tree_size),
            channel,
        ],
    )
    if cursor.rowcount != 1:
        raise StoreInconsistent(f"expected the locked head at {old.tree_size}; it is somewhere else")
