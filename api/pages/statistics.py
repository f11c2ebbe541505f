"""Totals of all guarantors, now and over time, with or without the institutions of the European Union."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from dateutil.relativedelta import relativedelta

from api.pages.charts import Chart, chart
from api.pages.figures import BESIDE, HEADLINES, beside, explained
from api.pages.looking import Content, Looking
from api.pages.visits import PageError, checked_id, not_found
from api.reads_asked import FIRST_DAY, LAST_DAY
from ledger.events.values import Category
from projections.counting import given_figures
from projections.statistics import (
    MONTHS,
    Point,
    Statistics,
    StatisticsRow,
    Step,
    TooManyPoints,
    Wanted,
    statistics,
)
from projections.totals import Institutions, tallied, totals

STEP_DEFAULT: Final[Step] = "quarter"
POINTS_DEFAULT: Final = 12

Unit = tuple[str, str]
"""The kind, money or units, and the unit."""


@dataclass(frozen=True)
class Shown:
    """One category in one unit over time: a row for each point, or None where there is no such line yet."""

    category: str
    kind: str
    unit: str
    rows: list[tuple[Point, StatisticsRow | None]]
    chart: Chart


@dataclass(frozen=True)
class Asked:
    """What the form asks for."""

    step: Step
    since: date
    category: str
    party: str
    unit: str
    eu_institutions: Institutions


def over_time(looking: Looking) -> Content:
    """Return the totals as of the day, and at the end of each period before it as a chart and a table."""
    asked = _asked(looking)
    wanted = Wanted(
        since=asked.since,
        until=looking.visit.as_of,
        step=asked.step,
        party=asked.party or None,
        category=asked.category or None,
        eu_institutions=asked.eu_institutions,
    )
    try:
        found = statistics(looking.rows, wanted)
    except TooManyPoints as error:
        raise PageError(400, "too_many_points", str(error.points)) from None
    units = _units(found.rows)
    unit = asked.unit or next(iter(units), ("", ""))[1]
    now = totals(looking.known, asked.eu_institutions)
    return {
        "asked": asked,
        "totals": now,
        "has_beside": any(beside(line) or line.indeterminate for line in now.lines),
        "headlines": HEADLINES,
        "beside": beside,
        "shown": list(_shown(found, unit)),
        "unit": unit,
        "units": units,
        "steps": get_args(Step),
        "categories": [one.value for one in Category],
        "parties": looking.names(looking.parties),
    }


def _asked(looking: Looking) -> Asked:
    query = {name: text.strip() for name, text in looking.visit.query.items()}
    party = query.get("party", "")
    if party:
        checked_id(party)
    step, category = _step(query.get("step", STEP_DEFAULT)), query.get("category", "")
    if category and category not in set(Category):
        raise PageError(400, "choice_unknown", category)
    return Asked(
        step=step,
        since=_since(looking, query.get("from", ""), step),
        category=category,
        party=party,
        unit=query.get("unit", ""),
        eu_institutions=_institutions(query.get("eu_institutions", "with")),
    )


def _step(text: str) -> Step:
    found = next((step for step in MONTHS if step == text), None)
    if found is None:
        raise PageError(400, "choice_unknown", text)
    return found


def _institutions(text: str) -> Institutions:
    found: Literal["with", "without"] | None = next((one for one in get_args(Institutions) if one == text), None)
    if found is None:
        raise PageError(400, "choice_unknown", text)
    return found


def _since(looking: Looking, text: str, step: Step) -> date:
    last = looking.visit.as_of
    if not text:
        return max(last.replace(day=1) - relativedelta(months=MONTHS[step] * (POINTS_DEFAULT - 1)), FIRST_DAY)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise PageError(400, "as_of_malformed", text) from None
    if not FIRST_DAY <= day <= min(last, LAST_DAY):
        raise PageError(400, "from_too_late", text)
    return day


def _units(rows: Sequence[StatisticsRow]) -> list[Unit]:
    """Return what there is to show, money before units, and what most lines are counted in first."""
    counted: Counter[Unit] = Counter((row.kind, row.unit) for row in rows)
    return sorted(counted, key=lambda unit: (unit[0], -counted[unit], unit[1]))


def _shown(found: Statistics, unit: str) -> list[Shown]:
    rows = {(row.category, row.kind, row.unit, row.on): row for row in found.rows if row.unit == unit}
    lines = sorted({key[:3] for key in rows})
    shown = []
    for category, kind, name in lines:
        series = [(point, rows.get((category, kind, name, point.on))) for point in found.points]
        columns = [
            {figure: getattr(row, figure).amount for figure in HEADLINES} if row is not None else None
            for _, row in series
        ]
        shown.append(Shown(category, kind, name, series, chart(HEADLINES, columns)))
    return shown


def explained_totals(looking: Looking, name: str) -> Content:
    """Return the acts behind a figure of the totals: of one category in one unit, as of the day."""
    query = looking.visit.query
    institutions, party = _institutions(query.get("eu_institutions", "with")), query.get("party") or None
    wanted = (query.get("category"), query.get("kind"), query.get("unit"))
    lines = tallied(looking.known, institutions, party).counted.sorted()
    line = next((one for one in lines if (one[0], one[1].kind, one[1].unit) == wanted), None)
    if line is None or name not in {*HEADLINES, *BESIDE}:
        raise not_found(name)
    category, measure, counted = line
    shown = given_figures(counted, measure, [name])[name]
    back = {"path": "/statistics", "text": None, "menu": "statistics", "language": None}
    found = explained(looking, name, shown, measure.kind, measure.unit)
    return found | {"back": back, "category": category, "guarantor": party}
