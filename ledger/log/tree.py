"""The Merkle tree of RFC 6962 §2.1: its hashes, and the right edge that grows by appending.

A tree of any size is held as its right edge: the partial tiles and one hash for each perfect subtree, some kilobytes.
Appending costs one hash for each leaf, however large the tree; full tiles never change again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledger.log.errors import TileInvalid
from ledger.log.tiles import (
    HASH_BYTES,
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    TREE_SIZE_MAX,
    Tile,
    TileId,
    partial_tiles,
    tile_width,
)

EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of a tree without leaves."""

ReadHashes = Callable[[TileId], bytes]
"""Returns the hashes of a stored tile, 32 bytes each; more than the tree in question has are welcome.

`{(0, 0): hashes}.__getitem__` is one.
"""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash (32 bytes) of a leaf that holds `data`."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash (32 bytes) of the node above `left` and `right`, 32 bytes each."""
    return sha256(b"\x01" + left + right).digest()


def row_above(row: Sequence[bytes]) -> list[bytes]:
    """Return the nodes above neighbours, an even number of them."""
    return [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]


def fold(subtrees: Sequence[bytes]) -> bytes:
    """Return the root above perfect subtrees of falling size, at least one: the smallest are joined first."""
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = node_hash(left, root)
    return root


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree of `tree_size` leaves. Begin with EMPTY or with `frontier_from_tiles`.

    `edge[level]` holds the hashes of that level's partial tile, empty if the last tile is full; `peaks` are the roots
    of the perfect subtrees that the tree consists of, the largest first.
    """

    tree_size: int
    edge: tuple[bytes, ...]
    peaks: tuple[bytes, ...]

    @property
    def root(self) -> bytes:
        """The root hash (32 bytes) of the tree."""
        return fold(self.peaks) if self.peaks else EMPTY_ROOT

    def append(self, leaf_hashes: Iterable[bytes]) -> tuple["Frontier", list[Tile]]:
        """Return the edge after appending `leaf_hashes` (32 bytes each), and every tile that is new or has grown.

        A tile that has grown holds its earlier hashes too, so writing it over the stored one is enough. Raises
        ValueError for a hash of another length and beyond 2**63 - 1 leaves.
        """
        columns = [bytearray(hashes) for hashes in self.edge]
        peaks = list(self.peaks)
        tree_size = self.tree_size
        for leaf in leaf_hashes:
            if len(leaf) != HASH_BYTES:
                raise ValueError(f"expected leaf hashes of {HASH_BYTES} bytes; got one of {len(leaf)}")
            _push(columns, peaks, tree_size, leaf)
            tree_size += 1
        if tree_size > TREE_SIZE_MAX:
            raise ValueError(f"expected at most {TREE_SIZE_MAX} leaves; got {tree_size}")
        edge, tiles = self._cut(columns)
        return Frontier(tree_size, edge, tuple(peaks)), tiles

    def _cut(self, columns: Sequence[bytearray]) -> tuple[tuple[bytes, ...], list[Tile]]:
        """Cut each level's hashes, which begin with its old partial tile, into tiles and the new partial tile."""
        edge: list[bytes] = []
        tiles: list[Tile] = []
        for level, column in enumerate(columns):
            before = self.edge[level] if level < len(self.edge) else b""
            hashes = bytes(column)
            if len(hashes) > len(before):
                first = self.tree_size >> TILE_HEIGHT * (level + 1)
                cuts = range(0, len(hashes), TILE_BYTES)
                tiles += [Tile(level, first + nth, hashes[at : at + TILE_BYTES]) for nth, at in enumerate(cuts)]
            edge.append(hashes[len(hashes) - len(hashes) % TILE_BYTES :])
        return tuple(edge), tiles


EMPTY: Final = Frontier(0, (), ())
"""The tree without leaves."""


def frontier_from_tiles(tree_size: int, read_hashes: ReadHashes) -> Frontier:
    """Return the right edge of the stored tree, from the tiles that `partial_tiles(tree_size)` names.

    The tiles are believed: compare `root` with a checkpoint. Raises TileInvalid for a tile that is too narrow.
    """
    levels = range(-(-tree_size.bit_length() // TILE_HEIGHT))
    edge = dict.fromkeys(levels, b"")
    for tile_id in partial_tiles(tree_size):
        edge[tile_id[0]] = hashes_of(tile_id, tile_width(tile_id, tree_size), read_hashes)
    peaks = [peak for level in reversed(levels) for peak in _peaks(edge[level])]
    return Frontier(tree_size, tuple(edge.values()), tuple(peaks))


def hashes_of(tile_id: TileId, width: int, read_hashes: ReadHashes) -> bytes:
    """Return the first `width` hashes of a stored tile. Raises TileInvalid if it has fewer or is no tile."""
    hashes = read_hashes(tile_id)
    if not width * HASH_BYTES <= len(hashes) <= TILE_BYTES or len(hashes) % HASH_BYTES:
        expected = f"{width} to {TILE_WIDTH} hashes of {HASH_BYTES} bytes in tile {tile_id[0]}/{tile_id[1]}"
        raise TileInvalid(expected, f"{len(hashes)} bytes")
    return hashes[: width * HASH_BYTES]


def _push(columns: list[bytearray], peaks: list[bytes], tree_size: int, leaf: bytes) -> None:
    """Add one leaf, in place: like adding one to a binary counter, equal subtrees at the right end are joined."""
    node, height, ends = leaf, 0, tree_size
    while True:
        if height % TILE_HEIGHT == 0:
            # The node is a leaf or the root of a full tile: it belongs into a tile of its own level.
            level = height // TILE_HEIGHT
            if level == len(columns):
                columns.append(bytearray())
            columns[level] += node
        if not ends & 1:
            break
        node = node_hash(peaks.pop(), node)
        height += 1
        ends >>= 1
    peaks.append(node)


def split(hashes: bytes) -> list[bytes]:
    """Return the hashes of a tile one by one."""
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def _peaks(hashes: bytes) -> list[bytes]:
    """Return the roots of the perfect subtrees over the hashes of a partial tile, the largest first."""
    row, peaks = split(hashes), []
    while row:
        if len(row) % 2:
            peaks.append(row.pop())
        row = row_above(row)
    return peaks[::-1]
