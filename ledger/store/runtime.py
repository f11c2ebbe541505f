"""A temporary directory that a process may leave behind when it is killed, and that its successor removes.

Its path is on record before anything is put into it. It is made only when asked for, carries a lock for as long as it
is in use, and systemd-tmpfiles leaves locked directories alone however old they get.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path

PREFIX = "gledger-pg-"


class RuntimeDirectory:
    """At most one directory below the system's temporary directory, recorded in the file `record`."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._path: Path | None = None
        self._lock: int | None = None

    def path(self) -> Path:
        """Return the directory, made with mode 0700 when first asked for."""
        if self._path is None:
            self._path = Path(tempfile.mkdtemp(prefix=PREFIX))
            self._record.write_text(f"{self._path}\n")
            self._lock = os.open(self._path, os.O_RDONLY)
            fcntl.flock(self._lock, fcntl.LOCK_SH)
        return self._path

    def path_open_to_all(self) -> Path:
        """Return the directory, which from now on every account may enter and only its owner may change."""
        path = self.path()
        path.chmod(0o755)
        return path

    def recorded(self) -> Path | None:
        """Return the directory on record, of whichever process; None if there is none."""
        try:
            return Path(self._record.read_text().strip())
        except FileNotFoundError:
            return None

    def remove(self) -> None:
        """Remove the directory on record, of this process or of one that was killed; nothing if there is none."""
        if (recorded := self.recorded()) is None:
            return
        if _is_ours(recorded):
            shutil.rmtree(recorded, ignore_errors=True)
        self._record.unlink()
        if self._lock is not None:
            os.close(self._lock)
        self._path = self._lock = None


def _is_ours(path: Path) -> bool:
    """Whether `path` is still our directory: its name may have been taken by somebody else after a clean-up."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return path.name.startswith(PREFIX) and stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
