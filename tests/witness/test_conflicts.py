"""No two inconsistent cosignatures: 16 clients that hold the logs' keys, two processes on one store, and kill -9.

The oracle keeps every cosignature handed out and compares the leaves of all pairs. The same contest against a witness
whose compare-and-swap is switched off must be lost.
"""

import random
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ledger.log.note import VerifierKey
from ledger.witness.directory import STORE
from ledger.witness.protocol import StatedTree, Status, format_add_checkpoint
from ledger.witness.store import Head, Heads, WitnessStore, digest_of
from tests.witness.contenders import CLIENTS, UNANSWERED, Contest, InProcess, contend
from tests.witness.histories import leaves, proof, two_faced_log
from tests.witness.processes import OverHttp, Serving
from tests.witness.witnesses import Made, made_witness, text_of

SIZES = [(500, 2), pytest.param(10_000, 30, marks=pytest.mark.slow)]
LOGS = [two_faced_log(f"ledger.example/{name}") for name in ("a", "b", "c")]
SECONDS_MAX = 600.0

pytestmark = pytest.mark.timeout(900)


class Unswapped:
    """A store that records whatever it is given: without compare-and-swap, the table's own guard, and memory."""

    def __init__(self, made: Made) -> None:
        self._store, self._path = made.store, made.directory / STORE
        with closing(sqlite3.connect(made.directory / STORE)) as connection:
            connection.execute("DROP TRIGGER heads_only_grow")

    def trusted(self, origin: str) -> tuple[VerifierKey, ...]:
        return self._store.trusted(origin)

    def head(self, origin: str) -> Head | None:
        return self._store.head(origin)

    def head_of_digest(self, origin_digest: str) -> Head | None:
        return self._store.head_of_digest(origin_digest)

    def swap(self, expected: Head | None, tree: StatedTree, note_raw: bytes, clock: Callable[[], int]) -> Head | None:
        while True:
            forgetful = WitnessStore(self._path)
            recorded = forgetful.head(tree.origin)
            head = forgetful.swap(recorded, tree, note_raw, clock)
            if head is not None:
                return head


class Together:
    """A store at which the first two requests have both read before either goes on: the race of the specification."""

    def __init__(self, heads: Heads) -> None:
        self._heads = heads
        self._both = threading.Barrier(2)
        self._left = 2
        self.trusted, self.head_of_digest, self.swap = heads.trusted, heads.head_of_digest, heads.swap

    def head(self, origin: str) -> Head | None:
        found = self._heads.head(origin)
        if self._left:
            self._left -= 1
            self._both.wait(10)
        return found


@pytest.mark.fault
@pytest.mark.parametrize(("requests", "kills"), SIZES)
def test_no_two_inconsistent_cosignatures(
    tmp_path: Path, requests: int, kills: int, record_property: Callable[[str, object], None]
) -> None:
    seed = random.randrange(2**32)
    record_property("seed", seed)
    chance = random.Random(seed)
    made = made_witness(tmp_path / "witness", *LOGS)
    contest = Contest(requests)
    with Serving(made.directory) as one, Serving(made.directory) as other:
        threads = contend(contest, LOGS, [OverHttp([one, other], nth) for nth in range(CLIENTS)], seed)
        for kill in range(kills):
            _wait_for(contest, requests * (kill + 1) // (kills + 1))
            killed = chance.choice([one, other])
            killed.kill()
            killed.start()
        for thread in threads:
            thread.join(SECONDS_MAX)
        newest = {log.origin: OverHttp([one, other]).newest(log.origin) for log in LOGS}
    record_property("statuses", dict(contest.statuses))
    assert sum(contest.statuses.values()) == requests
    assert set(contest.statuses) <= {200, 409, 422, UNANSWERED}
    assert min(contest.statuses[status] for status in (200, 409, 422)) > requests // 50
    for _, text, lines in contest.kept:
        assert made.times(text, lines).keys() == set(made.vkeys)
    for log in LOGS:
        # Nothing that was handed out was lost, and what is shown belongs to it.
        note_raw = newest[log.origin]
        assert note_raw is not None
        cosigned = [len(log.history_of(text)) for origin, text, _ in contest.kept if origin == log.origin]
        assert len(log.history_of(text_of(note_raw))) >= max(cosigned)
        contest.kept.append((log.origin, text_of(note_raw), b""))
    assert contest.contradictions(LOGS) == []


def _wait_for(contest: Contest, begun: int) -> None:
    give_up = time.monotonic() + SECONDS_MAX
    while contest.begun < begun:
        assert time.monotonic() < give_up, "the clients make no progress"
        time.sleep(0.005)


def test_the_oracle_catches_a_witness_without_compare_and_swap(tmp_path: Path) -> None:
    made = made_witness(tmp_path / "witness", *LOGS)
    contest = Contest(200)
    reach = InProcess(made.with_heads(Unswapped(made)), digest_of)
    for thread in contend(contest, LOGS, [reach] * CLIENTS, 1):
        thread.join(SECONDS_MAX)
    assert contest.statuses[200] > 0
    assert contest.contradictions(LOGS) != []


def test_the_same_contest_with_compare_and_swap(tmp_path: Path) -> None:
    made = made_witness(tmp_path / "witness", *LOGS)
    contest = Contest(200)
    for thread in contend(contest, LOGS, [InProcess(made.witness, digest_of)] * CLIENTS, 1):
        thread.join(SECONDS_MAX)
    assert contest.statuses[200] > 0
    assert contest.contradictions(LOGS) == []


def _race(made: Made, heads: Heads) -> tuple[list[Status], list[tuple[str, tuple[int, int]]]]:
    """Ask for two growths of one tree that contradict each other, both checked before either is recorded."""
    log, five = LOGS[0], leaves(5)
    contest = Contest(3)
    made.with_heads(heads).add_checkpoint(format_add_checkpoint(0, (), log.note(five)))
    witness = made.with_heads(Together(heads))
    statuses: list[Status] = []

    def ask(history: tuple[bytes, ...]) -> None:
        answer = witness.add_checkpoint(format_add_checkpoint(5, proof(5, history), log.note(history)))
        statuses.append(answer.status)
        if answer.status is Status.COSIGNED:
            contest.kept.append((log.origin, text_of(log.note(history)), answer.body))

    small, large = five + leaves(1, "one"), five + leaves(4, "another")
    threads = [threading.Thread(target=ask, args=(history,)) for history in (small, large)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(statuses), contest.contradictions(LOGS)


def test_the_race_of_the_specification(tmp_path: Path) -> None:
    made = made_witness(tmp_path / "witness", *LOGS)
    assert _race(made, made.store) == ([Status.COSIGNED, Status.STALE], [])


def test_the_race_is_lost_without_compare_and_swap(tmp_path: Path) -> None:
    made = made_witness(tmp_path / "witness", *LOGS)
    assert _race(made, Unswapped(made)) == ([Status.COSIGNED] * 2, [(LOGS[0].origin, (6, 9))])
