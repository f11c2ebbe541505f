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
from ledger.events.terms import MILESTONE_ORDER, FormulaObject, MoneyObject, Object, UndisclosedObject, Valuation
from ledger.rules.commitments import Commitment, commitment
from ledger.rules.compact import Compact, history, opened
from ledger.rules.deliveries import NOTHING, Delivery, delivery
from ledger.rules.history import dated
from ledger.rules.parties import may_act
from ledger.rules.precedence import first_of
from ledger.rules.schedules import unit_of
from ledger.rules.terms import check_currencies, check_valuations, check_written, currencies_of

_UNKNOWN = UndisclosedObject()

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
    asked: tuple[str, ...] = ()
    match event:
        case DeliveryAdvanced():
            refused = _check_advance(found, event)
        case DeliveryAcknowledged():
            refused = _check_amounts(found, event.lines, _unsettled(found))
        case DeliveryDisputed():
            refused = _check_amounts(found, event.lines, _undisputed(found))
        case DisputeSettled():
            undisputed = None if found.disputed else Refused(Refusal.WRONG_STATE, f"{found.id} disputed", "no dispute")
            refused = first_of(undisputed, _check_amounts(found, event.lines, found.claimed))
            asked = (found.party if event.party == ledger.beneficiary else ledger.beneficiary,)
        case DeliveryCorrected():
            under = _commitment(compact, found.commitment)
            refused = _check_lines(under, event.lines, (), _on(found))
        case DeliveryVoided():
            refused = None
        case DeliveryMarkedDuplicate():
            refused = _check_duplicate(compact, event)
        case _:
            assert_never(event)
    ended = None if found.state == "recorded" else Refused(Refusal.ALREADY_ENDED, f"{found.id} recorded", found.state)
    return first_of(_check_signer(compact, found, event, ledger.beneficiary), refused, ended) or asked


def _check_signer(compact: Compact, found: Delivery, event: DeliveryAct, beneficiary: str) -> Refused | None:
    match event:
        case DeliveryAcknowledged() | DeliveryDisputed():
            entitled: tuple[str, ...] = (beneficiary,)
        case DisputeSettled():
            entitled = (found.party, beneficiary)
        case _:
            entitled = (found.party,)
    if not may_act(compact, event.party, entitled):
        return Refused(Refusal.SIGNER_NOT_ENTITLED, " or ".join(entitled), event.party)
    return None


def _commitment(compact: Compact, commitment_id: str | None) -> Commitment | None:
    return commitment(history(compact, "commitment", commitment_id)) if commitment_id is not None else None


def _check_recorded(compact: Compact, event: DeliveryRecorded) -> Refused | None:
    unknown = taken = None
    if event.reimburses is not None and delivery(history(compact, "delivery", event.reimburses)) is None:
        unknown = Refused(Refusal.REFERENCE_UNKNOWN, "a recorded delivery that is reimbursed", event.reimburses)
    under = _commitment(compact, event.commitment)
    record = history(compact, "delivery", event.delivery)
    if record is not None and record.acts:
        taken = Refused(Refusal.ALREADY_EXISTS, "a new delivery id: ids are not reused", event.delivery)
    return first_of(
        _check_deliverer(compact, event, under),
        unknown,
        taken,
        _check_lines(under, event.lines, event.valuations, dated(event)),
        Refused(Refusal.ALREADY_ENDED, f"a delivery for {under.became}", f"{under.id}, {under.state}")
        if under is not None and under.became is not None
        else None,
    )


def _check_deliverer(compact: Compact, event: DeliveryRecorded, under: Commitment | None) -> Refused | None:
    """An obligor delivers; what is voluntary, anybody but the beneficiary, which is who acknowledges it."""
    if event.commitment is None:
        ledger = opened(compact)
        assert ledger is not None
        if event.party == ledger.beneficiary:
            return Refused(Refusal.SIGNER_NOT_ENTITLED, "a party that gives, not the beneficiary", event.party)
        return None
    if under is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a commitment in effect", event.commitment)
    if not may_act(compact, event.party, under.obligors):
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"an obligor: {', '.join(under.obligors)}", event.party)
    return None


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
    """Fulfilment is counted by unit, money by money. What is undisclosed can be fulfilled by anything."""
    if isinstance(promised, UndisclosedObject):
        return True
    is_money_for_money = isinstance(promised, MoneyObject | FormulaObject) == isinstance(delivered, MoneyObject)
    return is_money_for_money and unit_of(promised) == unit_of(delivered)


def _check_advance(found: Delivery, event: DeliveryAdvanced) -> Refused | None:
    before = found.reached[-1].when
    if event.occurred is not None and event.occurred.last < before.first:
        expected = f"not before {before.first}, when it was {found.milestone}"
        return Refused(Refusal.DATES_DISORDERED, expected, str(event.occurred.last))
    if MILESTONE_ORDER.index(event.milestone) <= MILESTONE_ORDER.index(found.milestone):
        return Refused(Refusal.WRONG_STATE, f"a milestone after {found.milestone}", event.milestone)
    return None


def _unsettled(found: Delivery) -> dict[int, Decimal]:
    """Return what of each line has not been acknowledged."""
    return {line: amount - found.acknowledged.get(line, NOTHING) for line, amount in found.claimed.items()}


def _undisputed(found: Delivery) -> dict[int, Decimal]:
    """Return what of each line was neither acknowledged nor disputed."""
    return {line: amount - found.disputed.get(line, NOTHING) for line, amount in _unsettled(found).items()}


def _check_amounts(found: Delivery, lines: tuple[LineAmount, ...], at_most: dict[int, Decimal]) -> Refused | None:
    numbers = [one.line for one in lines]
    if len(set(numbers)) != len(numbers):
        return Refused(Refusal.ALREADY_EXISTS, "each line once", ", ".join(map(str, numbers)))
    counted = {line.line: line.object for line in found.lines}
    for one in lines:
        try:
            check_written(one.amount, counted.get(one.line, _UNKNOWN))
        except ValueError as error:
            return Refused(Refusal.UNIT_MISMATCH, f"an amount written as line {one.line} is", str(error))
    for one in lines:
        if one.line not in at_most:
            return Refused(Refusal.LINE_UNKNOWN, f"a line of {sorted(at_most)} of {found.id}", str(one.line))
    for one in lines:
        if Decimal(one.amount) > at_most[one.line]:
            return Refused(Refusal.ABOVE_CLAIMED, f"at most {at_most[one.line]} of line {one.line}", one.amount)
    return None


def _check_duplicate(compact: Compact, event: DeliveryMarkedDuplicate) -> Refused | None:
    other = delivery(history(compact, "delivery", event.duplicate_of))
    if other is None or event.delivery == event.duplicate_of:
        return Refused(Refusal.REFERENCE_UNKNOWN, "another recorded delivery", event.duplicate_of)
    if other.state != "recorded":
        return Refused(Refusal.ALREADY_ENDED, f"{other.id} recorded", other.state)
    return None
