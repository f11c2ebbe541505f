"""What the tests of the embedded PostgreSQL share: owners to be killed, rows to be kept, and patience."""

import json
import os
import stat
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0
ROWS = 1000
OWNER = """
import json, sys
from pathlib import Path
from ledger.store.embedded import EmbeddedPostgres

installation = Path(sys.argv[2]) if len(sys.argv) > 2 else None
server = EmbeddedPostgres(Path(sys.argv[1]), installation=installation)
server.start()
print(json.dumps({"dsn": server.dsn, "postmaster": server.postmaster_pid}), flush=True)
sys.stdin.read()
server.stop()
"""


class Owner:
    """Another process that owns the server of a directory, to be killed."""

    def __init__(self, directory: Path, *arguments: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(directory), *map(str, arguments)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def wait_until_started(self) -> tuple[str, int]:
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        return told["dsn"], told["postmaster"]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def kill_with_watchdog(self, postmaster: int) -> None:
        """Kill both at a point where the watchdog cannot act: it must not see its owner die."""
        for child in psutil.Process(self.process.pid).children():
            if child.pid != postmaster:
                child.kill()
        self.kill()


def write_rows(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept (number integer)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, %s)", [ROWS])


def count_rows(dsn: str) -> int:
    return int(ask(dsn, "SELECT count(*) FROM kept"))


def ask(dsn: str, query: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return str(row[0])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def wait_until(what: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.005)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def run_in_child(uid: int, work: Callable[[], None]) -> None:
    """Run `work` in a forked process that gave up root, with all imports made before; fail with its traceback."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.chdir("/")
            work()
        except BaseException:
            os.write(write, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with open(read, "rb") as said:
        assert said.read().decode() == ""
