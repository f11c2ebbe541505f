"""Is it less? Laws that hold for all terms, and the ways of making less of a promise that have been thought of."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.events.terms import Terms
from ledger.rules.direction import direction
from tests.world import Fields, goods, money, once, terms, tranches, yearly

FORMULA: Fields = {"kind": "formula", "percent": "0.25", "of": "gross domestic product", "currency": "EUR"}
MONTHLY: Fields = {
    "kind": "recurrence",
    "every": "month",
    "first": {"first": "2027-01-01", "last": "2027-01-31", "precision": "month"},
}


def percent(share: str, **changed: str) -> Fields:
    return terms({**FORMULA, "percent": share, **changed}, schedule=yearly(2025))


def typed(fields: Fields) -> Terms:
    return msgspec.convert(fields, Terms)


years = st.integers(2020, 2060)
bounds = st.sampled_from(["exact", "floor", "cap", "target"])


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Fields, list[int] | None]:
    """A schedule, and the amounts of its tranches if it has some."""
    kind = draw(st.sampled_from(["once", "tranches", "yearly", "endless", "monthly", "unscheduled"]))
    year = draw(years)
    if kind == "once":
        return once(f"{year}-01-01", f"{year}-12-31"), None
    if kind == "tranches":
        parts = draw(st.lists(st.integers(1, 500), min_size=1, max_size=6))
        return tranches(*((f"{year + index}-06-30", f"{part}.00") for index, part in enumerate(parts))), parts
    if kind == "yearly":
        return yearly(year, year + draw(st.integers(0, 30))), None
    if kind == "endless":
        return yearly(year), None
    return (MONTHLY if kind == "monthly" else {"kind": "unscheduled"}), None


@st.composite
def promises(draw: st.DrawFn) -> Fields:
    """Sound terms in pounds."""
    schedule, parts = draw(schedules())
    amount = sum(parts) if parts is not None else draw(st.integers(1, 1000))
    return terms(money(f"{amount}.00"), schedule=schedule, bound=draw(bounds))


def with_amount(agreed: Fields, change: int, tranche: int = 0) -> Fields:
    """Return terms with so much more or less in one tranche, or in the whole where there are none."""
    amount = f"{int(agreed['object']['amount'].partition('.')[0]) + change}.00"
    changed: Fields = {**agreed, "object": money(amount)}
    if agreed["schedule"]["kind"] == "tranches":
        parts: list[Any] = [dict(part) for part in agreed["schedule"]["tranches"]]
        index = tranche % len(parts)
        parts[index]["amount"] = f"{int(parts[index]['amount'].partition('.')[0]) + change}.00"
        changed["schedule"] = {"kind": "tranches", "tranches": parts}
    return changed


@settings(deadline=None)
@given(promises())
def test_the_same_terms_are_not_less(agreed: Fields) -> None:
    assert direction(typed(agreed), typed(agreed)) == ()


@settings(deadline=None)
@given(promises(), st.integers(1, 1000), st.integers(0, 5))
def test_raising_is_never_less_and_lowering_always_is(agreed: Fields, more: int, tranche: int) -> None:
    raised = with_amount(agreed, more, tranche)
    assert direction(typed(agreed), typed(raised)) == ()
    assert "lowers" in direction(typed(raised), typed(agreed))


parts_by_year = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=6).map(sorted)


def in_parts(parts: list[tuple[int, int]]) -> Fields:
    """Return an exact sum due in parts, each (years after 2027, pounds)."""
    dated = ((f"{2027 + year}-06-30", f"{pounds}.00") for year, pounds in parts)
    return terms(money(f"{sum(pounds for _, pounds in parts)}.00"), schedule=tranches(*dated))


@settings(deadline=None)
@given(parts_by_year, parts_by_year)
def test_dated_parts_are_less_exactly_if_on_some_day_less_has_fallen_due(
    old: list[tuple[int, int]], new: list[tuple[int, int]]
) -> None:
    def due_by(parts: list[tuple[int, int]], year: int) -> int:
        return sum(pounds for due, pounds in parts if due <= year)

    is_less = any(due_by(new, year) < due_by(old, year) for year in range(10))
    assert bool(direction(typed(in_parts(old)), typed(in_parts(new)))) == is_less


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 12))
def test_a_tranche_that_moves_back_delays(first: int, second: int, months: int) -> None:
    day = f"{2028 + months // 12}-{months % 12 + 1:02}-15"
    old = terms(money(f"{first + second}.00"), schedule=tranches(("2027-01-15", f"{first}.00"), (day, f"{second}.00")))
    later = f"{int(day[:4]) + 1}{day[4:]}"
    new = {**old, "schedule": tranches(("2027-01-15", f"{first}.00"), (later, f"{second}.00"))}
    assert direction(typed(old), typed(new)) == ("delays",)
    assert direction(typed(new), typed(old)) == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (terms(goods("10")), terms(goods("10", "mortar")), ("narrows",)),
        (terms(money("1.00")), terms(money("2.00", "EUR")), ("narrows",)),
        (terms(goods("10")), terms(money("10.00")), ("narrows",)),
        (terms(), terms(bound="floor"), ()),
        (terms(bound="floor"), terms(), ("narrows",)),
        (terms(), terms(bound="target"), ("narrows",)),
        (terms(bound="target"), terms(bound="cap"), ("narrows",)),
        (terms(bound="cap"), terms(bound="exact"), ()),
        (terms(phase="on_activation"), terms(), ()),
        (terms(), terms(phase="on_activation"), ("narrows",)),
        (terms(), terms(legal_character="politically_binding"), ("narrows",)),
        (terms(legal_character="not_stated"), terms(legal_character="non_binding"), ("narrows",)),
        (terms(legal_character="not_stated"), terms(), ()),
        (terms(), terms(category="naval"), ("narrows",)),
        (terms(), terms(conditions={"en": "If"}), ("narrows",)),
        (terms(liability="joint"), terms(), ("narrows",)),
        (terms(), terms(liability="joint"), ()),
        (terms(), terms(counts_from="in_transit"), ("narrows",)),
        (terms(counts_from="in_transit"), terms(), ()),
        (terms(), terms(None, "gb", "de"), ("narrows",)),
        (terms(), terms(part_of={"commitment": "c-9", "basis": "stated"}), ("narrows",)),
        (terms(part_of={"commitment": "c-9", "basis": "stated"}), terms(), ()),
        (terms(), terms(channel="through a fund"), ()),
        (terms(), terms(schedule={"kind": "unscheduled"}), ("delays",)),
        (terms(schedule={"kind": "unscheduled"}), terms(), ()),
        (
            terms(FORMULA, schedule=yearly(2025)),
            terms({**FORMULA, "percent": "0.24"}, schedule=yearly(2025)),
            ("lowers",),
        ),
        (terms(FORMULA, schedule=yearly(2025)), terms({**FORMULA, "percent": "0.26"}, schedule=yearly(2025)), ()),
        (
            terms(FORMULA, schedule=yearly(2025)),
            terms({**FORMULA, "of": "exports"}, schedule=yearly(2025)),
            ("narrows",),
        ),
        (
            terms(FORMULA, schedule=yearly(2025, 2034)),
            terms({**FORMULA, "percent": "9"}, schedule=yearly(2025, 2030)),
            ("delays",),
        ),
        (terms(schedule=yearly(2027)), terms(money("900.00"), schedule=yearly(2027, 2090)), ("lowers",)),
    ],
)
def test_what_makes_less_of_a_promise(old: Fields, new: Fields, expected: tuple[str, ...]) -> None:
    assert direction(typed(old), typed(new)) == expected


@pytest.mark.parametrize("bound", ["cap", "target"])
def test_what_lapses_is_not_moved_into_the_past(bound: str) -> None:
    old = terms(bound=bound, schedule=once("2026-01-01", "2026-12-31"))
    new = terms(money("900.00"), bound=bound, schedule=once("2025-01-01", "2025-12-31"))
    assert direction(typed(old), typed(new)) == ("narrows",)
    open_window = terms(bound=bound, schedule={"kind": "unscheduled"})
    assert direction(typed(open_window), typed(new)) == ("narrows",)


def test_arrears_invented_in_the_past_do_not_hide_a_lower_rate() -> None:
    old = terms(money("100.00"), schedule=yearly(2026))
    new = terms(money("90.00"), schedule=yearly(1950))
    assert "lowers" in direction(typed(old), typed(new))


def test_the_same_rate_paid_more_often_is_not_less() -> None:
    monthly = terms(money("10.00"), schedule=MONTHLY)
    assert direction(typed(terms(money("100.00"), schedule=yearly(2027))), typed(monthly)) == ()
    assert "lowers" in direction(typed(monthly), typed(terms(money("119.99"), schedule=yearly(2027))))


def test_one_secret_is_not_compared_with_another() -> None:
    one = terms({"kind": "undisclosed", "confidential": {"salted_sha256": "ab" * 32}})
    other = terms({"kind": "undisclosed", "confidential": {"salted_sha256": "cd" * 32}})
    assert direction(typed(one), typed(other)) == ("narrows",)
