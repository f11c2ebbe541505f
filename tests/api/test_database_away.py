"""The database goes away and comes back: nothing is half-written, and the answer says to send the same bytes again."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.store.embedded import EmbeddedPostgres
from tests.acts import founding
from tests.api.served import NDJSON, Served, found, served, settings_for

TOLD_SECONDS_MAX = 2.5
"""One second of waiting for a connection, and what a busy machine takes."""

BACK_SECONDS_MAX = 3.0
OUTAGE_SECONDS = 8.0
"""Long enough that a pool which doubles its waits would look again only seconds after the database is back."""


@pytest.mark.timeout(120)
def test_a_submission_without_a_database_is_answered_and_may_be_repeated(
    own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    made = founding()
    with (
        own_postgres as postgres,
        served(settings_for(made, postgres.dsn, tmp_path)) as one,
    ):
        found(one, made)
        before = one.tree_size()
        acts = [made.depositary.renaming(f"Name {number}", subject="gb") for number in range(3)]
        postgres.stop()
        for headers in ({"Content-Type": "application/json"}, NDJSON):
            answer = one.post(acts[0], headers)
            assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable"), answer.text
            assert int(answer.headers["retry-after"]) > 0
            assert "postgres" not in answer.text
            assert "Traceback" not in answer.text
        reading = one.get("/v1/entries/1")
        assert (reading.status_code, reading.json()["code"]) == (503, "database_unavailable")
        ready = one.get("/readyz")
        assert (ready.status_code, ready.json()["code"]) == (503, "not_ready")
        # What needs no database goes on.
        assert one.get("/healthz").status_code == 200
        assert one.get("/v1/refusals").status_code == 200
        postgres.start()
        give_up = time.monotonic() + BACK_SECONDS_MAX
        while one.get("/readyz").status_code != 200:
            assert time.monotonic() < give_up
            time.sleep(0.1)
        assert one.tree_size() == before
        told = [json.loads(line)["outcome"] for line in one.batch(acts).text.splitlines()]
        assert told == ["admitted"] * 3


def _asked_at_once(one: Served) -> list[int]:
    """Return what many clients are told at the same moment, each soon enough."""

    def ask(number: int) -> int:
        begun = time.monotonic()
        status = one.get(f"/v1/{('entries/1', 'guarantors', 'ledger')[number % 3]}").status_code
        assert time.monotonic() - begun < TOLD_SECONDS_MAX
        return status

    with ThreadPoolExecutor(12) as clients:
        return list(clients.map(ask, range(12)))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("is_asked_meanwhile", [True, False])
def test_an_outage_is_told_at_once_and_over_as_soon_as_the_database_is_back(
    own_postgres: EmbeddedPostgres, tmp_path: Path, is_asked_meanwhile: bool
) -> None:
    made = founding()
    with (
        own_postgres as postgres,
        served(settings_for(made, postgres.dsn, tmp_path)) as one,
    ):
        found(one, made)
        # Every connection is in use once, so that all of them are dead when the database is back.
        assert set(_asked_at_once(one)) == {200}
        postgres.stop()
        give_up = time.monotonic() + OUTAGE_SECONDS
        # Until the follower hears of it, a moment later, an answer that was given before is given again.
        assert 503 in _asked_at_once(one)
        while is_asked_meanwhile and time.monotonic() < give_up:
            assert set(_asked_at_once(one)) == {503}
        time.sleep(max(0.0, give_up - time.monotonic()))
        postgres.start()
        give_up = time.monotonic() + BACK_SECONDS_MAX
        while one.get("/readyz").status_code != 200:
            assert time.monotonic() < give_up
            time.sleep(0.05)
        assert set(_asked_at_once(one)) == {200}
        # The follower too: what is recorded now is soon known.
        assert one.post(made.depositary.renaming(subject="gb")).status_code == 201
        while one.get("/readyz").json()["projection_position"] != one.tree_size():
            assert time.monotonic() < give_up + 1.0
            time.sleep(0.05)
