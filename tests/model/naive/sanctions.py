"""Measures at an instant: which parts are in force, by what the others are not, and what has brought them back.

An act takes effect at the instant that it states, or else when it is recorded. Silence does what the default rule says.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from tests.model.naive.docket import Counted, Reading, instant_of

STRONGEST = ("lifted", "suspended", "eased")


@dataclass
class Relief:
    """A part out of force from an instant on, until another where an end is known."""

    how: str
    part: str
    since: datetime
    until: datetime | None
    position: int
    unmet: tuple[str, ...] = ()

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True)
class Sanction:
    """A measure at an instant. `parts`: how each part stands. `awaiting`: reinstatements whose act is not published."""

    party: str
    state: str
    parts: dict[str, str]
    expires_at: datetime | None
    reinstated: tuple[str, ...]
    announced: tuple[str, ...]
    awaiting: tuple[str, ...]
    departures: tuple[tuple[str, tuple[str, ...]], ...]


def begins_at(act: Counted) -> datetime:
    return instant_of(act["effective_at"]) if act.get("effective_at") else act.act.recorded_at


def sanction(reading: Reading, measure: str, at: datetime) -> Sanction | None:
    """Return a measure at an instant, or None where no adoption of it counts."""
    acts = reading.counted(f"measure/{measure}")
    adopted = next((act for act in acts if act.type == "measure.adopted"), None)
    if adopted is None:
        return None
    reliefs = reliefs_of(adopted, acts)
    parts = {one["part"]: _standing(reliefs, one["part"], at) for one in adopted["parts"]}
    expires_at = _expires_at(adopted, acts, at)
    back = [act for act in acts if act.type == "measure.reinstated"]
    effective = [act for act in back if instant_of(act["effective_at"]) <= at]
    published = {act["reinstatement"] for act in acts if act.type == "measure.act_published" and begins_at(act) <= at}
    return Sanction(
        adopted.party,
        _state(parts, begins_at(adopted), expires_at, at),
        parts,
        expires_at,
        tuple(act.act.id for act in effective),
        tuple(act.act.id for act in back if act not in effective),
        tuple(act.act.id for act in effective if act.act.id not in published),
        tuple((one.part, one.unmet) for one in reliefs if one.unmet and one.since <= at),
    )


def reliefs_of(adopted: Counted, acts: list[Counted]) -> list[Relief]:
    """Return all that is, was or is to be out of force, each ended by the first reinstatement of its part."""
    whole = [one["part"] for one in adopted["parts"]]
    conditions = [one["condition"] for one in adopted.get("exit_conditions", [])]
    reliefs = []
    for act in acts:
        until = instant_of(act["until"]) if act.get("until") else None
        match act.type:
            case "measure.eased":
                out, unmet = act["parts"], ()
            case "measure.suspended":
                out, unmet = whole, ()
            case "measure.lifted":
                out = act.get("parts") or whole
                unmet = tuple(one for one in conditions if one not in act.get("met", []))
            case _:
                continue
        how = act.type.partition(".")[2]
        reliefs += [Relief(how, part, begins_at(act), until, act.act.position, unmet) for part in out]
    for relief in reliefs:
        for back in acts:
            if back.type == "measure.reinstated" and relief.part in back["parts"]:
                _end(relief, back, adopted["default_rule"])
    return reliefs


def _end(relief: Relief, back: Counted, rule: dict[str, Any]) -> None:
    """What was out of force when a reinstatement takes effect, or was to be by what was known then, is so no more."""
    effective_at = instant_of(back["effective_at"])
    is_concerned = relief.since < effective_at or relief.position < back.act.position
    if is_concerned and (relief.how != "lifted" or rule.get("returns_lifted", False)):
        relief.until = effective_at if relief.until is None else min(relief.until, effective_at)


def _standing(reliefs: list[Relief], part: str, at: datetime) -> str:
    ways = {one.how for one in reliefs if one.part == part and one.covers(at)}
    return next((how for how in STRONGEST if how in ways), "in_force")


def _expires_at(adopted: Counted, acts: list[Counted], at: datetime) -> datetime | None:
    if adopted["default_rule"]["kind"] != "sunset":
        return None
    renewed = [act["expires_at"] for act in acts if act.type == "measure.renewed" and begins_at(act) <= at]
    return max(instant_of(one) for one in (adopted["default_rule"]["expires_at"], *renewed))


def _state(parts: dict[str, str], since: datetime, expires_at: datetime | None, at: datetime) -> str:
    if at < since:
        return "not_yet"
    if expires_at is not None and expires_at <= at:
        return "lapsed"
    ways = set(parts.values())
    if ways == {"in_force"}:
        return "in_force"
    if "in_force" in ways:
        return "in_part"
    return next(how for how in ("suspended", "eased", "lifted") if how in ways)


def returns_at(rule: dict[str, Any], received_at: datetime) -> datetime:
    """Return when what a notification brings back is in force: at receipt, or at 00:00 UTC after so many days."""
    days = rule.get("after_days", 0)
    if not days:
        return received_at
    # The day after receipt is the first, and the last of them has to be over.
    midnight = datetime.combine(received_at.astimezone(UTC).date(), time.min, UTC)
    return midnight + timedelta(days=days + 1)


def brought_back(reading: Reading, measure: str, received_at: datetime) -> tuple[datetime, tuple[str, ...]] | None:
    """Return when a notification received then brings which parts back; None where it brings back nothing."""
    acts = reading.counted(f"measure/{measure}")
    adopted = next((act for act in acts if act.type == "measure.adopted"), None)
    if adopted is None or adopted["default_rule"]["kind"] != "snapback":
        return None
    rule = adopted["default_rule"]
    effective_at = returns_at(rule, received_at)
    if rule.get("ends_at") and effective_at >= instant_of(rule["ends_at"]):
        return None
    out = [one for one in reliefs_of(adopted, acts) if one.until is None or effective_at < one.until]
    returns_lifted = rule.get("returns_lifted", False)
    gone = {one.part for one in out if one.how == "lifted" and one.since <= effective_at and not returns_lifted}
    back = {one.part for one in out if one.how != "lifted" or returns_lifted} - gone
    parts = tuple(one["part"] for one in adopted["parts"] if one["part"] in back)
    return (effective_at, parts) if parts else None
