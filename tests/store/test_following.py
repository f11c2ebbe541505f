"""Following the log: each entry once, in order, whoever writes meanwhile, and no waiting for ever."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from ledger.intake.intake import Intake
from ledger.log.entry import parse_entry
from ledger.store.application import EntrySubscription, LedgerApplication
from ledger.store.errors import StoreUnavailable
from ledger.store.log import Following, StoredLog
from tests.intake.ledgers import Ledger, found

BATCHES = 60
PATIENCE_SECONDS = 60.0


@pytest.fixture
def ledger(stored_log: StoredLog, database_url: str) -> Ledger:
    return found(stored_log, database_url)


@contextmanager
def patience(following: Following) -> Iterator[None]:
    """Stop following what does not come, so that a test fails instead of waiting."""
    timer = threading.Timer(PATIENCE_SECONDS, following.stop)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def follow_until(log: StoredLog, after: int, last: int) -> list[int]:
    positions: list[int] = []
    with log.follow(after) as following, patience(following):
        for entries in following:
            positions += [parse_entry(entry).position for entry in entries]
            if positions[-1] >= last:
                following.stop()
    return positions


def write(ledger: Ledger, party: str) -> None:
    with StoredLog(ledger.database_url) as log:
        intake = Intake(log, ledger.founding.origin, [ledger.founding.log_signer], ledger.founding.service)
        for nth in range(BATCHES):
            # Batches of changing length, of which some are refused as a whole: those must leave no gap.
            office = ledger.office(party)
            intake.submit([office.renaming(f"{nth}-{one}") for one in range(nth % 4)])
            intake.submit([b"nonsense", office.proposed("party.renamed", subject="nobody")])


def test_nothing_is_missed_or_repeated_while_several_write(ledger: Ledger) -> None:
    parties = ("gb", "de", "fr")
    last = 5 + len(parties) * sum(nth % 4 for nth in range(BATCHES))
    with ThreadPoolExecutor(2 + len(parties)) as pool:
        early = pool.submit(follow_until, ledger.log, 0, last)
        late = pool.submit(follow_until, ledger.log, 17, last)
        for _ in pool.map(write, [ledger] * len(parties), parties):
            pass
        assert early.result() == list(range(1, last + 1))
        assert late.result() == list(range(18, last + 1))


def test_more_than_one_read_is_followed_completely(ledger: Ledger) -> None:
    offices = ["gb", "de", "fr", "ua"]
    ledger.submit(*(ledger.office(offices[nth % 4]).renaming() for nth in range(1200)))
    assert follow_until(ledger.log, 0, 1205) == list(range(1, 1206))


def test_a_follower_that_waits_can_be_stopped(ledger: Ledger) -> None:
    with ledger.log.follow(5) as following:
        stopper = threading.Timer(0.2, following.stop)
        stopper.start()
        assert list(following) == []
        stopper.join()


def test_a_new_entry_is_told_at_once(ledger: Ledger) -> None:
    with ThreadPoolExecutor(1) as pool, ledger.log.follow(5) as following:
        waiting = pool.submit(next, following)
        time.sleep(0.2)
        began = time.monotonic()
        ledger.admitted(ledger.office("gb").renaming())
        (entry,) = waiting.result(10)
        # Sooner than a follower would look by itself.
        assert time.monotonic() - began < 0.9
        assert entry == ledger.log.entry(6)


def test_a_lost_notification_is_made_up_for(ledger: Ledger) -> None:
    application = LedgerApplication(ledger.database_url)
    recorder = application.recorder
    recorder.channel_name = "elsewhere"  # type: ignore[attr-defined]
    with ThreadPoolExecutor(1) as pool, EntrySubscription(recorder, gt=5) as subscription:  # type: ignore[arg-type]
        waiting = pool.submit(subscription.next_batch)
        time.sleep(0.2)
        ledger.admitted(ledger.office("gb").renaming())
        assert [one.id for one in waiting.result(10)] == [6]
    application.close()


def test_a_lost_connection_ends_the_following_and_says_so(ledger: Ledger) -> None:
    with ThreadPoolExecutor(1) as pool, ledger.log.follow(5) as following:
        waiting = pool.submit(next, following)
        time.sleep(0.3)
        terminate_listeners(ledger.database_url)
        with pytest.raises(StoreUnavailable, match="Follow again"):
            waiting.result(30)
    ledger.admitted(ledger.office("gb").renaming())
    assert follow_until(ledger.log, 5, 6) == [6]


def terminate_listeners(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        assert ended.rowcount == 1
