"""Every tile has one width at one size, and one name."""

import json
from pathlib import Path

import pytest

from ledger.log.errors import TileInvalid
from ledger.log.tiles import (
    TILE_WIDTH,
    TREE_SIZE_MAX,
    entries_path,
    parse_entries_path,
    parse_tile_path,
    partial_tiles,
    tile_path,
    tile_width,
)


def test_paths_are_those_of_other_logs(vectors: Path) -> None:
    published = json.loads((vectors / "c2sp/tile-paths.json").read_bytes())
    for level, index, partial, path in published["tile_path"]:
        assert tile_path(level, index, partial or TILE_WIDTH) == path
        assert parse_tile_path(path) == (level, index, partial or TILE_WIDTH)
    for entry_index, tree_size, path in published["entries_path_for_log_index"]:
        bundle = entry_index // TILE_WIDTH
        width = tile_width((0, bundle), tree_size)
        assert entries_path(bundle, width) == path
        assert parse_entries_path(path) == (bundle, width)
    for level, rest, level_number, index, partial in published["parse_ok"]:
        assert parse_tile_path(f"tile/{level}/{rest}") == (level_number, index, partial or TILE_WIDTH)


def test_paths_that_other_logs_refuse_are_refused(vectors: Path) -> None:
    for level, rest in json.loads((vectors / "c2sp/tile-paths.json").read_bytes())["parse_bad"]:
        with pytest.raises(TileInvalid):
            parse_tile_path(f"tile/{level}/{rest}")
        with pytest.raises(TileInvalid):
            parse_entries_path(f"tile/{level}/{rest}")


@pytest.mark.parametrize(
    ("index", "path"),
    [(0, "000"), (5, "005"), (999, "999"), (1000, "x001/000"), (273, "273"), (123456789, "x123/x456/789")],
)
def test_an_index_is_written_in_groups_of_three_digits(index: int, path: str) -> None:
    assert entries_path(index, 256) == f"tile/entries/{path}"
    assert entries_path(index, 7) == f"tile/entries/{path}.p/7"


@pytest.mark.parametrize(
    "path",
    [
        "tile/00/000",
        "tile/0/x000/001",
        "tile/0/000.p/0",
        "tile/0/000.p/07",
        "tile/0/000.p/256",
        "tile/0/0000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660",
        "tile/entries/000",
        "tiles/0/000",
        "tile/0",
        "",
        "tile/0/../../etc/passwd",
        "tile/0/\ud800",
    ],
)
def test_a_second_spelling_is_no_path(path: str) -> None:
    with pytest.raises(TileInvalid):
        parse_tile_path(path)


@pytest.mark.parametrize(("level", "index", "width"), [(0, 0, 1), (63, TREE_SIZE_MAX, 255), (63, TREE_SIZE_MAX, 256)])
def test_the_first_and_the_last_tile_have_paths(level: int, index: int, width: int) -> None:
    assert parse_tile_path(tile_path(level, index, width)) == (level, index, width)


def test_an_index_beyond_the_largest_has_no_path() -> None:
    last = tile_path(0, TREE_SIZE_MAX, 256)
    assert last == "tile/0/x009/x223/x372/x036/x854/x775/807"
    with pytest.raises(TileInvalid):
        parse_tile_path(last.replace("807", "808"))
    with pytest.raises(ValueError, match="expected an index"):
        tile_path(0, TREE_SIZE_MAX + 1, 256)


@pytest.mark.parametrize(("level", "index", "width"), [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_no_path_leads_to_what_is_no_tile(level: int, index: int, width: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        tile_path(level, index, width)


def test_a_tree_of_70_000_leaves_is_tiled_as_the_specification_says(vectors: Path) -> None:
    example = json.loads((vectors / "c2sp/tile-paths.json").read_bytes())["spec_example"]
    size = example["size"]
    full = example["full_level0"]
    assert tile_width((0, full - 1), size) == 256
    assert tile_width((0, full), size) == example["partial_level0_width"]
    assert tile_width((0, full + 1), size) == 0
    assert tile_width((1, 0), size) == 256
    assert tile_width((1, 1), size) == example["partial_level1_width"]
    assert tile_width((2, 0), size) == example["partial_level2_width"]
    assert tile_width((3, 0), size) == 0


def test_partial_tiles_are_those_at_the_right_edge() -> None:
    assert partial_tiles(0) == ()
    assert partial_tiles(255) == ((0, 0),)
    assert partial_tiles(256) == ((1, 0),)
    assert partial_tiles(257) == ((0, 1), (1, 0))
    assert partial_tiles(70_000) == ((0, 273), (1, 1), (2, 0))
    with pytest.raises(ValueError, match="tree size"):
        partial_tiles(-1)
