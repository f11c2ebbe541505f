"""Run a private PostgreSQL 18 in a directory, from the binaries of a wheel.

Once `start` has returned, the database `ledger` answers on a unix socket in a directory that only its owner may
enter, with a password in a file that only its owner may read; nothing listens on the network. What was committed
survives a kill -9 of this process, of PostgreSQL, or of both.

Who holds the lock on `owner.lock` owns the server; the kernel releases the lock when its holder dies. A second start
meanwhile is refused (`DataDirectoryInUse`). A server found running by a new owner is an orphan: it is shut down fast
and started again, so that an owner is always the parent of its server. Orphans do not stay for long, because a
watchdog, one shell reading from a pipe that only the owner can close, shuts the server down when the owner dies.

    directory/             owner and mode stay as found; made with mode 0700 if missing
        owner.lock         "4711\\n", the process that owns the server
        passfile           "*:*:*:ledger:…\\n", for libpq; mode 0600
        start.log          what the server says before its own log begins
        runtime            the temporary directory in use, if any, on one line
        cluster/           the data directory of PostgreSQL; owned by the server's account, mode 0700
            run/           the socket
            log/           the server's log, one file for each day of the week

As which account root runs it, and why nothing needs to be opened for that, is told in `unprivileged`.
"""

import fcntl
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

from ledger.store.cluster import SOCKET_DIRECTORY, SUPERUSER, create_cluster
from ledger.store.postmaster import log_tail, postmaster_state, shut_down_orphan
from ledger.store.runtime import RuntimeDirectory
from ledger.store.server_process import ServerProcess
from ledger.store.unprivileged import (
    Account,
    EmbeddedPostgresError,
    account_of,
    can_execute,
    copy_installation,
    wheel_installation,
)

DATABASE = "ledger"
START_SECONDS_MAX = 900.0  # Recovery replays the log since the last checkpoint, on a slow disk for minutes.
POLL_SECONDS = 0.01
# What PostgreSQL says while remains of a killed server are about to go away, and how long to ask again.
PASSING_REFUSALS_SECONDS = MappingProxyType(
    {"pre-existing shared memory block": 60.0, 'lock file "postmaster.pid" already exists': 5.0}
)
SOCKET_PATH_BYTES_MAX = 103  # sun_path of macOS less the final zero; Linux has four more.
SOCKET_NAME = ".s.PGSQL.5432"
SHORT_LINK = "s"
# What the ledger's promises rest on; the command line wins over postgresql.conf and ALTER SYSTEM.
FIXED_SETTINGS = MappingProxyType(
    {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": SOCKET_DIRECTORY,
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "log_destination": "stderr",
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "server-%a.log",
        "log_file_mode": "0600",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
    }
)


class DataDirectoryInUse(EmbeddedPostgresError):
    """Another living process owns the server in this directory; the message names it."""


class EmbeddedPostgres:
    """A PostgreSQL server that lives while this object is started. Not for use from two threads at once.

    `installation` is a directory with `bin/postgres` (default: that of the wheel), `run_as` the account of a new
    cluster when this process is root, `settings` are server settings that win over all others.
    """

    def __init__(
        self,
        directory: Path,
        *,
        installation: Path | None = None,
        run_as: str = "nobody",
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.directory = directory.absolute()
        self.cluster = self.directory / "cluster"
        self._passfile = self.directory / "passfile"
        self._start_log = self.directory / "start.log"
        self._installation = installation and installation.absolute()
        self._run_as = run_as
        self._settings = {**FIXED_SETTINGS, **settings}
        self._runtime = RuntimeDirectory(self.directory / "runtime")
        self._socket_directory = self.cluster / SOCKET_DIRECTORY
        self._lock: int | None = None
        self._server: ServerProcess | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the server process that this object started is alive."""
        return self._server is not None and self._server.running

    @property
    def postmaster_pid(self) -> int:
        """The process number of the server. Raises EmbeddedPostgresError if it is not started."""
        return self._started().pid

    @property
    def dsn(self) -> str:
        """The libpq connection string of the database. It holds no secret, only the path of the password file:

            host=/srv/gledger/cluster/run hostaddr='' port=5432 user=ledger password='' passfile=/srv/gledger/passfile
            dbname=ledger

        The empty values keep PGHOSTADDR and PGPASSWORD of the environment, meant for another server, out of it.
        Raises EmbeddedPostgresError if the server is not started.
        """
        self._started()
        return self._dsn(DATABASE)

    def running_dsn(self) -> str | None:
        """Return the connection string of the server that another process runs in this directory; None if none does.

        A server whose owner has gone is not counted: it is about to stop.
        """
        try:
            lock = os.open(self.directory / "owner.lock", os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except BlockingIOError:
            linked = self._runtime.recorded()
            link = linked / SHORT_LINK if linked is not None else None
            self._socket_directory = link if link is not None and link.exists() else self.cluster / SOCKET_DIRECTORY
            return self._dsn(DATABASE)
        finally:
            os.close(lock)

    def start(self) -> None:
        """Start the server and wait until it answers; at once if it runs. The first start makes the cluster.

        Raises DataDirectoryInUse, or EmbeddedPostgresError with the end of the server's log.
        """
        if self.running:
            return
        try:
            self._end_server()
            self._take_lock()
            self._start_owned()
        except (OSError, subprocess.SubprocessError) as error:
            self.stop()
            rights = "Root must be allowed to change owners and accounts here, or start as an ordinary user."
            advice = rights if os.geteuid() == 0 else "This user must be able to write to the directory."
            raise EmbeddedPostgresError(f"PostgreSQL in {self.directory} cannot start: {error}. {advice}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut the server down fast (open transactions are rolled back) and give up the directory; idempotent."""
        try:
            self._end_server()
        finally:
            if self._lock is not None:
                self._runtime.remove()
                os.close(self._lock)
                self._lock = None

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.directory / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(lock, 32).decode("ascii", "replace").strip() or "of unknown number"
            os.close(lock)
            raise DataDirectoryInUse(
                f"the PostgreSQL in {self.directory} belongs to the running process {owner}. "
                f"Stop that process, or choose another directory."
            ) from None
        # Locked: until this process ends, no other starts, stops or cleans up anything in this directory.
        self._lock = lock
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)

    def _start_owned(self) -> None:
        account = account_of(self.cluster, self._run_as)
        # An orphan that runs from a copy of the binaries still shuts down without it: its programs are in memory.
        self._runtime.remove()
        self._socket_directory = self._short(self.cluster / SOCKET_DIRECTORY)
        shut_down_orphan(account, self.cluster, self._socket_directory / SOCKET_NAME)
        installation = self._executable(account)
        if not self.cluster.exists():
            create_cluster(account, installation, self.cluster, self._passfile)
        elif not self._passfile.exists():
            raise EmbeddedPostgresError(
                f"expected the password of {self.cluster} in {self._passfile}; restore that file"
            )
        self._launch(account, installation)
        self._create_database()

    def _short(self, socket_directory: Path) -> Path:
        """Return the directory, or a short link to it if the socket's path would not fit into a client's address."""
        if len(os.fsencode(socket_directory / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
            return socket_directory
        link = self._runtime.path() / SHORT_LINK
        link.symlink_to(socket_directory)
        return link

    def _executable(self, account: Account) -> Path:
        """Return the installation, or a copy of it if the account cannot execute it where it is."""
        installation = self._installation or wheel_installation()
        if can_execute(account, installation):
            return installation
        copied = copy_installation(installation, self._runtime.path_open_to_all())
        if can_execute(account, copied):
            return copied
        raise EmbeddedPostgresError(
            f"uid {account.uid} can execute PostgreSQL neither in {installation} nor copied to {copied}. "
            f"Set TMPDIR to a directory that every user may enter and execute from."
        )

    def _launch(self, account: Account, installation: Path) -> None:
        """Start the server and wait until it is ready, however long recovery takes."""
        command = [str(installation / "bin" / "postgres"), "-D", account.data_directory(self.cluster)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        began = time.monotonic()
        while not self._became_ready(account, command):
            said = log_tail(self._start_log)
            patience = max(seconds if text in said else 0.0 for text, seconds in PASSING_REFUSALS_SECONDS.items())
            if time.monotonic() - began >= patience:
                raise self._failure("PostgreSQL ended, expected it to become ready")
            time.sleep(POLL_SECONDS)

    def _became_ready(self, account: Account, command: list[str]) -> bool:
        """Start the server once; True when it accepts clients, False when it ended instead."""
        server = self._server = ServerProcess(account, command, self.cluster, self._start_log)
        give_up = time.monotonic() + START_SECONDS_MAX
        while server.running:
            if postmaster_state(self.cluster) == (server.pid, "ready"):
                return True
            if time.monotonic() > give_up:
                raise self._failure(f"PostgreSQL is not ready after {START_SECONDS_MAX:.0f} s")
            time.sleep(POLL_SECONDS)
        return False

    def _create_database(self) -> None:
        try:
            with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
                if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.Error as error:
            raise self._failure(f"expected the database '{DATABASE}', came: {error}") from error

    def _end_server(self) -> None:
        if self._server is not None:
            self._server.end()
            self._server = None

    def _started(self) -> ServerProcess:
        if self._server is None:
            raise EmbeddedPostgresError(f"expected a started PostgreSQL in {self.directory}; call start() first")
        return self._server

    def _dsn(self, database: str) -> str:
        return make_conninfo(
            host=str(self._socket_directory),
            hostaddr="",
            port=5432,
            user=SUPERUSER,
            password="",
            passfile=str(self._passfile),
            dbname=database,
        )

    def _failure(self, what: str) -> EmbeddedPostgresError:
        return EmbeddedPostgresError(f"{what}, in {self.cluster}. Its log ends:\n{self._log_tail()}")

    def _log_tail(self) -> str:
        newest = sorted(self.cluster.glob("log/*.log"), key=lambda log: log.lstat().st_mtime)[-1:]
        return log_tail(self._start_log, *newest)
