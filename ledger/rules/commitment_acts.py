"""Decides the acts on commitments, and whose consent each of them needs."""

from dataclasses import dataclass
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
from ledger.events.header import Event
from ledger.events.refusals import Refusal, Refused
from ledger.events.terms import FormulaObject, Recurrence, Terms, Unscheduled
from ledger.events.values import When
from ledger.rules.commitments import Commitment, commitment
from ledger.rules.compact import Compact, history, opened
from ledger.rules.direction import direction
from ledger.rules.history import dated
from ledger.rules.instruments import instrument
from ledger.rules.parties import acting_for, may_act
from ledger.rules.precedence import first_of
from ledger.rules.schedules import LAST_DAY, amount_of, dues, overlaps
from ledger.rules.terms import Proposal, check_currencies, check_terms, check_valuations, check_written, going_on

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
    found = _known_commitment(compact, event.commitment)
    if isinstance(found, Refused):
        return found
    beneficiary = _beneficiary(compact)
    asked: tuple[str, ...] = ()
    match event:
        case CommitmentAmended():
            refused = _check_terms(compact, found, event.terms, Proposing(found.instrument, dated(event)))
            agreed = consent_to(found.terms, event.terms, beneficiary) if refused is None else ()
            asked = (*agreed, *_hosts(compact, event.terms, found.terms))
        case CommitmentResolved():
            refused = _check_resolution(found, event)
            asked = found.obligors
        case CommitmentWithdrawn():
            refused = None
            asked = (*found.obligors, beneficiary)
        case CommitmentWaived():
            refused = _check_waiver(found, event)
        case CommitmentConverted():
            refused, asked = _check_conversion(compact, found, event)
            asked = (*asked, beneficiary)
        case CommitmentMerged():
            refused, asked = _check_merger(compact, found, event)
            asked = (*asked, beneficiary)
        case _:
            assert_never(event)
    refused = first_of(_check_signer(compact, found, event, beneficiary), refused, _check_open(found))
    return refused or _but(compact, event.party, asked)


def _known_commitment(compact: Compact, commitment_id: str) -> Commitment | Refused:
    """Return a commitment that has taken effect, or why there is none."""
    record = history(compact, "commitment", commitment_id)
    if record is None or not record.acts:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a recorded commitment", commitment_id)
    found = commitment(record)
    if found is None:
        return Refused(Refusal.WRONG_STATE, f"{commitment_id} in effect", "waiting for consent, or never in effect")
    return found


def _check_open(found: Commitment) -> Refused | None:
    if found.state == "open":
        return None
    became = f" into {found.became}" if found.became is not None else ""
    return Refused(Refusal.ALREADY_ENDED, f"{found.id} open", f"{found.state}{became} on {found.ended_on}")


def _beneficiary(compact: Compact) -> str:
    ledger = opened(compact)
    assert ledger is not None
    return ledger.beneficiary


def _but(compact: Compact, signer: str, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return who is asked, each once, but for the signer and whom it acts for: whoever signs has agreed."""
    others = tuple(party for party in dict.fromkeys(asked) if party != signer)
    if not others:
        return ()
    agreed = acting_for(compact, signer)
    return tuple(party for party in others if party not in agreed)


def _hosts(compact: Compact, terms: Terms, before: Terms | None) -> tuple[str, ...]:
    """Return whose commitment these terms would newly be counted in, where it is somebody else's."""
    if terms.part_of is None or (before is not None and before.part_of == terms.part_of):
        return ()
    parent = going_on(compact, terms.part_of.commitment)
    if parent is None or {obligor.party for obligor in terms.obligors} <= set(parent.obligors):
        return ()
    return parent.obligors


def _check_signer(compact: Compact, found: Commitment, event: CommitmentAct, beneficiary: str) -> Refused | None:
    match event:
        case CommitmentWaived():
            entitled: tuple[str, ...] = (beneficiary,)
        case CommitmentConverted() | CommitmentMerged():
            entitled = (*found.obligors, beneficiary)
        case _:
            entitled = found.obligors
    if not may_act(compact, event.party, entitled):
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"one of {', '.join(entitled)}", event.party)
    return None


def _check_made(compact: Compact, event: CommitmentMade) -> Refused | tuple[str, ...]:
    obligors = tuple(obligor.party for obligor in event.terms.obligors)
    signer = None
    if event.party not in obligors:
        signer = Refused(Refusal.SIGNER_NOT_ENTITLED, f"an obligor: one of {', '.join(obligors)}", event.party)
    on = dated(event)
    refused = first_of(
        signer,
        _check_new(compact, event.commitment),
        check_valuations(event.valuations, on),
        _check_terms(compact, None, event.terms, Proposing(event.instrument, on, event.commitment)),
    )
    return refused or _but(compact, event.party, (*obligors, *_hosts(compact, event.terms, None)))


def _check_new(compact: Compact, commitment_id: str) -> Refused | None:
    record = history(compact, "commitment", commitment_id)
    if record is None or not any(_makes(act.event, commitment_id) for act in record.acts):
        return None
    return Refused(Refusal.ALREADY_EXISTS, "a new commitment id: ids are not reused", commitment_id)


def _makes(event: Event, commitment_id: str) -> bool:
    """Tell whether an act makes the commitment. Others may be left where its consents are said anew."""
    return isinstance(event, CommitmentMade) or (isinstance(event, CommitmentConverted) and event.into == commitment_id)


@dataclass(frozen=True, slots=True)
class Proposing:
    """Under which instrument and as of which day terms are proposed; `id` of a new commitment; what they absorb."""

    instrument: str
    on: date
    id: str | None = None
    absorbs: tuple[str, ...] = ()


def _check_terms(compact: Compact, found: Commitment | None, terms: Terms, how: Proposing) -> Refused | None:
    """Are the terms sound, and is their instrument in force, or did the accession that ended it leave this standing?"""
    under = instrument(history(compact, "instrument", how.instrument))
    if under is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a registered instrument", how.instrument)
    ended = None
    if under.terminated_on is not None and (found is None or not under.survives(found.terms.category)):
        got = f"terminated on {under.terminated_on}"
        ended = Refused(Refusal.ALREADY_ENDED, f"{under.id} not terminated", got)
    if how.id is not None:
        replaces = (found.id,) if found is not None else ()
        proposal = Proposal(how.id, under, terms, how.on, replaces=replaces)
    else:
        assert found is not None
        proposal = Proposal(found.id, under, terms, how.on, absorbs=how.absorbs)
    return first_of(check_terms(compact, proposal), ended)


def consent_to(old: Terms, new: Terms, beneficiary: str) -> tuple[str, ...]:
    """Return who has to agree to new terms: every obligor, and the beneficiary if they are less than the old."""
    obligors = tuple(obligor.party for obligor in (*old.obligors, *new.obligors))
    return (*obligors, beneficiary) if direction(old, new) else obligors


def _check_resolution(found: Commitment, event: CommitmentResolved) -> Refused | None:
    formula = found.terms.object
    currency = check_currencies((event.currency,), event.period.last)
    if not isinstance(formula, FormulaObject):
        no_formula = Refused(Refusal.NOT_A_FORMULA, f"{found.id} to be a formula", type(formula).__name__)
        return first_of(currency, no_formula)
    other = None
    if event.currency != formula.currency:
        other = Refused(Refusal.UNIT_MISMATCH, f"an amount in {formula.currency}", event.currency)
    return first_of(currency, other, _check_unresolved(found, event.period), _check_period(found.terms, event.period))


def _check_unresolved(found: Commitment, wanted: When) -> Refused | None:
    for resolved in found.resolutions:
        if overlaps(resolved.period, wanted):
            got = f"{wanted.first} to {wanted.last}, resolved in {resolved.event_id}"
            return Refused(Refusal.PERIOD_ALREADY_RESOLVED, "a period that is not resolved", got)
    return None


def _check_period(terms: Terms, wanted: When) -> Refused | None:
    if isinstance(terms.schedule, Unscheduled):
        return None
    due = dues(terms, min(wanted.first, LAST_DAY))
    if (wanted.first, wanted.last) in [(part.when.first, part.when.last) for part in due]:
        return None
    kind = "recurring period" if isinstance(terms.schedule, Recurrence) else "part"
    return Refused(Refusal.DATES_DISORDERED, f"a {kind} of the schedule", f"{wanted.first} to {wanted.last}")


def _check_waiver(found: Commitment, event: CommitmentWaived) -> Refused | None:
    if event.amount is None:
        return None
    if amount_of(found.terms.object) is None:
        return Refused(Refusal.UNIT_MISMATCH, "no amount: the commitment has no figure to waive", event.amount)
    try:
        check_written(event.amount, found.terms.object)
    except ValueError as error:
        return Refused(Refusal.UNIT_MISMATCH, "an amount written as that of the commitment", str(error))
    return None


def _check_conversion(
    compact: Compact, found: Commitment, event: CommitmentConverted
) -> tuple[Refused | None, tuple[str, ...]]:
    on: date = event.agreed_on or dated(event)
    refused = first_of(
        _check_new(compact, event.into),
        _check_terms(compact, found, event.terms, Proposing(event.instrument, on, event.into)),
    )
    obligors = tuple(obligor.party for obligor in event.terms.obligors)
    return refused, (*found.obligors, *obligors, *_hosts(compact, event.terms, found.terms))


def _check_merger(
    compact: Compact, found: Commitment, event: CommitmentMerged
) -> tuple[Refused | None, tuple[str, ...]]:
    asked = [*found.obligors, *(obligor.party for obligor in event.terms.obligors)]
    if found.id in event.absorbed or len(set(event.absorbed)) != len(event.absorbed):
        return Refused(Refusal.REFERENCE_UNKNOWN, "other commitments, each once", ", ".join(event.absorbed)), ()
    refused = _check_terms(
        compact, found, event.terms, Proposing(found.instrument, dated(event), absorbs=event.absorbed)
    )
    for absorbed_id in event.absorbed:
        absorbed = _known_commitment(compact, absorbed_id)
        if isinstance(absorbed, Refused):
            refused = first_of(refused, absorbed)
        else:
            refused = first_of(refused, _check_open(absorbed))
            asked += absorbed.obligors
    return refused, (*asked, *_hosts(compact, event.terms, found.terms))
