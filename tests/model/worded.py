"""The plain fields that random acts are made of: days, amounts, terms."""

from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from tests.model.ground import STATES, UNION

Fields = dict[str, Any]

DECIMALS = {"EUR": 2, "GBP": 2, "ISK": 0}
UNITS = {"goods": ("howitzer", "shell"), "service": ("person trained",)}
CATEGORIES = ("artillery", "air_defence", "training", "intelligence")
SHARES: dict[int, list[tuple[str, ...]]] = {
    1: [("1/1",)],
    2: [("1/2", "1/2"), ("1/3", "2/3"), ("7/9", "2/9")],
    3: [("1/3",) * 3, ("1/6", "1/3", "1/2")],
}
PERIODS = {"month": 28, "quarter": 89, "half_year": 180, "year": 364}


def days(first: date, last: date | None = None) -> Fields:
    last = first if last is None else max(first, last)
    precision = "day" if first == last else "interval"
    return {"first": first.isoformat(), "last": last.isoformat(), "precision": precision}


def written(amount: Fraction, promised: Fields) -> str:
    """Return an amount as the figures of an object are written."""
    if promised["kind"] in ("money", "formula"):
        decimals = DECIMALS[promised["currency"]]
        minor = amount * 10**decimals // 1
        text = str(minor).rjust(decimals + 1, "0")
        return f"{text[:-decimals]}.{text[-decimals:]}" if decimals else text
    hundredths = str(amount * 100 // 1).rjust(3, "0")
    text = f"{hundredths[:-2]}.{hundredths[-2:]}"
    return text.rstrip("0").rstrip(".")


def amount(random: Random, at_most: int = 120) -> Fraction:
    """Return something between nothing and `at_most`, mostly whole, sometimes to the hundredth."""
    whole = Fraction(random.randint(1, at_most))
    return whole + Fraction(random.randint(1, 99), 100) if random.random() < 0.3 else whole


def money(random: Random, at_most: int = 120) -> Fields:
    promised = {"kind": "money", "currency": random.choice(("EUR", "EUR", "GBP", "ISK"))}
    return {**promised, "amount": written(amount(random, at_most), promised)}


def counted(random: Random, at_most: int = 120) -> Fields:
    """Return goods or a service."""
    kind = random.choice(("goods", "goods", "service"))
    promised = {"kind": kind, "unit": random.choice(UNITS[kind])}
    return {**promised, "quantity": written(amount(random, at_most), promised)}


def formula(random: Random) -> Fields:
    percent = random.choice(("0.25", "0.5", "1"))
    return {"kind": "formula", "percent": percent, "of": "gross domestic product", "currency": "EUR"}


def with_amount(promised: Fields, figure: Fraction) -> Fields:
    """Return the same kind of object with another figure."""
    name = "amount" if promised["kind"] == "money" else "quantity"
    return {**promised, name: written(figure, promised)}


def figure(promised: Fields) -> Fraction | None:
    stated = promised.get("amount", promised.get("quantity"))
    return Fraction(stated) if stated is not None else None


def obligors(random: Random, first: str, others: tuple[str, ...] = (*STATES, UNION)) -> list[Fields]:
    """Return one to three debtors with exact shares, beginning with `first`."""
    rest = [one for one in others if one != first]
    number = min(random.choice((1, 1, 1, 2, 2, 3)), 1 + len(rest))
    parties = [first, *random.sample(rest, number - 1)]
    shares = random.choice(SHARES[number])
    return [{"party": party, "share": share} for party, share in zip(parties, shares, strict=True)]


def schedule(random: Random, today: date, promised: Fields) -> Fields:
    """Return when an object is due, from a year ago to two years ahead."""
    begins = today + timedelta(days=random.randint(-300, 500))
    kinds = ["once", "once", "recurrence", "unscheduled"] + (["tranches"] if figure(promised) is not None else [])
    match random.choice(kinds):
        case "once":
            return {"kind": "once", "due": days(begins, begins + timedelta(days=random.choice((0, 30, 200))))}
        case "tranches":
            return tranches(random, begins, promised)
        case "recurrence":
            return recurrence(random, begins)
        case _:
            return {"kind": "unscheduled"}


def tranches(random: Random, begins: date, promised: Fields) -> Fields:
    whole = figure(promised)
    assert whole is not None
    number = random.randint(2, 4)
    part = whole / number
    amounts = [written(part, promised) for _ in range(number - 1)]
    amounts.append(written(whole - sum(map(Fraction, amounts)), promised))
    parts = []
    for index, one in enumerate(amounts):
        first = begins + timedelta(days=index * random.choice((30, 90)) if index == 1 else index * 90)
        parts.append({"due": days(first, first + timedelta(days=random.choice((0, 20)))), "amount": one})
    return {"kind": "tranches", "tranches": sorted(parts, key=lambda one: str(one["due"]["last"]))}


def recurrence(random: Random, begins: date) -> Fields:
    every = random.choice(("month", "quarter", "half_year", "year", "year"))
    if random.random() < 0.5:
        begins = begins.replace(day=1, month=random.choice((1, 4, 7, 10)))
    last = begins + timedelta(days=PERIODS[every] - random.choice((0, 0, 10)))
    found: Fields = {"kind": "recurrence", "every": every, "first": days(begins, last)}
    if random.random() < 0.5:
        found["until"] = (last + timedelta(days=random.choice((0, 100, 400, 900)))).isoformat()
    return found


def terms(random: Random, today: date, first: str, others: tuple[str, ...] = (*STATES, UNION)) -> Fields:
    """Return sound terms of a commitment by `first`, and perhaps others."""
    promised = random.choice(
        (money(random), money(random), counted(random), counted(random), formula(random), sealed(random))
    )
    found: Fields = {
        "category": random.choice(CATEGORIES),
        "phase": random.choice(("preventive",) * 7 + ("on_activation",)),
        "legal_character": random.choice(("legally_binding", "legally_binding", "politically_binding")),
        "bound": random.choice(("exact", "exact", "floor", "cap", "target")),
        "object": promised,
        "schedule": schedule(random, today, promised),
        "obligors": obligors(random, first, others),
        "counts_from": random.choice(("dispatched", "handed_over", "handed_over")),
    }
    if len(found["obligors"]) > 1 and random.random() < 0.4:
        found["liability"] = "joint"
    return found


SALT = "0123456789abcdef" * 4


def hidden(random: Random) -> Fields:
    """Return what a sealed object is in truth: one of a few, so that it can be opened by whoever knows the number."""
    return {"kind": "goods", "unit": "terminal", "quantity": str(random.randint(1, 5))}


def sealed(random: Random) -> Fields:
    if random.random() < 0.3:
        return {"kind": "undisclosed"}
    return {"kind": "undisclosed", "confidential": {"salted_sha256": digest(hidden(random))}}


def digest(value: Fields) -> str:
    """Return the digest that stands for a value under the one salt that all of these histories use."""
    from ledger.events.corrections import salted_sha256
    from ledger.events.terms import GoodsObject

    return salted_sha256(bytes.fromhex(SALT), GoodsObject(value["quantity"], value["unit"]))


def varied(random: Random, old: Fields, today: date) -> Fields:
    """Return terms that differ from others in one or two ways, more or less."""
    new = dict(old)
    for _ in range(random.choice((1, 1, 1, 2))):
        match random.choice(("figure", "figure", "figure", "schedule", "bound", "phase", "counts", "whole", "same")):
            case "figure":
                new = _refigured(random, new)
            case "schedule":
                new["schedule"] = schedule(random, today, new["object"])
            case "bound":
                new["bound"] = random.choice(("exact", "floor", "cap", "target"))
            case "phase":
                new["phase"] = random.choice(("preventive", "on_activation"))
            case "counts":
                new["counts_from"] = random.choice(("dispatched", "in_transit", "at_hub", "handed_over"))
            case "whole":
                fresh = terms(random, today, new["obligors"][0]["party"])
                new = {**fresh, "obligors": random.choice((new["obligors"], fresh["obligors"]))}
            case _:
                pass
    if len(new["obligors"]) == 1:
        new.pop("liability", None)
    return new


def _refigured(random: Random, old: Fields) -> Fields:
    promised = old["object"]
    now = figure(promised)
    if promised["kind"] == "formula":
        return {**old, "object": {**promised, "percent": random.choice(("0.25", "0.5", "1"))}}
    if now is None:
        return {**old, "object": random.choice((counted(random), sealed(random)))}
    changed = with_amount(promised, now * random.choice((2, Fraction(3, 2), Fraction(1, 2), Fraction(4, 5))))
    found = {**old, "object": changed}
    if old["schedule"]["kind"] == "tranches":
        begins = date.fromisoformat(old["schedule"]["tranches"][0]["due"]["first"])
        found["schedule"] = tranches(random, begins, changed)
    return found
