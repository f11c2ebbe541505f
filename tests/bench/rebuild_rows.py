"""The rebuild of all projections, held up between segments so that the limit is measured between them."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import psutil
import psycopg

from ledger.store.log import StoredLog
from tests.bench.ground import Ground, load, say
from tests.bench.limits import reading_and_decoding
from tests.bench.measured import Goal, Round, Row
from tests.bench.processes import Failed, Memory, environment, gledger, kill_tree, tree

POLL_SECONDS: Final = 0.01
SEGMENTS_A_ROUND: Final = 2
ENDED: Final = "rebuilt from"


def rebuild(ground: Ground) -> Row:
    """Rebuild everything by `gledger rebuild`, beside reading and decoding every entry on one core.

    The ledger runs meanwhile, as it would. Between two segments the rebuild is stopped (SIGSTOP) while the limit is
    measured, on the segment that was just rebuilt.
    """
    ground.settle()
    load_before, segments = load(), ground.scale.rounds * SEGMENTS_A_ROUND
    ends = [ground.at * number // segments for number in range(1, segments + 1)]
    url = ground.database_url
    rounds, total, first = [], 0.0, 0
    process = subprocess.Popen(
        gledger("rebuild"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment({"DATABASE_URL": url}),
    )
    try:
        with Memory(process.pid) as memory, psycopg.connect(url, autocommit=True) as connection, StoredLog(url) as log:
            (after,) = connection.execute("SELECT max(generation) FROM projection_generations").fetchone() or (0,)
            for end in ends:
                began = time.perf_counter()
                reached = _wait(process, connection, after, end)
                seconds = time.perf_counter() - began
                total += seconds
                with stopped(process.pid):
                    size = min(ground.scale.verified, reached - first)
                    limit = size / reading_and_decoding(log, reached - size, reached)
                rounds.append(Round(1e6 * limit / size, 1e6 * seconds / (reached - first)))
                say(f"rebuilt {reached}: {rounds[-1].ours:.0f} us an entry, {rounds[-1].limit:.0f} to read and decode")
                first = reached
                if reached >= ground.at:
                    break
            began = time.perf_counter()
            said, _ = process.communicate(timeout=600)
            total += time.perf_counter() - began
    finally:
        if process.poll() is None:
            kill_tree(process)
    if process.returncode != 0 or ENDED not in said:
        raise Failed(f"the rebuild ended with {process.returncode}: {said[-1000:]}")
    return Row(
        name="rebuild of all projections",
        ours="µs an entry, `gledger rebuild`, the ledger running",
        limit="µs to read an entry from PostgreSQL and decode it, one core",
        unit="µs",
        rounds=tuple(rounds),
        figures={"seconds": total, "memory_mb": memory.peak_mb},
        goals=(Goal("ratio", "≤", 3), Goal("memory_mb", "≤", 1000)),
        entries=ground.at,
        notes=(
            f"A round is a segment of {ground.at // segments:,} entries; the rebuild is stopped while the limit of the"
            " segment is measured. The first includes the start of the program.",
        ),
        load_before=load_before,
    )


def _wait(process: "subprocess.Popen[str]", connection: psycopg.Connection, after: int, end: int) -> int:
    """Wait until the rows that come after the generation `after` have got to `end`; return where they are."""
    while process.poll() is None:
        row = connection.execute(
            "SELECT position FROM projection_generations WHERE generation > %s ORDER BY generation DESC LIMIT 1",
            [after],
        ).fetchone()
        if row is not None and row[0] >= end:
            return int(row[0])
        time.sleep(POLL_SECONDS)
    return end


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Hold up a process and those that it started."""
    held = tree(pid)
    for one in held:
        with suppress(psutil.NoSuchProcess):
            one.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for one in held:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGCONT)
