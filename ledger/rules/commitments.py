"""Commitments: the terms in force, and what became of the rest.

The id of a commitment that was merged or converted still resolves: it names what it became.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Final, Literal

from ledger.events.commitments import (
    CommitmentAmended,
    CommitmentConverted,
    CommitmentEvent,
    CommitmentMade,
    CommitmentMerged,
    CommitmentResolved,
    CommitmentWaived,
    CommitmentWithdrawn,
)
from ledger.events.terms import Object, Terms, Valuation
from ledger.events.values import Source, Texts, When
from ledger.rules.history import Effective, History, effective, kept

ACTS_KEPT_MAX: Final = 32_768
"""Every delivery is decided by the commitment that it is under: that costs 60 µs to fold, 30 an entry."""


@dataclass(frozen=True, slots=True)
class TermsFrom:
    """Terms in force from a day on, and the act that set them."""

    since: date
    terms: Terms
    event_id: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """The amount of a formula for one period."""

    period: When
    amount: Decimal
    currency: str
    source: Source
    event_id: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """A release by the beneficiary; `amount` None: of all that was open. `counted`: what was promised at that time."""

    on: date
    amount: Decimal | None
    event_id: str
    counted: Object


@dataclass(frozen=True, slots=True)
class Commitment:
    """A commitment as of a date. `became` is the commitment that it went on as, once converted or merged."""

    id: str
    instrument: str
    title: Texts
    made_on: date
    made_in: str
    versions: tuple[TermsFrom, ...]
    article: str | None = None
    valuations: tuple[Valuation, ...] = ()
    resolutions: tuple[Resolution, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    absorbed: tuple[str, ...] = ()
    state: Literal["open", "withdrawn", "waived", "converted", "merged"] = "open"
    ended_on: date | None = None
    ended_in: str | None = None
    became: str | None = None
    events: tuple[str, ...] = ()

    @property
    def terms(self) -> Terms:
        return self.versions[-1].terms

    @property
    def obligors(self) -> tuple[str, ...]:
        return tuple(obligor.party for obligor in self.terms.obligors)


@partial(kept, acts_max=ACTS_KEPT_MAX)
def commitment(record: History | None, as_of: date | None = None) -> Commitment | None:
    """Fold the acts of a commitment stream; None where nothing that counts made it."""
    found: Commitment | None = None
    if record is None:
        return None
    commitment_id = record.stream.partition("/")[2]
    for item in effective(record, as_of):
        found = _evolve(commitment_id, found, item)
    return found


def _evolve(commitment_id: str, state: Commitment | None, item: Effective) -> Commitment | None:
    event = item.event
    match event:
        case CommitmentMade():
            return _made(event, item)
        case CommitmentConverted() if event.into == commitment_id:
            return _converted(event, item)
        case CommitmentEvent() if state is not None:
            changed = _changed(commitment_id, state, event, item)
            return replace(changed, events=(*state.events, event.id))
        case _:
            return state


def _made(event: CommitmentMade, item: Effective) -> Commitment:
    return Commitment(
        id=event.commitment,
        instrument=event.instrument,
        title=event.title,
        made_on=item.on,
        made_in=event.id,
        versions=(TermsFrom(item.on, event.terms, event.id),),
        article=event.article,
        valuations=event.valuations,
        events=(event.id,),
    )


def _converted(event: CommitmentConverted, item: Effective) -> Commitment:
    return Commitment(
        id=event.into,
        instrument=event.instrument,
        title=event.title,
        made_on=event.agreed_on or item.on,
        made_in=event.id,
        versions=(TermsFrom(event.agreed_on or item.on, event.terms, event.id),),
        absorbed=(event.commitment,),
        events=(event.id,),
    )


def _changed(commitment_id: str, state: Commitment, event: CommitmentEvent, item: Effective) -> Commitment:
    match event:
        case CommitmentAmended():
            return _with_terms(state, event.terms, item)
        case CommitmentResolved():
            made = Resolution(event.period, Decimal(event.amount), event.currency, event.source, event.id)
            return replace(state, resolutions=(*state.resolutions, made))
        case CommitmentWithdrawn():
            return replace(state, state="withdrawn", ended_on=item.on, ended_in=event.id)
        case CommitmentWaived():
            amount = None if event.amount is None else Decimal(event.amount)
            waived = replace(state, waivers=(*state.waivers, Waiver(item.on, amount, event.id, state.terms.object)))
            return (
                waived if amount is not None else replace(waived, state="waived", ended_on=item.on, ended_in=event.id)
            )
        case CommitmentConverted():
            return replace(state, state="converted", ended_on=item.on, ended_in=event.id, became=event.into)
        case CommitmentMerged() if event.commitment == commitment_id:
            return replace(_with_terms(state, event.terms, item), absorbed=(*state.absorbed, *event.absorbed))
        case CommitmentMerged():
            return replace(state, state="merged", ended_on=item.on, ended_in=event.id, became=event.commitment)
        case _:
            return state


def _with_terms(state: Commitment, terms: Terms, item: Effective) -> Commitment:
    return replace(state, versions=(*state.versions, TermsFrom(item.on, terms, item.event.id)))
