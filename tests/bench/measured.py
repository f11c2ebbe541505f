"""What a row of the table is: rounds of limit and ours beside each other, what they come to, and what was wanted.

Pure: numbers in, numbers out; nothing here measures anything.
"""

import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct

Unit = Literal["per second", "s", "ms", "µs"]

_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = MappingProxyType({"≥": operator.ge, "≤": operator.le})


class Round(Struct, frozen=True):
    """The limit and ours, measured one after the other, in the unit of their row."""

    limit: float
    ours: float

    @property
    def ratio(self) -> float:
        return self.ours / self.limit


class Goal(Struct, frozen=True):
    """What a figure of a row should be: `ratio`, or the name of one of its `figures`."""

    figure: str
    compare: Literal["≥", "≤"]
    wanted: float

    def is_met(self, row: "Row") -> bool | None:
        """Tell whether the row meets it; None where the figure was not measured."""
        found = row.ratio if self.figure == "ratio" else row.figures.get(self.figure)
        return None if found is None else _COMPARE[self.compare](found, self.wanted)

    @property
    def text(self) -> str:
        return f"{self.figure.replace('_', ' ')} {self.compare} {self.wanted:g}"


class Row(Struct, frozen=True, kw_only=True):
    """One row. `rounds` may be empty where there is no limit, and `figures` then say everything.

    `figures` are further numbers by name, their units last (`p99_ms`, `memory_mb`). `clean`: what the audit said of the
    entries that the load added; None where nothing was added. `entries`: how many the log had.
    """

    name: str
    ours: str
    limit: str = ""
    unit: Unit = "per second"
    rounds: tuple[Round, ...] = ()
    figures: dict[str, float] = {}
    goals: tuple[Goal, ...] = ()
    entries: int = 0
    clean: bool | None = None
    notes: tuple[str, ...] = ()
    load_before: float = 0.0

    @property
    def ratio(self) -> float | None:
        """The median ratio of the rounds."""
        return statistics.median(one.ratio for one in self.rounds) if self.rounds else None

    @property
    def spread(self) -> tuple[float, float] | None:
        """The smallest and the largest ratio of the rounds."""
        ratios = [one.ratio for one in self.rounds]
        return (min(ratios), max(ratios)) if ratios else None

    @property
    def deviation(self) -> float | None:
        """The median distance of the ratios from their median, as a part of it."""
        middle = self.ratio
        if middle is None:
            return None
        return statistics.median(abs(one.ratio - middle) for one in self.rounds) / middle

    @property
    def middle(self) -> tuple[float, float] | None:
        """The medians of the limit and of ours."""
        if not self.rounds:
            return None
        return statistics.median(one.limit for one in self.rounds), statistics.median(one.ours for one in self.rounds)

    @property
    def is_met(self) -> bool | None:
        """Whether every goal is met; None without goals. A load after which the audit is not clean has failed."""
        if self.clean is False:
            return False
        if not self.goals:
            return None
        return all(goal.is_met(self) is True for goal in self.goals)


class Point(Struct, frozen=True):
    """One place on a curve: a cost in `unit` at a log size."""

    entries: int
    cost: float


class Curve(Struct, frozen=True):
    """What something costs as the log grows. `wanted`: the largest ratio of the last point to that at `base`."""

    name: str
    unit: Literal["ms", "µs", "s"]
    points: tuple[Point, ...]
    base: int | None = None
    wanted: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def growth(self) -> float | None:
        """The cost at the last point as a multiple of that at `base`, or of the first."""
        if len(self.points) < 2:
            return None
        costs = {one.entries: one.cost for one in self.points}
        first = costs.get(self.base, self.points[0].cost) if self.base is not None else self.points[0].cost
        return self.points[-1].cost / first

    @property
    def is_met(self) -> bool | None:
        if self.wanted is None or self.growth is None:
            return None
        return self.growth <= self.wanted


def quantile(sorted_values: Sequence[float], part: float) -> float:
    """Return the smallest value that at least `part` (0 to 1) of `sorted_values`, at least one, do not exceed."""
    at = max(0, -(-int(part * 1_000_000) * len(sorted_values) // 1_000_000) - 1)
    return sorted_values[min(at, len(sorted_values) - 1)]


def composed(*rates: float) -> float:
    """Return how many a second pass through stages of these rates one after the other, on one core."""
    return 1 / sum(1 / rate for rate in rates)


def agree(one: Row, other: Row) -> bool | None:
    """Tell whether the ratios of two runs agree within their dispersion: the spans of their rounds meet."""
    if one.spread is None or other.spread is None:
        return None
    return one.spread[0] <= other.spread[1] and other.spread[0] <= one.spread[1]
