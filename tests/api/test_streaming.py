"""A batch is taken line by line while it comes in, its outcomes go back meanwhile, and what is under way is bounded."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.types import Message

from api import streaming, submissions
from api.heads import NewestCheckpoint
from api.measures import Measures
from api.ready import Ready
from api.service import Service, running
from api.streaming import Lines, OutcomeStream
from ledger.signing.dsse import ENVELOPE_BYTES_MAX
from ledger.store.database import migrate
from tests.acts import Founding
from tests.api.served import NDJSON, Served, settings_for

WAIT_SECONDS_MAX = 20.0
HEAD = (
    b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
)


class Sender:
    """A client that sends a batch piece by piece, and reads what has come of it whenever it likes."""

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self._answer = raw.makefile("rb")
        self.status = 0
        raw.sendall(HEAD)

    def send(self, piece: bytes) -> None:
        self._raw.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))

    def finish(self) -> None:
        self._raw.sendall(b"0\r\n\r\n")

    def read_head(self) -> None:
        self.status = int(self._answer.readline().split()[1])
        while self._answer.readline().strip():
            pass

    def read(self) -> list[dict[str, Any]]:
        """Wait for the next part of the answer; nothing at its end."""
        if not self.status:
            self.read_head()
        size = int(self._answer.readline(), 16)
        part = self._answer.read(size)
        self._answer.readline()
        return [json.loads(line) for line in part.splitlines()]


@contextmanager
def sending(ledger: Served) -> Iterator[Sender]:
    with socket.create_connection(ledger.address, WAIT_SECONDS_MAX) as raw:
        yield Sender(raw)


def test_each_outcome_comes_back_before_the_next_line_is_sent(ledger: Served, made: Founding) -> None:
    with sending(ledger) as sender:
        positions = []
        for name in ("One", "Two", "Three"):
            sender.send(made.depositary.renaming(name, subject="gb") + b"\n")
            (told,) = sender.read()
            assert told["outcome"] == "admitted"
            positions.append(told["position"])
        sender.finish()
        assert sender.read() == []
    assert positions == sorted(positions)
    assert ledger.tree_size() == positions[-1]


def test_a_line_that_comes_in_pieces_is_one_line(ledger: Served, made: Founding) -> None:
    raw = made.depositary.renaming("In pieces", subject="gb")
    with sending(ledger) as sender:
        for at in range(0, len(raw), 100):
            sender.send(raw[at : at + 100])
        sender.finish()
        (told,) = sender.read()
    assert told["outcome"] == "admitted"


def test_a_batch_has_as_many_lines_as_are_sent(ledger: Served, made: Founding) -> None:
    acts = [made.depositary.renaming(f"Line {number}", subject="gb") for number in range(3)]
    lines = [b"{}"] * 1_500 + acts[:1] + [b"{}"] * 1_500 + acts[1:]
    answer = ledger.post(b"\n".join(lines), NDJSON)
    told = [json.loads(line)["outcome"] for line in answer.text.splitlines()]
    assert told == ["refused"] * 1_500 + ["admitted"] + ["refused"] * 1_500 + ["admitted"] * 2


def test_a_line_that_is_too_long_is_refused_alone(ledger: Served, made: Founding) -> None:
    first, last = (made.depositary.renaming(name, subject="gb") for name in ("Before", "After"))
    answer = ledger.post(b"\n".join([first, b"x" * 20_000_000, last]), NDJSON)
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["outcome"] for one in told] == ["admitted", "refused", "admitted"]
    assert told[1]["code"] == "envelope_too_large"


def test_a_stream_whose_outcome_does_not_come_says_how_far_it_came(
    ledger: Served, made: Founding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "OUTCOME_SECONDS_MAX", 1.0)
    first, second = (made.depositary.renaming(name, subject="gb") for name in ("In time", "Too late"))
    with sending(ledger) as sender:
        sender.send(first + b"\n")
        assert sender.read()[0]["outcome"] == "admitted"
        with psycopg.connect(ledger.settings.database_url) as connection:
            connection.execute("SELECT tree_size FROM head FOR UPDATE")
            sender.send(second + b"\n")
            (last,) = sender.read()
    assert "outcome" not in last
    assert (last["code"], last["decided"], last["status"]) == ("outcome_unknown", 1, 503)
    assert "Send the lines after those that were decided again" in last["do"]
    # Sending it again is safe: it was recorded meanwhile, or is now, and once.
    before = ledger.post(second).json()
    assert ledger.post(second).json()["receipt"] == before["receipt"]


def test_a_stream_that_stands_still_is_ended(ledger: Served, made: Founding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "PROGRESS_SECONDS_MAX", 0.5)
    with sending(ledger) as sender:
        sender.send(made.depositary.renaming("Moving", subject="gb") + b"\n")
        assert sender.read()[0]["outcome"] == "admitted"
        sender.send(b'{"half":')
        (last,) = sender.read()
        assert (last["code"], last["decided"]) == ("request_too_slow", 1)
    with sending(ledger) as sender:
        sender.send(b'{"half":')
        sender.read_head()
        assert sender.status == 408


def test_lines_that_arrived_before_the_client_went_away_are_recorded(ledger: Served, made: Founding) -> None:
    act = made.depositary.renaming("Whole", subject="gb")
    half = made.depositary.proposed("party.renamed", subject="gb", names=[{"language": "en", "name": "Half"}])
    with sending(ledger) as sender:
        sender.send(act + b"\n" + half[:-1])
        sender.read_head()
    assert ledger.post(act).json()["outcome"] == "duplicate"
    assert ledger.get("/v1/authorities/depositary/principal/next").json()["sequence"] == made.depositary.sequence + 1


# What is under way.


@asynccontextmanager
async def serving(made: Founding, database_url: str, data: Path) -> AsyncIterator[Service]:
    async with running(settings_for(made, database_url, data), NewestCheckpoint(), Measures(), Ready()) as service:
        yield service


async def settled(stream: OutcomeStream) -> int:
    """Return how many lines were taken once no more are."""
    taken = -1
    while taken != (taken := stream._taken):
        await asyncio.sleep(0.3)
    return taken


@pytest.mark.parametrize(("limit", "bound"), [(200, 200), (1_000_000, 10_000)])
def test_nothing_more_is_read_while_outcomes_are_not(
    database_url: str, made: Founding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, bound: int
) -> None:
    """The second limit is the control: without one that matters, everything is taken though nobody reads."""
    monkeypatch.setattr(streaming, "LINES_UNDER_WAY_MAX", limit)
    parts, part = 100, b"{}\n" * 100
    read_on = asyncio.Event()
    asked = 0
    body = bytearray()

    async def receive() -> Message:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": part, "more_body": asked < parts}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await read_on.wait()
            body.extend(message["body"])

    async def stream_all() -> int:
        async with serving(made, database_url, tmp_path) as service:
            stream = OutcomeStream(service, "urn:uuid:test", WAIT_SECONDS_MAX)
            await stream.begin(receive)
            answering = asyncio.create_task(stream({"type": "http"}, receive, send))
            taken = await settled(stream)
            read_on.set()
            await answering
            return taken

    migrate(database_url)
    taken = asyncio.run(stream_all())
    assert taken == bound
    assert body.count(b"\n") == parts * 100


def test_lines_are_those_of_the_whole_body_however_it_is_cut() -> None:
    body = b"\none\n\ntwo" + b"x" * (2 * ENVELOPE_BYTES_MAX) + b"\nlast"
    whole = [line[: ENVELOPE_BYTES_MAX + 1] for line in body.split(b"\n")]
    for size in (1_000, 65_536, len(body)):
        lines = Lines()
        cut = [line for at in range(0, len(body), size) for line in lines.complete(body[at : at + size])]
        assert cut + lines.last() == whole
