"""The arithmetic of the table, the lag and the pictures: numbers whose outcome is known."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.bench import picture, table
from tests.bench.lagging import Seen, lags_seconds
from tests.bench.measured import Curve, Goal, Point, Round, Row, agree, composed, quantile
from tests.bench.table import Run

ROUNDS = (Round(100, 50), Round(100, 60), Round(200, 80), Round(100, 55), Round(100, 90))


def row(**changed: object) -> Row:
    fields = {"name": "a row", "ours": "ours", "limit": "limit", "rounds": ROUNDS, "goals": (Goal("ratio", "≥", 0.5),)}
    return Row(**(fields | changed))  # type: ignore[arg-type]


def run(*rows: Row, curves: tuple[Curve, ...] = ()) -> Run:
    return Run(
        began="2026-01-01 00:00",
        seconds=60,
        entries=1000,
        machine={"cores": "2"},
        versions={"Python": "3"},
        durability={"fsync": "on"},
        place="ext4 on /dev/a",
        workload="acts",
        rows=rows,
        curves=curves,
    )


def test_the_ratio_is_the_median_of_the_rounds_each_with_its_own_limit() -> None:
    assert row().ratio == pytest.approx(0.55)
    assert row().spread == pytest.approx((0.4, 0.9))
    assert row().deviation == pytest.approx(0.05 / 0.55)
    assert row().middle == (100, 60)


@pytest.mark.parametrize(
    ("changed", "met"),
    [
        ({}, True),
        ({"goals": (Goal("ratio", "≥", 0.56),)}, False),
        ({"goals": (Goal("ratio", "≤", 0.55),)}, True),
        ({"goals": (Goal("ratio", "≥", 0.5), Goal("p99_ms", "≤", 20))}, False),
        ({"goals": (Goal("p99_ms", "≤", 20),), "figures": {"p99_ms": 20.0}}, True),
        ({"goals": (Goal("p99_ms", "≤", 20),), "figures": {"p99_ms": 20.1}}, False),
        ({"goals": ()}, None),
        ({"clean": True}, True),
        ({"clean": False}, False),
        ({"clean": False, "goals": ()}, False),
    ],
)
def test_a_row_is_met_if_every_goal_is_and_the_audit_was_clean(changed: dict[str, object], met: bool | None) -> None:
    assert row(**changed).is_met is met


def test_a_quantile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [quantile(values, part) for part in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert quantile([7.0], 0.99) == 7


def test_stages_one_after_the_other_are_slower_than_the_slowest() -> None:
    assert composed(1000, 1000) == pytest.approx(500)
    assert composed(30_000, 20_000, 10_000) == pytest.approx(5454.5454, rel=1e-6)


def test_two_runs_agree_where_their_rounds_meet() -> None:
    far = row(rounds=(Round(100, 95), Round(100, 99)))
    near = row(rounds=(Round(100, 85), Round(100, 99)))
    assert agree(row(), near) is True
    assert agree(row(), far) is False
    assert agree(row(), row(rounds=())) is None
    assert "DISAGREE" in table.compared(run(row()), run(far))
    assert "DISAGREE" not in table.compared(run(row()), run(near))


def test_a_curve_grows_from_its_base() -> None:
    points = (Point(10_000, 1.0), Point(100_000, 2.0), Point(10_000_000, 2.3))
    assert Curve("tree", "ms", points, base=100_000, wanted=1.2).growth == pytest.approx(1.15)
    assert Curve("tree", "ms", points, base=100_000, wanted=1.2).is_met is True
    assert Curve("tree", "ms", points, base=100_000, wanted=1.1).is_met is False
    assert Curve("tree", "ms", points).growth == pytest.approx(2.3)


def test_the_lag_is_the_age_of_the_oldest_entry_without_rows() -> None:
    seen = [Seen(0.0, 10, 10), Seen(1.0, 20, 10), Seen(2.0, 30, 10), Seen(3.0, 30, 25), Seen(4.0, 30, 30)]
    # At 2 s entry 11, seen since 1 s; at 3 s entry 26, seen since 2 s.
    assert lags_seconds(seen) == [0.0, 0.0, 0.0, 1.0, 1.0]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    curve = Curve("append", "ms", (Point(10, 1.0), Point(100, 2.0)))
    written = run(row(), row(rounds=(), figures={"p99_ms": 3.0}, limit=""), curves=(curve,))
    path = tmp_path / "results.json"
    path.write_bytes(table.encoded(written))
    assert table.decoded(path) == written
    assert table.decoded(tmp_path / "absent.json") is None
    text = table.written(written)
    assert "0.40 to 0.90" in text
    assert "10: 1.00 ms, 100: 2.00 ms" in text


def test_a_picture_is_xml_with_a_bar_for_each_goal() -> None:
    curve = Curve("append <1>", "ms", (Point(10, 1.0), Point(100, 2.0)))
    made = run(row(), row(name="less & better", goals=(Goal("ratio", "≤", 3),)), row(goals=()), curves=(curve,))
    bars = ElementTree.fromstring(picture.ratios(made))
    assert len([one for one in bars.iter() if one.get("fill") in (picture.MET, picture.MISSED)]) == 2
    lines = ElementTree.fromstring(picture.growth(made))
    assert len([one for one in lines.iter() if one.tag.endswith("polyline")]) == 1
    ElementTree.fromstring(picture.growth(run()))
