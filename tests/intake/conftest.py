"""A founded ledger: a log in PostgreSQL, an intake, and the offices that sign."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

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
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL for this test alone, which may be killed."""
    directory = Path(tempfile.mkdtemp(prefix="ledger-test-killed-"))
    with EmbeddedPostgres(directory) as running:
        yield running
    shutil.rmtree(directory, ignore_errors=True)
