"""What the beneficiary needs, and how much of it is promised, delivered and acknowledged, per capability.

A capability is a category and the unit it is counted in. What counts is what obligations say: joint units once,
envelopes once; voluntary deliveries stand beside. A requirement that the beneficiary says is met is closed, and takes
with it as much of what was promised and delivered as it was for: nothing counts for two requirements.

Capabilities in which there is a promise and no requirement are listed as well, with no figure for what is required.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from ledger.events.currencies import exponent
from ledger.events.requirements import RequirementRevised, RequirementStated
from ledger.events.values import Texts, When
from ledger.rules.history import History, effective
from ledger.rules.requirements import Requirement, requirement
from projections.answers import Moment, PendingAct
from projections.counting import HEADLINES, Line, given_figures, line_figures
from projections.figures import Amount, Figure, Measure, figure, total
from projections.reading import Known, explained
from projections.timeline import pending, timeline
from projections.totals import tallied


class StatementShown(Struct, frozen=True, kw_only=True):
    """What the beneficiary said that it needs from a day on. The last statement is in force."""

    on: date
    quantity: str
    needed_by: When | None
    reason: str | None
    event: str


class RequirementPage(Struct, frozen=True, kw_only=True):
    """One requirement. `overdue`: not met, and the last possible day on which it was needed has passed."""

    requirement: str
    party: str
    title: Texts
    category: str
    unit: str
    quantity: Figure
    needed_by: When | None
    state: Literal["open", "overdue", "met"]
    stated_on: date
    met_on: date | None
    statements: tuple[StatementShown, ...]
    events: tuple[str, ...]
    pending: tuple[PendingAct, ...]
    timeline: tuple[Moment, ...]


class Coverage(Struct, frozen=True, kw_only=True):
    """One capability. `required` by what is not met; null where the beneficiary has stated nothing.

    The gaps are what is required beyond what is committed, and beyond what is delivered, never below nothing; of both
    only what is left beside the quantities that are met. `needed_overdue`: what was needed by a day that has passed and
    is not delivered. `overdue` is what guarantors are late with: they owe by their own dates.
    """

    category: str
    kind: Literal["money", "units"]
    unit: str
    required: Figure | None
    met: Figure
    committed: Figure
    delivered: Figure
    acknowledged: Figure
    overdue: Figure
    voluntary: Figure
    voluntary_acknowledged: Figure
    gap_committed: Figure | None
    gap_delivered: Figure | None
    needed_by: date | None
    needed_overdue: Figure | None
    indeterminate: int
    undisclosed_in_category: int
    requirements: tuple[str, ...]
    guarantors: tuple[str, ...]
    commitments: tuple[str, ...]


def requirement_page(known: Known, history: History) -> RequirementPage | None:
    """Return the page of a requirement; None where nothing had stated it by the day."""
    view = requirement(history, known.as_of)
    if view is None:
        return None
    return RequirementPage(
        requirement=view.id,
        party=view.party,
        title=view.title,
        category=view.category,
        unit=view.unit,
        quantity=_written(_quantity(view, history), measure_required(view)),
        needed_by=view.needed_by,
        state=_state(view, known.as_of),
        stated_on=view.stated_on,
        met_on=view.met_on,
        statements=tuple(_statements(history, known.as_of)),
        events=tuple(sorted(explained(history, view.events))),
        pending=pending(history, known.as_of),
        timeline=timeline(history, known.as_of),
    )


def measure_required(view: Requirement) -> Measure:
    """Return what a requirement is counted in. A unit that is a currency's code means money."""
    return Measure("money" if exponent(view.unit) is not None else "units", view.unit)


def coverage(known: Known) -> tuple[Coverage, ...]:
    """Return every capability in which something is required, owed or given, by category and unit."""
    counted = tallied(known, "with").counted
    lines = dict(counted.lines)
    needs: dict[tuple[str, Measure], list[tuple[Requirement, History]]] = {}
    for history in known.take(known.rows.of_kind("requirement")):
        view = requirement(history, known.as_of)
        if view is not None:
            needs.setdefault((view.category, measure_required(view)), []).append((view, history))
    hidden = list(counted.undisclosed.values())
    keys = sorted({*lines, *needs}, key=lambda key: (key[0], key[1].unit, key[1].kind))
    return tuple(
        _covered(known.as_of, key, lines.get(key, Line()), needs.get(key, []), hidden.count(key[0])) for key in keys
    )


def _covered(
    as_of: date,
    capability: tuple[str, Measure],
    line: Line,
    needs: Sequence[tuple[Requirement, History]],
    undisclosed: int,
) -> Coverage:
    category, measure = capability
    open_needs = [(view, history) for view, history in needs if view.met_on is None]
    late = [(view, history) for view, history in open_needs if _is_past(view, as_of)]
    met = total(_quantity(view, history) for view, history in needs if view.met_on is not None)
    required, needed = (total(_quantity(*one) for one in some) for some in (open_needs, late))
    committed, delivered = line.given("committed"), line.given("delivered")
    days = [view.needed_by.last for view, _ in open_needs if view.needed_by is not None]
    return Coverage(
        category=category,
        kind="money" if measure.kind == "money" else "units",
        unit=measure.unit,
        required=_written(required, measure) if needs else None,
        met=_written(met, measure),
        gap_committed=_written(_gap(required, committed, met), measure) if needs else None,
        gap_delivered=_written(_gap(required, delivered, met), measure) if needs else None,
        needed_by=min(days, default=None),
        needed_overdue=_written(_gap(needed, delivered, met), measure) if needs else None,
        indeterminate=line.indeterminate,
        undisclosed_in_category=undisclosed,
        requirements=tuple(view.id for view, _ in needs),
        guarantors=tuple(sorted(line.guarantors)),
        commitments=tuple(line.commitments),
        **given_figures(line, measure, HEADLINES),
        **line_figures(line, measure, ("voluntary", "voluntary_acknowledged")),
    )


def _gap(required: Amount, counted: Amount, met: Amount) -> Amount:
    """Return what is required beyond what is left of `counted` beside what is met, with the events behind all three."""
    left = max(counted.value - met.value, Fraction(0))
    missing = max(required.value - left, Fraction(0))
    return Amount(missing, required.events | counted.events | met.events if required.value else frozenset())


def _quantity(view: Requirement, history: History) -> Amount:
    return Amount(Fraction(view.quantity), explained(history, view.events))


def _written(amount: Amount, measure: Measure) -> Figure:
    """Return a figure; of money in whole minor units, or else, as a need may be stated finer, exactly."""
    is_whole = measure.decimals is None or (amount.value * 10**measure.decimals).denominator == 1
    return figure(amount, measure if is_whole else Measure("units", measure.unit))


def _is_past(view: Requirement, as_of: date) -> bool:
    return view.needed_by is not None and view.needed_by.last < as_of


def _state(view: Requirement, as_of: date) -> Literal["open", "overdue", "met"]:
    if view.met_on is not None:
        return "met"
    return "overdue" if _is_past(view, as_of) else "open"


def _statements(history: History, as_of: date) -> Iterator[StatementShown]:
    for item in effective(history, as_of):
        event = item.event
        if isinstance(event, RequirementStated | RequirementRevised):
            yield StatementShown(
                on=item.on,
                quantity=event.quantity,
                needed_by=event.needed_by,
                reason=event.reason if isinstance(event, RequirementRevised) else None,
                event=event.id,
            )
