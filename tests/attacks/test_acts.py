"""Attacks on single acts: what was signed, by whom, under which mandate, and what the rules force."""

import io

import pytest

from ledger.client.proof import prove
from ledger.client.statements import StatementContradicted, check_against, verify_statement
from ledger.events.stages import Envelope
from ledger.signing.dsse import parse
from ledger.signing.signer import generate_ed25519
from tests.acts import ORIGIN, Office, admission, log_key, new_id, opening, principal
from tests.attacks.stage import Entered, Stage, staged
from tests.attacks.table import shows
from tests.audit.logs import Log, audited, chained, checkpoint_over, lie_of
from tests.statements.files import Operator, acts_of
from tests.world import terms


def refusal_in(got: str) -> str:
    """Return the refusal's code from the end of what a finding got."""
    return got.rpartition("(")[2].rstrip(")")


@shows(
    "drop one party's act",
    does="an act between others of its office is left out; chain, tree and checkpoint made anew",
    found_by="`gledger audit`",
    evidence="none: an office's acts are numbered and name the one before",
    says="sequence_broken",
)
def test_an_act_dropped_from_the_middle(stage: Stage) -> str:
    entered = stage.entered
    del entered[stage.index_of("commitment.made")]
    return lie_of(stage.sealed(entered)).lie


@shows(
    "drop one party's act",
    does="the newest act of an office is hidden, and the ledger states that there is none",
    found_by="`gledger verify STATEMENT --against RECEIPT ENTRY`, offline",
    evidence="the statement, and the receipt of the act",
    says="contradicted",
)
def test_the_newest_act_hidden(stage: Stage) -> str:
    founded = stage.world.founded
    operator = Operator(stage.honest.entries, founded.log_signer, founded.service)
    vkeys, office = [founded.log_signer.vkey], "de/principal"
    stated = verify_statement(io.BytesIO(operator.file(office, operator.statement(office, hidden=1))), ORIGIN, vkeys)
    act = acts_of(operator.entries, office)[-1]
    receipt = operator.receipt(act)
    with pytest.raises(StatementContradicted) as caught:
        check_against(stated, receipt, prove(receipt, act.raw, ORIGIN, vkeys))
    assert set(caught.value.evidence) >= {"statement", "entry"}
    return "contradicted"


@shows(
    "forge a service act",
    does="the service key signs a second reinstatement that nothing forces",
    found_by="`gledger audit`",
    evidence="none: what is forced is derived again",
    says="not_admissible: service_key_only",
)
def test_a_service_act_forged(stage: Stage) -> str:
    raw, _ = stage.entered[stage.index_of("measure.reinstated")]
    service = stage.world.authority("depositary/service")
    forged = stage.by_service(raw, id=new_id(), sequence=service.sequence + 1, previous=service.previous)
    found = lie_of(stage.sealed([*stage.entered, (forged, stage.world.now)]))
    return f"{found.lie}: {refusal_in(found.got)}"


@shows(
    "withhold a service act",
    does="the reinstatement that a notification forces is left out, and the log goes on",
    found_by="`gledger audit`",
    evidence="none",
    says="not_admissible",
)
def test_a_service_act_withheld(stage: Stage) -> str:
    entered = stage.entered
    del entered[stage.index_of("measure.reinstated")]
    found = lie_of(stage.sealed(entered))
    assert "measure.reinstated of m-1" in found.expected
    return found.lie


@shows(
    "withhold a service act",
    does="the log is sealed before it follows",
    found_by="`gledger audit`",
    evidence="none",
    says="consequence_missing",
)
def test_a_log_sealed_before_what_it_forces(stage: Stage) -> str:
    return lie_of(stage.sealed(stage.entered[: stage.index_of("measure.reinstated")])).lie


@shows(
    "replay on another ledger",
    does="a party's act is recorded in a ledger of another name, where its key is known",
    found_by="`gledger audit`",
    evidence="none: the ledger's name is in the signed bytes",
    says="signature_invalid: ledger_mismatch",
)
def test_an_act_replayed_on_another_ledger(stage: Stage) -> str:
    origin = "elsewhere.example/compact"
    depositary, signer = principal("depositary", ledger=origin), log_key(origin)
    gb = Office("gb", "gb/principal", origin, stage.world.desks["gb"].signers)
    raws = [opening(depositary, [signer], generate_ed25519()), admission(depositary, gb)]
    there = chained(raws)
    audited(Log(tuple(there), checkpoint_over(there, signer, origin=origin)))
    raw, _ = stage.entered[stage.index_of("instrument.signed", "gb")]
    replayed = chained([*raws, raw])
    found = lie_of(Log(tuple(replayed), checkpoint_over(replayed, signer, origin=origin)))
    return f"{found.lie}: {refusal_in(found.got)}"


@shows(
    "replay on another ledger",
    does="a party's act is recorded a second time in its own ledger",
    found_by="`gledger audit`",
    evidence="none",
    says="event_repeated",
)
def test_an_act_replayed_on_its_own(stage: Stage) -> str:
    raw, _ = stage.entered[stage.index_of("commitment.made")]
    return lie_of(stage.sealed([*stage.entered, (raw, stage.world.now)])).lie


def after(stage: Stage, raw: bytes) -> Entered:
    return [*stage.entered, (raw, stage.world.now)]


def envelope_by(stage: Stage, desk: str, event_type: str, **fields: object) -> bytes:
    """Return the next act of a desk, signed by it, and submitted to nobody."""
    office = stage.world.desks[desk]
    raw = office.signed(stage.world.payload(desk, event_type, fields))
    assert isinstance(parse(raw), Envelope)
    return raw


@shows(
    "act with a revoked key",
    does="an office signs after its mandate was revoked, and the operator records it",
    found_by="`gledger audit`",
    evidence="none",
    says="not_admissible: authority_revoked",
)
def test_an_act_with_a_revoked_key() -> str:
    stage = staged()
    ministry = stage.world.grants("gb", "ministry")
    stage.world.admit("gb", "authority.revoked", revoked=ministry.authority, reason="left_office")
    audited(stage.honest)
    renamed = envelope_by(stage, "gb/ministry", "party.renamed", subject="gb", names=[{"language": "en", "name": "X"}])
    found = lie_of(stage.sealed(after(stage, renamed)))
    return f"{found.lie}: {refusal_in(found.got)}"


@shows(
    "act outside a mandate",
    does="an office that may only record deliveries commits its state, and the operator records it",
    found_by="`gledger audit`",
    evidence="none",
    says="not_admissible: out_of_scope",
)
def test_an_act_outside_its_mandate() -> str:
    stage = staged()
    stage.world.grants("gb", "depot", {"events": ["delivery.recorded"]})
    audited(stage.honest)
    text = {"instrument": "pact", "commitment": "c-9", "title": {"en": "Far too much"}, "terms": terms()}
    found = lie_of(stage.sealed(after(stage, envelope_by(stage, "gb/depot", "commitment.made", **text))))
    return f"{found.lie}: {refusal_in(found.got)}"
