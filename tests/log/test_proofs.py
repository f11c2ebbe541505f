"""A proof proves what was asked and nothing else."""

import base64
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.log.errors import ProofInvalid, TileInvalid
from ledger.log.proofs import (
    consistency_proof,
    inclusion_proof,
    inclusion_proofs,
    tiles_needed_for_consistency,
    tiles_needed_for_inclusion,
    verify_consistency,
    verify_inclusion,
)
from ledger.log.tiles import TREE_SIZE_MAX
from ledger.log.tree import EMPTY, EMPTY_ROOT, leaf_hash
from tests.log import naive
from tests.log.naive import TREE_LEAVES, StoredTiles, grown


@pytest.fixture(scope="module")
def largest() -> StoredTiles:
    """The tiles of 65,537 leaves, which serve every smaller tree too."""
    return grown(TREE_LEAVES)[1]


def _probes(vectors: Path, kind: str) -> list[dict[str, Any]]:
    probes: list[dict[str, Any]] = json.loads((vectors / "merkle/merkle-probes.json").read_bytes())[kind]
    assert len(probes) == 98
    return probes


def _hashes(texts: Sequence[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


def _accepts_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    try:
        verify_inclusion(index, size, leaf, proof, root)
    except ProofInvalid:
        return False
    return True


def _accepts_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    try:
        verify_consistency(old, new, old_root, new_root, proof)
    except ProofInvalid:
        return False
    return True


def test_published_inclusion_probes(vectors: Path) -> None:
    for probe in _probes(vectors, "inclusion"):
        leaf, root, *proof = _hashes([probe["leafHash"], probe["root"], *(probe["proof"] or [])])
        accepted = _accepts_inclusion(probe["leafIdx"], probe["treeSize"], leaf, proof, root)
        assert accepted is not probe["wantErr"], probe["file"]


def test_published_consistency_probes(vectors: Path) -> None:
    for probe in _probes(vectors, "consistency"):
        old_root, new_root, *proof = _hashes([probe["root1"], probe["root2"], *(probe["proof"] or [])])
        accepted = _accepts_consistency(probe["size1"], probe["size2"], old_root, new_root, proof)
        # The one difference: a text of 14 bytes that is equal to itself is no pair of roots here.
        expected = not probe["wantErr"] and probe["desc"] != "sizes are equal (one) and proof is empty"
        assert accepted is expected, probe["file"]


def test_inclusion_proofs_in_all_subtrees_up_to_130_are_the_published_ones(vectors: Path) -> None:
    published = json.loads((vectors / "merkle/rfc6962.json").read_bytes())["accumulated_subtree_vectors_n130"]
    leaves = [leaf_hash(bytes([number])) for number in range(130)]
    digest = sha256()
    for end in range(131):
        for start in range(end + 1):
            if start in (0, end) or start % (1 << (end - start - 1).bit_length()) == 0:
                _, stored = grown(leaves[start:end])
                proofs = inclusion_proofs(range(end - start), end - start, stored)
                for index, proof in enumerate(proofs, start):
                    digest.update(f"{index} [{start}, {end}){''.join(f' {one.hex()}' for one in proof)}\n".encode())
    assert digest.hexdigest() == published["subtree_inclusion"]["sha256"]


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537])
def test_inclusion_at_boundaries(size: int, largest: StoredTiles) -> None:
    leaves = TREE_LEAVES[:size]
    root = naive.root(leaves)
    indexes = sorted({0, 1, 254, 255, 256, 257, size // 2, size - 2, size - 1} & set(range(size)))
    for index, proof in zip(indexes, inclusion_proofs(indexes, size, largest), strict=True):
        verify_inclusion(index, size, leaves[index], proof, root)
    assert inclusion_proof(size // 2, size, largest) == naive.path(size // 2, leaves)


@pytest.mark.parametrize(
    ("old", "new"),
    [(1, 2), (255, 256), (256, 257), (257, 513), (256, 65_536), (65_535, 65_537), (65_536, 65_537), (300, 65_535)],
)
def test_consistency_at_boundaries(old: int, new: int, largest: StoredTiles) -> None:
    proof = consistency_proof(old, new, largest)
    assert proof == naive.consistency(old, TREE_LEAVES[:new])
    verify_consistency(old, new, naive.root(TREE_LEAVES[:old]), naive.root(TREE_LEAVES[:new]), proof)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(1, 900))
def test_proofs_are_those_of_the_definition(data: st.DataObject, size: int) -> None:
    leaves = TREE_LEAVES[:size]
    _, stored = grown(TREE_LEAVES[: size + data.draw(st.sampled_from([0, 1, 300]))])
    index = data.draw(st.integers(0, size - 1))
    assert inclusion_proof(index, size, stored) == naive.path(index, leaves)
    old = data.draw(st.integers(1, size))
    assert consistency_proof(old, size, stored) == naive.consistency(old, leaves)


def test_consistency_of_every_pair_up_to_40(largest: StoredTiles) -> None:
    roots = [naive.root(TREE_LEAVES[:size]) for size in range(41)]
    for new in range(1, 41):
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, largest)
            assert proof == naive.consistency(old, TREE_LEAVES[:new])
            verify_consistency(old, new, roots[old], roots[new], proof)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(1, 65_537))
def test_needed_tiles_are_exactly_those_that_are_read(data: st.DataObject, size: int, largest: StoredTiles) -> None:
    indexes = data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=8))
    needed = tiles_needed_for_inclusion(indexes, size)
    largest.read.clear()
    inclusion_proofs(indexes, size, largest)
    # Each once, although the proofs share most of them.
    assert sorted(largest.read) == sorted(needed)
    old = data.draw(st.integers(1, size))
    largest.read.clear()
    consistency_proof(old, size, largest)
    assert sorted(largest.read) == sorted(tiles_needed_for_consistency(old, size))


@settings(max_examples=60, deadline=None)
@given(before=st.integers(0, 1_000), count=st.integers(1, 700))
def test_what_a_batch_appended_is_proved_by_what_appending_it_gave(before: int, count: int) -> None:
    size = before + count
    earlier, _ = EMPTY.append(TREE_LEAVES[:before])
    frontier, tiles = earlier.append(TREE_LEAVES[before:size])
    appended = {tile.tile_id: tile.hashes for tile in tiles}
    _, stored = grown(TREE_LEAVES[:size])
    indexes = range(before, size)
    assert inclusion_proofs(indexes, size, appended.__getitem__, frontier.peaks) == inclusion_proofs(
        indexes, size, stored
    )


def test_peaks_of_another_tree_are_noticed(largest: StoredTiles) -> None:
    with pytest.raises(ValueError, match="zip"):
        inclusion_proofs([4], 5, largest, EMPTY.append(TREE_LEAVES[:7])[0].peaks)


def test_many_receipts_of_one_batch_read_few_tiles(largest: StoredTiles) -> None:
    assert len(tiles_needed_for_inclusion(range(63_000, 65_000), 65_000)) == 9


def _mangled(data: st.DataObject, proof: Sequence[bytes]) -> list[bytes]:
    """Return the proof as it is, or with one hash dropped, doubled, moved or changed."""
    hashes = list(proof)
    if not hashes:
        return data.draw(st.sampled_from([[], TREE_LEAVES[:1]]))
    at = data.draw(st.integers(0, len(hashes) - 1))
    match data.draw(st.sampled_from(["none", "drop", "double", "move", "change"])):
        case "drop":
            del hashes[at]
        case "double":
            hashes.insert(at, hashes[at])
        case "move":
            hashes.append(hashes.pop(at))
        case "change":
            hashes[at] = bytes([hashes[at][0] ^ 1]) + hashes[at][1:]
        case _:
            pass
    return hashes


@settings(max_examples=300, deadline=None)
@given(data=st.data(), size=st.integers(1, 70))
def test_inclusion_is_accepted_exactly_when_rfc_9162_accepts(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = _mangled(data, naive.path(index, TREE_LEAVES[:size]))
    root = naive.root(TREE_LEAVES[:size])
    claim = (index + data.draw(st.sampled_from([0, 0, 1, -1])), size + data.draw(st.sampled_from([0, 0, 1, -1])))
    expected = naive.is_included(*claim, TREE_LEAVES[index], proof, root)
    assert _accepts_inclusion(*claim, TREE_LEAVES[index], proof, root) is expected


@settings(max_examples=300, deadline=None)
@given(data=st.data(), new=st.integers(1, 70))
def test_consistency_is_accepted_exactly_when_rfc_9162_accepts(data: st.DataObject, new: int) -> None:
    old = data.draw(st.integers(1, new))
    proof = _mangled(data, naive.consistency(old, TREE_LEAVES[:new]))
    roots = naive.root(TREE_LEAVES[:old]), naive.root(TREE_LEAVES[:new])
    sizes = max(1, old + data.draw(st.sampled_from([0, 0, 1, -1]))), new + data.draw(st.sampled_from([0, 0, 1, -1]))
    assert _accepts_consistency(*sizes, *roots, proof) is naive.is_consistent(*sizes, *roots, proof)


def test_the_largest_tree_can_be_verified() -> None:
    siblings = TREE_LEAVES[1:64]
    root = TREE_LEAVES[0]
    for sibling in siblings:
        root = naive.node(root, sibling)
    verify_inclusion(0, TREE_SIZE_MAX, TREE_LEAVES[0], siblings, root)
    verify_consistency(TREE_SIZE_MAX, TREE_SIZE_MAX, root, root, ())
    with pytest.raises(ProofInvalid, match=f"at most {TREE_SIZE_MAX}; got 0 of {TREE_SIZE_MAX + 1}"):
        verify_inclusion(0, TREE_SIZE_MAX + 1, TREE_LEAVES[0], siblings, root)


def test_an_empty_tree_is_the_beginning_of_every_tree() -> None:
    verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, ())
    verify_consistency(0, 3, EMPTY_ROOT, naive.root(TREE_LEAVES[:3]), ())


@pytest.mark.parametrize(
    ("old", "new", "old_root", "new_root", "proof"),
    [
        (0, 3, TREE_LEAVES[0], TREE_LEAVES[1], ()),
        (0, 0, EMPTY_ROOT, TREE_LEAVES[0], ()),
        (0, 3, EMPTY_ROOT, TREE_LEAVES[0], (EMPTY_ROOT,)),
        (0, 3, EMPTY_ROOT, b"short", ()),
        (3, 3, TREE_LEAVES[0], TREE_LEAVES[1], ()),
        (3, 3, TREE_LEAVES[0], TREE_LEAVES[0], (TREE_LEAVES[1],)),
        (4, 3, TREE_LEAVES[0], TREE_LEAVES[0], ()),
        (-1, 3, TREE_LEAVES[0], TREE_LEAVES[0], ()),
        (1, TREE_SIZE_MAX + 1, TREE_LEAVES[0], TREE_LEAVES[0], ()),
    ],
)
def test_no_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: tuple[bytes, ...]) -> None:
    with pytest.raises(ProofInvalid):
        verify_consistency(old, new, old_root, new_root, proof)


def test_a_history_rewritten_in_either_tree_is_noticed(largest: StoredTiles) -> None:
    proof = consistency_proof(6, 8, largest)
    old_root, new_root = naive.root(TREE_LEAVES[:6]), naive.root(TREE_LEAVES[:8])
    with pytest.raises(ProofInvalid, match="of the old tree of size 6"):
        verify_consistency(6, 8, new_root, new_root, proof)
    with pytest.raises(ProofInvalid, match="of the new tree of size 8"):
        verify_consistency(6, 8, old_root, old_root, proof)


def test_a_message_says_what_was_expected_and_what_came(largest: StoredTiles) -> None:
    root = naive.root(TREE_LEAVES[:8])
    with pytest.raises(ProofInvalid, match="expected 3 hashes for index 5 of 8; got 2"):
        verify_inclusion(5, 8, TREE_LEAVES[5], inclusion_proof(5, 8, largest)[:2], root)
    with pytest.raises(ProofInvalid, match=f"expected root {root.hex()} of the tree of size 8; got [0-9a-f]{{64}}$"):
        verify_inclusion(5, 8, TREE_LEAVES[4], inclusion_proof(5, 8, largest), root)
    with pytest.raises(ProofInvalid, match="expected hashes of 32 bytes; got one of 31"):
        verify_inclusion(5, 8, TREE_LEAVES[5][:31], inclusion_proof(5, 8, largest), root)


@pytest.mark.parametrize(("index", "size"), [(8, 8), (-1, 8), (0, 0)])
def test_nothing_is_proved_about_leaves_that_are_not_there(index: int, size: int, largest: StoredTiles) -> None:
    with pytest.raises(ValueError, match="below the tree size"):
        inclusion_proof(index, size, largest)
    with pytest.raises(ValueError, match="below the tree size"):
        tiles_needed_for_inclusion([index], size)
    with pytest.raises(ProofInvalid):
        verify_inclusion(index, size, TREE_LEAVES[0], (), TREE_LEAVES[0])


@pytest.mark.parametrize(("old", "new"), [(0, 8), (9, 8), (-1, 8)])
def test_nothing_is_proved_about_trees_that_do_not_grow(old: int, new: int, largest: StoredTiles) -> None:
    with pytest.raises(ValueError, match="expected an old size of 1 to 8"):
        consistency_proof(old, new, largest)


def test_a_tile_narrower_than_the_tree_is_refused() -> None:
    _, stored = grown(TREE_LEAVES[:300])
    with pytest.raises(TileInvalid, match="expected 45 to 256 hashes of 32 bytes in tile 0/1; got 1408 bytes"):
        inclusion_proof(299, 301, stored)
