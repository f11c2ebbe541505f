"""A ledger in a database with everything in it that a check reads: full tiles, batches, conflicts, rows, consents.

Recorded by the real intake, a random history of acts in batches of random lengths, followed by the real follower.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import psycopg

from ledger.intake.intake import Intake
from ledger.intake.outcomes import Conflict, Sealed
from ledger.log.cosignature import TimedSigner, mldsa44_cosigner
from ledger.log.note import NoteSigner, format_vkey
from ledger.store.log import StoredLog
from projections.follower import Follower
from tests.acts import Founding
from tests.audit.histories import History

FOLLOW_SECONDS_MAX = 60.0
BATCH_MAX = 7
MLDSA_SEED = bytes(range(32))
SIGNED_AT = 1_770_000_000


def record(database_url: str, entries: int, seed: int) -> Founding:
    """Record a random history of at least `entries` entries, a change of log keys and some conflicts.

    The rows have followed.
    """
    history = History(seed)
    while len(history.recorder.envelopes) < entries:
        history.run(20)
    made = history.founding
    random = Random(seed)
    waiting = list(history.recorder.envelopes)
    with StoredLog(database_url) as log:
        intake = Intake(log, made.origin, log_signers(made), made.service)
        while waiting:
            size = random.randint(1, BATCH_MAX)
            batch, waiting = waiting[:size], waiting[size:]
            assert all(isinstance(one, Sealed) for one in intake.submit(batch))
        adopted = made.depositary.act("log_keys.adopted", log_keys=[format_vkey(one.vkey) for one in log_signers(made)])
        assert isinstance(intake.submit([adopted])[0], Sealed)
        for office in made.offices.values():
            first = office.proposed("party.renamed", subject=office.party, names=[{"language": "en", "name": "One"}])
            (sealed,) = intake.submit([first])
            assert isinstance(sealed, Sealed), sealed
            other = office.proposed(
                "party.renamed",
                event_id=sealed.event_id,
                subject=office.party,
                names=[{"language": "en", "name": "Two"}],
            )
            assert isinstance(intake.submit([other])[0], Conflict)
        with followed(log, database_url):
            pass
    return made


def log_signers(made: Founding) -> list[NoteSigner]:
    """Return the key that a log is opened around, and one with ML-DSA that it adopts near its end."""
    return [made.log_signer, TimedSigner(mldsa44_cosigner(made.origin, MLDSA_SEED), lambda: SIGNED_AT)]


@contextmanager
def followed(log: StoredLog, database_url: str) -> Iterator[Follower]:
    """Follow the log; when done, every entry has its rows."""
    follower = Follower(log, database_url)
    follower.start()
    try:
        yield follower
        give_up = time.monotonic() + FOLLOW_SECONDS_MAX
        while follower.position < log.head().tree_size:
            assert time.monotonic() < give_up, "the rows do not follow"
            time.sleep(0.01)
    finally:
        follower.stop()


def columns_of(database_url: str, table: str) -> list[tuple[str, str]]:
    """Return name and type of every column."""
    with psycopg.connect(database_url) as connection:
        return connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position",
            [table],
        ).fetchall()
