"""What many obligations come to together, by category and unit, each thing counted once.

What is part of an envelope in the same unit is counted in the envelope, if somebody who owes the envelope is among
those that are counted; otherwise it stands for itself. So a part that a member owes within an envelope of the European
Union is in the totals once, and is still there where the Union is left out.

Voluntary deliveries and reimbursements stand beside: the first fulfil no commitment, the second are a financing link.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from ledger.events.terms import Milestone
from ledger.rules.commitments import Commitment
from projections.answers import Obligation
from projections.claims import claim_of, delivered_measures
from projections.figures import NOTHING, Amount, Figure, Measure, Tally, figure
from projections.obligations import counted_in, settlement_of
from projections.reading import Given, Known

VOLUNTARY_COUNTS_FROM: Final = Milestone.HANDED_OVER
"""No terms declare a milestone for a delivery that fulfils none: the strictest is taken."""

HEADLINES: Final = ("committed", "delivered", "acknowledged", "overdue")
"""The four figures that stand beside each other and never become one."""

SUMMED: Final = (
    *HEADLINES,
    *("disputed", "lapsed", "suspended", "released", "beyond_commitment", "reimbursements"),
)
"""The figures of an obligation that can be added up."""

BESIDE: Final = ("voluntary", "voluntary_acknowledged")

Counts = Callable[[str], bool]
"""Whether what a party owes and gives is counted."""


@dataclass
class Line:
    """The sums of one category in one unit, while they are made.

    `reimbursed`: what of the delivered is reimbursements; `reimbursed_acknowledged`: what of the acknowledged.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    indeterminate: int = 0
    commitments: dict[str, None] = field(default_factory=dict)
    guarantors: set[str] = field(default_factory=set)

    def add(self, name: str, amount: Amount) -> None:
        self.tallies.setdefault(name, Tally()).add(amount.value, amount.events)

    def amount(self, name: str) -> Amount:
        return self.tallies[name].amount if name in self.tallies else Amount()

    def given(self, name: str) -> Amount:
        """Return a figure without reimbursements: what came to the beneficiary, once."""
        whole = self.amount(name)
        if name not in _REIMBURSED:
            return whole
        paid_back = self.amount(_REIMBURSED[name])
        return Amount(whole.value - paid_back.value, whole.events - paid_back.events)


_REIMBURSED: Final = {"delivered": "reimbursed", "acknowledged": "reimbursed_acknowledged"}

Lines = dict[tuple[str, Measure], Line]
"""Lines by category and by what they are counted in."""


@dataclass(frozen=True)
class Counted:
    """What was counted. `undisclosed`: the category of each commitment that has no figure, by commitment id."""

    lines: Lines = field(default_factory=dict)
    undisclosed: dict[str, str] = field(default_factory=dict)

    def line(self, category: str, measure: Measure) -> Line:
        return self.lines.setdefault((category, measure), Line())

    def sorted(self) -> list[tuple[str, Measure, Line]]:
        """Return the lines by category, then by unit."""
        keys = sorted(self.lines, key=lambda key: (key[0], key[1].unit, key[1].kind))
        return [(category, measure, self.lines[category, measure]) for category, measure in keys]


def count(known: Known, owed: Iterable[Obligation], given: Iterable[Given], counts: Counts) -> Counted:
    """Return what obligations and deliveries come to, of the parties that count."""
    counted = Counted()
    for one in owed:
        if counts(one.guarantor):
            _add_obligation(known, counted, one, counts)
    for item in given:
        if counts(item.view.party):
            _add_beside(known, counted, item)
    return counted


def measure_of_unit(kind: str, unit: str) -> Measure:
    """Return what an obligation of this kind is counted in."""
    return Measure("money" if kind in ("money", "formula") else "units", unit)


def line_figures(line: Line, measure: Measure, names: Iterable[str]) -> dict[str, Figure]:
    """Return figures of a line as they are written, by name."""
    return {name: figure(line.amount(name), measure) for name in names}


def committed_as_reserved(line: Line, measure: Measure) -> Figure | None:
    """Return what is committed without that to which a contested reservation was made; None where there is none."""
    whole, contested = line.amount("committed"), line.amount("contested_by_reservation")
    if not contested.value:
        return None
    return figure(Amount(whole.value - contested.value, whole.events - contested.events), measure)


def given_figures(line: Line, measure: Measure, names: Iterable[str]) -> dict[str, Figure]:
    """Return figures of a line without reimbursements, by name."""
    return {name: figure(line.given(name), measure) for name in names}


def _add_obligation(known: Known, counted: Counted, one: Obligation, counts: Counts) -> None:
    if one.kind == "undisclosed":
        counted.undisclosed[one.commitment] = one.category
    # What a merger absorbed is counted where it went on.
    if one.unit is None or one.state == "merged" or _is_within(known, one, counts):
        return
    line = counted.line(one.category, measure_of_unit(one.kind, one.unit))
    line.commitments[one.commitment] = None
    line.guarantors.add(one.guarantor)
    line.indeterminate += one.indeterminate_parts
    for name in SUMMED:
        shown: Figure | None = getattr(one, name)
        if shown is not None and shown.amount.strip("0."):
            line.add(name, _amount(shown))
    if one.committed is not None and any(item.objections for item in one.reservations):
        line.add("contested_by_reservation", _amount(one.committed))
    if one.reimbursements is not None:
        line.add("reimbursed", _amount(one.reimbursements))
    # A reimbursement can be acknowledged while it is still under way, and is delivered by then to no extent.
    if one.acknowledged is not None and Fraction(one.acknowledged.amount):
        line.add("reimbursed_acknowledged", _acknowledged_of_reimbursements(known, one))


def _is_within(known: Known, one: Obligation, counts: Counts) -> bool:
    return any(counts(party) for envelope in _envelopes(known, one) for party in envelope.obligors)


def _envelopes(known: Known, one: Obligation) -> Iterator[Commitment]:
    """Yield the commitments that an obligation is counted in, the nearest first; for a merged one, what it became."""
    seen = {one.commitment}
    at = one.counted_in
    while at is not None and at not in seen:
        seen.add(at)
        made = known.commitment(at)
        if made is None:
            return
        if made.view.state != "merged":
            yield made.view
        at = made.view.became if made.view.state == "merged" else counted_in(known, made.view.terms)


def _acknowledged_of_reimbursements(known: Known, one: Obligation) -> Amount:
    """Return what of an obligation's acknowledged is of reimbursements, as its deliveries were credited."""
    histories = [known.history(f"delivery/{delivery}") for delivery in one.deliveries]
    given = known.given(history for history in histories if history is not None)
    made = known.commitment(one.commitment)
    if made is None or all(item.view.reimburses is None for item in given):
        return NOTHING
    settlement = settlement_of(known, made)
    account = settlement.account(one.guarantor) if settlement is not None else None
    return account.reimbursing_acknowledged.amount if account is not None else NOTHING


def _add_beside(known: Known, counted: Counted, given: Given) -> None:
    """Add a delivery that no obligation in figures counts: a voluntary one, or one of what was never disclosed."""
    made = known.commitment(given.view.commitment) if given.view.commitment is not None else None
    if made is not None and made.view.id not in counted.undisclosed:
        return
    category = made.view.terms.category if made is not None else given.view.category
    counts_from = made.view.terms.counts_from if made is not None else VOLUNTARY_COUNTS_FROM
    for measure in delivered_measures(given):
        claim = claim_of(given, counts_from, measure)
        if claim is None or claim.when is None or category is None:
            continue
        line = counted.line(category, measure)
        line.add("disputed", claim.disputed)
        if claim.reimburses is not None:
            line.add("reimbursements", claim.claimed)
        else:
            line.add("voluntary" if made is None else "delivered", claim.claimed)
            line.add("voluntary_acknowledged" if made is None else "acknowledged", claim.acknowledged)


def _amount(shown: Figure) -> Amount:
    return Amount(Fraction(shown.amount), frozenset(shown.events))
