"""The stream `observation`: what third parties say about a guarantor. Never its figure until it signs that it is."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.events.header import Event
from ledger.events.values import Category, CurrencyCode, EntityId, LongText, PartyId, ShortText, Source, When

StatedNumber = Annotated[
    str,
    Meta(
        pattern=r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$(?!\n)",
        description="decimal number as text with all the decimals that the source has, no exponent, no sign",
        examples=["23456872.86374908"],
    ),
]
"""An observer's figure is not an account: it is kept as it stands there, and not rounded to a currency's decimals."""

Claim = Literal["committed", "delivered"]
Level = Literal["activity_total", "in_kind_item", "system_total"]


class ClaimedSum(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount as the source states it. `basis`: where the source says that it has it from."""

    amount: StatedNumber
    currency: CurrencyCode
    basis: Literal["stated_by_donor", "calculated", "price_list", "entered_by_hand"] | None = None


class ClaimedQuantity(Struct, frozen=True, forbid_unknown_fields=True):
    """A quantity as the source states it. `status` other than disclosed: there is none to count."""

    status: Literal["disclosed", "undisclosed", "not_stated", "unparsable"]
    item: ShortText
    subtype: ShortText | None = None
    quantity: StatedNumber | None = None
    stated: ShortText | None = None

    def __post_init__(self) -> None:
        if (self.quantity is not None) != (self.status == "disclosed"):
            raise ValueError("a quantity is there if, and only if, it is disclosed")


class Heading(Struct, frozen=True, forbid_unknown_fields=True):
    """Under which heading the source lists the row, in its own words."""

    general: ShortText
    specific: ShortText | None = None


FlagName = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9_]{1,39}$(?!\n)", description="name of a flag", examples=["quantity_undisclosed"])
]
NameInSource = Annotated[str, Meta(min_length=2, max_length=40, description="the party, as the source names it")]


class Flag(Struct, frozen=True, forbid_unknown_fields=True):
    """Something about the row that a reader must know, and what was done about it."""

    flag: FlagName
    detail: ShortText | None = None


class ObservationRecorded(Event, frozen=True, kw_only=True, tag="observation.recorded"):
    """One claim of a third party's table about `about`. Signed by the observer that imports it.

    `level` says whether it is the total of an activity, one item of its breakdown, or all units of a system: claims of
    different levels or releases are never summed. `replaces` is an earlier reading of the same claim of the release.
    """

    observation: EntityId
    about: NameInSource
    party_id: PartyId | None = None
    claim: Claim
    level: Level
    release: EntityId
    activity: ShortText | None = None
    line: Annotated[int, Meta(ge=1)] | None = None
    category: Category
    heading: Heading | None = None
    source: Source
    row: Annotated[int, Meta(ge=1)]
    sum: ClaimedSum | None = None
    sum_eur: StatedNumber | None = None
    quantity: ClaimedQuantity | None = None
    announced: When | None = None
    official_source: bool | None = None
    flags: Annotated[tuple[Flag, ...], Meta(max_length=32)] = ()
    text: LongText | None = None
    replaces: EntityId | None = None


class ObservationAdopted(Event, frozen=True, kw_only=True, tag="observation.adopted"):
    """The guarantor itself says that the claim is right. `commitment`: the one of its own that it is."""

    observation: EntityId
    commitment: EntityId | None = None
