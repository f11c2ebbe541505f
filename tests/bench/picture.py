"""Two pictures of a run as plain SVG: each ratio beside its goal, and what things cost as the log grows.

Nothing is read off a picture: the figures stand beside it in the JSON of the run.
"""

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from tests.bench.measured import Curve, Goal, Row
from tests.bench.table import Run

WIDTH: Final = 820
LEFT: Final = 250
RIGHT: Final = 90
BAR: Final = 16
STEP: Final = 30
TOP: Final = 44
PLOT_HEIGHT: Final = 340
COLOURS: Final = ("#1b6ca8", "#b4531b", "#3c7d3c", "#7a4b9b", "#8a6d00", "#a03050")
MET, MISSED, PALE = "#2e7d4f", "#b3372e", "#d9d9d9"

_STYLE: Final = (
    "text{font:13px sans-serif;fill:#222}.small{font-size:11px;fill:#555}.t{font-size:15px;font-weight:bold}"
    "rect.page{fill:#fff}"
)


def ratios(run: Run) -> str:
    """Return a bar for each row with a goal for its ratio: on a scale where the goal is at one place for all.

    A bar is as long as the ratio is of its goal, or, where less is better, the goal of the ratio. Thin lines reach from
    the worst round to the best.
    """
    shown = [(row, goal) for row in run.rows for goal in row.goals if goal.figure == "ratio" and row.ratio]
    height = TOP + STEP * len(shown) + 40
    unit = (WIDTH - LEFT - RIGHT) / 2
    parts = [_text(12, 24, "Ratios to the limits of the same run; the line is the goal", "t")]
    for number, (row, goal) in enumerate(shown):
        y = TOP + STEP * number
        parts += _bar(row, goal, y, unit)
    x = LEFT + unit
    parts.append(
        f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 30}" stroke="#222" stroke-width="1.5"/>'
    )
    parts.append(_text(x, height - 14, "goal", "small", "middle"))
    return _svg(height, parts)


def _bar(row: Row, goal: Goal, y: float, unit: float) -> Iterable[str]:
    assert row.ratio is not None
    assert row.spread is not None

    def length(ratio: float) -> float:
        of_goal = ratio / goal.wanted if goal.compare == "≥" else goal.wanted / ratio
        return unit * min(of_goal, 2.0)

    worst, best = sorted(length(one) for one in row.spread)
    colour = MET if goal.is_met(row) else MISSED
    yield _text(LEFT - 10, y + 13, row.name, "", "end")
    yield f'<rect x="{LEFT}" y="{y}" width="{length(row.ratio):.1f}" height="{BAR}" fill="{colour}"/>'
    middle = y + BAR / 2
    yield f'<line x1="{LEFT + worst:.1f}" y1="{middle}" x2="{LEFT + best:.1f}" y2="{middle}" stroke="#000"/>'
    yield _text(WIDTH - RIGHT + 8, y + 13, f"{row.ratio:.2f} ({goal.compare} {goal.wanted:g})", "small")


def growth(run: Run) -> str:
    """Return the cost of each curve as a multiple of its first point, over the size of the log; both by powers."""
    curves = [curve for curve in run.curves if len(curve.points) > 1]
    height = TOP + PLOT_HEIGHT + 60
    parts = [_text(12, 24, "Cost against the size of the log, as a multiple of that at the smallest size", "t")]
    if curves:
        parts += _plot(curves)
    return _svg(height, parts)


def _plot(curves: Sequence[Curve]) -> Iterable[str]:
    sizes = sorted({point.entries for curve in curves for point in curve.points})
    multiples = [point.cost / curve.points[0].cost for curve in curves for point in curve.points]
    low, high = min(0.5, *multiples), max(4.0, *multiples)
    left, right = 70, WIDTH - 250

    def x(size: float) -> float:
        return left + (right - left) * math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])

    def y(multiple: float) -> float:
        return TOP + PLOT_HEIGHT * (1 - math.log(multiple / low) / math.log(high / low))

    for tick in (2.0**power for power in range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1)):
        yield f'<line x1="{left}" y1="{y(tick):.1f}" x2="{right}" y2="{y(tick):.1f}" stroke="{PALE}"/>'
        yield _text(left - 8, y(tick) + 4, f"{tick:g}", "small", "end")
    for size in sizes:
        yield _text(x(size), TOP + PLOT_HEIGHT + 20, f"{size:,}", "small", "middle")
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        dots = [(x(point.entries), y(point.cost / curve.points[0].cost)) for point in curve.points]
        line = " ".join(f"{at:.1f},{up:.1f}" for at, up in dots)
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{at:.1f}" cy="{up:.1f}" r="3" fill="{colour}"/>' for at, up in dots)
        above = TOP + 18 * number
        yield f'<rect x="{right + 20}" y="{above}" width="10" height="10" fill="{colour}"/>'
        yield _text(right + 36, above + 10, f"{curve.name}: {curve.points[-1].cost:.2f} {curve.unit}", "small")


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{named}>{escape(text)}</text>'


def _svg(height: float, parts: Iterable[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
    page = f'<rect class="page" width="{WIDTH}" height="{height:.0f}"/>'
    return "\n".join([head, f"<style>{_STYLE}</style>", page, *parts, "</svg>", ""])
