"""The stream `measure`: sanctions as state machines with a default rule. Each sanctioning party signs for its own.

The default rule says what silence does: it lets a measure lapse (`sunset`), brings it back (`snapback`) or leaves it
(`until`). A boolean cannot say this.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.events.header import Event
from ledger.events.values import EntityId, EventId, Instant, LongText, ShortText, Texts, require_utc

Programme = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{1,39}$(?!\n)",
        description="key of the sanctions programme",
        examples=["EU-RUS"],
    ),
]
PartKey = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$(?!\n)",
        description="key of a part or condition within its measure",
        examples=["oil"],
    ),
]
PartKeys = Annotated[tuple[PartKey, ...], Meta(min_length=1, max_length=64)]
MeasureType = Literal[
    "asset_freeze",
    "travel_ban",
    "arms_embargo",
    "export_control",
    "import_restriction",
    "financial_restriction",
    "investment_ban",
    "services_ban",
    "transport_ban",
    "price_cap",
    "immobilised_assets",
    "trade_embargo",
    "media_ban",
    "other",
]


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """What can be eased, suspended and lifted by itself. {"part": "oil", "what": {"en": "import of crude oil"}}"""

    part: PartKey
    what: Texts


class ExitCondition(Struct, frozen=True, forbid_unknown_fields=True):
    """What has to be so before the measure is lifted."""

    condition: PartKey
    what: Texts


class Sunset(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sunset"):
    """Silence lets it lapse: in force until `expires_at` unless renewed before."""

    expires_at: Instant

    def __post_init__(self) -> None:
        require_utc(self.expires_at, "expires_at")


class Snapback(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="snapback"):
    """Silence brings it back: a notified aggression reinstates what was eased or suspended.

    With `after_days` of 0 at receipt of the notification, otherwise at 00:00 UTC after the last of so many days.
    `ends_at`: from then on nothing comes back. `returns_lifted`: what was lifted comes back as well.
    """

    after_days: Annotated[int, Meta(ge=0, le=365)] = 0
    ends_at: Instant | None = None
    returns_lifted: bool = False

    def __post_init__(self) -> None:
        if self.ends_at is not None:
            require_utc(self.ends_at, "ends_at")


class Until(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="until"):
    """Silence leaves it: in force until the condition is met and the party lifts it."""

    condition: Texts


DefaultRule = Sunset | Snapback | Until


class MeasureEvent(Event, frozen=True, kw_only=True):
    """An act on one measure."""

    measure: EntityId


class DatedMeasureEvent(MeasureEvent, frozen=True, kw_only=True):
    """It takes effect at `effective_at`, without it at the entry's own time."""

    effective_at: Instant | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.effective_at is not None:
            require_utc(self.effective_at, "effective_at")


class MeasureAdopted(DatedMeasureEvent, frozen=True, kw_only=True, tag="measure.adopted"):
    """A measure in its reference state: every part in force."""

    programme: Programme
    title: Texts
    types: Annotated[tuple[MeasureType, ...], Meta(min_length=1, max_length=14)]
    targets: Annotated[tuple[ShortText, ...], Meta(min_length=1, max_length=64)]
    legal_act: ShortText
    default_rule: DefaultRule
    parts: Annotated[tuple[Part, ...], Meta(min_length=1, max_length=64)]
    exit_conditions: Annotated[tuple[ExitCondition, ...], Meta(max_length=32)] = ()


class MeasureRenewed(DatedMeasureEvent, frozen=True, kw_only=True, tag="measure.renewed"):
    """A measure that would lapse goes on until a later instant."""

    expires_at: Instant
    legal_act: ShortText | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require_utc(self.expires_at, "expires_at")


class MeasureEased(DatedMeasureEvent, frozen=True, kw_only=True, tag="measure.eased"):
    """Parts are eased; with `until` they are in force again from then on."""

    parts: PartKeys
    until: Instant | None = None
    legal_act: ShortText | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.until is not None:
            require_utc(self.until, "until")


class MeasureSuspended(DatedMeasureEvent, frozen=True, kw_only=True, tag="measure.suspended"):
    """Every part is suspended; with `until` the measure is in force again from then on."""

    until: Instant | None = None
    legal_act: ShortText | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.until is not None:
            require_utc(self.until, "until")


class MeasureLifted(DatedMeasureEvent, frozen=True, kw_only=True, tag="measure.lifted"):
    """Parts, or the whole, are lifted. `met`: the exit conditions that the party says are met.

    Lifted before all of them are met, it is admitted and shown as a departure.
    """

    parts: Annotated[tuple[PartKey, ...], Meta(max_length=64)] = ()
    met: Annotated[tuple[PartKey, ...], Meta(max_length=32)] = ()
    legal_act: ShortText | None = None
    reason: LongText | None = None


class MeasureActPublished(DatedMeasureEvent, frozen=True, kw_only=True, tag="measure.act_published"):
    """The legal act that follows a reinstatement was published; until then the measure is shown as act pending."""

    reinstatement: EventId
    legal_act: ShortText


class MeasureContested(MeasureEvent, frozen=True, kw_only=True, tag="measure.contested"):
    """A party contests a reinstatement. Recorded and shown; it stops nothing."""

    reinstatement: EventId
    statement: LongText


class MeasureReinstated(MeasureEvent, frozen=True, kw_only=True, tag="measure.reinstated"):
    """Signed by the service key, because the rules force it: these parts are in force again from `effective_at`."""

    cause: EventId
    parts: PartKeys
    effective_at: Instant

    def __post_init__(self) -> None:
        super().__post_init__()
        require_utc(self.effective_at, "effective_at")
