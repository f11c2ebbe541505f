"""A guarantor at a glance: the figures of its obligations by category and unit, each thing counted once.

What is part of an envelope of its own in the same unit is counted in the envelope. Voluntary deliveries fulfil no
commitment, reimbursements are a financing link; both stand beside.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.model.naive.docket import Reading
from tests.model.naive.handovers import NOTHING, Handover, claim, handovers
from tests.model.naive.promises import Unit, promise, unit_of
from tests.model.naive.recount import Owed, counted_in, owed_by

SUMMED = (
    *("committed", "delivered", "acknowledged", "overdue", "disputed", "lapsed", "suspended", "released"),
    *("beyond_commitment", "reimbursements"),
)

Line = dict[str, Fraction]


@dataclass
class Headline:
    """The figures of one guarantor by category and unit, and how much of it all has none."""

    lines: dict[tuple[str, Unit], Line] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Fraction)))
    undisclosed: list[str] = field(default_factory=list)
    indeterminate: int = 0
    commitments: int = 0
    not_in_effect: int = 0
    pending: int = 0
    deliveries: int = 0


def headline(reading: Reading, party: str, as_of: date) -> Headline:
    """Return the summary of one guarantor on a day."""
    found = Headline()
    every = [one for name in reading.names("commitment") for one in owed_by(reading, name, as_of)]
    owed = [one for one in every if one.party == party]
    given = [one for one in handovers(reading, as_of) if one.party == party]
    for one in owed:
        found.commitments += 1
        found.pending += len(one.pending)
        found.not_in_effect += one.state in ("not_signed", "not_in_force", "no_effect")
        found.indeterminate += bool(one.indeterminate)
        if one.unit is None:
            found.undisclosed.append(one.commitment)
        elif one.state != "merged" and not _is_within_own(reading, one, as_of):
            line = found.lines[one.category, one.unit]
            for name in SUMMED:
                line[name] += one.figures[name] or NOTHING
    for item in given:
        found.deliveries += 1
        _add_beside(reading, found, item, as_of)
    return found


def _is_within_own(reading: Reading, one: Owed, as_of: date) -> bool:
    """Return whether an obligation is counted in an envelope, near or far, that the same party owes."""
    seen = {one.commitment}
    name = one.counted_in
    while name is not None and name not in seen:
        seen.add(name)
        whole = promise(reading, name, as_of)
        if whole is None:
            return False
        if whole.state == "merged":
            name = whole.became
            continue
        if one.party in whole.obligors:
            return True
        name = counted_in(reading, whole, as_of)
    return False


def _add_beside(reading: Reading, found: Headline, item: Handover, as_of: date) -> None:
    under = promise(reading, item.commitment, as_of) if item.commitment is not None else None
    if under is not None and under.id not in found.undisclosed:
        return
    category = under.terms["category"] if under is not None else item.category
    counts_from = under.terms["counts_from"] if under is not None else "handed_over"
    for unit in dict.fromkeys(unit_of(one["object"]) for one in item.lines):
        done = claim(item, counts_from, unit) if unit is not None else None
        if done is None or done.days is None or category is None or unit is None:
            continue
        line = found.lines[category, unit]
        line["disputed"] += done.contested
        if done.reimburses is not None:
            line["reimbursements"] += done.claimed
        elif under is None:
            line["voluntary"] += done.claimed
        else:
            line["delivered"] += done.claimed
            line["acknowledged"] += done.accepted
