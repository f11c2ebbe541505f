"""The dated parts that a commitment consists of as of a day, each with its amount if it has one yet.

A recurring promise starts anew in each period: the parts are the periods begun by that day. A period that had ended
before new recurring terms came stays as it fell due. Everything else is one sum in one or more parts, and new terms
replace it whole.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from ledger.events.terms import FormulaObject, Recurrence, Unscheduled
from ledger.events.values import When
from ledger.rules.commitments import Commitment, TermsFrom
from ledger.rules.schedules import amount_of, dues, unit_of


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a promise. `when` None: no date is stated. `amount` None: not resolved yet, or undisclosed."""

    when: When | None
    amount: Fraction | None
    events: tuple[str, ...]


def parts_of(commitment: Commitment, as_of: date) -> tuple[Part, ...]:
    """Return the parts in the order in which they fall due."""
    terms = commitment.terms
    if isinstance(terms.schedule, Recurrence):
        last_day = as_of if commitment.ended_on is None else min(as_of, commitment.ended_on)
        versions = _recurring(commitment)
        found = [part for index in range(len(versions)) for part in _governed(commitment, versions, index, last_day)]
    elif isinstance(terms.schedule, Unscheduled) and isinstance(terms.object, FormulaObject):
        # No period is stated, so the resolutions themselves say which there are.
        found = [Part(one.period, Fraction(one.amount), (one.event_id,)) for one in commitment.resolutions]
        found = found or [Part(None, None, (commitment.versions[-1].event_id,))]
    elif isinstance(terms.schedule, Unscheduled):
        found = [Part(None, _exact(amount_of(terms.object)), (commitment.versions[-1].event_id,))]
    else:
        found = _dated(commitment, commitment.versions[-1], date.max)
    return tuple(sorted(found, key=lambda part: part.when.last if part.when is not None else date.max))


def next_part(commitment: Commitment, as_of: date) -> Part | None:
    """Return the first part that falls due on or after a day; of a recurrence also one that has not begun."""
    if commitment.ended_on is not None and commitment.ended_on <= as_of:
        return None
    schedule = commitment.terms.schedule
    if isinstance(schedule, Recurrence):
        # Far enough for the period after the one that is running.
        horizon = max(date(as_of.year + 2, 1, 1), schedule.first.first)
        found = _dated(commitment, commitment.versions[-1], horizon)
    else:
        found = list(parts_of(commitment, as_of))
    dated = [(part.when.last, part) for part in found if part.when is not None and part.when.last >= as_of]
    return min(dated, key=lambda item: item[0])[1] if dated else None


def _recurring(commitment: Commitment) -> list[TermsFrom]:
    """Return the newest terms and those before them without a break that recur in the same unit, oldest first."""
    newest = commitment.terms.object
    found: list[TermsFrom] = []
    for version in reversed(commitment.versions):
        promised = version.terms.object
        is_alike = type(promised) is type(newest) and unit_of(promised) == unit_of(newest)
        if not isinstance(version.terms.schedule, Recurrence) or not is_alike:
            break
        found.insert(0, version)
    return found


def _governed(commitment: Commitment, versions: list[TermsFrom], index: int, last_day: date) -> list[Part]:
    """Return the periods that a version governs: those that end while it is the newest."""
    begins = versions[index].since if index else date.min
    ends = min((version.since for version in versions[index + 1 :]), default=None)
    parts = _dated(commitment, versions[index], last_day)
    return [part for part in parts if part.when and begins <= part.when.last and (not ends or part.when.last < ends)]


def _dated(commitment: Commitment, version: TermsFrom, until: date) -> list[Part]:
    return [_resolved(commitment, version, due.when, due.amount) for due in dues(version.terms, until)]


def _resolved(commitment: Commitment, version: TermsFrom, when: When, amount: Decimal | None) -> Part:
    if isinstance(version.terms.object, FormulaObject):
        for one in commitment.resolutions:
            if (one.period.first, one.period.last) == (when.first, when.last):
                return Part(when, Fraction(one.amount), (version.event_id, one.event_id))
    return Part(when, _exact(amount), (version.event_id,))


def _exact(amount: Decimal | None) -> Fraction | None:
    return Fraction(amount) if amount is not None else None
