"""Timelines and pending acts: what was done about one thing, in the order of the log, each act with its standing."""

from datetime import UTC, date, datetime, time

from ledger.events.crises import AggressionNotified, ConsultationOpened
from ledger.events.header import Event
from ledger.events.measures import DatedMeasureEvent
from ledger.rules.commitments import commitment
from ledger.rules.crises import stated_instant
from ledger.rules.direction import direction
from ledger.rules.history import Act, Effective, History, dated
from ledger.rules.schedules import amount_of, unit_of
from ledger.rules.standing import terms_of
from projections.answers import Moment, PendingAct


def timeline(history: History, as_of: date) -> tuple[Moment, ...]:
    """Return the acts of a stream that are dated by `as_of`, in the order of the log."""
    return tuple(_moment(act) for act in history.acts if _on(act) <= as_of)


def _on(act: Act) -> date:
    return Effective(act.event, act).on if act.standing == "effective" else dated(act.event)


def timeline_by(history: History, instant: datetime) -> tuple[Moment, ...]:
    """Return the acts of a stream of measures or clocks that were done by an instant, in the order of the log."""
    return tuple(_moment(act) for act in history.acts if _done_at(act.event) <= instant)


def _done_at(event: Event) -> datetime:
    """Return from when an act was done: announced, or, where that is earlier, the instant that it states."""
    announced = event.issued_at
    if event.occurred is not None:
        announced = datetime.combine(event.occurred.last, time.min, UTC)
    match event:
        case DatedMeasureEvent():
            stated = event.effective_at
        case AggressionNotified():
            stated = event.began_at
        case ConsultationOpened():
            stated = event.t0
        case _:
            stated = stated_instant(event)
    return min(announced, stated) if stated is not None else announced


def _moment(act: Act) -> Moment:
    return Moment(
        event=act.event.id,
        position=act.position,
        recorded_at=act.recorded_at,
        type=act.event.type,
        party=act.event.party,
        authority=act.event.authority,
        on=_on(act),
        standing=act.standing,
        contested=act.contested,
        asked=act.asked,
        consented=act.consented,
        note=act.event.note,
    )


def pending(history: History, as_of: date) -> tuple[PendingAct, ...]:
    """Return the acts of a stream that wait for somebody, proposed by `as_of`."""
    return tuple(_pending(history, act) for act in history.pending() if dated(act.event) <= as_of)


def pending_by(history: History, instant: datetime) -> tuple[PendingAct, ...]:
    """Return the acts of a stream of measures or clocks that wait for somebody, proposed by an instant."""
    return tuple(_pending(history, act) for act in history.pending() if _done_at(act.event) <= instant)


def _pending(history: History, act: Act) -> PendingAct:
    return PendingAct(
        event=act.event.id,
        type=act.event.type,
        party=act.event.party,
        position=act.position,
        proposed_on=dated(act.event),
        asked=act.asked,
        consented=act.consented,
        changes=_changes(history, act.event),
        proposed=_proposed(act.event),
    )


def _changes(history: History, event: Event) -> tuple[str, ...]:
    """Return in which ways the terms that an act proposes are less than those in force."""
    proposed = terms_of(event)
    view = commitment(history) if history.stream.startswith("commitment/") else None
    if proposed is None or view is None:
        return ()
    return direction(view.terms, proposed)


def _proposed(event: Event) -> str | None:
    terms = terms_of(event)
    if terms is None:
        return None
    amount, unit = amount_of(terms.object), unit_of(terms.object)
    return f"{amount} {unit}" if amount is not None else None
