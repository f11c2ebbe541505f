"""Where the files of a folder of tiles are read: the folder itself, or a zip of it."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from ledger.audit.findings import Undecidable
from ledger.log.tiles import TILE_WIDTH

_WIDTH: Final = re.compile(r"[1-9][0-9]{0,2}")


def partial_widths(names: Iterable[str]) -> list[int]:
    """Return which of `names` are the width of a partial file, in order."""
    return sorted(int(name) for name in names if _WIDTH.fullmatch(name) and int(name) < TILE_WIDTH)


class TileStore(Protocol):
    """Files by their paths, relative and with slashes: `tile/0/001.p/44`."""

    @property
    def name(self) -> str:
        """The folder or the archive, for messages."""

    def read(self, path: str, bytes_max: int) -> bytes | None:
        """Return a file, or its first `bytes_max` + 1 bytes; None where there is none. Raises Undecidable, LieFound."""

    def widths(self, path: str) -> list[int]:
        """Return for which widths there may be a partial file: the names that are numbers in the directory `path`.p."""

    def paths(self) -> Iterator[str]:
        """Yield the path of every file there is, in order."""


@dataclass(frozen=True, slots=True)
class TileDirectory:
    """A folder of tiles on the disk. Links, devices and pipes in it are not read where they lead to no plain file."""

    directory: Path

    @property
    def name(self) -> str:
        return str(self.directory)

    def read(self, path: str, bytes_max: int) -> bytes | None:
        place = self.directory / path
        try:
            if not place.is_file():
                return None
            with place.open("rb") as file:
                return file.read(bytes_max + 1)
        except OSError as error:
            raise Undecidable(f"{place}: {error.strerror}") from None

    def widths(self, path: str) -> list[int]:
        try:
            names = os.listdir(self.directory / f"{path}.p")
        except OSError:
            return []
        return partial_widths(names)

    def paths(self) -> Iterator[str]:
        for directory, folders, files in os.walk(self.directory):
            folders.sort()
            within = Path(directory).relative_to(self.directory)
            yield from ((within / file).as_posix() for file in sorted(files))
