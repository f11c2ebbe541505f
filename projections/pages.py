"""Pages of truth on commitments and deliveries: everything the ledger holds about one of them, with its timeline."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Final

from msgspec import Struct

from ledger.events.terms import Terms, Valuation
from ledger.events.values import Source, Texts, When
from ledger.rules.deliveries import NOTHING as NO_AMOUNT
from ledger.rules.history import History
from ledger.rules.schedules import unit_of
from projections.answers import Moment, Obligation, PendingAct
from projections.claims import claiming_events, delivered_measures
from projections.figures import Amount, Figure, Measure, figure, measure_of, total
from projections.obligations import obligations_under, proposed
from projections.reading import Given, Known, explained
from projections.timeline import pending, timeline

WHOLE: Final = ("promised", "committed", "due", "delivered", "acknowledged", "disputed", "open", "overdue", "lapsed")


class TermsShown(Struct, frozen=True, kw_only=True):
    """Terms and the act that set them. The last ones are in force."""

    since: date
    event: str
    terms: Terms


class ResolutionShown(Struct, frozen=True, kw_only=True):
    """The amount of a formula for one period."""

    period: When
    figure: Figure
    source: Source


class WaiverShown(Struct, frozen=True, kw_only=True):
    """A release by the beneficiary; no amount: of all that was open."""

    on: date
    amount: str | None
    event: str


class CommitmentPage(Struct, frozen=True, kw_only=True):
    """A commitment: its terms over time, the figures of the whole, and the obligation of each obligor.

    The figures of the whole count units once; they are null where the object has no figure.
    """

    commitment: str
    title: Texts
    instrument: str
    article: str | None
    category: str
    kind: str
    unit: str | None
    obligors: tuple[str, ...]
    state: str
    made_on: date
    ended_on: date | None
    became: str | None
    absorbed: tuple[str, ...]
    part_of: str | None
    parts_within: tuple[str, ...]
    whole: dict[str, Figure | None]
    obligations: tuple[Obligation, ...]
    versions: tuple[TermsShown, ...]
    resolutions: tuple[ResolutionShown, ...]
    waivers: tuple[WaiverShown, ...]
    deliveries: tuple[str, ...]
    pending: tuple[PendingAct, ...]
    timeline: tuple[Moment, ...]


def commitment_page(known: Known, history: History) -> CommitmentPage | None:
    """Return the page of a commitment; None where nothing had made or proposed it by the day."""
    commitment_id = history.stream.partition("/")[2]
    made = known.commitment(commitment_id)
    view = made.view if made is not None else proposed(history, known.as_of)
    if view is None:
        return None
    owed = obligations_under(known, history)
    measure = measure_of(view.terms.object)
    versions = tuple(TermsShown(since=one.since, event=one.event_id, terms=one.terms) for one in view.versions)
    resolutions = (
        ResolutionShown(
            period=one.period,
            figure=figure(Amount(Fraction(one.amount), frozenset({one.event_id})), Measure("money", one.currency)),
            source=one.source,
        )
        for one in view.resolutions
    )
    return CommitmentPage(
        commitment=commitment_id,
        title=view.title,
        instrument=view.instrument,
        article=view.article,
        category=view.terms.category,
        kind=owed[0].kind,
        unit=measure.unit if measure is not None else None,
        obligors=view.obligors,
        state=_state(owed),
        made_on=view.made_on,
        ended_on=view.ended_on,
        became=view.became,
        absorbed=view.absorbed,
        part_of=owed[0].part_of,
        parts_within=history.children,
        whole={name: _whole(owed, name, measure) for name in WHOLE},
        obligations=owed,
        versions=versions,
        resolutions=tuple(resolutions),
        waivers=tuple(
            WaiverShown(on=one.on, amount=f"{one.amount}" if one.amount is not None else None, event=one.event_id)
            for one in view.waivers
        ),
        deliveries=tuple(dict.fromkeys(delivery for one in owed for delivery in one.deliveries)),
        pending=pending(history, known.as_of),
        timeline=timeline(history, known.as_of),
    )


def _state(owed: Sequence[Obligation]) -> str:
    """Return the state that all obligors share, or `mixed`."""
    states = {one.state for one in owed}
    return states.pop() if len(states) == 1 else "mixed"


def _whole(owed: Sequence[Obligation], name: str, measure: Measure | None) -> Figure | None:
    shown: list[Figure | None] = [getattr(one, name) for one in owed]
    known = [one for one in shown if one is not None]
    if measure is None or len(known) < len(shown):
        return None
    return figure(total(Amount(Fraction(one.amount), frozenset(one.events)) for one in known), measure)


class LineShown(Struct, frozen=True, kw_only=True):
    """One line of a delivery: what its party claims, and what the beneficiary says of it. Each is its own figure."""

    line: int
    kind: str
    unit: str
    description: str | None
    claimed: Figure
    acknowledged: Figure
    disputed: Figure
    unanswered: Figure


class ReachedShown(Struct, frozen=True, kw_only=True):
    """A milestone and the days in which it was reached."""

    milestone: str
    when: When
    event: str


class DeliveryPage(Struct, frozen=True, kw_only=True):
    """A delivery. `counted`: whether its commitment counts it as delivered on the day."""

    delivery: str
    party: str
    commitment: str | None
    instrument: str | None
    category: str | None
    state: str
    duplicate_of: str | None
    milestone: str
    counts_from: str | None
    counted: bool
    reached: tuple[ReachedShown, ...]
    lines: tuple[LineShown, ...]
    grounds: tuple[str, ...]
    valuations: tuple[Valuation, ...]
    channel: str | None
    reimburses: str | None
    pending: tuple[PendingAct, ...]
    timeline: tuple[Moment, ...]


def delivery_page(known: Known, given: Given) -> DeliveryPage:
    """Return the page of a delivery."""
    view = given.view
    made = known.commitment(view.commitment) if view.commitment is not None else None
    counts_from = made.view.terms.counts_from if made is not None else None
    return DeliveryPage(
        delivery=view.id,
        party=view.party,
        commitment=view.commitment,
        instrument=made.view.instrument if made is not None else None,
        category=made.view.terms.category if made is not None else view.category,
        state=view.state,
        duplicate_of=view.duplicate_of,
        milestone=view.milestone,
        counts_from=counts_from,
        counted=view.state == "recorded" and counts_from is not None and view.reached_on(counts_from) is not None,
        reached=tuple(ReachedShown(milestone=one.milestone, when=one.when, event=one.event_id) for one in view.reached),
        lines=_lines(given),
        grounds=view.grounds,
        valuations=view.valuations,
        channel=view.channel,
        reimburses=view.reimburses,
        pending=pending(given.history, known.as_of),
        timeline=timeline(given.history, known.as_of),
    )


def _lines(given: Given) -> tuple[LineShown, ...]:
    view = given.view
    claiming = explained(given.history, claiming_events(given))
    said = explained(given.history, view.spoken)
    measures = {(measure.kind, measure.unit): measure for measure in delivered_measures(given)}
    shown = []
    for line in view.lines:
        kind = line.object.__struct_config__.tag
        measure = measures["money" if kind == "money" else "units", unit_of(line.object) or ""]
        claimed = Fraction(view.claimed[line.line])
        accepted = Fraction(view.acknowledged.get(line.line, NO_AMOUNT))
        contested = Fraction(view.disputed.get(line.line, NO_AMOUNT))
        shown.append(
            LineShown(
                line=line.line,
                kind=str(kind),
                unit=measure.unit,
                description=line.description,
                claimed=figure(Amount(claimed, claiming), measure),
                acknowledged=figure(Amount(accepted, said if accepted else frozenset()), measure),
                disputed=figure(Amount(contested, said if contested else frozenset()), measure),
                unanswered=figure(Amount(claimed - accepted - contested, claiming), measure),
            )
        )
    return tuple(shown)
