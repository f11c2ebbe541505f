"""A run as a table for a person and as JSON for everything else; and whether two runs say the same."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from tests.bench.measured import Curve, Row, agree

WIDTHS: Final = (30, 12, 12, 7, 15, 26, 5)
HEADINGS: Final = ("row", "limit", "ours", "ratio", "of the rounds", "goal", "met")


class Run(Struct, frozen=True, kw_only=True):
    """All that one run found, and on what."""

    began: str
    seconds: float
    entries: int
    machine: dict[str, str]
    versions: dict[str, str]
    durability: dict[str, str]
    place: str
    workload: str
    rows: tuple[Row, ...] = ()
    curves: tuple[Curve, ...] = ()
    missing: tuple[str, ...] = ()


def encoded(run: Run) -> bytes:
    """Return the run as indented JSON, with what follows from its figures beside them."""
    plain = msgspec.to_builtins(run)
    for row, shown in zip(run.rows, plain["rows"], strict=True):
        shown |= {"ratio": row.ratio, "spread": row.spread, "deviation": row.deviation, "met": row.is_met}
    for curve, shown in zip(run.curves, plain["curves"], strict=True):
        shown |= {"growth": curve.growth, "met": curve.is_met}
    return msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n"


def decoded(path: Path) -> Run | None:
    """Return a run that was written, or None if there is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Run)
    except FileNotFoundError:
        return None


def written(run: Run) -> str:
    """Return the run as text."""
    about = [
        f"{run.began}, {run.seconds / 60:.1f} min, {run.entries:,} entries; {run.workload}",
        *(", ".join(f"{name} {value}" for name, value in one.items()) for one in (run.machine, run.versions)),
        f"data on {run.place}; " + ", ".join(f"{name} {value}" for name, value in run.durability.items()),
    ]
    lines = [*about, "", _columns(HEADINGS), "-" * (sum(WIDTHS) + 2 * len(WIDTHS))]
    for row in run.rows:
        lines += _row(row)
    lines += [line for curve in run.curves for line in _curve(curve)]
    lines += [f"missing: {one}" for one in run.missing]
    return "\n".join(lines) + "\n"


def _row(row: Row) -> Iterable[str]:
    middle, spread, ratio = row.middle, row.spread, row.ratio
    met = {True: "yes", False: "NO", None: ""}[row.is_met]
    yield _columns(
        (
            row.name,
            _number(middle[0]) if middle else "",
            _number(middle[1]) if middle else "",
            f"{ratio:.2f}" if ratio is not None else "",
            f"{spread[0]:.2f} to {spread[1]:.2f}" if spread else "",
            row.goals[0].text if row.goals else "",
            met,
        )
    )
    for goal in row.goals[1:]:
        yield _columns(("", "", "", "", "", goal.text, {True: "", False: "NO", None: "?"}[goal.is_met(row)]))
    yield f"    {row.ours}" + (f" | {row.limit}" if row.limit else "")
    if row.figures:
        yield "    " + ", ".join(f"{name.replace('_', ' ')} {_number(value)}" for name, value in row.figures.items())
    yield f"    load before {row.load_before:.1f}, {row.entries:,} entries, {len(row.rounds)} rounds"
    yield from (f"    {note}" for note in row.notes)


def _curve(curve: Curve) -> Iterable[str]:
    met = {True: "met", False: "NOT met", None: ""}[curve.is_met]
    goal = f", goal ≤ {curve.wanted:g} {met}" if curve.wanted is not None else ""
    grown = f"; x {curve.growth:.2f} at the last{goal}" if curve.growth is not None else ""
    points = ", ".join(f"{point.entries:,}: {_number(point.cost)} {curve.unit}" for point in curve.points)
    yield f"growth, {curve.name}: {points}{grown}"
    yield from (f"    {note}" for note in curve.notes)


def compared(one: Run, other: Run) -> str:
    """Return for each row of both runs whether their ratios agree within the dispersion of their rounds."""
    others = {row.name: row for row in other.rows}
    lines = []
    for row in one.rows:
        found = others.get(row.name)
        if found is None or row.ratio is None or found.ratio is None:
            continue
        said = "agree" if agree(row, found) else "DISAGREE"
        lines.append(f"{row.name:<{WIDTHS[0]}}  {row.ratio:7.2f}  {found.ratio:7.2f}  {said}")
    return "\n".join(lines) + "\n"


def _columns(cells: tuple[str, ...]) -> str:
    left = (0, 5)
    return "  ".join(
        f"{cell:<{width}}" if at in left else f"{cell:>{width}}"
        for at, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    ).rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
