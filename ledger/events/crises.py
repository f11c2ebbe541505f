"""The streams `crisis` and `consultation`: an aggression is notified, clocks run, each guarantor answers for itself."""

from typing import Annotated, Literal

from msgspec import Meta

from ledger.events.header import Event
from ledger.events.values import EntityId, EventId, Instant, LongText, PartyId, Texts, require_utc

CrisisId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{1,39}$(?!\n)",
        description="id of a crisis: without a full stop, which ends it in the ids of its consultations",
        examples=["attack-2026-06"],
    ),
]
ConsultationId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{1,39}\.[a-z0-9][a-z0-9.-]{1,79}$(?!\n)",
        description="crisis, a full stop, instrument",
        examples=["attack-2026-06.uk-2024"],
    ),
]

Level = Literal["heads_of_state", "ministers", "senior_officials", "ambassadors", "experts"]
Decision = Literal[
    "military_support", "financial_support", "sanctions", "intelligence", "deployment", "diplomatic", "none", "other"
]


class AggressionNotified(Event, frozen=True, kw_only=True, tag="aggression.notified"):
    """The beneficiary notifies an aggression. What the rules force follows in the same transaction.

    `began_at` is the instant of the attack or breach, where it is known.
    """

    crisis: CrisisId
    kind: Literal["armed_attack", "threat", "escalation", "breach"]
    description: Texts
    began_at: Instant | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.began_at is not None:
            require_utc(self.began_at, "began_at")


class ConsultationOpened(Event, frozen=True, kw_only=True, tag="consultation.opened"):
    """Signed by the service key, because the rules force it: a clock of one instrument runs from `t0`.

    The instants are fixed here and never recomputed, and so are the guarantors: the parties, beside the beneficiary,
    for whom the text has effect. `basis` is what `t0` was taken from.
    """

    consultation: ConsultationId
    crisis: CrisisId
    cause: EventId
    instrument: EntityId
    basis: Literal["notification_received", "request_received", "attack", "breach"]
    guarantors: Annotated[tuple[PartyId, ...], Meta(min_length=1, max_length=80)]
    t0: Instant
    convene_by: Instant
    decide_by: Instant | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require_utc(self.t0, "t0")
        require_utc(self.convene_by, "convene_by")
        if self.decide_by is not None:
            require_utc(self.decide_by, "decide_by")


class ConsultationEvent(Event, frozen=True, kw_only=True):
    """An act in one consultation."""

    consultation: ConsultationId


class ConsultationConvened(ConsultationEvent, frozen=True, kw_only=True, tag="consultation.convened"):
    """The guarantors have met, at `convened_at`; a meeting that was under way may be held as this one."""

    convened_at: Instant
    level: Level
    legal_basis: LongText | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require_utc(self.convened_at, "convened_at")


class ConsultationJoined(ConsultationEvent, frozen=True, kw_only=True, tag="consultation.joined"):
    """This guarantor takes part, since `joined_at`."""

    joined_at: Instant
    level: Level

    def __post_init__(self) -> None:
        super().__post_init__()
        require_utc(self.joined_at, "joined_at")


class DecisionTaken(ConsultationEvent, frozen=True, kw_only=True, tag="decision.taken"):
    """What this guarantor has decided, at `decided_at`, and the commitments that follow from it, where recorded."""

    decided_at: Instant
    decisions: Annotated[tuple[Decision, ...], Meta(min_length=1, max_length=8)]
    statement: LongText
    commitments: Annotated[tuple[EntityId, ...], Meta(max_length=64)] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        require_utc(self.decided_at, "decided_at")


class DecisionDeclined(ConsultationEvent, frozen=True, kw_only=True, tag="decision.declined"):
    """This guarantor has decided to do nothing more. That is an answer; silence is none."""

    decided_at: Instant
    statement: LongText

    def __post_init__(self) -> None:
        super().__post_init__()
        require_utc(self.decided_at, "decided_at")


class ConsultationMerged(ConsultationEvent, frozen=True, kw_only=True, tag="consultation.merged"):
    """The beneficiary has this consultation conducted within another. The deadlines of both stay."""

    into: ConsultationId


class ConsultationClosed(ConsultationEvent, frozen=True, kw_only=True, tag="consultation.closed"):
    """The beneficiary closes the consultation. What was missed stays missed."""

    reason: LongText
