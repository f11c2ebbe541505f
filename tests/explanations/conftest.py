"""A random history with revoked and contested authorities in it, submitted to a real server over real HTTP."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from typer.testing import CliRunner, Result

from ledger.audit.audit import Audited
from ledger.cli.main import app
from ledger.log.note import format_vkey
from tests.api.served import Served, caught_up, served, settings_for
from tests.audit.histories import History
from tests.audit.logs import Log, audited
from tests.cli.conftest import Run
from tests.postgres import fresh_database

ACTS = 140


@dataclass(frozen=True)
class Place:
    """A served ledger, and what its auditor knows of it."""

    served: Served
    history: History
    audited: Audited

    @property
    def vkey(self) -> str:
        return format_vkey(self.history.founding.log_signer.vkey)

    def entries(self) -> tuple[bytes, ...]:
        return tuple(self.served.get("/v1/entries?limit=1000").content.splitlines())


@pytest.fixture(scope="session")
def place(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    history = History(17)
    history.run(ACTS)
    with (
        fresh_database(postgres_server) as url,
        served(settings_for(history.founding, url, tmp_path_factory.mktemp("data"))) as one,
    ):
        for first in range(0, len(history.recorder.envelopes), 20):
            answers = one.batch(history.recorder.envelopes[first : first + 20]).text.splitlines()
            assert {json.loads(answer)["outcome"] for answer in answers} == {"admitted"}
        caught_up(one)
        entries = tuple(one.get("/v1/entries?limit=1000").content.splitlines())
        yield Place(one, history, audited(Log(entries, one.get("/v1/checkpoint").content)))


@pytest.fixture(scope="session")
def run() -> Run:
    """Call `gledger` with arguments."""

    def called(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)

    return called
