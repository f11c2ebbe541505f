"""Crises and consultations at an instant: clocks that were fixed once, and what each guarantor has answered by then.

Late and missed are read off the instant: nothing has to be written for a deadline to pass. Hours are elapsed UTC hours,
so neither local time, nor a day that a calendar adds, moves a deadline.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from ledger.events.crises import (
    AggressionNotified,
    ConsultationClosed,
    ConsultationConvened,
    ConsultationEvent,
    ConsultationJoined,
    ConsultationMerged,
    ConsultationOpened,
    Decision,
    DecisionDeclined,
    DecisionTaken,
    Level,
)
from ledger.rules.history import Effective, History, effective


@dataclass(frozen=True, slots=True)
class Crisis:
    """What the beneficiary notified, received at `received_at`."""

    id: str
    party: str
    event_id: str
    notified: AggressionNotified
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Convening:
    """A meeting, as the guarantor `party` states it."""

    party: str
    at: datetime
    level: Level
    event_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one guarantor has done by the instant of the view; one that only convened the others is not silent.

    `decided_at` is of its first decision, taken or declined. `is_late`: that came after the deadline. `is_missed`: the
    deadline has passed without any.
    """

    party: str
    standing: Literal["silent", "convened", "joined", "decided", "declined"] = "silent"
    joined_at: datetime | None = None
    decided_at: datetime | None = None
    decisions: tuple[Decision, ...] = ()
    commitments: tuple[str, ...] = ()
    is_late: bool = False
    is_missed: bool = False
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Consultation:
    """A consultation at the instant `at`. `answers` has one for each guarantor, in their order, then any other's."""

    id: str
    opened: ConsultationOpened
    at: datetime
    convenings: tuple[Convening, ...]
    answers: tuple[Answer, ...]
    merged_into: str | None = None
    closed_at: datetime | None = None
    events: tuple[str, ...] = ()

    @property
    def convened_at(self) -> datetime | None:
        """When the guarantors first met."""
        return min((one.at for one in self.convenings), default=None)

    @property
    def is_convened_late(self) -> bool:
        return self.convened_at is not None and self.convened_at > self.opened.convene_by

    @property
    def is_convening_missed(self) -> bool:
        return self.convened_at is None and self.at > self.opened.convene_by

    @property
    def silent(self) -> tuple[str, ...]:
        return tuple(one.party for one in self.answers if one.standing == "silent")

    @property
    def missed(self) -> tuple[str, ...]:
        """The guarantors whose deadline has passed without a decision."""
        return tuple(one.party for one in self.answers if one.is_missed)

    def answer(self, party: str) -> Answer:
        """Return what a party has answered; nothing, for one that is not asked."""
        return next((one for one in self.answers if one.party == party), Answer(party))


def crisis(record: History | None) -> Crisis | None:
    """Fold the acts of a crisis stream; None where no notification counts."""
    for item in effective(record):
        if isinstance(item.event, AggressionNotified):
            event = item.event
            return Crisis(event.crisis, event.party, event.id, event, item.act.recorded_at)
    return None


def consultation(record: History | None, at: datetime) -> Consultation | None:
    """Fold the acts of a consultation stream as of an instant; None where none was opened."""
    items = effective(record)
    opening = next((item.event for item in items if isinstance(item.event, ConsultationOpened)), None)
    if opening is None:
        return None
    happened = [item for item in items if happened_at(item) <= at]
    answers = {party: Answer(party) for party in opening.guarantors}
    for item in sorted(happened, key=happened_at):
        if isinstance(item.event, ConsultationConvened | ConsultationJoined | DecisionTaken | DecisionDeclined):
            answers[item.event.party] = _answered(answers.get(item.event.party, Answer(item.event.party)), item.event)
    merged = (one.event.into for one in happened if isinstance(one.event, ConsultationMerged))
    closed = (happened_at(one) for one in happened if isinstance(one.event, ConsultationClosed))
    return Consultation(
        id=opening.consultation,
        opened=opening,
        at=at,
        convenings=tuple(_convenings(happened)),
        answers=tuple(_judged(one, opening.decide_by, at) for one in answers.values()),
        merged_into=next(merged, None),
        closed_at=next(closed, None),
        events=tuple(item.event.id for item in happened),
    )


def happened_at(item: Effective) -> datetime:
    """Return when an act in a consultation happened: as it says, or else when it was recorded."""
    return stated_instant(item.event) or item.act.recorded_at


def stated_instant(event: object) -> datetime | None:
    """Return the instant that an act in a consultation states as past; None where it states none."""
    match event:
        case ConsultationConvened():
            return event.convened_at
        case ConsultationJoined():
            return event.joined_at
        case DecisionTaken() | DecisionDeclined():
            return event.decided_at
        case _:
            return None


def _convenings(happened: Iterable[Effective]) -> Iterator[Convening]:
    for item in happened:
        event = item.event
        if isinstance(event, ConsultationConvened):
            yield Convening(event.party, event.convened_at, event.level, event.id)


def _answered(answer: Answer, event: ConsultationEvent) -> Answer:
    known = replace(answer, events=(*answer.events, event.id))
    match event:
        case ConsultationConvened():
            return replace(known, standing="convened" if answer.standing == "silent" else answer.standing)
        case ConsultationJoined():
            standing = "joined" if answer.standing in ("silent", "convened") else answer.standing
            return replace(known, standing=standing, joined_at=answer.joined_at or event.joined_at)
        case DecisionTaken():
            return replace(
                known,
                standing="decided",
                decided_at=answer.decided_at or event.decided_at,
                decisions=tuple(dict.fromkeys((*answer.decisions, *event.decisions))),
                commitments=tuple(dict.fromkeys((*answer.commitments, *event.commitments))),
            )
        case DecisionDeclined():
            return replace(known, standing="declined", decided_at=answer.decided_at or event.decided_at)
        case _:
            return answer


def _judged(answer: Answer, decide_by: datetime | None, at: datetime) -> Answer:
    if decide_by is None:
        return answer
    if answer.decided_at is None:
        return replace(answer, is_missed=at > decide_by)
    return replace(answer, is_late=answer.decided_at > decide_by)
