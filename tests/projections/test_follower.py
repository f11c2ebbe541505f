"""Following: each entry exactly once, whoever else follows, whatever dies in between."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE

import psutil
import psycopg
import pytest

from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.store.log import StoredLog
from projections.folding import LogCorrupt
from projections.follower import Follower
from projections.generations import begin, serving
from projections.progress import Progress
from projections.tables import VERSION, create_tables
from tests.acts import Founding, founding
from tests.audit.histories import History
from tests.postgres import ask
from tests.projections.folded import check_rows, models_of

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0

# For each line that it is given it starts a process that follows for ever, and says its number.
FOLLOW_FOR_EVER = """
import os, signal, sys, time
from ledger.store.log import StoredLog
from projections.follower import Follower

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in sys.stdin:
    if os.fork() == 0:
        Follower(StoredLog(sys.argv[1]), sys.argv[1]).start()
        os.write(1, b'%d\\n' % os.getpid())  # in one piece: two of them write at once
        time.sleep(600)
"""


class Acting:
    """A log that goes on: it is founded, and then the depositary renames itself."""

    def __init__(self, log: StoredLog) -> None:
        self.log = log
        self.made: Founding = founding()
        self.intake = Intake(log, self.made.origin, [self.made.log_signer], self.made.service)
        self.submit(*self.made.raws)

    def submit(self, *raws: bytes) -> None:
        assert all(isinstance(outcome, Sealed) for outcome in self.intake.submit(raws))

    def rename(self, times: int) -> None:
        self.submit(*(self.made.depositary.renaming(f"Name {number}") for number in range(times)))

    @property
    def entries(self) -> list[bytes]:
        return self.log.entries(0, 10_000)


@pytest.fixture
def acting(stored_log: StoredLog) -> Acting:
    return Acting(stored_log)


@contextmanager
def following(log: StoredLog, dsn: str, number: int = 1) -> Iterator[list[Follower]]:
    followers = [Follower(log, dsn) for _ in range(number)]
    for follower in followers:
        follower.start()
    try:
        yield followers
    finally:
        for follower in followers:
            follower.stop()


def wait_until(what: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.01)


def test_rows_follow_what_is_there_and_what_comes(acting: Acting, database_url: str) -> None:
    with following(acting.log, database_url) as (follower,):
        wait_until(lambda: follower.position == 5)
        acting.rename(3)
        wait_until(lambda: follower.position == 8)
    check_rows(database_url, acting.entries, range(9))


def test_duplicate_followers_count_everything_once(acting: Acting, database_url: str) -> None:
    with following(acting.log, database_url, number=4) as followers:
        for _ in range(30):
            acting.rename(4)
        wait_until(lambda: all(follower.position == 125 for follower in followers))
    check_rows(database_url, acting.entries, [125, 60, 7])


def test_a_batch_that_another_wrote_first_is_let_go(acting: Acting, database_url: str) -> None:
    raws = acting.entries
    with psycopg.connect(database_url, autocommit=True) as one, psycopg.connect(database_url, autocommit=True) as other:
        create_tables(one)
        generation = begin(one, "serving")
        assert generation is not None
        assert begin(other, "serving") is None
        first, second = Progress(one, generation), Progress(other, generation)
        assert first.advance(raws[:3])
        assert not second.advance(raws[:4])
        assert first.advance(raws[3:])
    check_rows(database_url, raws)


def test_killed_followers_leave_rows_and_place_that_agree(acting: Acting, database_url: str) -> None:
    command = [sys.executable, "-u", "-c", FOLLOW_FOR_EVER, database_url]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, bufsize=0) as starting:
        assert starting.stdin is not None
        assert starting.stdout is not None
        for _ in range(6):
            starting.stdin.write(b"one\nother\n")
            pids = [int(starting.stdout.readline()) for _ in range(2)]
            assert all(map(psutil.pid_exists, pids))
            for _ in range(10):
                acting.rename(5)
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda gone=pids: not any(map(psutil.pid_exists, gone)))  # type: ignore[misc]
    with following(acting.log, database_url) as (follower,):
        wait_until(lambda: follower.position == 305)
    check_rows(database_url, acting.entries, [305, 111])


def test_a_follower_survives_the_loss_of_every_connection(acting: Acting, database_url: str) -> None:
    with following(acting.log, database_url) as (follower,):
        wait_until(lambda: follower.position == 5)
        cut = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database() "
        assert int(str(ask(database_url, cut + "AND pid <> pg_backend_pid()"))) > 0
        acting.rename(2)
        wait_until(lambda: follower.position == 7)
        assert follower.running
    check_rows(database_url, acting.entries)


def test_an_entry_that_was_changed_stops_the_rows_before_it(acting: Acting, database_url: str) -> None:
    acting.rename(3)
    with psycopg.connect(database_url) as connection:
        # What an operator with all rights over the database could do.
        connection.execute("ALTER TABLE public.entries DISABLE TRIGGER append_only")
        connection.execute("UPDATE public.entries SET state = set_byte(state, 40, 66) WHERE notification_id = 7")
    with following(acting.log, database_url) as (follower,):
        wait_until(lambda: not follower.running)
    assert follower.corrupt is not None
    assert follower.corrupt.position == 7
    with psycopg.connect(database_url) as connection:
        generation = serving(connection)
        assert generation is not None
        assert generation.place.position == 6
    check_rows(database_url, acting.entries[:6])


def test_an_entry_that_does_not_continue_the_log_is_corruption_and_writes_nothing(database_url: str) -> None:
    history = History(3)
    raws = history.run(10).entries
    with psycopg.connect(database_url, autocommit=True) as connection:
        create_tables(connection)
        generation = begin(connection, "serving")
        assert generation is not None
        progress = Progress(connection, generation)
        assert progress.advance(raws[:4])
        with pytest.raises(LogCorrupt, match="entry 5: expected position 5, got 6"):
            progress.advance(raws[5:])
        with pytest.raises(LogCorrupt, match="entry 5: expected position 5, got 4"):
            progress.advance(raws[3:])
        assert progress.place.position == 4
        assert connection.execute("SELECT count(*) FROM projection_acts").fetchone() == (4,)


def test_rows_of_another_shape_are_rebuilt_at_the_start(acting: Acting, database_url: str) -> None:
    with following(acting.log, database_url) as (follower,):
        wait_until(lambda: follower.position == 5)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE projection_generations SET version = %s", [VERSION - 1])
        connection.execute("DELETE FROM projection_rows WHERE stream = 'party/gb'")
    acting.rename(1)
    with following(acting.log, database_url) as (follower,):
        wait_until(lambda: follower.position == 6)
    check_rows(database_url, acting.entries)


def test_a_question_about_a_receipts_tree_size_waits_for_the_rows(acting: Acting, database_url: str) -> None:
    with following(acting.log, database_url), models_of(database_url) as models:
        for size in range(6, 16):
            acting.rename(1)
            with models.at(size) as rows:
                assert rows.known_at == size
