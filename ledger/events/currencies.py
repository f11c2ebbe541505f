"""ISO 4217: which currency codes exist, with how many decimals, and until which day.

`codes/currencies.csv` is part of the rule set: changing a row is a new version of the rules. Facts from the ISO 4217
maintenance agency's list one of 2026-01-01; retired codes from the regulations that introduced the euro in their place.
"""

import csv
from datetime import date
from functools import cache
from importlib.resources import files


@cache
def _table() -> dict[str, tuple[int, date | None]]:
    text = files("ledger.events").joinpath("codes/currencies.csv").read_text("ascii")
    return {
        row["code"]: (int(row["decimals"]), date.fromisoformat(row["valid_until"]) if row["valid_until"] else None)
        for row in csv.DictReader(text.splitlines())
    }


def exponent(code: str) -> int | None:
    """Return the number of decimals of `code`, or None if there never was such a code here."""
    row = _table().get(code)
    return row[0] if row else None


def is_valid_on(code: str, day: date) -> bool:
    """Return whether `code` was in use on `day`. HRK was, until 2022-12-31."""
    row = _table().get(code)
    return row is not None and (row[1] is None or day <= row[1])
