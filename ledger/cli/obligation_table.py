"""Obligations as a table for people: one line each, every figure as the ledger computed it, nothing added up here.

A figure that nobody disclosed or resolved is a dash, never a zero.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from ledger.cli.output import printable

Row = Mapping[str, Any]

FIGURES: Final = ("committed", "delivered", "acknowledged", "open", "overdue")
ABSENT: Final = "\N{EN DASH}"


def obligation_table(rows: Iterable[Row], title: str) -> Table:
    """Return the table of obligations as `/v1/guarantors/{party}/obligations` lists them."""
    table = Table(title=Text(title), title_justify="left", header_style="bold", pad_edge=False)
    for name in ("guarantor", "commitment", "what", "bound", "unit"):
        table.add_column(name, overflow="fold")
    for name in FIGURES:
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("due")
    table.add_column("state")
    shown_before = None
    for row in rows:
        party = str(row.get("guarantor", ""))
        table.add_row(*map(_cell, ("" if party == shown_before else party, *_values(row))))
        shown_before = party
    return table


def _values(row: Row) -> tuple[str, ...]:
    title = row.get("title")
    # Promised, where it is not in effect: nothing is owed, and the figure is still what the text says.
    committed = _amount(row.get("committed"))
    if committed == ABSENT and (promised := _amount(row.get("promised"))) != ABSENT:
        committed = f"({promised})"
    formula = row.get("formula")
    unit = f"{row.get('unit') or row.get('kind', '')}" + (f", {formula}" if formula else "")
    return (
        str(row.get("commitment", "")),
        str(title.get("en") or next(iter(title.values()), "")) if isinstance(title, dict) else "",
        str(row.get("bound", "")),
        unit,
        committed,
        *(_amount(row.get(name)) for name in FIGURES[1:]),
        _due(row),
        str(row.get("state", "")).replace("_", " "),
    )


def _amount(figure: object) -> str:
    """Return an amount with its thousands set apart: `2 500 000 000.00`; fractions stay as they are."""
    if not isinstance(figure, dict) or not isinstance(figure.get("amount"), str):
        return ABSENT
    amount: str = figure["amount"]
    whole, point, decimals = amount.partition(".")
    if not whole.isdecimal():
        return amount
    return f"{int(whole):,}{point}{decimals}".replace(",", "\N{NO-BREAK SPACE}")


def _due(row: Row) -> str:
    if row.get("overdue_since"):
        return f"since {row['overdue_since']}"
    match row.get("next_due"):
        case {"due_on": str() as day}:
            return day
        case _:
            return ABSENT


def _cell(text: str) -> Text:
    return Text(printable(text).replace("\n", " "))
