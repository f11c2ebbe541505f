"""Deliveries as of a day: what was claimed, at which milestone, and what the beneficiary has said of it."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from tests.model.naive.calendar import Span, span_of
from tests.model.naive.docket import Act, Counted, Reading
from tests.model.naive.promises import Promise, Unit, children_of, figure_of, promise, unit_of

MILESTONES = ("dispatched", "in_transit", "at_hub", "handed_over")
NOTHING = Fraction(0)

Amounts = dict[int, Fraction]


@dataclass
class Handover:
    """A delivery. Amounts are by the number of the line."""

    id: str
    party: str
    commitment: str | None
    category: str | None
    reimburses: str | None
    lines: list[dict[str, Any]]
    reached: list[tuple[str, Span]]
    accepted: Amounts = field(default_factory=dict)
    contested: Amounts = field(default_factory=dict)
    state: str = "recorded"

    @property
    def claimed(self) -> Amounts:
        return {one["line"]: figure_of(one["object"]) or NOTHING for one in self.lines}

    def reached_in(self, milestone: str) -> Span | None:
        """Return the days in which a milestone or a later one was first reached."""
        wanted = MILESTONES[MILESTONES.index(milestone) :]
        return next((days for stage, days in self.reached if stage in wanted), None)


@dataclass(frozen=True)
class Claim:
    """What a delivery comes to in one unit. `days`: None as long as it has not reached the milestone that counts."""

    delivery: str
    party: str
    days: Span | None
    claimed: Fraction
    accepted: Fraction
    contested: Fraction
    reimburses: str | None


def handover(reading: Reading, delivery: str, as_of: date | None = None) -> Handover | None:
    """Return a delivery as of a day, or None where no record of it counts."""
    asked = ("handover", delivery, as_of)
    if asked not in reading.answered:
        reading.answered[asked] = _handover(reading, delivery, as_of)
    found: Handover | None = reading.answered[asked]
    return found


def _handover(reading: Reading, delivery: str, as_of: date | None) -> Handover | None:
    found: Handover | None = None
    acts = reading.counted(f"delivery/{delivery}", as_of)
    for act in acts:
        if act.type == "delivery.recorded":
            found = Handover(
                delivery,
                act.party,
                act.get("commitment"),
                act.get("category"),
                act.get("reimburses"),
                act["lines"],
                [(act["milestone"], span_of(act["occurred"]))],
            )
        elif found is not None:
            _change(reading, found, act, acts)
    return found


def _change(reading: Reading, found: Handover, act: Counted, acts: list[Counted]) -> None:
    match act.type:
        case "delivery.advanced":
            found.reached.append((act["milestone"], span_of(act["occurred"])))
        case "delivery.corrected":
            found.lines, found.accepted, found.contested = act["lines"], {}, {}
        case "delivery.voided":
            found.state = "voided"
        case "delivery.marked_duplicate":
            found.state = "duplicate"
        case "delivery.acknowledged" | "delivery.disputed" | "dispute.settled":
            if act.position > _other_lines_since(reading, acts):
                _say(found, act)
        case _:
            pass


def _other_lines_since(reading: Reading, acts: list[Counted]) -> int:
    """Return the last entry by which a claim is read with other lines: what was said before was said of others.

    An act is read as corrected whatever day is asked about, so this does not depend on the day of the correction.
    """
    last = 0
    for act in acts:
        if act.type in ("delivery.recorded", "delivery.corrected"):
            last = max(last, _relined(reading, act.act, "/lines"))
    return last


def _relined(reading: Reading, act: Act, field_name: str) -> int:
    last = 0
    for one in reading.corrections(act):
        if reading.payload(one)["field"].startswith(field_name):
            last = max(last, reading.effect(one) or 0, _relined(reading, one, "/new"))
    return last


def _say(found: Handover, act: Counted) -> None:
    said = {one["line"]: Fraction(one["amount"]) for one in act["lines"]}
    for line, amount in said.items():
        match act.type:
            case "delivery.acknowledged":
                found.accepted[line] = found.accepted.get(line, NOTHING) + amount
            case "delivery.disputed":
                found.contested[line] = found.contested.get(line, NOTHING) + amount
            case "dispute.settled":
                found.accepted[line] = amount
                found.contested.pop(line, None)
            case _:
                pass
    # What has been accepted is contested no more.
    for line, amount in list(found.contested.items()):
        left = found.claimed.get(line, NOTHING) - found.accepted.get(line, NOTHING)
        found.contested[line] = max(NOTHING, min(amount, left))


def claim(found: Handover, counts_from: str, unit: Unit) -> Claim | None:
    """Return what a delivery comes to in one unit; None if it counts for nothing or is in other units."""
    lines = [one["line"] for one in found.lines if unit_of(one["object"]) == unit]
    if found.state != "recorded" or not lines:
        return None
    claimed, accepted, contested = (
        sum((amounts.get(line, NOTHING) for line in lines), NOTHING)
        for amounts in (found.claimed, found.accepted, found.contested)
    )
    days = found.reached_in(counts_from)
    return Claim(found.id, found.party, days, claimed, accepted, contested, found.reimburses)


def handovers(reading: Reading, as_of: date) -> list[Handover]:
    """Return every delivery that had been recorded for by a day, by id."""
    every = (handover(reading, one, as_of) for one in reading.names("delivery"))
    return [one for one in every if one is not None]


def family(reading: Reading, whole: Promise, as_of: date) -> set[str]:
    """Return the commitments whose deliveries count for one: itself, what was merged into it, and all their parts."""
    found = {whole.id}
    merged = [promise(reading, one, as_of) for one in whole.absorbed]
    near = [one for one in merged if one is not None and one.state == "merged" and one.became == whole.id]
    near += [one for one in children_of(reading, whole.id, as_of) if one.state != "merged"]
    for one in near:
        if one.id not in found:
            found |= family(reading, one, as_of)
    return found


def claims_of(reading: Reading, whole: Promise, unit: Unit, as_of: date) -> list[Claim]:
    """Return the claims towards a commitment in its unit, in the order of their days, then of their ids."""
    ids = family(reading, whole, as_of)
    counts_from = whole.terms["counts_from"]
    every = (claim(one, counts_from, unit) for one in handovers(reading, as_of) if one.commitment in ids)
    found = [one for one in every if one is not None]
    return sorted(found, key=lambda one: (one.days[1] if one.days is not None else date.max, one.delivery))
