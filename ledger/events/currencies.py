"""ISO 4217: which currency codes exist, with how many decimals, from which day and until which.

`codes/*.csv` are part of the rule set: changing a row is a new version of the rules. Facts from the ISO 4217
maintenance agency's list one of 2026-01-01; retired codes, and the irrevocable rates at which they convert, from
Article 1 of Council Regulation (EC) No 2866/98 (CELEX 31998R2866) as it was amended for each state that adopted the
euro. The first twelve stayed in use as denominations of the euro until the end of 2001 (Regulation (EC) No 974/98).
"""

import csv
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import NamedTuple


@cache
def _table() -> dict[str, tuple[int, date, date]]:
    text = files("ledger.events").joinpath("codes/currencies.csv").read_text("ascii")
    return {
        row["code"]: (
            int(row["decimals"]),
            date.fromisoformat(row["valid_from"]) if row["valid_from"] else date.min,
            date.fromisoformat(row["valid_until"]) if row["valid_until"] else date.max,
        )
        for row in csv.DictReader(text.splitlines())
    }


def exponent(code: str) -> int | None:
    """Return the number of decimals of `code`, or None if there never was such a code here."""
    row = _table().get(code)
    return row[0] if row else None


def is_valid_on(code: str, day: date) -> bool:
    """Return whether `code` was in use on `day`. HRK was, until 2022-12-31; EUR is, since 1999-01-01."""
    row = _table().get(code)
    return row is not None and row[1] <= day <= row[2]


class Irrevocable(NamedTuple):
    """So many `units` of a retired code are one unit of `for_one`, for ever, since that day."""

    units: Decimal
    for_one: str
    since: date


@cache
def _irrevocable() -> dict[str, Irrevocable]:
    text = files("ledger.events").joinpath("codes/irrevocable.csv").read_text("ascii")
    return {
        row["code"]: Irrevocable(Decimal(row["units"]), row["for_one"], date.fromisoformat(row["since"]))
        for row in csv.DictReader(text.splitlines())
    }


def irrevocable(code: str) -> Irrevocable | None:
    """Return the rate at which a retired code converts for ever, or None. HRK: 7.53450 for one EUR, since 2023."""
    return _irrevocable().get(code)
