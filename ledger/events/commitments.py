"""The stream `commitment`. One obligor signs; whatever needs others waits, pending, for their `consent.given`."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from ledger.events.header import Event
from ledger.events.terms import Terms, Valuation
from ledger.events.values import (
    Amount,
    CurrencyCode,
    EntityId,
    LongText,
    ShortText,
    Source,
    Texts,
    When,
    check_decimals,
)


class CommitmentEvent(Event, frozen=True, kw_only=True):
    """An act on one commitment."""

    commitment: EntityId


class CommitmentMade(CommitmentEvent, frozen=True, kw_only=True, tag="commitment.made"):
    """An obligor commits itself. With several obligors it waits for the consent of each of the others."""

    instrument: EntityId
    title: Texts
    terms: Terms
    article: ShortText | None = None
    valuations: Annotated[tuple[Valuation, ...], Meta(max_length=16)] = ()


class CommitmentAmended(CommitmentEvent, frozen=True, kw_only=True, tag="commitment.amended"):
    """The new terms, whole. Lowering, delaying or narrowing waits for the beneficiary's consent; raising does not."""

    terms: Terms


class CommitmentResolved(CommitmentEvent, frozen=True, kw_only=True, tag="commitment.resolved"):
    """The amount that a formula gives for one period. Later statistics do not move it."""

    period: When
    amount: Amount
    currency: CurrencyCode
    source: Source

    def __post_init__(self) -> None:
        super().__post_init__()
        check_decimals(self.amount, self.currency)


class CommitmentWithdrawn(CommitmentEvent, frozen=True, kw_only=True, tag="commitment.withdrawn"):
    """The obligor takes back what is still open. Waits for the beneficiary's consent, as any lowering does."""

    reason: LongText


class CommitmentWaived(CommitmentEvent, frozen=True, kw_only=True, tag="commitment.waived"):
    """The beneficiary releases the obligors from `amount`, or from all that is still open."""

    reason: LongText
    amount: Amount | None = None


class CommitmentConverted(CommitmentEvent, frozen=True, kw_only=True, tag="commitment.converted"):
    """What is still open becomes another commitment. Signed by one side, waits for the other."""

    into: EntityId
    instrument: EntityId
    title: Texts
    terms: Terms
    agreed_on: date | None = None


class CommitmentMerged(CommitmentEvent, frozen=True, kw_only=True, tag="commitment.merged"):
    """`absorbed` go on as `commitment`, under the new terms. Signed by one side, waits for the other."""

    absorbed: Annotated[tuple[EntityId, ...], Meta(min_length=1, max_length=20)]
    terms: Terms
