"""Decides the acts on commitments, and whose consent each of them needs."""

from datetime import date
from typing import assert_never

from ledger.events.commitments import (
    CommitmentAmended,
    CommitmentConverted,
    CommitmentMade,
    CommitmentMerged,
    CommitmentResolved,
    CommitmentWaived,
    CommitmentWithdrawn,
)
from ledger.events.refusals import Refusal, Refused
from ledger.events.terms import FormulaObject, Recurrence, Terms, Unscheduled
from ledger.events.values import When
from ledger.rules.commitments import Commitment, commitment
from ledger.rules.compact import Compact, history, opened
from ledger.rules.direction import direction
from ledger.rules.history import dated
from ledger.rules.instruments import Instrument, instrument
from ledger.rules.schedules import amount_of, dues, overlaps
from ledger.rules.terms import Proposal, check_currencies, check_terms, check_valuations

CommitmentAct = (
    CommitmentMade
    | CommitmentAmended
    | CommitmentResolved
    | CommitmentWithdrawn
    | CommitmentWaived
    | CommitmentConverted
    | CommitmentMerged
)


def check_commitment(compact: Compact, event: CommitmentAct) -> Refused | tuple[str, ...]:
    """Decide an act on a commitment. Returns the parties whose consent it needs, or the refusal."""
    if isinstance(event, CommitmentMade):
        return _check_made(compact, event)
    found = open_commitment(compact, event.commitment)
    if isinstance(found, Refused):
        return found
    beneficiary = _beneficiary(compact)
    if (entitled := _check_signer(found, event, beneficiary)) is not None:
        return entitled
    match event:
        case CommitmentAmended():
            return _check_amendment(compact, found, event, beneficiary)
        case CommitmentResolved():
            return _check_resolution(found, event) or _but(event.party, found.obligors)
        case CommitmentWithdrawn():
            return _but(event.party, (*found.obligors, beneficiary))
        case CommitmentWaived():
            if event.amount is not None and amount_of(found.terms.object) is None:
                return Refused(Refusal.UNIT_MISMATCH, "no amount: the commitment has no figure to waive", event.amount)
            return ()
        case CommitmentConverted():
            return _check_conversion(compact, found, event, beneficiary)
        case CommitmentMerged():
            return _check_merger(compact, found, event, beneficiary)
    assert_never(event)


def open_commitment(compact: Compact, commitment_id: str) -> Commitment | Refused:
    """Return a commitment on which can still be acted, or why there is none."""
    record = history(compact, "commitment", commitment_id)
    if record is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a recorded commitment", commitment_id)
    found = commitment(record)
    if found is None:
        return Refused(Refusal.WRONG_STATE, f"{commitment_id} in effect", "waiting for consent, or never in effect")
    if found.state != "open":
        became = f" into {found.became}" if found.became is not None else ""
        return Refused(Refusal.ALREADY_ENDED, f"{commitment_id} open", f"{found.state}{became} on {found.ended_on}")
    return found


def _beneficiary(compact: Compact) -> str:
    ledger = opened(compact)
    assert ledger is not None
    return ledger.beneficiary


def _but(signer: str, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return who is asked, each once, the signer left out: whoever signs has agreed."""
    return tuple(party for party in dict.fromkeys(asked) if party != signer)


def _check_signer(found: Commitment, event: CommitmentAct, beneficiary: str) -> Refused | None:
    match event:
        case CommitmentWaived():
            entitled: tuple[str, ...] = (beneficiary,)
        case CommitmentConverted() | CommitmentMerged():
            entitled = (*found.obligors, beneficiary)
        case _:
            entitled = found.obligors
    if event.party not in entitled:
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"one of {', '.join(entitled)}", event.party)
    return None


def _known_instrument(compact: Compact, instrument_id: str) -> Instrument | Refused:
    found = instrument(history(compact, "instrument", instrument_id))
    if found is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a registered instrument", instrument_id)
    if found.terminated_on is not None:
        return Refused(Refusal.ALREADY_ENDED, f"{instrument_id} not terminated", f"terminated on {found.terminated_on}")
    return found


def _check_made(compact: Compact, event: CommitmentMade) -> Refused | tuple[str, ...]:
    obligors = tuple(obligor.party for obligor in event.terms.obligors)
    if event.party not in obligors:
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"an obligor: one of {', '.join(obligors)}", event.party)
    under = _known_instrument(compact, event.instrument)
    if isinstance(under, Refused):
        return under
    if history(compact, "commitment", event.commitment) is not None:
        return Refused(Refusal.ALREADY_EXISTS, "a new commitment id: ids are not reused", event.commitment)
    proposal = Proposal(event.commitment, under, event.terms, dated(event))
    refused = check_valuations(event.valuations, dated(event)) or check_terms(compact, proposal)
    return refused or _but(event.party, obligors)


def _check_amendment(
    compact: Compact, found: Commitment, event: CommitmentAmended, beneficiary: str
) -> Refused | tuple[str, ...]:
    under = _known_instrument(compact, found.instrument)
    if isinstance(under, Refused):
        return under
    refused = check_terms(compact, Proposal(found.id, under, event.terms, dated(event)))
    return refused or _but(event.party, consent_to(found.terms, event.terms, beneficiary))


def consent_to(old: Terms, new: Terms, beneficiary: str) -> tuple[str, ...]:
    """Return who has to agree to new terms: every obligor, and the beneficiary if they are less than the old."""
    obligors = tuple(obligor.party for obligor in (*old.obligors, *new.obligors))
    return (*obligors, beneficiary) if direction(old, new) else obligors


def _check_resolution(found: Commitment, event: CommitmentResolved) -> Refused | None:
    formula = found.terms.object
    if (refused := check_currencies((event.currency,), event.period.last)) is not None:
        return refused
    if isinstance(formula, FormulaObject) and event.currency != formula.currency:
        return Refused(Refusal.UNIT_MISMATCH, f"an amount in {formula.currency}", event.currency)
    if not isinstance(formula, FormulaObject):
        return Refused(Refusal.NOT_A_FORMULA, f"{found.id} to be a formula", type(formula).__name__)
    for resolved in found.resolutions:
        if overlaps(resolved.period, event.period):
            got = f"{event.period.first} to {event.period.last}, resolved in {resolved.event_id}"
            return Refused(Refusal.PERIOD_ALREADY_RESOLVED, "a period that is not resolved", got)
    return _check_period(found.terms, event.period)


def _check_period(terms: Terms, wanted: When) -> Refused | None:
    if isinstance(terms.schedule, Unscheduled):
        return None
    periods = [(due.when.first, due.when.last) for due in dues(terms, wanted.first)]
    if (wanted.first, wanted.last) in periods:
        return None
    kind = "recurring period" if isinstance(terms.schedule, Recurrence) else "part"
    return Refused(Refusal.DATES_DISORDERED, f"a {kind} of the schedule", f"{wanted.first} to {wanted.last}")


def _check_conversion(
    compact: Compact, found: Commitment, event: CommitmentConverted, beneficiary: str
) -> Refused | tuple[str, ...]:
    under = _known_instrument(compact, event.instrument)
    if isinstance(under, Refused):
        return under
    if history(compact, "commitment", event.into) is not None:
        return Refused(Refusal.ALREADY_EXISTS, "a new commitment id: ids are not reused", event.into)
    on: date = event.agreed_on or dated(event)
    refused = check_terms(compact, Proposal(event.into, under, event.terms, on, replaces=(found.id,)))
    obligors = tuple(obligor.party for obligor in event.terms.obligors)
    return refused or _but(event.party, (*found.obligors, *obligors, beneficiary))


def _check_merger(
    compact: Compact, found: Commitment, event: CommitmentMerged, beneficiary: str
) -> Refused | tuple[str, ...]:
    if found.id in event.absorbed or len(set(event.absorbed)) != len(event.absorbed):
        return Refused(Refusal.REFERENCE_UNKNOWN, "other commitments, each once", ", ".join(event.absorbed))
    asked = [*found.obligors, *(obligor.party for obligor in event.terms.obligors)]
    for absorbed_id in event.absorbed:
        absorbed = open_commitment(compact, absorbed_id)
        if isinstance(absorbed, Refused):
            return absorbed
        asked += absorbed.obligors
    under = _known_instrument(compact, found.instrument)
    if isinstance(under, Refused):
        return under
    refused = check_terms(compact, Proposal(found.id, under, event.terms, dated(event), replaces=event.absorbed))
    return refused or _but(event.party, (*asked, beneficiary))
