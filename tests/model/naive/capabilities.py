"""What is needed of each capability, and what all guarantors together have promised and done, each thing counted once.

A capability is a category and a unit. What is within an envelope in the same unit is counted in the envelope.
Reimbursements are in no figure, voluntary deliveries in one of their own. A need that is met takes with it as much as
it was for.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.events.currencies import exponent
from tests.model.naive.docket import Reading
from tests.model.naive.handovers import NOTHING, claim, handovers
from tests.model.naive.promises import Unit, promise, unit_of
from tests.model.naive.recount import counted_in, owed_by

Capability = tuple[str, Unit]


@dataclass
class Need:
    """A requirement as the beneficiary stated it last."""

    capability: Capability
    quantity: Fraction
    is_met: bool = False


def needs(reading: Reading, as_of: date) -> list[Need]:
    """Return what the beneficiary had said by a day that it needs."""
    found = []
    for name in reading.names("requirement"):
        need: Need | None = None
        for act in reading.counted(f"requirement/{name}", as_of):
            match act.type:
                case "requirement.stated":
                    # A unit that is the code of a currency is money.
                    kind = "money" if exponent(act["unit"]) is not None else "units"
                    need = Need((act["category"], (kind, act["unit"])), Fraction(act["quantity"]))
                case "requirement.revised" if need is not None:
                    need.quantity = Fraction(act["quantity"])
                case "requirement.met" if need is not None:
                    need.is_met = True
                case _:
                    pass
        if need is not None:
            found.append(need)
    return found


def capabilities(reading: Reading, as_of: date) -> dict[Capability, dict[str, Fraction]]:
    """Return the figures of every capability in which something is needed, owed or given."""
    table: dict[Capability, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for name in reading.names("commitment"):
        for one in owed_by(reading, name, as_of):
            if one.unit is None or one.state == "merged" or is_within(reading, name, as_of):
                continue
            line = table[one.category, one.unit]
            back = {"delivered": "reimbursements", "acknowledged": "reimbursements_acknowledged"}
            for figure in ("committed", "delivered", "acknowledged", "overdue"):
                line[figure] += one.figures[figure] or NOTHING
                line[figure] -= one.figures[back[figure]] or NOTHING if figure in back else NOTHING
    _add_beside(reading, table, as_of)
    for need in needs(reading, as_of):
        table[need.capability]["met" if need.is_met else "required"] += need.quantity
    for line in table.values():
        for figure in ("committed", "delivered"):
            left = max(line[figure] - line["met"], NOTHING)
            line[f"gap_{figure}"] = max(line["required"] - left, NOTHING)
    return table


def is_within(reading: Reading, name: str, as_of: date) -> bool:
    """Return whether a commitment is counted in another, or in what that went on as."""
    at, seen = promise(reading, name, as_of), {name}
    over = counted_in(reading, at, as_of) if at is not None else None
    while over is not None and over not in seen:
        seen.add(over)
        whole = promise(reading, over, as_of)
        if whole is None or whole.state != "merged":
            return whole is not None
        over = whole.became
    return False


def _add_beside(reading: Reading, table: dict[Capability, dict[str, Fraction]], as_of: date) -> None:
    """Add what fulfils no commitment, and what was delivered of a commitment that has no figure."""
    for item in handovers(reading, as_of):
        under = promise(reading, item.commitment, as_of) if item.commitment is not None else None
        if under is not None and unit_of(under.terms["object"]) is not None:
            continue
        category = under.terms["category"] if under is not None else item.category
        counts_from = under.terms["counts_from"] if under is not None else "handed_over"
        for unit in dict.fromkeys(unit_of(one["object"]) for one in item.lines):
            done = claim(item, counts_from, unit) if unit is not None else None
            if done is None or done.days is None or category is None or unit is None or done.reimburses is not None:
                continue
            line = table[category, unit]
            line["delivered" if under is not None else "voluntary"] += done.claimed
            line["acknowledged" if under is not None else "voluntary_acknowledged"] += done.accepted
