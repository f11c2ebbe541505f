"""The bench itself runs, from nothing to table, JSON and pictures. What it measures here means nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import table
from tests.bench.audit_rows import LOADS
from tests.places import passing_directory


@pytest.fixture
def place() -> Iterator[Path]:
    with passing_directory(Path("/var/tmp")) as directory:
        yield directory


def measured(place: Path, only: str) -> table.Run:
    out = place / "out"
    bench.main(["--scale", "tiny", "--only", only, "--data", str(place / "data"), "--run", "test", "--out", str(out)])
    assert {path.name for path in out.iterdir()} == {"results-test.json", "ratios-test.svg", "growth-test.svg"}
    run = table.decoded(out / "results-test.json")
    assert run is not None
    assert run.durability["fsync"] == run.durability["synchronous_commit"] == "on"
    assert {row.name for row in run.rows if row.clean} == {row.name for row in run.rows} & set(LOADS)
    assert all(len(row.rounds) >= 2 for row in run.rows if row.limit)
    return run


def test_a_few_rows(place: Path) -> None:
    run = measured(place, "intake,lone")
    assert len(run.rows) == 3
    assert not list((place / "data").glob("run-*"))


@pytest.mark.slow
def test_every_row(place: Path) -> None:
    run = measured(place, ",".join(bench.NAMES))
    assert len(run.rows) >= 15
    assert {curve.name for curve in run.curves} >= {"append", "proof", "obligations", "start-up", "tree: proof"}
