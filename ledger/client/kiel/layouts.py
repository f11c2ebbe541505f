"""Which column holds what, in each layout of the Ukraine Support Tracker that is known: by names, never by positions.

A row becomes what it states, all of it still text. Columns that nobody asked for are named, missing ones refused.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.client.errors import ClientError
from ledger.client.kiel.files import Line, separator_of
from ledger.client.kiel.forms import LAYOUTS
from ledger.client.kiel.stated import Layout, Stated

HEADER_ROWS_MAX: Final = 12
"""A sheet may begin with a title: the header is looked for in so many rows that hold something."""

FIRST_CHARACTERS_SHOWN: Final = 120


@dataclass(frozen=True, slots=True)
class Table:
    """A file in a layout: what its rows state, and which of its columns nobody reads.

    `without_claims`: rows that hold something, but nothing that is a claim.
    """

    layout: str
    rows: int
    stated: tuple[Stated, ...]
    unknown_columns: tuple[str, ...]
    without_claims: tuple[int, ...]


def table_of(path: Path, lines: Sequence[Line]) -> Table:
    """Return what a file states. Raises ClientError for a header that no layout has."""
    at, layout, places = _header(path, lines)
    header, body = lines[at], lines[at + 1 :]
    stated: list[Stated] = []
    empty: list[int] = []
    seen: Counter[str] = Counter()
    for line in body:
        held = {name: line.cells[place] for name, place in places.items() if place < len(line.cells)}
        cells = dict.fromkeys(layout.columns, "") | held
        surplus = [cell for cell in line.cells[len(header.cells) :] if cell]
        if surplus:
            raise ClientError(
                f"{path}: {len(header.cells)} cells in row {line.row}, as the header has",
                f"{len(line.cells)}",
                "Look for a comma that is not within quotes.",
            )
        found = list(layout.claims(line.row, cells, seen))
        stated += found
        empty += [] if found else [line.row]
    used = set(places.values())
    unknown = tuple(name for place, name in enumerate(header.cells) if name and place not in used)
    if not body:
        raise ClientError(f"{path}: rows under the header", "none", "Name the file with the data.")
    return Table(layout.name, len(body), tuple(stated), unknown, tuple(empty))


def _header(path: Path, lines: Sequence[Line]) -> tuple[int, Layout, dict[str, int]]:
    """Return where the header is, of which layout, and where its columns are. Raises ClientError."""
    nearest: tuple[int, Layout, list[str]] | None = None
    for at, line in enumerate(lines[:HEADER_ROWS_MAX]):
        names = [_plain(cell) for cell in line.cells]
        for layout in LAYOUTS:
            places = _places(layout, names)
            missing = sorted(layout.required - places.keys())
            if not missing:
                _check_once(path, layout, names)
                return at, layout, places
            has = len(layout.required) - len(missing)
            if has > 1 and (nearest is None or has > nearest[0]):
                nearest = has, layout, [layout.columns[name][0] for name in missing]
    if nearest is not None:
        _, layout, missing = nearest
        do = "Import the table with its own header, unchanged."
        raise ClientError(f"{path}: the columns of {layout.name}", f"none called {', '.join(missing)}", do)
    first = ", ".join(lines[0].cells)
    got = separator_of(first) or first[:FIRST_CHARACTERS_SHOWN]
    expected = f"{path}: the header of {', or of '.join(layout.name for layout in LAYOUTS)}"
    raise ClientError(expected, got, "Save the table as csv with commas, or as xlsx.")


def _places(layout: Layout, names: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for ours, theirs in layout.columns.items():
        for name in map(_plain, theirs):
            if ours not in places and name in names:
                places[ours] = names.index(name)
    return places


def _check_once(path: Path, layout: Layout, names: Sequence[str]) -> None:
    known = {_plain(name) for theirs in layout.columns.values() for name in theirs}
    twice = sorted(name for name, times in Counter(names).items() if times > 1 and name in known)
    if twice:
        raise ClientError(f"{path}: each column once", f"{', '.join(twice)} twice", "Take out one of them.")


def _plain(name: str) -> str:
    return " ".join(name.casefold().split()).rstrip(" .:")
