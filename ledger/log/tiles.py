"""Where a hash of the tree lies: tiles of 256 hashes, how wide each is, and its path (C2SP tlog-tiles).

The geometry alone, without hashing: which tile holds what depends on the size of the tree and on nothing else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ledger.log.errors import TileInvalid, shown

HASH_BYTES: Final = 32
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES
LEVEL_MAX: Final = 63
TREE_SIZE_MAX: Final = 2**63 - 1

_LEVEL: Final = re.compile(r"0|[1-9][0-9]?")
_INDEX: Final = re.compile(r"((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


TileId = tuple[int, int]
"""A tile's level (0: leaf hashes; above: roots of the full tiles of the level below) and its index in it, from 0."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile as stored: 1 to 256 hashes of 32 bytes each, the leftmost first."""

    level: int
    index: int
    hashes: bytes

    @property
    def tile_id(self) -> TileId:
        return self.level, self.index

    @property
    def width(self) -> int:
        return len(self.hashes) // HASH_BYTES


def tile_width(tile_id: TileId, tree_size: int) -> int:
    """Return how many hashes (0 to 256) the tile holds in a tree of `tree_size` leaves."""
    level, index = tile_id
    return min(max((tree_size >> TILE_HEIGHT * level) - (index << TILE_HEIGHT), 0), TILE_WIDTH)


def partial_tiles(tree_size: int) -> tuple[TileId, ...]:
    """Return the right-edge tiles that are neither full nor empty, the lowest level first.

    They hold the whole state of a tree: of 70,000 leaves, the tiles (0, 273), (1, 1) and (2, 0). Raises ValueError
    for a negative size.
    """
    if tree_size < 0:
        raise ValueError(f"expected a tree size from 0; got {tree_size}")
    tiles = []
    level = 0
    while ends := tree_size >> TILE_HEIGHT * level:
        if ends % TILE_WIDTH:
            tiles.append((level, ends >> TILE_HEIGHT))
        level += 1
    return tuple(tiles)


def implied_tiles(tree_size: int, grown_from: int = 0) -> Iterator[tuple[TileId, int]]:
    """Yield every tile of a tree with its width, level by level: the full ones, then the partial one if there is any.

    Those of level 0 are also the bundles of entries. With `grown_from`, the size of an earlier tree, those that were
    full in it are left out.
    """
    level = 0
    while ends := tree_size >> TILE_HEIGHT * level:
        for index in range(grown_from >> TILE_HEIGHT * (level + 1), -(-ends // TILE_WIDTH)):
            yield (level, index), tile_width((level, index), tree_size)
        level += 1


def tile_path(level: int, index: int, width: int) -> str:
    """Return the path of a tile below the log's URL, `width` being 1 to 256 (full).

        tile/0/x001/x234/067
        tile/1/000.p/17

    Raises ValueError for a level above 63, a negative index and any other width.
    """
    if not 0 <= level <= LEVEL_MAX:
        raise ValueError(f"expected a level of 0 to {LEVEL_MAX}; got {level}")
    return f"tile/{level}/{_index_path(index, width)}"


def entries_path(index: int, width: int) -> str:
    """Return the path of a bundle of entries, `width` being 1 to 256 (full): `tile/entries/273.p/112`."""
    return f"tile/entries/{_index_path(index, width)}"


def parse_tile_path(path: str) -> tuple[int, int, int]:
    """Return (level, index, width) such that `tile_path` gives `path`. Raises TileInvalid if there is none."""
    prefix, level, rest = _three(path)
    if prefix != "tile" or not _LEVEL.fullmatch(level) or int(level) > LEVEL_MAX:
        raise TileInvalid(f"tile/<level of 0 to {LEVEL_MAX}>/<index>", shown(path.encode(errors="replace")))
    return int(level), *_parse_index(rest)


def parse_entries_path(path: str) -> tuple[int, int]:
    """Return (index, width) such that `entries_path` gives `path`. Raises TileInvalid if there is none."""
    prefix, level, rest = _three(path)
    if prefix != "tile" or level != "entries":
        raise TileInvalid("tile/entries/<index>", shown(path.encode(errors="replace")))
    return _parse_index(rest)


def _three(path: str) -> tuple[str, str, str]:
    prefix, _, rest = path.partition("/")
    level, _, rest = rest.partition("/")
    return prefix, level, rest


def _index_path(index: int, width: int) -> str:
    """Return the index in groups of three digits, all but the last marked: 1234067 is `x001/x234/067`."""
    if not 0 <= index <= TREE_SIZE_MAX or not 1 <= width <= TILE_WIDTH:
        raise ValueError(f"expected an index from 0 and a width of 1 to {TILE_WIDTH}; got {index}, {width}")
    groups = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        groups = f"x{index % 1000:03d}/{groups}"
    return groups if width == TILE_WIDTH else f"{groups}.p/{width}"


def _parse_index(path: str) -> tuple[int, int]:
    """Return (index, width). Only the shortest spelling is one: an address must not have two names."""
    expected = "an index such as x001/x234/067, if partial followed by .p/<width of 1 to 255>"
    found = _INDEX.fullmatch(path)
    if found is None:
        raise TileInvalid(expected, shown(path.encode(errors="replace")))
    index = int(found[1].replace("x", "").replace("/", ""))
    width = int(found[2] or TILE_WIDTH)
    partial_is_full = found[2] is not None and width >= TILE_WIDTH
    if partial_is_full or index > TREE_SIZE_MAX or _index_path(index, width) != path:
        raise TileInvalid(expected, shown(path.encode(errors="replace")))
    return index, width
