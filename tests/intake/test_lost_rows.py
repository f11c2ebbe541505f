"""The row of a checkpoint that nobody waited for is lost with the database, and comes back to the byte.

The log has an ML-DSA key, whose signatures are never the same twice: a note that was signed again would show.
"""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import psycopg
import pytest

from ledger.intake.errors import SealingFailed
from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.log.cosignature import TimedSigner
from ledger.log.note import NoteSigner
from ledger.log.receipt import parse_receipt
from ledger.store.database import HEARD_SECONDS, migrate
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.errors import StoreUnavailable
from ledger.store.heads import HeadStore, RootAt
from ledger.store.log import StoredLog
from tests.acts import Founding, founding, mldsa_key
from tests.store.embedded_servers import wait_until

TRIES_MAX = 8
"""Now and then the server writes its log to the disk by itself before it can be killed."""

GATED_SECONDS_MAX = 20.0

pytestmark = pytest.mark.fault


@dataclass
class Ledger:
    """A log in a PostgreSQL that flushes nothing unasked, with its head store and what was received for each act."""

    server: EmbeddedPostgres
    directory: Path
    acts: Founding
    mldsa: TimedSigner
    given: list[tuple[bytes, Sealed]] = field(default_factory=list)

    @contextmanager
    def process(self, heads: HeadStore | None = None) -> Iterator[tuple[Intake, StoredLog]]:
        """Yield the intake of a process that starts now, with a head store of its own in the one directory."""
        with (
            StoredLog(self.server.dsn) as log,
            closing(heads or HeadStore(self.directory, self.acts.origin)) as kept,
        ):
            yield self.intake(log, kept), log

    def intake(self, log: StoredLog, heads: HeadStore | None) -> Intake:
        signers: list[NoteSigner] = [self.acts.log_signer, self.mldsa]
        return Intake(log, self.acts.origin, signers, self.acts.service, heads=heads)

    def submit(self, intake: Intake, raw: bytes) -> Sealed:
        (sealed,) = intake.submit([raw])
        assert isinstance(sealed, Sealed)
        self.given.append((raw, sealed))
        return sealed

    def renamed(self, intake: Intake, party: str = "gb") -> Sealed:
        return self.submit(intake, self.acts.offices[party].renaming())

    def kill(self) -> None:
        """kill -9, and start it again; no connection counts as just heard from by then."""
        os.kill(self.server.postmaster_pid, signal.SIGKILL)
        wait_until(lambda: not self.server.running)
        self.server.start()
        time.sleep(HEARD_SECONDS)

    def sizes(self) -> list[int]:
        with psycopg.connect(self.server.dsn) as connection:
            return [size for (size,) in connection.execute("SELECT tree_size FROM checkpoints ORDER BY 1").fetchall()]

    def check(self, intake: Intake) -> None:
        """Every receipt that was given is what the same bytes get now."""
        for raw, sealed in self.given:
            (again,) = intake.submit([raw])
            assert isinstance(again, Sealed)
            assert (again.receipt, again.position) == (sealed.receipt, sealed.position)


@pytest.fixture
def ledger(own_postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[Ledger]:
    mldsa = mldsa_key()
    acts = founding(further_signers=[mldsa])
    with own_postgres as server:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
            connection.execute("SELECT pg_reload_conf()")
        migrate(server.dsn)
        made = Ledger(server, tmp_path / "heads", acts, mldsa)
        with made.process() as (intake, _):
            for raw in acts.raws:
                made.submit(intake, raw)
        yield made


def lose_newest(ledger: Ledger) -> Sealed:
    """Have acts recorded until a kill right after the receipt takes the row with it; return that receipt."""
    for _ in range(TRIES_MAX):
        with ledger.process() as (intake, _):
            ledger.renamed(intake)
            sealed = ledger.renamed(intake)
            ledger.kill()
        if ledger.sizes()[-1] < sealed.tree_size:
            return sealed
    pytest.fail(f"no row was lost in {TRIES_MAX} kills: nothing was shown")


def note_of(sealed: Sealed) -> bytes:
    return parse_receipt(sealed.receipt).checkpoint_note


def test_a_start_puts_the_lost_row_back_to_the_byte(ledger: Ledger) -> None:
    sealed = lose_newest(ledger)
    # Only the newest can be lost: what came before was flushed with the entries.
    assert ledger.sizes()[-1] == sealed.tree_size - 1
    with ledger.process() as (intake, log):
        assert log.checkpoint(sealed.tree_size) == note_of(sealed)
        ledger.check(intake)


def test_control_without_the_head_store_the_receipt_would_be_another(ledger: Ledger) -> None:
    sealed = lose_newest(ledger)
    (kept,) = ledger.directory.iterdir()
    kept.unlink()
    with ledger.process() as (intake, log):
        assert log.checkpoint(sealed.tree_size) != note_of(sealed)
        with pytest.raises(AssertionError):
            ledger.check(intake)


def test_control_a_row_that_was_waited_for_is_not_lost(ledger: Ledger) -> None:
    for _ in range(3):
        with StoredLog(ledger.server.dsn) as log:
            sealed = ledger.renamed(ledger.intake(log, None))
            ledger.kill()
        assert ledger.sizes()[-1] == sealed.tree_size


def test_a_process_that_outlives_the_database_puts_it_back_with_the_next_batch(ledger: Ledger) -> None:
    with ledger.process() as (intake, log):
        sealed = lose_newest_of(ledger, intake)
        assert can_submit(intake, ledger.acts.offices["de"].renaming())
        assert log.checkpoint(sealed.tree_size) == note_of(sealed)
        ledger.check(intake)


def test_a_process_that_has_nothing_to_do_puts_it_back(ledger: Ledger) -> None:
    with ledger.process() as (intake, log):
        sealed = lose_newest_of(ledger, intake)
        assert log.checkpoint(sealed.tree_size) is None
        wait_until(lambda: can_settle(intake))
        assert log.checkpoint(sealed.tree_size) == note_of(sealed)
        ledger.check(intake)


def lose_newest_of(ledger: Ledger, intake: Intake) -> Sealed:
    """As `lose_newest`, of a process that goes on."""
    for _ in range(TRIES_MAX):
        while not can_submit(intake, raw := ledger.acts.offices["gb"].renaming()):
            pass
        ledger.submit(intake, raw)
        sealed = ledger.renamed(intake)
        ledger.kill()
        if ledger.sizes()[-1] < sealed.tree_size:
            return sealed
    pytest.fail(f"no row was lost in {TRIES_MAX} kills: nothing was shown")


def can_submit(intake: Intake, raw: bytes) -> bool:
    """Submit until the connections that died with the database are replaced."""
    for _ in range(TRIES_MAX):
        try:
            intake.submit([raw])
        except StoreUnavailable:
            continue
        return True
    return False


def can_settle(intake: Intake) -> bool:
    try:
        intake.settle()
    except StoreUnavailable:
        return False
    return True


class Gated(HeadStore):
    """A head store in a process that is held up between its commit and its seal."""

    def __init__(self, directory: Path, origin: str) -> None:
        super().__init__(directory, origin)
        self.opened = Event()
        self.opened.set()

    @contextmanager
    def held(self) -> Iterator[None]:
        assert self.opened.wait(GATED_SECONDS_MAX)
        with super().held():
            yield


def test_notes_of_batches_that_were_committed_before_any_was_sealed_are_not_lost(ledger: Ledger) -> None:
    """Three rows of which no later commit flushes any, and two slots: only the first of them may be hurried."""
    raws = [ledger.acts.offices[party].renaming() for party in ("gb", "de", "fr")]
    with ExitStack() as running, ThreadPoolExecutor(3) as pool:
        gates = [Gated(ledger.directory, ledger.acts.origin) for _ in raws]
        processes = [running.enter_context(ledger.process(gate)) for gate in gates]
        sealing = []
        for gate, (intake, log), raw in zip(gates, processes, raws, strict=True):
            before = log.head().tree_size
            gate.opened.clear()
            sealing.append(pool.submit(ledger.submit, intake, raw))
            while log.head().tree_size == before:
                time.sleep(0.01)
        for gate, sealed in zip(gates, sealing, strict=True):
            gate.opened.set()
            sealed.result(GATED_SECONDS_MAX)
        ledger.kill()
    with ledger.process() as (intake, _):
        ledger.check(intake)


def test_what_another_process_published_meanwhile_is_no_rollback(ledger: Ledger) -> None:
    gate = Gated(ledger.directory, ledger.acts.origin)
    with ledger.process(gate) as (slow, log), ledger.process() as (quick, _), ThreadPoolExecutor(1) as pool:
        gate.opened.clear()
        held_up = pool.submit(ledger.renamed, slow, "gb")
        while log.head().tree_size == 5:
            time.sleep(0.01)
        second = ledger.renamed(quick, "de")
        gate.opened.set()
        assert (held_up.result(GATED_SECONDS_MAX).tree_size, second.tree_size) == (6, 7)
        ledger.check(quick)


def test_two_processes_that_take_turns_lose_no_note(ledger: Ledger) -> None:
    """Neither knows of the other's notes: what one hurried, the other must make sure of before it writes over it."""
    for cycle in range(4):
        with ledger.process() as (one, _), ledger.process() as (other, _):
            turns = [one, one, other, one, other, other, one][cycle:]
            for at, intake in enumerate(turns):
                ledger.renamed(intake, ("gb", "de", "fr")[at % 3])
            ledger.kill()
        newest = ledger.given[-1][1]
        assert ledger.sizes()[-1] >= newest.tree_size - 1
        with ledger.process() as (intake, log):
            assert log.checkpoint(newest.tree_size) == note_of(newest)
            ledger.check(intake)


class Failing(HeadStore):
    """A head store in a process that fails right after a head has passed, before its row is written."""

    fails = False

    def pass_through(self, note: bytes, root_at: RootAt) -> None:
        super().pass_through(note, root_at)
        if self.fails:
            raise SealingFailed("failed on purpose")


def test_a_note_that_passed_and_has_no_row_is_the_one_that_is_given(ledger: Ledger) -> None:
    heads = Failing(ledger.directory, ledger.acts.origin)
    raw = ledger.acts.offices["gb"].renaming()
    with ledger.process(heads) as (intake, log):
        ledger.renamed(intake, "de")
        heads.fails = True
        with pytest.raises(SealingFailed):
            intake.submit([raw])
        heads.fails = False
        passed = heads.newest()
        assert passed is not None
        assert log.checkpoint(passed.checkpoint.tree_size) is None
        assert note_of(ledger.submit(intake, raw)) == passed.note
        # The slot that is written over next holds a note whose row must be on the disk by then.
        ledger.renamed(intake, "fr")
        ledger.renamed(intake, "fr")
        ledger.kill()
    with ledger.process() as (intake, _):
        ledger.check(intake)
