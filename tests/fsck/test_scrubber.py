"""The scrubber finds what was changed within one round while acts are submitted, says so, and lets the ledger go on."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from api.settings import SettingsError, scrub_pace
from ledger.fsck.scrubber import Pace, Scrubbed, Scrubber
from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.signing.mldsa import Mldsa44Key
from ledger.store.log import StoredLog
from tests.acts import Founding
from tests.api.served import Served, served, settings_for
from tests.fsck import damages
from tests.fsck.damages import Column, damaged
from tests.fsck.worlds import MLDSA_SEED, log_signers, record
from tests.postgres import fresh_database

PATIENCE_SECONDS = 30.0
QUICK = Pace(100_000, share_max=1.0, start_seconds=0.0, round_seconds_min=0.05, retry_seconds=0.1)
STATE = Column("entries", "state", "bytea")


@pytest.fixture(scope="module")
def recorded(postgres_server: str) -> Iterator[tuple[str, Founding]]:
    """A ledger of more than one tile, and who signs in it. Whoever damages it repairs it."""
    with fresh_database(postgres_server) as url:
        yield url, record(url, 300, seed=21)


def wait_for(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up, f"waited in vain for {what}"
        time.sleep(0.01)


@pytest.fixture
def scrubber(recorded: tuple[str, Founding]) -> Iterator[Scrubber]:
    one = Scrubber(recorded[0], QUICK)
    one.start()
    yield one
    one.stop()


def rounds_more(scrubber: Scrubber, count: int) -> Scrubbed:
    begun = scrubber.scrubbed.rounds
    wait_for(lambda: scrubber.scrubbed.rounds >= begun + count, f"{count} rounds")
    return scrubber.scrubbed


def test_an_undamaged_log_is_walked_round_and_round(scrubber: Scrubber) -> None:
    scrubbed = rounds_more(scrubber, 3)
    assert (scrubbed.findings, scrubbed.first, scrubbed.found_at) == ({}, None, 0.0)
    assert scrubbed.active
    assert scrubbed.position >= 300
    assert time.time() - scrubbed.finished_at < PATIENCE_SECONDS


@pytest.mark.parametrize(
    ("column", "row", "place"),
    [
        (STATE, (100,), ("entries", "100")),
        (Column("entries", "topic", "text"), (7,), ("entries", "7, topic")),
        (Column("tiles", "hashes", "bytea"), (1, 0), ("tiles", "1/0 hash 0")),
        (Column("head", "root", "bytea"), (True,), ("head", "the only row, root")),
    ],
    ids=lambda one: one.name if isinstance(one, Column) else "",
)
def test_damage_is_found_within_one_round_and_forgotten_when_it_is_repaired(
    recorded: tuple[str, Founding], scrubber: Scrubber, column: Column, row: tuple[object, ...], place: tuple[str, str]
) -> None:
    url, _ = recorded
    rounds_more(scrubber, 1)
    with damaged(url, column.table) as connection:
        assert damages.edit(connection, column, row)
    # One round may have passed the place already.
    scrubbed = rounds_more(scrubber, 2)
    assert scrubbed.first is not None
    assert (scrubbed.first.table, scrubbed.first.key) == place
    assert sum(scrubbed.findings.values()) == 1
    assert scrubbed.found_at > 0
    with damaged(url, column.table) as connection:
        # The change is its own opposite for bytes.
        if column.type == "bytea":
            assert damages.edit(connection, column, row)
        else:
            connection.execute("UPDATE entries SET topic = left(topic, -1) WHERE notification_id = %s", row)
    scrubbed = rounds_more(scrubber, 2)
    assert (scrubbed.findings, scrubbed.first, scrubbed.found_at) == ({}, None, 0.0)


def test_submissions_go_on_and_are_not_taken_for_damage(recorded: tuple[str, Founding], scrubber: Scrubber) -> None:
    url, made = recorded
    begun = scrubber.scrubbed.rounds
    with StoredLog(url) as log:
        intake = Intake(log, made.origin, log_signers(made), made.service)
        before = log.head().tree_size
        give_up = time.monotonic() + PATIENCE_SECONDS
        while scrubber.scrubbed.rounds < begun + 6 or log.head().tree_size < before + 40:
            assert time.monotonic() < give_up
            assert isinstance(intake.submit([made.depositary.renaming()])[0], Sealed)
    # The round that runs now may have begun before the last of them.
    scrubbed = rounds_more(scrubber, 2)
    assert scrubbed.findings == {}
    assert scrubbed.position >= before + 40


def test_one_at_a_time_works_and_the_next_takes_over(recorded: tuple[str, Founding], scrubber: Scrubber) -> None:
    rounds_more(scrubber, 1)
    second = Scrubber(recorded[0], QUICK)
    second.start()
    try:
        rounds_more(scrubber, 4)
        assert not second.scrubbed.active
        assert second.scrubbed.rounds == 0
        scrubber.stop()
        rounds_more(second, 1)
        assert second.scrubbed.active
    finally:
        second.stop()


def test_the_pace_is_kept(recorded: tuple[str, Founding]) -> None:
    """One full tile at 512 entries a second is half a second, however fast the machine is."""
    slow = Scrubber(recorded[0], replace(QUICK, entries_per_second=512))
    began = time.monotonic()
    slow.start()
    try:
        rounds_more(slow, 1)
        assert time.monotonic() - began >= 0.5
    finally:
        slow.stop()


def test_a_database_that_goes_away_is_waited_for(postgres_server: str) -> None:
    with fresh_database(postgres_server) as url:
        scrubber = Scrubber(url, QUICK)
        scrubber.start()
        try:
            rounds_more(scrubber, 1)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            assert rounds_more(scrubber, 2).findings == {}
        finally:
            scrubber.stop()


def metric(one: Served, name: str) -> float:
    (line,) = [line for line in one.get("/metrics").text.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


def test_a_finding_shows_in_readyz_and_metrics_and_the_ledger_goes_on(postgres_server: str, tmp_path: Path) -> None:
    with fresh_database(postgres_server) as url:
        made = record(url, 20, seed=22)
        settings = replace(settings_for(made, url, tmp_path), scrub=QUICK, mldsa_key=Mldsa44Key(MLDSA_SEED))
        with served(settings) as one:
            wait_for(lambda: metric(one, "gledger_scrub_rounds") >= 1, "a round")
            assert one.get("/readyz").json()["status"] == "ready"
            assert metric(one, "gledger_scrub_finding_timestamp_seconds") == 0
            with damaged(url, "entries") as connection:
                assert damages.edit(connection, STATE, (9,))
            wait_for(lambda: one.get("/readyz").json()["status"] == "degraded", "the finding")
            ready = one.get("/readyz")
            assert ready.status_code == 200
            assert ready.json()["first_finding"] == {"kind": "bytes_changed", "table": "entries", "key": "9"}
            assert metric(one, 'gledger_scrub_findings{kind="bytes_changed"}') == 1
            assert metric(one, "gledger_scrub_active") == 1
            assert time.time() - metric(one, "gledger_scrub_finding_timestamp_seconds") < PATIENCE_SECONDS
            assert one.post(made.depositary.renaming()).status_code in (200, 201)


def test_nothing_is_scrubbed_where_it_is_switched_off(postgres_server: str, tmp_path: Path) -> None:
    with fresh_database(postgres_server) as url:
        made = record(url, 8, seed=23)
        with served(replace(settings_for(made, url, tmp_path), scrub=None, mldsa_key=Mldsa44Key(MLDSA_SEED))) as one:
            assert metric(one, "gledger_scrub_active") == 0
            assert one.get("/readyz").json()["status"] == "ready"


def test_the_setting() -> None:
    assert scrub_pace({}) == Pace(200)
    assert scrub_pace({"LEDGER_SCRUB_ENTRIES_PER_SECOND": "0"}) is None
    assert scrub_pace({"LEDGER_SCRUB_ENTRIES_PER_SECOND": "5000"}) == Pace(5000)
    for text in ("-1", "many", "1.5", "10000000"):
        with pytest.raises(SettingsError):
            scrub_pace({"LEDGER_SCRUB_ENTRIES_PER_SECOND": text})
