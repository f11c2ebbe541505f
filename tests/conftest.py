"""What every test may rely on: the optional data, a real PostgreSQL, the marks, and a count of what was skipped.

The markers are declared in pyproject.toml. A test marked `root` is skipped, visibly, for anybody else.
"""

import logging
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from ledger.store.embedded import EmbeddedPostgres
from ledger.store.log import StoredLog
from tests.places import copied, passing_directory
from tests.postgres import empty_database, fresh_database, running_server

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"  # Vectors and real data, optional, beside the checkout.

# Begun first, so that no process is left with one of them in the end.
LONGEST = (
    "browser/test_accessibility.py",
    "cli/test_demo.py",
    "api/test_database_away.py",
    "audit/test_byte_flips.py",
    "api/test_up.py",
    "faults/test_kill_everything.py",
    "store/test_embedded.py",
    "store/test_embedded_as_root.py",
    "cli/test_drill.py",
    "cli/test_processes.py",
    "observations/test_importing.py",
    "observations/test_release_7.py",
    "docs/test_event_reference.py",
    "signing/test_canonical_bytes.py",
)

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="no folder 'shared' beside the checkout")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The connection string of a running PostgreSQL, one for each process that runs tests."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def made_cluster() -> Iterator[Path]:
    """The directory of an embedded PostgreSQL that was started once and stopped: its copies need no first start."""
    with passing_directory() as place:
        with EmbeddedPostgres(place / "made") as postgres:
            pass
        # What it logged of its first start would be taken for what a copy did.
        shutil.rmtree(postgres.cluster / "log")
        yield place / "made"


@pytest.fixture
def own_postgres(made_cluster: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL for this test alone, which may be stopped and killed; not started yet."""
    with passing_directory() as place:
        postgres = EmbeddedPostgres(copied(made_cluster, place / "own"))
        yield postgres
        postgres.stop()


@pytest.fixture
def database_url(postgres_server: str) -> Iterator[str]:
    """The connection string of a database for this test alone: the tables of the ledger, and nothing in them."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def empty_database_url(postgres_server: str) -> Iterator[str]:
    """The connection string of a database for this test alone, without any table."""
    with empty_database(postgres_server) as url:
        yield url


@pytest.fixture
def stored_log(database_url: str) -> Iterator[StoredLog]:
    """An empty log in a database for this test alone."""
    with StoredLog(database_url) as log:
        yield log


def pytest_configure() -> None:
    """Log as `gledger up` does. By itself structlog would write to stdout, and paint every variable of a failure."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.__stderr__),
    )


def pytest_report_header() -> str:
    found = "found" if SHARED.is_dir() else "absent, its tests are skipped"
    return f"shared data: {found}; user: {'root' if os.geteuid() == 0 else 'not root'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    first = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: first.get(item.path.relative_to(REPOSITORY / "tests").as_posix(), len(first)))
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
