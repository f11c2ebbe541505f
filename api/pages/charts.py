"""The geometry of a line chart: where each figure of a series is drawn, for an SVG in the page itself.

Drawn in the page, a chart has the colours, the type and the language of the page, on paper and in the dark as well, and
needs neither a script nor a style of its own. Nothing is read off a chart: the same figures stand in a table below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

WIDTH: Final = 760
HEIGHT: Final = 300
LEFT: Final = 78
RIGHT: Final = 14
TOP: Final = 40
BOTTOM: Final = 34
TICKS_WANTED: Final = 4
DAYS_LABELLED_MAX: Final = 7

_STEPS: Final = (1, 2, 5, 10)


@dataclass(frozen=True)
class Dot:
    """Where one figure is drawn."""

    x: str
    y: str


@dataclass(frozen=True)
class Drawn:
    """One series. `runs`: the lines between neighbouring points; a point without a figure interrupts them."""

    name: str
    runs: tuple[str, ...]
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Chart:
    """A chart in a box of WIDTH times HEIGHT. `ticks`: height and value; `labelled`: place and number of a point."""

    ticks: tuple[tuple[str, Fraction], ...]
    labelled: tuple[tuple[str, int], ...]
    series: tuple[Drawn, ...]


def chart(names: Sequence[str], columns: Sequence[Mapping[str, str] | None]) -> Chart:
    """Return how `columns` are drawn: one for each point, amounts as text by the name of the series, or None."""
    amounts = [Fraction(text) for column in columns if column is not None for text in column.values()]
    step = _step(max(amounts, default=Fraction(0)))
    top = step * -(-max(amounts, default=Fraction(0)) // step) or step
    xs = [_x(number, len(columns)) for number in range(len(columns))]
    ticks = tuple((_written(_y(step * number, top)), step * number) for number in range(int(top / step) + 1))
    every = -(-len(columns) // DAYS_LABELLED_MAX)
    labelled = tuple((_written(xs[at]), at) for at in range(len(columns) - 1, -1, -every))
    return Chart(ticks, labelled[::-1], tuple(_drawn(name, xs, columns, top) for name in names))


def _step(largest: Fraction) -> Fraction:
    """Return a round step of which TICKS_WANTED or a few less reach the largest figure."""
    if largest <= 0:
        return Fraction(1)
    magnitude = Fraction(1)
    while magnitude * 10 * TICKS_WANTED < largest:
        magnitude *= 10
    while magnitude * TICKS_WANTED > largest:
        magnitude /= 10
    return next(magnitude * step for step in _STEPS if magnitude * step * TICKS_WANTED >= largest)


def _drawn(name: str, xs: Sequence[Fraction], columns: Sequence[Mapping[str, str] | None], top: Fraction) -> Drawn:
    runs: list[list[Dot]] = [[]]
    for x, column in zip(xs, columns, strict=True):
        if column is None:
            runs.append([])
        else:
            runs[-1].append(Dot(_written(x), _written(_y(Fraction(column[name]), top))))
    lines = tuple(" ".join(f"{dot.x},{dot.y}" for dot in run) for run in runs if len(run) > 1)
    return Drawn(name, lines, tuple(dot for run in runs for dot in run))


def _x(number: int, count: int) -> Fraction:
    return Fraction(LEFT) + Fraction((WIDTH - LEFT - RIGHT) * (2 * number + 1), 2 * count)


def _y(value: Fraction, top: Fraction) -> Fraction:
    return Fraction(HEIGHT - BOTTOM) - (HEIGHT - BOTTOM - TOP) * value / top


def _written(place: Fraction) -> str:
    return f"{float(place):.1f}"
