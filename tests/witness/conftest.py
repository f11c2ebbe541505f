"""A log that lies, and a witness that trusts it to sign."""

from pathlib import Path

import pytest

from tests.witness.histories import TwoFacedLog, two_faced_log
from tests.witness.witnesses import Made, made_witness


@pytest.fixture
def log() -> TwoFacedLog:
    return two_faced_log("ledger.example/compact")


@pytest.fixture
def made(tmp_path: Path, log: TwoFacedLog) -> Made:
    return made_witness(tmp_path / "witness", log)
