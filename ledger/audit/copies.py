"""A copy of a log on the disk, as the source of an audit: an export, a folder of tiles, or a zip of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ledger.audit.export import ENTRIES, ExportDirectory
from ledger.audit.tile_source import TileSource
from ledger.audit.tile_store import TileDirectory
from ledger.audit.tile_zip import open_zip

TILES: Final = "tile"


@contextmanager
def opened_copy(path: Path) -> Iterator[ExportDirectory | TileSource]:
    """Yield the copy at `path`; its form tells what it is, and a directory that is neither is read as an export.

    Raises LieFound for a zip that no log can be in, Undecidable for one that cannot be read.
    """
    if path.is_file():
        with open_zip(path) as archive:
            yield TileSource(archive)
    elif (path / TILES).is_dir() and not os.path.lexists(path / ENTRIES):
        yield TileSource(TileDirectory(path))
    else:
        yield ExportDirectory(path)
