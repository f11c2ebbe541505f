"""Proofs that the log makes, verified by code that shares nothing with it: the verifier in JavaScript.

The published probes tell that this verifier accepts what is right and refuses what is not; then every leaf of trees at
and around the limits of tiles has its proof verified.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from ledger.log.proofs import consistency_proof, inclusion_proofs
from ledger.log.tiles import TileId
from ledger.log.tree import EMPTY, leaf_hash
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
    """Return sizes that a tree had: all of a small one; of a large one those around powers of two, and some at random."""
    if tree_size <= max(SMALL):
        return list(range(1, tree_size + 1))
    around = {(1 << bit) + off for bit in range(tree_size.bit_length()) for off in (-1, 0, 1)} | {tree_size}
    drawn = {Random(tree_size).randint(1, tree_size) for _ in range(CONSISTENCY_SAMPLE)}
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
    for probe, holds in zip(inclusion, answers(tmp_path / "i", list(map(inclusion_claim, inclusion))), strict=True):
        assert holds is not probe["wantErr"], probe["file"]
    for probe, holds in zip(consistency, answers(tmp_path / "c", list(map(consistency_claim, consistency))), strict=True):
        # Its root is null: a hash that is not 32 bytes proves nothing here.
        expected = not probe["wantErr"] and probe["desc"] != "sizes are equal (one) and proof is empty"
        assert holds is expected, probe["file"]


@pytest.mark.skipif(not PROBES.exists(), reason="no vectors beside the checkout")
def test_published_hashes_and_roots(tmp_path: Path) -> None:
    """The eight leaves of RFC 6962's tables, each in the tree of each size: leaf and node hashes are the published."""
    tables = json.loads(PROBES.with_name("rfc6962.json").read_bytes())
    assert tables
    leaves = [leaf_hash(bytes.fromhex(data)) for data in PUBLISHED_LEAVES]
    claims = []
    for size in range(1, 9):
        tree, tiles = EMPTY.append(leaves[:size])
        assert tree.root.hex() == PUBLISHED_ROOTS[size - 1]
        stored = {(tile.level, tile.index): tile.hashes for tile in tiles}
        for index, proof in enumerate(inclusion_proofs(range(size), size, stored.__getitem__)):
            claims.append(as_json(index, size, leaves[index], bytes.fromhex(PUBLISHED_ROOTS[size - 1]), proof))
    assert all(answers(tmp_path / "claims", claims))
    # The control: the same proofs for another leaf.
    assert not any(answers(tmp_path / "false", [{**one, "leaf": other_leaf()} for one in claims]))


PUBLISHED_LEAVES: Final = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
PUBLISHED_ROOTS: Final = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def as_json(index: int, size: int, leaf: bytes, root: bytes, proof: tuple[bytes, ...]) -> Claim:
    encoded = [_base64(one) for one in proof]
    return {
        "kind": "inclusion",
        "index": str(index),
        "size": str(size),
        "leaf": _base64(leaf),
        "root": _base64(root),
        "proof": encoded,
    }


def other_leaf() -> str:
    return _base64(sha256(b"another").digest())


def _base64(data: bytes) -> str:
    from ledger.signing.encoding import to_base64

    return to_base64(data)
