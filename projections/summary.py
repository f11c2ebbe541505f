"""One guarantor at a glance: four headline figures for each category and unit, and what stands beside them.

What is part of an envelope in the same unit counts once, in the envelope. Voluntary deliveries and reimbursements stand
beside: the first fulfil no commitment, the second are a financing link and no second delivery.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from ledger.events.parties import Role
from ledger.events.terms import Milestone
from projections.answers import GuarantorSummary, Obligation, SummaryLine
from projections.claims import claim_of, delivered_measures
from projections.figures import NOTHING, Amount, Figure, Measure, figure
from projections.obligations import every_obligation, obligations_of
from projections.reading import Given, Known

GUARANTOR_ROLES: Final = frozenset({Role.GUARANTOR, Role.SANCTIONS_GUARANTOR})

VOLUNTARY_COUNTS_FROM: Final = Milestone.HANDED_OVER
"""No terms declare a milestone for a delivery that fulfils none: the strictest is taken."""

NOT_IN_EFFECT: Final = ("not_signed", "not_in_force", "no_effect")

_SUMMED: Final = (
    *("committed", "delivered", "acknowledged", "overdue", "disputed", "lapsed", "suspended", "released"),
    *("beyond_commitment", "reimbursements"),
)


@dataclass
class _Line:
    """The sums of one category in one unit, while they are made."""

    amounts: dict[str, Amount] = field(default_factory=dict)
    indeterminate: int = 0
    commitments: dict[str, None] = field(default_factory=dict)

    def add(self, name: str, amount: Amount) -> None:
        self.amounts[name] = self.amounts.get(name, NOTHING) + amount


def summary_of(known: Known, party: str) -> GuarantorSummary:
    """Return the summary of one party."""
    return _summary(known, party, obligations_of(known, party))


def summaries(known: Known) -> tuple[GuarantorSummary, ...]:
    """Return the summary of every party that is a guarantor on the day, or owes something, by party id."""
    owed: dict[str, list[Obligation]] = {}
    for one in every_obligation(known):
        owed.setdefault(one.guarantor, []).append(one)
    histories = known.take(known.rows.of_kind("party"))
    for history in histories:
        party_id = history.stream.partition("/")[2]
        party = known.party(party_id)
        if party is not None and GUARANTOR_ROLES & set(party.roles):
            owed.setdefault(party_id, [])
    return tuple(_summary(known, party_id, owed[party_id]) for party_id in sorted(owed))


def _summary(known: Known, party_id: str, owed: Sequence[Obligation]) -> GuarantorSummary:
    party = known.party(party_id)
    deliveries = known.given(known.take(known.rows.of_party("delivery", party_id)))
    lines: dict[tuple[str, Measure], _Line] = {}
    for one in owed:
        _add_obligation(lines, one)
    undisclosed = {one.commitment for one in owed if one.kind == "undisclosed"}
    for given in deliveries:
        _add_beside(known, lines, given, undisclosed)
    return GuarantorSummary(
        guarantor=party_id,
        name=party.name("en", known.as_of) if party is not None else party_id,
        roles=tuple(party.roles) if party is not None else (),
        lines=tuple(_written(key, lines[key]) for key in sorted(lines, key=lambda key: (key[0], key[1].unit))),
        undisclosed=len(undisclosed),
        undisclosed_commitments=tuple(sorted(undisclosed)),
        indeterminate=sum(1 for one in owed if one.indeterminate_parts),
        commitments=len(owed),
        not_in_effect=sum(1 for one in owed if one.state in NOT_IN_EFFECT),
        pending=sum(len(one.pending) for one in owed),
        deliveries=len(deliveries),
    )


def _add_obligation(lines: dict[tuple[str, Measure], _Line], one: Obligation) -> None:
    # What a merger absorbed is counted where it went on, what is within an envelope in the envelope.
    if one.unit is None or one.counted_in is not None or one.state == "merged":
        return
    measure = Measure("money" if one.kind in ("money", "formula") else "units", one.unit)
    line = lines.setdefault((one.category, measure), _Line())
    line.commitments[one.commitment] = None
    line.indeterminate += one.indeterminate_parts
    for name in _SUMMED:
        shown: Figure | None = getattr(one, name)
        if shown is not None:
            line.add(name, Amount(Fraction(shown.amount), frozenset(shown.events)))


def _add_beside(
    known: Known, lines: dict[tuple[str, Measure], _Line], given: Given, undisclosed: Iterable[str]
) -> None:
    """Add a delivery that no obligation in figures counts: a voluntary one, or one of what was never disclosed."""
    made = known.commitment(given.view.commitment) if given.view.commitment is not None else None
    if made is not None and made.view.id not in undisclosed:
        return
    category = made.view.terms.category if made is not None else given.view.category
    counts_from = made.view.terms.counts_from if made is not None else VOLUNTARY_COUNTS_FROM
    for measure in delivered_measures(given):
        claim = claim_of(given, counts_from, measure)
        if claim is None or claim.when is None or category is None:
            continue
        line = lines.setdefault((category, measure), _Line())
        if claim.reimburses is not None:
            line.add("reimbursements", claim.claimed)
        else:
            line.add("voluntary" if made is None else "delivered", claim.claimed)
        line.add("acknowledged", claim.acknowledged)
        line.add("disputed", claim.disputed)


def _written(key: tuple[str, Measure], line: _Line) -> SummaryLine:
    category, measure = key
    shown = {name: figure(line.amounts.get(name, NOTHING), measure) for name in (*_SUMMED, "voluntary")}
    return SummaryLine(
        category=category,
        kind="money" if measure.kind == "money" else "units",
        unit=measure.unit,
        indeterminate=line.indeterminate,
        commitments=tuple(line.commitments),
        **shown,
    )
