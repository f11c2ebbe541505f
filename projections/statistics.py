"""Totals over time, for charts: what stood committed, delivered, acknowledged and overdue at the end of each period.

All points are as known at one tree size. What is read is read once; each point judges it anew as of its own day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from dateutil.relativedelta import relativedelta
from msgspec import Struct

from ledger.rules.rates import streams_until
from projections.conversion import Exchange
from projections.counting import HEADLINES, given_figures
from projections.figures import Figure
from projections.reading import Known
from projections.rows import MemoryRows, Rows, States
from projections.totals import ConvertedLine, Institutions, converted_line, tallied

POINTS_MAX: Final = 120
"""Ten years by the month, thirty by the quarter: as many as a chart shows, and as one request may have judged."""

Step = Literal["month", "quarter", "year"]
MONTHS: Final[dict[Step, int]] = {"month": 1, "quarter": 3, "year": 12}

_READ: Final = ("party", "instrument", "commitment", "delivery")


class TooManyPoints(Exception):
    """More points were asked for than are judged at once. Carries how many, as far as they were counted."""

    def __init__(self, points: int) -> None:
        super().__init__(f"expected at most {POINTS_MAX} points, got {points} or more")
        self.points = points


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar period. `on`: the day on which it is judged, its last one or the last that was asked for."""

    first: date
    on: date


class StatisticsRow(Struct, frozen=True, kw_only=True):
    """One category in one unit at the end of the day `on`; `first` is the first day of the period that it ends.

    `converted` by the rate of that day; null where none was asked for, or there is none.
    """

    first: date
    on: date
    category: str
    kind: Literal["money", "units"]
    unit: str
    committed: Figure
    delivered: Figure
    acknowledged: Figure
    overdue: Figure
    converted: ConvertedLine | None


class Point(Struct, frozen=True, kw_only=True):
    """The end of a period. `undisclosed`: how many commitments have no figure that was made known."""

    first: date
    on: date
    undisclosed: int


class Statistics(Struct, frozen=True, kw_only=True):
    """The rows of every point, by day, category and unit. A line that does not exist yet has no row."""

    step: Step
    since: date
    until: date
    party: str | None
    category: str | None
    eu_institutions: Institutions
    into: str | None
    series: str | None
    points: tuple[Point, ...]
    rows: tuple[StatisticsRow, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which days and lines are asked for. `into` None: nothing is converted."""

    since: date
    until: date
    step: Step = "month"
    party: str | None = None
    category: str | None = None
    eu_institutions: Institutions = "with"
    into: str | None = None
    series: str = "ecb"


def periods(since: date, until: date, step: Step) -> tuple[Period, ...]:
    """Return the calendar periods that have a day from `since` to `until`. Raises TooManyPoints."""
    months = MONTHS[step]
    begins = date(since.year, (since.month - 1) // months * months + 1, 1)
    found: list[Period] = []
    while begins <= until:
        if len(found) == POINTS_MAX:
            raise TooManyPoints(POINTS_MAX + 1)
        following = begins + relativedelta(months=months)
        found.append(Period(begins, min(following - timedelta(days=1), until)))
        begins = following
    return tuple(found)


def statistics(rows: Rows, wanted: Wanted) -> Statistics:
    """Return totals over time. Raises TooManyPoints."""
    spans = periods(wanted.since, wanted.until, wanted.step)
    read = _read_once(rows, wanted, spans)
    points: list[Point] = []
    found: list[StatisticsRow] = []
    for span in spans:
        known = Known(read, span.on)
        counted = tallied(known, wanted.eu_institutions, wanted.party).counted
        hidden = [one for one in counted.undisclosed.values() if wanted.category in (None, one)]
        points.append(Point(first=span.first, on=span.on, undisclosed=len(hidden)))
        exchange = Exchange(known, wanted.into, wanted.series, span.on) if wanted.into is not None else None
        for category, measure, line in counted.sorted():
            if wanted.category not in (None, category):
                continue
            shown = given_figures(line, measure, HEADLINES)
            found.append(
                StatisticsRow(
                    first=span.first,
                    on=span.on,
                    category=category,
                    kind="money" if measure.kind == "money" else "units",
                    unit=measure.unit,
                    converted=converted_line(shown, measure, exchange),
                    **shown,
                )
            )
    return Statistics(
        step=wanted.step,
        since=wanted.since,
        until=wanted.until,
        party=wanted.party,
        category=wanted.category,
        eu_institutions=wanted.eu_institutions,
        into=wanted.into,
        series=wanted.series if wanted.into is not None else None,
        points=tuple(points),
        rows=tuple(found),
    )


def _read_once(rows: Rows, wanted: Wanted, spans: Sequence[Period]) -> MemoryRows:
    """Return in memory what the points are judged from: a history that is decoded once is folded for each day."""
    states: States = {}
    for kind in _READ:
        states.update(rows.of_kind(kind))
    if wanted.into is not None:
        states.update(rows.states(set(_rate_streams(wanted.series, spans))))
    return MemoryRows(states, rows.known_at, rows.recorded_at)


def _rate_streams(series: str, spans: Sequence[Period]) -> Iterator[str]:
    for span in spans:
        yield from (f"rates/{name}" for name in streams_until(series, span.on))
