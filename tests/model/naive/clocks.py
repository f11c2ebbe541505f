"""Consultations: which ones a notification opens, with which deadlines, and what each guarantor has answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.model.naive.asking import BENEFICIARY
from tests.model.naive.docket import Act, Counted, Reading, in_whose_place, instant_of
from tests.model.naive.sanctions import brought_back
from tests.model.naive.texts import Text, text

STATED = {
    "consultation.convened": "convened_at",
    "consultation.joined": "joined_at",
    "decision.taken": "decided_at",
    "decision.declined": "decided_at",
}


@dataclass(frozen=True)
class Answers:
    """A consultation at an instant. `stands`: silent, joined, decided or declined, by guarantor."""

    stands: dict[str, str]
    late: tuple[str, ...]
    missed: tuple[str, ...]
    convened_at: datetime | None
    is_convened_late: bool
    is_convening_missed: bool
    merged_into: str | None
    is_closed: bool


def happened_at(act: Counted) -> datetime:
    name = STATED.get(act.type)
    return instant_of(act[name]) if name is not None else act.act.recorded_at


def answers(reading: Reading, consultation: str, at: datetime) -> Answers | None:
    """Return what has been answered in a consultation by an instant; None before its clock runs.

    Deadlines are those fixed at its opening.
    """
    acts = reading.counted(f"consultation/{consultation}")
    opened = next((act for act in acts if act.type == "consultation.opened"), None)
    if opened is None or instant_of(opened["t0"]) > at:
        return None
    happened = sorted((act for act in acts if happened_at(act) <= at), key=happened_at)
    decide_by = instant_of(opened["decide_by"]) if opened.get("decide_by") else None
    convene_by = instant_of(opened["convene_by"])
    stands = dict.fromkeys(opened["guarantors"], "silent")
    first: dict[str, datetime] = {}
    for act in happened:
        match act.type:
            case "consultation.convened" if stands.get(act.party) == "silent":
                # Whoever calls the others together is not silent.
                stands[act.party] = "convened"
            case "consultation.joined" if stands.get(act.party, "silent") in ("silent", "convened"):
                stands[act.party] = "joined"
            case "decision.taken" | "decision.declined":
                stands[act.party] = "decided" if act.type == "decision.taken" else "declined"
                first.setdefault(act.party, happened_at(act))
            case _:
                pass
    met = min((happened_at(act) for act in happened if act.type == "consultation.convened"), default=None)
    merged = [act["into"] for act in happened if act.type == "consultation.merged"]
    return Answers(
        stands,
        tuple(one for one in stands if one in first and decide_by is not None and first[one] > decide_by),
        tuple(one for one in stands if one not in first and decide_by is not None and at > decide_by),
        met,
        met is not None and met > convene_by,
        met is None and at > convene_by,
        merged[0] if merged else None,
        any(act.type == "consultation.closed" for act in happened),
    )


def forced(reading: Reading, notified: Act) -> list[dict[str, Any]]:
    """Return what a notification forces, in order: consultations by instrument, then reinstatements by measure."""
    found: list[dict[str, Any]] = []
    for name in reading.names("instrument"):
        under = text(reading, name)
        if under is not None and under.profile.get("clock"):
            found += _opening(reading, name, under, notified)
    for name in reading.names("measure"):
        back = brought_back(reading, name, notified.recorded_at)
        if back is not None:
            found.append(
                {
                    "type": "measure.reinstated",
                    "measure": name,
                    "cause": notified.id,
                    "effective_at": back[0],
                    "parts": list(back[1]),
                }
            )
    return found


def _opening(reading: Reading, name: str, under: Text, notified: Act) -> list[dict[str, Any]]:
    clock, received_at = under.profile["clock"], notified.recorded_at
    bound = [one for one in under.parties if one != BENEFICIARY and _is_bound(under, one, received_at)]
    bound = list(dict.fromkeys(in_whose_place(reading, one) for one in bound))
    if not bound:
        return []
    t0, basis = received_at, clock["basis"]
    if basis in ("attack", "breach"):
        if notified.payload.get("began_at"):
            t0 = instant_of(notified.payload["began_at"])
        else:
            basis = "notification_received"
    hours = clock.get("decide_within_hours")
    return [
        {
            "type": "consultation.opened",
            "consultation": f"{notified.payload['crisis']}.{name}",
            "cause": notified.id,
            "instrument": name,
            "basis": basis,
            "guarantors": bound,
            "t0": t0,
            "convene_by": t0 + timedelta(hours=clock["convene_within_hours"]),
            "decide_by": t0 + timedelta(hours=hours) if hours else None,
        }
    ]


def _is_bound(under: Text, party: str, at: datetime) -> bool:
    spell = under.spell(party)
    day, begins, over = at.date(), under.bound_from(spell), under.over_from(spell, None)
    return begins is not None and begins <= day and (over is None or day < over[0])
