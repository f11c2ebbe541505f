"""What is needed against what is promised and delivered, per capability: the gap is never below nothing."""

from typing import Any

import pytest

from ledger.events.refusals import Refused
from projections.coverage import Coverage, RequirementPage, coverage, requirement_page
from projections.figures import Figure
from tests.projections.world import Fields, World, day, goods, money, once, terms, world

YEAR = once("2024-01-01", "2024-12-31")


def needs(given: World, requirement: str, quantity: str, *, on: str = "2024-01-05", **fields: Any) -> str:
    """Have the beneficiary state that it needs so many howitzers, unless told otherwise."""
    stated: Fields = {"title": {"en": requirement}, "category": "artillery", "unit": "howitzer"}
    occurred = day(on)
    return given.act(
        "ua",
        "requirement.stated",
        requirement=requirement,
        quantity=quantity,
        occurred=occurred,
        **{**stated, **fields},
    )


def capability(given: World, as_of: str, unit: str = "howitzer", category: str = "artillery") -> Coverage:
    (one,) = [one for one in coverage(given.known(as_of)) if (one.category, one.unit) == (category, unit)]
    return one


def amounts(one: Coverage, *names: str) -> list[str | None]:
    shown: list[Figure | None] = [getattr(one, name) for name in names]
    return [figure.amount if figure is not None else None for figure in shown]


GAPS = ("required", "committed", "delivered", "acknowledged", "gap_committed", "gap_delivered")


def page(given: World, as_of: str, requirement: str = "r-1") -> RequirementPage | None:
    known = given.known(as_of)
    history = known.history(f"requirement/{requirement}")
    return requirement_page(known, history) if history is not None else None


def test_a_joint_commitment_is_counted_once_against_what_is_required() -> None:
    given = world()
    stated = needs(given, "r-1", "20")
    made = given.commits("joint", terms(goods("16", "howitzer"), YEAR, "gb", "de", "fr"))
    two = given.delivers("two", "joint", goods("2", "howitzer"))
    given.says("acknowledged", "two", "1")
    one = capability(given, "2025-01-01")
    assert amounts(one, *GAPS) == ["20", "16", "2", "1", "4", "18"]
    assert (one.requirements, one.commitments, one.guarantors) == (("r-1",), ("joint",), ("de", "fr", "gb"))
    assert one.gap_delivered is not None
    assert {stated, two} <= set(one.gap_delivered.events)
    assert made in one.committed.events


def test_more_than_is_required_leaves_no_gap_and_none_below_nothing() -> None:
    given = world()
    needs(given, "r-1", "10")
    given.commits("many", terms(goods("16", "howitzer"), YEAR))
    given.delivers("twelve", "many", goods("12", "howitzer"))
    assert amounts(capability(given, "2025-01-01"), *GAPS) == ["10", "16", "12", "0", "0", "0"]


def test_an_envelope_is_counted_once_with_what_was_delivered_of_its_parts() -> None:
    given = world()
    needs(given, "r-1", "30")
    given.commits("envelope", terms(goods("16", "howitzer"), YEAR))
    inside = {"part_of": {"commitment": "envelope", "basis": "stated"}}
    given.commits("part", terms(goods("6", "howitzer"), YEAR, **inside))
    given.delivers("some", "part", goods("5", "howitzer"))
    assert amounts(capability(given, "2025-01-01"), *GAPS) == ["30", "16", "5", "0", "14", "25"]


def test_what_is_voluntary_stands_beside_and_closes_no_gap() -> None:
    given = world()
    needs(given, "r-1", "10")
    given.act(
        "fr",
        "delivery.recorded",
        delivery="gift",
        category="artillery",
        milestone="handed_over",
        lines=[{"line": 1, "object": goods("6", "howitzer")}],
        occurred=day("2024-03-01"),
    )
    one = capability(given, "2024-06-01")
    assert amounts(one, *GAPS, "voluntary") == ["10", "0", "0", "0", "10", "10", "6"]


def test_a_promise_where_nothing_is_required_is_listed_without_a_gap() -> None:
    given = world()
    given.commits("guns", terms(goods("6", "gun"), YEAR))
    one = capability(given, "2024-06-01", "gun")
    assert amounts(one, *GAPS) == [None, "6", "0", "0", None, None]
    assert (one.requirements, one.needed_overdue, one.needed_by) == ((), None, None)


def test_a_requirement_without_any_promise_is_all_gap() -> None:
    given = world()
    needs(given, "r-1", "2.5", unit="battery", category="air_defence")
    assert amounts(capability(given, "2024-06-01", "battery", "air_defence"), *GAPS) == [
        *("2.5", "0", "0", "0", "2.5", "2.5")
    ]
    assert coverage(given.known("2024-01-04")) == ()


def test_another_category_and_another_unit_are_other_capabilities() -> None:
    given = world()
    needs(given, "r-1", "20")
    given.commits("naval", terms(goods("16", "howitzer"), YEAR, category="naval"))
    given.commits("guns", terms(goods("16", "gun"), YEAR))
    assert amounts(capability(given, "2024-06-01"), *GAPS) == ["20", "0", "0", "0", "20", "20"]


def test_a_cap_is_promised_and_is_never_overdue_while_a_need_is() -> None:
    given = world()
    needs(given, "r-1", "20", needed_by=day("2024-06-30"))
    given.commits("at-most", terms(goods("16", "howitzer"), once("2024-01-01", "2024-06-30"), bound="cap"))
    given.delivers("four", "at-most", goods("4", "howitzer"))
    one = capability(given, "2024-07-01")
    assert amounts(one, "committed", "overdue", "needed_overdue") == ["16", "0", "16"]


def test_a_need_is_overdue_the_day_after_its_last_possible_day() -> None:
    given = world()
    needs(given, "r-1", "20", needed_by=day("2024-06-01", "2024-06-30", "month"))
    needs(given, "r-2", "5", needed_by=day("2024-12-31"))
    given.commits("some", terms(goods("16", "howitzer"), once("2024-01-01", "2024-06-10")))
    given.delivers("eight", "some", goods("8", "howitzer"), on="2024-05-01")
    on_the_day, day_after = capability(given, "2024-06-30"), capability(given, "2024-07-01")
    assert amounts(on_the_day, "required", "needed_overdue", "overdue") == ["25", "0", "8"]
    assert amounts(day_after, "required", "needed_overdue", "overdue") == ["25", "12", "8"]
    assert str(day_after.needed_by) == "2024-06-30"
    states = [page(given, as_of).state for as_of in ("2024-06-30", "2024-07-01")]  # type: ignore[union-attr]
    assert states == ["open", "overdue"]


def test_what_counted_for_a_need_that_is_met_does_not_count_for_the_next_one() -> None:
    given = world()
    needs(given, "r-1", "10")
    needs(given, "r-2", "5", on="2024-07-01")
    given.commits("twelve", terms(goods("12", "howitzer"), YEAR))
    given.delivers("all", "twelve", goods("12", "howitzer"))
    assert amounts(capability(given, "2024-07-01"), *GAPS) == ["15", "12", "12", "0", "3", "3"]
    given.act("ua", "requirement.met", requirement="r-1", occurred=day("2024-07-02"))
    met = capability(given, "2024-07-02")
    assert amounts(met, *GAPS, "met") == ["5", "12", "12", "0", "3", "3", "10"]
    assert met.requirements == ("r-1", "r-2")


def test_a_need_that_is_met_with_less_than_it_asked_for_leaves_no_gap_of_its_own() -> None:
    given = world()
    needs(given, "r-1", "10", needed_by=day("2024-06-30"))
    given.commits("two", terms(goods("2", "howitzer"), YEAR))
    given.act("ua", "requirement.met", requirement="r-1", occurred=day("2024-03-01"))
    one = capability(given, "2024-07-01")
    assert amounts(one, *GAPS, "needed_overdue") == ["0", "2", "0", "0", "0", "0", "0"]
    assert one.needed_by is None


def test_the_last_statement_is_in_force_and_the_earlier_ones_are_shown() -> None:
    given = world()
    stated = needs(given, "r-1", "20", needed_by=day("2024-06-30"))
    revised = given.act(
        "ua", "requirement.revised", requirement="r-1", quantity="30", reason="More", occurred=day("2024-02-01")
    )
    before, after = page(given, "2024-01-31"), page(given, "2024-02-01")
    assert before is not None
    assert after is not None
    assert (before.quantity.amount, before.needed_by is None, len(before.statements)) == ("20", False, 1)
    assert (after.quantity.amount, after.needed_by, [one.reason for one in after.statements]) == (
        *("30", None, [None, "More"]),
    )
    assert set(after.quantity.events) == {stated, revised}
    assert [moment.type for moment in after.timeline] == ["requirement.stated", "requirement.revised"]
    assert page(given, "2024-01-04") is None


def test_nobody_but_the_beneficiary_adds_to_what_is_required() -> None:
    given = world()
    fields: Fields = {
        "requirement": "r-1",
        "title": {"en": "r-1"},
        "category": "artillery",
        "quantity": "1",
        "unit": "gun",
    }
    assert isinstance(given.submit(given.office("gb").proposed("requirement.stated", **fields)), Refused)
    assert coverage(given.known("2026-12-31")) == ()


@pytest.mark.parametrize(("quantity", "required", "gap"), [("100", "100.00", "60.00"), ("40.005", "40.005", "0.005")])
def test_a_need_of_money_is_covered_by_money(quantity: str, required: str, gap: str) -> None:
    given = world()
    needs(given, "r-1", quantity, unit="EUR", category="reconstruction")
    given.commits("euros", terms(money("40.00"), YEAR, category="reconstruction"))
    one = capability(given, "2024-06-01", "EUR", "reconstruction")
    assert (one.kind, *amounts(one, "required", "gap_committed")) == ("money", required, gap)


def test_what_is_undisclosed_is_counted_beside_every_capability_of_its_category() -> None:
    given = world()
    needs(given, "r-1", "20")
    hidden = {"kind": "undisclosed", "confidential": {"salted_sha256": "ab" * 32}}
    given.commits("secret", terms(hidden, YEAR))
    given.commits("elsewhere", terms(hidden, YEAR, category="naval"))
    one = capability(given, "2024-06-01")
    assert (one.undisclosed_in_category, *amounts(one, "committed", "gap_committed")) == (1, "0", "20")
