"""The Merkle tree as RFC 6962 §2.1 defines it, and RFC 9162's verifiers step by step: slow, plain, the judge."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from ledger.log.tiles import Tile, TileId
from ledger.log.tree import EMPTY, Frontier

TREE_LEAVES = [sha256(b"\x00" + number.to_bytes(4, "big")).digest() for number in range(65_537)]
"""Leaf hashes for trees of any size that the tests use."""


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    """Return the largest power of two below `count`."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))


def path(m: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    if len(leaves) == 1:
        return ()
    k = split(len(leaves))
    if m < k:
        return (*path(m, leaves[:k]), root(leaves[k:]))
    return (*path(m - k, leaves[k:]), root(leaves[:k]))


def consistency(m: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    return subproof(m, leaves, True)


def subproof(m: int, leaves: Sequence[bytes], is_known: bool) -> tuple[bytes, ...]:
    if m == len(leaves):
        return () if is_known else (root(leaves),)
    k = split(len(leaves))
    if m <= k:
        return (*subproof(m, leaves[:k], is_known), root(leaves[k:]))
    return (*subproof(m - k, leaves[k:], False), root(leaves[:k]))


def subtree(start: int, end: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the proof that [start, end) is a subtree of the tree of `leaves`; empty if it has no leaves itself."""
    return () if start == end else _subtree_proof(start, end, leaves, True)


def _subtree_proof(start: int, end: int, leaves: Sequence[bytes], is_known: bool) -> tuple[bytes, ...]:
    if (start, end) == (0, len(leaves)):
        return () if is_known else (root(leaves),)
    k = split(len(leaves))
    if end <= k:
        return (*_subtree_proof(start, end, leaves[:k], is_known), root(leaves[k:]))
    if k <= start:
        return (*_subtree_proof(start - k, end - k, leaves[k:], is_known), root(leaves[:k]))
    return (*_subtree_proof(0, end - k, leaves[k:], False), root(leaves[:k]))


def is_included(index: int, size: int, leaf: bytes, proof: Sequence[bytes], top: bytes) -> bool:
    """RFC 9162 §2.1.3.2."""
    if not 0 <= index < size:
        return False
    fn, sn, computed = index, size - 1, leaf
    for one in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            computed = node(one, computed)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            computed = node(computed, one)
        fn >>= 1
        sn >>= 1
    return sn == 0 and computed == top


def is_consistent(m: int, n: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 §2.1.4.2, for 1 <= m."""
    if m >= n:
        return m == n and not proof and old == new
    hashes = [old, *proof] if m & (m - 1) == 0 else [*proof]
    if not proof:
        return False
    fn, sn = m - 1, n - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    from_old = from_new = hashes[0]
    for one in hashes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            from_old, from_new = node(one, from_old), node(one, from_new)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            from_new = node(from_new, one)
        fn >>= 1
        sn >>= 1
    return sn == 0 and from_old == old and from_new == new


class StoredTiles:
    """Tiles as a store keeps them, the last write of each; notes which were read."""

    def __init__(self, tiles: Iterable[Tile] = ()) -> None:
        self.hashes: dict[TileId, bytes] = {}
        self.read: list[TileId] = []
        self.write(tiles)

    def write(self, tiles: Iterable[Tile]) -> None:
        for tile in tiles:
            self.hashes[tile.tile_id] = tile.hashes

    def __call__(self, tile_id: TileId) -> bytes:
        self.read.append(tile_id)
        return self.hashes[tile_id]


def grown(leaves: Sequence[bytes]) -> tuple[Frontier, StoredTiles]:
    """Return the tree of `leaves`, appended at once, and its tiles."""
    frontier, tiles = EMPTY.append(leaves)
    return frontier, StoredTiles(tiles)
