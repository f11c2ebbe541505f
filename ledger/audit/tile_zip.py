"""A zip of a folder of tiles, which may have been made to harm whoever reads it.

Nothing is ever unpacked onto the disk. A file is unpacked as far as it may be long, and the directory of the archive is
measured before it is read. What no honest program writes is a lie; what this one cannot read leaves it undecided.
"""

import os
import struct
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from ledger.audit.findings import Finding, Lie, LieFound, Undecidable
from ledger.audit.tile_store import partial_widths

MEMBERS_MAX: Final = 500_000
"""Files of a log of 60 million entries."""

DIRECTORY_BYTES_MAX: Final = 64 * 1024 * 1024
NAME_BYTES_MAX: Final = 255

_END: Final = struct.Struct("<4s4H2LH")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64: Final = struct.Struct("<4sLQL")
_HEAD_BYTES: Final = 30
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)


class TileZip:
    """The archive as a store of tiles. Made by `open_zip`."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> None:
        self._path = path
        self._archive = archive
        self._members = members
        self._partial: defaultdict[str, list[str]] = defaultdict(list)
        for name in members:
            directory, _, width = name.rpartition(".p/")
            self._partial[directory].append(width)

    @property
    def name(self) -> str:
        return str(self._path)

    def read(self, path: str, bytes_max: int) -> bytes | None:
        """Return a member. Raises LieFound if it is not what the archive itself says of it."""
        member = self._members.get(path)
        if member is None:
            return None
        if member.flag_bits & _ENCRYPTED or member.compress_type not in _METHODS:
            raise Undecidable(f"{path} in {self._path} is encrypted, or packed in a way that is not read here")
        try:
            with self._archive.open(member) as file:
                raw = file.read(bytes_max + 1)
        except _UNREADABLE as error:
            raise _malformed(path, "a file as the archive describes it", str(error)) from None
        except OSError as error:
            raise Undecidable(f"{self._path}: {error.strerror}") from None
        if len(raw) != min(member.file_size, bytes_max + 1):
            raise _malformed(path, f"a file of {member.file_size} bytes", f"{len(raw)} bytes")
        return raw

    def widths(self, path: str) -> list[int]:
        return partial_widths(self._partial.get(path, ()))

    def paths(self) -> Iterator[str]:
        yield from sorted(self._members)


@contextmanager
def open_zip(path: Path) -> Iterator[TileZip]:
    """Yield the archive at `path`.

    Raises Undecidable if it is no zip, or larger than what is read here; LieFound for names that are absolute, that
    lead elsewhere or that stand twice, and for files that lie over each other.
    """
    with _opened(path) as file:
        _check_directory_size(path, file)
        try:
            archive = zipfile.ZipFile(file)
        except _UNREADABLE as error:
            raise Undecidable(f"{path} cannot be read as a zip: {error}") from None
        with archive:
            members = archive.infolist()
            _check_places(members, path.stat().st_size)
            yield TileZip(path, archive, _named(members))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise Undecidable(f"{path}: {error.strerror}") from None
    with file:
        yield file


def _check_directory_size(path: Path, file: BinaryIO) -> None:
    """Raise Undecidable unless the archive ends as one does and its directory is small enough to be read whole."""
    size = file.seek(0, os.SEEK_END)
    tail_bytes = _END.size + _LOCATOR_64.size + _END_64.size
    file.seek(max(0, size - tail_bytes))
    tail = file.read(tail_bytes).rjust(tail_bytes, b"\0")
    signature, _, _, _, count, directory_bytes, _, comment_bytes = _END.unpack(tail[-_END.size :])
    if signature != b"PK\5\6" or comment_bytes:
        raise Undecidable(f"{path} does not end as a zip without a comment does: is all of it there?")
    if _LOCATOR_64.unpack_from(tail, _END_64.size)[0] == b"PK\6\7":
        large = _END_64.unpack_from(tail, 0)
        if large[0] == b"PK\6\6":
            count, directory_bytes = large[7], large[8]
    if count > MEMBERS_MAX or directory_bytes > DIRECTORY_BYTES_MAX:
        got = f"{count} files and a directory of {directory_bytes} bytes"
        raise Undecidable(f"{path}: expected at most {MEMBERS_MAX} files and {DIRECTORY_BYTES_MAX} bytes; got {got}")
    # How many there really are is bounded by the bytes of the directory.
    file.seek(0)


def _check_places(members: Sequence[zipfile.ZipInfo], archive_bytes: int) -> None:
    """Raise LieFound if two files share bytes, by which a small archive holds more than anybody can read."""
    placed = sorted(members, key=lambda one: one.header_offset)
    end = archive_bytes
    for one in reversed(placed):
        begin = one.header_offset + _HEAD_BYTES + len(one.orig_filename)
        if one.header_offset < 0 or begin + one.compress_size > end:
            raise _malformed(one.orig_filename, "files one after another", "one that reaches into another")
        end = one.header_offset


def _named(members: Sequence[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the files by their names; folders, which some programs list too, are left out."""
    named: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        name = member.orig_filename
        parts = name.removesuffix("/").split("/")
        if any(part in ("", ".", "..") for part in parts) or "\\" in name or "\0" in name or len(name) > NAME_BYTES_MAX:
            raise _malformed(name, "relative names of files within the folder", "another name")
        if name in named:
            raise _malformed(name, "each name once", "a name that stands twice")
        named[name] = member
    return {name: member for name, member in named.items() if not name.endswith("/")}


def _malformed(name: str, expected: str, got: str) -> LieFound:
    return LieFound(Finding(Lie.EXPORT_MALFORMED, ascii(name[:NAME_BYTES_MAX])[1:-1], None, expected, got))
