"""Something fails between two steps: nothing is half-written, everybody is told, and the same bytes heal it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import LiteralString

import psycopg
import pytest

from ledger.intake.errors import SealingFailed
from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.note import NoteSigner, VerifierKey
from ledger.store.database import migrate
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.errors import StoreInconsistent, StoreUnavailable, UnsafeServer
from ledger.store.log import StoredLog
from tests.acts import log_key
from tests.intake.ledgers import Ledger, found
from tests.postgres import ask
from tests.store.embedded_servers import wait_until


@dataclass
class FailingModule:
    """A hardware module that fails the given number of times, then signs."""

    signer: NoteSigner
    failures: int
    asked: list[bytes] = field(default_factory=list)

    @property
    def vkey(self) -> VerifierKey:
        return self.signer.vkey

    def sign(self, text: bytes) -> bytes:
        self.asked.append(text)
        if len(self.asked) <= self.failures:
            raise OSError("the module does not answer")
        return self.signer.sign(text)


def test_a_crash_between_commit_and_seal_is_healed_by_the_same_bytes(ledger: Ledger) -> None:
    raws = [ledger.office("gb").renaming(), ledger.office("de").renaming()]
    module = FailingModule(ledger.founding.log_signer, failures=1)
    intake = Intake(ledger.log, ledger.founding.origin, [module], ledger.founding.service)
    with pytest.raises(SealingFailed, match="Submit the same bytes again"):
        intake.submit(raws)
    head = ledger.log.head()
    assert (head.tree_size, ledger.log.checkpoint(7)) == (7, None)
    # Others append before the first submitter comes back.
    ledger.admitted(ledger.office("fr").renaming())
    healed = ledger.keep(intake.submit(raws))
    assert [(one.position, one.duplicate) for one in healed if isinstance(one, Sealed)] == [(6, True), (7, True)]
    expected = sign_checkpoint(Checkpoint(ledger.founding.origin, 7, head.root), ledger.founding.log_signer)
    assert ledger.log.checkpoint(7) == expected
    assert ledger.submit(*raws) == healed


def test_a_start_seals_what_a_crash_left_without_checkpoint(ledger: Ledger) -> None:
    module = FailingModule(ledger.founding.log_signer, failures=1)
    with pytest.raises(SealingFailed):
        Intake(ledger.log, ledger.founding.origin, [module], ledger.founding.service).submit(
            [ledger.office("gb").renaming()]
        )
    head = ledger.log.head()
    assert ledger.log.checkpoint(head.tree_size) is None
    Intake(ledger.log, ledger.founding.origin, [ledger.founding.log_signer], ledger.founding.service)
    expected = sign_checkpoint(Checkpoint(ledger.founding.origin, 6, head.root), ledger.founding.log_signer)
    assert ledger.log.checkpoint() == expected


def test_a_checkpoint_of_another_tree_is_never_handed_out(ledger: Ledger) -> None:
    forged = sign_checkpoint(Checkpoint(ledger.founding.origin, 6, b"\x01" * 32), log_key())
    with psycopg.connect(ledger.database_url) as connection:
        connection.execute("INSERT INTO checkpoints (tree_size, note) VALUES (6, %s)", [forged])
    with pytest.raises(StoreInconsistent, match="expected a checkpoint of root"):
        ledger.one(ledger.office("gb").renaming())
    with psycopg.connect(ledger.database_url) as connection:
        connection.execute("ALTER TABLE checkpoints DISABLE TRIGGER ALL")
        connection.execute("GRANT DELETE ON checkpoints TO CURRENT_USER")
        connection.execute("DELETE FROM checkpoints WHERE tree_size = 6")


@pytest.mark.parametrize("table", ["entries", "tiles", "streams", "head", "conflicts"])
def test_a_database_error_during_a_batch_leaves_nothing_half_written(ledger: Ledger, table: str) -> None:
    office = ledger.office("gb")
    taken = office.proposed(
        "party.renamed", event_id=(first := ledger.admitted(office.renaming())).event_id, subject="gb"
    )
    raws = [ledger.office("de").renaming(), taken, ledger.office("fr").renaming()]
    before = ledger.log.head()
    with broken(ledger.database_url, table), pytest.raises(StoreInconsistent, match="broken on purpose"):
        ledger.intake.submit(raws)
    assert ledger.log.head() == before
    assert ledger.log.conflicts(first.event_id) == []
    assert ledger.check() == before.tree_size
    # What was in memory of the failed batch must not count either.
    assert [type(one).__name__ for one in ledger.submit(*raws)] == ["Sealed", "Conflict", "Sealed"]


@contextmanager
def broken(database_url: str, table: str) -> Iterator[None]:
    """Let every write to a table fail."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'broken on purpose'; END $$"
        )
        connection.execute(
            f"CREATE TRIGGER broken BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION broken()".encode()
        )
    yield
    with psycopg.connect(database_url) as connection:
        connection.execute(f"DROP TRIGGER broken ON {table}".encode())


def test_a_lost_connection_is_told_and_the_next_batch_has_a_new_one(ledger: Ledger) -> None:
    raw = ledger.office("gb").renaming()
    with psycopg.connect(ledger.database_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SELECT * FROM head FOR UPDATE")
        submitting = pool.submit(ledger.intake.submit, [raw])
        waiter = "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
        database = other.info.dbname
        wait_until(lambda: ask(ledger.database_url, waiter, database) != 0)
        ask(ledger.database_url, "SELECT pg_terminate_backend(%s)", ask(ledger.database_url, waiter, database))
        with pytest.raises(StoreUnavailable, match="Submit the same bytes again"):
            submitting.result()
    assert ledger.log.head().tree_size == 5
    assert not ledger.admitted(raw).duplicate


def test_a_head_that_is_held_too_long_is_told_and_not_waited_for_for_ever(ledger: Ledger) -> None:
    with psycopg.connect(ledger.database_url) as other:
        other.execute("SELECT * FROM head FOR UPDATE")
        with ledger.log.application.pool.connection() as connection:
            assert connection.execute("SHOW lock_timeout").fetchone() == {"lock_timeout": "20s"}
        on_every_connection(ledger.log, "SET lock_timeout = '100ms'")
        with pytest.raises(StoreUnavailable, match="LockNotAvailable"):
            ledger.intake.submit([ledger.office("gb").renaming()])


def on_every_connection(log: StoredLog, statement: LiteralString) -> None:
    pool = log.application.pool
    with ExitStack() as taken:
        for _ in range(pool.get_stats()["pool_size"]):
            taken.enter_context(pool.connection()).execute(statement)


def test_a_commit_that_would_not_be_waited_for_is_refused(ledger: Ledger) -> None:
    on_every_connection(ledger.log, "SET synchronous_commit = off")
    raw = ledger.office("gb").renaming()
    with pytest.raises(UnsafeServer, match="a receipt could outlive its entry"):
        ledger.intake.submit([raw])
    on_every_connection(ledger.log, "SET synchronous_commit = on")
    assert not ledger.admitted(raw).duplicate


@pytest.mark.fault
def test_no_receipt_for_a_commit_whose_wait_for_the_standby_was_cancelled(server: EmbeddedPostgres) -> None:
    """It is in the log of this machine only. Once the standby has it, the same bytes give the receipt."""
    migrate(server.dsn)
    with StoredLog(server.dsn) as log:
        ledger = found(log, server.dsn)
        raw = ledger.office("gb").renaming()
        set_standby(server.dsn, "nobody")
        with ThreadPoolExecutor(1) as pool:
            submitting = pool.submit(ledger.intake.submit, [raw])
            waiter = "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
            wait_until(lambda: ask(server.dsn, waiter) != 0)
            ask(server.dsn, "SELECT pg_cancel_backend(%s)", ask(server.dsn, waiter))
            with pytest.raises(StoreUnavailable, match="committed with a warning"):
                submitting.result()
        set_standby(server.dsn, "")
        assert ledger.admitted(raw).duplicate
        assert ledger.check() == 6


def set_standby(dsn: str, name: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'".encode())
        connection.execute("SELECT pg_reload_conf()")
    wait_until(lambda: ask(dsn, "SHOW synchronous_standby_names") == name)


def test_threads_of_one_process_share_an_intake(ledger: Ledger) -> None:
    parties = ("ua", "gb", "de", "fr")
    began = threading.Barrier(len(parties))

    def submit(party: str) -> list[int]:
        began.wait()
        outcomes = [ledger.intake.submit([ledger.office(party).renaming(str(nth))]) for nth in range(20)]
        return [one.position for (one,) in map(ledger.keep, outcomes) if isinstance(one, Sealed)]

    with ThreadPoolExecutor(len(parties)) as pool:
        positions = [position for mine in pool.map(submit, parties) for position in mine]
    assert sorted(positions) == list(range(6, 86))
