"""The stream `observation`: what third parties say about a guarantor. Never its figure until it signs that it is."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.events.header import Event
from ledger.events.values import Amount, Category, CurrencyCode, EntityId, LongText, PartyId, ShortText, Source, When


class ClaimedSum(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount as the source states it, with any number of decimals: an observer's figure is not an account."""

    amount: Amount
    currency: CurrencyCode


class ClaimedQuantity(Struct, frozen=True, forbid_unknown_fields=True):
    """A quantity as the source states it. `status` other than disclosed: there is none to count."""

    status: Literal["disclosed", "undisclosed", "unparsable"]
    item: ShortText
    quantity: Amount | None = None
    stated: ShortText | None = None

    def __post_init__(self) -> None:
        if (self.quantity is not None) != (self.status == "disclosed"):
            raise ValueError("a quantity is there if, and only if, it is disclosed")


FlagName = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9_]{1,39}$(?!\n)", description="name of a flag", examples=["quantity_undisclosed"])
]
NameInSource = Annotated[str, Meta(min_length=2, max_length=40, description="the party, as the source names it")]


class Flag(Struct, frozen=True, forbid_unknown_fields=True):
    """Something about the row that a reader must know, and what was done about it."""

    flag: FlagName
    detail: ShortText | None = None


class ObservationRecorded(Event, frozen=True, kw_only=True, tag="observation.recorded"):
    """One row of a third party's table about `about`. Signed by the observer that imports it.

    `level` says whether it is the total of an activity or one item of its breakdown: the two are never summed.
    """

    observation: EntityId
    about: NameInSource
    party_id: PartyId | None = None
    claim: Literal["committed", "delivered"]
    level: Literal["activity_total", "in_kind_item"]
    activity: ShortText
    category: Category
    source: Source
    row: Annotated[int, Meta(ge=1)]
    sum: ClaimedSum | None = None
    sum_eur: Amount | None = None
    quantity: ClaimedQuantity | None = None
    announced: When | None = None
    flags: Annotated[tuple[Flag, ...], Meta(max_length=32)] = ()
    text: LongText | None = None


class ObservationAdopted(Event, frozen=True, kw_only=True, tag="observation.adopted"):
    """The guarantor itself says that the claim is right. `commitment`: the one of its own that it is."""

    observation: EntityId
    commitment: EntityId | None = None
