"""A guarantor at a glance, and the exact arithmetic under every figure."""

from fractions import Fraction

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from projections.figures import Amount, Measure, allot, figure, total, written
from projections.pages import commitment_page
from projections.summary import summaries, summary_of
from tests.projections.world import day, goods, money, once, terms, world

EUR = Measure("money", "EUR")
TANKS = Measure("units", "tank")


def test_the_four_headline_figures_stand_by_category_and_unit_and_are_never_added_across() -> None:
    given = world()
    given.commits("tanks", terms(goods("10"), once("2024-01-01", "2024-12-31")))
    given.commits("euros", terms(money("100.00"), once("2024-01-01", "2024-12-31")))
    given.commits("pounds", terms(money("7.00", "GBP"), once("2024-01-01", "2024-12-31"), category="naval"))
    given.delivers("four", "tanks", goods("4"))
    given.says("acknowledged", "four", "3")
    summary = summary_of(given.known("2025-01-01"), "gb")
    lines = {(line.category, line.unit): line for line in summary.lines}
    assert lines.keys() == {("artillery", "tank"), ("artillery", "EUR"), ("naval", "GBP")}
    tanks = lines["artillery", "tank"]
    assert [tanks.committed.amount, tanks.delivered.amount, tanks.acknowledged.amount, tanks.overdue.amount] == [
        *("10", "4", "3", "6")
    ]


def test_case_33_confidential_commitments_are_counted_and_their_deliveries_shown() -> None:
    given = world()
    hidden = {"kind": "undisclosed", "confidential": {"salted_sha256": "ab" * 32}}
    given.commits("secret", terms(hidden, once("2024-01-01", "2024-12-31"), category="intelligence"))
    given.delivers("terminals", "secret", goods("5", "terminal"))
    summary = summary_of(given.known("2025-01-01"), "gb")
    assert (summary.undisclosed, summary.undisclosed_commitments) == (1, ("secret",))
    (line,) = summary.lines
    assert (line.category, line.unit, line.delivered.amount, line.committed.amount) == (
        *("intelligence", "terminal", "5", "0"),
    )


def test_case_13_what_is_in_an_envelope_is_summed_once() -> None:
    given = world()
    given.commits("envelope", terms(money("100.00"), once("2024-01-01", "2024-12-31")))
    inside = {"part_of": {"commitment": "envelope", "basis": "presumed"}}
    given.commits("part", terms(money("40.00"), once("2024-01-01", "2024-12-31"), **inside))
    given.commits("tanks-within", terms(goods("3"), once("2024-01-01", "2024-12-31"), **inside))
    given.delivers("some", "part", money("25.00"))
    lines = {line.unit: line for line in summary_of(given.known("2025-01-01"), "gb").lines}
    assert (lines["EUR"].committed.amount, lines["EUR"].delivered.amount, lines["EUR"].overdue.amount) == (
        *("100.00", "25.00", "75.00"),
    )
    # Goods within a sum of money are in another unit: they cannot be counted in it, so they stand by themselves.
    assert lines["tank"].committed.amount == "3"


def test_voluntary_deliveries_stand_beside_what_fulfils_commitments() -> None:
    given = world()
    given.act(
        "fr",
        "delivery.recorded",
        delivery="gift",
        category="artillery",
        milestone="handed_over",
        lines=[{"line": 1, "object": goods("6", "gun")}],
        occurred=day("2024-03-01"),
    )
    (line,) = summary_of(given.known("2024-06-01"), "fr").lines
    assert (line.voluntary.amount, line.delivered.amount, line.committed.amount) == ("6", "0", "0")
    assert summary_of(given.known("2024-02-01"), "fr").lines == ()


def test_every_guarantor_has_a_summary_even_if_it_owes_nothing() -> None:
    given = world()
    assert [one.guarantor for one in summaries(given.known("2024-06-01"))] == ["de", "fr", "gb"]


def test_the_figures_of_a_joint_commitment_sum_to_the_whole_with_every_event_behind_them() -> None:
    given = world()
    made = given.commits("joint", terms(goods("16", "howitzer"), once("2024-01-01", "2024-12-31"), "gb", "de", "fr"))
    two = given.delivers("two", "joint", goods("2", "howitzer"))
    known = given.known("2025-01-01")
    history = known.history("commitment/joint")
    assert history is not None
    page = commitment_page(known, history)
    assert page is not None
    committed, delivered, late = (page.whole[name] for name in ("committed", "delivered", "overdue"))
    assert committed is not None
    assert delivered is not None
    assert late is not None
    assert (committed.amount, delivered.amount, late.amount) == ("16", "2", "14")
    assert made in committed.events
    assert delivered.events == (two,)


@pytest.mark.parametrize(
    ("value", "measure", "text"),
    [
        (Fraction(0), EUR, "0.00"),
        (Fraction(92_000_000), EUR, "92000000.00"),
        (Fraction(1, 100), EUR, "0.01"),
        (Fraction(4_000_000_000), Measure("money", "ISK"), "4000000000"),
        (Fraction(10**17) + Fraction(1, 100), EUR, "100000000000000000.01"),
        (Fraction(16, 3), TANKS, "16/3"),
        (Fraction(5, 2), TANKS, "2.5"),
        (Fraction(16), TANKS, "16"),
        (Fraction(100), TANKS, "100"),
    ],
)
def test_amounts_are_written_exactly(value: Fraction, measure: Measure, text: str) -> None:
    assert written(value, measure) == text
    assert Fraction(text) == value


def test_a_fraction_of_a_cent_is_never_written() -> None:
    with pytest.raises(AssertionError, match="minor units"):
        written(Fraction(1, 3), EUR)


def test_the_largest_remainder_goes_first_and_equals_are_served_in_their_order() -> None:
    assert allot(Fraction(1), [Fraction(1, 3)] * 3, 2) == [Fraction(34, 100), Fraction(33, 100), Fraction(33, 100)]
    assert allot(Fraction(1, 100), [Fraction(1, 10), Fraction(9, 10)], 2) == [Fraction(0), Fraction(1, 100)]
    assert allot(Fraction(16), [Fraction(1, 3)] * 3, None) == [Fraction(16, 3)] * 3
    assert allot(Fraction(16), [Fraction(0), Fraction(0)], 2) == [Fraction(0), Fraction(0)]


@drawn(
    minor=st.integers(min_value=0, max_value=10**20),
    weights=st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=12),
    decimals=st.sampled_from([0, 2, 3, None]),
)
def test_what_is_allotted_sums_to_the_whole_and_misses_no_share_by_a_unit(
    minor: int, weights: list[int], decimals: int | None
) -> None:
    value = Fraction(minor, 10 ** (decimals or 0))
    parts = allot(value, [Fraction(weight) for weight in weights], decimals)
    assert sum(parts) == (value if any(weights) else 0)
    unit = Fraction(1, 10**decimals) if decimals is not None else Fraction(1, 10**30)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - (value * weight / sum(weights) if any(weights) else 0)) < unit
        assert decimals is None or (part / unit).denominator == 1


def test_a_sum_rests_on_the_events_of_all_parts_that_are_something() -> None:
    parts = [Amount(Fraction(value), frozenset(event)) for value, event in ((1, "a"), (0, "b"), (2, "c"))]
    assert figure(total(parts), TANKS).events == ("a", "c")
