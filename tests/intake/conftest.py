"""A founded ledger: a log in PostgreSQL, an intake, and the offices that sign."""

from collections.abc import Iterator

import pytest

from ledger.store.embedded import EmbeddedPostgres
from ledger.store.log import StoredLog
from tests.intake.ledgers import Ledger, found


@pytest.fixture
def ledger(stored_log: StoredLog, database_url: str) -> Iterator[Ledger]:
    """A ledger of five entries; judged by the oracle when the test is over."""
    founded = found(stored_log, database_url)
    yield founded
    founded.check()


@pytest.fixture
def server(own_postgres: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL for this test alone, running, which may be killed."""
    with own_postgres as running:
        yield running
