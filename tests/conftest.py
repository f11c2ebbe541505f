"""What every test may rely on: the optional data, a real PostgreSQL, the marks, and a count of what was skipped.

The markers are declared in pyproject.toml. A test marked `root` is skipped, visibly, for anybody else.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store.database import migrate
from ledger.store.log import StoredLog
from tests.postgres import fresh_database, running_server

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"  # Vectors and real data, optional, beside the checkout.

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="no folder 'shared' beside the checkout")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The connection string of a running PostgreSQL, one for each process that runs tests."""
    with running_server() as server:
        yield server


@pytest.fixture
def database_url(postgres_server: str) -> Iterator[str]:
    """The connection string of an empty database for this test alone."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def stored_log(database_url: str) -> Iterator[StoredLog]:
    """An empty log in a database for this test alone."""
    migrate(database_url)
    with StoredLog(database_url) as log:
        yield log


def pytest_report_header() -> str:
    found = "found" if SHARED.is_dir() else "absent, its tests are skipped"
    return f"shared data: {found}; user: {'root' if os.geteuid() == 0 else 'not root'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.geteuid() == 0:
        return
    for item in items:
        if item.get_closest_marker("root"):
            item.add_marker(pytest.mark.skip(reason="needs root"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were skipped for each reason, in one line per reason."""
    skipped = terminalreporter.getreports("skipped")
    reasons = Counter(report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple))
    for reason, tests in sorted(reasons.items()):
        terminalreporter.write_line(f"{tests} skipped: {reason.removeprefix('Skipped: ')}")
