"""Make the data directory of an embedded PostgreSQL: complete, or not there at all.

`initdb` works in a directory beside the final one, which is renamed when everything in it is on disk. A crash leaves
only a staging directory, and the next attempt removes it.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import MappingProxyType

from ledger.store.durable import sync_directory
from ledger.store.unprivileged import Account, EmbeddedPostgresError

SUPERUSER = "ledger"
PASSWORD_BYTES = 32
INITDB_SECONDS_MAX = 300.0
STAGING_PREFIX = "cluster.initdb-"
SOCKET_DIRECTORY = "run"
HBA = b"# Unix socket and password only.\nlocal all all scram-sha-256\n"
# What an operator may tune later, in postgresql.conf. With 1 GB of log, PostgreSQL's default, a full intake makes a
# checkpoint every 14 seconds, and after each of them every page is written whole again: half of all that it writes.
INITIAL_SETTINGS = MappingProxyType({"max_connections": "60", "shared_buffers": "256MB", "max_wal_size": "2GB"})


def create_cluster(account: Account, installation: Path, cluster: Path, passfile: Path) -> None:
    """Make `cluster`, owned by the account, with the password from `passfile`, which is made if missing.

    Raises EmbeddedPostgresError with what initdb said. The password is in no argument and no environment.
    """
    remove_leftovers(cluster.parent)
    password = _password(passfile)
    staging = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=cluster.parent))
    _give(account, staging)
    with tempfile.TemporaryFile(dir=cluster.parent) as password_file:
        password_file.write(password.encode() + b"\n")
        password_file.seek(0)
        account.own(password_file.fileno())
        made = subprocess.run(
            _initdb(account, installation, staging),
            stdin=password_file,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=INITDB_SECONDS_MAX,
            check=False,
            **account.process(staging),
        )
    if made.returncode != 0:
        said = made.stdout.decode("utf-8", "replace").strip()
        raise EmbeddedPostgresError(f"initdb ended with {made.returncode}, expected 0. It said:\n{said}")
    _overwrite(staging / "pg_hba.conf", HBA)
    (staging / SOCKET_DIRECTORY).mkdir(mode=0o700)
    _give(account, staging / SOCKET_DIRECTORY)
    sync_directory(staging)
    staging.rename(cluster)
    sync_directory(cluster.parent)
    # Renamed and on disk: from now on the cluster exists, and everything that start-up relies on is in it.


def remove_leftovers(directory: Path) -> None:
    """Remove what crashed attempts left in `directory`; what an initdb still writes to is removed another time."""
    for leftover in directory.glob(f"{STAGING_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _initdb(account: Account, installation: Path, staging: Path) -> list[str]:
    command = [str(installation / "bin" / "initdb"), "-D", account.data_directory(staging)]
    command += ["--username", SUPERUSER, "--pwfile", "/dev/stdin", "--auth", "scram-sha-256"]
    command += ["--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
    command += ["--data-checksums", "--no-instructions"]
    return command + [f"--set={name}={value}" for name, value in INITIAL_SETTINGS.items()]


def _password(passfile: Path) -> str:
    """Return the password for a new cluster, on disk before the cluster that needs it."""
    if not passfile.exists():
        fresh = passfile.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _overwrite(fresh, f"*:*:*:{SUPERUSER}:{secrets.token_urlsafe(PASSWORD_BYTES)}\n".encode())
        fresh.rename(passfile)
        sync_directory(passfile.parent)
    return passfile.read_text().strip().rsplit(":", 1)[1]


def _overwrite(path: Path, content: bytes) -> None:
    """Replace the content of an existing file, keeping its owner and mode, and wait until it is on disk."""
    with open(os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _give(account: Account, directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        account.own(descriptor)
    finally:
        os.close(descriptor)
