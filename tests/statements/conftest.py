"""The command line; a random history with revoked and compromised authorities, and the operator who holds its keys."""

import pytest
from typer.testing import CliRunner, Result

from ledger.cli.main import app
from tests.audit.histories import History
from tests.cli.conftest import Run
from tests.statements.files import Operator


@pytest.fixture(scope="session")
def history() -> History:
    history = History(11)
    history.run(120)
    return history


@pytest.fixture(scope="session")
def operator(history: History) -> Operator:
    log = history.run(0)
    return Operator(log.entries, history.founding.log_signer, history.founding.service)


@pytest.fixture(scope="session")
def run() -> Run:
    """Call `gledger` with arguments."""

    def called(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)

    return called
