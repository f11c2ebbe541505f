"""Subtrees: some leaves in a row whose root is a node of the larger trees that hold them (C2SP tlog-cosignature).

The subtree [start, end) has the leaves from index `start` to `end`, that one excluded. Verification needs nothing but
its arguments, and returns only if the proof proves what was asked.
"""

from collections.abc import Sequence

from ledger.log.errors import ProofInvalid
from ledger.log.tiles import HASH_BYTES, TREE_SIZE_MAX
from ledger.log.tree import EMPTY_ROOT, node_hash


def is_subtree(start: int, end: int) -> bool:
    """Tell whether [start, end) is a subtree: from the first leaf on, without leaves, or aligned to its own size."""
    if not 0 <= start <= end <= TREE_SIZE_MAX:
        return False
    return start in (0, end) or start % (1 << (end - start - 1).bit_length()) == 0


def verify_subtree_consistency(
    start: int, end: int, tree_size: int, subtree_root: bytes, root: bytes, proof: Sequence[bytes]
) -> None:
    """Return if `proof` proves that [start, end) of the tree with `root` is the subtree with `subtree_root`.

    A subtree without leaves has EMPTY_ROOT and an empty proof, and nothing is then said about `root`. Raises
    ProofInvalid, also for what is no subtree, for a hash that is not 32 bytes and for one too many or too few.
    """
    if not is_subtree(start, end) or not end <= tree_size <= TREE_SIZE_MAX:
        raise ProofInvalid(f"a subtree within {tree_size} leaves", f"[{start}, {end})")
    for one in (subtree_root, root, *proof):
        if len(one) != HASH_BYTES:
            raise ProofInvalid(f"hashes of {HASH_BYTES} bytes", f"one of {len(one)}")
    if start == end:
        if proof or subtree_root != EMPTY_ROOT:
            raise ProofInvalid("the root of no leaves and no hashes", f"{subtree_root.hex()} and {len(proof)} hashes")
        return
    computed = _roots(start, end, tree_size, subtree_root, proof)
    if computed is None:
        raise ProofInvalid(f"as many hashes as lead from [{start}, {end}) to {tree_size} leaves", str(len(proof)))
    for which, claimed, found in zip(("subtree", "tree"), (subtree_root, root), computed, strict=True):
        if claimed != found:
            raise ProofInvalid(f"root {claimed.hex()} of the {which}", found.hex())


def _roots(
    start: int, end: int, tree_size: int, subtree_root: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes] | None:
    """Return the roots of the subtree and of the tree that the proof leads to; None if it has the wrong length.

    The way up is that of three leaves at once: the first and the last of the subtree, and the last of the tree.
    """
    first, last, tree_last = start, end - 1, tree_size - 1
    # Begin at the largest node that ends the subtree and is a node of the tree too.
    is_at_edge = last == tree_last
    while first != last and (is_at_edge or last & 1):
        first, last, tree_last = first >> 1, last >> 1, tree_last >> 1
    hashes = list(proof)
    if first == last:
        # That node is the whole subtree, whose root is known and left out of the proof.
        in_subtree = in_tree = subtree_root
    elif hashes:
        in_subtree = in_tree = hashes.pop(0)
    else:
        return None
    for sibling in hashes:
        if tree_last == 0:
            return None
        if last & 1 or last == tree_last:
            # A left sibling is in both, as long as it is not left of the subtree.
            if first < last:
                in_subtree = node_hash(sibling, in_subtree)
            in_tree = node_hash(sibling, in_tree)
            while not last & 1:
                first, last, tree_last = first >> 1, last >> 1, tree_last >> 1
        else:
            in_tree = node_hash(in_tree, sibling)
        first, last, tree_last = first >> 1, last >> 1, tree_last >> 1
    return (in_subtree, in_tree) if tree_last == 0 else None
