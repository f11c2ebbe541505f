"""What is measured: acts of many offices, admitted over and over, audited and folded."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nacl.signing import SigningKey

from ledger.audit.auditor import Auditor
from ledger.audit.source import Line
from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.store.database import migrate
from ledger.store.log import StoredLog
from projections.rebuild import rebuild
from tests.acts import Founding, Office, admission, founding, principal
from tests.postgres import fresh_database, running_server

OFFICES = 200
BATCH = 500
DISK = Path("/var/tmp")
"""Not in memory, where an fsync costs nothing and a speed would say too much."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many things in so many seconds."""

    what: str
    count: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.count / self.seconds


def timed(what: str, count: int, work: Callable[[], object]) -> Rate:
    """Return the rate of `work`, which does `count` things."""
    began = time.perf_counter()
    work()
    return Rate(what, count, time.perf_counter() - began)


def ed25519_verification(count: int) -> Rate:
    """The limit: one Ed25519 verification for each act, on one core, by the library that the ledger uses."""
    key = SigningKey.generate()
    signed = [bytes(key.sign(number.to_bytes(300, "big"))) for number in range(count)]

    def verify() -> None:
        for one in signed:
            key.verify_key.verify(one)

    return timed("Ed25519 verification, one core", count, verify)


@contextmanager
def fresh_ledger() -> Iterator[tuple[str, StoredLog, Intake, Founding]]:
    """Yield a founded ledger on a PostgreSQL of its own, fsync on."""
    with running_server(within=DISK) as server, fresh_database(server) as database_url:
        migrate(database_url)
        with StoredLog(database_url) as log:
            made = founding()
            intake = Intake(log, made.origin, [made.log_signer], made.service)
            require_admitted(intake, made.raws)
            yield database_url, log, intake, made


def admitted_offices(intake: Intake, made: Founding) -> list[Office]:
    """Admit OFFICES parties and return their offices."""
    offices = [principal(f"p{number}", ledger=made.origin) for number in range(OFFICES)]
    require_admitted(intake, [admission(made.depositary, office) for office in offices])
    return offices


def renamings(offices: Sequence[Office], count: int) -> list[bytes]:
    """Return signed acts, one after the other of each office in turn."""
    return [offices[number % len(offices)].renaming(f"Name {number}") for number in range(count)]


def require_admitted(intake: Intake, raws: Sequence[bytes]) -> None:
    """Submit in batches; a figure over acts that were not admitted would mean nothing."""
    for at in range(0, len(raws), BATCH):
        outcomes = intake.submit(raws[at : at + BATCH])
        assert all(isinstance(one, Sealed) for one in outcomes)


def single_submissions(intake: Intake, raws: Sequence[bytes]) -> list[float]:
    """Submit one act at a time and return the seconds of each, sorted."""
    seconds = []
    for raw in raws:
        began = time.perf_counter()
        (outcome,) = intake.submit([raw])
        seconds.append(time.perf_counter() - began)
        assert isinstance(outcome, Sealed)
    return sorted(seconds)


def audit_of(log: StoredLog) -> Rate:
    """Prove every entry again, on one core."""
    lines = [Line(raw, "the log", number) for number, raw in enumerate(entries_of(log), 1)]

    def prove() -> None:
        followed = sum(1 for _ in Auditor().follow(lines))
        assert followed == len(lines)

    return timed("audit, one core", len(lines), prove)


def entries_of(log: StoredLog) -> Iterator[bytes]:
    """Yield every entry, in order."""
    after = 0
    while page := log.entries(after, BATCH):
        yield from page
        after += len(page)


def rebuild_of(log: StoredLog, database_url: str) -> Rate:
    """Fold every entry into the rows of the projections."""
    return timed("rebuild of the projections", log.head().tree_size, lambda: rebuild(log, database_url, lambda _: None))
