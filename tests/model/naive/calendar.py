"""Days, months and periods, by the calendar alone."""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from tests.model.naive.docket import day_of

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
A_DAY = timedelta(days=1)

Span = tuple[date, date]


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or the last day that the month has."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def span_of(when: dict[str, Any]) -> Span:
    return day_of(when["first"]), day_of(when["last"])


def recurring(schedule: dict[str, Any], until: date) -> Iterator[Span]:
    """Yield the periods of a recurrence that begin by a day. Where one ends the day before the next, all do."""
    first, last = span_of(schedule["first"])
    step = MONTHS[schedule["every"]]
    stop = min(until, day_of(schedule["until"])) if schedule.get("until") else until
    is_seamless = last + A_DAY == months_later(first, step)
    number = 0
    while (begins := months_later(first, step * number)) <= stop:
        if is_seamless:
            yield begins, months_later(first, step * (number + 1)) - A_DAY
        else:
            yield begins, months_later(last, step * number)
        number += 1
