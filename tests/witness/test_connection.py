"""A log asks real witnesses and hostile ones: what each of them costs is bounded, and one does not touch another."""

import asyncio
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ledger.log.cosignature import cosignature_line
from ledger.witness.asking import ANSWER_BYTES_MAX, Alarm, BackOff, Cosigned, Outcome, Refused, WitnessState
from ledger.witness.connection import RETRY_AFTER_SECONDS_MAX, ask_witness, witness_http
from ledger.witness.protocol import format_add_checkpoint
from tests.client.scripted_server import answer, scripted
from tests.witness.histories import Leaves, TwoFacedLog, leaves, proof
from tests.witness.served import served
from tests.witness.witnesses import NOW, Made, text_of

FIVE, EIGHT = leaves(5), leaves(8)
LIMIT_S = 0.6


def _ask(made: Made, log: TwoFacedLog, *urls: str, history: Leaves = EIGHT) -> list[Outcome]:
    """Ask the witnesses at `urls` at once, each with the keys of `made`."""

    async def ask_all() -> list[Outcome]:
        async with witness_http() as http:
            state, note_raw = WitnessState(made.vkeys), log.note(history)
            asked = (ask_witness(http, url, state, note_raw, lambda old, _new: proof(old, history)) for url in urls)
            return await asyncio.gather(*asked)

    return asyncio.run(ask_all())


@contextmanager
def hostile(send: Callable[[Callable[[bytes], object]], None]) -> Iterator[str]:
    """Yield the address of a server that reads something and then does `send`, until the client has enough."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1024)
            try:
                send(self.request.sendall)
            except OSError:
                return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_the_size_is_learned_and_the_tree_cosigned(made: Made, log: TwoFacedLog) -> None:
    made.witness.add_checkpoint(format_add_checkpoint(0, (), log.note(FIVE)))
    with served(made.witness) as http:
        (outcome,) = _ask(made, log, f"{http.base_url}/")
    assert isinstance(outcome, Cosigned)
    assert outcome.timestamps == dict.fromkeys(made.vkeys, NOW)
    assert (outcome.state.old_size, outcome.state.cosigned_size) == (8, 8)


def _endless_body(send: Callable[[bytes], object]) -> None:
    send(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        send(b"x" * 4096)


def _endless_head(send: Callable[[bytes], object]) -> None:
    send(b"HTTP/1.1 200 OK\r\n")
    while True:
        send(b"a: b\r\n" * 100)


def _trickling_head(send: Callable[[bytes], object]) -> None:
    send(b"HTTP/1.1 200 OK\r\nx: ")
    while True:
        send(b"y")
        time.sleep(0.02)


def _trickling_body(send: Callable[[bytes], object]) -> None:
    send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    while True:
        send(b"y")
        time.sleep(0.02)


def _silent(_send: Callable[[bytes], object]) -> None:
    time.sleep(5)


def _closing(_send: Callable[[bytes], object]) -> None:
    return


def _no_http(send: Callable[[bytes], object]) -> None:
    send(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")


def _half(send: Callable[[bytes], object]) -> None:
    send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")


@pytest.mark.parametrize(
    "send",
    [_endless_body, _endless_head, _trickling_head, _trickling_body, _silent, _closing, _no_http, _half],
    ids=lambda send: send.__name__,
)
def test_a_hostile_witness_costs_its_limit_and_no_other_witness(
    made: Made, log: TwoFacedLog, monkeypatch: pytest.MonkeyPatch, send: Callable[[Callable[[bytes], object]], None]
) -> None:
    monkeypatch.setattr("ledger.witness.connection.ANSWER_SECONDS_MAX", LIMIT_S)
    with served(made.witness) as http, hostile(send) as url:
        began = time.monotonic()
        bad, good = _ask(made, log, url, str(http.base_url))
        seconds = time.monotonic() - began
    assert isinstance(bad, BackOff)
    assert bad.state == WitnessState(made.vkeys)
    assert isinstance(good, Cosigned)
    assert seconds < LIMIT_S + 2


def test_nobody_there(made: Made, log: TwoFacedLog) -> None:
    for url in ("http://127.0.0.1:1", "http://no-such-host.invalid", "ftp://127.0.0.1", "http://[", "nothing"):
        (outcome,) = _ask(made, log, url)
        assert isinstance(outcome, BackOff), url


def test_a_huge_answer_is_not_read(made: Made, log: TwoFacedLog) -> None:
    good = cosignature_line(made.cosigners[0], text_of(log.note(EIGHT)), NOW)
    with scripted(answer("200 OK", good + b"\n" * ANSWER_BYTES_MAX)) as script:
        (outcome,) = _ask(made, log, script.url)
    assert isinstance(outcome, BackOff)
    assert f"more than {ANSWER_BYTES_MAX} bytes" in outcome.reason


def test_a_witness_that_names_a_size_each_time_is_asked_twice(made: Made, log: TwoFacedLog) -> None:
    size = "Content-Type: text/x.tlog.size"
    sizes = [answer("409 Conflict", f"{number}\n".encode(), size) for number in (3, 4, 5, 6)]
    with scripted(*sizes) as script:
        (outcome,) = _ask(made, log, script.url)
    assert isinstance(outcome, BackOff)
    assert [body.split(b"\n")[0] for body in script.bodies] == [b"old 0", b"old 3"]


def test_a_redirect_is_not_followed(made: Made, log: TwoFacedLog) -> None:
    with served(made.witness) as http:
        location = f"Location: {http.base_url}/add-checkpoint"
        with scripted(answer("307 Temporary Redirect", b"", location)) as script:
            (outcome,) = _ask(made, log, script.url)
    assert isinstance(outcome, Refused)
    assert outcome.status == 307
    assert made.store.heads() == {}


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [("7", 7.0), ("999999999", RETRY_AFTER_SECONDS_MAX), ("-1", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)
def test_a_witness_may_ask_for_time(made: Made, log: TwoFacedLog, header: str, wait_s: float | None) -> None:
    with scripted(answer("429 Too Many Requests", b"slowly", f"Retry-After: {header}")) as script:
        (outcome,) = _ask(made, log, script.url)
    assert isinstance(outcome, BackOff)
    assert outcome.wait_s == wait_s


def test_a_lie_of_the_log_is_an_alarm(made: Made, log: TwoFacedLog) -> None:
    made.witness.add_checkpoint(format_add_checkpoint(0, (), log.note(leaves(5, "another story"))))
    with served(made.witness) as http:
        (outcome,) = _ask(made, log, str(http.base_url))
    assert isinstance(outcome, Alarm)
