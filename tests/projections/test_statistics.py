"""Totals over time: the same figures as a question about each day gives, judged from one reading."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

import pytest

from projections.conversion import Exchange
from projections.counting import HEADLINES
from projections.rows import MemoryRows, States
from projections.statistics import POINTS_MAX, Statistics, Step, TooManyPoints, Wanted, periods, statistics
from projections.totals import Institutions, totals
from tests.projections.union import publish, with_union
from tests.projections.world import World, day, goods, money, once, terms, world, yearly


@dataclass(frozen=True)
class CountedRows(MemoryRows):
    """Rows that note what was read of them."""

    read: list[str] = field(default_factory=list)

    def states(self, streams: Collection[str]) -> States:
        self.read.extend(sorted(streams))
        return super().states(streams)

    def of_kind(self, kind: str, after: str = "", limit: int | None = None) -> States:
        self.read.append(kind)
        return super().of_kind(kind, after, limit)


def filled() -> World:
    """Return a world with a Union, a joint promise, yearly money, a voided delivery and rates of two months."""
    given = world(with_union)
    given.commits("joint", terms(goods("16", "howitzer"), once("2024-01-01", "2024-03-31"), "gb", "de", "fr"))
    given.commits("yearly", terms(money("100.00"), yearly("2024-01-01", "2024-12-31"), "eu", category="military"))
    given.commits("crowns", terms(money("1142.10", "SEK"), once("2024-01-01", "2024-06-30")), on="2024-02-15")
    hidden = {"kind": "undisclosed", "confidential": {"salted_sha256": "ab" * 32}}
    given.commits("secret", terms(hidden, once("2024-01-01", "2024-12-31")), on="2024-03-01")
    given.delivers("two", "joint", goods("2", "howitzer"), on="2024-02-10")
    given.says("acknowledged", "two", "1", on="2024-03-10")
    given.delivers("wrong", "yearly", money("50.00"), on="2024-05-01", party="eu")
    given.act("eu", "delivery.voided", delivery="wrong", reason="Never sent", occurred=day("2024-07-01"))
    publish(given, "2024-03-28", SEK="11.421")
    publish(given, "2024-06-28", SEK="11.300")
    return given


def of(given: World, since: str, until: str, step: Step = "month", **wanted: str) -> Statistics:
    asked = Wanted(since=date.fromisoformat(since), until=date.fromisoformat(until), step=step, **wanted)  # type: ignore[arg-type]
    return statistics(given.rows(), asked)


def series(found: Statistics, unit: str, name: str) -> list[str]:
    return [getattr(row, name).amount for row in found.rows if row.unit == unit]


def test_each_point_is_the_end_of_its_period_and_the_last_is_the_last_day_asked_for() -> None:
    found = of(filled(), "2024-01-15", "2024-05-10")
    assert [(str(one.first), str(one.on)) for one in found.points] == [
        ("2024-01-01", "2024-01-31"),
        ("2024-02-01", "2024-02-29"),
        ("2024-03-01", "2024-03-31"),
        ("2024-04-01", "2024-04-30"),
        ("2024-05-01", "2024-05-10"),
    ]
    assert series(found, "howitzer", "committed") == ["16"] * 5
    assert series(found, "howitzer", "delivered") == ["0", "2", "2", "2", "2"]
    assert series(found, "howitzer", "acknowledged") == ["0", "0", "1", "1", "1"]
    assert series(found, "howitzer", "overdue") == ["0", "0", "0", "14", "14"]
    assert series(found, "SEK", "committed") == ["1142.10"] * 4
    assert [one.undisclosed for one in found.points] == [0, 0, 1, 1, 1]


def test_a_delivery_that_was_voided_later_counts_until_then_and_a_year_begins_anew() -> None:
    found = of(filled(), "2024-01-01", "2025-12-31", "quarter")
    assert series(found, "EUR", "committed") == ["100.00"] * 4 + ["200.00"] * 4
    assert series(found, "EUR", "delivered") == ["0.00", "50.00", *["0.00"] * 6]
    assert series(found, "EUR", "overdue") == ["0.00"] * 4 + ["100.00"] * 4


@pytest.mark.parametrize("eu_institutions", ["with", "without"])
@pytest.mark.parametrize("step", ["month", "quarter", "year"])
def test_every_point_is_what_a_question_about_its_day_answers(step: Step, eu_institutions: Institutions) -> None:
    given = filled()
    found = of(given, "2024-01-01", "2025-02-15", step, eu_institutions=eu_institutions, into="EUR")
    assert len(found.points) > 1
    for point in found.points:
        known = given.known(point.on.isoformat())
        expected = totals(known, eu_institutions, Exchange(known, "EUR", "ecb", point.on))
        rows = [row for row in found.rows if row.on == point.on]
        assert [(row.category, row.unit, row.converted) for row in rows] == [
            (line.category, line.unit, line.converted) for line in expected.lines
        ]
        for row, line in zip(rows, expected.lines, strict=True):
            assert [getattr(row, name) for name in HEADLINES] == [getattr(line, name) for name in HEADLINES]
        assert point.undisclosed == expected.undisclosed


def test_money_is_converted_by_the_rate_of_each_point_and_not_where_there_is_none() -> None:
    found = of(filled(), "2024-02-01", "2024-06-30", into="EUR")
    crowns = [row.converted for row in found.rows if row.unit == "SEK"]
    assert [one.committed.amount if one is not None else None for one in crowns] == [
        *(None, "100.00", None, None, "101.07")
    ]


def test_one_category_and_one_party_can_be_asked_for() -> None:
    given = filled()
    military = of(given, "2024-01-01", "2024-03-31", category="military")
    assert {row.unit for row in military.rows} == {"EUR"}
    assert [one.undisclosed for one in military.points] == [0, 0, 0]
    own = of(given, "2024-01-01", "2024-03-31", party="de")
    assert series(own, "howitzer", "committed") == ["16/3"] * 3
    assert {row.unit for row in own.rows} == {"howitzer"}
    assert of(given, "2024-01-01", "2024-03-31", party="nobody").rows == ()
    assert len(of(given, "2024-01-01", "2024-03-31", party="nobody").points) == 3


def test_before_anything_was_promised_there_are_points_and_no_rows() -> None:
    found = of(filled(), "2023-01-01", "2023-03-31")
    assert (len(found.points), found.rows) == (3, ())


def test_what_is_read_is_read_once_however_many_points_there_are() -> None:
    rows = filled().rows()
    counted = CountedRows(rows.folded, rows.known_at, rows.recorded_at)
    statistics(counted, Wanted(since=date(2024, 1, 1), until=date(2025, 12, 31), into="EUR"))
    assert len(counted.read) == len(set(counted.read))


def test_too_many_points_are_refused_and_as_many_as_there_may_be_are_not() -> None:
    first, last = date(2024, 1, 31), date(2033, 12, 1)
    assert len(periods(first, last, "month")) == POINTS_MAX
    for step, until in (("month", date(2034, 1, 1)), ("quarter", date(2054, 1, 1)), ("year", date(2144, 1, 1))):
        with pytest.raises(TooManyPoints, match="at most 120 points, got 121"):
            periods(first, until, step)  # type: ignore[arg-type]


def test_periods_follow_the_calendar() -> None:
    quarters = periods(date(2024, 2, 29), date(2024, 9, 30), "quarter")
    assert [(str(one.first), str(one.on)) for one in quarters] == [
        ("2024-01-01", "2024-03-31"),
        ("2024-04-01", "2024-06-30"),
        ("2024-07-01", "2024-09-30"),
    ]
    assert periods(date(2024, 5, 2), date(2024, 4, 30), "month") == ()
