"""The stream `instrument`: the texts, and what each party does about them. Every act is each party's own."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.events.header import Event
from ledger.events.values import (
    Category,
    Digest,
    EntityId,
    EventId,
    Language,
    LegalCharacter,
    LongText,
    PartyId,
    ShortText,
    Texts,
)

Months = Annotated[int, Meta(ge=0, le=1200)]
Hours = Annotated[int, Meta(ge=1, le=8760)]


class Clock(Struct, frozen=True, forbid_unknown_fields=True):
    """When guarantors must convene and decide. Hours are elapsed UTC hours counted from the basis."""

    basis: Literal["notification_received", "request_received", "attack", "breach"]
    convene_within_hours: Hours
    decide_within_hours: Hours | None = None


class Term(Struct, frozen=True, forbid_unknown_fields=True):
    """How long the instrument runs. Neither field: not stated. Never a hard-coded end."""

    years: Annotated[int, Meta(ge=1, le=999)] | None = None
    until: date | None = None


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """What the text itself lays down. `not_stated` is said where no source states it."""

    effect: Literal["on_signature", "on_ratification", "none", "not_stated"]
    clock: Clock | None = None
    withdrawal_notice_months: Months | None = None
    term: Term = Term()
    renewal: Literal["by_agreement", "tacit", "none", "not_stated"] = "not_stated"
    suspension_moves_due_dates: bool = False
    accession_ends: Literal["whole", "part", "nothing", "not_stated"] = "not_stated"
    survives_accession: tuple[Category, ...] = ()


class TextDigest(Struct, frozen=True, forbid_unknown_fields=True):
    """The authentic text in one language."""

    language: Language
    sha256: Digest


class InstrumentRegistered(Event, frozen=True, kw_only=True, tag="instrument.registered"):
    """The depositary registers a text. Registration binds nobody."""

    instrument: EntityId
    title: Texts
    kind: Literal["compact", "bilateral", "treaty", "declaration"]
    legal_character: LegalCharacter
    profile: Profile
    parties: Annotated[tuple[PartyId, ...], Meta(max_length=80)] = ()
    parent: EntityId | None = None
    texts: Annotated[tuple[TextDigest, ...], Meta(max_length=24)] = ()
    place: ShortText | None = None


class InstrumentEvent(Event, frozen=True, kw_only=True):
    """An act on a registered instrument. `occurred` says when it was done.

    A successor names the predecessor whose place in the text the act is about.
    """

    instrument: EntityId
    in_place_of: PartyId | None = None

    @property
    def adherent(self) -> str:
        """The party of the text whose act it is: the signer, or the predecessor in whose place it acts."""
        return self.in_place_of or self.party


class InstrumentSigned(InstrumentEvent, frozen=True, kw_only=True, tag="instrument.signed"):
    """A signatory is not yet a party, unless the text takes effect on signature. Who has left may sign anew."""

    signatory: ShortText | None = None


class InstrumentRatified(InstrumentEvent, frozen=True, kw_only=True, tag="instrument.ratified"):
    """Consent to be bound, with the domestic act behind it."""

    domestic_act: ShortText | None = None


class InstrumentAppliedProvisionally(
    InstrumentEvent, frozen=True, kw_only=True, tag="instrument.applied_provisionally"
):
    """Provisional application pending entry into force (VCLT Art. 25). No articles: the whole text."""

    articles: Annotated[tuple[ShortText, ...], Meta(max_length=64)] = ()


class InstrumentReserved(InstrumentEvent, frozen=True, kw_only=True, tag="instrument.reserved"):
    """A reservation (VCLT Art. 19): changes this party's reading of these commitments only."""

    text: LongText
    commitments: Annotated[tuple[EntityId, ...], Meta(max_length=64)] = ()


class InstrumentObjected(InstrumentEvent, frozen=True, kw_only=True, tag="instrument.objected"):
    """An objection to another party's reservation (VCLT Art. 20). Both readings are shown from then on."""

    reservation: EventId
    text: LongText


class InstrumentWithdrawalNotified(InstrumentEvent, frozen=True, kw_only=True, tag="instrument.withdrawal_notified"):
    """Notice of withdrawal (VCLT Art. 56). Effective at receipt by this ledger plus the notice of the profile."""

    reason: LongText | None = None


class InstrumentWithdrawalRevoked(InstrumentEvent, frozen=True, kw_only=True, tag="instrument.withdrawal_revoked"):
    """Takes the notice back, as long as it is not effective (VCLT Art. 68)."""


class InstrumentSuspended(InstrumentEvent, frozen=True, kw_only=True, tag="instrument.suspended"):
    """This party suspends its performance. Due dates move only where the instrument says so."""

    grounds: LongText


class InstrumentResumed(InstrumentEvent, frozen=True, kw_only=True, tag="instrument.resumed"):
    """This party takes up performance again."""


class InstrumentExtended(InstrumentEvent, frozen=True, kw_only=True, tag="instrument.extended"):
    """Runs until a later day. Waits for the consent of every other party."""

    until: date


class InstrumentAmended(InstrumentEvent, frozen=True, kw_only=True, tag="instrument.amended"):
    """A new profile. Waits for the consent of every other party (VCLT Art. 39)."""

    profile: Profile
    texts: Annotated[tuple[TextDigest, ...], Meta(max_length=24)] = ()


class InstrumentTerminated(InstrumentEvent, frozen=True, kw_only=True, tag="instrument.terminated"):
    """The end of the text. Waits for the consent of every other party (VCLT Art. 54).

    With reason `accession`, commitments in the surviving categories of the profile go on and are marked.
    """

    reason: Literal["by_agreement", "expired", "replaced", "accession"]
