"""Proofs that the log makes, verified by code that shares nothing with it: the verifier in JavaScript.

The published probes tell that this verifier accepts what is right and refuses what is not; then every leaf of trees at
and around the limits of tiles has its proof verified.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from ledger.log.proofs import consistency_proof, inclusion_proofs
from ledger.log.tiles import TileId
from ledger.log.tree import EMPTY, leaf_hash
from ledger.signing.encoding import to_base64
from tests.conftest import SHARED
from tests.places import passing_directory
from tests.verifier.javascript import needs_node, verifier

pytestmark = needs_node

PROBES: Final = SHARED / "vectors" / "merkle" / "merkle-probes.json"
SMALL: Final = (1, 2, 255, 256, 257)
LARGE: Final = (65_536, 65_537, 70_000)
CONSISTENCY_SAMPLE: Final = 200

Claim = dict[str, Any]


def grown(tree_size: int) -> tuple[list[bytes], bytes, dict[TileId, bytes]]:
    """Return the leaf hashes of a tree, its root and its tiles."""
    leaves = [leaf_hash(b"entry %d" % number) for number in range(tree_size)]
    frontier, tiles = EMPTY.append(leaves)
    return leaves, frontier.root, {(tile.level, tile.index): tile.hashes for tile in tiles}


def claims_of(tree_size: int) -> Iterator[bytes]:
    """Yield all that is claimed of one tree in the binary form of `cli.mjs proofs`: every leaf, a sample of growths."""
    leaves, root, tiles = grown(tree_size)
    yield b"GLPROOFS" + tree_size.to_bytes(8, "big") + root
    proofs = inclusion_proofs(range(tree_size), tree_size, tiles.__getitem__)
    for index, (leaf, proof) in enumerate(zip(leaves, proofs, strict=True)):
        yield b"\x00" + index.to_bytes(8, "big") + leaf + bytes([len(proof)]) + b"".join(proof)
    for old_size in old_sizes(tree_size):
        old_root = EMPTY.append(leaves[:old_size])[0].root
        proof = consistency_proof(old_size, tree_size, tiles.__getitem__)
        yield b"\x01" + old_size.to_bytes(8, "big") + old_root + bytes([len(proof)]) + b"".join(proof)


def old_sizes(tree_size: int) -> list[int]:
    """Return sizes that a tree had: all of a small one; of a large one those at powers of two, and some at random."""
    if tree_size <= max(SMALL):
        return list(range(1, tree_size + 1))
    around = {(1 << bit) + off for bit in range(tree_size.bit_length()) for off in (-1, 0, 1)} | {tree_size}
    drawing = Random(tree_size)
    drawn = {drawing.randint(1, tree_size) for _ in range(CONSISTENCY_SAMPLE)}
    return sorted(size for size in around | drawn if 1 <= size <= tree_size)


def check_tree(tree_size: int) -> None:
    """Fail unless every claim about a tree of this size is verified, and a changed one is not."""
    with passing_directory() as place:
        path = place / "proofs"
        with path.open("wb") as file:
            file.writelines(claims_of(tree_size))
        done = verifier("proofs", path)
        assert done.code == 0, done.said
        expected = {"size": tree_size, "inclusion": tree_size, "consistency": len(old_sizes(tree_size))}
        assert done.proven == expected
        with path.open("r+b") as file:
            file.seek(-1, 2)
            last = file.read(1)
            file.seek(-1, 2)
            file.write(bytes([last[0] ^ 1]))
        assert verifier("proofs", path).code == 1


@pytest.mark.parametrize("tree_size", SMALL)
def test_every_proof_of_a_small_tree(tree_size: int) -> None:
    check_tree(tree_size)


@pytest.mark.slow
@pytest.mark.parametrize("tree_size", LARGE)
def test_every_proof_of_a_large_tree(tree_size: int) -> None:
    check_tree(tree_size)


def answers(path: Path, claims: list[Claim]) -> list[bool]:
    """Return which of the claims hold."""
    path.write_text(json.dumps(claims))
    holds: list[bool] = verifier("proofs", path).proven
    assert len(holds) == len(claims)
    return holds


def inclusion_claim(probe: Claim) -> Claim:
    return {
        "kind": "inclusion",
        "index": str(probe["leafIdx"]),
        "size": str(probe["treeSize"]),
        "leaf": probe["leafHash"],
        "root": probe["root"],
        "proof": probe["proof"] or [],
    }


def consistency_claim(probe: Claim) -> Claim:
    return {
        "kind": "consistency",
        "old_size": str(probe["size1"]),
        "new_size": str(probe["size2"]),
        "old_root": probe["root1"],
        "new_root": probe["root2"],
        "proof": probe["proof"] or [],
    }


@pytest.mark.skipif(not PROBES.exists(), reason="no vectors beside the checkout")
def test_published_probes(tmp_path: Path) -> None:
    probes = json.loads(PROBES.read_bytes())
    inclusion, consistency = probes["inclusion"], probes["consistency"]
    assert (len(inclusion), len(consistency)) == (98, 98)
    included = answers(tmp_path / "inclusion", list(map(inclusion_claim, inclusion)))
    for probe, holds in zip(inclusion, included, strict=True):
        assert holds is not probe["wantErr"], probe["file"]
    for probe, holds in zip(
        consistency, answers(tmp_path / "c", list(map(consistency_claim, consistency))), strict=True
    ):
        # Its roots are not 32 bytes each: what is no hash proves nothing here.
        expected = not probe["wantErr"] and probe["desc"] != "sizes are equal (one) and proof is empty"
        assert holds is expected, probe["file"]


@pytest.mark.skipif(not PROBES.exists(), reason="no vectors beside the checkout")
def test_published_probes_of_subtrees(tmp_path: Path) -> None:
    """Inclusion in a subtree is inclusion in the tree of its own leaves; that its bounds fit is not asked here."""
    probes = [one for one in json.loads(PROBES.read_bytes())["subtreeinclusion"] if one["start"] <= one["leafIdx"]]
    claims = [
        inclusion_claim({**one, "leafIdx": one["leafIdx"] - one["start"], "treeSize": one["end"] - one["start"]})
        for one in probes
    ]
    holds = answers(tmp_path / "claims", claims)
    assert [one["wantErr"] for one in probes] == [not held for held in holds]
    assert sum(holds) > 10


@pytest.mark.skipif(not PROBES.exists(), reason="no vectors beside the checkout")
def test_published_hashes_and_roots(tmp_path: Path) -> None:
    """The eight published leaves in the tree of each size, whose root is the published one."""
    tables = json.loads(PROBES.with_name("rfc6962.json").read_bytes())
    leaves = [leaf_hash(bytes.fromhex(data)) for data in tables["leaf_inputs_hex"]]
    claims = []
    for size, root in enumerate(tables["root_hashes_by_size"]):
        _, tiles = EMPTY.append(leaves[:size])
        stored = {(tile.level, tile.index): tile.hashes for tile in tiles}
        for index, proof in enumerate(inclusion_proofs(range(size), size, stored.__getitem__)):
            claims.append(as_claim(index, size, leaves[index], bytes.fromhex(root), proof))
    assert len(claims) == sum(range(9))
    assert all(answers(tmp_path / "claims", claims))
    # The control: the same proofs for another leaf.
    other = to_base64(leaf_hash(b"another"))
    assert not any(answers(tmp_path / "false", [{**one, "leaf": other} for one in claims]))


def as_claim(index: int, size: int, leaf: bytes, root: bytes, proof: tuple[bytes, ...]) -> Claim:
    return {
        "kind": "inclusion",
        "index": str(index),
        "size": str(size),
        "leaf": to_base64(leaf),
        "root": to_base64(root),
        "proof": list(map(to_base64, proof)),
    }
