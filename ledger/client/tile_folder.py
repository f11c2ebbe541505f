"""A copy of a log as a folder of C2SP tlog-tiles, which any web server can serve as it is. It grows, and never loses.

    checkpoint                  the signed tree head: everything that it implies is beside it
    tile/0/000                  hashes, 256 to a full tile; tile/0/001.p/44 has 44
    tile/entries/000            the entries themselves
    .growing/                   while it grows: what will be part of it once all of it has been checked

Whenever the power goes, the folder is a whole copy of the tree that its checkpoint signs: the next one lies in
`.growing` until it is complete and checked. Then its checkpoint is written there, and from there on the way leads
forward only: `open_folder` moves what a crash left unmoved, and the checkpoint last.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ledger.audit.export import CHECKPOINT, ENTRIES
from ledger.client.errors import ClientError, CopyDamaged
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.entry_bundle import parse_bundle
from ledger.log.errors import LogInvalid, TileInvalid
from ledger.log.note import parse_note
from ledger.log.tiles import TILE_WIDTH, TileId, entries_path, implied_tiles, tile_path, tile_width
from ledger.log.tree import ReadHashes
from ledger.store.durable import sync_directory, write_durably, write_synced

GROWING: Final = ".growing"
FREE_BYTES_MIN: Final = 256 * 1024 * 1024
"""Below it nothing is added: whoever signs the log decides how long it is, and others need the disk too."""

PINNED: Final = "mirror.json"
"""The keys that a mirror has believed from its beginning on."""

OURS: Final = frozenset({CHECKPOINT, GROWING, PINNED})


class TileFolder:
    """The folder at `directory`, held by this process alone. Made by `open_folder`. Methods raise OSError."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._growing = directory / GROWING

    @property
    def checkpoint(self) -> bytes | None:
        """The signed note of the tree that is here, or None in a new folder."""
        return _read(self.directory / CHECKPOINT)

    def hashes_at(self, tree_size: int) -> ReadHashes:
        """Return what reads the tiles here of the tree of `tree_size`. It raises CopyDamaged for a missing one."""

        def read(tile_id: TileId) -> bytes:
            return self._part(tile_path(*tile_id, tile_width(tile_id, tree_size)))

        return read

    def entries(self, index: int, width: int) -> list[bytes]:
        """Return the entries of a bundle that is here. Raises CopyDamaged for one that is missing or none."""
        path = entries_path(index, width)
        try:
            return parse_bundle(self._part(path), width)
        except TileInvalid as error:
            raise CopyDamaged(f"{self.directory / path}: {error.expected}", error.got) from None

    def fetched(self, index: int) -> list[bytes] | None:
        """Return the entries of a full bundle that an interrupted growth has left, or None. They are not checked."""
        path = entries_path(index, TILE_WIDTH)
        raw = _read(self._growing / path)
        with suppress(TileInvalid):
            return parse_bundle(raw, TILE_WIDTH) if raw is not None else None
        return None

    def add(self, path: str, data: bytes) -> None:
        """Keep `data` as what will be at `path`. Raises OSError on a disk that is nearly full."""
        if shutil.disk_usage(self.directory).free < FREE_BYTES_MIN:
            raise OSError(errno.ENOSPC, f"less than {FREE_BYTES_MIN} bytes free", str(self.directory))
        place = self._growing / path
        place.parent.mkdir(parents=True, exist_ok=True)
        write_synced(place, data)

    def forget_growth(self) -> None:
        """Remove what was added: it is of no use."""
        shutil.rmtree(self._growing, ignore_errors=True)

    def publish(self, note: bytes) -> None:
        """Make what was added a part of the folder, and `note` its checkpoint: exactly what that tree implies."""
        self._growing.mkdir(exist_ok=True)
        for directory, _, _ in os.walk(self._growing):
            sync_directory(Path(directory))
        write_durably(self._growing / CHECKPOINT, note)
        # All of it is on disk. From here on a crash is finished by whoever opens the folder next.
        self.recover()

    def keep(self, name: str, data: bytes) -> None:
        """Write a file that is no part of the log, such as evidence."""
        write_durably(self.directory / name, data)

    def recover(self) -> None:
        """Finish what was begun by `publish`, if it was. Raises CopyDamaged if something is missing."""
        note = _read(self._growing / CHECKPOINT)
        if note is None:
            return
        changed: set[Path] = set()
        for path in implied_paths(note, self.checkpoint):
            added, place = self._growing / path, self.directory / path
            if added.is_file():
                _make_directories(place.parent, changed)
                added.replace(place)
                changed.add(place.parent)
            elif not place.is_file():
                raise CopyDamaged(f"{place}, which was complete before a crash", "no such file")
        for directory in changed:
            sync_directory(directory)
        # Everything that the new checkpoint implies is in its place, on disk; only now does it become the one.
        (self._growing / CHECKPOINT).replace(self.directory / CHECKPOINT)
        sync_directory(self.directory)
        self.forget_growth()

    def _part(self, path: str) -> bytes:
        raw = _read(self.directory / path)
        if raw is None:
            raise CopyDamaged(f"{self.directory / path}, which its checkpoint implies", "no such file")
        return raw


@contextmanager
def open_folder(directory: Path) -> Iterator[TileFolder]:
    """Yield the folder, made if it is absent, with what a crash had left done.

    Raises ClientError for a directory with other things in it, and if another process has it.
    """
    directory = directory.absolute()
    if directory.exists() and not _is_ours(directory):
        got = "something else in it"
        raise ClientError(f"{directory} absent, empty or a folder of tiles", got, "Choose another directory.")
    directory.mkdir(parents=True, exist_ok=True)
    sync_directory(directory.parent)
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ClientError(f"{directory} for this process alone", "another has it", "Wait, or stop it.") from None
        for unfinished in directory.glob(".*.partial"):
            unfinished.unlink()
        folder = TileFolder(directory)
        folder.recover()
        yield folder
    finally:
        os.close(held)


def implied_paths(note: bytes, before: bytes | None = None) -> Iterator[str]:
    """Yield the paths of what the tree of a checkpoint in our own hands consists of, but for that of one `before`."""
    grown_from = _tree_size(before) if before is not None else 0
    for (level, index), width in implied_tiles(_tree_size(note), grown_from):
        yield tile_path(level, index, width)
        if level == 0:
            yield entries_path(index, width)


def _is_ours(directory: Path) -> bool:
    """Tell whether a folder may be begun or continued here; an export of another kind has a checkpoint too."""
    if not directory.is_dir():
        return False
    names = set(os.listdir(directory))
    return not names or (bool(names & OURS) and ENTRIES not in names)


def _tree_size(note: bytes) -> int:
    try:
        return parse_checkpoint(parse_note(note).text).tree_size
    except LogInvalid as error:
        raise CopyDamaged("the checkpoint that was written here", str(error)) from None


def _make_directories(directory: Path, changed: set[Path]) -> None:
    """Make `directory` and what is missing above it; add to `changed` where a name was added."""
    if not directory.is_dir():
        _make_directories(directory.parent, changed)
        directory.mkdir()
        changed.add(directory.parent)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
