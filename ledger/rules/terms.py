"""Are these terms sound: parties and codes known, dates in order, shares and tranches that sum, parts within the whole?

Form only: how much, for what and how firmly is nobody's business but the parties'.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final

from dateutil.relativedelta import relativedelta

from ledger.events.currencies import is_valid_on
from ledger.events.refusals import Refusal, Refused
from ledger.events.terms import (
    Bound,
    FormulaObject,
    GoodsObject,
    MoneyObject,
    Object,
    Recurrence,
    Schedule,
    ServiceObject,
    Terms,
    Tranches,
    Unscheduled,
    Valuation,
)
from ledger.events.values import check_decimals, check_quantity, share_of
from ledger.rules.commitments import Commitment, commitment
from ledger.rules.compact import Compact, history
from ledger.rules.instruments import Instrument
from ledger.rules.parties import party_of
from ledger.rules.precedence import first_of
from ledger.rules.schedules import (
    FIRST_DAY,
    LAST_DAY,
    amount_of,
    dues,
    is_open_ended,
    last_stated_day,
    period,
    periods_until,
    stated_days,
    unit_of,
)

SUMMED_YEARS: Final = 3
"""How far beyond the last stated day parts are summed: what recurs without end has repeated itself by then."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Terms proposed for the commitment `id` under `instrument`, as of the day `on`.

    `replaces`: the commitment that they end by conversion. `absorbs`: those that go on in this one, with their parts.
    """

    id: str
    instrument: Instrument
    terms: Terms
    on: date
    replaces: tuple[str, ...] = ()
    absorbs: tuple[str, ...] = ()

    @property
    def own(self) -> tuple[str, ...]:
        """The ids that these terms stand in the place of."""
        return (self.id, *self.replaces, *self.absorbs)


def check_terms(compact: Compact, proposal: Proposal) -> Refused | None:
    """Return the first reason why these terms cannot be recorded, in the order of the refusals, or None."""
    dates = _check_dates(proposal.terms)
    # Terms without sound dates cannot be divided into periods, so they cannot be compared with others.
    nesting = check_nesting(compact, proposal) if dates is None else None
    return first_of(
        _check_obligors(compact, proposal),
        _check_parent_known(compact, proposal),
        _check_members(proposal),
        check_currencies(currencies_of(proposal.terms.object), proposal.on),
        dates,
        _check_shares(proposal),
        _check_tranches(proposal.terms),
        nesting,
    )


def check_nesting(compact: Compact, proposal: Proposal) -> Refused | None:
    """Return why terms do not fit into what they are counted in, or their own parts into them, or None."""
    return first_of(_check_parent(compact, proposal), _check_children(compact, proposal))


def _check_obligors(compact: Compact, proposal: Proposal) -> Refused | None:
    for obligor in proposal.terms.obligors:
        if party_of(compact, obligor.party) is None:
            return Refused(Refusal.REFERENCE_UNKNOWN, "obligors that are admitted parties", obligor.party)
    return None


def _check_parent_known(compact: Compact, proposal: Proposal) -> Refused | None:
    part_of = proposal.terms.part_of
    if part_of is None:
        return None
    parent = going_on(compact, part_of.commitment)
    if parent is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "another commitment in effect to be part of", part_of.commitment)
    if not set(proposal.own).isdisjoint((part_of.commitment, *_ancestors(compact, parent))):
        return Refused(Refusal.REFERENCE_UNKNOWN, "a parent outside its own parts", part_of.commitment)
    return None


def going_on(compact: Compact, commitment_id: str) -> Commitment | None:
    """Return a commitment in effect, or the one that it went on as after a merger."""
    found = commitment(history(compact, "commitment", commitment_id))
    while found is not None and found.state == "merged" and found.became is not None:
        found = commitment(history(compact, "commitment", found.became))
    return found


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


def check_written(amount: str, counted: Object) -> None:
    """Raise ValueError unless `amount` is written as the figures of what is counted are."""
    if isinstance(counted, MoneyObject):
        check_decimals(amount, counted.currency)
    elif isinstance(counted, GoodsObject | ServiceObject):
        check_quantity(amount)


def check_valuations(valuations: tuple[Valuation, ...], on: date) -> Refused | None:
    """Return a refusal for the first valuation in a currency that was none on that day."""
    return check_currencies(tuple(one.currency for one in valuations), on)


def _check_dates(terms: Terms) -> Refused | None:
    beyond = next((day for day in stated_days(terms.schedule) if not FIRST_DAY <= day <= LAST_DAY), None)
    if beyond is not None:
        return Refused(Refusal.DATES_DISORDERED, f"days from {FIRST_DAY} to {LAST_DAY}", str(beyond))
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
            check_written(tranche.amount, terms.object)
        except ValueError as error:
            return Refused(Refusal.TRANCHES_DO_NOT_SUM, "tranches written as their object is", str(error))
    total = sum((Decimal(tranche.amount) for tranche in terms.schedule.tranches), Decimal(0))
    if total != whole:
        return Refused(Refusal.TRANCHES_DO_NOT_SUM, f"tranches that sum to {whole}", str(total))
    return None


def _check_parent(compact: Compact, proposal: Proposal) -> Refused | None:
    """Within its parent: open, in the same unit, and with its siblings not above it.

    A part stays where it is when its parent ends; only a new nesting needs a parent that is open.
    """
    part_of = proposal.terms.part_of
    parent = going_on(compact, part_of.commitment) if part_of is not None else None
    if part_of is None or parent is None:
        return None
    own = commitment(history(compact, "commitment", proposal.id))
    if parent.state != "open" and own is not None and own.terms.part_of == part_of:
        return None
    siblings = [one.terms for one in _open_children(compact, (parent.id,)) if one.id not in proposal.own]
    return first_of(
        _check_unit(parent.id, parent.terms, proposal.terms),
        _check_sum(parent.id, parent.terms, [*siblings, proposal.terms]),
        Refused(Refusal.ALREADY_ENDED, f"{parent.id} open", parent.state) if parent.state != "open" else None,
    )


def _check_children(compact: Compact, proposal: Proposal) -> Refused | None:
    """The parts that are there already stay within the terms proposed."""
    found = _open_children(compact, (proposal.id, *proposal.absorbs))
    children = [one.terms for one in found if one.id not in proposal.own]
    units = (_check_unit(proposal.id, proposal.terms, child) for child in children)
    return first_of(*units, _check_sum(proposal.id, proposal.terms, children))


def _check_unit(parent_id: str, parent: Terms, child: Terms) -> Refused | None:
    if not _differ(parent.object, child.object):
        return None
    return Refused(Refusal.UNIT_MISMATCH, f"{unit_of(parent.object)}, as in {parent_id}", str(unit_of(child.object)))


def _ancestors(compact: Compact, start: Commitment) -> tuple[str, ...]:
    """Return the id of a commitment and of each that it is counted in."""
    found: dict[str, None] = {}
    at: Commitment | None = start
    while at is not None and at.id not in found:
        found[at.id] = None
        part_of = at.terms.part_of
        at = going_on(compact, part_of.commitment) if part_of is not None else None
    return tuple(found)


def _open_children(compact: Compact, parents: tuple[str, ...]) -> Iterator[Commitment]:
    """Yield the open parts of these commitments, those that came with a merger included."""
    waiting, seen = list(parents), set(parents)
    for parent_id in waiting:
        record = history(compact, "commitment", parent_id)
        view = commitment(record)
        for near in (*(record.children if record is not None else ()), *(view.absorbed if view is not None else ())):
            other = commitment(history(compact, "commitment", near))
            if other is None or near in seen:
                continue
            seen.add(near)
            part_of = other.terms.part_of
            if other.state == "open" and part_of is not None and part_of.commitment == parent_id:
                yield other
            elif other.state == "merged" and other.became == parent_id:
                waiting.append(near)


def _differ(one: Object, other: Object) -> bool:
    """Two figures of one kind in different units; goods within a sum of money cannot be compared and may be nested."""
    return type(one) is type(other) and unit_of(one) != unit_of(other)


def _check_sum(parent_id: str, parent: Terms, children: list[Terms]) -> Refused | None:
    """The parts that fall due in a period of the parent sum to at most the parent. A floor has no upper end."""
    whole = amount_of(parent.object)
    counted = [child for child in children if type(child.object) is type(parent.object)]
    if whole is None or parent.bound == Bound.FLOOR or not counted:
        return None
    if not is_open_ended(parent.schedule) and any(is_open_ended(child.schedule) for child in counted):
        return Refused(Refusal.CHILD_ABOVE_PARENT, f"parts of {parent_id} of at most {whole} in all", "one without end")
    totals: dict[date | None, Decimal] = {}
    for ends_on, amount in _parts(parent.schedule, counted):
        totals[ends_on] = totals.get(ends_on, Decimal(0)) + amount
    for ends_on, total in totals.items():
        if total > whole:
            when = f" in the period until {ends_on}" if ends_on is not None else ""
            return Refused(Refusal.CHILD_ABOVE_PARENT, f"parts of {parent_id}{when} of at most {whole}", str(total))
    return None


def _parts(parent: Schedule, children: list[Terms]) -> Iterator[tuple[date | None, Decimal]]:
    """Yield each dated part of the children with the end of the parent's period that it falls due in, None: the one.

    What falls due before the first period or between two counts where its delivery would: in the one that began last.
    """
    days = [day for one in children if (day := last_stated_day(one.schedule)) is not None]
    horizon = max([*days, last_stated_day(parent) or date.min]) + relativedelta(years=SUMMED_YEARS)
    periods = periods_until(parent, horizon) if isinstance(parent, Recurrence) else []
    begins = [when.first for when in periods]
    for child in children:
        amount = amount_of(child.object) or Decimal(0)
        if isinstance(child.schedule, Unscheduled):
            yield from ((when.last, amount) for when in periods) if periods else ((None, amount),)
        for due in dues(child, horizon):
            begun = max(bisect_right(begins, due.when.last) - 1, 0)
            yield periods[begun].last if periods else None, due.amount or Decimal(0)
