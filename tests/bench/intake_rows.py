"""Acts on their way in: batches, and single ones of many clients; and how the projections follow."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

import psycopg

from tests.bench.client import Job, Told
from tests.bench.ground import Ground, lag, load, say
from tests.bench.lagging import Watch, lags_seconds
from tests.bench.limits import keys_of, signed_of, verification
from tests.bench.measured import Goal, Round, Row, quantile
from tests.bench.processes import Memory

CONNECTIONS: Final = 4
"""Batches that are under way at once."""

CLIENTS: Final = 64
LINES_MAX: Final = 1_000


def fill(ground: Ground, stops: Callable[[int], None]) -> tuple[Row, Row]:
    """Submit acts in batches until the log has its size; `stops` is called at each of the sizes of growth.

    Returns the row of the intake and that of the lag. Between two segments, the limit is measured anew.
    """
    scale = ground.scale
    founding = len(ground.workload.founded.raws)
    ready = signed_of(ground.workload.raws(founding, founding + scale.verified), keys_of(ground.workload.seed))
    if ground.at == 0:
        ground.submit(founding, send="batches", connections=1)
    limits, tolds, seen, behind = [verification(ready)], [], [], []
    load_before = load()
    assert ground.server is not None
    memory_mb = 0.0
    for last in _ends(ground):
        with Memory(ground.server.pid) as memory, Watch(ground.database_url) as watch:
            tolds.append(ground.submit(last - ground.at, send="batches", connections=CONNECTIONS, lines=_lines(ground)))
        memory_mb = max(memory_mb, memory.peak_mb)
        seen.append(lags_seconds(watch.seen))
        limits.append(verification(ready))
        with psycopg.connect(ground.database_url) as connection:
            behind.append(lag(connection))
        say(f"{last} acts: {tolds[-1].sent / tolds[-1].seconds:,.0f} a second, {behind[-1]} without rows")
        if last in scale.sizes:
            stops(last)
    rounds = tuple(
        Round((before + after) / 2, told.sent / told.seconds)
        for (before, after), told in zip(pairwise(limits), tolds, strict=True)
    )
    caught_up = ground.settle()
    return (
        _intake_row(ground, rounds, tolds, memory_mb, load_before),
        _lag_row(ground, sorted(one for some in seen for one in some), max(behind), caught_up, load_before),
    )


def _lines(ground: Ground) -> int:
    """Return how many acts a batch has: so many that each connection sends several in a segment."""
    return max(50, min(LINES_MAX, ground.scale.segment // (4 * CONNECTIONS)))


def _ends(ground: Ground) -> Iterator[int]:
    """Yield where the segments end: at each size, and every `segment` acts between."""
    last_end = 0
    for size in ground.scale.sizes:
        while last_end < size:
            last_end = min(size, (last_end // ground.scale.segment + 1) * ground.scale.segment)
            if last_end > ground.at:
                yield last_end


def _intake_row(ground: Ground, rounds: tuple[Round, ...], tolds: list[Told], memory_mb: float, load: float) -> Row:
    busy = sum(told.busy for told in tolds)
    return Row(
        name="batch intake over HTTP",
        ours=f"acts a second, batches of {_lines(ground):,}, {CONNECTIONS} under way, receipts returned",
        limit="Ed25519 verifications a second, one core",
        rounds=rounds,
        figures={
            "p50_ms": max(told.p50_ms for told in tolds),
            "p99_ms": max(told.p99_ms for told in tolds),
            "memory_mb": memory_mb,
            "client_cpu_share": sum(told.cpu_share * told.seconds for told in tolds) / sum(t.seconds for t in tolds),
            "bytes_received_per_act": sum(told.bytes_received for told in tolds) / sum(told.sent for told in tolds),
            "busy_answers": float(busy),
        },
        goals=(Goal("ratio", "≥", 0.5),),
        entries=ground.at,
        notes=(f"A round is a segment of {ground.scale.segment:,} acts; the limit is measured between the segments.",),
        load_before=load,
    )


def _lag_row(ground: Ground, lags: list[float], behind: int, caught_up: float, load: float) -> Row:
    return Row(
        name="projection lag",
        ours="age of the oldest entry without rows, under full intake",
        unit="s",
        figures={
            "p50_s": quantile(lags, 0.5),
            "p99_s": quantile(lags, 0.99),
            "largest_s": lags[-1],
            "entries_behind_at_the_end_of_a_segment": float(behind),
            "caught_up_s": caught_up,
        },
        goals=(Goal("p99_s", "≤", 1.0),),
        entries=ground.at,
        notes=("`caught up`: seconds from the last act to rows of everything.",),
        load_before=load,
    )


def singles(ground: Ground) -> Row:
    """Submit acts one in a request from many clients, beside a handler that only reads such requests."""
    scale, rounds, tolds = ground.scale, [], []
    load_before = load()
    ground.settle()
    with ground.plain() as url:
        for _ in range(scale.rounds):
            limit = ground.do(
                Job(
                    url=url,
                    send="singles",
                    connections=CLIENTS,
                    acts=str(ground.workload.path),
                    first=ground.at,
                    last=ground.at + scale.singles,
                    to="/read",
                )
            )
            told = ground.submit(scale.singles, send="singles", connections=CLIENTS)
            rounds.append(Round(limit.sent / limit.seconds, told.sent / told.seconds))
            tolds.append(told)
    return Row(
        name="single submissions",
        ours=f"acts a second, {CLIENTS} keep-alive clients",
        limit="requests a second to a handler that only reads the body, same server and clients",
        rounds=tuple(rounds),
        figures={
            "p50_ms": max(told.p50_ms for told in tolds),
            "p99_ms": max(told.p99_ms for told in tolds),
            "client_cpu_share": max(told.cpu_share for told in tolds),
        },
        goals=(Goal("ratio", "≥", 0.33), Goal("p99_ms", "≤", 50), Goal("p50_ms", "≤", 15)),
        entries=ground.at,
        notes=("p50 and p99 are those of the worst round.",),
        load_before=load_before,
    )
