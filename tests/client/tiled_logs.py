"""Logs of bytes that are no acts, signed at any size, as folders of tiles: quickly made, and forked at will."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ledger.client.connection import Connection
from ledger.client.tile_copy import Grown, Trusted, grow
from ledger.client.tile_folder import open_folder
from ledger.client.tile_log import TileLog
from ledger.log.note import Ed25519NoteSigner
from tests.acts import ORIGIN, log_key
from tests.audit.logs import Log, checkpoint_over
from tests.audit.tile_folders import Files, folder_of, written
from tests.client.static_server import StaticServer, serving_files


def some_entries(count: int, story: str = "one") -> list[bytes]:
    """Return entries that differ from those of every other story."""
    return [f"{story} {number} {'x' * (number % 50)}".encode() for number in range(count)]


@dataclass
class TiledLog:
    """A log with one key, whoever tells its story."""

    signer: Ed25519NoteSigner = field(default_factory=log_key)

    @property
    def trusted(self) -> Trusted:
        return Trusted(ORIGIN, (self.signer.vkey,))

    def note(self, entries: Sequence[bytes]) -> bytes:
        return checkpoint_over(entries, self.signer)

    def files(self, entries: Sequence[bytes], *smaller: int) -> Files:
        return folder_of(Log(tuple(entries), self.note(entries)), *smaller)

    def serve(self, entries: Sequence[bytes], directory: Path) -> Files:
        """Let the files of another tree take the place of what is in `directory`."""
        for name in ("checkpoint", "tile"):
            place = directory / name
            if place.is_dir():
                shutil.rmtree(place)
        files = self.files(entries)
        written(files, directory)
        return files


@dataclass(frozen=True)
class Origin:
    """Files at an address, and the one connection to it that all copies of a test use: each costs what TLS costs."""

    server: StaticServer
    connection: Connection

    @property
    def directory(self) -> Path:
        return self.server.directory

    @property
    def asked(self) -> list[str]:
        return self.server.asked


@contextmanager
def serving_origin(directory: Path) -> Iterator[Origin]:
    """Yield the files in `directory` at an address."""
    with serving_files(directory) as server, Connection(server.url, waits_s=()) as connection:
        yield Origin(server, connection)


def grown(connection: Connection, directory: Path, trusted: Trusted) -> Grown:
    """Bring the copy in `directory` to what is served there."""
    with open_folder(directory) as folder:
        return grow(TileLog(connection), folder, trusted, lambda done, total: None)
