"""Crises: each aggression as it was notified, and what the rules forced by it: clocks, and measures that come back."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from ledger.events.crises import AggressionNotified
from ledger.events.values import Texts
from ledger.rules.crises import Consultation, Crisis, crisis
from ledger.rules.history import History
from ledger.rules.measures import Measure, Reinstatement, measure
from projections.answers import Moment
from projections.consultations import begun, consultations_of
from projections.reading import Known, explained
from projections.timeline import timeline_by


class ClockShown(Struct, frozen=True, kw_only=True):
    """A consultation that a crisis opened."""

    consultation: str
    instrument: str
    t0: datetime
    convene_by: datetime
    decide_by: datetime | None
    missed: tuple[str, ...]
    event: str


class ReturnShown(Struct, frozen=True, kw_only=True):
    """Parts of a measure that a crisis brought back, or is to bring back at `effective_at`."""

    measure: str
    party: str
    programme: str
    parts: tuple[str, ...]
    effective_at: datetime
    in_effect: bool
    act_pending: bool
    event: str


class CrisisPage(Struct, frozen=True, kw_only=True):
    """An aggression as the beneficiary notified it, and what the rules forced by it.

    `is_repudiated`: the beneficiary disowned the notification later, which takes back nothing that it forced.
    """

    crisis: str
    party: str
    is_repudiated: bool
    kind: Literal["armed_attack", "threat", "escalation", "breach"]
    description: Texts
    began_at: datetime | None
    received_at: datetime
    consultations: tuple[ClockShown, ...]
    reinstated: tuple[ReturnShown, ...]
    events: tuple[str, ...]
    timeline: tuple[Moment, ...]


Returns = dict[str, list[tuple[Measure, Reinstatement]]]
"""What was brought back, by the event that notified the aggression."""


def returns(known: Known) -> Returns:
    """Return what every notification brought back, in the order of the ids of the measures."""
    found: Returns = {}
    for history in known.take(known.rows.of_kind("measure")):
        view = measure(history, known.instant)
        for one in view.reinstatements if view is not None else ():
            assert view is not None
            found.setdefault(one.cause, []).append((view, one))
    return found


def crisis_page(known: Known, history: History, returned: Returns) -> CrisisPage | None:
    """Return the page of a crisis; None before it was notified or began. `returned`: what `returns` returned."""
    found = _notified(history)
    if found is None or _since(found) > known.instant:
        return None
    opened = (view for one in consultations_of(known, found.id) if (view := begun(known, one)) is not None)
    back = returned.get(found.event_id, []) if found.received_at <= known.instant else []
    return CrisisPage(
        crisis=found.id,
        party=found.party,
        is_repudiated=crisis(history) is None,
        kind=found.notified.kind,
        description=found.notified.description,
        began_at=found.notified.began_at,
        received_at=found.received_at,
        consultations=tuple(_clock(view) for view in opened),
        reinstated=tuple(_return(view, one) for view, one in back),
        events=tuple(act.event.id for act in history.acts if act.event.id in explained(history, [found.event_id])),
        timeline=timeline_by(history, known.instant),
    )


def _notified(history: History) -> Crisis | None:
    """Return what was notified, also where that was repudiated since: what it forced goes on."""
    for act in history.acts:
        if isinstance(act.event, AggressionNotified):
            as_signed = Crisis(act.event.crisis, act.event.party, act.event.id, act.event, act.recorded_at)
            return crisis(history) or as_signed
    return None


def _since(found: Crisis) -> datetime:
    return min(found.notified.began_at or found.received_at, found.received_at)


def _clock(view: Consultation) -> ClockShown:
    opened = view.opened
    return ClockShown(
        consultation=view.id,
        instrument=opened.instrument,
        t0=opened.t0,
        convene_by=opened.convene_by,
        decide_by=opened.decide_by,
        missed=view.missed,
        event=opened.id,
    )


def _return(view: Measure, one: Reinstatement) -> ReturnShown:
    in_effect = one.effective_at <= view.at
    return ReturnShown(
        measure=view.id,
        party=view.party,
        programme=view.adopted.programme,
        parts=one.parts,
        effective_at=one.effective_at,
        in_effect=in_effect,
        act_pending=in_effect and one.published_act is None,
        event=one.event_id,
    )
