"""Where tests put what they throw away: in memory, if the machine has room for it there, or else on the disk.

A database in memory is as real as any: it keeps what it has confirmed as long as the machine is on, which is as long as
a test lives. What a test executes stays on the disk, since nothing may be executable in shared memory.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SHARED_MEMORY: Final = Path("/dev/shm")
ROOM_BYTES_MIN: Final = 2 * 1024**3


def in_memory() -> Path | None:
    """Return the directory of shared memory, or None where there is none or little of it."""
    try:
        return SHARED_MEMORY if shutil.disk_usage(SHARED_MEMORY).free >= ROOM_BYTES_MIN else None
    except OSError:
        return None


@contextmanager
def passing_directory(within: Path | None = None) -> Iterator[Path]:
    """Yield a directory of the caller alone, in `within` or else in memory, with a short path; remove it afterwards."""
    place = Path(tempfile.mkdtemp(prefix="gledger-", dir=within or in_memory()))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def copied(source: Path, target: Path) -> Path:
    """Copy a directory as it is, owners, modes and times included; `target` must not be there."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    return target
