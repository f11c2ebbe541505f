"""Answers as tables and lines: CSV that a spreadsheet cannot mistake for formulas, and one JSON object on each line.

A figure is two columns: its amount, and the ids of the events behind it, with spaces between. What has several rows of
its own within a row, or texts with spaces in them, is JSON in its cell.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula, also behind spaces."""

_FIGURE: Final = {"amount", "events"}


def lines(items: Sequence[Struct]) -> bytes:
    """Return the items as NDJSON."""
    return b"".join(msgspec.json.encode(item) + b"\n" for item in items)


def table(items: Sequence[Struct]) -> bytes:
    """Return the items as CSV (RFC 4180, UTF-8) with a line of names: every column that one of them has."""
    rows = [dict(_cells("", msgspec.to_builtins(item, str_keys=True))) for item in items]
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: guarded(value) for name, value in row.items()})
    return text.getvalue().encode()


def guarded(text: str) -> str:
    """Return the text, with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def _cells(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if value.keys() == _FIGURE:
            yield name, value["amount"]
            yield f"{name}_events", " ".join(value["events"])
            return
        for key, inner in value.items():
            yield from _cells(f"{name}.{key}" if name else key, inner)
    elif isinstance(value, list | tuple):
        is_plain = all(isinstance(one, str | int) and " " not in str(one) for one in value)
        yield name, " ".join(map(str, value)) if is_plain else msgspec.json.encode(value).decode()
    else:
        yield name, _cell(value)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
