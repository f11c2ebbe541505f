"""Inclusion and consistency (RFC 6962 §2.1): proofs made from tiles, and their verification.

A proof is made from the few tiles named beforehand, each read once however many indexes are proved. Verification
needs nothing but its arguments, and returns only if the proof proves what was asked.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ledger.log.errors import ProofInvalid
from ledger.log.tiles import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, TREE_SIZE_MAX, TileId, tile_width
from ledger.log.tree import EMPTY_ROOT, ReadHashes, fold, hashes_of, node_hash, row_above, split


class _Subtree(NamedTuple):
    """The perfect subtree over the leaves from number * 2**height to (number + 1) * 2**height, that one excluded."""

    height: int
    number: int

    @property
    def tile_id(self) -> TileId:
        """The tile whose hashes give the root of this subtree."""
        level, depth = divmod(self.height, TILE_HEIGHT)
        return level, self.number << depth >> TILE_HEIGHT

    @property
    def ends(self) -> int:
        return (self.number + 1) << self.height


def tiles_needed_for_inclusion(indexes: Iterable[int], tree_size: int) -> frozenset[TileId]:
    """Return the tiles from which `inclusion_proofs` proves `indexes`. Raises ValueError as it does."""
    peaks = _subtrees(0, tree_size)
    tiles: set[TileId] = set()
    for index in indexes:
        own = _peak_of(index, tree_size, peaks)
        # Within its peak, every sibling on the way up lies in the tile that holds the node itself.
        levels = range(-(-own.height // TILE_HEIGHT))
        tiles |= {(level, index >> TILE_HEIGHT * (level + 1)) for level in levels}
        tiles |= {peak.tile_id for peak in peaks if peak != own}
    return frozenset(tiles)


def tiles_needed_for_consistency(old_size: int, new_size: int) -> frozenset[TileId]:
    """Return the tiles from which `consistency_proof` proves. Raises ValueError as it does."""
    ranges = _consistency_ranges(old_size, new_size)
    return frozenset(subtree.tile_id for start, end in ranges for subtree in _subtrees(start, end))


def inclusion_proof(index: int, tree_size: int, read_hashes: ReadHashes) -> tuple[bytes, ...]:
    """Return the proof that leaf `index` (from 0) is in the tree, the leaf's sibling first, 32 bytes each.

    Raises ValueError unless 0 <= index < tree_size, TileInvalid for a tile that is too narrow.
    """
    return inclusion_proofs((index,), tree_size, read_hashes)[0]


def inclusion_proofs(
    indexes: Collection[int], tree_size: int, read_hashes: ReadHashes, peak_roots: Sequence[bytes] = ()
) -> list[tuple[bytes, ...]]:
    """Return the proof of each of `indexes`, in their order, all at one `tree_size`; otherwise as `inclusion_proof`.

    `peak_roots` are those of the tree (`ledger.log.tree.Frontier`), if the caller has them: then no tile is read but
    those above the leaves themselves, and of a lone leaf 270 hashes need not be computed.
    """
    peaks = _subtrees(0, tree_size)
    nodes = _Nodes(tree_size, read_hashes, dict(zip(peaks, peak_roots, strict=True)) if peak_roots else {})
    tails: dict[_Subtree, tuple[bytes, ...]] = {}
    proofs = []
    for index in indexes:
        own = _peak_of(index, tree_size, peaks)
        if own not in tails:
            tails[own] = _above_peak(peaks.index(own), peaks, nodes)
        proofs.append((*nodes.siblings(index, own.height), *tails[own]))
    return proofs


def consistency_proof(old_size: int, new_size: int, read_hashes: ReadHashes) -> tuple[bytes, ...]:
    """Return the proof that the first `old_size` leaves of the tree of `new_size` are the old tree, in RFC order.

    Empty if the sizes are equal. Raises ValueError unless 1 <= old_size <= new_size (there is nothing to prove about
    a tree without leaves), TileInvalid for a tile that is too narrow.
    """
    nodes = _Nodes(new_size, read_hashes, {})
    return tuple(nodes.range_root(start, end) for start, end in _consistency_ranges(old_size, new_size))


def inclusion_root(index: int, tree_size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root (32 bytes) to which `proof` leads from the leaf hash `leaf` at `index` in a tree of `tree_size`.

    Nothing is proved unless that is the root of the tree. Raises ProofInvalid as `verify_inclusion` does.
    """
    if not 0 <= index < tree_size <= TREE_SIZE_MAX:
        raise ProofInvalid(f"an index below the tree size, at most {TREE_SIZE_MAX}", f"{index} of {tree_size}")
    _check_hashes((leaf, *proof))
    inner, border = _parts(index, tree_size)
    if len(proof) != inner + border:
        raise ProofInvalid(f"{inner + border} hashes for index {index} of {tree_size}", str(len(proof)))
    return _join(proof[inner:], _up(leaf, index, proof[:inner]))


def verify_inclusion(index: int, tree_size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Return if `proof` proves that the leaf hash `leaf` has `index` in the tree of `tree_size` with `root`.

    Raises ProofInvalid, also for a hash that is not 32 bytes and for one hash too many or too few. RFC 9162 §2.1.3.2.
    """
    computed = inclusion_root(index, tree_size, leaf, proof)
    _check_hashes((root,))
    _check_root("tree", tree_size, root, computed)


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Return if `proof` proves that the tree with `old_root` is the beginning of the tree with `new_root`.

    A tree without leaves is the beginning of every tree: its root must be EMPTY_ROOT, the proof empty, and nothing is
    then said about `new_root`. Raises ProofInvalid, also for a hash that is not 32 bytes and for one hash too many or
    too few. RFC 9162 §2.1.4.2.
    """
    if not 0 <= old_size <= new_size <= TREE_SIZE_MAX:
        raise ProofInvalid(f"an old size up to the new one, at most {TREE_SIZE_MAX}", f"{old_size} and {new_size}")
    _check_hashes((old_root, new_root, *proof))
    for tree_size, root in ((old_size, old_root), (new_size, new_root)):
        if tree_size == 0:
            _check_root("tree", 0, root, EMPTY_ROOT)
    if old_size in (0, new_size):
        if proof:
            raise ProofInvalid(f"no hashes from size {old_size} to {new_size}", str(len(proof)))
        if old_size == new_size:
            _check_root("same tree", new_size, new_root, old_root)
        return
    _check_root("new tree", new_size, new_root, _grown_root(old_size, new_size, old_root, proof))


def consistent_root(old_size: int, new_size: int, old_root: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root of the tree of `new_size` to which `proof` leads from that of `old_size`, `old_root`.

    Nothing is proved unless the log has that root. Raises ProofInvalid as `verify_consistency` does, and unless
    1 <= old_size < new_size: from an empty tree, and to the same one, no proof leads.
    """
    if not 1 <= old_size < new_size <= TREE_SIZE_MAX:
        expected = f"an old size of at least 1 below the new one, at most {TREE_SIZE_MAX}"
        raise ProofInvalid(expected, f"{old_size} and {new_size}")
    _check_hashes((old_root, *proof))
    return _grown_root(old_size, new_size, old_root, proof)


def _grown_root(old_size: int, new_size: int, old_root: bytes, proof: Sequence[bytes]) -> bytes:
    """Do what `consistent_root` promises, for sizes and hashes that were checked."""
    # The largest perfect subtree at the old tree's right end is common to both trees. If it is the whole old tree, its
    # root is known and left out of the proof.
    height = (old_size & -old_size).bit_length() - 1
    is_whole = old_size == 1 << height
    inner, border = _parts(old_size - 1, new_size)
    inner -= height
    count = inner + border + (not is_whole)
    if len(proof) != count:
        raise ProofInvalid(f"{count} hashes from size {old_size} to {new_size}", str(len(proof)))
    common, *siblings = (old_root, *proof) if is_whole else proof
    sides = (old_size - 1) >> height
    # What lies right of the path is in the new tree only; what lies left of it is in both.
    in_old = [sibling for nth, sibling in enumerate(siblings) if nth >= inner or sides >> nth & 1]
    _check_root("old tree", old_size, old_root, _join(in_old, common))
    return _join(siblings[inner:], _up(common, sides, siblings[:inner]))


class _Nodes:
    """Nodes of one tree, each tile read once and each row computed once. `known`: roots that need not be."""

    def __init__(self, tree_size: int, read_hashes: ReadHashes, known: Mapping[_Subtree, bytes]) -> None:
        self._tree_size = tree_size
        self._read_hashes = read_hashes
        self._known = known
        self._tiles: dict[TileId, bytes] = {}
        self._rows: dict[tuple[int, int, int], list[list[bytes]]] = {}

    def siblings(self, index: int, height: int) -> Iterator[bytes]:
        """Yield the sibling of each node from leaf `index` up to below the root of its perfect subtree of `height`."""
        for bottom in range(0, height, TILE_HEIGHT):
            depth = min(height - bottom, TILE_HEIGHT)
            for above, row in enumerate(self._rows_of(bottom, depth, index >> bottom + depth)[:depth], bottom):
                yield row[(index >> above ^ 1) % len(row)]

    def root(self, subtree: _Subtree) -> bytes:
        """Return the root of a perfect subtree that lies within the tree."""
        if subtree in self._known:
            return self._known[subtree]
        depth = subtree.height % TILE_HEIGHT
        return self._rows_of(subtree.height - depth, depth, subtree.number)[-1][0]

    def range_root(self, start: int, end: int) -> bytes:
        """Return the root over the leaves from `start` to `end`, that one excluded."""
        return fold([self.root(subtree) for subtree in _subtrees(start, end)])

    def _rows_of(self, bottom: int, depth: int, number: int) -> list[list[bytes]]:
        """Return the nodes of a perfect subtree from height `bottom`, that of a tile's hashes, up to its root."""
        key = bottom, depth, number
        if key not in self._rows:
            first = number << depth
            at = first % TILE_WIDTH * HASH_BYTES
            hashes = self._tile((bottom // TILE_HEIGHT, first >> TILE_HEIGHT))[at : at + (HASH_BYTES << depth)]
            rows = [split(hashes)]
            for _ in range(depth):
                rows.append(row_above(rows[-1]))
            self._rows[key] = rows
        return self._rows[key]

    def _tile(self, tile_id: TileId) -> bytes:
        if tile_id not in self._tiles:
            self._tiles[tile_id] = hashes_of(tile_id, tile_width(tile_id, self._tree_size), self._read_hashes)
        return self._tiles[tile_id]


def _subtrees(start: int, end: int) -> list[_Subtree]:
    """Split leaves into perfect subtrees of falling size; `start` must be aligned to the largest of them."""
    subtrees = []
    while start < end:
        height = (end - start).bit_length() - 1
        subtrees.append(_Subtree(height, start >> height))
        start += 1 << height
    return subtrees


def _peak_of(index: int, tree_size: int, peaks: Sequence[_Subtree]) -> _Subtree:
    if not 0 <= index < tree_size:
        raise ValueError(f"expected an index from 0 and below the tree size {tree_size}; got {index}")
    return next(peak for peak in peaks if index < peak.ends)


def _above_peak(position: int, peaks: Sequence[_Subtree], nodes: _Nodes) -> tuple[bytes, ...]:
    """Return what every proof from within a peak ends with: all that is right of it as one, then each left peak."""
    right = [nodes.root(peak) for peak in peaks[position + 1 :]]
    left = [nodes.root(peak) for peak in reversed(peaks[:position])]
    return (fold(right), *left) if right else tuple(left)


def _consistency_ranges(old_size: int, new_size: int) -> list[tuple[int, int]]:
    """Return the leaves under each hash of the proof, in its order: SUBPROOF of RFC 6962 §2.1.2, outermost last."""
    if not 1 <= old_size <= new_size:
        raise ValueError(f"expected an old size of 1 to {new_size}; got {old_size}")
    return list(_outermost_first(old_size, new_size))[::-1]


def _outermost_first(old_size: int, new_size: int) -> Iterator[tuple[int, int]]:
    start, end = 0, new_size
    while end != old_size:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if old_size <= middle:
            yield middle, end
            end = middle
        else:
            yield start, middle
            start = middle
    # From the left edge, this is the whole old tree, whose root the verifier has.
    if start:
        yield start, end


def _parts(index: int, tree_size: int) -> tuple[int, int]:
    """Return how many hashes a proof has below and above the point where its path joins the tree's right edge."""
    inner = (index ^ (tree_size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _up(node: bytes, index: int, siblings: Sequence[bytes]) -> bytes:
    """Return the node above `node`, whose side at each height is a bit of `index`."""
    for height, sibling in enumerate(siblings):
        node = node_hash(sibling, node) if index >> height & 1 else node_hash(node, sibling)
    return node


def _join(lefts: Sequence[bytes], node: bytes) -> bytes:
    """Return the node above `node`, which is the right child at every height."""
    for left in lefts:
        node = node_hash(left, node)
    return node


def _check_hashes(hashes: Iterable[bytes]) -> None:
    for one in hashes:
        if len(one) != HASH_BYTES:
            raise ProofInvalid(f"hashes of {HASH_BYTES} bytes", f"one of {len(one)}")


def _check_root(which: str, tree_size: int, root: bytes, computed: bytes) -> None:
    if computed != root:
        raise ProofInvalid(f"root {root.hex()} of the {which} of size {tree_size}", computed.hex())
