"""Measures of sanctions at an instant: in force, eased, suspended, lifted, lapsed, or back again: a fold of a history.

Nothing is stored about an instant: what is eased until then is in force again, and what nobody renewed has lapsed,
without any act. A reinstatement ends every easing and suspension of the parts that it names.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal

from ledger.events.measures import (
    DatedMeasureEvent,
    DefaultRule,
    MeasureActPublished,
    MeasureAdopted,
    MeasureContested,
    MeasureEased,
    MeasureLifted,
    MeasureReinstated,
    MeasureRenewed,
    MeasureSuspended,
    Snapback,
    Sunset,
)
from ledger.events.values import Texts
from ledger.rules.history import Effective, History, effective

PartStanding = Literal["in_force", "eased", "suspended", "lifted"]
MeasureState = Literal["not_yet", "in_force", "in_part", "eased", "suspended", "lifted", "lapsed"]
_STRONGEST: Final[tuple[PartStanding, ...]] = ("lifted", "suspended", "eased")


@dataclass(frozen=True, slots=True)
class Relief:
    """One part out of force from `since` on, before `until` where an end is known.

    `is_departure`: lifted although `unmet` exit conditions were left. `position` is that of the entry.
    """

    kind: Literal["eased", "suspended", "lifted"]
    part: str
    since: datetime
    until: datetime | None
    event_id: str
    position: int
    unmet: tuple[str, ...] = ()

    @property
    def is_departure(self) -> bool:
        return bool(self.unmet)

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Reinstatement:
    """Parts that are in force again from `effective_at` on, because of the act `cause`.

    `published_act` is the legal act that followed, as far as it was published at the instant of the view.
    """

    event_id: str
    cause: str
    parts: tuple[str, ...]
    effective_at: datetime
    position: int
    published_act: str | None = None
    contested_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartState:
    """A part at an instant; `since` and `until` are of what it is out of force by."""

    part: str
    what: Texts
    standing: PartStanding
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure at the instant `at`. `reliefs` and `reinstatements` are all that are known, those to come included."""

    id: str
    party: str
    adopted: MeasureAdopted
    at: datetime
    in_force_since: datetime
    expires_at: datetime | None
    parts: tuple[PartState, ...]
    reliefs: tuple[Relief, ...]
    reinstatements: tuple[Reinstatement, ...]
    state: MeasureState
    events: tuple[str, ...]

    @property
    def default_rule(self) -> DefaultRule:
        return self.adopted.default_rule

    @property
    def is_armed(self) -> bool:
        """Whether an aggression that is notified now could bring back what is out of force."""
        rule = self.default_rule
        return isinstance(rule, Snapback) and (rule.ends_at is None or takes_effect_at(rule, self.at) < rule.ends_at)

    @property
    def reinstated(self) -> tuple[Reinstatement, ...]:
        """The reinstatements that have taken effect."""
        return tuple(one for one in self.reinstatements if one.effective_at <= self.at)

    @property
    def announced(self) -> tuple[Reinstatement, ...]:
        """The reinstatements that are to take effect later."""
        return tuple(one for one in self.reinstatements if one.effective_at > self.at)

    @property
    def act_pending(self) -> tuple[Reinstatement, ...]:
        """The reinstatements in effect whose legal act is still to be published."""
        return tuple(one for one in self.reinstated if one.published_act is None)

    @property
    def departures(self) -> tuple[Relief, ...]:
        """What was lifted before the exit conditions were met."""
        return tuple(one for one in self.reliefs if one.is_departure and one.since <= self.at)

    def part(self, key: str) -> PartState | None:
        return next((one for one in self.parts if one.part == key), None)


def takes_effect_at(rule: Snapback, received_at: datetime) -> datetime:
    """Return when what a notification received then brings back is in force: at once, or at 00:00 UTC.

    Counted days begin with the day after receipt: 30 days after 28 August are over at 00:00 UTC of 28 September.
    """
    if rule.after_days == 0:
        return received_at
    last = received_at.astimezone(UTC).date() + timedelta(days=rule.after_days)
    return datetime.combine(last + timedelta(days=1), time.min, UTC)


def measure(record: History | None, at: datetime) -> Measure | None:
    """Fold the acts of a measure stream as of an instant; None where no adoption counts."""
    items = effective(record)
    first = next((item for item in items if isinstance(item.event, MeasureAdopted)), None)
    if first is None or not isinstance(first.event, MeasureAdopted):
        return None
    adopted = first.event
    reinstatements = tuple(_reinstatements(items, at))
    reliefs = tuple(_ended(one, reinstatements, adopted.default_rule) for one in _reliefs(adopted, items))
    parts = tuple(_part_states(adopted, reliefs, at))
    since, expires_at = instant_of(first), _expires_at(adopted, items, at)
    return Measure(
        id=adopted.measure,
        party=adopted.party,
        adopted=adopted,
        at=at,
        in_force_since=since,
        expires_at=expires_at,
        parts=parts,
        reliefs=reliefs,
        reinstatements=reinstatements,
        state=_state(parts, since, expires_at, at),
        events=tuple(item.event.id for item in items),
    )


def instant_of(item: Effective) -> datetime:
    """Return when an act takes effect: as it says, or else at its entry's own time."""
    stated = item.event.effective_at if isinstance(item.event, DatedMeasureEvent) else None
    return stated if stated is not None else item.act.recorded_at


def _reinstatements(items: Iterable[Effective], at: datetime) -> Iterator[Reinstatement]:
    for item in items:
        event = item.event
        if isinstance(event, MeasureReinstated):
            said = [one for one in items if getattr(one.event, "reinstatement", None) == event.id]
            published = (one.event for one in said if instant_of(one) <= at)
            acts = (one.legal_act for one in published if isinstance(one, MeasureActPublished))
            contesting = (one.event.party for one in said if isinstance(one.event, MeasureContested))
            yield Reinstatement(
                event_id=event.id,
                cause=event.cause,
                parts=event.parts,
                effective_at=event.effective_at,
                position=item.act.position,
                published_act=next(acts, None),
                contested_by=tuple(dict.fromkeys(contesting)),
            )


def _reliefs(adopted: MeasureAdopted, items: Iterable[Effective]) -> Iterator[Relief]:
    whole = tuple(one.part for one in adopted.parts)
    for item in items:
        since, event, position = instant_of(item), item.event, item.act.position
        match event:
            case MeasureEased():
                for part in event.parts:
                    yield Relief("eased", part, since, event.until, event.id, position)
            case MeasureSuspended():
                for part in whole:
                    yield Relief("suspended", part, since, event.until, event.id, position)
            case MeasureLifted():
                unmet = tuple(one.condition for one in adopted.exit_conditions if one.condition not in event.met)
                for part in event.parts or whole:
                    yield Relief("lifted", part, since, None, event.id, position, unmet)
            case _:
                pass


def _ended(relief: Relief, reinstatements: tuple[Reinstatement, ...], rule: DefaultRule) -> Relief:
    """Return the relief as the first reinstatement of its part ends it, also where it had not begun by then.

    What was lifted returns only if the rule says so; what is eased after a reinstatement is eased anew.
    """
    if relief.kind == "lifted" and not (isinstance(rule, Snapback) and rule.returns_lifted):
        return relief
    ends = [
        one.effective_at
        for one in reinstatements
        if relief.part in one.parts and (relief.since < one.effective_at or relief.position < one.position)
    ]
    return replace(relief, until=min((end for end in (relief.until, *ends) if end is not None), default=None))


def _part_states(adopted: MeasureAdopted, reliefs: tuple[Relief, ...], at: datetime) -> Iterator[PartState]:
    for part in adopted.parts:
        current = [one for one in reliefs if one.part == part.part and one.covers(at)]
        strongest = min(current, key=lambda one: _STRONGEST.index(one.kind), default=None)
        if strongest is None:
            yield PartState(part.part, part.what, "in_force")
        else:
            yield PartState(part.part, part.what, strongest.kind, strongest.since, strongest.until)


def _expires_at(adopted: MeasureAdopted, items: Iterable[Effective], at: datetime) -> datetime | None:
    if not isinstance(adopted.default_rule, Sunset):
        return None
    renewals = [one for one in items if isinstance(one.event, MeasureRenewed) and instant_of(one) <= at]
    later = (one.event.expires_at for one in renewals if isinstance(one.event, MeasureRenewed))
    return max((adopted.default_rule.expires_at, *later))


def _state(parts: tuple[PartState, ...], since: datetime, expires_at: datetime | None, at: datetime) -> MeasureState:
    if at < since:
        return "not_yet"
    if expires_at is not None and at >= expires_at:
        return "lapsed"
    standings = {one.standing for one in parts}
    if "in_force" in standings:
        return "in_force" if len(standings) == 1 else "in_part"
    if standings == {"lifted"}:
        return "lifted"
    return "suspended" if "suspended" in standings else "eased"


def returning(record: History | None, received_at: datetime) -> tuple[datetime, tuple[str, ...]] | None:
    """Return what a notification received then brings back, and when; None where nothing returns.

    Only what would be out of force at that instant, or is to be later, returns: so a second trigger changes nothing
    that the first had brought back, or is about to.
    """
    found = measure(record, received_at)
    if found is None or not isinstance(found.default_rule, Snapback):
        return None
    rule = found.default_rule
    effective_at = takes_effect_at(rule, received_at)
    if rule.ends_at is not None and effective_at >= rule.ends_at:
        return None
    out = [one for one in found.reliefs if one.until is None or one.until > effective_at]
    if not rule.returns_lifted:
        gone = {one.part for one in out if one.kind == "lifted" and one.since <= effective_at}
        out = [one for one in out if one.kind != "lifted" and one.part not in gone]
    returned = {one.part for one in out}
    parts = tuple(one.part for one in found.adopted.parts if one.part in returned)
    return (effective_at, parts) if parts else None
