"""A subtree is proved to be the tree's own, by the published probes and by the definition."""

import base64
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.log.errors import ProofInvalid
from ledger.log.proofs import verify_inclusion
from ledger.log.subtrees import is_subtree, verify_subtree_consistency
from ledger.log.tiles import TREE_SIZE_MAX
from ledger.log.tree import EMPTY_ROOT, leaf_hash
from tests.log import naive
from tests.log.naive import TREE_LEAVES


def _probes(vectors: Path, kind: str, count: int) -> list[dict[str, Any]]:
    probes: list[dict[str, Any]] = json.loads((vectors / "merkle/merkle-probes.json").read_bytes())[kind]
    assert len(probes) == count
    return probes


def _hashes(texts: Sequence[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


def _accepts(start: int, end: int, size: int, sub: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    try:
        verify_subtree_consistency(start, end, size, sub, root, proof)
    except ProofInvalid:
        return False
    return True


def test_published_subtree_consistency_probes(vectors: Path) -> None:
    accepted = 0
    for probe in _probes(vectors, "subtreeconsistency", 118):
        sub, root, *proof = _hashes([probe["root1"], probe["root2"], *(probe["proof"] or [])])
        verdict = _accepts(probe["start"], probe["end"], probe["size"], sub, root, proof)
        # The one difference, in three probes: a text of 12 bytes is no root here, even where it does not matter.
        expected = not probe["wantErr"] and len(root) == 32
        assert verdict is expected, probe
        accepted += verdict
    assert accepted > 0


def test_published_subtree_inclusion_probes(vectors: Path) -> None:
    """Inclusion in a subtree is inclusion in the tree of its leaves (formats.md §2.2)."""
    accepted = 0
    for probe in _probes(vectors, "subtreeinclusion", 204):
        leaf, root, *proof = _hashes([probe["leafHash"], probe["root"], *(probe["proof"] or [])])
        start, end = probe["start"], probe["end"]
        try:
            verify_inclusion(probe["leafIdx"] - start, end - start, leaf, proof, root)
            verdict = is_subtree(start, end)
        except ProofInvalid:
            verdict = False
        assert verdict is not probe["wantErr"], probe
        accepted += verdict
    assert accepted > 0


def test_proofs_of_the_definition_are_the_published_ones_and_are_accepted(vectors: Path) -> None:
    published = json.loads((vectors / "merkle/rfc6962.json").read_bytes())["accumulated_subtree_vectors_n130"]
    leaves = [leaf_hash(bytes([number])) for number in range(131)]
    roots = {
        (start, end): naive.root(leaves[start:end])
        for end in range(131)
        for start in range(end + 1)
        if is_subtree(start, end)
    }
    digest = sha256()
    for size in range(131):
        for end in range(size + 1):
            for start in range(end + 1):
                if is_subtree(start, end):
                    proof = naive.subtree(start, end, leaves[:size])
                    hashes = "".join(f" {one.hex()}" for one in proof)
                    digest.update(f"[{start}, {end}) {size}{hashes}\n".encode())
                    verify_subtree_consistency(start, end, size, roots[start, end], roots[0, size], proof)
    assert digest.hexdigest() == published["subtree_consistency"]["sha256"]


@settings(max_examples=300, deadline=None)
@given(data=st.data(), size=st.integers(2, 70))
def test_nothing_but_the_proof_is_accepted(data: st.DataObject, size: int) -> None:
    leaves = TREE_LEAVES[:size]
    subtrees = [(start, end) for end in range(1, size + 1) for start in range(end) if is_subtree(start, end)]
    start, end = data.draw(st.sampled_from(subtrees))
    sub, root = naive.root(leaves[start:end]), naive.root(leaves)
    proof = list(naive.subtree(start, end, leaves))
    match data.draw(st.sampled_from(["sub", "root", "drop", "add", "change"])):
        case "sub":
            sub = TREE_LEAVES[-1]
        case "root":
            root = TREE_LEAVES[-1]
        case "drop" if proof:
            proof.pop(data.draw(st.integers(0, len(proof) - 1)))
        case "change" if proof:
            proof[data.draw(st.integers(0, len(proof) - 1))] = TREE_LEAVES[-1]
        case _:
            proof.insert(data.draw(st.integers(0, len(proof))), TREE_LEAVES[-1])
    assert not _accepts(start, end, size, sub, root, proof)


@pytest.mark.parametrize(("start", "end", "size"), [(1, 3, 8), (4, 3, 8), (-1, 0, 8), (0, 9, 8), (2, 6, 8), (8, 9, 8)])
def test_what_is_no_subtree_is_refused(start: int, end: int, size: int) -> None:
    with pytest.raises(ProofInvalid, match=f"a subtree within 8 leaves; got \\[{start}, {end}\\)"):
        verify_subtree_consistency(start, end, size, EMPTY_ROOT, naive.root(TREE_LEAVES[:8]), ())


def test_no_leaves_are_a_subtree_of_every_tree() -> None:
    verify_subtree_consistency(5, 5, 8, EMPTY_ROOT, TREE_LEAVES[0], ())
    assert not _accepts(5, 5, 8, TREE_LEAVES[0], TREE_LEAVES[0], ())
    assert not _accepts(5, 5, 8, EMPTY_ROOT, TREE_LEAVES[0], (EMPTY_ROOT,))


def test_the_largest_tree_and_none_beyond() -> None:
    root = TREE_LEAVES[0]
    verify_subtree_consistency(0, TREE_SIZE_MAX, TREE_SIZE_MAX, root, root, ())
    assert not _accepts(0, 1, TREE_SIZE_MAX + 1, root, root, ())
    assert not is_subtree(0, TREE_SIZE_MAX + 1)


def test_a_message_says_what_was_expected_and_what_came() -> None:
    sub, root = naive.root(TREE_LEAVES[4:8]), naive.root(TREE_LEAVES[:13])
    proof = naive.subtree(4, 8, TREE_LEAVES[:13])
    with pytest.raises(ProofInvalid, match=r"as many hashes as lead from \[4, 8\) to 13 leaves; got 1$"):
        verify_subtree_consistency(4, 8, 13, sub, root, proof[:1])
    with pytest.raises(ProofInvalid, match=f"root {root[::-1].hex()} of the tree; got {root.hex()}"):
        verify_subtree_consistency(4, 8, 13, sub, root[::-1], proof)
    with pytest.raises(ProofInvalid, match="hashes of 32 bytes; got one of 31"):
        verify_subtree_consistency(4, 8, 13, sub[:31], root, proof)
