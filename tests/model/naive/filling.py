"""Deliveries and releases against the parts of a commitment: what each obligor has delivered and still owes of each.

1. Each part is divided among the obligors by their shares; a sum of money in whole minor units.
2. Deliveries, waivers and the end of the commitment are taken by their days; on one day a delivery comes first.
3. A delivery fills what its own party owes, the oldest part first; where liability is joint, it is divided.
4. What is left of it fills what the others owe; what is left then is beyond the commitment.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from ledger.events.currencies import exponent
from tests.model.naive.docket import Reading
from tests.model.naive.handovers import NOTHING, Claim, claims_of
from tests.model.naive.promises import Part, Promise, Unit, parts_of


@dataclass
class Cell:
    """What one obligor owes of one part. `owed` None: nobody has resolved it."""

    part: Part
    owed: Fraction | None
    delivered: Fraction = NOTHING
    released: Fraction = NOTHING

    @property
    def open(self) -> Fraction:
        return NOTHING if self.owed is None else self.owed - self.delivered - self.released


@dataclass
class Column:
    """One obligor: its cells in the order of the parts, and what is said of its deliveries."""

    party: str
    share: Fraction
    cells: list[Cell]
    delivered: Fraction = NOTHING
    accepted: Fraction = NOTHING
    contested: Fraction = NOTHING
    under_way: Fraction = NOTHING
    beyond: Fraction = NOTHING
    reimbursing: Fraction = NOTHING
    reimbursing_accepted: Fraction = NOTHING


def divided(amount: Fraction, weights: list[Fraction], unit: Unit) -> list[Fraction]:
    """Divide an amount in proportion. Money comes in whole minor units: the largest remainders are rounded up."""
    whole = sum(weights, NOTHING)
    if not whole:
        return [NOTHING for _ in weights]
    exact = [amount * weight / whole for weight in weights]
    decimals = exponent(unit[1]) if unit[0] == "money" else None
    if decimals is None:
        return exact
    minor = Fraction(1, 10**decimals)
    rounded = [one // minor * minor for one in exact]
    missing = int((amount - sum(rounded, NOTHING)) / minor)
    by_remainder = sorted(range(len(exact)), key=lambda number: rounded[number] - exact[number])
    for number in by_remainder[:missing]:
        rounded[number] += minor
    return rounded


def columns_of(reading: Reading, found: Promise, unit: Unit, as_of: date) -> list[Column]:
    """Return what each obligor of a commitment owes of each part after all that happened by a day."""
    parts = parts_of(found, as_of)
    shares = [Fraction(one["share"]) for one in found.terms["obligors"]]
    amounts = [divided(part.amount, shares, unit) if part.amount is not None else None for part in parts]
    table = [
        Column(
            party,
            shares[number],
            [Cell(part, column[number] if column else None) for part, column in zip(parts, amounts, strict=True)],
        )
        for number, party in enumerate(found.obligors)
    ]
    happened: list[tuple[date, int, Any]] = []
    for one in claims_of(reading, found, unit, as_of):
        if one.days is None:
            _note_under_way(table, one)
        else:
            happened.append((one.days[1], 0, one))
    happened += [(on, 1, amount) for on, amount, said_in in found.waived if _is_in(amount, said_in, unit)]
    if found.ended_on is not None:
        happened.append((found.ended_on, 2, None))
    for _, _, what in sorted(happened, key=lambda one: one[:2]):
        if isinstance(what, Claim):
            _deliver(table, found.terms, what, unit)
        else:
            _release(table, what, unit)
    return table


def _is_in(amount: Fraction | None, said_in: Unit | None, unit: Unit) -> bool:
    """A release counts in the unit in which it was given; `amount` None: whatever is open."""
    decimals = exponent(unit[1]) if unit[0] == "money" else None
    whole = amount is None or decimals is None or (amount * 10**decimals).denominator == 1
    return amount is None or (said_in == unit and whole)


def _note_under_way(table: list[Column], one: Claim) -> None:
    own = next((column for column in table if column.party == one.party), table[0])
    own.under_way += one.claimed
    own.accepted += one.accepted
    own.contested += one.contested
    own.reimbursing_accepted += one.accepted if one.reimburses is not None else NOTHING


def _takes(part: Part, number: int, terms: dict[str, Any], one: Claim) -> bool:
    """Return whether a delivery on those days can have been of this part."""
    if part.days is None or one.days is None:
        return True
    if terms["bound"] == "cap" and one.days[0] > part.days[1]:
        return False
    # What comes before a recurrence has begun can only be meant for its first period.
    return terms["schedule"]["kind"] != "recurrence" or part.days[0] <= one.days[1] or number == 0


def _deliver(table: list[Column], terms: dict[str, Any], one: Claim, unit: Unit) -> None:
    parts = [cell.part for cell in table[0].cells]
    taking = [number for number, part in enumerate(parts) if _takes(part, number, terms, one)]
    own = next((number for number, column in enumerate(table) if column.party == one.party), 0)
    if terms.get("liability", "several") == "joint":
        budgets = divided(one.claimed, [column.share for column in table], unit)
    else:
        is_own = [column.party == one.party for column in table]
        budgets = [one.claimed if mine else NOTHING for mine in is_own]
    credit = [NOTHING for _ in table]

    def fill(column: int, cell: int, amount: Fraction) -> Fraction:
        taken = min(amount, table[column].cells[cell].open)
        table[column].cells[cell].delivered += taken
        credit[column] += taken
        return taken

    for number, budget in enumerate(budgets):
        for cell in taking:
            budget -= fill(number, cell, budget)
    for cell in taking:
        opens = [column.cells[cell].open for column in table]
        left = min(one.claimed - sum(credit, NOTHING), sum(opens, NOTHING))
        for number, amount in enumerate(divided(left, opens, unit)):
            fill(number, cell, amount)
    left = one.claimed - sum(credit, NOTHING)
    if all(part.amount is not None for part in parts):
        table[own].beyond += left
    credit[own] += left
    accepted, contested = divided(one.accepted, credit, unit), divided(one.contested, credit, unit)
    for number, column in enumerate(table):
        column.delivered += credit[number]
        column.accepted += accepted[number]
        column.contested += contested[number]
        if one.reimburses is not None:
            column.reimbursing += credit[number]
            column.reimbursing_accepted += accepted[number]


def _release(table: list[Column], amount: Fraction | None, unit: Unit) -> None:
    """Release all obligors from an amount, the oldest part first, or from all that is open."""
    for number in range(len(table[0].cells)):
        opens = [column.cells[number].open for column in table]
        now = sum(opens, NOTHING) if amount is None else min(amount, sum(opens, NOTHING))
        for column, portion in zip(table, divided(now, opens, unit), strict=True):
            column.cells[number].released += portion
        if amount is not None:
            amount -= now
