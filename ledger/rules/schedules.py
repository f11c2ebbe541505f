"""Schedules: which dated parts a commitment consists of, and when each of them is due. Never invents a day."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from dateutil.relativedelta import relativedelta

from ledger.events.terms import (
    FormulaObject,
    GoodsObject,
    MoneyObject,
    Object,
    Once,
    Recurrence,
    Schedule,
    ServiceObject,
    Terms,
    Tranches,
    UndisclosedObject,
    Unscheduled,
)
from ledger.events.values import When

MONTHS: Final = MappingProxyType({"month": 1, "quarter": 3, "half_year": 6, "year": 12})

FIRST_DAY: Final = date(1945, 1, 1)
LAST_DAY: Final = date(2144, 12, 31)
"""The days that terms may state. What has no end states none, and is not ended by this."""

PERIODS_MAX: Final = 2_600
"""Those two hundred years in months and as many more as are compared beyond: no longer expansion is made."""


@dataclass(frozen=True, slots=True)
class Due:
    """A part that falls due at the end of `when.last`. `amount`: money or units; None where no figure is known."""

    when: When
    amount: Decimal | None


def amount_of(promised: Object) -> Decimal | None:
    """Return the figure of an object, in its unit; None for a formula and for what is undisclosed."""
    match promised:
        case MoneyObject():
            return Decimal(promised.amount)
        case GoodsObject() | ServiceObject():
            return Decimal(promised.quantity)
        case FormulaObject() | UndisclosedObject():
            return None


def unit_of(promised: Object) -> str | None:
    """Return the currency or the unit in which an object is counted; None for what is undisclosed."""
    match promised:
        case MoneyObject() | FormulaObject():
            return promised.currency
        case GoodsObject() | ServiceObject():
            return promised.unit
        case UndisclosedObject():
            return None


def period(recurrence: Recurrence, number: int) -> When:
    """Return the period `number` (from 0) of a recurrence: the same day of the month, or the last of the month.

    A first period that ends the day before the second begins makes every period end so.
    """
    first = recurrence.first
    step = MONTHS[recurrence.every]
    begins = first.first + relativedelta(months=step * number)
    is_seamless = first.last + timedelta(days=1) == first.first + relativedelta(months=step)
    if is_seamless:
        ends = first.first + relativedelta(months=step * (number + 1)) - timedelta(days=1)
    else:
        ends = first.last + relativedelta(months=step * number)
    return When(begins, ends, first.precision)


def dues(terms: Terms, until: date) -> tuple[Due, ...]:
    """Return the parts that begin by `until`, in order. Raises ValueError beyond PERIODS_MAX periods.

    An unscheduled commitment has none: it never becomes due.
    """
    amount = amount_of(terms.object)
    match terms.schedule:
        case Unscheduled():
            return ()
        case Once() as once:
            return (Due(once.due, amount),) if once.due.first <= until else ()
        case Tranches() as parts:
            return tuple(Due(part.due, Decimal(part.amount)) for part in parts.tranches if part.due.first <= until)
        case Recurrence() as recurrence:
            return tuple(Due(when, amount) for when in periods_until(recurrence, until))


def periods_until(recurrence: Recurrence, until: date) -> list[When]:
    """Return the periods that begin by `until`. Raises ValueError beyond PERIODS_MAX."""
    last_day = until if recurrence.until is None else min(until, recurrence.until)
    periods: list[When] = []
    while (when := period(recurrence, len(periods))).first <= last_day:
        if len(periods) == PERIODS_MAX:
            raise ValueError(f"expected at most {PERIODS_MAX} periods until {until}")
        periods.append(when)
    return periods


def last_stated_day(schedule: Schedule) -> date | None:
    """Return the last day that a schedule names; None where it names none."""
    match schedule:
        case Unscheduled():
            return None
        case Once() as once:
            return once.due.last
        case Tranches() as parts:
            return max(part.due.last for part in parts.tranches)
        case Recurrence() as recurrence:
            return recurrence.until or recurrence.first.last


def stated_days(schedule: Schedule) -> tuple[date, ...]:
    """Return the days that a schedule names."""
    match schedule:
        case Unscheduled():
            return ()
        case Once() as once:
            return (once.due.first, once.due.last)
        case Tranches() as parts:
            return tuple(day for part in parts.tranches for day in (part.due.first, part.due.last))
        case Recurrence() as recurrence:
            return (recurrence.first.first, recurrence.first.last, recurrence.until or recurrence.first.last)


def is_open_ended(schedule: Schedule) -> bool:
    """Return whether a schedule goes on for as long as the text runs."""
    return isinstance(schedule, Recurrence) and schedule.until is None


def overlaps(one: When, other: When) -> bool:
    """Return whether two intervals share a day."""
    return one.first <= other.last and other.first <= one.last
