"""Who is late: every obligation of which something is overdue, the longest overdue first.

Amounts in different units cannot be compared, days can; of equal days, the one of which the larger part is missing.
"""

from datetime import date
from fractions import Fraction

from msgspec import Struct

from ledger.events.values import Texts
from projections.answers import Obligation
from projections.figures import Figure
from projections.obligations import every_obligation
from projections.reading import Known


class Overdue(Struct, frozen=True, kw_only=True):
    """What one guarantor is late with under one commitment. `counted_in`: the envelope that shows it as well."""

    guarantor: str
    commitment: str
    title: Texts
    instrument: str
    category: str
    unit: str
    overdue: Figure
    due: Figure
    delivered: Figure
    acknowledged: Figure
    overdue_since: date
    days: int
    overdue_in_suspension: Figure
    state: str
    counted_in: str | None


def overdue(known: Known) -> tuple[Overdue, ...]:
    """Return what is overdue on the day, worst first."""
    late = (shown for one in every_obligation(known) if (shown := _shown(known, one)) is not None)
    return tuple(sorted(late, key=lambda one: (-one.days, -_missing(one), one.commitment, one.guarantor)))


def _shown(known: Known, one: Obligation) -> Overdue | None:
    figures = (one.overdue, one.due, one.delivered, one.acknowledged, one.overdue_in_suspension)
    if one.overdue_since is None or one.unit is None or any(figure is None for figure in figures):
        return None
    late, due, delivered, acknowledged, in_suspension = (figure for figure in figures if figure is not None)
    return Overdue(
        guarantor=one.guarantor,
        commitment=one.commitment,
        title=one.title,
        instrument=one.instrument,
        category=one.category,
        unit=one.unit,
        overdue=late,
        due=due,
        delivered=delivered,
        acknowledged=acknowledged,
        overdue_since=one.overdue_since,
        days=(known.as_of - one.overdue_since).days + 1,
        overdue_in_suspension=in_suspension,
        state=one.state,
        counted_in=one.counted_in,
    )


def _missing(one: Overdue) -> Fraction:
    due = Fraction(one.due.amount)
    return Fraction(one.overdue.amount) / due if due else Fraction(0)
