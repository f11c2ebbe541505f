"""Does an amendment lower, delay or narrow a commitment? Then the beneficiary has to agree.

Raising needs only the obligor. Whatever cannot be compared counts as narrowing: a doubt is the beneficiary's to settle.
"""

from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Final, Literal

from dateutil.relativedelta import relativedelta

from ledger.events.terms import (
    MILESTONE_ORDER,
    Bound,
    FormulaObject,
    Recurrence,
    Terms,
    UndisclosedObject,
    Unscheduled,
)
from ledger.events.values import LegalCharacter
from ledger.rules.schedules import MONTHS, Due, amount_of, dues, is_open_ended, last_stated_day, unit_of

Direction = Literal["lowers", "delays", "narrows"]

COMPARED_YEARS: Final = 10
"""How far beyond the last stated day two recurrences are compared; later periods repeat what was seen."""

_FIRMNESS: Final = (Bound.CAP, Bound.TARGET, Bound.EXACT, Bound.FLOOR)
_LAPSING: Final = (Bound.CAP, Bound.TARGET)
_CHARACTER: Final = (
    LegalCharacter.NON_BINDING,
    LegalCharacter.NOT_STATED,
    LegalCharacter.POLITICALLY_BINDING,
    LegalCharacter.LEGALLY_BINDING,
)


def direction(old: Terms, new: Terms) -> tuple[Direction, ...]:
    """Return in which ways `new` is less than `old`: empty if it is at least as much, as early and as broad."""
    found: list[Direction] = []
    if _amount_is_lower(old, new):
        found.append("lowers")
    elif _comes_later(old, new):
        found.append("delays")
    if _is_narrower(old, new):
        found.append("narrows")
    return tuple(found)


def _is_narrower(old: Terms, new: Terms) -> bool:
    return (
        type(old.object) is not type(new.object)
        or unit_of(old.object) != unit_of(new.object)
        or (isinstance(old.object, FormulaObject) and isinstance(new.object, FormulaObject) and _of(old) != _of(new))
        or (isinstance(old.object, UndisclosedObject) and old.object != new.object)
        or _FIRMNESS.index(new.bound) < _FIRMNESS.index(old.bound)
        or _CHARACTER.index(new.legal_character) < _CHARACTER.index(old.legal_character)
        or old.category != new.category
        or (old.phase, new.phase) == ("preventive", "on_activation")
        or (old.liability, new.liability) == ("joint", "several")
        or old.obligors != new.obligors
        or old.conditions != new.conditions
        or MILESTONE_ORDER.index(new.counts_from) < MILESTONE_ORDER.index(old.counts_from)
        or (new.part_of is not None and new.part_of != old.part_of)
        or (old.bound in _LAPSING and _lapses_sooner(old, new))
    )


def _of(terms: Terms) -> str:
    return terms.object.of if isinstance(terms.object, FormulaObject) else ""


def _amount_is_lower(old: Terms, new: Terms) -> bool:
    if isinstance(old.object, FormulaObject) and isinstance(new.object, FormulaObject):
        return Decimal(new.object.percent) < Decimal(old.object.percent) or _ends_earlier(old, new)
    before, after = amount_of(old.object), amount_of(new.object)
    if before is None or after is None:
        return _ends_earlier(old, new)
    return _ends_earlier(old, new) or _total(new, _horizon(old, new)) < _total(old, _horizon(old, new))


def _ends_earlier(old: Terms, new: Terms) -> bool:
    """Tell whether what went on without end comes to one, or goes on at a lower rate than it did."""
    if not isinstance(old.schedule, Recurrence) or not is_open_ended(old.schedule):
        return False
    if not isinstance(new.schedule, Recurrence) or not is_open_ended(new.schedule):
        return True
    before, after = _figure(old), _figure(new)
    return after * MONTHS[old.schedule.every] < before * MONTHS[new.schedule.every]


def _figure(terms: Terms) -> Decimal:
    """The figure of a whole object; without one it counts as one."""
    amount = amount_of(terms.object)
    return Decimal(1) if amount is None else amount


def _lapses_sooner(old: Terms, new: Terms) -> bool:
    """Tell whether on some day less could still be called upon: a cap or a target lapses with its period."""
    if isinstance(old.schedule, Unscheduled) or isinstance(new.schedule, Unscheduled):
        return not isinstance(new.schedule, Unscheduled)
    horizon = _horizon(old, new)
    before, after = dues(old, horizon), dues(new, horizon)
    return any(_from(after, due.when.last) < _from(before, due.when.last) for due in before)


def _from(parts: tuple[Due, ...], day: date) -> Decimal:
    return sum((_weight(due) for due in parts if due.when.last >= day), Decimal(0))


def _comes_later(old: Terms, new: Terms) -> bool:
    """Tell whether on some day less has fallen due under `new` than under `old`."""
    if isinstance(new.schedule, Unscheduled):
        return not isinstance(old.schedule, Unscheduled)
    if isinstance(old.schedule, Unscheduled):
        return False
    horizon = _horizon(old, new)
    before, after = _cumulated(old, horizon), _cumulated(new, horizon)
    return any(_by(after, day) < amount for day, amount in before)


def _horizon(old: Terms, new: Terms) -> date:
    stated = [day for day in (last_stated_day(old.schedule), last_stated_day(new.schedule)) if day is not None]
    return max(stated, default=date.min) + relativedelta(years=COMPARED_YEARS)


def _total(terms: Terms, horizon: date) -> Decimal:
    if isinstance(terms.schedule, Unscheduled):
        return amount_of(terms.object) or Decimal(0)
    return sum((_weight(due) for due in dues(terms, horizon)), Decimal(0))


def _cumulated(terms: Terms, horizon: date) -> list[tuple[date, Decimal]]:
    parts = sorted(dues(terms, horizon), key=lambda due: due.when.last)
    return [(due.when.last, total) for due, total in zip(parts, accumulate(map(_weight, parts)), strict=True)]


def _weight(due: Due) -> Decimal:
    """A part without a figure counts as one: then the number of parts is compared."""
    return due.amount if due.amount is not None else Decimal(1)


def _by(cumulated: list[tuple[date, Decimal]], day: date) -> Decimal:
    return max((amount for due_on, amount in cumulated if due_on <= day), default=Decimal(0))
