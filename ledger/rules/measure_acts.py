"""Decides the acts on measures: each sanctioning party for its own, on what the measure is when the act takes effect.

Form only: whoever lifts before the exit conditions are met, or eases what an aggression brought back, is admitted.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from ledger.events.measures import (
    DatedMeasureEvent,
    MeasureActPublished,
    MeasureAdopted,
    MeasureContested,
    MeasureEased,
    MeasureEvent,
    MeasureLifted,
    MeasureRenewed,
    MeasureSuspended,
    Snapback,
    Sunset,
)
from ledger.events.parties import Role
from ledger.events.refusals import Refusal, Refused
from ledger.rules.compact import Compact, history
from ledger.rules.measures import Measure, PartStanding, measure
from ledger.rules.parties import may_act, party_of
from ledger.rules.precedence import first_of

SANCTIONING = (Role.SANCTIONS_GUARANTOR, Role.GUARANTOR)


def check_measure(compact: Compact, event: MeasureEvent, recorded_at: datetime) -> Refused | tuple[str, ...]:
    """Decide an act on a measure that a party signs. Returns nobody to ask, or the refusal."""
    if isinstance(event, MeasureAdopted):
        return _check_adoption(compact, event, recorded_at) or ()
    stated = event.effective_at if isinstance(event, DatedMeasureEvent) else None
    when = stated if stated is not None else recorded_at
    found = measure(history(compact, "measure", event.measure), when)
    if found is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "an adopted measure", event.measure)
    if isinstance(event, MeasureContested):
        return _check_reinstatement(found, event.reinstatement) or ()
    entitled = may_act(compact, event.party, (found.party,))
    return (
        first_of(
            None
            if entitled
            else Refused(Refusal.SIGNER_NOT_ENTITLED, f"{found.party}, whose measure it is", event.party),
            _check_begun(found, when),
            _check_step(found, event, when),
        )
        or ()
    )


def _check_adoption(compact: Compact, event: MeasureAdopted, recorded_at: datetime) -> Refused | None:
    known = party_of(compact, event.party)
    if known is None or not set(known.roles) & set(SANCTIONING):
        expected = f"a party with the role {' or '.join(SANCTIONING)}"
        return Refused(Refusal.SIGNER_NOT_ENTITLED, expected, event.party)
    record = history(compact, "measure", event.measure)
    if record is not None and record.acts:
        return Refused(Refusal.ALREADY_EXISTS, "a new measure id: ids are not reused", event.measure)
    keys = (*(one.part for one in event.parts), *(f"condition {one.condition}" for one in event.exit_conditions))
    when = event.effective_at or recorded_at
    rule = event.default_rule
    ends_at = rule.expires_at if isinstance(rule, Sunset) else rule.ends_at if isinstance(rule, Snapback) else None
    return _check_once(keys) or _check_later(ends_at, when, "when the measure begins")


def _check_once(keys: Iterable[str]) -> Refused | None:
    twice = next((key for key, count in Counter(keys).items() if count > 1), None)
    return Refused(Refusal.ALREADY_EXISTS, "each key once", f"{twice} twice") if twice is not None else None


def _check_later(ends_at: datetime | None, when: datetime, what: str) -> Refused | None:
    if ends_at is None or ends_at > when:
        return None
    return Refused(Refusal.DATES_DISORDERED, f"an instant after {when.isoformat()}, {what}", ends_at.isoformat())


def _check_begun(found: Measure, when: datetime) -> Refused | None:
    if when >= found.in_force_since:
        return None
    expected = f"an instant from {found.in_force_since.isoformat()}, when the measure begins"
    return Refused(Refusal.DATES_DISORDERED, expected, when.isoformat())


def _check_step(found: Measure, event: MeasureEvent, when: datetime) -> Refused | None:
    match event:
        case MeasureRenewed():
            return _check_renewal(found, event)
        case MeasureEased():
            return first_of(
                _check_later(event.until, when, "when the easing begins"),
                _check_parts(found, event.parts, "eased", "suspended"),
                _check_running(found),
            )
        case MeasureSuspended():
            suspended = all(one.standing in ("suspended", "lifted") for one in found.parts)
            return first_of(
                _check_later(event.until, when, "when the suspension begins"),
                Refused(Refusal.WRONG_STATE, "a measure that is not suspended", found.state) if suspended else None,
                _check_running(found),
            )
        case MeasureLifted():
            return first_of(_check_conditions(found, event), _check_parts(found, event.parts), _check_running(found))
        case MeasureActPublished():
            return _check_reinstatement(found, event.reinstatement) or _check_published(found, event)
        case _:
            raise AssertionError(f"no rule for {event.type}")


def _check_running(found: Measure) -> Refused | None:
    if found.state not in ("lapsed", "lifted"):
        return None
    return Refused(Refusal.ALREADY_ENDED, f"{found.id} neither lapsed nor lifted", found.state)


def _check_renewal(found: Measure, event: MeasureRenewed) -> Refused | None:
    if found.expires_at is None:
        return Refused(
            Refusal.WRONG_STATE, "a measure that lapses unless it is renewed", type(found.default_rule).__name__
        )
    return first_of(_check_later(event.expires_at, found.expires_at, "when it would lapse"), _check_running(found))


def _check_parts(found: Measure, parts: tuple[str, ...], *wrong: PartStanding) -> Refused | None:
    """Return why these parts cannot be acted on: unknown, named twice, lifted, or as they would become."""
    unknown = next((key for key in parts if found.part(key) is None), None)
    if unknown is not None:
        expected = f"parts of {found.id}: {', '.join(one.part for one in found.parts)}"
        return Refused(Refusal.REFERENCE_UNKNOWN, expected, unknown)
    standings = {key: one.standing for key in parts if (one := found.part(key)) is not None}
    out = next((key for key, standing in standings.items() if standing in wrong), None)
    lifted = next((key for key, standing in standings.items() if standing == "lifted"), None)
    return first_of(
        _check_once(parts),
        Refused(Refusal.WRONG_STATE, f"{out} in force", standings[out]) if out is not None else None,
        Refused(Refusal.ALREADY_ENDED, f"{lifted} not lifted", "lifted") if lifted is not None else None,
    )


def _check_conditions(found: Measure, event: MeasureLifted) -> Refused | None:
    known = {one.condition for one in found.adopted.exit_conditions}
    unknown = next((one for one in event.met if one not in known), None)
    if unknown is None:
        return None
    expected = f"exit conditions of {found.id}: {', '.join(sorted(known)) or 'it has none'}"
    return Refused(Refusal.REFERENCE_UNKNOWN, expected, unknown)


def _check_reinstatement(found: Measure, event_id: str) -> Refused | None:
    if any(one.event_id == event_id for one in found.reinstatements):
        return None
    return Refused(Refusal.REFERENCE_UNKNOWN, f"a reinstatement of {found.id}", event_id)


def _check_published(found: Measure, event: MeasureActPublished) -> Refused | None:
    known = next(one for one in found.reinstatements if one.event_id == event.reinstatement)
    if known.published_act is None:
        return None
    return Refused(Refusal.ALREADY_EXISTS, "one act for a reinstatement", known.published_act)
