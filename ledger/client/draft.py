"""What a party means to sign, and the exact bytes that it then signs.

Pure: the clock, the random bytes and the place in the authority's chain are given. Bytes that `payload_of` returns are
canonical and decode as an event of the registry, so whoever signs them signs something the ledger can read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from ledger.events.canonical import canonical_bytes, parse_canonical
from ledger.events.header import Event
from ledger.events.refusals import Refusal, Rejected
from ledger.events.registry import EVENTS, decode
from ledger.signing.dsse import ENVELOPE_BYTES_MAX

UNIX_MS_MAX: Final = 2**48 - 1
RANDOM_BYTES: Final = 10

OPTIONAL_HEADER: Final = frozenset({"occurred", "evidence", "note"})
"""What a draft may say itself of the fields that every event carries."""

SET_ON_SIGNING: Final = (frozenset(Event.__struct_fields__) - OPTIONAL_HEADER) | {"type"}
"""What is filled in when the draft is signed; a draft that holds any of these is refused."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An act before it has a place in its authority's chain.

    `type` is dotted (`commitment.made`); `fields` are the payload's members beside those set on signing, as plain
    values, dates or frozen structs of `ledger.events`.

        Draft("consent.given", "de", "de/principal", {"act": "019a3c5e-7b1a-7c3d-8e4f-0123456789ab"})
    """

    type: str
    party: str
    authority: str
    fields: Mapping[str, object]


def payload_of(draft: Draft, *, ledger: str, event_id: str, sequence: int, previous: str, issued_at: datetime) -> bytes:
    """Return the canonical payload of `draft`, in the newest version of its type, checked against its schema.

    `previous` is the SHA-256 of the authority's previous admitted payload, 64 lowercase hex digits; `issued_at` is in
    UTC. Raises ValueError if the draft sets a field that is set on signing or holds a value that JSON cannot hold
    exactly, and Rejected (a code of `parse_canonical` or `registry.decode`) if the ledger could not read the result.

        {"act":"019a…","authority":"de/principal","id":"019b…","issued_at":"2026-01-02T03:04:05Z",…,"version":1}
    """
    if early := SET_ON_SIGNING & draft.fields.keys():
        raise ValueError(f"expected fields of {draft.type} only, got {', '.join(sorted(early))}: set on signing")
    payload = canonical_bytes(
        {
            **_plain(draft.fields),
            "type": draft.type,
            "version": _version(draft.type),
            "ledger": ledger,
            "id": event_id,
            "party": draft.party,
            "authority": draft.authority,
            "sequence": sequence,
            "previous": previous,
            "issued_at": msgspec.to_builtins(issued_at),
        }
    )
    parse_canonical(payload, ENVELOPE_BYTES_MAX)
    decode(payload)
    return payload


def _plain(fields: Mapping[str, object]) -> dict[str, object]:
    try:
        plain: dict[str, object] = msgspec.to_builtins(dict(fields), str_keys=True)
    except TypeError as error:
        raise ValueError(f"expected values that JSON can hold, got one it cannot: {error}") from None
    return plain


def _version(event_type: str) -> int:
    versions = [version for name, version in EVENTS if name == event_type]
    if not versions:
        raise Rejected(Refusal.EVENT_TYPE_UNKNOWN, "an event type of this rule set", repr(event_type[:80]))
    return max(versions)


def new_event_id(now_ms: int, random_bytes: bytes) -> str:
    """Return a UUIDv7 (RFC 9562 §5.7) of `now_ms`, milliseconds since 1970, and of 74 bits of `random_bytes`.

        019a3c5e-7b1a-7c3d-8e4f-0123456789ab

    Raises ValueError unless `now_ms` fits 48 bits and `random_bytes` are exactly 10 bytes.
    """
    if not 0 <= now_ms <= UNIX_MS_MAX:
        raise ValueError(f"expected 0 to {UNIX_MS_MAX} ms since 1970, got {now_ms}")
    if len(random_bytes) != RANDOM_BYTES:
        raise ValueError(f"expected {RANDOM_BYTES} random bytes, got {len(random_bytes)}")
    value = bytearray(now_ms.to_bytes(6, "big") + random_bytes)
    value[6] = 0x70 | value[6] & 0x0F  # Version 7 in the upper half of octet 6.
    value[8] = 0x80 | value[8] & 0x3F  # Variant 10 in the upper two bits of octet 8.
    digits = value.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
