"""The stream `delivery`: two-sided. What the obligor claims and what the beneficiary acknowledges stay two figures."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.events.header import Event
from ledger.events.terms import GoodsObject, Milestone, MoneyObject, ServiceObject, Valuation
from ledger.events.values import Amount, Category, EntityId, LongText, ShortText

LineNumber = Annotated[int, Meta(ge=1, le=200, description="number of the line within its delivery, from 1")]


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing delivered."""

    line: LineNumber
    object: MoneyObject | GoodsObject | ServiceObject
    description: ShortText | None = None


class LineAmount(Struct, frozen=True, forbid_unknown_fields=True):
    """So much of one line. {"line": 1, "amount": "15"}"""

    line: LineNumber
    amount: Amount


Lines = Annotated[tuple[Line, ...], Meta(min_length=1, max_length=200)]
LineAmounts = Annotated[tuple[LineAmount, ...], Meta(min_length=1, max_length=200)]


class DeliveryEvent(Event, frozen=True, kw_only=True):
    """An act on one delivery."""

    delivery: EntityId


class DeliveryRecorded(DeliveryEvent, frozen=True, kw_only=True, tag="delivery.recorded"):
    """An obligor claims a delivery. Without a commitment it is voluntary. `occurred` is required."""

    milestone: Milestone
    lines: Lines
    commitment: EntityId | None = None
    category: Category | None = None
    channel: ShortText | None = None
    reimburses: EntityId | None = None
    valuations: Annotated[tuple[Valuation, ...], Meta(max_length=64)] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.occurred is None:
            raise ValueError("occurred is required: the interval of days in which it was delivered")
        if (self.commitment is None) == (self.category is None):
            raise ValueError("name either the commitment or, for a voluntary delivery, the category")


class DeliveryAdvanced(DeliveryEvent, frozen=True, kw_only=True, tag="delivery.advanced"):
    """The delivery reached a later milestone. `occurred` is required."""

    milestone: Milestone

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.occurred is None:
            raise ValueError("occurred is required: the interval of days in which the milestone was reached")


class DeliveryAcknowledged(DeliveryEvent, frozen=True, kw_only=True, tag="delivery.acknowledged"):
    """The beneficiary accepts these amounts. What it does not name it has not accepted."""

    lines: LineAmounts


class DeliveryDisputed(DeliveryEvent, frozen=True, kw_only=True, tag="delivery.disputed"):
    """The beneficiary contests these amounts. Both figures stay."""

    lines: LineAmounts
    grounds: Literal["not_received", "short_quantity", "defective", "wrong_item", "not_under_this_commitment", "other"]
    statement: LongText | None = None


class DisputeSettled(DeliveryEvent, frozen=True, kw_only=True, tag="dispute.settled"):
    """What both sides agree was accepted, line by line. Signed by one side, waits for the other."""

    lines: LineAmounts


class DeliveryCorrected(DeliveryEvent, frozen=True, kw_only=True, tag="delivery.corrected"):
    """The lines as they should have been. Reopens an acknowledgement."""

    lines: Lines
    reason: LongText


class DeliveryVoided(DeliveryEvent, frozen=True, kw_only=True, tag="delivery.voided"):
    """There was no such delivery."""

    reason: LongText


class DeliveryMarkedDuplicate(DeliveryEvent, frozen=True, kw_only=True, tag="delivery.marked_duplicate"):
    """The same delivery was already recorded as `duplicate_of`; only that one counts."""

    duplicate_of: EntityId
