"""A served ledger for each module, founded, and one that nobody has opened."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acts import Founding, founding
from tests.api.served import Served, passing_ledger, served, settings_for


@pytest.fixture(scope="module")
def made() -> Founding:
    """Who takes part in the ledger of this module."""
    return founding()


@pytest.fixture(scope="module")
def ledger(postgres_server: str, made: Founding) -> Iterator[Served]:
    """The ledger of this module, founded; its tests add to it."""
    with passing_ledger(postgres_server, made) as one:
        yield one


@pytest.fixture
def unopened(database_url: str, tmp_path: Path) -> Iterator[tuple[Served, Founding]]:
    """A ledger in which nothing is recorded yet, and who would found it."""
    made = founding()
    with served(settings_for(made, database_url, tmp_path)) as one:
        yield one, made
