"""The client sends what may be sent, in an order in which nothing is refused, and reads both kinds of bodies."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from tests.bench.acts import workload
from tests.bench.orders import Batches, Questions, Singles, authority_of
from tests.bench.story import strand_of
from tests.bench.wire import Answer, Line

COUNT = 1_200


def answered(body: bytes, status: int = 200) -> Answer:
    return Answer(status, b"", body, 0.0)


def admitted(count: int) -> bytes:
    return b'{"outcome":"admitted","position":1,"receipt":"r"}\n' * count


def test_single_acts_go_in_the_order_of_their_desk_and_never_two_of_one_at_once(tmp_path: Path) -> None:
    signed = workload(COUNT, tmp_path)
    order, sent, free = Singles(signed.raws(400), "/v1/events"), [], list(range(16))
    under_way: dict[int, str] = {}
    while True:
        while free and (request := order.next(free[0])) is not None:
            raw = request.partition(b"\r\n\r\n")[2]
            assert authority_of(raw) not in under_way.values()
            under_way[free.pop(0)] = authority_of(raw)
            sent.append(raw)
        if not under_way:
            break
        # The one that has waited least is answered first: the worst order there is.
        line = next(reversed(under_way))
        del under_way[line]
        assert order.take(line, answered(admitted(1), 201))
        free.append(line)
    assert sorted(sent) == sorted(signed.raws(400))
    assert order.sent == order.admitted == COUNT - 400
    for desk in {authority_of(raw) for raw in sent}:
        own = [raw for raw in signed.raws(400) if authority_of(raw) == desk]
        assert [raw for raw in sent if authority_of(raw) == desk] == own


def test_batches_of_one_connection_hold_whole_strands(tmp_path: Path) -> None:
    signed = workload(COUNT, tmp_path)
    order, strands, sent = Batches(signed.raws(400), "/v1/events", 100, 4), [], 0
    for line in range(4):
        seen = set()
        while (request := order.next(line)) is not None:
            lines = request.partition(b"\r\n\r\n")[2].splitlines()
            assert len(lines) <= 100
            seen |= {strand_of(authority_of(raw)) for raw in lines}
            sent += len(lines)
            assert order.take(line, answered(admitted(len(lines))))
        strands.append(seen)
    assert sent == order.admitted == COUNT - 400
    assert sum(map(len, strands)) == len(set.union(*strands))


def test_a_batch_with_one_act_refused_is_noticed(tmp_path: Path) -> None:
    signed = workload(COUNT, tmp_path)
    order = Batches(signed.raws(400), "/v1/events", 100, 1)
    assert order.next("line") is not None
    assert not order.take("line", answered(admitted(99) + b'{"outcome":"refused"}\n'))


def test_questions_are_asked_in_turn_with_their_headers() -> None:
    order = Questions(["/a", "/b"], [{"If-None-Match": "1"}, {}], 3)
    asked = [order.next("line") for _ in range(4)]
    assert asked[0] == asked[2] == b"GET /a HTTP/1.1\r\nHost: bench\r\nIf-None-Match: 1\r\n\r\n"
    assert asked[1] == b"GET /b HTTP/1.1\r\nHost: bench\r\n\r\n"
    assert asked[3] is None


def test_questions_end_when_their_time_is_over() -> None:
    order = Questions(["/a"], [], 1_000, seconds=-1.0)
    assert order.next("line") is None
    assert order.sent == 0


@pytest.mark.parametrize("cut", [1, 3, 1000])
def test_bodies_come_with_a_length_in_chunks_or_not_at_all(cut: int) -> None:
    came: list[Answer] = []
    line = Line(lambda _, answer: came.append(answer), lambda _: None)
    line.connection_made(cast("asyncio.BaseTransport", Written()))
    raws = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: x\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n\r\n0\r\n\r\n!!\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\netag: y\r\n\r\n",
    ]
    for raw in raws:
        line.ask(b"")
        for at in range(0, len(raw), cut):
            line.data_received(raw[at : at + cut])
    assert [(one.status, one.body) for one in came] == [(200, b"hello"), (200, b"\r\n0\r\n\r\n!!abc"), (304, b"")]
    assert [one.header(b"etag") for one in came] == [b"x", b"", b"y"]


class Written:
    """Takes what is written."""

    def write(self, _: bytes) -> None: ...
