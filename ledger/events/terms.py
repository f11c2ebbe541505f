"""The terms of a commitment: what, how much, by when, by whom, and how firm."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.events.values import (
    Amount,
    Category,
    Confidential,
    CurrencyCode,
    EntityId,
    LegalCharacter,
    Notes,
    PartyId,
    Share,
    ShortText,
    Unit,
    When,
    check_decimals,
    check_quantity,
    share_of,
)


class Bound(StrEnum):
    """How firm the figure is. A cap or a target never becomes overdue; a floor and an exact figure do."""

    EXACT = "exact"
    FLOOR = "floor"
    CAP = "cap"
    TARGET = "target"


class Milestone(StrEnum):
    """The stages of a delivery, in order."""

    DISPATCHED = "dispatched"
    IN_TRANSIT = "in_transit"
    AT_HUB = "at_hub"
    HANDED_OVER = "handed_over"


MILESTONE_ORDER = tuple(Milestone)


class MoneyObject(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="money"):
    """{"kind": "money", "amount": "2500000000.00", "currency": "GBP"}"""

    amount: Amount
    currency: CurrencyCode

    def __post_init__(self) -> None:
        check_decimals(self.amount, self.currency)


class GoodsObject(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="goods"):
    """{"kind": "goods", "quantity": "14", "unit": "MiG-29"}"""

    quantity: Amount
    unit: Unit

    def __post_init__(self) -> None:
        check_quantity(self.quantity)


class ServiceObject(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="service"):
    """{"kind": "service", "quantity": "4000", "unit": "person trained"}"""

    quantity: Amount
    unit: Unit

    def __post_init__(self) -> None:
        check_quantity(self.quantity)


class FormulaObject(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="formula"):
    """A share of a statistic. Indeterminate in each period until a signed event resolves that period.

    {"kind": "formula", "percent": "0.25", "of": "gross domestic product", "currency": "EUR"}
    """

    percent: Amount
    of: ShortText
    currency: CurrencyCode


class UndisclosedObject(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="undisclosed"):
    """Quantity or nature kept confidential, or not published. Undisclosed is not zero: it is counted as one line."""

    confidential: Confidential | None = None


Object = MoneyObject | GoodsObject | ServiceObject | FormulaObject | UndisclosedObject


class Tranche(Struct, frozen=True, forbid_unknown_fields=True):
    """A dated part. Due at the end of `due.last`."""

    due: When
    amount: Amount


class Once(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="once"):
    """The whole object within one interval; due on its last possible day."""

    due: When


class Tranches(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="tranches"):
    """Dated parts that sum to the object."""

    tranches: Annotated[tuple[Tranche, ...], Meta(min_length=1, max_length=120)]


class Recurrence(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="recurrence"):
    """The whole object again in every period, from `first` on; without `until`, for as long as the text runs."""

    every: Literal["month", "quarter", "half_year", "year"]
    first: When
    until: date | None = None

    def __post_init__(self) -> None:
        if self.until is not None and self.until < self.first.last:
            raise ValueError(f"until {self.until} is before the first period's end {self.first.last}")


class Unscheduled(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="unscheduled"):
    """No date is stated. Never overdue."""


Schedule = Once | Tranches | Recurrence | Unscheduled


class Obligor(Struct, frozen=True, forbid_unknown_fields=True):
    """One debtor and its exact share. {"party": "dk", "share": "1/3"}"""

    party: PartyId
    share: Share

    def __post_init__(self) -> None:
        share_of(self.share)


class PartOf(Struct, frozen=True, forbid_unknown_fields=True):
    """The envelope that this commitment is counted in. `presumed`: no source says so, but the windows overlap."""

    commitment: EntityId
    basis: Literal["stated", "presumed"]


class Terms(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """All that an amendment may change. `counts_from` is the milestone from which a delivery is in the headline."""

    category: Category
    phase: Literal["preventive", "on_activation"]
    legal_character: LegalCharacter
    bound: Bound
    object: Object
    schedule: Schedule
    obligors: Annotated[tuple[Obligor, ...], Meta(min_length=1, max_length=40)]
    counts_from: Milestone
    liability: Literal["several", "joint"] = "several"
    part_of: PartOf | None = None
    channel: ShortText | None = None
    conditions: Notes = {}


class Valuation(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says goods are worth. Several may coexist; none changes fulfilment by unit."""

    basis: Literal["replacement", "net_book", "contract", "list", "stated_by_source"]
    amount: Amount
    currency: CurrencyCode
    stated_by: ShortText | None = None
    line: Annotated[int, Meta(ge=1, le=200)] | None = None

    def __post_init__(self) -> None:
        check_decimals(self.amount, self.currency)
