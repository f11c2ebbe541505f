"""kill -9 in mid-load, of who submits and of PostgreSQL: every receipt that was handed out is still true.

The oracle re-checks the whole log against the receipts that the submitter has on its own disk. A control shows that it
can tell: with commits that are not waited for, it must miss entries.
"""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from ledger.store.database import migrate
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.log import StoredLog
from tests.intake.contenders import contend
from tests.intake.ledgers import Ledger, found
from tests.store.embedded_servers import wait_until

CYCLES = [2, pytest.param(20, marks=pytest.mark.slow)]
LOAD_SECONDS = 600.0
CONTROL_CYCLES_MAX = 10

COMMITS_THAT_NOBODY_WAITS_FOR = """
CREATE FUNCTION hurry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('synchronous_commit', 'off', true); RETURN NEW; END $$;
CREATE TRIGGER hurry BEFORE UPDATE ON head FOR EACH ROW EXECUTE FUNCTION hurry();
CREATE TRIGGER hurry BEFORE INSERT ON checkpoints FOR EACH ROW EXECUTE FUNCTION hurry();
"""

pytestmark = pytest.mark.fault


@pytest.fixture
def seed(record_property: Callable[[str, object], None]) -> int:
    """What decides when is killed; shown with a failure, as every local variable is."""
    chosen = random.randrange(2**32)
    record_property("seed", chosen)
    return chosen


@pytest.mark.parametrize("cycles", CYCLES)
def test_receipts_outlive_the_submitting_process(ledger: Ledger, tmp_path: Path, cycles: int, seed: int) -> None:
    chance = random.Random(seed)
    for cycle in range(cycles):
        contender = contend(ledger.database_url, ledger.founding, tmp_path, f"life-{cycle}", LOAD_SECONDS)
        contender.wait_for_more(40)
        time.sleep(chance.uniform(0, 0.1))
        contender.kill()
        ledger.given += contender.given()
        ledger.check()


@pytest.mark.parametrize("cycles", CYCLES)
def test_receipts_outlive_the_database_server(server: EmbeddedPostgres, tmp_path: Path, cycles: int, seed: int) -> None:
    migrate(server.dsn)
    with StoredLog(server.dsn) as log:
        ledger = found(log, server.dsn)
    contender = contend(server.dsn, ledger.founding, tmp_path, "submitter", LOAD_SECONDS)
    chance = random.Random(seed)
    try:
        for _ in range(cycles):
            contender.wait_for_more(40)
            time.sleep(chance.uniform(0, 0.1))
            kill_and_restart(server)
            ledger.given = contender.given()
            ledger.check()
    finally:
        contender.kill()


def test_control_where_commits_are_not_waited_for_receipts_are_lost(server: EmbeddedPostgres, tmp_path: Path) -> None:
    migrate(server.dsn)
    with StoredLog(server.dsn) as log:
        ledger = found(log, server.dsn)
    with psycopg.connect(server.dsn) as connection:
        connection.execute(COMMITS_THAT_NOBODY_WAITS_FOR.encode())
    with pytest.raises(AssertionError, match="the entry of a receipt"):
        kill_until_something_is_lost(server, ledger, tmp_path)


def kill_until_something_is_lost(server: EmbeddedPostgres, ledger: Ledger, folder: Path) -> None:
    for cycle in range(CONTROL_CYCLES_MAX):
        contender = contend(server.dsn, ledger.founding, folder, f"control-{cycle}", LOAD_SECONDS)
        try:
            contender.wait_for_more(40)
            kill_and_restart(server)
        finally:
            contender.kill()
        ledger.given += contender.given()
        ledger.check()


def kill_and_restart(server: EmbeddedPostgres) -> None:
    os.kill(server.postmaster_pid, signal.SIGKILL)
    wait_until(lambda: not server.running)
    server.start()
