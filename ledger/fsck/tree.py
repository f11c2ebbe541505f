"""Hashes of tiles against entries: where a leaf differs, which of the two is wrong, and every level above.

The bytes of an entry and the hash in its tile are stored apart. What tells which of them was changed is the level
above, or a signed checkpoint, which hold one hash over both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.fsck.findings import Findings, Kind
from ledger.log.tiles import HASH_BYTES, LEVEL_MAX, TILE_HEIGHT, TILE_WIDTH, Tile, TileId, partial_tiles, tile_width
from ledger.log.tree import EMPTY, Frontier
from ledger.store.inspection import Inspection, Unreadable

LEAF_LEVEL: Final = 0


@dataclass(frozen=True, slots=True)
class Leaves:
    """The leaves of one tile, by entry and as the tile has them; None where a row or a hash is missing.

    `first` is the position of the first.
    """

    first: int
    of_entries: tuple[bytes | None, ...]
    of_tile: tuple[bytes | None, ...]

    @property
    def differing(self) -> list[int]:
        """The positions at which the two are not the same."""
        pairs = enumerate(zip(self.of_entries, self.of_tile, strict=True), self.first)
        return [position for position, (entry, tile) in pairs if entry != tile]

    @property
    def index(self) -> int:
        return (self.first - 1) >> TILE_HEIGHT


@dataclass(frozen=True, slots=True)
class Settled:
    """Which leaves the tree goes on with, and the positions of entries whose bytes are not to be believed."""

    leaves: tuple[bytes, ...] | None
    doubtful: frozenset[int]


def hashes_in(tile: bytes, width: int) -> tuple[bytes | None, ...]:
    """Return the first `width` hashes of a stored tile, None for each that it lacks."""
    cut = [tile[at : at + HASH_BYTES] for at in range(0, width * HASH_BYTES, HASH_BYTES)]
    return tuple(one if len(one) == HASH_BYTES else None for one in cut)


def settle(leaves: Leaves, before: Frontier | None, bound: Mapping[int, bytes], above: bytes | None) -> Settled:
    """Return which leaves hold. `bound` are the roots of tree sizes that are stated elsewhere; `above` is the hash of
    this tile as the level above has it, for a full tile. `before` is the tree before this tile, if it is known.
    """
    if not (differing := leaves.differing):
        return Settled(_whole(leaves.of_entries), frozenset())
    by_entry, by_tile = _whole(leaves.of_entries), _whole(leaves.of_tile)
    # A smaller tree would not have all of those that differ.
    bound = {size: root for size, root in bound.items() if size >= differing[-1]}
    if by_tile is not None and _holds(by_tile, leaves.first, before, bound, above):
        return Settled(by_tile, frozenset(differing))
    if by_entry is not None and _holds(by_entry, leaves.first, before, bound, above):
        return Settled(by_entry, frozenset())
    one_of_both = _whole([entry or tile for entry, tile in zip(leaves.of_entries, leaves.of_tile, strict=True)])
    return Settled(one_of_both, frozenset(differing))


def _whole(leaves: Sequence[bytes | None]) -> tuple[bytes, ...] | None:
    found = tuple(leaf for leaf in leaves if leaf is not None)
    return found if len(found) == len(leaves) else None


def _holds(
    leaves: Sequence[bytes], first: int, before: Frontier | None, bound: Mapping[int, bytes], above: bytes | None
) -> bool:
    """Tell whether something stated elsewhere binds exactly these leaves."""
    if above is not None and len(leaves) == TILE_WIDTH and EMPTY.append(leaves)[0].root == above:
        return True
    sizes = [size for size in bound if first <= size < first + len(leaves)]
    if before is None or not sizes:
        return False
    size = max(sizes)
    return before.append(leaves[: size - first + 1])[0].root == bound[size]


def report_leaves(leaves: Leaves, settled: Settled, found: Findings) -> None:
    """Add a finding for each leaf that differs: of the entry, of the tile, or of both where nothing tells."""
    for position in leaves.differing:
        at = position - leaves.first
        entry, tile = leaves.of_entries[at], leaves.of_tile[at]
        held = settled.leaves[at] if settled.leaves is not None else None
        key = f"{LEAF_LEVEL}/{leaves.index} hash {at}"
        if entry is None:
            continue  # That the row is missing is a finding of its own.
        if position not in settled.doubtful:
            found.add(Kind.HASH_WRONG, "tiles", key, f"{entry.hex()}, of entry {position}", _hex(tile))
        elif held == tile and tile is not None:
            expected = f"bytes with leaf hash {tile.hex()}, which the tree binds"
            found.add(Kind.BYTES_CHANGED, "entries", position, expected, f"leaf hash {entry.hex()}")
        else:
            got = f"{_hex(tile)} in tile {key}; nothing tells which of the two was changed"
            found.add(Kind.HASH_DISPUTED, "entries", position, f"leaf hash {entry.hex()} of its bytes", got)


def check_above(grown: Iterable[Tile], tables: Inspection, found: Findings) -> int:
    """Compare the newest hash of each tile above the leaves that has grown. Return how many were compared."""
    above = {tile.tile_id: tile for tile in grown if tile.level > LEAF_LEVEL}
    stored = read_tiles(tables, above, found)
    for tile_id, tile in above.items():
        at = tile.width - 1
        expected, got = tile.hashes[-HASH_BYTES:], hashes_in(stored.get(tile_id, b""), tile.width)[-1]
        if expected != got:
            found.add(Kind.HASH_WRONG, "tiles", f"{_name(tile_id)} hash {at}", expected.hex(), _hex(got))
    return len(above)


def check_edge(tree_size: int, tables: Inspection, found: Findings) -> int:
    """Compare widths at the right edge, and find tiles that the tree does not have. Return how many those are."""
    extra = 0
    edge = partial_tiles(tree_size)
    stored = read_tiles(tables, edge, found)
    for tile_id in edge:
        width, got = tile_width(tile_id, tree_size), len(stored.get(tile_id, b"")) / HASH_BYTES
        if got > width:
            found.add(Kind.HASH_WRONG, "tiles", _name(tile_id), f"{width} hashes", f"{got:g}")
    counts = [_tiles_at(level, tree_size) for level in range(LEVEL_MAX + 1)]
    for level, index in tables.tiles_beyond(counts):
        expected = f"{counts[level]} tiles of level {level}" if level <= LEVEL_MAX else f"levels 0 to {LEVEL_MAX}"
        found.add(Kind.ROW_EXTRA, "tiles", _name((level, index)), expected, "another")
        extra += 1
    return extra


def tiles_of(tree_size: int) -> int:
    """Return how many tiles a tree has, at all levels."""
    return sum(_tiles_at(level, tree_size) for level in range(LEVEL_MAX + 1))


def _tiles_at(level: int, tree_size: int) -> int:
    return -(-(tree_size >> TILE_HEIGHT * level) // TILE_WIDTH)


def read_tiles(tables: Inspection, ids: Iterable[TileId], found: Findings) -> dict[TileId, bytes]:
    """Return those of the tiles that can be read; a finding for each that cannot."""
    wanted = list(ids)
    try:
        return tables.tiles(wanted)
    except Unreadable as error:
        if len(wanted) > 1:
            return {tile: hashes for one in wanted for tile, hashes in read_tiles(tables, [one], found).items()}
        found.add(Kind.UNREADABLE, "tiles", _name(wanted[0]), "a row", str(error))
        return {}


def _name(tile_id: TileId) -> str:
    return f"{tile_id[0]}/{tile_id[1]}"


def _hex(hash_: bytes | None) -> str:
    return hash_.hex() if hash_ is not None else "nothing"
