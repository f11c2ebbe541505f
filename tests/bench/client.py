"""The client: a process of its own, told by one line of JSON what to send, that answers with one line what came of it.

Everything that is sent is made before the clock starts, and the clock stops with the last answer. `cpu_share` is the
part of one core that this process took meanwhile: near 1 it would be the client that was measured.
"""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
import uvloop
from msgspec import Struct

from tests.bench.measured import quantile
from tests.bench.orders import Batches, Order, Questions, Singles
from tests.bench.wire import Answer, Line

RETRY_SECONDS: Final = 0.02
SECONDS_MAX: Final = 1800.0


class Job(Struct, frozen=True, kw_only=True):
    """What to do. Acts are lines `first` (from 0) to before `last` of the file `acts`; `paths` are asked in turn.

    `send`: acts in batches of `lines`, or one in each request, or questions: `last` of them, or what `seconds_max` are
    enough for. Over `connections` connections; `to`: where acts go. `headers` are those of each of `paths`.
    `until_lost`: the server may go away.
    """

    url: str
    send: Literal["batches", "singles", "questions"]
    connections: int
    acts: str = ""
    first: int = 0
    last: int = 0
    lines: int = 1000
    to: str = "/v1/events"
    paths: tuple[str, ...] = ()
    headers: tuple[dict[str, str], ...] = ()
    seconds_max: float = 1e9
    until_lost: bool = False
    expected: tuple[int, ...] = (200, 201)


class Told(Struct, frozen=True, kw_only=True):
    """What came of it. `sent` acts or questions; times of requests in ms; `receipts`: some of the acts and theirs."""

    sent: int
    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_share: float
    bytes_received: int
    busy: int
    admitted: int
    receipts: tuple[tuple[int, str], ...] = ()
    lost: bool = False
    failure: str = ""


class Client:
    """Runs one job over its connections."""

    def __init__(self, job: Job, order: Order) -> None:
        self._job = job
        self._order = order
        self._done = asyncio.get_running_loop().create_future()
        self._under_way: dict[Line, bytes] = {}
        self._idle: list[Line] = []
        self._seconds: list[float] = []
        self._received = 0
        self._busy = 0
        self._failure = ""
        self._lost = False

    async def run(self) -> Told:
        address = urlsplit(self._job.url)
        assert address.hostname is not None
        assert address.port is not None
        loop = asyncio.get_running_loop()
        lines: list[Line] = []
        for _ in range(self._job.connections):
            _, line = await loop.create_connection(lambda: Line(self._told, self._gone), address.hostname, address.port)
            lines.append(line)
        began, cpu_before = time.perf_counter(), time.process_time()
        self._idle = lines
        self._start()
        await asyncio.wait_for(self._done, SECONDS_MAX)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_before
        self._done = asyncio.get_running_loop().create_future()
        for line in lines:
            line.close()
        times = sorted(self._seconds) or [0.0]
        return Told(
            sent=self._order.sent,
            requests=len(self._seconds),
            seconds=seconds,
            p50_ms=1e3 * quantile(times, 0.5),
            p99_ms=1e3 * quantile(times, 0.99),
            cpu_share=cpu / seconds,
            bytes_received=self._received,
            busy=self._busy,
            admitted=self._order.admitted,
            receipts=tuple(self._order.receipts),
            lost=self._lost,
            failure=self._failure,
        )

    def _start(self) -> None:
        """Give each idle connection the next request that may go now."""
        waiting: list[Line] = []
        for line in self._idle:
            request = self._order.next(line)
            if request is None:
                waiting.append(line)
            else:
                self._under_way[line] = request
                line.ask(request)
        self._idle = waiting
        if not self._under_way and not self._done.done():
            self._done.set_result(None)

    def _told(self, line: Line, answer: Answer) -> None:
        self._received += len(answer.body)
        if answer.status in (429, 503):
            self._busy += 1
            asyncio.get_running_loop().call_later(
                float(answer.header(b"retry-after") or RETRY_SECONDS), lambda: line.ask(self._under_way[line])
            )
            return
        self._seconds.append(answer.seconds)
        if answer.status not in self._job.expected or not self._order.take(line, answer):
            self._fail(f"{answer.status} {answer.body[:600]!r}")
            return
        del self._under_way[line]
        self._idle.append(line)
        self._start()

    def _gone(self, line: Line) -> None:
        if self._done.done() or line in self._idle:
            return
        self._lost = True
        self._fail("" if self._job.until_lost else "a connection was lost")

    def _fail(self, why: str) -> None:
        self._failure = self._failure or why
        if not self._done.done():
            self._done.set_result(None)


def raws_of(job: Job) -> Iterator[bytes]:
    """Yield the acts of a job."""
    with Path(job.acts).open("rb") as file:
        for line in islice(file, job.first, job.last):
            yield line[:-1]


def order_of(job: Job) -> Order:
    """Return what a job sends, made ready."""
    match job.send:
        case "batches":
            return Batches(raws_of(job), job.to, job.lines, job.connections)
        case "singles":
            return Singles(raws_of(job), job.to)
        case "questions":
            return Questions(job.paths, job.headers, job.last, job.seconds_max)


async def _run(job: Job) -> Told:
    return await Client(job, order_of(job)).run()


def main(arguments: Sequence[str]) -> None:
    """Do the job of the first line of standard input."""
    job = msgspec.json.decode(sys.stdin.readline() if not arguments else arguments[0], type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_run(job))) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1:])
