"""Parts of obligations whose last possible day is to come: what falls due, and where a cap or a target ends.

A cap lapses with its period and a target is missed: neither is owed on its day, so each has a kind of its own. What
waits for activation, does not bind, or has ended has no day to come.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from ledger.events.terms import Bound, Recurrence
from ledger.events.values import When, share_of
from ledger.rules.commitments import Commitment
from projections.answers import Obligation
from projections.effect import effect_of
from projections.figures import Amount, Figure, allot, figure, measure_of
from projections.horizon import Coming, Upcoming, Window
from projections.obligations import every_obligation
from projections.parts import Part, parts_of
from projections.reading import Known

RUNNING: Final = ("in_effect", "suspended")
KINDS: Final = {
    Bound.EXACT: Coming.OBLIGATION_DUE,
    Bound.FLOOR: Coming.OBLIGATION_DUE,
    Bound.CAP: Coming.CAP_ENDS,
    Bound.TARGET: Coming.TARGET_ENDS,
}


def falling_due(known: Known, window: Window) -> Iterator[Upcoming]:
    """Yield the parts that are still open, one item for each obligor, in no order."""
    for one in every_obligation(known):
        if one.state in RUNNING and one.unit is not None:
            yield from _begun(one, window)
            yield from _not_begun(known, one, window)


def _begun(one: Obligation, window: Window) -> Iterator[Upcoming]:
    """Yield the parts that the obligation itself shows."""
    for number, part in enumerate(one.parts, 1):
        if part.state in ("open", "indeterminate") and part.due is not None:
            yield from _within(one, window, part.due, part.due_on, part.open, number)


def _not_begun(known: Known, one: Obligation, window: Window) -> Iterator[Upcoming]:
    """Yield the periods of a recurrence that begin after the day."""
    made = known.commitment(one.commitment)
    if made is None or not isinstance(made.view.terms.schedule, Recurrence):
        return
    view = made.view
    effect = effect_of(known.instrument(view.instrument), one.guarantor, view, known.as_of)
    for number, part in enumerate(parts_of(view, window.last_day), 1):
        if part.when is not None and part.when.first > known.as_of:
            yield from _within(one, window, part.when, effect.due_on(part.when), _owed(one, view, part), number)


def _within(
    one: Obligation, window: Window, when: When, due_on: date | None, amount: Figure | None, number: int
) -> Iterator[Upcoming]:
    """Yield a part if its day is in the window, and before the end of the text: what falls due later is not owed."""
    # A cap ends with its period, whatever a suspension does to due dates.
    day = when.last if one.bound == Bound.CAP else due_on
    ends_before = one.effect.until is None or when.last < one.effect.until
    if day is None or not ends_before or not window.has_due_day(day):
        return
    yield Upcoming(
        kind=KINDS[Bound(one.bound)],
        on=day,
        when=when,
        days=window.until(day),
        about="commitment",
        id=one.commitment,
        title=one.title,
        parties=(one.guarantor,),
        instrument=one.instrument,
        category=one.category,
        amount=amount,
        unit=one.unit,
        part=number,
        counted_in=one.counted_in,
        events=tuple(sorted({*one.events, *(amount.events if amount is not None else ())})),
    )


def _owed(one: Obligation, view: Commitment, part: Part) -> Figure | None:
    """Return what an obligor owes of a period; None while nobody can say how much that is."""
    measure = measure_of(view.terms.object)
    if part.amount is None or measure is None:
        return None
    weights = [share_of(obligor.share) for obligor in view.terms.obligors]
    owed = allot(part.amount, weights, measure.decimals)[view.obligors.index(one.guarantor)]
    return figure(Amount(owed, frozenset(part.events)), measure)
