"""Folders of C2SP tlog-tiles as the specification defines them, made without the code that makes them in earnest."""

import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from ledger.audit.audit import Pins
from ledger.audit.findings import Report
from projections.audit import audit_files
from tests.audit.logs import Log
from tests.log import naive

Files = dict[str, bytes]
"""The files of a folder by their paths."""


def index_path(index: int) -> str:
    """Return an index as paths write it: 1234067 is `x001/x234/067`."""
    digits = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        digits = f"x{index % 1000:03d}/{digits}"
    return digits


def named(index: int, width: int) -> str:
    return index_path(index) + ("" if width == 256 else f".p/{width}")


def bundle(entries: Sequence[bytes]) -> bytes:
    return b"".join(len(raw).to_bytes(2, "big") + raw for raw in entries)


def tiles_of(entries: Sequence[bytes], size: int) -> Files:
    """Return the tiles and bundles of the tree over the first `size` entries."""
    files: Files = {}
    hashes = [sha256(b"\x00" + raw).digest() for raw in entries[:size]]
    for index in range(-(-size // 256)):
        held = entries[index * 256 : min(index * 256 + 256, size)]
        files[f"tile/entries/{named(index, len(held))}"] = bundle(held)
    level = 0
    while hashes:
        tiles = [hashes[at : at + 256] for at in range(0, len(hashes), 256)]
        for index, tile in enumerate(tiles):
            files[f"tile/{level}/{named(index, len(tile))}"] = b"".join(tile)
        hashes = [naive.root(tile) for tile in tiles if len(tile) == 256]
        level += 1
    return files


def folder_of(log: Log, *smaller: int) -> Files:
    """Return the folder of a log that was signed at the sizes `smaller` before."""
    files = {"checkpoint": log.note}
    for size in (*smaller, len(log.entries)):
        files |= tiles_of(log.entries, size)
    return files


def written(files: Mapping[str, bytes], directory: Path) -> Path:
    for path, content in files.items():
        place = directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return directory


def read_back(directory: Path) -> Files:
    """Return every file of a folder."""
    paths = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths}


def zipped(files: Mapping[str, bytes], file: Path, method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(file, "w", method) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return file


def report_on(path: Path, pins: Pins | None = None) -> Report:
    """Return what `gledger audit PATH` reports."""
    return audit_files(path, pins or Pins(), lambda followed: None)
