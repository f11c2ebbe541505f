"""The tree is RFC 6962's, however its leaves arrive."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.log.errors import TileInvalid
from ledger.log.tiles import TREE_SIZE_MAX, Tile, partial_tiles, tile_width
from ledger.log.tree import EMPTY, EMPTY_ROOT, Frontier, frontier_from_tiles, leaf_hash, node_hash
from tests.log import naive
from tests.log.naive import TREE_LEAVES, StoredTiles, grown

BOUNDARIES = [1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537]


def test_hashes_are_those_of_rfc_6962(vectors: Path) -> None:
    published = json.loads((vectors / "merkle/rfc6962.json").read_bytes())
    single = published["single"]
    assert EMPTY_ROOT.hex() == single["empty_root"]
    assert leaf_hash(b"").hex() == single["empty_leaf"]
    assert leaf_hash(b"L123456").hex() == single["leaf_L123456"]
    assert node_hash(b"N123", b"N456").hex() == single["node_N123_N456"]
    leaves = [leaf_hash(bytes.fromhex(data)) for data in published["leaf_inputs_hex"]]
    assert [leaf.hex() for leaf in leaves] == published["node_hashes_by_level"][0]
    roots = [EMPTY.append(leaves[:size])[0].root.hex() for size in range(9)]
    assert roots == published["root_hashes_by_size"]


def test_roots_of_all_subtrees_up_to_130_are_the_published_ones(vectors: Path) -> None:
    published = json.loads((vectors / "merkle/rfc6962.json").read_bytes())["accumulated_subtree_vectors_n130"]
    leaves = [leaf_hash(bytes([number])) for number in range(130)]
    digest = sha256()
    for end in range(131):
        for start in range(end + 1):
            if start in (0, end) or start % (1 << (end - start - 1).bit_length()) == 0:
                digest.update(f"[{start}, {end}) {EMPTY.append(leaves[start:end])[0].root.hex()}\n".encode())
    assert digest.hexdigest() == published["subtree_hash"]["sha256"]


@pytest.mark.parametrize("size", BOUNDARIES)
def test_root_and_tiles_at_boundaries(size: int) -> None:
    frontier, stored = grown(TREE_LEAVES[:size])
    assert frontier.tree_size == size
    assert frontier.root == naive.root(TREE_LEAVES[:size])
    for level, index in stored.hashes:
        assert len(stored.hashes[level, index]) == 32 * tile_width((level, index), size)
    assert frontier_from_tiles(size, stored) == frontier
    assert stored.read == list(partial_tiles(size))


def test_a_full_tile_is_hashed_into_the_level_above() -> None:
    _, stored = grown(TREE_LEAVES)
    assert stored.hashes[1, 0][:32] == naive.root(TREE_LEAVES[:256])
    assert stored.hashes[1, 0][-32:] == naive.root(TREE_LEAVES[65_280:65_536])
    assert stored.hashes[2, 0] == naive.root(TREE_LEAVES[:65_536])
    assert sorted(stored.hashes) == [*((0, index) for index in range(257)), (1, 0), (2, 0)]


@settings(max_examples=60, deadline=None)
@given(batches=st.lists(st.integers(0, 400), max_size=6))
def test_batches_give_the_tiles_of_one_append(batches: list[int]) -> None:
    frontier, stored = EMPTY, StoredTiles()
    for count in batches:
        before = frontier
        frontier, tiles = before.append(TREE_LEAVES[before.tree_size : before.tree_size + count])
        stored.write(tiles)
        assert frontier_from_tiles(frontier.tree_size, stored) == frontier
    at_once, stored_at_once = grown(TREE_LEAVES[: sum(batches)])
    assert frontier == at_once
    assert stored.hashes == stored_at_once.hashes
    assert frontier.root == naive.root(TREE_LEAVES[: sum(batches)])


def test_appending_names_only_tiles_that_are_new_or_have_grown() -> None:
    frontier, _ = EMPTY.append(TREE_LEAVES[:300])
    _, tiles = frontier.append(TREE_LEAVES[300:302])
    assert tiles == [Tile(0, 1, b"".join(TREE_LEAVES[256:302]))]
    assert tiles[0].width == 46
    assert frontier.append([]) == (frontier, [])


def test_appending_leaves_the_earlier_edge_as_it_was() -> None:
    frontier, _ = EMPTY.append(TREE_LEAVES[:300])
    frontier.append(TREE_LEAVES[300:900])
    assert frontier.root == naive.root(TREE_LEAVES[:300])


def test_a_wider_stored_tile_serves_an_earlier_tree() -> None:
    _, stored = grown(TREE_LEAVES[:1000])
    earlier, _ = EMPTY.append(TREE_LEAVES[:770])
    assert frontier_from_tiles(770, stored) == earlier


def test_no_tiles_are_read_for_the_empty_tree() -> None:
    assert frontier_from_tiles(0, StoredTiles()) == EMPTY
    assert EMPTY.root == EMPTY_ROOT


@pytest.mark.parametrize("cut", [32, 1, 31])
def test_a_tile_that_lacks_hashes_is_refused(cut: int) -> None:
    _, stored = grown(TREE_LEAVES[:300])
    stored.hashes[0, 1] = stored.hashes[0, 1][:-cut]
    with pytest.raises(TileInvalid, match=r"expected 44 to 256 hashes of 32 bytes in tile 0/1; got \d+ bytes"):
        frontier_from_tiles(300, stored)


def test_a_tile_of_more_than_256_hashes_is_refused() -> None:
    _, stored = grown(TREE_LEAVES[:300])
    stored.hashes[0, 1] = b"".join(TREE_LEAVES[:257])
    with pytest.raises(TileInvalid):
        frontier_from_tiles(300, stored)


@pytest.mark.parametrize("leaf", [b"", b"x" * 31, b"x" * 33])
def test_a_leaf_that_is_no_hash_is_refused(leaf: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        EMPTY.append([TREE_LEAVES[0], leaf])


def test_the_tree_ends_where_sizes_end() -> None:
    almost = Frontier(TREE_SIZE_MAX - 1, (b"",) * 8, tuple(TREE_LEAVES[:62]))
    full, _ = almost.append(TREE_LEAVES[:1])
    assert full.tree_size == TREE_SIZE_MAX
    with pytest.raises(ValueError, match="at most 9223372036854775807 leaves"):
        full.append(TREE_LEAVES[:1])
