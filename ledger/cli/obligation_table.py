"""Obligations as a table for people: one line each, every figure as the ledger computed it, nothing added up here.

A figure that nobody disclosed or resolved is a dash, never a zero. In brackets: promised, and not in effect.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from rich import box
from rich.table import Table
from rich.text import Text

from ledger.cli.output import printable

Row = Mapping[str, Any]

FIGURES: Final = ("committed", "delivered", "acknowledged", "open", "overdue")
NOT_IN_EFFECT: Final = frozenset({"pending", "not_signed", "not_in_force", "no_effect", "awaiting_activation"})
ABSENT: Final = "\N{EN DASH}"

NEEDS_WIDTH: Final = {"what": 170, "acknowledged": 150, "open": 150, "bound": 100}
"""Columns that are left out of the table in a narrower terminal."""

WIDTH_MIN: Final = {"commitment": 11, "unit": 12, "due": 10, "committed": 13, "overdue": 13}


def obligation_table(rows: Iterable[Row], title: str, width: int) -> Table:
    """Return the table of obligations as `/v1/guarantors/{party}/obligations` lists them, for a terminal of `width`."""
    columns = {name: show for name, show in COLUMNS.items() if width >= NEEDS_WIDTH.get(name, 0)}
    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        if name == "what":
            table.add_column(name, ratio=1)
        else:
            # A figure that is cut off would be another figure: where there is no room, it goes on below.
            has_room = width >= NEEDS_WIDTH["open"] and name != "unit"
            justify: Literal["left", "right"] = "right" if name in FIGURES else "left"
            width_min = WIDTH_MIN.get(name)
            table.add_column(name, justify=justify, no_wrap=has_room, overflow="fold", min_width=width_min)
    shown_before = None
    for row in rows:
        party = _who(row)
        cells = ["" if name == "who" and party == shown_before else show(row) for name, show in columns.items()]
        table.add_row(*map(cell, cells))
        shown_before = party
    return table


def cell(text: str) -> Text:
    """Return somebody else's words as one line that cannot style or move anything."""
    return Text(printable(text).replace("\n", " "))


def _title(row: Row) -> str:
    title = row.get("title")
    return str(title.get("en") or next(iter(title.values()), "")) if isinstance(title, dict) else ""


def _unit(row: Row) -> str:
    formula = row.get("formula")
    return f"{row.get('unit') or row.get('kind', '')}" + (f", {formula}" if formula else "")


def _committed(row: Row) -> str:
    if row.get("state") in NOT_IN_EFFECT and (promised := _amount(row.get("promised"))) != ABSENT:
        return f"({promised})"
    return _amount(row.get("committed"))


def _figure(name: str) -> Callable[[Row], str]:
    return lambda row: _amount(row.get(name))


def _amount(figure: object) -> str:
    """Return an amount with its thousands set apart and no decimals of nothing: `2 500 000 000`, `12.50`, `16/3`."""
    if not isinstance(figure, dict) or not isinstance(figure.get("amount"), str):
        return ABSENT
    amount: str = figure["amount"]
    whole, point, decimals = amount.partition(".")
    if not whole.isdecimal():
        return amount
    rest = point + decimals if decimals.strip("0") else ""
    return f"{int(whole):,}".replace(",", " ") + rest


def _due(row: Row) -> str:
    if row.get("overdue_since"):
        return f"since {row['overdue_since']}"
    match row.get("next_due"):
        case {"due_on": str() as day}:
            return day
        case _:
            return ABSENT


def _state(row: Row) -> str:
    return str(row.get("state", "")).replace("_", " ")


def _who(row: Row) -> str:
    return str(row.get("guarantor", ""))


def _text(name: str) -> Callable[[Row], str]:
    return lambda row: str(row.get(name, ""))


COLUMNS: Final[Mapping[str, Callable[[Row], str]]] = {
    "who": _who,
    "commitment": _text("commitment"),
    "what": _title,
    "bound": _text("bound"),
    "unit": _unit,
    "committed": _committed,
    "delivered": _figure("delivered"),
    "acknowledged": _figure("acknowledged"),
    "open": _figure("open"),
    "overdue": _figure("overdue"),
    "due": _due,
    "state": _state,
}
"""The columns in their order, and what each shows of a row."""
