"""The database goes away and comes back: nothing is half-written, and the answer says to send the same bytes again."""

import json
import time
from pathlib import Path

import pytest

from ledger.store.embedded import EmbeddedPostgres
from tests.acts import founding
from tests.api.served import NDJSON, found, near_directory, served, settings_for


@pytest.mark.timeout(120)
def test_a_submission_without_a_database_is_answered_and_may_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Shorter than in service, for the sake of the test: the longer a pool was without a server, the later it looks.
    monkeypatch.setattr("ledger.store.application.POOL_WAIT_SECONDS_MAX", 1.0)
    made = founding()
    with (
        near_directory() as near,
        EmbeddedPostgres(near) as postgres,
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
        give_up = time.monotonic() + 60
        while one.get("/readyz").status_code != 200:
            assert time.monotonic() < give_up
            time.sleep(0.1)
        assert one.tree_size() == before
        told = [json.loads(line)["outcome"] for line in one.batch(acts).text.splitlines()]
        assert told == ["admitted"] * 3
