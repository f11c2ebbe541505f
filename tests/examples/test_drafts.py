"""A draft becomes exactly one payload, or none; an event id is a UUIDv7."""

import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from ledger.client.draft import SET_ON_SIGNING, Draft, new_event_id, payload_of
from ledger.events.canonical import canonical_bytes
from ledger.events.consents import ConsentGiven
from ledger.events.header import FIRST_PREVIOUS
from ledger.events.refusals import Refusal, Rejected
from ledger.events.registry import decode

ACT = "019a3c5e-7b1a-7c3d-8e4f-0123456789ab"
EVENT_ID = "019a3c5e-7b1b-7c3d-8e4f-0123456789ab"
CONSENT = Draft("consent.given", "de", "de/principal", {"act": ACT})
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def payload(draft: Draft, *, sequence: int = 2, event_id: str = EVENT_ID, issued_at: datetime = NOON) -> bytes:
    return payload_of(
        draft,
        ledger="ledger.example/compact",
        event_id=event_id,
        sequence=sequence,
        previous=FIRST_PREVIOUS,
        issued_at=issued_at,
    )


def test_the_payload_is_canonical_and_says_what_the_draft_says() -> None:
    expected = {
        "act": ACT,
        "authority": "de/principal",
        "id": EVENT_ID,
        "issued_at": "2026-01-02T12:00:00Z",
        "ledger": "ledger.example/compact",
        "party": "de",
        "previous": "0" * 64,
        "sequence": 2,
        "type": "consent.given",
        "version": 1,
    }
    raw = payload(CONSENT)
    assert raw == canonical_bytes(expected) == json.dumps(expected, separators=(",", ":"), sort_keys=True).encode()
    event = decode(raw)
    assert isinstance(event, ConsentGiven)
    assert (event.act, event.sequence, event.issued_at) == (ACT, 2, NOON)


def test_dates_of_a_draft_are_written_as_iso_days() -> None:
    day = date(2024, 1, 12)
    occurred = {"first": day, "last": day, "precision": "day"}
    signed = Draft("instrument.signed", "gb", "gb/principal", {"instrument": "uk-2024", "occurred": occurred})
    assert b'"occurred":{"first":"2024-01-12","last":"2024-01-12","precision":"day"}' in payload(signed)


@pytest.mark.parametrize("field", sorted(SET_ON_SIGNING))
def test_a_draft_may_not_set_what_is_set_on_signing(field: str) -> None:
    draft = Draft("consent.given", "de", "de/principal", {"act": ACT, field: "x"})
    with pytest.raises(ValueError, match=f"got {field}: set on signing"):
        payload(draft)


@pytest.mark.parametrize(
    ("draft", "refusal"),
    [
        (Draft("consent.implied", "de", "de/principal", {"act": ACT}), Refusal.EVENT_TYPE_UNKNOWN),
        (Draft("consent.given", "de", "de/principal", {}), Refusal.EVENT_MALFORMED),
        (Draft("consent.given", "de", "de/principal", {"act": "yesterday"}), Refusal.EVENT_MALFORMED),
        (Draft("consent.given", "de", "de/principal", {"act": ACT, "mood": "good"}), Refusal.EVENT_MALFORMED),
        (Draft("consent.given", "DE", "de/principal", {"act": ACT}), Refusal.EVENT_MALFORMED),
        (Draft("consent.given", "de", "de/principal", {"act": ACT, "note": {"en": "cafe\u0301"}}), Refusal.NOT_NFC),
        (Draft("consent.given", "de", "de/principal", {"act": 0.5}), Refusal.NUMBER_NOT_INTEGER),
        (
            Draft("consent.given", "de", "de/principal", {"act": ACT, "note": {"en": "x" * 50_000}}),
            Refusal.ENVELOPE_TOO_LARGE,
        ),
    ],
)
def test_a_draft_that_the_ledger_could_not_read_is_refused_before_anybody_signs_it(
    draft: Draft, refusal: Refusal
) -> None:
    with pytest.raises(Rejected) as caught:
        payload(draft)
    assert caught.value.refused.refusal == refusal


@pytest.mark.parametrize("issued_at", [NOON.replace(tzinfo=None), NOON.astimezone(timezone(timedelta(hours=2)))])
def test_issued_at_is_an_instant_in_utc(issued_at: datetime) -> None:
    with pytest.raises(Rejected, match="issued_at"):
        payload(CONSENT, issued_at=issued_at)


@pytest.mark.parametrize("value", [float("nan"), 2**53, object(), {1: {2: object()}}])
def test_a_value_that_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        payload(Draft("consent.given", "de", "de/principal", {"act": value}))


@pytest.mark.parametrize("sequence", [0, -1])
def test_sequences_begin_at_one(sequence: int) -> None:
    with pytest.raises(Rejected, match="sequence"):
        payload(CONSENT, sequence=sequence)


def test_an_event_id_is_the_uuid_of_the_standards_example() -> None:
    # RFC 9562, appendix A.6: unix_ts_ms 0x017F22E279B0, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F.
    assert new_event_id(0x017F22E279B0, bytes.fromhex("0cc318c4dc0c0c07398f")) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@pytest.mark.parametrize("filling", [b"\x00", b"\xff", b"\x5a"])
def test_whatever_is_random_version_and_variant_are_not(filling: bytes) -> None:
    event_id = new_event_id(1_700_000_000_000, filling * 10)
    parsed = uuid.UUID(event_id)
    assert (parsed.version, parsed.variant, str(parsed)) == (7, uuid.RFC_4122, event_id)
    assert payload(CONSENT, event_id=event_id)


def test_event_ids_sort_by_time() -> None:
    assert new_event_id(1, b"\xff" * 10) < new_event_id(2, b"\x00" * 10)


@pytest.mark.parametrize(
    ("now_ms", "random_bytes", "message"),
    [
        (-1, bytes(10), "expected 0 to"),
        (2**48, bytes(10), "expected 0 to"),
        (1, bytes(9), "expected 10 random bytes, got 9"),
        (1, bytes(16), "expected 10 random bytes, got 16"),
    ],
)
def test_an_event_id_is_not_made_of_less_or_more(now_ms: int, random_bytes: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        new_event_id(now_ms, random_bytes)
