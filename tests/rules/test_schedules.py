"""Periods and days: the same day of the month or its last, no gap, no overlap, no day invented."""

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.events.terms import Once, Recurrence, Terms, Tranche, Tranches, Unscheduled
from ledger.events.values import When
from ledger.rules.schedules import MONTHS, dues, last_stated_day, overlaps, period, periods_until, stated_days
from tests.world import terms

days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
steps = st.sampled_from(sorted(MONTHS))


def seamless(first: date, every: str) -> Recurrence:
    last = first + relativedelta(months=MONTHS[every]) - timedelta(days=1)
    return Recurrence(every=every, first=When(first, last, "interval"))  # type: ignore[arg-type]


def with_schedule(schedule: object) -> Terms:
    return msgspec.structs.replace(msgspec.convert(terms(), Terms), schedule=schedule)


@settings(deadline=None)
@given(days, steps, st.integers(2, 60))
def test_seamless_periods_leave_no_gap_and_do_not_overlap(first: date, every: str, count: int) -> None:
    recurrence = seamless(first, every)
    for before, after in pairwise(period(recurrence, number) for number in range(count)):
        assert before.last + timedelta(days=1) == after.first


@settings(deadline=None)
@given(days, steps, st.integers(0, 240))
def test_a_period_begins_on_the_same_day_of_the_month_or_on_its_last(first: date, every: str, number: int) -> None:
    begins = period(seamless(first, every), number).first
    last = monthrange(begins.year, begins.month)[1]
    assert begins.day == min(first.day, last)
    assert (begins.year - first.year) * 12 + begins.month - first.month == number * MONTHS[every]


@settings(deadline=None)
@given(days, st.integers(0, 20), steps, st.integers(0, 60))
def test_a_window_within_its_period_keeps_its_days_of_the_month(
    first: date, length: int, every: str, number: int
) -> None:
    recurrence = Recurrence(every=every, first=When(first, first + timedelta(days=length), "interval"))  # type: ignore[arg-type]
    when = period(recurrence, number)
    assert when.last.day == min(recurrence.first.last.day, monthrange(when.last.year, when.last.month)[1])


def test_the_29th_of_february_is_the_28th_in_other_years_and_comes_back() -> None:
    yearly = Recurrence(every="year", first=When(date(2024, 2, 29), date(2024, 2, 29), "day"))
    assert [str(period(yearly, number).last) for number in range(5)] == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_the_last_of_a_month_stays_the_last_and_forgets_nothing() -> None:
    monthly = Recurrence(every="month", first=When(date(2027, 1, 31), date(2027, 1, 31), "day"))
    assert [period(monthly, number).last.day for number in range(4)] == [31, 28, 31, 30]


def test_a_fiscal_year_runs_over_leap_days() -> None:
    fiscal = Recurrence(every="year", first=When(date(2023, 4, 1), date(2024, 3, 31), "fiscal_year"))
    assert [(str(one.first), str(one.last)) for one in periods_until(fiscal, date(2025, 4, 1))] == [
        ("2023-04-01", "2024-03-31"),
        ("2024-04-01", "2025-03-31"),
        ("2025-04-01", "2026-03-31"),
    ]


@settings(deadline=None)
@given(days, steps, days)
def test_periods_are_those_that_begin_by_the_day_and_by_the_end(first: date, every: str, until: date) -> None:
    recurrence = seamless(first, every)
    found = periods_until(recurrence, until)
    assert all(one.first <= until for one in found)
    assert period(recurrence, len(found)).first > until
    stops = msgspec.structs.replace(recurrence, until=max(recurrence.first.last, until))
    assert periods_until(stops, date(2100, 1, 1)) == periods_until(recurrence, max(recurrence.first.last, until))


@settings(deadline=None)
@given(days, st.integers(0, 400))
def test_no_day_is_invented(first: date, length: int) -> None:
    when = When(first, first + timedelta(days=length), "interval")
    parts = Tranches((Tranche(when, "60.00"), Tranche(when, "40.00")))
    for schedule in (Once(when), parts):
        found = dues(with_schedule(schedule), date.max)
        assert {due.when for due in found} == {when}
        assert sum(due.amount or 0 for due in found) == Decimal("100.00")
        assert last_stated_day(schedule) == when.last
        assert set(stated_days(schedule)) == {when.first, when.last}
    assert dues(with_schedule(Unscheduled()), date.max) == ()
    assert last_stated_day(Unscheduled()) is None


def test_no_expansion_is_without_end() -> None:
    monthly = Recurrence(every="month", first=When(date(1945, 1, 1), date(1945, 1, 31), "month"))
    with pytest.raises(ValueError, match="at most 2600 periods"):
        periods_until(monthly, date(2400, 1, 1))


@settings(deadline=None)
@given(days, days, days, days)
def test_two_intervals_overlap_if_a_day_is_in_both(one: date, two: date, three: date, four: date) -> None:
    first = When(min(one, two), max(one, two), "interval")
    second = When(min(three, four), max(three, four), "interval")
    latest, earliest = max(first.first, second.first), min(first.last, second.last)
    assert overlaps(first, second) == overlaps(second, first) == (latest <= earliest)
