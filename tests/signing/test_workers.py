"""Worker processes: the results of one process in the same order, and no end that leaves anybody waiting."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import wait
from itertools import count
from pathlib import Path
from threading import Thread

import psutil
import pytest

from ledger.events.refusals import Refusal, Rejected
from ledger.log.errors import EntryMalformed
from ledger.signing.workers import Workers, WorkersLost
from tests.conftest import REPOSITORY
from tests.signing import chunks

SECONDS_MAX = 30
"""What takes longer hangs."""

STARTS = f"""
import sys, time
sys.path.insert(0, {str(REPOSITORY)!r})
from ledger.signing.workers import Workers
from tests.signing import chunks
"""


@pytest.fixture(scope="module")
def pair() -> Iterator[Workers]:
    with Workers(2) as workers:
        yield workers


def ids(workers: Workers) -> set[int]:
    """Return the process ids of all workers, started if they were not. Others may have workers beside them."""
    said = set(workers.map(chunks.slept_id, [0.05] * 2 * workers.count, ahead=2 * workers.count))
    return said & {one.pid for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_results_come_in_the_order_of_the_chunks(number: int) -> None:
    with Workers(number) as workers:
        assert list(workers.map(chunks.squared, range(20), ahead=5)) == [one * one for one in range(20)]
        assert list(workers.map(chunks.squared, [], ahead=5)) == []


def test_the_first_chunk_takes_longest_and_still_comes_first(pair: Workers) -> None:
    seconds = [0.3, 0.0, 0.0, 0.0]
    assert list(pair.map(chunks.slept, seconds, ahead=4)) == seconds


def test_no_more_chunks_are_drawn_than_are_under_way(pair: Workers) -> None:
    drawn = count()
    results = pair.map(chunks.squared, drawn, ahead=3)
    assert [next(results) for _ in range(4)] == [0, 1, 4, 9]
    assert next(drawn) == 4 + 3 - 1


def test_the_work_is_done_in_other_processes_and_without_workers_in_this_one(pair: Workers) -> None:
    assert set(pair.map(chunks.own_id, range(8), ahead=8)) <= ids(pair)
    assert os.getpid() not in ids(pair)
    assert set(Workers(0).map(chunks.own_id, range(3), ahead=1)) == {os.getpid()}


@pytest.mark.parametrize("number", [0, 1])
def test_what_the_work_raises_is_raised_where_its_result_would_have_come(number: int) -> None:
    with Workers(number) as workers:
        results = workers.map(chunks.slept, [0.0, -1.0, 0.0], ahead=3)
        assert next(results) == 0.0
        with pytest.raises(ValueError, match="non-negative"):
            next(results)
        with pytest.raises(Rejected) as rejected:
            workers.result(workers.submit(chunks.rejecting, "nothing"))
        assert rejected.value.refused.refusal is Refusal.NOT_JSON
        assert rejected.value.refused.got == "nothing"
        with pytest.raises(EntryMalformed, match="expected an entry; got nothing"):
            workers.result(workers.submit(chunks.malformed, "nothing"))


def test_numbers_that_make_no_sense_are_refused(pair: Workers) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Workers(-1)
    with pytest.raises(ValueError, match="at least one chunk"):
        next(pair.map(chunks.squared, [1], ahead=0))


def test_a_worker_that_was_killed_is_said_and_the_next_use_starts_others(pair: Workers) -> None:
    before = ids(pair)
    with pytest.raises(WorkersLost, match="one of them ended before"):
        list(pair.map(chunks.killed, [None], ahead=1))
    assert list(pair.map(chunks.squared, range(5), ahead=5)) == [0, 1, 4, 9, 16]
    assert not before & ids(pair)


def test_a_worker_that_was_killed_while_idle_costs_nothing(pair: Workers) -> None:
    os.kill(min(ids(pair)), signal.SIGKILL)
    deadline = time.monotonic() + SECONDS_MAX
    # In the blink before the pool has noticed, work may still be handed to it.
    while time.monotonic() < deadline:
        try:
            assert list(pair.map(chunks.squared, range(5), ahead=5)) == [0, 1, 4, 9, 16]
            return
        except WorkersLost:
            continue
    pytest.fail("no worker came back")


def test_a_worker_that_was_killed_in_the_middle_of_its_answer_leaves_nobody_waiting() -> None:
    with Workers(2) as workers:
        assert list(workers.map(chunks.squared, range(4), ahead=4)) == [0, 1, 4, 9]
        future = workers.submit(chunks.half_an_answer, 1 << 20)
        assert wait([future], SECONDS_MAX).done
        with pytest.raises(WorkersLost):
            workers.result(future)
        assert list(workers.map(chunks.squared, range(4), ahead=4)) == [0, 1, 4, 9]


def test_several_threads_lose_the_same_workers_and_each_goes_on_by_itself(pair: Workers, tmp_path: Path) -> None:
    """Nobody who has begun again is disturbed by another who hears of the loss later."""
    done: list[str] = []

    def work(name: str) -> None:
        for _ in range(SECONDS_MAX):
            try:
                done.extend(list(pair.map(chunks.killed_once, [str(tmp_path / name)], ahead=1)))
                return
            except WorkersLost:
                continue

    threads = [Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS_MAX)
    assert sorted(done) == [str(tmp_path / name) for name in "abc"]


def test_closed_in_the_middle_of_work(pair: Workers) -> None:
    ids(pair)
    futures = [pair.submit(chunks.slept, 0.2) for _ in range(12)]
    while not futures[0].running():
        time.sleep(0.01)
    pair.close()
    outcomes = [outcome_of(pair, future) for future in futures]
    # What had begun is finished; the rest is said to be left undone, and nothing is left hanging.
    assert outcomes == sorted(outcomes)
    assert outcomes[0] == "0.2"
    assert outcomes[-1] == "lost"
    assert list(pair.map(chunks.squared, range(3), ahead=3)) == [0, 1, 4]


def outcome_of(workers: Workers, future: object) -> str:
    try:
        return str(workers.result(future))  # type: ignore[arg-type]
    except WorkersLost:
        return "lost"


def test_closing_ends_the_processes() -> None:
    others = {one.pid for one in psutil.Process().children()}
    workers = Workers(2)
    workers.close()
    own = ids(workers) - others
    workers.close()
    workers.close()
    assert len(own) == 2
    assert not any(map(psutil.pid_exists, own))


def test_results_that_nobody_takes_are_left_undone(pair: Workers, tmp_path: Path) -> None:
    marks = [str(tmp_path / f"{number:02}") for number in range(40)]
    results = pair.map(chunks.marked_slowly, marks, ahead=40)
    assert next(results) == marks[0]
    results.close()  # type: ignore[attr-defined]
    pair.close()
    assert 1 <= len(list(tmp_path.iterdir())) < 10


def test_workers_are_deaf_to_what_a_terminal_or_a_service_manager_says_to_all(pair: Workers) -> None:
    before = ids(pair)
    for one in before:
        os.kill(one, signal.SIGINT)
        os.kill(one, signal.SIGTERM)
    assert list(pair.map(chunks.squared, range(5), ahead=5)) == [0, 1, 4, 9, 16]
    assert ids(pair) == before


def test_a_worker_imports_what_its_work_needs_and_nothing_of_the_program(pair: Workers) -> None:
    roots = ("pytest", "_pytest", "hypothesis", "ledger")
    modules = pair.result(pair.submit(chunks.loaded, roots))
    assert "ledger.signing.workers" in modules
    assert not [name for name in modules if not name.startswith(("ledger.signing", "ledger.events", "ledger.log"))][1:]


def test_work_of_the_program_itself_is_refused_before_it_costs_a_worker(pair: Workers) -> None:
    def own(number: int) -> int:
        return number

    own.__module__ = "__main__"
    with pytest.raises(ValueError, match="of the program itself"):
        pair.submit(own, 1)


def ran(program: str, *, stdin: bool = False) -> subprocess.CompletedProcess[str]:
    command, given = ([sys.executable, "-"], program) if stdin else ([sys.executable, program], None)
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)


@pytest.mark.parametrize("stdin", [False, True])
def test_a_program_that_does_not_ask_whether_it_is_the_main_one_runs_once(tmp_path: Path, stdin: bool) -> None:
    program = STARTS + "print('once', list(Workers(1).map(chunks.squared, range(3), ahead=1)))"
    script = tmp_path / "program.py"
    script.write_text(program)
    done = ran(program if stdin else str(script), stdin=stdin)
    assert (done.stdout, done.stderr, done.returncode) == ("once [0, 1, 4]\n", "", 0)


def started(tmp_path: Path, body: str) -> "subprocess.Popen[str]":
    script = tmp_path / "program.py"
    script.write_text(STARTS + body)
    return subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def said(lines: Iterable[str] | None) -> str:
    assert lines is not None
    return next(iter(lines))


@pytest.mark.parametrize("under_way", ["slept, [60.0] * 4", "own_id, range(4)"])
def test_workers_go_when_their_parent_was_killed(tmp_path: Path, under_way: str) -> None:
    body = f"""
workers = Workers(2)
print(list(workers.map(chunks.slept, [0.0] * 4, ahead=4)), flush=True)
futures = [workers.submit(chunks.{under_way.split(",")[0]}, one) for one in {under_way.partition(", ")[2]}]
time.sleep(60)
"""
    program = started(tmp_path, body)
    said(program.stdout)
    family = psutil.Process(program.pid).children(recursive=True)
    assert sum("spawn_main" in " ".join(one.cmdline()) for one in family) == 2
    program.kill()
    # Whoever is left would hold this pipe open: its end is the end of all of them.
    out, err = program.communicate(timeout=SECONDS_MAX)
    assert (out, program.returncode) == ("", -signal.SIGKILL)
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("delay_s", [0.0, 0.3])
def test_a_signal_to_the_whole_group_is_answered_by_the_parent_alone(
    tmp_path: Path, number: signal.Signals, delay_s: float
) -> None:
    """While the workers start, and while they work: what has begun is finished, and nobody leaves a traceback."""
    body = """
import signal
stopped = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: stopped.append(number))
with Workers(2) as workers:
    futures = [workers.submit(chunks.slept, 0.4) for _ in range(2)]
    print("begun", flush=True)
    print([workers.result(one) for one in futures], len(stopped))
"""
    program = started(tmp_path, body)
    said(program.stdout)
    time.sleep(delay_s)
    os.killpg(program.pid, number)
    out, err = program.communicate(timeout=SECONDS_MAX)
    assert (out, err, program.returncode) == ("[0.4, 0.4] 1\n", "", 0)
