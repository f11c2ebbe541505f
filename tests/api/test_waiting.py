"""When the log is held up: nobody waits for ever, nobody is lied to, and what was sent is found again."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from api import submissions
from ledger.intake.committer import QUEUE_MAX
from tests.acts import Founding
from tests.api.served import NDJSON, Served

HELD_SECONDS_MAX = 15.0


@contextmanager
def held_head(ledger: Served) -> Iterator[psycopg.Connection]:
    """Hold the head of the log, as a process does that appends."""
    with psycopg.connect(ledger.settings.database_url) as connection:
        connection.execute("SELECT tree_size FROM head FOR UPDATE")
        yield connection
        connection.rollback()


def blocked(connection: psycopg.Connection) -> None:
    """Wait until somebody waits for the lock that `connection` holds."""
    give_up = time.monotonic() + HELD_SECONDS_MAX
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while connection.execute(query).fetchone() == (0,):
        assert time.monotonic() < give_up
        # What one transaction sees of the statistics does not change unless it asks for it.
        connection.execute("SELECT pg_stat_clear_snapshot()")
        time.sleep(0.02)


def test_an_outcome_that_does_not_come_is_unknown_and_is_found_by_asking_again(
    ledger: Served, made: Founding, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = made.depositary.renaming("Late", subject="gb")
    before = ledger.tree_size()
    with held_head(ledger), monkeypatch.context() as patched:
        patched.setattr(submissions, "OUTCOME_SECONDS_MAX", 0.3)
        answer = ledger.post(act)
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
    assert answer.headers["retry-after"] == "1"
    assert ledger.post(act).json()["outcome"] == "duplicate"
    assert ledger.tree_size() == before + 1


def test_reads_do_not_wait_for_an_append(ledger: Served) -> None:
    with held_head(ledger):
        for path in ("/v1/ledger", "/v1/entries", "/v1/checkpoint", "/v1/authorities/gb/principal/next", "/readyz"):
            assert ledger.get(path).status_code == 200


def test_more_than_can_wait_is_told_to_come_back(ledger: Served, made: Founding) -> None:
    act = made.depositary.renaming("First in the queue", subject="gb")
    batch = b"{}\n" * 1000

    def post(body: bytes) -> httpx.Response:
        return httpx.post(f"{ledger.url}/v1/events", content=body, headers=NDJSON, timeout=60)

    with ThreadPoolExecutor(QUEUE_MAX // 1000 + 6) as clients:
        with held_head(ledger) as connection:
            first = clients.submit(post, act)
            blocked(connection)
            others = [clients.submit(post, batch) for _ in range(QUEUE_MAX // 1000 + 4)]
            give_up = time.monotonic() + HELD_SECONDS_MAX
            while not any(one.done() for one in others):
                assert time.monotonic() < give_up
                time.sleep(0.02)
        answers = [one.result() for one in others]
    assert json.loads(first.result().text)["outcome"] == "admitted"
    assert {answer.status_code for answer in answers} == {200, 429}
    turned_away = [answer for answer in answers if answer.status_code == 429]
    assert all(answer.json()["code"] == "busy" and int(answer.headers["retry-after"]) > 0 for answer in turned_away)
    served = [answer for answer in answers if answer.status_code == 200]
    assert all(len(answer.text.splitlines()) == 1000 for answer in served)
