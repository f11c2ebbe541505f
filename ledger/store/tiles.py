"""The Merkle tree of the log in its table: tiles of 256 hashes, read by name and written over as they grow."""

from collections.abc import Collection
from typing import Any

from psycopg import Cursor

from ledger.log.tiles import TileId, partial_tiles
from ledger.log.tree import EMPTY, Frontier, frontier_from_tiles
from ledger.store.errors import StoreInconsistent
from ledger.store.head import Head


def read_tiles(cursor: Cursor[tuple[Any, ...]], ids: Collection[TileId]) -> dict[TileId, bytes]:
    """Return the hashes of those of the tiles `ids` that are stored."""
    if not ids:
        return {}
    levels, indexes = zip(*ids, strict=True)
    cursor.execute(
        "SELECT level, index, hashes FROM public.tiles"
        " JOIN unnest(%s::smallint[], %s::bigint[]) AS wanted (level, index) USING (level, index)",
        [list(levels), list(indexes)],
        binary=True,
    )
    return {(level, index): hashes for level, index, hashes in cursor.fetchall()}


def read_frontier(cursor: Cursor[tuple[Any, ...]], head: Head) -> Frontier:
    """Return the right edge of the tree of `head`. Raises StoreInconsistent if the tiles are of another tree."""
    if head.tree_size == 0:
        return EMPTY
    tiles = read_tiles(cursor, partial_tiles(head.tree_size))
    missing = set(partial_tiles(head.tree_size)) - tiles.keys()
    if missing:
        raise StoreInconsistent(f"expected the tiles of a tree of {head.tree_size}, missing: {sorted(missing)}")
    frontier = frontier_from_tiles(head.tree_size, tiles.__getitem__)
    if frontier.root != head.root:
        raise StoreInconsistent(f"expected root {head.root.hex()} of the head, the tiles give {frontier.root.hex()}")
    return frontier
