"""Sanctions: each measure at an instant, in force, eased, suspended, lifted, lapsed or back again, and by which acts.

What the rules say of a measure is shown, nothing is judged anew. What is known to come later is announced, never
counted; a lifting before the exit conditions are met is a departure.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from ledger.events.measures import DefaultRule, MeasureContested, MeasureLifted, MeasureRenewed, MeasureType
from ledger.events.values import Texts
from ledger.rules.history import Effective, History, effective
from ledger.rules.measures import (
    Measure,
    MeasureState,
    PartStanding,
    PartState,
    Reinstatement,
    Relief,
    instant_of,
    measure,
)
from projections.answers import Moment, PendingAct
from projections.reading import Known, explained
from projections.timeline import pending_by, timeline_by

IN_FORCE: Final = ("in_force", "in_part")
"""The states in which at least a part has effect."""


class MeasurePartShown(Struct, frozen=True, kw_only=True):
    """A part; where it is out of force, since when, and until when if an end is known."""

    part: str
    what: Texts
    standing: PartStanding
    since: datetime | None
    until: datetime | None
    events: tuple[str, ...]


class ReinstatementShown(Struct, frozen=True, kw_only=True):
    """Parts that an aggression brought back: `cause` is the event that notified it.

    `act_pending`: the legal act that has to follow is not published yet. Contesting stops nothing.
    """

    event: str
    cause: str
    parts: tuple[str, ...]
    effective_at: datetime
    act_pending: bool
    legal_act: str | None
    contested_by: tuple[str, ...]
    events: tuple[str, ...]


class ChangeShown(Struct, frozen=True, kw_only=True):
    """What is known to take effect later. `until`: of an easing or suspension its end, of a renewal the new one."""

    kind: Literal["adopted", "eased", "suspended", "lifted", "renewed", "reinstated"]
    parts: tuple[str, ...]
    effective_at: datetime
    until: datetime | None
    event: str


class DepartureShown(Struct, frozen=True, kw_only=True):
    """Parts lifted although these exit conditions were not said to be met."""

    parts: tuple[str, ...]
    since: datetime
    unmet: tuple[str, ...]
    legal_act: str | None
    reason: str | None
    event: str


class ConditionShown(Struct, frozen=True, kw_only=True):
    """What has to be so before the measure is lifted. `is_met`: its party has said so, in a lifting."""

    condition: str
    what: Texts
    is_met: bool
    events: tuple[str, ...]


class MeasurePage(Struct, frozen=True, kw_only=True):
    """A measure of sanctions at an instant.

    `renewal_due`: when it lapses unless it is renewed before; `lapsed_at`: when it did. `snapback_armed`: an aggression
    that was notified now could bring back what is out of force. `in_force_since` is later than the instant while the
    measure is `not_yet` in force.
    """

    measure: str
    party: str
    programme: str
    title: Texts
    types: tuple[MeasureType, ...]
    targets: tuple[str, ...]
    legal_act: str
    state: MeasureState
    is_in_force: bool
    in_force_since: datetime
    default_rule: DefaultRule
    renewal_due: datetime | None
    lapsed_at: datetime | None
    snapback_armed: bool
    act_pending: bool
    parts: tuple[MeasurePartShown, ...]
    reinstated: tuple[ReinstatementShown, ...]
    announced: tuple[ChangeShown, ...]
    departures: tuple[DepartureShown, ...]
    exit_conditions: tuple[ConditionShown, ...]
    pending: tuple[PendingAct, ...]
    events: tuple[str, ...]
    timeline: tuple[Moment, ...]


def measures(known: Known, party: str | None = None) -> Iterator[MeasurePage]:
    """Yield the measures that are known, or those of one party: by party, programme and id."""
    rows = known.rows
    histories = known.take(rows.of_kind("measure") if party is None else rows.of_party("measure", party))
    adopted = ((view, history) for history in histories if (view := measure(history, known.instant)) is not None)
    chosen = [(view, history) for view, history in adopted if party is None or view.party == party]
    for view, history in sorted(chosen, key=lambda one: (one[0].party, one[0].adopted.programme, one[0].id)):
        yield _page(view, history)


def measure_page(known: Known, history: History) -> MeasurePage | None:
    """Return the page of a measure, or None where no adoption counts."""
    view = measure(history, known.instant)
    return _page(view, history) if view is not None else None


def _page(view: Measure, history: History) -> MeasurePage:
    adopted, items = view.adopted, effective(history)
    ends_at = view.expires_at if view.state not in ("lapsed", "lifted") else None
    counting = [item.event.id for item in items if item.event.id == adopted.id or instant_of(item) <= view.at]
    return MeasurePage(
        measure=view.id,
        party=view.party,
        programme=adopted.programme,
        title=adopted.title,
        types=adopted.types,
        targets=adopted.targets,
        legal_act=adopted.legal_act,
        state=view.state,
        is_in_force=view.state in IN_FORCE,
        in_force_since=view.in_force_since,
        default_rule=view.default_rule,
        renewal_due=ends_at,
        lapsed_at=view.expires_at if view.state == "lapsed" else None,
        snapback_armed=view.is_armed,
        act_pending=bool(view.act_pending),
        parts=tuple(_part(view, one) for one in view.parts),
        reinstated=tuple(_reinstatement(view, one, items) for one in view.reinstated),
        announced=tuple(sorted(_announced(view, items), key=lambda one: one.effective_at)),
        departures=tuple(_departures(view, items)),
        exit_conditions=tuple(_conditions(view, items)),
        pending=pending_by(history, view.at),
        events=_in_order(history, explained(history, counting)),
        timeline=timeline_by(history, view.at),
    )


def _in_order(history: History, events: Iterable[str]) -> tuple[str, ...]:
    wanted = set(events)
    return tuple(act.event.id for act in history.acts if act.event.id in wanted)


def _part(view: Measure, state: PartState) -> MeasurePartShown:
    """Return a part with what put it where it is: what it is out of force by, or its adoption and its last return."""
    out = (one for one in view.reliefs if one.part == state.part and one.kind == state.standing and one.covers(view.at))
    events = [one.event_id for one in out]
    if state.standing == "in_force":
        returned = [one.event_id for one in view.reinstated if state.part in one.parts]
        events = [view.adopted.id, *returned[-1:]]
    return MeasurePartShown(
        part=state.part,
        what=state.what,
        standing=state.standing,
        since=state.since,
        until=state.until,
        events=tuple(events),
    )


def _reinstatement(view: Measure, one: Reinstatement, items: Iterable[Effective]) -> ReinstatementShown:
    about = [item for item in items if getattr(item.event, "reinstatement", None) == one.event_id]
    said = [item.event for item in about if instant_of(item) <= view.at]
    return ReinstatementShown(
        event=one.event_id,
        cause=one.cause,
        parts=one.parts,
        effective_at=one.effective_at,
        act_pending=one.published_act is None,
        legal_act=one.published_act,
        contested_by=tuple(dict.fromkeys(event.party for event in said if isinstance(event, MeasureContested))),
        events=(one.cause, one.event_id, *(event.id for event in said)),
    )


def _announced(view: Measure, items: Iterable[Effective]) -> Iterator[ChangeShown]:
    whole = tuple(one.part for one in view.adopted.parts)
    if view.in_force_since > view.at:
        yield _change("adopted", whole, view.in_force_since, None, view.adopted.id)
    for relief, parts in _by_act(one for one in view.reliefs if one.since > view.at and _begins(one)):
        yield _change(relief.kind, parts, relief.since, relief.until, relief.event_id)
    for returning in view.announced:
        yield _change("reinstated", returning.parts, returning.effective_at, None, returning.event_id)
    for item in items:
        if isinstance(item.event, MeasureRenewed) and instant_of(item) > view.at:
            yield _change("renewed", whole, instant_of(item), item.event.expires_at, item.event.id)


def _change(
    kind: Literal["adopted", "eased", "suspended", "lifted", "renewed", "reinstated"],
    parts: tuple[str, ...],
    effective_at: datetime,
    until: datetime | None,
    event: str,
) -> ChangeShown:
    return ChangeShown(kind=kind, parts=parts, effective_at=effective_at, until=until, event=event)


def _begins(relief: Relief) -> bool:
    """A reinstatement may have ended a relief before it began."""
    return relief.until is None or relief.until > relief.since


def _by_act(reliefs: Iterable[Relief]) -> Iterator[tuple[Relief, tuple[str, ...]]]:
    """Yield one relief of each act and end, with the parts that it puts out of force."""
    grouped: dict[tuple[str, datetime | None], list[Relief]] = {}
    for one in reliefs:
        grouped.setdefault((one.event_id, one.until), []).append(one)
    for group in grouped.values():
        yield group[0], tuple(one.part for one in group)


def _departures(view: Measure, items: Iterable[Effective]) -> Iterator[DepartureShown]:
    lifted = {item.event.id: item.event for item in items if isinstance(item.event, MeasureLifted)}
    for relief, parts in _by_act(view.departures):
        act = lifted[relief.event_id]
        yield DepartureShown(
            parts=parts,
            since=relief.since,
            unmet=relief.unmet,
            legal_act=act.legal_act,
            reason=act.reason,
            event=act.id,
        )


def _conditions(view: Measure, items: Iterable[Effective]) -> Iterator[ConditionShown]:
    liftings = [item.event for item in items if isinstance(item.event, MeasureLifted) and instant_of(item) <= view.at]
    for one in view.adopted.exit_conditions:
        saying = tuple(event.id for event in liftings if one.condition in event.met)
        yield ConditionShown(
            condition=one.condition, what=one.what, is_met=bool(saying), events=saying or (view.adopted.id,)
        )
