"""The command line inside this process, and passphrases in files."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ledger.cli.main import app
from tests.cli.running import running_ledger

ORIGIN = "ledger.example/trial"

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def run() -> Run:
    """Call `gledger` with arguments, and perhaps `stdin`."""
    runner = CliRunner()

    def called(*arguments: object, stdin: bytes | None = None) -> Result:
        return runner.invoke(app, [str(one) for one in arguments], input=stdin, catch_exceptions=False)

    return called


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.write_bytes(b"correct horse battery staple\n")
    return file


@pytest.fixture
def ledger_url(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The address of a running ledger that is not opened yet."""
    with running_ledger(database_url, tmp_path / "server", ORIGIN) as url:
        yield url
