"""Instruments: who signed, who is bound, since when and until when. A signatory is not yet a party."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from dateutil.relativedelta import relativedelta

from ledger.events.instruments import (
    InstrumentAmended,
    InstrumentAppliedProvisionally,
    InstrumentEvent,
    InstrumentExtended,
    InstrumentObjected,
    InstrumentRatified,
    InstrumentRegistered,
    InstrumentReserved,
    InstrumentResumed,
    InstrumentSigned,
    InstrumentSuspended,
    InstrumentTerminated,
    InstrumentWithdrawalNotified,
    InstrumentWithdrawalRevoked,
    Profile,
    TextDigest,
)
from ledger.events.values import Category, LegalCharacter, Texts
from ledger.rules.history import Effective, History, effective, kept

WITHDRAWAL_NOTICE_MONTHS = 12
"""Unless the text says otherwise (VCLT Art. 56(2))."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reservation of `party`, and the parties that object to it. No commitments: all of this instrument."""

    event_id: str
    party: str
    text: str
    commitments: tuple[str, ...]
    objections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspension:
    """The days of a suspension; `until` is the day of the resumption, None while it lasts."""

    since: date
    until: date | None
    event_id: str


@dataclass(frozen=True, slots=True)
class Adherence:
    """What one party did about an instrument. `withdraws_on` is the first day on which it is no longer bound.

    `earlier`: how it had stood before it left and signed anew, the latest last.
    """

    party: str
    signed_on: date | None = None
    ratified_on: date | None = None
    provisional_on: date | None = None
    notified_on: date | None = None
    withdraws_on: date | None = None
    suspensions: tuple[Suspension, ...] = ()
    events: tuple[str, ...] = ()
    earlier: tuple["Adherence", ...] = ()

    @property
    def is_suspended(self) -> bool:
        return bool(self.suspensions) and self.suspensions[-1].until is None


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument as of a date. `adherences` has one for each of `parties`, in their order.

    `in_force_on`: the day on which a text that needs ratification first had it of all who had signed it, at least two.
    Whoever signs later takes nothing from those for whom it is in force.
    """

    id: str
    registered_in: str
    title: Texts
    kind: str
    legal_character: LegalCharacter
    profile: Profile
    parties: tuple[str, ...]
    adherences: tuple[Adherence, ...]
    parent: str | None = None
    texts: tuple[TextDigest, ...] = ()
    place: str | None = None
    extended_until: date | None = None
    terminated_on: date | None = None
    termination: str | None = None
    reservations: tuple[Reservation, ...] = ()
    in_force_on: date | None = None

    def adherence(self, party: str) -> Adherence:
        """Return what `party` did; an empty one for a party that did nothing or is none."""
        return next((one for one in self.adherences if one.party == party), Adherence(party))

    def as_made(self, party: str, made_on: date) -> "Instrument":
        """Return the text as it stands towards what `party` promised on a day: a new signature revives nothing."""
        adherence = self.adherence(party)
        spells = (one for one in adherence.earlier if one.withdraws_on is not None and made_on < one.withdraws_on)
        earlier = next(spells, None)
        return self if earlier is None else _with_adherence(self, earlier)

    def survives(self, category: Category) -> bool:
        """Return whether a commitment of this category goes on although accession ended the text."""
        if self.termination != "accession" or self.profile.accession_ends == "whole":
            return False
        return self.profile.accession_ends == "nothing" or category in self.profile.survives_accession

    def bound_from(self, party: str) -> date | None:
        """Return the first day on which the text has effect for `party`, None as long as it has none.

        `not_stated` is read as on signature: no source says that a further act is needed.
        """
        adherence = self.adherence(party)
        match self.profile.effect:
            case "none":
                return None
            case "on_signature" | "not_stated":
                return adherence.signed_on
            case "on_ratification":
                in_force = None
                if self.in_force_on is not None and adherence.ratified_on is not None:
                    in_force = max(self.in_force_on, adherence.ratified_on)
                return min((day for day in (in_force, adherence.provisional_on) if day is not None), default=None)

    def bound_until(self, party: str) -> date | None:
        """Return the first day on which the text no longer has effect for `party`, None if no end is known."""
        ends = (self.adherence(party).withdraws_on, self.terminated_on, self.term_ends_on(party))
        return min((day for day in ends if day is not None), default=None)

    def term_ends_on(self, party: str) -> date | None:
        """Return the first day after the term of the text, None if it runs without end."""
        if self.extended_until is not None:
            return self.extended_until + relativedelta(days=1)
        if self.profile.renewal == "tacit":
            return None
        term, begins = self.profile.term, self.bound_from(party)
        if term.until is not None:
            return term.until + relativedelta(days=1)
        if term.years is not None and begins is not None:
            return begins + relativedelta(years=term.years)
        return None


@kept
def instrument(record: History | None, as_of: date | None = None) -> Instrument | None:
    """Fold the acts of an instrument stream; None where no registration counts."""
    found: Instrument | None = None
    for item in effective(record, as_of):
        found = _evolve(found, item)
    return found


def _evolve(state: Instrument | None, item: Effective) -> Instrument | None:
    event = item.event
    if isinstance(event, InstrumentRegistered):
        return _registered(event)
    if state is None or not isinstance(event, InstrumentEvent):
        return state
    adherence = state.adherence(event.adherent)
    match event:
        case InstrumentReserved():
            made = Reservation(event.id, event.adherent, event.text, event.commitments)
            return replace(state, reservations=(*state.reservations, made))
        case InstrumentObjected():
            objected = (
                replace(one, objections=(*one.objections, event.adherent)) if one.event_id == event.reservation else one
                for one in state.reservations
            )
            return replace(state, reservations=tuple(objected))
        case InstrumentExtended():
            return replace(state, extended_until=event.until)
        case InstrumentAmended():
            return replace(state, profile=event.profile, texts=event.texts or state.texts)
        case InstrumentTerminated():
            return replace(state, terminated_on=item.on, termination=event.reason)
        case _:
            changed = _adhered(state, adherence, item)
            changed = replace(changed, events=(*changed.events, event.id))
            return _entered(_with_adherence(state, changed))


def _registered(event: InstrumentRegistered) -> Instrument:
    return Instrument(
        id=event.instrument,
        registered_in=event.id,
        title=event.title,
        kind=event.kind,
        legal_character=event.legal_character,
        profile=event.profile,
        parties=event.parties,
        adherences=tuple(Adherence(party) for party in event.parties),
        parent=event.parent,
        texts=event.texts,
        place=event.place,
    )


def _with_adherence(state: Instrument, changed: Adherence) -> Instrument:
    adherences = (changed if one.party == changed.party else one for one in state.adherences)
    return replace(state, adherences=tuple(adherences))


def _entered(state: Instrument) -> Instrument:
    """Note the entry into force, once: all signatories have ratified, at least two of them."""
    signatories = [one for one in state.adherences if one.signed_on is not None]
    ratified = [one.ratified_on for one in signatories if one.ratified_on is not None]
    if state.in_force_on is not None or len(signatories) < 2 or len(ratified) < len(signatories):
        return state
    return replace(state, in_force_on=max(ratified))


def _adhered(state: Instrument, adherence: Adherence, item: Effective) -> Adherence:
    match item.event:
        case InstrumentSigned() if adherence.withdraws_on is not None:
            return Adherence(adherence.party, signed_on=item.on, earlier=(*adherence.earlier, adherence))
        case InstrumentSigned():
            return replace(adherence, signed_on=item.on)
        case InstrumentRatified():
            return replace(adherence, ratified_on=item.on)
        case InstrumentAppliedProvisionally():
            return replace(adherence, provisional_on=item.on)
        case InstrumentWithdrawalNotified():
            ends = notice_ends(state.profile, item.act.recorded_at)
            return replace(adherence, notified_on=item.act.recorded_at.date(), withdraws_on=ends)
        case InstrumentWithdrawalRevoked():
            return replace(adherence, notified_on=None, withdraws_on=None)
        case InstrumentSuspended():
            begun = Suspension(item.on, None, item.event.id)
            return replace(adherence, suspensions=(*adherence.suspensions, begun))
        case InstrumentResumed() if adherence.suspensions:
            *before, last = adherence.suspensions
            return replace(adherence, suspensions=(*before, replace(last, until=item.on)))
        case _:
            return adherence


def notice_ends(profile: Profile, received_at: datetime) -> date:
    """Return the day on which a notice received then takes effect: the same day of the month, or its last."""
    months = profile.withdrawal_notice_months
    notice = WITHDRAWAL_NOTICE_MONTHS if months is None else months
    return received_at.date() + relativedelta(months=notice)


InstrumentAct = (
    InstrumentSigned
    | InstrumentRatified
    | InstrumentAppliedProvisionally
    | InstrumentReserved
    | InstrumentObjected
    | InstrumentWithdrawalNotified
    | InstrumentWithdrawalRevoked
    | InstrumentSuspended
    | InstrumentResumed
    | InstrumentExtended
    | InstrumentAmended
    | InstrumentTerminated
)
"""Everything that a party can do about a registered instrument."""
