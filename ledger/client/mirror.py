"""A mirror: a verified copy of a log that is kept up, and that remembers whose log it is.

    mirror.json     the origin and the keys that were believed at the beginning, and the address
    fork-….json     the proof that the log has told two stories, if it has (`ledger.client.fork`)

Beside these the folder holds what `ledger.client.tile_folder` describes.
"""

import msgspec

from ledger.client.errors import ClientError, CopyDamaged
from ledger.client.tile_copy import Trusted
from ledger.client.tile_folder import PINNED, TileFolder
from ledger.client.workspace import Pinned, log_keys
from ledger.log.note import format_vkey


def kept(folder: TileFolder) -> Trusted | None:
    """Return whose log this mirror is for, or None for a new one. Raises CopyDamaged, NoteInvalid."""
    path = folder.directory / PINNED
    try:
        pinned = msgspec.json.decode(path.read_bytes(), type=Pinned)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise CopyDamaged(f"{path} as it was written", str(error)) from None
    return Trusted(pinned.origin, log_keys(pinned.log_keys))


def keep(folder: TileFolder, trusted: Trusted, url: str) -> None:
    """Remember whose log this is. Raises ClientError for another origin than before: a mirror is for one log."""
    before = kept(folder)
    if before is not None and before.origin != trusted.origin:
        do = "Use another directory for another log."
        raise ClientError(f"the log {before.origin}, which {folder.directory} mirrors", trusted.origin, do)
    if before is None or before.vkeys != trusted.vkeys:
        pinned = Pinned(trusted.origin, tuple(map(format_vkey, trusted.vkeys)), url)
        folder.keep(PINNED, msgspec.json.format(msgspec.json.encode(pinned)) + b"\n")
