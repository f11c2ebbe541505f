"""The witness over real HTTP: the protocol's answers to the byte, its limits, and who waits for whom."""

import gzip
import random
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256

import httpx
import pytest
from structlog.testing import capture_logs

from ledger.log.note import KeyKind
from ledger.witness.protocol import (
    REQUEST_BYTES_MAX,
    StatedTree,
    format_add_checkpoint,
    format_sign_subtree,
)
from ledger.witness.store import Head
from ledger.witness.witness import Witness
from tests.log import naive
from tests.witness.histories import TwoFacedLog, leaves, proof, two_faced_log
from tests.witness.served import served
from tests.witness.witnesses import NAME, Made, made_witness, text_of

FIVE, EIGHT = leaves(5), leaves(8)
DOCUMENTED = {200, 400, 403, 404, 409, 422}


@pytest.fixture
def http(made: Made) -> Iterator[httpx.Client]:
    with served(made.witness) as client:
        yield client


def _path(log: TwoFacedLog) -> str:
    return f"/{sha256(log.origin.encode()).hexdigest()}/checkpoint"


def test_a_log_is_cosigned_over_http(made: Made, log: TwoFacedLog, http: httpx.Client) -> None:
    assert http.get(_path(log)).status_code == 404
    first = http.post("/add-checkpoint", content=format_add_checkpoint(0, (), log.note(FIVE)))
    assert first.status_code == 200
    assert first.headers["content-type"] == "text/plain; charset=utf-8"
    assert made.times(text_of(log.note(FIVE)), first.content).keys() == set(made.vkeys)
    stale = http.post("/add-checkpoint", content=format_add_checkpoint(0, (), log.note(EIGHT)))
    assert (stale.status_code, stale.headers["content-type"], stale.content) == (409, "text/x.tlog.size", b"5\n")
    second = http.post("/add-checkpoint", content=format_add_checkpoint(5, proof(5, EIGHT), log.note(EIGHT)))
    assert second.status_code == 200
    shown = http.get(_path(log))
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert shown.content.startswith(log.note(EIGHT))
    root, path = naive.root(EIGHT[4:8]), naive.subtree(4, 8, EIGHT)
    subtree = http.post("/sign-subtree", content=format_sign_subtree(4, 8, root, path, shown.content))
    assert (subtree.status_code, subtree.content.count(b"\n")) == (200, 1)
    for answer in (first, stale, shown, subtree):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert http.head(_path(log)).content == b""


def test_a_witness_without_an_mldsa_key_has_no_such_endpoint(made: Made, log: TwoFacedLog) -> None:
    plain = made_witness(made.directory.with_name("plain"), log, names={KeyKind.COSIGNATURE_ED25519: NAME})
    with served(plain.witness) as http:
        assert http.post("/sign-subtree", content=b"").status_code == 404
        assert http.post("/add-checkpoint", content=format_add_checkpoint(0, (), log.note(FIVE))).status_code == 200


def test_a_log_that_is_added_or_withdrawn_counts_from_the_next_request(
    made: Made, log: TwoFacedLog, http: httpx.Client
) -> None:
    new = two_faced_log("ledger.example/new")
    body = format_add_checkpoint(0, (), new.note(FIVE))
    assert http.post("/add-checkpoint", content=body).status_code == 404
    made.store.trust([(new.origin, new.vkey)])
    assert http.post("/add-checkpoint", content=body).status_code == 200
    made.store.distrust(new.origin, new.vkey)
    assert http.post("/add-checkpoint", content=body).status_code == 404


NOT_THE_PROTOCOL: list[tuple[str, str, bytes, dict[str, str], int]] = [
    ("GET", "/add-checkpoint", b"", {}, 405),
    ("PUT", "/add-checkpoint", b"", {}, 405),
    ("POST", "/add-checkpoint/", b"", {}, 404),
    ("GET", "/", b"", {}, 404),
    ("GET", "/%00/checkpoint", b"", {}, 404),
    ("GET", "/" + "é" * 64 + "/checkpoint", b"", {}, 404),
    ("POST", "/add-checkpoint", bytes(REQUEST_BYTES_MAX), {}, 400),
    ("POST", "/add-checkpoint", bytes(REQUEST_BYTES_MAX + 1), {}, 413),
    ("POST", "/sign-subtree", bytes(REQUEST_BYTES_MAX + 1), {}, 413),
    ("POST", "/add-checkpoint", gzip.compress(bytes(10_000_000)), {"Content-Encoding": "gzip"}, 415),
]


def test_what_is_not_the_protocol(http: httpx.Client) -> None:
    for method, path, content, headers, status in NOT_THE_PROTOCOL:
        answer = http.request(method, path, content=content, headers=headers)
        assert answer.status_code == status, (method, path)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert len(answer.content) < 300
    assert http.get("/healthz").status_code == 200


def test_a_body_without_end_is_cut_off(http: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(4096)

    # The answer comes, or the connection is closed under the sender, who then may not see it.
    with suppress(httpx.TransportError):
        assert http.post("/add-checkpoint", content=endless()).status_code == 413
    assert http.get("/healthz").status_code == 200


def test_a_body_that_trickles_in_is_given_up(http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.witness.app.BODY_SECONDS_MAX", 0.3)
    host, port = http.base_url.host, http.base_url.port
    assert port is not None
    with socket.create_connection((host, port), timeout=10) as slow:
        slow.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 1000\r\n\r\nold 0\n")
        answer = slow.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer.lower()


def test_a_store_that_is_away_is_told_and_nothing_is_signed(made: Made, log: TwoFacedLog, http: httpx.Client) -> None:
    store = made.directory / "heads.sqlite"
    store.rename(made.directory / "away")
    body = format_add_checkpoint(0, (), log.note(FIVE))
    answer = http.post("/add-checkpoint", content=body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert b"nothing was signed" in answer.content
    assert str(made.directory).encode() not in answer.content
    assert http.get(_path(log)).status_code == 503
    (made.directory / "away").rename(store)
    assert http.post("/add-checkpoint", content=body).status_code == 200


def test_a_failure_of_the_witness_itself_shows_nothing(made: Made, log: TwoFacedLog) -> None:
    def broken_clock() -> int:
        raise RuntimeError("a secret")

    with served(Witness(made.store, made.cosigners, broken_clock)) as http:
        answer = http.post("/add-checkpoint", content=format_add_checkpoint(0, (), log.note(FIVE)))
        assert (answer.status_code, answer.content) == (500, b"a failure of the witness itself\n")
        assert http.get("/healthz").status_code == 200


class Held:
    """A store that records nothing of one log until it is let go."""

    def __init__(self, made: Made, origin: str) -> None:
        self._store, self._origin = made.store, origin
        self.trusted, self.head, self.head_of_digest = made.store.trusted, made.store.head, made.store.head_of_digest
        self.entered, self.let_go = threading.Event(), threading.Event()
        self.inside = self.most_inside = 0

    def swap(self, expected: Head | None, tree: StatedTree, note_raw: bytes, clock: Callable[[], int]) -> Head | None:
        if tree.origin == self._origin:
            self.inside += 1
            self.most_inside = max(self.inside, self.most_inside)
            self.entered.set()
            assert self.let_go.wait(30)
            self.inside -= 1
        return self._store.swap(expected, tree, note_raw, clock)


def test_a_log_waits_for_itself_and_for_no_other(made: Made, log: TwoFacedLog) -> None:
    other = two_faced_log("ledger.example/other")
    made.store.trust([(other.origin, other.vkey)])
    held = Held(made, log.origin)
    body = format_add_checkpoint(0, (), log.note(FIVE))
    # More than there are threads in the server's pool: if those that wait held one each, nobody else would get any.
    with served(made.with_heads(held)) as http, ThreadPoolExecutor(60) as pool:
        waiting = [pool.submit(http.post, "/add-checkpoint", content=body) for _ in range(60)]
        assert held.entered.wait(30)
        for _ in range(3):
            assert http.get("/healthz").status_code == 200
        assert http.post("/add-checkpoint", content=format_add_checkpoint(0, (), other.note(FIVE))).status_code == 200
        assert not any(one.done() for one in waiting)
        held.let_go.set()
        statuses = [one.result().status_code for one in waiting]
    assert held.most_inside == 1
    assert sorted(statuses) == [200] + [409] * 59


def test_random_requests_get_nothing_but_the_documented_statuses(
    made: Made, log: TwoFacedLog, http: httpx.Client
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    right = [format_add_checkpoint(0, (), log.note(FIVE)), format_add_checkpoint(5, proof(5, EIGHT), log.note(EIGHT))]
    right.append(format_sign_subtree(0, 5, naive.root(FIVE), (), log.note(FIVE)))
    seen = set()
    for _ in range(300):
        raw = bytearray(chance.choice(right))
        for _ in range(chance.choice((0, 1, 1, 2, 8))):
            match chance.randrange(4):
                case 0:
                    raw[chance.randrange(len(raw))] = chance.randrange(256)
                case 1:
                    del raw[chance.randrange(len(raw)) :]
                    raw += b"\n"
                case 2:
                    raw[chance.randrange(len(raw)) : 0] = chance.randbytes(5)
                case _:
                    at = chance.randrange(len(raw))
                    raw += raw[at : at + 50]
        path = chance.choice(("/add-checkpoint", "/add-checkpoint", "/sign-subtree"))
        seen.add(http.post(path, content=bytes(raw)).status_code)
    assert seen <= DOCUMENTED, seed
    assert {200, 400, 403} <= seen, seed


def test_a_fork_leaves_its_evidence_in_the_log_of_the_witness(http: httpx.Client, log: TwoFacedLog) -> None:
    http.post("/add-checkpoint", content=format_add_checkpoint(0, (), log.note(FIVE)))
    forked = log.note(leaves(5, "another story"))
    with capture_logs() as logged:
        assert http.post("/add-checkpoint", content=format_add_checkpoint(5, (), forked)).status_code == 422
    (evidence,) = [line for line in logged if line["event"] == "inconsistent"]
    assert evidence["checkpoint"] == forked.decode()
    assert evidence["log_level"] == "warning"


def test_requests_are_counted(http: httpx.Client, log: TwoFacedLog) -> None:
    http.post("/add-checkpoint", content=format_add_checkpoint(0, (), log.note(FIVE)))
    http.get("/any/where")
    text = http.get("/metrics").text
    assert 'gledger_witness_requests_total{route="/add-checkpoint",status="200"} 1.0' in text
    assert 'gledger_witness_requests_total{route="none",status="404"} 1.0' in text
