"""A headless Chromium of the system, driven by Playwright. Where either is missing, its tests are skipped.

It goes with the module that needs it: while it runs, no other test of the process can run an event loop.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.api.served import Served
from tests.browser.alarmed import alarmed
from tests.browser.ledgers import attacked, demonstration

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGUMENTS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
"""It opens nothing but what a test asks for. No sandbox of its own: it also runs as root, on pages of our own."""


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    driver = pytest.importorskip("playwright.sync_api", reason="no playwright")
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}")
    with driver.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def demo(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demonstration ledger."""
    with demonstration(postgres_server, tmp_path_factory.mktemp("demonstration")) as one:
        yield one


@pytest.fixture(scope="module")
def hostile(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A ledger in which every free text is an attack or a nuisance."""
    with attacked(postgres_server, tmp_path_factory.mktemp("attacked")) as one:
        yield one


@pytest.fixture(scope="module")
def alarm(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A ledger with sanctions, attacks, needs and claims."""
    with alarmed(postgres_server, tmp_path_factory.mktemp("alarmed")) as one:
        yield one
