"""A folder of tiles as one zip file: a complete archive of the log, checked while it is written.

Its bytes follow from the log and its checkpoint alone: files in one order, of one time, not packed (whoever wants less
packs the archive), so that two who archive the same tree have the same file.
"""

import os
import secrets
import zipfile
from pathlib import Path
from typing import Final

from ledger.audit.export import CHECKPOINT
from ledger.client.errors import ClientError, CopyDamaged
from ledger.client.tile_folder import TileFolder
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.entry_bundle import format_bundle
from ledger.log.note import parse_note
from ledger.log.tiles import TILE_WIDTH, entries_path, tile_path, tile_width
from ledger.log.tree import EMPTY, leaf_hash
from ledger.store.durable import sync_directory

LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment that the format knows."""

_UNIX: Final = 3
_MODE: Final = 0o100644 << 16


def check_absent(file: Path) -> None:
    """Raise ClientError if there is something at `file`: an archive is not written over another."""
    if os.path.lexists(file):
        raise ClientError(f"{file} absent", "something there", "Choose another name, or remove it.")


def write_archive(folder: TileFolder, file: Path) -> None:
    """Write the tree of the folder's checkpoint to `file`, which is whole or absent.

    Raises ClientError if `file` is there, CopyDamaged if the entries in the folder do not give the signed root.
    """
    check_absent(file)
    file = file.absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{secrets.token_hex(6)}.partial")
    try:
        with beside.open("xb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as archive:
                _write_tree(folder, archive)
            raw.flush()
            os.fsync(raw.fileno())
        beside.rename(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_directory(file.parent)


def _write_tree(folder: TileFolder, archive: zipfile.ZipFile) -> None:
    """Write the checkpoint, then bundle after bundle, each followed by the tiles that it completes."""
    note = folder.checkpoint
    if note is None:
        raise CopyDamaged(f"{folder.directory / CHECKPOINT}", "no such file")
    signed = parse_checkpoint(parse_note(note).text)
    _write(archive, CHECKPOINT, note)
    tree = EMPTY
    while tree.tree_size < signed.tree_size:
        index = tree.tree_size // TILE_WIDTH
        width = min(signed.tree_size - tree.tree_size, TILE_WIDTH)
        entries = folder.entries(index, width)
        _write(archive, entries_path(index, width), format_bundle(entries))
        tree, tiles = tree.append([leaf_hash(raw) for raw in entries])
        for tile in tiles:
            if tile.width == tile_width(tile.tile_id, signed.tree_size):
                _write(archive, tile_path(tile.level, tile.index, tile.width), tile.hashes)
    if tree.root != signed.root:
        raise CopyDamaged(f"entries in {folder.directory} with the root {signed.root.hex()}", tree.root.hex())


def _write(archive: zipfile.ZipFile, path: str, data: bytes) -> None:
    member = zipfile.ZipInfo(path, LONG_AGO)
    member.create_system = _UNIX
    member.external_attr = _MODE
    archive.writestr(member, data)
