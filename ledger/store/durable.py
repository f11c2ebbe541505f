"""Files that are whole or absent, whenever the power goes.

A reader of a path written here sees the old bytes or the new ones, never a part of either.
"""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

PUBLIC_FILE_MODE: Final = 0o644
PRIVATE_DIRECTORY_MODE: Final = 0o700


def write_durably(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write `data` to `path`, replacing what is there. Raises OSError, and what making the data raises.

    Then the path is as it was.
    """
    write_synced(path, data)
    sync_directory(path.parent)


def write_synced(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write `data` to `path` as `write_durably` does, but for its name: that is on disk after `sync_directory`."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PUBLIC_FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines((data,) if isinstance(data, bytes) else data)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def sync_directory(directory: Path) -> None:
    """Return once the names in `directory` are on disk: without it a rename may be lost though its file is not."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private_directory(directory: Path) -> Path:
    """Return `directory`, made if need be, that nobody but its owner can enter. Parents keep their permissions."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.mkdir(mode=PRIVATE_DIRECTORY_MODE, exist_ok=True)
    directory.chmod(PRIVATE_DIRECTORY_MODE)
    return directory
