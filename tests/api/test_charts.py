"""The geometry of charts: round axes that reach every figure, gaps where there is none, nothing outside of the plot."""

from fractions import Fraction

import pytest

from api.pages.charts import BOTTOM, DAYS_LABELLED_MAX, HEIGHT, LEFT, RIGHT, TICKS_WANTED, TOP, WIDTH, chart

NAMES = ("committed", "delivered")


def columns(*amounts: tuple[str, str] | None) -> list[dict[str, str] | None]:
    return [dict(zip(NAMES, both, strict=True)) if both is not None else None for both in amounts]


@pytest.mark.parametrize(
    ("largest", "ticks"),
    [
        ("0", [0, 1]),
        ("1", [0, "1/2", 1]),
        ("7", [0, 2, 4, 6, 8]),
        ("16/3", [0, 2, 4, 6]),
        ("100", [0, 50, 100]),
        ("101", [0, 50, 100, 150]),
        ("2500000000.00", [0, 1_000_000_000, 2_000_000_000, 3_000_000_000]),
        ("0.004", [0, "1/1000", "2/1000", "3/1000", "4/1000"]),
    ],
)
def test_an_axis_is_round_and_reaches_the_largest_figure(largest: str, ticks: list[str | int]) -> None:
    found = [value for _, value in chart(NAMES, columns((largest, "0"))).ticks]
    assert found == [Fraction(tick) for tick in ticks]
    assert len(found) <= TICKS_WANTED + 1
    assert found[-1] >= Fraction(largest)


def test_nothing_is_drawn_outside_of_the_plot() -> None:
    drawn = chart(NAMES, columns(*((str(number * 37 % 101), str(number)) for number in range(40))))
    for series in drawn.series:
        assert len(series.dots) == 40
        assert all(LEFT <= float(dot.x) <= WIDTH - RIGHT for dot in series.dots)
        assert all(TOP <= float(dot.y) <= HEIGHT - BOTTOM for dot in series.dots)


def test_nothing_is_at_the_bottom_and_the_top_of_the_axis_at_the_top() -> None:
    committed, delivered = chart(NAMES, columns(("100", "0"))).series
    assert float(committed.dots[0].y) == TOP
    assert float(delivered.dots[0].y) == HEIGHT - BOTTOM


def test_a_point_without_a_figure_interrupts_the_line_and_is_not_nothing() -> None:
    committed, _ = chart(NAMES, columns(None, ("1", "0"), ("2", "0"), None, ("3", "0"))).series
    assert len(committed.dots) == 3
    assert len(committed.runs) == 1
    assert committed.runs[0].count(",") == 2
    assert [series.runs for series in chart(NAMES, columns(None, None)).series] == [(), ()]


@pytest.mark.parametrize("points", [1, 2, 7, 8, 12, 120])
def test_few_enough_points_are_labelled_and_the_last_one_always(points: int) -> None:
    labelled = chart(NAMES, columns(*[("1", "1")] * points)).labelled
    assert 1 <= len(labelled) <= DAYS_LABELLED_MAX
    assert labelled[-1][1] == points - 1
    assert [at for _, at in labelled] == sorted({at for _, at in labelled})
