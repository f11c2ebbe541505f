"""What was claimed towards a commitment, and what the beneficiary said of it: one claim per delivery.

A delivery counts as delivered from the milestone that the commitment declares, on the last possible day on which that
was reached. What is delivered towards a part of a commitment is delivered towards the whole as well; what was delivered
under a commitment that a merger absorbed counts for the one that it went on as.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from ledger.events.deliveries import Line
from ledger.events.terms import Milestone, MoneyObject
from ledger.events.values import When
from ledger.rules.schedules import amount_of, unit_of
from projections.figures import ZERO, Amount, Measure
from projections.reading import Given, Known, Made, explained

NOBODY: Final[frozenset[str]] = frozenset()
CLAIMING = frozenset({"delivery.recorded", "delivery.advanced", "delivery.corrected", "act.corrected"})


@dataclass(frozen=True, slots=True)
class Claim:
    """What one delivery comes to in one unit. `when` None: it has not reached the milestone that counts."""

    delivery: str
    party: str
    when: When | None
    claimed: Amount
    acknowledged: Amount
    disputed: Amount
    reimburses: str | None


def family(known: Known, made: Made) -> tuple[str, ...]:
    """Return the ids whose deliveries count for a commitment: its own, those merged into it, and all parts of these."""
    found: dict[str, None] = {}
    waiting = [made]
    while waiting:
        at = waiting.pop(0)
        found[at.view.id] = None
        near = [*at.view.absorbed, *at.history.children]
        known.fetch(f"commitment/{one}" for one in near)
        for one in near:
            other = known.commitment(one)
            if other is not None and one not in found and _counts_in(other, at):
                waiting.append(other)
    return tuple(found)


def _counts_in(other: Made, whole: Made) -> bool:
    if other.view.id in whole.view.absorbed:
        # What was converted keeps its own deliveries: only what was open of it became this commitment.
        return other.view.state == "merged" and other.view.became == whole.view.id
    part_of = other.view.terms.part_of
    return other.view.state != "merged" and part_of is not None and part_of.commitment == whole.view.id


def claims_of(known: Known, made: Made, measure: Measure) -> list[Claim]:
    """Return the claims towards a commitment in its unit, in the order of their days, then of their ids."""
    ids = family(known, made)
    known.fetch_deliveries(ids)
    counts_from = made.view.terms.counts_from
    every = (claim_of(given, counts_from, measure) for one in ids for given in known.deliveries(one))
    found = [claim for claim in every if claim is not None]
    return sorted(found, key=lambda claim: (claim.when.last if claim.when is not None else date.max, claim.delivery))


def claim_of(given: Given, counts_from: Milestone, measure: Measure) -> Claim | None:
    """Return what a delivery comes to in one unit; None if it was voided, is a duplicate, or is in other units."""
    view = given.view
    lines = [line.line for line in view.lines if _is_in(line, measure)]
    if view.state != "recorded" or not lines:
        return None
    reached = view.reached_on(counts_from)
    claiming = explained(given.history, claiming_events(given))
    said = explained(given.history, view.spoken) if view.spoken else NOBODY
    claimed = _sum(view.claimed, lines)
    acknowledged = _sum(view.acknowledged, lines)
    disputed = _sum(view.disputed, lines)
    return Claim(
        delivery=view.id,
        party=view.party,
        when=reached,
        claimed=Amount(claimed, claiming),
        acknowledged=Amount(acknowledged, said if acknowledged else NOBODY),
        disputed=Amount(disputed, said if disputed else NOBODY),
        reimburses=view.reimburses,
    )


def _sum(amounts: Mapping[int, Decimal], lines: Sequence[int]) -> Fraction:
    # Most deliveries have one line, and adding fractions is dear: nothing is added to nothing.
    found = [Fraction(amount) for line in lines if (amount := amounts.get(line))]
    return sum(found[1:], found[0]) if found else ZERO


def claiming_events(given: Given) -> Iterator[str]:
    """Yield the acts of a delivery by which its party claims it, at the milestone where it stands."""
    counted = set(given.view.events)
    for event in (act.event for act in given.history.acts):
        if event.id in counted and event.type in CLAIMING:
            yield event.id


def _is_in(line: Line, measure: Measure) -> bool:
    kind = "money" if isinstance(line.object, MoneyObject) else "units"
    return kind == measure.kind and unit_of(line.object) == measure.unit


def delivered_measures(given: Given) -> list[Measure]:
    """Return what the lines of a delivery are counted in, each once."""
    found: dict[Measure, None] = {}
    for line in given.view.lines:
        unit = unit_of(line.object)
        if unit is not None and amount_of(line.object) is not None:
            found[Measure("money" if isinstance(line.object, MoneyObject) else "units", unit)] = None
    return list(found)
