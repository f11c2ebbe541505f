"""What every row stands on: the acts, the ledger that holds them, how much of everything, and how far it has come.

The ledger is the real one, `gledger up` in a process of its own; what measures it talks to it over HTTP, from another.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.store.embedded import EmbeddedPostgres
from tests.acts import ORIGIN
from tests.bench.acts import Workload
from tests.bench.client import Job, Told
from tests.bench.measured import Curve, Row
from tests.bench.processes import Failed, announced, environment, gledger, python
from tests.bench.scale import Scale

READY_SECONDS_MAX: Final = 600.0
POLL_SECONDS: Final = 0.01


@dataclass
class Ground:
    """Where everything is kept, and how far it has come: `at` is how many of the acts were submitted."""

    data: Path
    scale: Scale
    workload: Workload
    rows: list[Row] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    at: int = 0
    url: str = ""
    receipts: list[tuple[int, str]] = field(default_factory=list)
    server: "subprocess.Popen[str] | None" = None
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def home(self) -> Path:
        """The data directory of the ledger."""
        return self.data / "ledger"

    @property
    def database_url(self) -> str:
        """How to reach the ledger's own PostgreSQL while the ledger runs."""
        dsn = EmbeddedPostgres(self.home / "postgres").running_dsn()
        assert dsn is not None, "the ledger runs"
        return dsn

    def start(self) -> float:
        """Start the ledger; returns the seconds until it says that it is ready to answer everything."""
        if not (self.home / "keys").exists():
            self.workload.write_keys(self.home / "keys")
        began = time.perf_counter()
        self.server, self.url = self._running.enter_context(announced(self.command))
        while httpx.get(f"{self.url}/readyz", timeout=60).status_code != HTTPStatus.OK:
            if time.perf_counter() - began > READY_SECONDS_MAX:
                raise Failed(f"the ledger is not ready after {READY_SECONDS_MAX:.0f} s")
            time.sleep(POLL_SECONDS)
        return time.perf_counter() - began

    def stop(self) -> None:
        """Stop the ledger, if it runs."""
        self._running.close()
        self.server, self.url = None, ""

    @property
    def command(self) -> list[str]:
        return gledger("up", "--data", str(self.home), "--port", "0", "--origin", ORIGIN)

    @contextmanager
    def plain(self) -> Iterator[str]:
        """Run the server that does nothing; yields its address. It serves what is put into `files`."""
        self.files.mkdir(parents=True, exist_ok=True)
        with announced(python("tests.bench.plain", "--files", str(self.files))) as (_, url):
            yield url

    @property
    def files(self) -> Path:
        return self.data / "files"

    def beside(self, name: str) -> str:
        """Return how to reach the database `name` on the ledger's server, made if it is missing."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return make_conninfo(self.database_url, dbname=name)

    def do(self, job: Job) -> Told:
        """Have the client do a job. Raises Failed if it was answered otherwise than expected."""
        told = client(job)
        self.receipts += told.receipts
        if told.failure:
            raise Failed(f"{job.send} to {job.url}: {told.failure}")
        return told

    def submit(self, count: int, **how: Any) -> Told:
        """Have the client submit the next `count` acts, each of which must be admitted."""
        job = Job(url=self.url, acts=str(self.workload.path), first=self.at, last=self.at + count, **how)
        told = self.do(job)
        if told.admitted != count:
            raise Failed(f"expected {count} acts admitted, got {told.admitted}")
        self.at += count
        return told

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Return an answer of the ledger. Raises Failed unless it is one."""
        answer = httpx.get(self.url + path, headers=headers, timeout=120)
        if answer.status_code not in (200, 304):
            raise Failed(f"{path}: {answer.status_code} {answer.text[:400]}")
        return answer

    def go_on(self) -> None:
        """Take up the story where the ledger that runs has come to."""
        with psycopg.connect(self.database_url) as connection:
            # The projections may not have made their tables yet.
            row = connection.execute("SELECT max(notification_id) FROM public.entries").fetchone()
        assert row is not None
        self.at = row[0] or 0

    def settle(self, seconds_max: float = 3600) -> float:
        """Wait until the projections are where the log is; returns the seconds that it took."""
        began = time.perf_counter()
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            while (behind := lag(connection)) != 0:
                if time.perf_counter() - began > seconds_max:
                    raise Failed(f"the projections are {behind} entries behind after {seconds_max:.0f} s")
                time.sleep(POLL_SECONDS)
        return time.perf_counter() - began


def places(connection: psycopg.Connection) -> tuple[int, int]:
    """Return the size of the log and the position of the rows that serve."""
    row = connection.execute(
        "SELECT (SELECT max(notification_id) FROM public.entries),"
        " (SELECT position FROM projection_generations WHERE status = 'serving')"
    ).fetchone()
    assert row is not None
    return row[0] or 0, row[1] or 0


def lag(connection: psycopg.Connection) -> int:
    size, position = places(connection)
    return size - position


def client(job: Job, seconds_max: float = 3600) -> Told:
    """Run the client in a process of its own."""
    process = subprocess.run(
        python("tests.bench.client"),
        input=msgspec.json.encode(job) + b"\n",
        capture_output=True,
        env=environment(),
        timeout=seconds_max,
        check=False,
    )
    if process.returncode != 0:
        raise Failed(f"the client ended with {process.returncode}: {process.stderr.decode()[-2000:]}")
    return msgspec.json.decode(process.stdout, type=Told)


def say(text: str) -> None:
    """Tell whoever waits what is under way."""
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def load() -> float:
    return os.getloadavg()[0]
