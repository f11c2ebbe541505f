"""What is promised in the story at scale: in what it is counted, how much, by when, and what it is raised to."""

from dataclasses import dataclass
from typing import Any, Final

_CATEGORIES: Final = ("air_defence", "weapons", "ammunition", "artillery", "drones", "training", "macro_financial")
_UNITS: Final = ("howitzer", "155 mm shell", "reconnaissance drone", "armoured vehicle", "generator 2 MW")
_CURRENCIES: Final = ("EUR", "GBP", "USD", "PLN", "SEK")

Fields = dict[str, Any]


@dataclass(slots=True)
class Promise:
    """A commitment in effect: whose, in what it is counted, and its terms where they may be raised."""

    id: str
    party: str
    counted: Fields
    terms: Fields | None


def terms_of(number: int, obligors: list[str], size: int) -> tuple[Fields, Fields]:
    """Return in what a commitment is counted, and its terms: seven of ten are money, six of ten have dates."""
    if number % 10 < 7:
        counted: Fields = {"kind": "money", "currency": _CURRENCIES[number % len(_CURRENCIES)]}
        whole, half = f"{2 * size}000000.00", f"{size}000000.00"
    else:
        counted = {"kind": "goods", "unit": _UNITS[number % len(_UNITS)]}
        whole, half = f"{2 * size}000", f"{size}000"
    interval = {"first": "2026-01-01", "last": "2027-12-31", "precision": "interval"}
    year = {"first": "2026-01-01", "last": "2026-12-31", "precision": "year"}
    schedules: tuple[Fields, ...] = (
        {"kind": "unscheduled"},
        {"kind": "once", "due": interval},
        {"kind": "tranches", "tranches": [{"due": one, "amount": half} for one in (year, interval)]},
        {"kind": "unscheduled"},
        {"kind": "recurrence", "every": "year", "first": year, "until": "2035-12-31"},
    )
    return counted, {
        "category": _CATEGORIES[number % len(_CATEGORIES)],
        "phase": "preventive",
        "legal_character": "legally_binding",
        "bound": ("exact", "floor", "target")[number % 3],
        "object": {**counted, figure(counted): whole},
        "schedule": schedules[number % 5],
        "obligors": [{"party": party, "share": f"1/{len(obligors)}"} for party in obligors],
        "counts_from": "handed_over",
    }


def figure(counted: Fields) -> str:
    """Return what the number of something so counted is called."""
    return "amount" if counted["kind"] == "money" else "quantity"


def raised(terms: Fields) -> Fields:
    """Return the terms with a tenth more or so: raising needs nobody's consent."""
    promised = terms["object"]
    whole, dot, decimals = promised[figure(promised)].partition(".")
    return {**terms, "object": {**promised, figure(promised): f"{int(whole) * 11 // 10}{dot}{decimals}"}}
