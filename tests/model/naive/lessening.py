"""Are new terms less than the old? Then the beneficiary has to agree (`docs/decisions/10-what-lowers-a-commitment.md`).

Less is: a lower total or rate, less fallen due on some day, or anything narrower. What cannot be compared is narrower.
"""

from datetime import date
from fractions import Fraction
from typing import Any

from tests.model.naive.calendar import MONTHS, months_later, recurring, span_of
from tests.model.naive.docket import day_of
from tests.model.naive.handovers import MILESTONES
from tests.model.naive.promises import Terms, figure_of, unit_of

FIRMNESS = ("cap", "target", "exact", "floor")
CHARACTER = ("non_binding", "not_stated", "politically_binding", "legally_binding")
COMPARED_MONTHS = 60
"""How far beyond the last day that is named the two are compared: what recurs has repeated itself by then."""

Fallen = list[tuple[date, Fraction]]


def is_less(old: Terms, new: Terms) -> bool:
    return _is_narrower(old, new) or _is_lower(old, new) or _is_later(old, new)


def _is_narrower(old: Terms, new: Terms) -> bool:
    before, after = old["object"], new["object"]
    joint = (old.get("liability", "several"), new.get("liability", "several")) == ("joint", "several")
    return (
        before["kind"] != after["kind"]
        or unit_of(before) != unit_of(after)
        or before.get("of") != after.get("of")
        or (before["kind"] == "undisclosed" and before != after)
        or FIRMNESS.index(new["bound"]) < FIRMNESS.index(old["bound"])
        or CHARACTER.index(new["legal_character"]) < CHARACTER.index(old["legal_character"])
        or old["category"] != new["category"]
        or (old["phase"], new["phase"]) == ("preventive", "on_activation")
        or joint
        or old["obligors"] != new["obligors"]
        or old.get("conditions", {}) != new.get("conditions", {})
        or MILESTONES.index(new["counts_from"]) < MILESTONES.index(old["counts_from"])
        or (new.get("part_of") is not None and new.get("part_of") != old.get("part_of"))
        or (old["bound"] in ("cap", "target") and _lapses_sooner(old, new))
    )


def is_endless(terms: Terms) -> bool:
    return terms["schedule"]["kind"] == "recurrence" and not terms["schedule"].get("until")


def _is_lower(old: Terms, new: Terms) -> bool:
    before, after = old["object"], new["object"]
    if before["kind"] == after["kind"] == "formula" and Fraction(after["percent"]) < Fraction(before["percent"]):
        return True
    if is_endless(old):
        if not is_endless(new):
            return True
        # So much in a month, on the whole.
        rate = _weight(old) / MONTHS[old["schedule"]["every"]]
        if _weight(new) / MONTHS[new["schedule"]["every"]] < rate:
            return True
    if figure_of(old["object"]) is None or figure_of(new["object"]) is None:
        return False
    return _total(new, _horizon(old, new)) < _total(old, _horizon(old, new))


def _weight(terms: Terms) -> Fraction:
    """Return the figure of an object; without one, each part counts as one."""
    figure = figure_of(terms["object"])
    return Fraction(1) if figure is None else figure


def dated_parts(terms: Terms, until: date) -> Fallen:
    """Return the last day and the amount of each dated part that begins by a day."""
    return [(last, amount) for (_, last), amount in spans(terms, until)]


def spans(terms: Terms, until: date) -> list[tuple[tuple[date, date], Fraction]]:
    """Return the days and the amount of each dated part that begins by a day; none where no day is stated."""
    schedule: dict[str, Any] = terms["schedule"]
    match schedule["kind"]:
        case "once":
            found = [(span_of(schedule["due"]), _weight(terms))]
        case "tranches":
            found = [(span_of(one["due"]), Fraction(one["amount"])) for one in schedule["tranches"]]
        case "recurrence":
            found = [(days, _weight(terms)) for days in recurring(schedule, until)]
        case _:
            found = []
    return [(days, amount) for days, amount in found if days[0] <= until]


def last_named(terms: Terms) -> date | None:
    schedule = terms["schedule"]
    match schedule["kind"]:
        case "once":
            return day_of(schedule["due"]["last"])
        case "tranches":
            return max(day_of(one["due"]["last"]) for one in schedule["tranches"])
        case "recurrence":
            return day_of(schedule.get("until") or schedule["first"]["last"])
        case _:
            pass
    return None


def _horizon(old: Terms, new: Terms) -> date:
    named = [day for day in (last_named(old), last_named(new)) if day is not None]
    return months_later(max(named), COMPARED_MONTHS) if named else date.min


def _total(terms: Terms, until: date) -> Fraction:
    if terms["schedule"]["kind"] == "unscheduled":
        return figure_of(terms["object"]) or Fraction(0)
    return sum((amount for _, amount in dated_parts(terms, until)), Fraction(0))


def _is_later(old: Terms, new: Terms) -> bool:
    """Return whether on some day less has fallen due than before. Without a date nothing ever falls due."""
    horizon = _horizon(old, new)
    before, after = dated_parts(old, horizon), dated_parts(new, horizon)
    return any(_fallen(after, day) < _fallen(before, day) for day, _ in before)


def _fallen(parts: Fallen, day: date) -> Fraction:
    return sum((amount for last, amount in parts if last <= day), Fraction(0))


def _lapses_sooner(old: Terms, new: Terms) -> bool:
    """Return whether on some day less can still be called upon. Without a date nothing ever lapses."""
    if new["schedule"]["kind"] == "unscheduled":
        return False
    if old["schedule"]["kind"] == "unscheduled":
        return True
    horizon = _horizon(old, new)
    before, after = dated_parts(old, horizon), dated_parts(new, horizon)
    return any(_callable(after, day) < _callable(before, day) for day, _ in before)


def _callable(parts: Fallen, day: date) -> Fraction:
    return sum((amount for last, amount in parts if last >= day), Fraction(0))
