"""Decides the acts on instruments: what each party may do, given what it and the others did before."""

from datetime import datetime
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
)
from ledger.events.refusals import Refusal, Refused
from ledger.rules.compact import Compact, history, opened
from ledger.rules.instruments import Adherence, Instrument, InstrumentAct, instrument
from ledger.rules.parties import party_of


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
    if history(compact, "instrument", event.instrument) is not None:
        return Refused(Refusal.ALREADY_EXISTS, "a new instrument id: ids are not reused", event.instrument)
    if len(set(event.parties)) != len(event.parties):
        return Refused(Refusal.ALREADY_EXISTS, "each party once", ", ".join(event.parties))
    return _check_clock(event.profile.clock) or ()


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
    if event.party not in found.parties:
        expected = ", ".join(found.parties) or "nobody: a text without parties"
        return Refused(Refusal.PARTY_NOT_IN_INSTRUMENT, expected, event.party)
    if found.terminated_on is not None:
        return Refused(Refusal.ALREADY_ENDED, f"{found.id} not terminated", f"terminated on {found.terminated_on}")
    adherence = found.adherence(event.party)
    match event:
        case InstrumentSigned():
            return _once(adherence.signed_on, f"one signature of {event.party}")
        case InstrumentRatified():
            return _signed(adherence) or _once(adherence.ratified_on, f"one ratification by {event.party}")
        case InstrumentAppliedProvisionally():
            return _signed(adherence) or _once(adherence.provisional_on, "provisional application not yet begun")
        case InstrumentReserved():
            return _signed(adherence) or _check_reserved(compact, event)
        case InstrumentObjected():
            return _check_objection(found, event)
        case InstrumentWithdrawalNotified():
            return _signed(adherence) or _once(adherence.notified_on, "no notice running")
        case InstrumentWithdrawalRevoked():
            return _check_revocation(adherence, recorded_at)
        case InstrumentSuspended():
            state = "suspended" if adherence.is_suspended else None
            return _signed(adherence) or _wrong_state(state, "performance that is not suspended")
        case InstrumentResumed():
            state = None if adherence.is_suspended else "not suspended"
            return _wrong_state(state, "a suspension that lasts")
        case InstrumentExtended() | InstrumentAmended() | InstrumentTerminated():
            clock = event.profile.clock if isinstance(event, InstrumentAmended) else None
            return _signed(adherence) or _check_clock(clock) or _other_signatories(found, event.party)
    assert_never(event)


def _once(done_on: object, expected: str) -> Refused | tuple[str, ...]:
    return () if done_on is None else Refused(Refusal.ALREADY_EXISTS, expected, f"done on {done_on}")


def _signed(adherence: Adherence) -> Refused | None:
    if adherence.signed_on is None:
        return Refused(Refusal.WRONG_STATE, f"a signature by {adherence.party} first", "none")
    return None


def _wrong_state(state: str | None, expected: str) -> Refused | tuple[str, ...]:
    return () if state is None else Refused(Refusal.WRONG_STATE, expected, state)


def _other_signatories(found: Instrument, party: str) -> tuple[str, ...]:
    return tuple(one.party for one in found.adherences if one.signed_on is not None and one.party != party)


def _check_reserved(compact: Compact, event: InstrumentReserved) -> Refused | tuple[str, ...]:
    for one in event.commitments:
        if history(compact, "commitment", one) is None:
            return Refused(Refusal.REFERENCE_UNKNOWN, "recorded commitments", one)
    return ()


def _check_objection(found: Instrument, event: InstrumentObjected) -> Refused | tuple[str, ...]:
    reservation = next((one for one in found.reservations if one.event_id == event.reservation), None)
    if reservation is None or reservation.party == event.party:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a reservation of another party to this text", event.reservation)
    if event.party in reservation.objections:
        return Refused(Refusal.ALREADY_EXISTS, "one objection", f"{event.party} objected before")
    return ()


def _check_revocation(adherence: Adherence, recorded_at: datetime) -> Refused | tuple[str, ...]:
    if adherence.withdraws_on is None:
        return Refused(Refusal.WRONG_STATE, "a notice of withdrawal that runs", "none")
    if recorded_at.date() >= adherence.withdraws_on:
        return Refused(Refusal.ALREADY_ENDED, f"a revocation before {adherence.withdraws_on}", str(recorded_at.date()))
    return ()
