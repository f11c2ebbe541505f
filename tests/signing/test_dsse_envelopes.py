"""The envelope: one form of bytes, and a name for each other."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from ledger.events.authorities import AuthorityRevoked
from ledger.events.canonical import canonical_bytes
from ledger.events.refusals import Refusal, Rejected
from ledger.events.stages import Signature
from ledger.signing.dsse import ENVELOPE_BYTES_MAX, PAYLOAD_TYPE, SIGNATURES_MAX, envelope_bytes, pae, parse
from ledger.signing.encoding import to_base64

KEY_ID = "ab" * 32
SIGNATURE = {"keyid": KEY_ID, "sig": to_base64(bytes(64))}


def refusal_of(raw: bytes) -> Refusal | None:
    try:
        parse(raw)
    except Rejected as rejection:
        return rejection.refused.refusal
    return None


@pytest.fixture(scope="session")
def envelope(act: Callable[..., bytes]) -> Callable[..., bytes]:
    """Return a canonical envelope of an ordinary act; named members replace its own, None removes one."""

    def make(**members: Any) -> bytes:
        whole = {"payload": to_base64(act()), "payloadType": PAYLOAD_TYPE, "signatures": [SIGNATURE]} | members
        return canonical_bytes({name: value for name, value in whole.items() if value is not None})

    return make


def test_the_encoding_that_is_signed_is_that_of_the_specification() -> None:
    """The worked example of DSSE protocol.md."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_the_encoding_that_is_signed_counts_bytes_and_cannot_be_shifted() -> None:
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "
    assert pae("a", b"1 b") != pae("a 3 1", b"b")


def test_an_envelope_keeps_its_bytes(envelope: Callable[..., bytes], act: Callable[..., bytes]) -> None:
    raw = envelope()
    parsed = parse(raw)
    assert (parsed.raw, parsed.payload) == (raw, act())
    assert parsed.payload_sha256 == hashlib.sha256(act()).hexdigest()
    assert parsed.signatures == (Signature(KEY_ID, bytes(64)),)
    assert isinstance(parsed.event, AuthorityRevoked)
    assert parsed.event.revoked == "gb/deputy"
    assert envelope_bytes(parsed.payload, parsed.signatures) == raw


def signatures(*key_ids: str) -> list[dict[str, str]]:
    return [{"keyid": key_id, "sig": to_base64(bytes(64))} for key_id in key_ids]


@pytest.mark.parametrize(
    "members",
    [
        {"payload": None},
        {"payloadType": None},
        {"signatures": None},
        {"extra": 1},
        {"payload": 1},
        {"payload": "e30"},
        {"payload": "e31="},
        {"payload": "e30=\n"},
        {"payload": "e30-"},
        {"payloadType": 1},
        {"signatures": []},
        {"signatures": {}},
        {"signatures": signatures(*(f"{number:064x}" for number in range(SIGNATURES_MAX + 1)))},
        {"signatures": signatures(KEY_ID, KEY_ID)},
        {"signatures": signatures("ab" * 32, "aa" * 32)},
        {"signatures": signatures(KEY_ID.upper())},
        {"signatures": signatures(KEY_ID[:-1])},
        {"signatures": signatures(KEY_ID + "\n")},
        {"signatures": signatures("")},
        {"signatures": ["x"]},
        {"signatures": [{"keyid": KEY_ID}]},
        {"signatures": [SIGNATURE | {"cert": "x"}]},
        {"signatures": [SIGNATURE | {"keyid": 1}]},
        {"signatures": [SIGNATURE | {"sig": 1}]},
        {"signatures": [SIGNATURE | {"sig": ""}]},
        {"signatures": [SIGNATURE | {"sig": "AB=="}]},
        {"signatures": [SIGNATURE | {"sig": to_base64(bytes(129))}]},
    ],
    ids=lambda members: str(members)[:50],
)
def test_other_forms_are_malformed(envelope: Callable[..., bytes], members: dict[str, Any]) -> None:
    assert refusal_of(envelope(**members)) == Refusal.ENVELOPE_MALFORMED


def test_sixteen_signatures_fit(envelope: Callable[..., bytes]) -> None:
    assert refusal_of(envelope(signatures=signatures(*(f"{number:064x}" for number in range(SIGNATURES_MAX))))) is None


@pytest.mark.parametrize("kind", ["", "application/vnd.in-toto+json", PAYLOAD_TYPE.upper(), PAYLOAD_TYPE + " "])
def test_another_payload_type_is_unknown(envelope: Callable[..., bytes], kind: str) -> None:
    assert refusal_of(envelope(payloadType=kind)) == Refusal.PAYLOAD_TYPE_UNKNOWN


def test_the_envelope_itself_is_canonical(envelope: Callable[..., bytes]) -> None:
    value = json.loads(envelope())
    assert refusal_of(json.dumps(value).encode()) == Refusal.NOT_CANONICAL
    assert refusal_of(envelope() + b"\n") == Refusal.NOT_CANONICAL
    assert refusal_of(envelope().replace(b'{"keyid"', b'{"keyid":"","keyid"')) == Refusal.DUPLICATE_KEY
    assert refusal_of(b"{}") == Refusal.ENVELOPE_MALFORMED


def test_an_envelope_of_the_largest_size_is_read_and_one_byte_more_is_not() -> None:
    bare = len(envelope_bytes(b"", [Signature(KEY_ID, bytes(64))]))
    room = (ENVELOPE_BYTES_MAX - bare) // 4 * 3
    largest = b'{"a":"' + b"x" * (room - 8) + b'"}'
    raw = envelope_bytes(largest, [Signature(KEY_ID, bytes(64))])
    assert ENVELOPE_BYTES_MAX - 4 < len(raw) <= ENVELOPE_BYTES_MAX
    assert refusal_of(raw) == Refusal.EVENT_MALFORMED
    assert refusal_of(raw + b" " * 4) == Refusal.ENVELOPE_TOO_LARGE


def test_the_payload_is_read_as_strictly(envelope: Callable[..., bytes], act: Callable[..., bytes]) -> None:
    for payload, expected in [
        (b"", Refusal.NOT_JSON),
        (b"\xff", Refusal.NOT_UTF8),
        (act() + b" ", Refusal.NOT_CANONICAL),
        (act().replace(b'"sequence":1', b'"sequence":1.0'), Refusal.NUMBER_NOT_INTEGER),
        (act(note={"en": "e\u0301"}), Refusal.NOT_NFC),
        (act(note={"en": "\u202e"}), Refusal.FORBIDDEN_CHARACTER),
        (act(type="party.exploded"), Refusal.EVENT_TYPE_UNKNOWN),
        (act(version=2), Refusal.EVENT_VERSION_UNKNOWN),
        (act(reason="boredom"), Refusal.EVENT_MALFORMED),
        (act(extra=1), Refusal.EVENT_MALFORMED),
    ]:
        assert refusal_of(envelope(payload=to_base64(payload))) == expected


def test_signatures_are_sorted_when_they_are_written() -> None:
    raw = envelope_bytes(b"{}", [Signature("b" * 64, b"1"), Signature("a" * 64, b"2")])
    assert [one["keyid"] for one in json.loads(raw)["signatures"]] == ["a" * 64, "b" * 64]
