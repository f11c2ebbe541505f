"""Tables: what a spreadsheet must not take for a formula, and what a cell holds."""

import csv
import io

import pytest
from msgspec import Struct

from api.reads_tables import guarded, lines, table
from projections.figures import Figure


class Row(Struct, frozen=True):
    name: str
    late: Figure | None
    is_bound: bool
    parties: tuple[str, ...]
    inner: tuple[dict[str, int], ...]
    title: dict[str, str]


ROWS = [
    Row("one", Figure("5.00", ("e1", "e2")), True, ("gb", "de"), ({"a": 1},), {"en": "One"}),
    Row("two", None, False, (), (), {"uk": "Два"}),
]


def read(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode())))


def test_a_figure_is_two_columns_and_what_is_missing_is_empty() -> None:
    one, two = read(table(ROWS))
    assert (one["late"], one["late_events"], two["late"], two["late_events"]) == ("5.00", "e1 e2", "", "")
    assert (one["is_bound"], one["parties"], one["inner"]) == ("true", "gb de", '[{"a":1}]')
    assert (one["title.en"], one["title.uk"], two["title.uk"]) == ("One", "", "Два")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1"])
def test_what_begins_like_a_formula_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert read(table([Row(text, None, True, (), (), {})]))[0]["name"] == f"'{text}"


@pytest.mark.parametrize("text", ["", "1+1", "a=b", "2026-01-01", "16/3", "M113"])
def test_what_does_not_is_left_alone(text: str) -> None:
    assert guarded(text) == text


def test_commas_quotes_and_line_feeds_stay_in_their_cell() -> None:
    text = 'a "quoted", and\nbroken line'
    assert read(table([Row(text, None, True, (), (), {})]))[0]["name"] == text


def test_nothing_is_an_empty_table_and_no_line() -> None:
    assert read(table([])) == []
    assert lines([]) == b""
    assert lines(ROWS).count(b"\n") == 2
