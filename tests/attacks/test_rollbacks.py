"""The past put back, by accident or with everything on the machine, and two histories shown."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.audit.audit import Pins
from ledger.intake.intake import Intake
from ledger.log.proofs import consistency_proof
from ledger.store.errors import LogRolledBack
from ledger.store.heads import HeadStore
from ledger.store.log import StoredLog
from ledger.witness.protocol import Answer, format_add_checkpoint
from tests.acts import founding
from tests.attacks.stage import Stage, receipt_of
from tests.attacks.table import shows
from tests.audit.logs import Log, audited, lie_of
from tests.log.naive import grown
from tests.postgres import fresh_database, put_back
from tests.witness.witnesses import Made, made_witness


@pytest.fixture
def witness(stage: Stage, tmp_path: Path) -> Made:
    """A witness that has cosigned the honest log, all of it."""
    made = made_witness(tmp_path / "witness")
    vkey = stage.world.founded.log_signer.vkey
    made.store.trust([(vkey.name, vkey)])
    assert made.witness.add_checkpoint(format_add_checkpoint(0, (), stage.honest.note)).status == 200
    return made


def asked(witness: Made, log: Log, old_size: int) -> Answer:
    """Return the answer of the witness to `log`, with the best proof that can be made of its entries."""
    leaves = [entry.leaf_hash for entry in log.entries_of()]
    size = len(leaves)
    proof = consistency_proof(old_size, size, grown(leaves)[1]) if 0 < old_size < size else ()
    return witness.witness.add_checkpoint(format_add_checkpoint(old_size, proof, log.note))


@shows(
    "roll back the database",
    does="a backup from before an act is put back, and the server started on it",
    found_by="the ledger itself: it does not start, and under a running one nothing more is published",
    evidence="the head store beside the database (`LEDGER_DATA`)",
    says="LogRolledBack",
)
def test_the_database_put_back(postgres_server: str, tmp_path: Path) -> str:
    acts = founding()
    signers = [acts.log_signer]
    with fresh_database(postgres_server) as url, closing(HeadStore(tmp_path, acts.origin)) as heads:
        with StoredLog(url) as log:
            Intake(log, acts.origin, signers, acts.service, heads=heads).submit(acts.raws)
        with put_back(postgres_server, url) as backup:
            with StoredLog(url) as log:
                Intake(log, acts.origin, signers, acts.service, heads=heads).submit([acts.offices["gb"].renaming()])
            with StoredLog(backup) as log, pytest.raises(LogRolledBack) as refused:
                Intake(log, acts.origin, signers, acts.service, heads=heads)
    return type(refused.value).__name__


@shows(
    "roll back the database and the head store",
    does="everything on the machine is put back, and other acts are recorded in the place of those that are gone",
    found_by="`gledger audit --since`",
    evidence="one receipt or checkpoint from before",
    says="history_rewritten",
)
def test_everything_put_back(stage: Stage) -> str:
    other = _another(stage)
    audited(other)
    receipt, _ = receipt_of(stage.honest, len(stage.entered))
    return lie_of(other, Pins(since=receipt)).lie


@shows(
    "roll back the database and the head store",
    does="the shortened log is shown to a witness",
    found_by="every witness: it names the larger tree that it has recorded",
    evidence="what the witness cosigned",
    says="409",
)
def test_a_shortened_log_before_a_witness(stage: Stage, witness: Made) -> str:
    shorter = stage.sealed(stage.entered[:-2])
    answer = asked(witness, shorter, 0)
    assert answer.body == b"%d\n" % len(stage.entered)
    return str(int(answer.status))


@shows(
    "fork to one reader",
    does="one reader is shown a log in which the last act has another time, signed by the log",
    found_by="every witness: it does not cosign, and keeps both checkpoints",
    evidence="what the witness cosigned",
    says="422",
)
def test_a_fork_before_a_witness(stage: Stage, witness: Made) -> str:
    return str(int(asked(witness, _another(stage), len(stage.entered)).status))


@shows(
    "fork to one reader",
    does="the same, and the reader compares",
    found_by="`gledger audit --since`",
    evidence="one checkpoint of anybody else: every answer carries one",
    says="history_rewritten",
)
def test_a_fork_before_a_reader_who_compares(stage: Stage) -> str:
    return lie_of(_another(stage), Pins(since=stage.honest.note)).lie


def _another(stage: Stage) -> Log:
    """Return a log of the same length, with another end."""
    entered = stage.entered
    raw, at = entered[-1]
    return stage.sealed([*entered[:-1], (raw, at + timedelta(seconds=1))])
