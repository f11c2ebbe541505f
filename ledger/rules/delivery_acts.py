"""Decides the acts on deliveries: the obligor claims, the beneficiary answers, each for itself."""

from datetime import date
from decimal import Decimal
from typing import assert_never

from ledger.events.deliveries import (
    DeliveryAcknowledged,
    DeliveryAdvanced,
    DeliveryCorrected,
    DeliveryDisputed,
    DeliveryMarkedDuplicate,
    DeliveryRecorded,
    DeliveryVoided,
    DisputeSettled,
    Line,
    LineAmount,
)
from ledger.events.refusals import Refusal, Refused
from ledger.events.terms import MILESTONE_ORDER, Object, UndisclosedObject, Valuation
from ledger.rules.commitments import Commitment, commitment
from ledger.rules.compact import Compact, history, opened
from ledger.rules.deliveries import NOTHING, Delivery, delivery
from ledger.rules.history import dated
from ledger.rules.schedules import unit_of
from ledger.rules.terms import check_currencies, check_valuations, currencies_of

DeliveryAct = (
    DeliveryRecorded
    | DeliveryAdvanced
    | DeliveryAcknowledged
    | DeliveryDisputed
    | DisputeSettled
    | DeliveryCorrected
    | DeliveryVoided
    | DeliveryMarkedDuplicate
)


def check_delivery(compact: Compact, event: DeliveryAct) -> Refused | tuple[str, ...]:
    """Decide an act on a delivery. Returns the parties whose consent it needs, or the refusal."""
    if isinstance(event, DeliveryRecorded):
        return _check_recorded(compact, event) or ()
    ledger = opened(compact)
    assert ledger is not None
    found = delivery(history(compact, "delivery", event.delivery))
    if found is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a recorded delivery", event.delivery)
    if (refused := _check_signer(found, event, ledger.beneficiary)) is not None:
        return refused
    if found.state != "recorded":
        return Refused(Refusal.ALREADY_ENDED, f"{found.id} recorded", found.state)
    match event:
        case DeliveryAdvanced():
            return _check_advance(found, event) or ()
        case DeliveryAcknowledged() | DeliveryDisputed():
            return _check_amounts(found, event.lines, _unsettled(found)) or ()
        case DisputeSettled():
            if not found.disputed:
                return Refused(Refusal.WRONG_STATE, f"{found.id} disputed", "no dispute")
            other = found.party if event.party == ledger.beneficiary else ledger.beneficiary
            return _check_amounts(found, event.lines, found.claimed) or (other,)
        case DeliveryCorrected():
            under = _commitment(compact, found.commitment)
            return _check_lines(under, event.lines, (), _on(found)) or ()
        case DeliveryVoided():
            return ()
        case DeliveryMarkedDuplicate():
            return _check_duplicate(compact, event) or ()
    assert_never(event)


def _check_signer(found: Delivery, event: DeliveryAct, beneficiary: str) -> Refused | None:
    match event:
        case DeliveryAcknowledged() | DeliveryDisputed():
            entitled: tuple[str, ...] = (beneficiary,)
        case DisputeSettled():
            entitled = (found.party, beneficiary)
        case _:
            entitled = (found.party,)
    if event.party not in entitled:
        return Refused(Refusal.SIGNER_NOT_ENTITLED, " or ".join(entitled), event.party)
    return None


def _commitment(compact: Compact, commitment_id: str | None) -> Commitment | None:
    return commitment(history(compact, "commitment", commitment_id)) if commitment_id is not None else None


def _check_recorded(compact: Compact, event: DeliveryRecorded) -> Refused | None:
    if event.reimburses is not None and delivery(history(compact, "delivery", event.reimburses)) is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a recorded delivery that is reimbursed", event.reimburses)
    under = _commitment(compact, event.commitment)
    if event.commitment is not None:
        if under is None:
            return Refused(Refusal.REFERENCE_UNKNOWN, "a commitment in effect", event.commitment)
        if event.party not in under.obligors:
            return Refused(Refusal.SIGNER_NOT_ENTITLED, f"an obligor: {', '.join(under.obligors)}", event.party)
        if under.became is not None:
            return Refused(Refusal.ALREADY_ENDED, f"a delivery for {under.became}", f"{under.id}, {under.state}")
    if history(compact, "delivery", event.delivery) is not None:
        return Refused(Refusal.ALREADY_EXISTS, "a new delivery id: ids are not reused", event.delivery)
    return _check_lines(under, event.lines, event.valuations, dated(event))


def _on(found: Delivery) -> date:
    return found.reached[0].when.last


def _check_lines(
    under: Commitment | None, lines: tuple[Line, ...], valuations: tuple[Valuation, ...], on: date
) -> Refused | None:
    numbers = [line.line for line in lines]
    if len(set(numbers)) != len(numbers):
        return Refused(Refusal.ALREADY_EXISTS, "each line number once", ", ".join(map(str, numbers)))
    codes = tuple(code for line in lines for code in currencies_of(line.object))
    if (refused := check_currencies(codes, on) or check_valuations(valuations, on)) is not None:
        return refused
    for line in lines:
        if under is not None and not _fulfils(under.terms.object, line.object):
            expected = f"line {line.line} in {unit_of(under.terms.object)}, as {under.id} promises"
            return Refused(Refusal.UNIT_MISMATCH, expected, f"{unit_of(line.object)}")
    for valuation in valuations:
        if valuation.line is not None and valuation.line not in numbers:
            return Refused(Refusal.LINE_UNKNOWN, f"a line of {numbers}", str(valuation.line))
    return None


def _fulfils(promised: Object, delivered: Object) -> bool:
    """Fulfilment is counted by unit. What is undisclosed can be fulfilled by anything."""
    return isinstance(promised, UndisclosedObject) or unit_of(promised) == unit_of(delivered)


def _check_advance(found: Delivery, event: DeliveryAdvanced) -> Refused | None:
    if MILESTONE_ORDER.index(event.milestone) <= MILESTONE_ORDER.index(found.milestone):
        return Refused(Refusal.WRONG_STATE, f"a milestone after {found.milestone}", event.milestone)
    before = found.reached[-1].when
    if event.occurred is not None and event.occurred.last < before.first:
        expected = f"not before {before.first}, when it was {found.milestone}"
        return Refused(Refusal.DATES_DISORDERED, expected, str(event.occurred.last))
    return None


def _unsettled(found: Delivery) -> dict[int, Decimal]:
    """Return what of each line has not been acknowledged."""
    return {line: amount - found.acknowledged.get(line, NOTHING) for line, amount in found.claimed.items()}


def _check_amounts(found: Delivery, lines: tuple[LineAmount, ...], at_most: dict[int, Decimal]) -> Refused | None:
    numbers = [one.line for one in lines]
    if len(set(numbers)) != len(numbers):
        return Refused(Refusal.ALREADY_EXISTS, "each line once", ", ".join(map(str, numbers)))
    for one in lines:
        if one.line not in at_most:
            return Refused(Refusal.LINE_UNKNOWN, f"a line of {sorted(at_most)} of {found.id}", str(one.line))
    for one in lines:
        if Decimal(one.amount) > at_most[one.line]:
            return Refused(Refusal.ABOVE_CLAIMED, f"at most {at_most[one.line]} of line {one.line}", one.amount)
    return None


def _check_duplicate(compact: Compact, event: DeliveryMarkedDuplicate) -> Refused | None:
    other = delivery(history(compact, "delivery", event.duplicate_of))
    if other is None or other.id == event.delivery:
        return Refused(Refusal.REFERENCE_UNKNOWN, "another recorded delivery", event.duplicate_of)
    if other.state != "recorded":
        return Refused(Refusal.ALREADY_ENDED, f"{other.id} recorded", other.state)
    return None
