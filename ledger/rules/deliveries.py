"""Deliveries: what the obligor claims, at which milestone, and what the beneficiary says of it.

Claimed and acknowledged are two figures and never become one.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from ledger.events.corrections import ActCorrected
from ledger.events.deliveries import (
    DeliveryAcknowledged,
    DeliveryAdvanced,
    DeliveryCorrected,
    DeliveryDisputed,
    DeliveryEvent,
    DeliveryMarkedDuplicate,
    DeliveryRecorded,
    DeliveryVoided,
    DisputeSettled,
    Line,
    LineAmount,
)
from ledger.events.terms import MILESTONE_ORDER, Milestone, Valuation
from ledger.events.values import Category, When
from ledger.rules.history import Effective, History, effective, kept
from ledger.rules.schedules import amount_of

NOTHING: Final = Decimal(0)

Amounts = Mapping[int, Decimal]
"""Amounts by line number, read only."""

NO_AMOUNTS: Final[Amounts] = MappingProxyType({})


class Reached(Struct, frozen=True, gc=False):
    """A milestone, the days in which it was reached, and the act that says so."""

    milestone: Milestone
    when: When
    event_id: str


# A Struct of so many fields is made in 0.3 us, a frozen dataclass in 2.9, and a fold makes one for each act.
class Delivery(Struct, frozen=True, gc=False):
    """A delivery as of a date. Amounts are by line number, in the line's own unit.

    `spoken`: the acts of the beneficiary (and settlements) behind `acknowledged` and `disputed`.
    """

    id: str
    party: str
    recorded_in: str
    commitment: str | None
    category: Category | None
    lines: tuple[Line, ...]
    reached: tuple[Reached, ...]
    valuations: tuple[Valuation, ...] = ()
    channel: str | None = None
    reimburses: str | None = None
    acknowledged: Amounts = NO_AMOUNTS
    disputed: Amounts = NO_AMOUNTS
    grounds: tuple[str, ...] = ()
    state: Literal["recorded", "voided", "duplicate"] = "recorded"
    duplicate_of: str | None = None
    spoken: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    @property
    def claimed(self) -> dict[int, Decimal]:
        """The claimed amount of each line."""
        return {line.line: amount_of(line.object) or NOTHING for line in self.lines}

    @property
    def milestone(self) -> Milestone:
        return self.reached[-1].milestone

    def reached_on(self, milestone: Milestone) -> When | None:
        """Return the days in which `milestone` or a later one was first reached, None if it was not."""
        wanted = MILESTONE_ORDER.index(milestone)
        return next((one.when for one in self.reached if MILESTONE_ORDER.index(one.milestone) >= wanted), None)


@kept
def delivery(record: History | None, as_of: date | None = None) -> Delivery | None:
    """Fold the acts of a delivery stream; None where no record of it counts.

    An act is read as corrected whatever day is asked about, so what was said of its lines before is said of others.
    """
    found: Delivery | None = None
    if record is None:
        return None
    for item in effective(record):
        if as_of is None or item.on <= as_of:
            found = _evolve(record, found, item)
        elif found is not None and isinstance(item.event, ActCorrected):
            found = _read_anew(record, found, item.event)
    return found


def _read_anew(record: History, state: Delivery, event: ActCorrected) -> Delivery:
    """Lines that were corrected are other lines: what was said of them has to be said again."""
    return _reopened(state) if _claim_corrected(record, event) in state.events else state


def _claim_corrected(record: History, event: ActCorrected) -> str | None:
    """Return the claim of whose lines a correction is in the end; None if it is of something else."""
    act = record.act(event.act)
    while act is not None and isinstance(act.event, ActCorrected):
        if not event.field.startswith("/new"):
            return None
        event, act = act.event, record.act(act.event.act)
    is_claim = act is not None and isinstance(act.event, DeliveryRecorded | DeliveryCorrected)
    return event.act if is_claim and event.field.startswith("/lines") else None


def _evolve(record: History, state: Delivery | None, item: Effective) -> Delivery | None:
    event = item.event
    if isinstance(event, DeliveryRecorded):
        return _recorded(event)
    if state is None:
        return None
    if isinstance(event, ActCorrected):
        changed = _read_anew(record, state, event)
    elif isinstance(event, DeliveryEvent):
        changed = _changed(state, event)
    else:
        return state
    return replace(changed, events=(*state.events, event.id))


def _recorded(event: DeliveryRecorded) -> Delivery:
    assert event.occurred is not None
    return Delivery(
        id=event.delivery,
        party=event.party,
        recorded_in=event.id,
        commitment=event.commitment,
        category=event.category,
        lines=event.lines,
        reached=(Reached(event.milestone, event.occurred, event.id),),
        valuations=event.valuations,
        channel=event.channel,
        reimburses=event.reimburses,
        events=(event.id,),
    )


def _changed(state: Delivery, event: DeliveryEvent) -> Delivery:
    match event:
        case DeliveryAdvanced() if event.occurred is not None:
            return replace(state, reached=(*state.reached, Reached(event.milestone, event.occurred, event.id)))
        case DeliveryAcknowledged():
            accepted = _added(state.acknowledged, event.lines)
            return _spoken(state, event, accepted, state.disputed)
        case DeliveryDisputed():
            contested = _added(state.disputed, event.lines)
            return replace(
                _spoken(state, event, state.acknowledged, contested), grounds=(*state.grounds, event.grounds)
            )
        case DisputeSettled():
            settled = {one.line: Decimal(one.amount) for one in event.lines}
            left = {line: amount for line, amount in state.disputed.items() if line not in settled}
            return _spoken(state, event, MappingProxyType({**state.acknowledged, **settled}), MappingProxyType(left))
        case DeliveryCorrected():
            return replace(_reopened(state), lines=event.lines)
        case DeliveryVoided():
            return replace(state, state="voided")
        case DeliveryMarkedDuplicate():
            return replace(state, state="duplicate", duplicate_of=event.duplicate_of)
        case _:
            return state


def _added(amounts: Amounts, lines: tuple[LineAmount, ...]) -> Amounts:
    total = dict(amounts)
    for one in lines:
        total[one.line] = total.get(one.line, NOTHING) + Decimal(one.amount)
    return MappingProxyType(total)


def _spoken(
    state: Delivery,
    event: DeliveryEvent,
    acknowledged: Amounts,
    disputed: Amounts,
) -> Delivery:
    """Return the delivery after a word on its lines; what is accepted later is no longer disputed."""
    claimed = state.claimed
    contested = {
        line: min(amount, claimed.get(line, NOTHING) - acknowledged.get(line, NOTHING))
        for line, amount in disputed.items()
    }
    left = MappingProxyType({line: amount for line, amount in contested.items() if amount > 0})
    return replace(state, acknowledged=acknowledged, disputed=left, spoken=(*state.spoken, event.id))


def _reopened(state: Delivery) -> Delivery:
    return replace(state, acknowledged=NO_AMOUNTS, disputed=NO_AMOUNTS, grounds=(), spoken=())
