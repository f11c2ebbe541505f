"""Rebuilding from zero while the old rows serve, and the switch."""

import threading
import time
from collections.abc import Sequence

import psycopg
import pytest

from projections.folding import LogCorrupt
from projections.generations import begin, serving
from projections.obligations import every_obligation
from projections.reading import Known
from projections.rebuild import RebuildRunning, rebuild
from projections.tables import REBUILD_LOCK, create_tables
from tests.audit.histories import History
from tests.postgres import ask
from tests.projections.folded import AS_OF, ListedLog, afresh, check_rows, models_of

Raws = Sequence[bytes]


@pytest.fixture(scope="module")
def raws() -> Raws:
    return History(11).run(60).entries


def number(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        found = serving(connection)
    assert found is not None
    return found.number


def test_a_rebuild_gives_the_same_rows_in_a_new_generation_and_removes_the_old(raws: Raws, database_url: str) -> None:
    heard: list[int] = []
    assert rebuild(ListedLog(raws), database_url, heard.append) == len(raws) == heard[-1]
    first = number(database_url)
    assert rebuild(ListedLog(raws), database_url, heard.append) == len(raws)
    assert number(database_url) > first
    assert ask(database_url, "SELECT count(DISTINCT generation) FROM projection_rows") == 1
    check_rows(database_url, raws, [len(raws), 20])


def test_who_reads_during_rebuilds_never_sees_a_gap_or_a_mixture(raws: Raws, database_url: str) -> None:
    rebuild(ListedLog(raws), database_url, lambda _: None)
    size = len(raws) - 10
    expected = every_obligation(Known(afresh(raws[:size]), AS_OF))
    stop, answers, failures = threading.Event(), [0], []

    def read() -> None:
        with models_of(database_url) as models:
            while not stop.is_set():
                with models.at(size) as rows:
                    before = rows.states(["ledger"])
                    # A rebuild may switch and remove the rows of this generation in between.
                    time.sleep(0.005)
                    if every_obligation(Known(rows, AS_OF)) != expected or not before:
                        failures.append(rows.generation)
                answers[0] += 1

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(5):
        rebuild(ListedLog(raws), database_url, lambda _: None)
    stop.set()
    reader.join()
    assert failures == []
    assert answers[0] > 5


def test_a_rebuild_never_takes_readers_back_behind_the_follower(raws: Raws, database_url: str) -> None:
    class Growing:
        """A log that another process goes on writing while it is being rebuilt."""

        def __init__(self) -> None:
            self.known = 20

        def entries(self, after: int, limit: int) -> list[bytes]:
            found = list(raws[after : min(self.known, after + limit)])
            if not found and self.known == 20:
                # The rebuild is level with what it knew, and meanwhile the follower went on.
                rebuild_behind()
                self.known = len(raws)
            return found

    def rebuild_behind() -> None:
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE projection_generations SET position = 25 WHERE status = 'serving'")

    rebuild(ListedLog(raws[:20]), database_url, lambda _: None)
    assert rebuild(Growing(), database_url, lambda _: None) == len(raws)
    check_rows(database_url, raws)


def test_what_an_interrupted_rebuild_left_is_removed_by_the_next(raws: Raws, database_url: str) -> None:
    rebuild(ListedLog(raws), database_url, lambda _: None)
    broken = [*raws[:30], raws[31]]
    with pytest.raises(LogCorrupt, match="entry 31"):
        rebuild(ListedLog(broken), database_url, lambda _: None)
    check_rows(database_url, raws)
    rebuild(ListedLog(raws), database_url, lambda _: None)
    assert ask(database_url, "SELECT count(*) FROM projection_generations") == 1


def test_two_rebuilds_at_once_are_refused(raws: Raws, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        create_tables(connection)
        assert begin(connection, "building") is not None
        connection.execute("SELECT pg_advisory_lock(%s)", [REBUILD_LOCK])
        with pytest.raises(RebuildRunning):
            rebuild(ListedLog(raws), database_url, lambda _: None)
