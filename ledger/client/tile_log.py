"""A log that is read as C2SP tlog-tiles: a ledger's server, or any web server with the files of an export.

    https://ledger.example/checkpoint
    https://ledger.example/tile/0/x001/234
    https://ledger.example/tile/entries/x001/235.p/17

What comes back has the right length and nothing else is known of it.
"""

from collections.abc import Callable
from typing import Final

from ledger.client.connection import Connection
from ledger.client.errors import AnswerMalformed, NotThere
from ledger.log.entry_bundle import BUNDLE_BYTES_MAX, parse_bundle
from ledger.log.errors import TileInvalid
from ledger.log.note import NOTE_BYTES_MAX
from ledger.log.tiles import HASH_BYTES, TILE_BYTES, TILE_WIDTH, entries_path, tile_path, tile_width
from ledger.log.tree import ReadHashes

TELL: Final = "Tell the operator of the log; what was copied before is as it was."


class TileLog:
    """The log below the address of `connection`. Methods raise ClientError: see `Connection.request`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def url(self) -> str:
        return self._connection.url

    def checkpoint(self) -> bytes:
        """Return the newest published note."""
        return self._connection.get("/checkpoint", bytes_max=NOTE_BYTES_MAX).body

    def hashes_at(self, tree_size: int) -> ReadHashes:
        """Return what reads the tiles of the tree of `tree_size`; it asks for each tile once."""
        held: dict[tuple[int, int], bytes] = {}

        def read(tile_id: tuple[int, int]) -> bytes:
            if tile_id not in held:
                held[tile_id] = self._tile(*tile_id, tile_width(tile_id, tree_size))
            return held[tile_id]

        return read

    def entries(self, index: int, width: int) -> list[bytes]:
        """Return the first `width` entries of a bundle, in order."""
        raw, got = self._widest(lambda asked: entries_path(index, asked), width, BUNDLE_BYTES_MAX)
        try:
            return parse_bundle(raw, got)[:width]
        except TileInvalid as error:
            raise AnswerMalformed(f"{error.expected} in bundle {index}", error.got, TELL) from None

    def _tile(self, level: int, index: int, width: int) -> bytes:
        raw, got = self._widest(lambda asked: tile_path(level, index, asked), width, TILE_BYTES)
        if len(raw) != got * HASH_BYTES:
            raise AnswerMalformed(f"{got} hashes in tile {level}/{index}", f"{len(raw)} bytes", TELL)
        return raw[: width * HASH_BYTES]

    def _widest(self, path: Callable[[int], str], width: int, bytes_max: int) -> tuple[bytes, int]:
        """Return a partial resource, or the full one that has taken its place, and how wide it is."""
        try:
            return self._connection.get(f"/{path(width)}", bytes_max=bytes_max).body, width
        except NotThere:
            if width == TILE_WIDTH:
                raise
        return self._connection.get(f"/{path(TILE_WIDTH)}", bytes_max=bytes_max).body, TILE_WIDTH
