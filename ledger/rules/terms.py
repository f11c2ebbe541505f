"""Are these terms sound: parties and codes known, dates in order, shares and tranches that sum, parts within the whole?

Form only: how much, for what and how firmly is nobody's business but the parties'.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from ledger.events.currencies import is_valid_on
from ledger.events.refusals import Refusal, Refused
from ledger.events.terms import (
    Bound,
    FormulaObject,
    MoneyObject,
    Object,
    Recurrence,
    Schedule,
    Terms,
    Tranches,
    Unscheduled,
    Valuation,
)
from ledger.events.values import check_decimals, share_of
from ledger.rules.commitments import Commitment, commitment
from ledger.rules.compact import Compact, history
from ledger.rules.instruments import Instrument
from ledger.rules.parties import party_of
from ledger.rules.schedules import amount_of, dues, last_stated_day, period, periods_until, unit_of


@dataclass(frozen=True, slots=True)
class Proposal:
    """Terms proposed for the commitment `id` under `instrument`, as of the day `on`. `replaces`: ids that they end."""

    id: str
    instrument: Instrument
    terms: Terms
    on: date
    replaces: tuple[str, ...] = ()


def check_terms(compact: Compact, proposal: Proposal) -> Refused | None:
    """Return the first reason why these terms cannot be recorded, in the order of the refusals, or None."""
    return (
        _check_obligors(compact, proposal)
        or _check_parent_known(compact, proposal)
        or _check_members(proposal)
        or check_currencies(currencies_of(proposal.terms.object), proposal.on)
        or _check_dates(proposal.terms)
        or _check_shares(proposal)
        or _check_tranches(proposal.terms)
        or _check_parent(compact, proposal)
        or _check_children(compact, proposal)
    )


def _check_obligors(compact: Compact, proposal: Proposal) -> Refused | None:
    for obligor in proposal.terms.obligors:
        if party_of(compact, obligor.party) is None:
            return Refused(Refusal.REFERENCE_UNKNOWN, "obligors that are admitted parties", obligor.party)
    return None


def _check_parent_known(compact: Compact, proposal: Proposal) -> Refused | None:
    part_of = proposal.terms.part_of
    if part_of is None:
        return None
    if part_of.commitment == proposal.id or _parent(compact, part_of.commitment) is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "another commitment in effect to be part of", part_of.commitment)
    return None


def _parent(compact: Compact, commitment_id: str) -> Commitment | None:
    return commitment(history(compact, "commitment", commitment_id))


def _check_members(proposal: Proposal) -> Refused | None:
    for obligor in proposal.terms.obligors:
        if obligor.party not in proposal.instrument.parties:
            members = ", ".join(proposal.instrument.parties) or "nobody"
            return Refused(Refusal.PARTY_NOT_IN_INSTRUMENT, members, obligor.party)
    return None


def currencies_of(promised: Object) -> tuple[str, ...]:
    """Return the currency codes that an object names."""
    return (promised.currency,) if isinstance(promised, MoneyObject | FormulaObject) else ()


def check_currencies(codes: tuple[str, ...], on: date) -> Refused | None:
    """Return a refusal for the first code that was no currency on that day."""
    for code in codes:
        if not is_valid_on(code, on):
            return Refused(Refusal.CODE_UNKNOWN, f"an ISO 4217 code in use on {on}", code)
    return None


def check_valuations(valuations: tuple[Valuation, ...], on: date) -> Refused | None:
    """Return a refusal for the first valuation in a currency that was none on that day."""
    return check_currencies(tuple(one.currency for one in valuations), on)


def _check_dates(terms: Terms) -> Refused | None:
    if isinstance(terms.schedule, Tranches):
        for before, after in pairwise(terms.schedule.tranches):
            if after.due.last < before.due.last:
                got = f"{after.due.last} after {before.due.last}"
                return Refused(Refusal.DATES_DISORDERED, "tranches in the order in which they fall due", got)
    if isinstance(terms.schedule, Recurrence):
        second = period(terms.schedule, 1)
        if second.first <= terms.schedule.first.last:
            expected = f"a first period that ends before the second begins, on {second.first}"
            return Refused(Refusal.DATES_DISORDERED, expected, str(terms.schedule.first.last))
    return None


def _check_shares(proposal: Proposal) -> Refused | None:
    obligors = proposal.terms.obligors
    if len({obligor.party for obligor in obligors}) != len(obligors):
        names = ", ".join(obligor.party for obligor in obligors)
        return Refused(Refusal.SHARES_DO_NOT_SUM, "each obligor once", names)
    total = sum((share_of(obligor.share) for obligor in obligors), Fraction(0))
    if total != 1:
        return Refused(Refusal.SHARES_DO_NOT_SUM, f"shares of {proposal.id!r} that sum to 1", str(total))
    return None


def _check_tranches(terms: Terms) -> Refused | None:
    if not isinstance(terms.schedule, Tranches):
        return None
    whole = amount_of(terms.object)
    if whole is None:
        return Refused(
            Refusal.TRANCHES_DO_NOT_SUM, "an object with a figure to divide", terms.object.__class__.__name__
        )
    for tranche in terms.schedule.tranches:
        try:
            if isinstance(terms.object, MoneyObject):
                check_decimals(tranche.amount, terms.object.currency)
        except ValueError as error:
            return Refused(Refusal.TRANCHES_DO_NOT_SUM, "tranches written as their object is", str(error))
    total = sum((Decimal(tranche.amount) for tranche in terms.schedule.tranches), Decimal(0))
    if total != whole:
        return Refused(Refusal.TRANCHES_DO_NOT_SUM, f"tranches that sum to {whole}", str(total))
    return None


def _check_parent(compact: Compact, proposal: Proposal) -> Refused | None:
    """Within its parent: open, in the same unit, and with its siblings not above it. A circle is no nesting."""
    part_of = proposal.terms.part_of
    if part_of is None:
        return None
    parent = _parent(compact, part_of.commitment)
    assert parent is not None
    if proposal.id in _ancestors(compact, parent):
        return Refused(Refusal.REFERENCE_UNKNOWN, "a parent outside its own parts", part_of.commitment)
    if _differ(parent.terms.object, proposal.terms.object):
        units = (str(unit_of(one.object)) for one in (parent.terms, proposal.terms))
        expected, got = units
        return Refused(Refusal.UNIT_MISMATCH, f"{expected}, as in {parent.id}", got)
    if parent.state != "open":
        return Refused(Refusal.ALREADY_ENDED, f"{parent.id} open", parent.state)
    siblings = [one.terms for one in _open_children(compact, parent) if one.id not in (proposal.id, *proposal.replaces)]
    return _check_sum(parent.id, parent.terms, [*siblings, proposal.terms])


def _check_children(compact: Compact, proposal: Proposal) -> Refused | None:
    """The parts that are there already stay within the terms proposed."""
    own = _parent(compact, proposal.id)
    children = [one.terms for one in _open_children(compact, own)] if own is not None else []
    return _check_sum(proposal.id, proposal.terms, children)


def _ancestors(compact: Compact, start: Commitment) -> Iterator[str]:
    """Yield the id of a commitment and of each that it is counted in."""
    at: Commitment | None = start
    while at is not None:
        yield at.id
        part_of = at.terms.part_of
        at = _parent(compact, part_of.commitment) if part_of is not None else None


def _open_children(compact: Compact, parent: Commitment) -> Iterator[Commitment]:
    record = history(compact, "commitment", parent.id)
    for child_id in record.children if record is not None else ():
        child = _parent(compact, child_id)
        part_of = child.terms.part_of if child is not None else None
        if child is not None and child.state == "open" and part_of is not None and part_of.commitment == parent.id:
            yield child


def _differ(one: Object, other: Object) -> bool:
    """Two figures of one kind in different units; goods within a sum of money cannot be compared and may be nested."""
    return type(one) is type(other) and unit_of(one) != unit_of(other)


def _check_sum(parent_id: str, parent: Terms, children: list[Terms]) -> Refused | None:
    """The parts that fall due in a period of the parent sum to at most the parent. A floor has no upper end."""
    whole = amount_of(parent.object)
    counted = [child for child in children if type(child.object) is type(parent.object)]
    if whole is None or parent.bound == Bound.FLOOR or not counted:
        return None
    totals: dict[date | None, Decimal] = {}
    for ends_on, amount in _parts(parent.schedule, counted):
        totals[ends_on] = totals.get(ends_on, Decimal(0)) + amount
    for ends_on, total in totals.items():
        if total > whole:
            when = f" in the period until {ends_on}" if ends_on is not None else ""
            return Refused(Refusal.CHILD_ABOVE_PARENT, f"parts of {parent_id}{when} of at most {whole}", str(total))
    return None


def _parts(parent: Schedule, children: list[Terms]) -> Iterator[tuple[date | None, Decimal]]:
    """Yield each dated part of the children with the end of the parent's period that it falls due in, None: the one."""
    days = [day for one in children if (day := last_stated_day(one.schedule)) is not None]
    horizon = max([*days, last_stated_day(parent) or date.min])
    periods = periods_until(parent, horizon) if isinstance(parent, Recurrence) else []
    for child in children:
        amount = amount_of(child.object) or Decimal(0)
        if isinstance(child.schedule, Unscheduled):
            yield from ((when.last, amount) for when in periods) if periods else ((None, amount),)
        for due in dues(child, horizon):
            ends = next((when.last for when in periods if when.first <= due.when.last <= when.last), None)
            yield ends, due.amount or Decimal(0)
