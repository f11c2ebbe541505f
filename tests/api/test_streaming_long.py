"""A body of 200,000 lines, and clients that do not take no for an answer: the server stays small, and serves others."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from api.up import LOG_KEY, SERVICE_KEY
from ledger.signing.signer import Ed25519Signer, save_signer
from tests.acts import Founding, founding
from tests.api.served import JSON, NDJSON, signer_of
from tests.api.test_up import running

LINES = 200_000
EVERY = 100
"""One of so many lines is an act; the others are refused."""

GROWTH_BYTES_MAX = 96 * 1024 * 1024
CLIENTS = 64
HAMMERED_SECONDS = 15.0

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Own:
    """A founded ledger in a process of its own."""

    url: str
    made: Founding
    process: psutil.Process


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    made = founding()
    keys = tmp_path / "data" / "keys"
    keys.mkdir(parents=True)
    save_signer(signer_of(bytes(made.log_signer.private_key)), keys / LOG_KEY, None)
    assert isinstance(made.service, Ed25519Signer)
    save_signer(made.service, keys / SERVICE_KEY, None)
    with running("up", "--data", str(tmp_path / "data"), "--port", "0", "--origin", made.origin) as (process, url):
        body = b"\n".join(made.raws)
        assert httpx.post(f"{url}/v1/events", content=body, headers=NDJSON).text.count('"admitted"') == len(made.raws)
        yield Own(url, made, psutil.Process(process.pid))


@contextmanager
def sampled(process: psutil.Process) -> Iterator[list[int]]:
    """Yield a list that grows by what the process holds, in bytes."""
    seen: list[int] = []
    done = threading.Event()

    def sample() -> None:
        while not done.wait(0.1):
            seen.append(process.memory_info().rss)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def test_a_body_of_200_000_lines_takes_no_more_memory_than_its_beginning(own: Own) -> None:
    acts = [own.made.depositary.renaming(f"Name {at}", subject="gb") for at in range(LINES // EVERY)]
    junk = (b'{"payload":"' + b"A" * 700 + b'"}\n') * (EVERY - 1)
    address = urlsplit(own.url)
    with socket.create_connection((address.hostname, address.port), 60) as raw, sampled(own.process) as seen:
        raw.sendall(
            b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % sum(len(act) + 1 + len(junk) for act in acts)
        )

        def send() -> None:
            for act in acts:
                raw.sendall(act + b"\n" + junk)

        sending = threading.Thread(target=send)
        sending.start()
        admitted = refused = 0
        early = 0
        answer = raw.makefile("rb")
        for line in answer:
            admitted += b'"outcome":"admitted"' in line
            refused += b'"outcome":"refused"' in line
            if not early and admitted + refused > LINES // 10:
                early = max(seen)
        sending.join()
    assert (admitted, refused) == (len(acts), LINES - len(acts))
    assert max(seen) - early < GROWTH_BYTES_MAX, f"{early} to {max(seen)} bytes"


def test_clients_that_ignore_that_they_were_turned_away_keep_nobody_out(own: Own) -> None:
    """64 of them send 1,000 lines at a time, again and again; somebody who waits as told gets an act recorded."""
    batch = b"{}\n" * 1_000
    give_up = time.monotonic() + HAMMERED_SECONDS
    told: list[int] = []

    def hammer() -> None:
        with httpx.Client(timeout=60) as client:
            while time.monotonic() < give_up:
                told.append(client.post(f"{own.url}/v1/events", content=batch, headers=NDJSON).status_code)

    act = own.made.depositary.renaming("In spite of it all", subject="gb")
    with ThreadPoolExecutor(CLIENTS) as pool, httpx.Client(timeout=60) as patient:
        hammering = [pool.submit(hammer) for _ in range(CLIENTS)]
        time.sleep(HAMMERED_SECONDS / 3)
        answer = patient.post(f"{own.url}/v1/events", content=act, headers=JSON)
        while answer.status_code == 429:
            assert time.monotonic() < give_up, "not even in the end"
            time.sleep(int(answer.headers["retry-after"]))
            answer = patient.post(f"{own.url}/v1/events", content=act, headers=JSON)
        for one in hammering:
            one.result()
    assert json.loads(answer.content)["outcome"] == "admitted"
    assert set(told) == {200, 429}
    assert told.count(200) > CLIENTS, "the queue was emptied more than once"
