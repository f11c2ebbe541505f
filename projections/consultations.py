"""Consultations at an instant: the clock of each, who convened, and the answer of every guarantor.

Late, missed and silent follow from the instant that is asked about: nothing has to be written for them to show.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from ledger.events.crises import (
    ConsultationClosed,
    ConsultationConvened,
    Decision,
    DecisionDeclined,
    DecisionTaken,
    Level,
)
from ledger.rules.crises import Answer, Consultation, consultation, happened_at
from ledger.rules.history import Effective, History, effective
from projections.answers import Moment, PendingAct
from projections.reading import Known, explained
from projections.timeline import pending_by, timeline_by

SECOND: Final = timedelta(seconds=1)
SCANNED_AT_ONCE: Final = 200


class ConveningShown(Struct, frozen=True, kw_only=True):
    """A meeting of the guarantors, as this one states it."""

    party: str
    convened_at: datetime
    level: Level
    is_late: bool
    legal_basis: str | None
    event: str


class AnswerShown(Struct, frozen=True, kw_only=True):
    """What one guarantor has done; one that only convened the others is not silent.

    `decided_at` is of its first decision, taken or declined. `is_late`: that came after the deadline. `is_missed`: the
    deadline has passed without one.
    """

    party: str
    standing: Literal["silent", "convened", "joined", "decided", "declined"]
    joined_at: datetime | None
    decided_at: datetime | None
    decisions: tuple[Decision, ...]
    statements: tuple[str, ...]
    commitments: tuple[str, ...]
    is_late: bool
    is_missed: bool
    events: tuple[str, ...]


class ConsultationPage(Struct, frozen=True, kw_only=True):
    """A consultation at an instant. The clock was fixed at its opening; seconds left are negative once they are over.

    `merged`: the consultations that are conducted within this one; the deadlines of all of them stay.
    """

    consultation: str
    crisis: str
    instrument: str
    cause: str
    state: Literal["open", "merged", "closed"]
    basis: Literal["notification_received", "request_received", "attack", "breach"]
    t0: datetime
    convene_by: datetime
    convene_seconds_left: int
    convening: Literal["awaited", "convened", "convened_late", "missed"]
    convened_at: datetime | None
    decide_by: datetime | None
    decide_seconds_left: int | None
    guarantors: tuple[str, ...]
    silent: tuple[str, ...]
    late: tuple[str, ...]
    missed: tuple[str, ...]
    answers: tuple[AnswerShown, ...]
    convenings: tuple[ConveningShown, ...]
    merged_into: str | None
    merged: tuple[str, ...]
    closed_at: datetime | None
    closed_because: str | None
    pending: tuple[PendingAct, ...]
    events: tuple[str, ...]
    timeline: tuple[Moment, ...]


def consultations_of(known: Known, crisis_id: str) -> list[History]:
    """Return the consultations that a crisis opened, whose ids begin with its own and a full stop."""
    prefix = f"consultation/{crisis_id}."
    found: list[History] = []
    after = prefix
    while after.startswith(prefix) and (states := known.rows.of_kind("consultation", after, SCANNED_AT_ONCE)):
        found += known.take({name: state for name, state in states.items() if name.startswith(prefix)})
        after = next(reversed(states))
    return found


def mergers(known: Known) -> dict[str, tuple[str, ...]]:
    """Return the consultations that are conducted within another, by that other."""
    found: dict[str, tuple[str, ...]] = {}
    for history in known.take(known.rows.of_kind("consultation")):
        view = consultation(history, known.instant)
        if view is not None and view.merged_into is not None:
            found[view.merged_into] = (*found.get(view.merged_into, ()), view.id)
    return found


def begun(known: Known, history: History) -> Consultation | None:
    """Return a consultation whose clock runs at the instant, or None."""
    view = consultation(history, known.instant)
    return view if view is not None and view.opened.t0 <= view.at else None


def consultation_page(known: Known, history: History, merged: dict[str, tuple[str, ...]]) -> ConsultationPage | None:
    """Return the page of a consultation; None before its clock runs. `merged`: what `mergers` returned."""
    view = begun(known, history)
    if view is None:
        return None
    opened, at = view.opened, view.at
    happened = {item.event.id: item for item in effective(history) if happened_at(item) <= at}
    answers = tuple(_answer(one, happened) for one in view.answers)
    closing = next((item.event for item in happened.values() if isinstance(item.event, ConsultationClosed)), None)
    return ConsultationPage(
        consultation=view.id,
        crisis=opened.crisis,
        instrument=opened.instrument,
        cause=opened.cause,
        state="closed" if closing is not None else "merged" if view.merged_into is not None else "open",
        basis=opened.basis,
        t0=opened.t0,
        convene_by=opened.convene_by,
        convene_seconds_left=(opened.convene_by - at) // SECOND,
        convening=_convening(view),
        convened_at=view.convened_at,
        decide_by=opened.decide_by,
        decide_seconds_left=(opened.decide_by - at) // SECOND if opened.decide_by is not None else None,
        guarantors=opened.guarantors,
        silent=view.silent,
        late=tuple(one.party for one in view.answers if one.is_late),
        missed=view.missed,
        answers=answers,
        convenings=tuple(_convenings(view, happened.values())),
        merged_into=view.merged_into,
        merged=merged.get(view.id, ()),
        closed_at=view.closed_at,
        closed_because=closing.reason if closing is not None else None,
        pending=pending_by(history, at),
        events=(opened.cause, *_behind(history, opened.id, happened)),
        timeline=timeline_by(history, at),
    )


def _behind(history: History, opening: str, happened: Iterable[str]) -> Iterator[str]:
    """Yield the acts of a stream behind what has happened, in the order of the log."""
    wanted = explained(history, {opening, *happened})
    return (act.event.id for act in history.acts if act.event.id in wanted)


def _convening(view: Consultation) -> Literal["awaited", "convened", "convened_late", "missed"]:
    if view.convened_at is not None:
        return "convened_late" if view.is_convened_late else "convened"
    return "missed" if view.is_convening_missed else "awaited"


def _answer(one: Answer, happened: dict[str, Effective]) -> AnswerShown:
    acts = (happened[event].event for event in one.events)
    return AnswerShown(
        party=one.party,
        standing=one.standing,
        joined_at=one.joined_at,
        decided_at=one.decided_at,
        decisions=one.decisions,
        statements=tuple(act.statement for act in acts if isinstance(act, DecisionTaken | DecisionDeclined)),
        commitments=one.commitments,
        is_late=one.is_late,
        is_missed=one.is_missed,
        events=one.events,
    )


def _convenings(view: Consultation, happened: Iterable[Effective]) -> Iterator[ConveningShown]:
    for item in happened:
        event = item.event
        if isinstance(event, ConsultationConvened):
            yield ConveningShown(
                party=event.party,
                convened_at=event.convened_at,
                level=event.level,
                is_late=event.convened_at > view.opened.convene_by,
                legal_basis=event.legal_basis,
                event=event.id,
            )
