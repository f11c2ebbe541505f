"""Entry bundles (C2SP tlog-tiles): up to 256 entries in a row, as they lie in the tree, each after its length.

    00 03 61 62 63 00 00      two entries, `abc` and one without bytes

The lengths are two bytes, the more significant first, and enter no hash.
"""

from collections.abc import Iterable
from typing import Final

from ledger.log.entry import ENTRY_BYTES_MAX
from ledger.log.errors import TileInvalid
from ledger.log.tiles import TILE_WIDTH

LENGTH_BYTES: Final = 2
BUNDLE_BYTES_MAX: Final = TILE_WIDTH * (LENGTH_BYTES + ENTRY_BYTES_MAX)


def format_bundle(entries: Iterable[bytes]) -> bytes:
    """Return raw `entries` as they stand in a bundle. Bundles that are joined are a bundle.

    Raises OverflowError for an entry whose length two bytes cannot say.
    """
    return b"".join(len(raw).to_bytes(LENGTH_BYTES, "big") + raw for raw in entries)


def parse_bundle(raw: bytes, width: int) -> list[bytes]:
    """Return the `width` entries that a bundle consists of. Raises TileInvalid for one less or one byte more."""
    entries: list[bytes] = []
    at = 0
    for _ in range(width):
        begin = at + LENGTH_BYTES
        length = raw[at:begin]
        at = begin + int.from_bytes(length, "big")
        if len(length) < LENGTH_BYTES or at > len(raw):
            raise TileInvalid(f"{width} entries", f"an end after {len(entries)} of them, at byte {len(raw)}")
        entries.append(raw[begin:at])
    if at != len(raw):
        raise TileInvalid(f"{width} entries and nothing else", f"{len(raw) - at} bytes after them")
    return entries
