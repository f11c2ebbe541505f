"""What the rules force: acts that follow from another in the same transaction, signed by the service key.

A notified aggression opens a consultation for each instrument with a clock and reinstates each snapback measure that
has something to reinstate. What is forced stands in a queue in the state of the ledger, and as long as it is not empty
nothing is admitted but the next act in it, byte for byte. So the rules alone tell an auditor of an act that is missing,
of one too many and of one that is different.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from ledger.events.canonical import canonical_bytes
from ledger.events.crises import AggressionNotified, ConsultationOpened
from ledger.events.instruments import Clock
from ledger.events.measures import MeasureReinstated
from ledger.events.registry import service_authority
from ledger.rules.compact import CLOCKS, SNAPBACK, Authority, Compact, ForcedAct, authority, history, indexed, opened
from ledger.rules.history import Act
from ledger.rules.instruments import Instrument, instrument
from ledger.rules.measures import returning
from ledger.rules.parties import successor_of

ForcedEvent = ConsultationOpened | MeasureReinstated
"""Acts that only the service key signs, and only where they are forced."""

OPENED = str(ConsultationOpened.__struct_config__.tag)
REINSTATED = str(MeasureReinstated.__struct_config__.tag)


def forced_by(compact: Compact, event: AggressionNotified, recorded_at: datetime) -> tuple[ForcedAct, ...]:
    """Return what a notification that is recorded then forces: consultations, then reinstatements, by name."""
    return (*_consultations(compact, event, recorded_at), *_reinstatements(compact, event, recorded_at))


def _consultations(compact: Compact, event: AggressionNotified, recorded_at: datetime) -> Iterator[ForcedAct]:
    for name in indexed(compact, CLOCKS):
        text = instrument(history(compact, "instrument", name))
        if text is not None and text.profile.clock is not None and bound_guarantors(compact, text, recorded_at):
            yield ForcedAct(type=OPENED, subject=name, cause=event.id)


def _reinstatements(compact: Compact, event: AggressionNotified, recorded_at: datetime) -> Iterator[ForcedAct]:
    for name in indexed(compact, SNAPBACK):
        if returning(history(compact, "measure", name), recorded_at) is not None:
            yield ForcedAct(type=REINSTATED, subject=name, cause=event.id)


def bound_guarantors(compact: Compact, text: Instrument, at: datetime) -> tuple[str, ...]:
    """Return those for whom the text has effect on that day, beside the beneficiary; successors in their places."""
    ledger = opened(compact)
    assert ledger is not None
    day = at.astimezone(UTC).date()
    bound = []
    for party in text.parties:
        begins, ends = text.bound_from(party), text.bound_until(party)
        if party != ledger.beneficiary and begins is not None and begins <= day and (ends is None or day < ends):
            bound.append(successor_of(compact, party))
    return tuple(dict.fromkeys(bound))


@dataclass(frozen=True, slots=True)
class Due:
    """The next forced act: its payload, and the time of its entry, which is that of its cause."""

    payload: bytes
    recorded_at: datetime
    act: ForcedAct


def next_due(compact: Compact) -> Due | None:
    """Return the act that has to follow now, or None where nothing is forced."""
    ledger = opened(compact)
    if ledger is None or not ledger.forced:
        return None
    act = ledger.forced[0]
    cause, service = _cause(compact, act), authority(compact, service_authority(ledger.depositary))
    assert service is not None
    head = {
        "type": act.type,
        "version": 1,
        "ledger": ledger.origin,
        "id": _event_id(compact, act, cause.recorded_at),
        **_signed_by(service),
        "issued_at": _instant(cause.recorded_at),
    }
    payload = canonical_bytes(head | _fields(compact, act, cause))
    return Due(payload, cause.recorded_at, act)


def forced_payload(compact: Compact) -> bytes:
    """Return the payload of the act that has to follow now. Only where one is forced."""
    due = next_due(compact)
    assert due is not None
    return due.payload


def _signed_by(service: Authority) -> dict[str, Any]:
    return {
        "party": service.party,
        "authority": service.id,
        "sequence": service.sequence + 1,
        "previous": service.previous,
    }


def _cause(compact: Compact, act: ForcedAct) -> Act:
    stream = compact.locate(act.cause)
    assert stream is not None
    kind, _, name = stream.partition("/")
    record = history(compact, kind, name)
    found = record.act(act.cause) if record is not None else None
    assert found is not None
    return found


def _event_id(compact: Compact, act: ForcedAct, recorded_at: datetime) -> str:
    """Return a UUIDv7 that follows from what is forced. One that somebody has taken already is passed over."""
    milliseconds = (recorded_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    attempt = 0
    while True:
        digest = sha256(f"{act.cause} {act.type} {act.subject} {attempt}".encode()).digest()
        value = bytearray(milliseconds.to_bytes(6, "big") + digest[:10])
        value[6] = 0x70 | value[6] & 0x0F  # Version 7 in the upper half of octet 6.
        value[8] = 0x80 | value[8] & 0x3F  # Variant 10 in the upper two bits of octet 8.
        digits = value.hex()
        event_id = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        if compact.locate(event_id) is None:
            return event_id
        attempt += 1


def _fields(compact: Compact, act: ForcedAct, cause: Act) -> dict[str, Any]:
    if act.type == REINSTATED:
        returns = returning(history(compact, "measure", act.subject), cause.recorded_at)
        assert returns is not None
        effective_at, parts = returns
        return {
            "measure": act.subject,
            "cause": act.cause,
            "parts": list(parts),
            "effective_at": _instant(effective_at),
        }
    text, notified = instrument(history(compact, "instrument", act.subject)), cause.event
    assert text is not None
    assert text.profile.clock is not None
    assert isinstance(notified, AggressionNotified)
    clock = text.profile.clock
    t0, basis = _t0(clock, notified, cause.recorded_at)
    fields = {
        "consultation": f"{notified.crisis}.{act.subject}",
        "crisis": notified.crisis,
        "cause": act.cause,
        "instrument": act.subject,
        "basis": basis,
        "guarantors": list(bound_guarantors(compact, text, cause.recorded_at)),
        "t0": _instant(t0),
        "convene_by": _instant(t0 + timedelta(hours=clock.convene_within_hours)),
    }
    if clock.decide_within_hours is not None:
        fields["decide_by"] = _instant(t0 + timedelta(hours=clock.decide_within_hours))
    return fields


def _t0(clock: Clock, notified: AggressionNotified, received_at: datetime) -> tuple[datetime, str]:
    """Return where the hours are counted from, and what that is: the attack only where its instant was stated."""
    if clock.basis in ("notification_received", "request_received"):
        return received_at, clock.basis
    if notified.began_at is not None:
        return notified.began_at, clock.basis
    return received_at, "notification_received"


def _instant(at: datetime) -> str:
    text: str = msgspec.to_builtins(at.astimezone(UTC))
    return text
