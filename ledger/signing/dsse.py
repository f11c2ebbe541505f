"""DSSE envelopes (secure-systems-lab/dsse, protocol v1.0.2): received bytes to a typed event, nothing yet proved.

One act by the same signers has one envelope: the bytes are canonical, the signatures sorted, the base64 strict. This
is the only module that constructs Envelope.
"""

import hashlib
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

from ledger.events import registry
from ledger.events.canonical import canonical_bytes, parse_canonical
from ledger.events.refusals import Refusal, Rejected
from ledger.events.stages import Envelope, Signature
from ledger.signing.encoding import bytes_of_base64, from_base64, to_base64

PAYLOAD_TYPE: Final = "application/vnd.guarantee-ledger.event+json"
ENVELOPE_BYTES_MAX: Final = 48 * 1024
SIGNATURES_MAX: Final = 16
SIGNATURE_BYTES_MAX: Final = 128

_ENVELOPE_MEMBERS: Final = {"payload", "payloadType", "signatures"}
_SIGNATURE_MEMBERS: Final = {"keyid", "sig"}
_KEY_ID: Final = re.compile(r"[0-9a-f]{64}")

_HEAD: Final = b'{"payload":"'
_SIGNATURES: Final = b'","payloadType":"' + PAYLOAD_TYPE.encode() + b'","signatures":[{"keyid":"'
_NEXT: Final = b'"},{"keyid":"'
_END: Final = b'"}]}'
_SIGNATURE: Final = re.compile(rb'([0-9a-f]{64})","sig":"([0-9A-Za-z+/=]+)')


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding, which is what is signed. Lengths are in bytes.

    DSSEv1 29 http://example.com/HelloWorld 11 hello world
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def envelope_bytes(payload: bytes, signatures: Iterable[Signature]) -> bytes:
    """Return the envelope of an event's `payload` with `signatures`, which are sorted here and not verified.

    {"payload":"eyJhdX…","payloadType":"application/vnd.guarantee-ledger.event+json","signatures":[{"keyid":"9f86…
    """
    return wrapped(PAYLOAD_TYPE, payload, signatures)


def wrapped(payload_type: str, payload: bytes, signatures: Iterable[Signature]) -> bytes:
    """Return the envelope of a payload of any type, its signatures sorted and not verified."""
    ordered = sorted(signatures, key=lambda signature: signature.key_id)
    return canonical_bytes(
        {
            "payload": to_base64(payload),
            "payloadType": payload_type,
            "signatures": [{"keyid": one.key_id, "sig": to_base64(one.value)} for one in ordered],
        }
    )


def parse(raw: bytes) -> Envelope:
    """Return the envelope that `raw` holds, with its typed event.

    Raises Rejected: (1) the codes of `parse_canonical` for the envelope; (2) ENVELOPE_MALFORMED for other members or
    types, base64 that is not strict, or signatures that are not 1 to 16, sorted by key id and each key once;
    (3) PAYLOAD_TYPE_UNKNOWN; (4) the codes of `parse_canonical` for the payload; (5) those of `registry.decode`.
    """
    payload, signatures = unwrapped(PAYLOAD_TYPE, raw)
    # (4) The bytes of the payload.
    parse_canonical(payload, ENVELOPE_BYTES_MAX)
    # (5) Its meaning.
    event = registry.decode(payload)
    return Envelope(
        raw=raw,
        payload=payload,
        payload_sha256=hashlib.sha256(payload).hexdigest(),
        signatures=signatures,
        event=event,
    )


def parsed_elsewhere(
    raw: bytes, payload: bytes, payload_sha256: str, signatures: Iterable[tuple[str, bytes]]
) -> Envelope:
    """Return the envelope that `parse` made of `raw` in another process of this program; its parts are believed."""
    return Envelope(
        raw=raw,
        payload=payload,
        payload_sha256=payload_sha256,
        signatures=tuple(Signature(key_id, value) for key_id, value in signatures),
        event=registry.decode(payload),
    )


def unwrapped(payload_type: str, raw: bytes) -> tuple[bytes, tuple[Signature, ...]]:
    """Return the payload of type `payload_type` in an envelope, and its signatures: reasons (1) to (3) of `parse`."""
    # An act's envelope in our one form is cut (4 instead of 13 us); any other is read, and told what it lacks.
    cut = _cut(raw) if payload_type == PAYLOAD_TYPE else None
    return cut if cut is not None else _read(payload_type, raw)


def _read(payload_type: str, raw: bytes) -> tuple[bytes, tuple[Signature, ...]]:
    # (1) The bytes of the envelope.
    members = parse_canonical(raw, ENVELOPE_BYTES_MAX)
    # (2) Its form.
    if members.keys() != _ENVELOPE_MEMBERS:
        raise _malformed("members payload, payloadType, signatures", _names(members))
    payload = _bytes_of("payload", members["payload"])
    signatures = _signatures_of(members["signatures"])
    if not isinstance(members["payloadType"], str):
        raise _malformed("payloadType to be a string", type(members["payloadType"]).__name__)
    # (3) Its kind.
    if members["payloadType"] != payload_type:
        raise Rejected(Refusal.PAYLOAD_TYPE_UNKNOWN, payload_type, ascii(members["payloadType"][:80]))
    return payload, signatures


def _cut(raw: bytes) -> tuple[bytes, tuple[Signature, ...]] | None:
    """Return what `_read` would of an act's envelope, or None if it has to decide.

    Canonical are these members in this order around text without quotes, escapes or characters beyond ASCII.
    """
    at = raw.find(_SIGNATURES, len(_HEAD))
    if at < 0 or len(raw) > ENVELOPE_BYTES_MAX or not raw.startswith(_HEAD) or not raw.endswith(_END):
        return None
    written = raw[at + len(_SIGNATURES) : -len(_END)].split(_NEXT)
    if len(written) > SIGNATURES_MAX:
        return None
    signatures = []
    last = b""
    try:
        payload = bytes_of_base64(raw[len(_HEAD) : at])
        for one in written:
            parts = _SIGNATURE.fullmatch(one)
            if parts is None or parts[1] <= last:
                return None
            last, value = parts[1], bytes_of_base64(parts[2])
            if not 1 <= len(value) <= SIGNATURE_BYTES_MAX:
                return None
            signatures.append(Signature(last.decode(), value))
    except ValueError:
        return None
    return payload, tuple(signatures)


def _signatures_of(value: object) -> tuple[Signature, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= SIGNATURES_MAX:
        got = f"{len(value)} of them" if isinstance(value, list) else type(value).__name__
        raise _malformed(f"signatures to be an array of 1 to {SIGNATURES_MAX}", got)
    signatures = tuple(_signature_of(item) for item in value)
    for before, after in pairwise(signatures):
        if before.key_id >= after.key_id:
            raise _malformed("signatures sorted by keyid, each once", f"{before.key_id} before {after.key_id}")
    return signatures


def _signature_of(item: object) -> Signature:
    if not isinstance(item, dict) or item.keys() != _SIGNATURE_MEMBERS:
        raise _malformed("a signature of keyid and sig", _names(item) if isinstance(item, dict) else "no object")
    key_id = item["keyid"]
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
        raise _malformed("keyid of 64 lowercase hexadecimal digits", ascii(key_id)[:80])
    value = _bytes_of("sig", item["sig"])
    if not 1 <= len(value) <= SIGNATURE_BYTES_MAX:
        raise _malformed(f"sig of 1 to {SIGNATURE_BYTES_MAX} bytes", f"{len(value)} bytes")
    return Signature(key_id, value)


def _bytes_of(name: str, value: object) -> bytes:
    if not isinstance(value, str):
        raise _malformed(f"{name} to be a string", type(value).__name__)
    try:
        return from_base64(value)
    except ValueError as error:
        raise _malformed(f"{name} in padded base64", str(error)) from None


def _names(members: dict[str, Any]) -> str:
    return ascii(", ".join(sorted(members)))[:80]


def _malformed(expected: str, got: str) -> Rejected:
    return Rejected(Refusal.ENVELOPE_MALFORMED, expected, got)
