"""A directory of TOML files to rows: every table with the file and the number it stands at.

Nothing is interpreted here except which tables exist; whatever goes wrong later can name the place.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SCENARIO_FILE: Final = "scenario.toml"

TABLES: Final = (
    "party",
    "instrument",
    "signature",
    "ratification",
    "commitment",
    "resolution",
    "delivery",
    "acknowledgement",
    "dispute",
    "measure",
    "renewal",
    "left_out",
)
"""The tables that a file may hold, in the order in which their acts are submitted."""


class ScenarioError(ValueError):
    """A scenario that cannot be used. The message begins with the file and the table."""


@dataclass(frozen=True, slots=True)
class Row:
    """One table of one file. `place` is what an error names: `agreements/gb.toml [[commitment]] 2`."""

    place: str
    table: str
    values: Mapping[str, object]

    def text(self, key: str) -> str:
        """Return a text that must be there. Raises ScenarioError."""
        value = self.values.get(key)
        if not isinstance(value, str) or not value:
            raise ScenarioError(f'{self.place}: expected {key} = "…", got {value!r}')
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts that must be there and not empty. Raises ScenarioError."""
        value = self.values.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            raise ScenarioError(f'{self.place}: expected {key} = ["…"], got {value!r}')
        return tuple(value)

    def without(self, *keys: str) -> dict[str, object]:
        """Return the values but those of `keys`."""
        return {key: value for key, value in self.values.items() if key not in keys}


def read_head(directory: Path) -> tuple[Row, Row]:
    """Return the tables [ledger] and [depositary] of `scenario.toml`. Raises ScenarioError."""
    values = _read(directory, directory / SCENARIO_FILE)
    if unknown := values.keys() - {"ledger", "depositary"}:
        raise ScenarioError(f"{SCENARIO_FILE}: expected [ledger] and [depositary], got {', '.join(sorted(unknown))}")
    return _head_row(values, "ledger"), _head_row(values, "depositary")


def _head_row(values: Mapping[str, object], table: str) -> Row:
    row = values.get(table)
    if not isinstance(row, dict):
        raise ScenarioError(f"{SCENARIO_FILE}: expected a table [{table}], got {row!r}")
    return Row(f"{SCENARIO_FILE} [{table}]", table, row)


def read_rows(directory: Path) -> dict[str, tuple[Row, ...]]:
    """Return the rows of every table, file by file in the order of their paths. Raises ScenarioError."""
    rows: dict[str, list[Row]] = {table: [] for table in TABLES}
    for path in sorted(directory.rglob("*.toml")):
        if path != directory / SCENARIO_FILE:
            for row in _rows_of(directory, path):
                rows[row.table].append(row)
    return {table: tuple(found) for table, found in rows.items()}


def _rows_of(directory: Path, path: Path) -> Iterator[Row]:
    name = path.relative_to(directory).as_posix()
    for table, values in _read(directory, path).items():
        if table not in TABLES:
            raise ScenarioError(f"{name}: expected tables {', '.join(TABLES)}, got {table}")
        if not isinstance(values, list) or not all(isinstance(row, dict) for row in values):
            raise ScenarioError(f"{name}: expected [[{table}]], a list of tables, got another form")
        for number, row in enumerate(values, start=1):
            yield Row(f"{name} [[{table}]] {number}", table, row)


def _read(directory: Path, path: Path) -> dict[str, object]:
    name = path.relative_to(directory).as_posix()
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ScenarioError(f"{name}: expected a readable file, got {error.strerror}") from None
    except ValueError as error:
        raise ScenarioError(f"{name}: expected TOML in UTF-8, got {error}") from None
