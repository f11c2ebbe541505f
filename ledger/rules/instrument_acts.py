"""Decides the acts on instruments: what each party may do, given what it and the others did before."""

from datetime import date, datetime
from typing import assert_never

from ledger.events.instruments import (
    Clock,
    InstrumentAmended,
    InstrumentAppliedProvisionally,
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
)
from ledger.events.refusals import Refusal, Refused
from ledger.rules.commitments import commitment
from ledger.rules.compact import Compact, history, opened
from ledger.rules.history import dated
from ledger.rules.instruments import Adherence, Instrument, InstrumentAct, instrument
from ledger.rules.parties import acting_for, party_of
from ledger.rules.precedence import first_of
from ledger.rules.schedules import FIRST_DAY, LAST_DAY


def check_registration(compact: Compact, event: InstrumentRegistered) -> Refused | tuple[str, ...]:
    """Decide the registration of an instrument. Returns nobody to ask, or the refusal."""
    ledger = opened(compact)
    assert ledger is not None
    if event.party != ledger.depositary:
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"the depositary, {ledger.depositary}", event.party)
    for party in event.parties:
        if party_of(compact, party) is None:
            return Refused(Refusal.REFERENCE_UNKNOWN, "admitted parties", party)
    if event.parent is not None and instrument(history(compact, "instrument", event.parent)) is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a registered instrument as parent", event.parent)
    record = history(compact, "instrument", event.instrument)
    if record is not None and record.acts:
        return Refused(Refusal.ALREADY_EXISTS, "a new instrument id: ids are not reused", event.instrument)
    if len(set(event.parties)) != len(event.parties):
        return Refused(Refusal.ALREADY_EXISTS, "each party once", ", ".join(event.parties))
    return _check_profile(event.profile) or ()


def _check_profile(profile: Profile) -> Refused | None:
    return _check_end(profile.term.until) or _check_clock(profile.clock)


def _check_end(until: date | None) -> Refused | None:
    if until is not None and not FIRST_DAY <= until <= LAST_DAY:
        return Refused(Refusal.DATES_DISORDERED, f"an end from {FIRST_DAY} to {LAST_DAY}", str(until))
    return None


def _check_clock(clock: Clock | None) -> Refused | None:
    if clock is None or clock.decide_within_hours is None:
        return None
    if clock.decide_within_hours < clock.convene_within_hours:
        expected = f"at least {clock.convene_within_hours} hours to decide, counted from the same instant"
        return Refused(Refusal.DATES_DISORDERED, expected, str(clock.decide_within_hours))
    return None


def check_instrument(compact: Compact, event: InstrumentAct, recorded_at: datetime) -> Refused | tuple[str, ...]:
    """Decide an act on a registered instrument. Returns the parties whose consent it needs, or the refusal."""
    found = instrument(history(compact, "instrument", event.instrument))
    if found is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a registered instrument", event.instrument)
    outcome = _check_step(compact, found, event, recorded_at)
    refused = outcome if isinstance(outcome, Refused) else None
    place = _check_place(compact, found, event)
    if (refused := first_of(place, refused, _check_running(found, event, recorded_at))) is not None:
        return refused
    assert not isinstance(outcome, Refused)
    agreed = acting_for(compact, event.party)
    return tuple(party for party in outcome if party not in agreed)


def _check_place(compact: Compact, found: Instrument, event: InstrumentAct) -> Refused | None:
    """A party of the text acts for itself; its successor, who is none, in the place that it took over."""
    if event.adherent not in acting_for(compact, event.party):
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"{event.adherent}, or its successor", event.party)
    if event.adherent not in found.parties:
        expected = ", ".join(found.parties) or "nobody: a text without parties"
        return Refused(Refusal.PARTY_NOT_IN_INSTRUMENT, expected, event.adherent)
    return None


def _check_running(found: Instrument, event: InstrumentAct, recorded_at: datetime) -> Refused | None:
    """A text that has ended is acted on no more, nor by a party that has left it, unless that signs it anew."""
    if found.terminated_on is not None:
        return Refused(Refusal.ALREADY_ENDED, f"{found.id} not terminated", f"terminated on {found.terminated_on}")
    adherence = found.adherence(event.adherent)
    if _has_left(adherence, recorded_at) and not isinstance(event, InstrumentSigned):
        left_on = adherence.withdraws_on
        return Refused(Refusal.ALREADY_ENDED, f"a party that has not left {found.id}", f"withdrawn on {left_on}")
    return None


def _has_left(adherence: Adherence, recorded_at: datetime) -> bool:
    return adherence.withdraws_on is not None and adherence.withdraws_on <= recorded_at.date()


def _check_step(
    compact: Compact, found: Instrument, event: InstrumentAct, recorded_at: datetime
) -> Refused | tuple[str, ...]:
    """Decide an act of a party of the text by what it and the others did before."""
    adherence = found.adherence(event.adherent)
    match event:
        case InstrumentSigned() if _has_left(adherence, recorded_at):
            return _check_after(event, adherence.withdraws_on, "left") or ()
        case InstrumentSigned():
            return _once(adherence.signed_on, f"one signature of {event.adherent}")
        case InstrumentRatified():
            return _check_after(event, adherence.signed_on, "signed") or _signed_once(
                adherence, adherence.ratified_on, f"one ratification by {event.adherent}"
            )
        case InstrumentAppliedProvisionally():
            return _signed_once(adherence, adherence.provisional_on, "provisional application not yet begun")
        case InstrumentReserved():
            return _check_reserved(compact, event) or _signed(adherence) or ()
        case InstrumentObjected():
            return _check_objection(found, event)
        case InstrumentWithdrawalNotified():
            return _signed_once(adherence, adherence.notified_on, "no notice running")
        case InstrumentWithdrawalRevoked():
            return _check_revocation(adherence) or ()
        case InstrumentSuspended():
            state = "suspended" if adherence.is_suspended else None
            return _signed(adherence) or _wrong_state(state, "performance that is not suspended")
        case InstrumentResumed():
            since = adherence.suspensions[-1].since if adherence.is_suspended else None
            state = None if adherence.is_suspended else "not suspended"
            return _check_after(event, since, "suspended") or _wrong_state(state, "a suspension that lasts")
        case InstrumentExtended():
            refused = _check_end(event.until) or _check_later(found, event)
            return refused or _signed(adherence) or _others(found, event.adherent, recorded_at)
        case InstrumentAmended():
            return _check_profile(event.profile) or _signed(adherence) or _others(found, event.adherent, recorded_at)
        case InstrumentTerminated():
            return _signed(adherence) or _others(found, event.adherent, recorded_at)
    assert_never(event)


def _check_after(event: InstrumentAct, before: date | None, done: str) -> Refused | None:
    if before is None or dated(event) >= before:
        return None
    return Refused(Refusal.DATES_DISORDERED, f"a day from {before}, when {event.adherent} {done} it", str(dated(event)))


def _check_later(found: Instrument, event: InstrumentExtended) -> Refused | None:
    """An extension runs longer than the text does without it."""
    ends = found.term_ends_on(event.adherent)
    if ends is None or event.until >= ends:
        return None
    return Refused(Refusal.DATES_DISORDERED, f"a day from {ends}, when the term is over", str(event.until))


def _once(done_on: object, expected: str) -> Refused | tuple[str, ...]:
    return () if done_on is None else Refused(Refusal.ALREADY_EXISTS, expected, f"done on {done_on}")


def _signed(adherence: Adherence) -> Refused | None:
    if adherence.signed_on is None:
        return Refused(Refusal.WRONG_STATE, f"a signature by {adherence.party} first", "none")
    return None


def _wrong_state(state: str | None, expected: str) -> Refused | tuple[str, ...]:
    return () if state is None else Refused(Refusal.WRONG_STATE, expected, state)


def _signed_once(adherence: Adherence, done_on: object, expected: str) -> Refused | tuple[str, ...]:
    once = _once(done_on, expected)
    return first_of(once if isinstance(once, Refused) else None, _signed(adherence)) or ()


def _others(found: Instrument, party: str, recorded_at: datetime) -> tuple[str, ...]:
    """Return whose text it is beside `party`: the other signatories; as long as there are none, all that are named."""
    staying = [one for one in found.adherences if one.party != party and not _has_left(one, recorded_at)]
    signed = tuple(one.party for one in staying if one.signed_on is not None)
    return signed or tuple(one.party for one in staying)


def _check_reserved(compact: Compact, event: InstrumentReserved) -> Refused | None:
    for one in event.commitments:
        known = commitment(history(compact, "commitment", one))
        if known is None or known.instrument != event.instrument:
            return Refused(Refusal.REFERENCE_UNKNOWN, f"commitments in effect under {event.instrument}", one)
    return None


def _check_objection(found: Instrument, event: InstrumentObjected) -> Refused | tuple[str, ...]:
    reservation = next((one for one in found.reservations if one.event_id == event.reservation), None)
    if reservation is None or reservation.party == event.adherent:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a reservation of another party to this text", event.reservation)
    if event.adherent in reservation.objections:
        return Refused(Refusal.ALREADY_EXISTS, "one objection", f"{event.adherent} objected before")
    return ()


def _check_revocation(adherence: Adherence) -> Refused | None:
    if adherence.withdraws_on is None:
        return Refused(Refusal.WRONG_STATE, "a notice of withdrawal that runs", "none")
    return None
