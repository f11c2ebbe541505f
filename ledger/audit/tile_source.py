"""A folder of C2SP tlog-tiles, or a zip of it, as the source of an audit.

    checkpoint            the signed note
    tile/<L>/<N>          hashes; every file must hold what the entries give
    tile/entries/<N>      the entries; partial ones, as in tile/<L>/<N>.p/<W>, of this tree and of smaller ones

Streamed: one bundle of entries and the right edge of the tree are held at a time. What is wrong with a tile is kept
back until the entries are proved, since only then it is known that it is the tile that lies.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from ledger.audit.export import CHECKPOINT
from ledger.audit.findings import Finding, Lie, LieFound, Proved, Undecidable, readable
from ledger.audit.source import Line
from ledger.audit.tile_store import TileStore
from ledger.log.entry_bundle import BUNDLE_BYTES_MAX, LENGTH_BYTES, format_bundle, parse_bundle
from ledger.log.errors import TileInvalid
from ledger.log.note import NOTE_BYTES_MAX
from ledger.log.tiles import (
    HASH_BYTES,
    TILE_WIDTH,
    Tile,
    entries_path,
    parse_entries_path,
    parse_tile_path,
    tile_path,
    tile_width,
)
from ledger.log.tree import EMPTY, leaf_hash

STRANGERS_SHOWN_MAX: Final = 10
EVIDENCE_BYTES_MAX: Final = TILE_WIDTH * HASH_BYTES
"""How much of what should have been there a finding repeats: a whole tile, the beginning of a bundle."""


class TileSource:
    """`store` as a source, for one audit: `entries` is read to its end once, then `compared` says what came of it."""

    def __init__(self, store: TileStore) -> None:
        self._store = store
        self._note = b""
        self._files = 0
        self._wrong: Finding | None = None
        self._missing: str | None = None

    @property
    def name(self) -> str:
        return self._store.name

    def checkpoint(self) -> bytes:
        """Return the bytes of `checkpoint`, at most one more than a note may have."""
        raw = self._store.read(CHECKPOINT, NOTE_BYTES_MAX)
        if raw is None:
            raise Undecidable(f"expected a file {CHECKPOINT} in {self.name}; there is none")
        self._note = raw
        return raw

    def entries(self, tree_size: int) -> Iterator[Line]:
        """Yield the entries of the tree. Raises Undecidable for a missing bundle, LieFound for what is no bundle."""
        tree = EMPTY
        while tree.tree_size < tree_size:
            index = tree.tree_size // TILE_WIDTH
            width = min(tree_size - tree.tree_size, TILE_WIDTH)
            path, entries = self._bundle(index, width)
            yield from _lines(path, entries)
            if len(entries) < width:
                # The entries that there are have had their say: a checkpoint that they disown is a lie.
                raise Undecidable(f"expected a file {entries_path(index, width)} in {self.name}; there is none")
            self._compare_bundles(index, entries)
            tree, tiles = tree.append([leaf_hash(entry) for entry in entries])
            for tile in tiles:
                if tile.width == tile_width(tile.tile_id, tree_size):
                    self._compare_tile(tile)

    def _bundle(self, index: int, width: int) -> tuple[str, list[bytes]]:
        """Return the path and the entries of a bundle; at most `width`, fewer only where that many are nowhere."""
        partial = self._store.widths(entries_path(index, TILE_WIDTH))
        enough = [one for one in partial if one > width]
        too_few = [one for one in partial if one < width]
        for held in (width, *enough, TILE_WIDTH, *reversed(too_few)):
            path = entries_path(index, held)
            raw = self._store.read(path, BUNDLE_BYTES_MAX)
            if raw is not None:
                self._files += 1
                return path, _parsed(path, raw, held)[:width]
        return entries_path(index, width), []

    def compared(self) -> Proved:
        """Return the line of the report if every file is what the entries give, which were proved meanwhile.

        Raises LieFound for the first that is not, Undecidable for one that is missing.
        """
        if self._wrong is not None:
            raise LieFound(self._wrong)
        if self._missing is not None:
            raise Undecidable(f"expected a file {self._missing} in {self.name}; there is none")
        return Proved("tiles", self._files, "files of hashes and entries, each exactly what the entries give")

    def strangers(self, tree_size: int) -> str | None:
        """Return a sentence about the files that were not read, because this tree does not have them."""
        names = [ascii(path) for path in self._store.paths() if not _belongs(path, tree_size)]
        if not names:
            return None
        shown = ", ".join(names[:STRANGERS_SHOWN_MAX])
        more = f" and {len(names) - STRANGERS_SHOWN_MAX} more" if len(names) > STRANGERS_SHOWN_MAX else ""
        return f"No part of the tree that the checkpoint signs, and not read: {shown}{more}."

    def _compare_tile(self, tile: Tile) -> None:
        """Compare a tile, which is needed, and every partial one of smaller trees, which may be there."""
        self._compare(tile_path(tile.level, tile.index, tile.width), tile.hashes, is_needed=True)
        for width in self._smaller(tile_path(tile.level, tile.index, TILE_WIDTH), tile.width):
            self._compare(tile_path(tile.level, tile.index, width), tile.hashes[: width * HASH_BYTES], is_needed=False)

    def _compare_bundles(self, index: int, entries: list[bytes]) -> None:
        """Compare every partial bundle of smaller trees."""
        for width in self._smaller(entries_path(index, TILE_WIDTH), len(entries)):
            self._compare(entries_path(index, width), format_bundle(entries[:width]), is_needed=False)

    def _smaller(self, path: str, width: int) -> list[int]:
        return [one for one in self._store.widths(path) if one < width]

    def _compare(self, path: str, derived: bytes, *, is_needed: bool) -> None:
        raw = self._store.read(path, len(derived))
        if raw is None:
            if is_needed and self._missing is None:
                self._missing = path
            return
        self._files += 1
        if raw != derived and self._wrong is None:
            pairs = enumerate(zip(raw, derived, strict=False))
            at = next((at for at, (left, right) in pairs if left != right), min(len(raw), len(derived)))
            evidence = {"checkpoint": readable(self._note), "derived": derived[:EVIDENCE_BYTES_MAX].hex()}
            expected = f"{len(derived)} bytes of SHA-256 {sha256(derived).hexdigest()}, from the entries"
            got = f"{len(raw)} bytes of SHA-256 {sha256(raw).hexdigest()}"
            if len(raw) > len(derived):
                got = f"more than {len(derived)} bytes"
            self._wrong = Finding(Lie.TILE_WRONG, f"{path}, byte {at}", None, expected, got, evidence)


def _parsed(path: str, raw: bytes, width: int) -> list[bytes]:
    try:
        return parse_bundle(raw, width)
    except TileInvalid as error:
        raise LieFound(Finding(Lie.EXPORT_MALFORMED, path, None, error.expected, error.got)) from None


def _lines(path: str, entries: list[bytes]) -> Iterator[Line]:
    offset = 0
    for entry in entries:
        offset += LENGTH_BYTES
        yield Line(entry, path, offset)
        offset += len(entry)


def _belongs(path: str, tree_size: int) -> bool:
    """Tell whether a tree of `tree_size`, or a smaller one, has such a file."""
    if path == CHECKPOINT:
        return True
    try:
        if path.startswith("tile/entries/"):
            index, width = parse_entries_path(path)
            return width <= tile_width((0, index), tree_size)
        level, index, width = parse_tile_path(path)
    except TileInvalid:
        return False
    return width <= tile_width((level, index), tree_size)
