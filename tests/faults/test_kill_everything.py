"""kill -9 of the service and of its PostgreSQL together, under load over HTTP: what was receipted is still there.

Clients keep every receipt that reached them. After each restart the log must hold each receipted entry, a resubmission
must get the same receipt, and `gledger audit` must find nothing.
"""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest
from typer.testing import CliRunner

from ledger.cli.main import app
from ledger.log.note import ed25519_note_signer
from ledger.signing.signer import load_signer
from tests.acts import DEPOSITARY, Office, admission, opening, principal
from tests.api.test_up import environment

CYCLES = [2, pytest.param(20, marks=pytest.mark.slow)]
CLIENTS = ("gb", "de", "fr")
ORIGIN = "localhost/killed"
START_SECONDS_MAX = 90.0

pytestmark = [pytest.mark.fault, pytest.mark.timeout(900)]


@contextmanager
def killable(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield a ledger in `data` and its address; whatever is left of it at the end is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", "up", "--data", str(data), "--port", "0", "--origin", ORIGIN],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert "is ready at http://" in line, line + process.stderr.read()
        yield process, line.partition(" at ")[2].split()[0]
    finally:
        kill_all(process)
        process.stderr.close()


def kill_all(process: subprocess.Popen[str]) -> None:
    """Kill the service and everything that it started, without a word."""
    try:
        started = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return
    for one in (psutil.Process(process.pid), *started):
        try:
            one.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
    process.wait(30)


@dataclass
class Client:
    """A guarantor that renames itself for as long as the ledger answers, and keeps what it was given."""

    office: Office
    kept: dict[bytes, str] = field(default_factory=dict)
    unanswered: bytes | None = None

    def work(self, url: str, stop: threading.Event) -> None:
        with httpx.Client(base_url=url, timeout=20) as http:
            while not stop.is_set():
                raw = self.unanswered or self.office.renaming(f"Name {self.office.sequence}")
                self.unanswered = raw
                try:
                    answer = http.post("/v1/events", content=raw, headers={"Content-Type": "application/json"})
                except httpx.HTTPError:
                    return
                if answer.status_code not in (200, 201):
                    # Killed in the middle: the act is submitted again after the restart.
                    return
                self.kept[raw] = answer.json()["receipt"]
                self.unanswered = None


def found(url: str, data: Path) -> list[Client]:
    """Open the ledger that runs at `url` and return its guarantors."""
    depositary = principal(DEPOSITARY, ledger=ORIGIN)
    log_key = load_signer(data / "keys" / "log.pem", None)
    service = load_signer(data / "keys" / "service.pem", None)
    log_signer = ed25519_note_signer(ORIGIN, log_key.private_key.private_bytes_raw())  # type: ignore[union-attr]
    offices = [principal(party, ledger=ORIGIN) for party in CLIENTS]
    raws = [opening(depositary, [log_signer], service), *(admission(depositary, office) for office in offices)]
    for raw in raws:
        answer = httpx.post(f"{url}/v1/events", content=raw, headers={"Content-Type": "application/json"}, timeout=30)
        assert answer.status_code == 201, answer.text
    return [Client(office) for office in offices]


def check(url: str, clients: list[Client]) -> None:
    """Resubmit everything that was receipted: the same receipt comes back, and the audit is clean."""
    with httpx.Client(base_url=url, timeout=60) as http:
        for client in clients:
            raws = list(client.kept)
            for raw in random.sample(raws, min(20, len(raws))):
                again = http.post("/v1/events", content=raw, headers={"Content-Type": "application/json"})
                assert again.status_code == 200, again.text
                assert again.json()["receipt"] == client.kept[raw]
    audit = CliRunner().invoke(app, ["audit", url])
    assert audit.exit_code == 0, audit.output
    size = httpx.get(f"{url}/v1/ledger", timeout=30).json()["tree_size"]
    assert size >= 1 + len(clients) + sum(len(client.kept) for client in clients)


@pytest.mark.parametrize("cycles", CYCLES)
def test_receipts_outlive_the_service_and_its_database(
    tmp_path: Path, cycles: int, record_property: Callable[[str, object], None]
) -> None:
    seed = random.randrange(2**32)
    record_property("seed", seed)
    chance = random.Random(seed)
    data = tmp_path / "data"
    clients: list[Client] = []
    for _ in range(cycles):
        with killable(data) as (process, url):
            if clients:
                check(url, clients)
            else:
                clients = found(url, data)
            stop = threading.Event()
            threads = [threading.Thread(target=client.work, args=(url, stop)) for client in clients]
            held_before = sum(len(client.kept) for client in clients)
            for thread in threads:
                thread.start()
            give_up = time.monotonic() + START_SECONDS_MAX
            while sum(len(client.kept) for client in clients) < held_before + 30:
                assert time.monotonic() < give_up, "no receipts under load"
                time.sleep(0.02)
            time.sleep(chance.uniform(0, 0.2))
            kill_all(process)
            stop.set()
            for thread in threads:
                thread.join(30)
    with killable(data) as (_, url):
        check(url, clients)
    record_property("receipts", sum(len(client.kept) for client in clients))
    assert all(client.kept for client in clients)
