"""Commitments as of a day: the terms in force and those before, what was released, and the dated parts of it all."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from tests.model.naive.calendar import Span, recurring, span_of
from tests.model.naive.docket import Counted, Reading, day_of

Terms = dict[str, Any]
Unit = tuple[str, str]
"""Money in a currency, or units of something. Goods and services are both counted in units."""


@dataclass
class Promise:
    """A commitment that has taken effect. `versions`: terms, each with the day from which they count.

    `waived`: each release with its day, and the unit in which the commitment was at that time.
    """

    id: str
    instrument: str
    made_on: date
    versions: list[tuple[date, Terms]]
    resolved: dict[Span, Fraction] = field(default_factory=dict)
    waived: list[tuple[date, Fraction | None, Unit | None]] = field(default_factory=list)
    absorbed: list[str] = field(default_factory=list)
    state: str = "open"
    ended_on: date | None = None
    became: str | None = None

    @property
    def terms(self) -> Terms:
        return self.versions[-1][1]

    @property
    def obligors(self) -> list[str]:
        return [one["party"] for one in self.terms["obligors"]]

    @property
    def parent(self) -> str | None:
        part_of = self.terms.get("part_of")
        return part_of["commitment"] if part_of else None


@dataclass(frozen=True)
class Part:
    """A dated part: no days where none are stated, no amount where nobody has resolved it."""

    days: Span | None
    amount: Fraction | None


def unit_of(promised: dict[str, Any]) -> Unit | None:
    """Return what an object is counted in; None for what is undisclosed."""
    match promised["kind"]:
        case "money" | "formula":
            return "money", promised["currency"]
        case "goods" | "service":
            return "units", promised["unit"]
        case _:
            pass
    return None


def figure_of(promised: dict[str, Any]) -> Fraction | None:
    """Return how much an object is; None for a formula and for what is undisclosed."""
    stated = promised.get("amount", promised.get("quantity"))
    return Fraction(stated) if stated is not None else None


def promise(reading: Reading, commitment: str, as_of: date | None = None) -> Promise | None:
    """Return a commitment as of a day, or None where nothing that counts made it."""
    asked = ("promise", commitment, as_of)
    if asked not in reading.answered:
        reading.answered[asked] = _promise(reading, commitment, as_of)
    found: Promise | None = reading.answered[asked]
    return found


def _promise(reading: Reading, commitment: str, as_of: date | None) -> Promise | None:
    found: Promise | None = None
    for act in reading.counted(f"commitment/{commitment}", as_of):
        if act.type == "commitment.made":
            found = Promise(commitment, act["instrument"], act.on, [(act.on, act["terms"])])
        elif act.type == "commitment.converted" and act["into"] == commitment:
            made_on = day_of(act["agreed_on"]) if act.get("agreed_on") else act.on
            found = Promise(commitment, act["instrument"], made_on, [(made_on, act["terms"])])
        elif found is not None:
            _change(found, act)
    return found


def _change(found: Promise, act: Counted) -> None:
    match act.type:
        case "commitment.amended":
            found.versions.append((act.on, act["terms"]))
        case "commitment.resolved":
            found.resolved.setdefault(span_of(act["period"]), Fraction(act["amount"]))
        case "commitment.withdrawn":
            found.state, found.ended_on = "withdrawn", act.on
        case "commitment.waived":
            amount = Fraction(act["amount"]) if act.get("amount") else None
            found.waived.append((act.on, amount, unit_of(found.terms["object"])))
            if amount is None:
                found.state, found.ended_on = "waived", act.on
        case "commitment.converted":
            found.state, found.ended_on, found.became = "converted", act.on, act["into"]
        case "commitment.merged" if act["commitment"] == found.id:
            found.versions.append((act.on, act["terms"]))
            found.absorbed += act["absorbed"]
        case "commitment.merged":
            found.state, found.ended_on, found.became = "merged", act.on, act["commitment"]
        case _:
            pass


def parts_of(found: Promise, as_of: date) -> list[Part]:
    """Return the parts that there are by a day, in the order in which they fall due.

    A recurring promise starts anew in each period that has begun, and new terms leave the periods that had ended as
    they were. Everything else is one sum in one or more parts, and new terms replace it whole.
    """
    terms = found.terms
    promised, schedule = terms["object"], terms["schedule"]
    match schedule["kind"]:
        case "recurrence":
            stop = as_of if found.ended_on is None else min(as_of, found.ended_on)
            parts = _periods(found, stop)
        case "once":
            parts = [_part(found, promised, span_of(schedule["due"]), figure_of(promised))]
        case "tranches":
            parts = [
                _part(found, promised, span_of(one["due"]), Fraction(one["amount"])) for one in schedule["tranches"]
            ]
        case _ if promised["kind"] == "formula":
            # No period is stated, so the resolutions say which there are.
            parts = [Part(days, amount) for days, amount in found.resolved.items()] or [Part(None, None)]
        case _:
            parts = [Part(None, figure_of(promised))]
    return sorted(parts, key=lambda part: part.days[1] if part.days is not None else date.max)


def _part(found: Promise, promised: dict[str, Any], days: Span, amount: Fraction | None) -> Part:
    return Part(days, found.resolved.get(days) if promised["kind"] == "formula" else amount)


def _periods(found: Promise, stop: date) -> list[Part]:
    versions = _alike(found)
    parts = []
    for number, (since, terms) in enumerate(versions):
        later = [day for day, _ in versions[number + 1 :]]
        for days in recurring(terms["schedule"], stop):
            governs = (number == 0 or since <= days[1]) and all(days[1] < day for day in later)
            if governs:
                parts.append(_part(found, terms["object"], days, figure_of(terms["object"])))
    return parts


def _alike(found: Promise) -> list[tuple[date, Terms]]:
    """Return the newest terms and those before them that recur in the same kind and unit, without a break."""
    newest = found.terms["object"]
    alike: list[tuple[date, Terms]] = []
    for since, terms in reversed(found.versions):
        same = terms["object"]["kind"] == newest["kind"] and unit_of(terms["object"]) == unit_of(newest)
        if terms["schedule"]["kind"] != "recurrence" or not same:
            break
        alike.insert(0, (since, terms))
    return alike


def goes_on(found: Promise, as_of: date) -> bool:
    """Return whether a recurring promise has a period that falls due on that day or later."""
    if found.ended_on is not None and found.ended_on <= as_of:
        return False
    schedule = found.terms["schedule"]
    if schedule["kind"] != "recurrence":
        return False
    if not schedule.get("until"):
        return True
    horizon = max(date(as_of.year + 2, 1, 1), day_of(schedule["first"]["first"]))
    return any(last >= as_of for _, last in recurring(schedule, horizon))


def children_of(reading: Reading, whole: str, as_of: date | None = None) -> list[Promise]:
    """Return the commitments that are counted within another, by their terms as of a day."""
    every = (promise(reading, one, as_of) for one in reading.names("commitment"))
    return [one for one in every if one is not None and one.parent == whole]
