"""One guarantor at a glance: four headline figures for each category and unit, and what stands beside them.

What is part of its own envelope in the same unit counts once, in the envelope. Here a reimbursement fulfils the
commitment under which it was made, and is shown beside as well; voluntary deliveries fulfil none.
"""

from collections.abc import Sequence
from typing import Final

from ledger.events.parties import Role
from projections.answers import GuarantorSummary, Obligation, SummaryLine
from projections.counting import BESIDE, SUMMED, Line, committed_as_reserved, count, line_figures
from projections.figures import Measure
from projections.obligations import every_obligation, obligations_of
from projections.reading import Known

GUARANTOR_ROLES: Final = frozenset({Role.GUARANTOR, Role.SANCTIONS_GUARANTOR})

NOT_IN_EFFECT: Final = ("not_signed", "not_in_force", "no_effect")


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
    counted = count(known, owed, deliveries, lambda counts: counts == party_id)
    return GuarantorSummary(
        guarantor=party_id,
        name=party.name("en", known.as_of) if party is not None else party_id,
        roles=tuple(party.roles) if party is not None else (),
        lines=tuple(_written(category, measure, line) for category, measure, line in counted.sorted()),
        undisclosed=len(counted.undisclosed),
        undisclosed_commitments=tuple(sorted(counted.undisclosed)),
        indeterminate=sum(1 for one in owed if one.indeterminate_parts),
        commitments=len(owed),
        not_in_effect=sum(1 for one in owed if one.state in NOT_IN_EFFECT),
        pending=sum(len(one.pending) for one in owed),
        deliveries=len(deliveries),
    )


def _written(category: str, measure: Measure, line: Line) -> SummaryLine:
    return SummaryLine(
        category=category,
        kind="money" if measure.kind == "money" else "units",
        unit=measure.unit,
        committed_as_reserved=committed_as_reserved(line, measure),
        indeterminate=line.indeterminate,
        commitments=tuple(line.commitments),
        **line_figures(line, measure, (*SUMMED, *BESIDE)),
    )
