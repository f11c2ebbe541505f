"""What an act may not say about amounts: shares and parts that do not sum, other units, more than was claimed.

`objections` returns every such reason, by its code. An act without any may still be refused for another reason.
"""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from tests.model.naive.asking import going_on
from tests.model.naive.calendar import months_later, recurring, span_of
from tests.model.naive.docket import Payload, Reading
from tests.model.naive.handovers import NOTHING, Handover, handover
from tests.model.naive.lessening import is_endless, last_named, spans
from tests.model.naive.promises import Promise, Terms, children_of, figure_of, promise, unit_of

CODES = frozenset(
    {
        *("shares_do_not_sum", "tranches_do_not_sum", "unit_mismatch", "child_above_parent"),
        *("not_a_formula", "period_already_resolved", "line_unknown", "above_claimed"),
    }
)

SUMMED_MONTHS = 36
"""How far beyond the last day that is named parts are summed: what goes on without end has repeated itself by then."""

NOBODY: set[str] = set()


def objections(reading: Reading, payload: Payload) -> set[str]:
    """Return the codes of all reasons about amounts against an act, as the acts before it read."""
    match payload["type"].partition(".")[0]:
        case "commitment":
            return set(_to_commitment(reading, payload))
        case "delivery" | "dispute":
            return set(_to_delivery(reading, payload))
        case _:
            pass
    return set()


def _to_commitment(reading: Reading, payload: Payload) -> Iterator[str]:
    found = promise(reading, payload["commitment"])
    if payload["type"] != "commitment.made" and found is None:
        return
    match payload["type"]:
        case "commitment.made":
            yield from _to_terms(reading, payload["terms"], payload["commitment"], set())
        case "commitment.amended":
            yield from _to_terms(reading, payload["terms"], payload["commitment"], set())
        case "commitment.converted":
            yield from _to_terms(reading, payload["terms"], payload["into"], {payload["commitment"]})
        case "commitment.merged":
            absorbed = set(payload["absorbed"])
            yield from _to_terms(reading, payload["terms"], payload["commitment"], absorbed, absorbed)
        case "commitment.resolved":
            assert found is not None
            yield from _to_resolution(found, payload)
        case "commitment.waived" if payload.get("amount"):
            assert found is not None
            if figure_of(found.terms["object"]) is None:
                yield "unit_mismatch"


def _to_resolution(found: Promise, payload: Payload) -> Iterator[str]:
    formula = found.terms["object"]
    first, last = span_of(payload["period"])
    if formula["kind"] != "formula":
        yield "not_a_formula"
    elif formula["currency"] != payload["currency"]:
        yield "unit_mismatch"
    if formula["kind"] == "formula" and any(first <= end and begin <= last for begin, end in found.resolved):
        yield "period_already_resolved"


def _to_terms(
    reading: Reading, terms: Terms, own: str, replaced: set[str], absorbed: set[str] = NOBODY
) -> Iterator[str]:
    """The parts of what is absorbed come along with it; those of what is converted stay where they are."""
    parties = [one["party"] for one in terms["obligors"]]
    if sum(Fraction(one["share"]) for one in terms["obligors"]) != 1 or len(set(parties)) < len(parties):
        yield "shares_do_not_sum"
    whole = figure_of(terms["object"])
    if terms["schedule"]["kind"] == "tranches":
        total = sum((Fraction(one["amount"]) for one in terms["schedule"]["tranches"]), NOTHING)
        if whole is None or total != whole:
            yield "tranches_do_not_sum"
    part_of = terms.get("part_of")
    parent = going_on(reading, part_of["commitment"]) if part_of else None
    if parent is not None:
        yield from _to_part(reading, parent, terms, {own, *replaced})
    inside = [one.terms for one in _open_parts(reading, {own, *absorbed}) if one.id not in {own, *replaced}]
    if any(_differ(terms, one) for one in inside):
        yield "unit_mismatch"
    if _is_above(terms, inside):
        yield "child_above_parent"


def _to_part(reading: Reading, parent: Promise, terms: Terms, own: set[str]) -> Iterator[str]:
    if parent.state != "open":
        # What was in it stays where it is; nothing new comes in.
        return
    if _differ(parent.terms, terms):
        yield "unit_mismatch"
    siblings = [one.terms for one in _open_parts(reading, {parent.id}) if one.id not in own]
    if _is_above(parent.terms, [*siblings, terms]):
        yield "child_above_parent"


def _open_parts(reading: Reading, wholes: set[str]) -> list[Promise]:
    """Return the open commitments within some others, those included that came with a merger."""
    found = []
    seen = set(wholes)
    for whole in list(wholes):
        merged = [
            one
            for name in reading.names("commitment")
            if (one := promise(reading, name)) is not None and one.state == "merged" and one.became == whole
        ]
        inside = {one.id for one in merged} - seen
        seen |= inside
        found += [one for one in children_of(reading, whole) if one.state == "open"]
        found += _open_parts(reading, inside) if inside else []
    return list({one.id: one for one in found}.values())


def _differ(one: Terms, other: Terms) -> bool:
    """Return whether two figures of one kind are in different units: they cannot be counted in each other."""
    is_alike = one["object"]["kind"] == other["object"]["kind"]
    return is_alike and unit_of(one["object"]) != unit_of(other["object"])


def _is_above(whole: Terms, parts: list[Terms]) -> bool:
    """Return whether the parts come to more than the whole holds in some period. A floor holds any amount."""
    holds = figure_of(whole["object"])
    counted = [one for one in parts if one["object"]["kind"] == whole["object"]["kind"]]
    if holds is None or whole["bound"] == "floor" or not counted:
        return False
    if any(is_endless(one) for one in counted) and not is_endless(whole):
        return True
    named = [day for one in (whole, *counted) if (day := last_named(one)) is not None]
    horizon = months_later(max(named), SUMMED_MONTHS) if named else date.min
    schedule = whole["schedule"]
    periods = list(recurring(schedule, horizon)) if schedule["kind"] == "recurrence" else []
    sums: dict[date | None, Fraction] = {}
    for one in counted:
        for ends, amount in _falling(one, periods, horizon):
            sums[ends] = sums.get(ends, NOTHING) + amount
    return any(total > holds for total in sums.values())


def _falling(part: Terms, periods: list[tuple[date, date]], horizon: date) -> Iterator[tuple[date | None, Fraction]]:
    """Yield the end of the period of the whole that each dated part falls due in, and its amount."""
    amount = figure_of(part["object"]) or NOTHING
    if part["schedule"]["kind"] == "unscheduled":
        # It may be called in any period.
        yield from ((last, amount) for _, last in periods) if periods else ((None, amount),)
    for (_, due), figure in spans(part, horizon):
        # A delivery before the first period can only be of that one; between two it is of the one before.
        begun = [last for first, last in periods if first <= due] or [last for _, last in periods[:1]]
        yield (begun[-1] if begun else None), figure


def _to_delivery(reading: Reading, payload: Payload) -> Iterator[str]:
    if payload["type"] == "delivery.recorded":
        under = promise(reading, payload["commitment"]) if payload.get("commitment") else None
        yield from _to_lines(under, payload)
        return
    found = handover(reading, payload["delivery"])
    if found is None:
        return
    match payload["type"]:
        case "delivery.corrected":
            under = promise(reading, found.commitment) if found.commitment is not None else None
            yield from _to_lines(under, payload)
        case "delivery.acknowledged" | "delivery.disputed" | "dispute.settled":
            yield from _to_word(found, payload)
        case _:
            pass


def _to_lines(under: Promise | None, payload: Payload) -> Iterator[str]:
    """Fulfilment is counted in the unit of the commitment. What is undisclosed can be fulfilled by anything."""
    if under is None or under.terms["object"]["kind"] == "undisclosed":
        return
    if any(unit_of(one["object"]) != unit_of(under.terms["object"]) for one in payload["lines"]):
        yield "unit_mismatch"


def _to_word(found: Handover, payload: Payload) -> Iterator[str]:
    for one in payload["lines"]:
        line, amount = one["line"], Fraction(one["amount"])
        if line not in found.claimed:
            yield "line_unknown"
            continue
        left = found.claimed[line]
        if payload["type"] != "dispute.settled":
            left -= found.accepted.get(line, NOTHING)
        if payload["type"] == "delivery.disputed":
            left -= found.contested.get(line, NOTHING)
        if amount > left:
            yield "above_claimed"
