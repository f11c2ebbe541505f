"""Exact amounts and how they are written: fractions inside, decimal text outside, never a float.

Money is written with exactly the decimals of its currency. A share of money that does not come out even is allotted by
largest remainder, so that the thirds of EUR 92,000,000.00 sum to EUR 92,000,000.00. A share of units is exact: a third
of 16 howitzers is written `16/3`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from ledger.events.currencies import exponent
from ledger.events.terms import FormulaObject, MoneyObject, Object, UndisclosedObject
from ledger.rules.schedules import unit_of

ZERO = Fraction(0)


class Figure(Struct, frozen=True):
    """An amount in the unit of what it belongs to, and the ids of the events behind it, in no particular order of rank.

    {"amount": "92000000.00", "events": ["019a3c5e-7b1a-7c3d-8e4f-0123456789ab"]}
    """

    amount: str
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """What amounts are counted in. `kind`: money or units. `decimals` of the currency; None: exact fractions."""

    kind: str
    unit: str

    @property
    def decimals(self) -> int | None:
        return exponent(self.unit) if self.kind == "money" else None


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity with the events behind it, while it is being computed."""

    value: Fraction = ZERO
    events: frozenset[str] = frozenset()

    def __add__(self, other: "Amount") -> "Amount":
        # An amount of nothing explains nothing.
        events = self.events | (other.events if other.value else frozenset())
        return Amount(self.value + other.value, events)

    def with_events(self, events: Iterable[str]) -> "Amount":
        """Return the amount with further events behind it."""
        return Amount(self.value, self.events | frozenset(events))


NOTHING = Amount()


class Tally:
    """A sum that is being made: of many amounts, the events of all those that are something."""

    __slots__ = ("_events", "value")

    def __init__(self) -> None:
        self.value = ZERO
        self._events: set[str] = set()

    def add(self, value: Fraction, events: Iterable[str]) -> None:
        if value:
            self.value = self.value + value if self.value else value
            self._events.update(events)

    @property
    def amount(self) -> Amount:
        return Amount(self.value, frozenset(self._events))


def total(amounts: Iterable[Amount]) -> Amount:
    """Return the sum, with every event behind one of its parts."""
    tally = Tally()
    for amount in amounts:
        tally.add(amount.value, amount.events)
    return tally.amount


def measure_of(promised: Object) -> Measure | None:
    """Return what an object is counted in; None for what is undisclosed."""
    unit = unit_of(promised)
    if unit is None or isinstance(promised, UndisclosedObject):
        return None
    return Measure("money" if isinstance(promised, MoneyObject | FormulaObject) else "units", unit)


def figure(amount: Amount, measure: Measure) -> Figure:
    """Return the written form of an amount."""
    return Figure(written(amount.value, measure), tuple(sorted(amount.events)))


def is_written_in(value: Fraction, measure: Measure) -> bool:
    """Tell whether an amount can be written: a sum of money in whole minor units."""
    return measure.decimals is None or (value * 10**measure.decimals).denominator == 1


def written(value: Fraction, measure: Measure) -> str:
    """Return `2500000000.00` for money; `5`, `2.5` or `16/3` for units."""
    decimals = measure.decimals
    if decimals is not None:
        minor, rest = divmod(abs(value.numerator) * 10**decimals, value.denominator)
        assert rest == 0, f"{value} {measure.unit} is not in whole minor units"
        digits = f"{minor:0{decimals + 1}d}"
        point = len(digits) - decimals
        return f"{'-' if value < 0 else ''}{digits[:point]}{'.' if decimals else ''}{digits[point:]}"
    rest = value.denominator
    if rest == 1:
        return str(value.numerator)
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    text = f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def allot(value: Fraction, weights: Sequence[Fraction], decimals: int | None) -> list[Fraction]:
    """Divide `value` in proportion to `weights`; the parts sum to it exactly.

    With `decimals`, each part is in whole minor units: what is left after rounding down goes, one minor unit each, to
    those with the largest remainder, and among equals to the first.
    """
    if not value or sum(map(bool, weights)) <= 1:
        # Nothing to divide, or nobody to divide it with.
        return [value if weight else ZERO for weight in weights]
    whole = sum(weights, ZERO)
    exact = [value * weight / whole for weight in weights]
    if decimals is None:
        return exact
    scale = 10**decimals
    floors = [Fraction(part * scale // 1) for part in exact]
    order = sorted(range(len(exact)), key=lambda index: (floors[index] - exact[index] * scale, index))
    for index in order[: int(value * scale - sum(floors, ZERO))]:
        floors[index] += 1
    return [part / scale for part in floors]
