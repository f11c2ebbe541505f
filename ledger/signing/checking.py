"""What can be said about envelopes without the state of the ledger: parsed, and verified by the keys known so far.

It is the dear part of an act, most of it one Ed25519 verification, and needs nothing but bytes: so worker processes do
it (`ledger.signing.workers`). What comes back across the pipe are the parts of an envelope; its event is decoded again
from the payload, which costs less than pickling it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from ledger.events.canonical import parse_canonical
from ledger.events.keys import KeySet
from ledger.events.refusals import Refusal, Refused, Rejected
from ledger.events.registry import REGISTERING_TYPES
from ledger.events.stages import Envelope, Verified
from ledger.signing.dsse import ENVELOPE_BYTES_MAX, PAYLOAD_TYPE, parse, parsed_elsewhere, unwrapped
from ledger.signing.verify import check_signatures, verified_elsewhere, verify


@dataclass(frozen=True, slots=True)
class Checked:
    """A parsed envelope. `verified` by the key set that was given for its authority; None if none was given."""

    envelope: Envelope
    verified: Verified | None


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A chunk of envelopes as they came, the key sets of authorities known by now, and the origin they must name."""

    raws: Sequence[bytes]
    keys: Mapping[str, KeySet]
    ledger: str | None


Answer = Refused | tuple[bytes, str, tuple[tuple[str, bytes], ...], bool]
"""Across the pipe: the refusal; or payload, its digest, key ids and signatures, and whether it was verified."""


class _Head(msgspec.Struct, frozen=True):
    """What of an event tells by which keys it is signed."""

    type: str
    authority: str
    ledger: str


_HEAD: Final = msgspec.json.Decoder(_Head)


def check(chunk: Unchecked) -> list[Checked | Refused]:
    """Return what can be said about each envelope, in order. The same as `received(chunk, answers(chunk))`."""
    return [_checked(raw, chunk) for raw in chunk.raws]


def answers(chunk: Unchecked) -> list[Answer]:
    """Do the work of `check` in a worker process."""
    return [_answered_quickly(raw, chunk) or _answer(_checked(raw, chunk)) for raw in chunk.raws]


def _answered_quickly(raw: bytes, chunk: Unchecked) -> Answer | None:
    """Return the answer about an act in which all is well, its event left to be decoded by who receives it.

    None where anything is in doubt, or the act would register keys: then the exact way decides and gives the reason.
    Decoding the event here as well would be 10 of 95 µs.
    """
    try:
        payload, signatures = unwrapped(PAYLOAD_TYPE, raw)
        parse_canonical(payload, ENVELOPE_BYTES_MAX)
        head = _HEAD.decode(payload)
        if head.type in REGISTERING_TYPES or (chunk.ledger is not None and head.ledger != chunk.ledger):
            return None
        key_set = chunk.keys.get(head.authority)
        if key_set is not None:
            check_signatures(head.authority, payload, signatures, key_set)
    except (Rejected, msgspec.DecodeError):
        return None
    crossing = tuple((one.key_id, one.value) for one in signatures)
    return payload, sha256(payload).hexdigest(), crossing, key_set is not None


def received(chunk: Unchecked, answered: Sequence[Answer]) -> list[Checked | Refused]:
    """Return what `check` would, from what a worker answered."""
    return [_received(raw, answer) for raw, answer in zip(chunk.raws, answered, strict=True)]


def _checked(raw: bytes, chunk: Unchecked) -> Checked | Refused:
    try:
        envelope = parse(raw)
    except Rejected as rejected:
        return rejected.refused
    try:
        return Checked(envelope, verify(envelope, chunk.keys.get, ledger=chunk.ledger))
    except Rejected as rejected:
        if rejected.refused.refusal is not Refusal.AUTHORITY_UNKNOWN:
            return rejected.refused
    return Checked(envelope, None)


def _answer(checked: Checked | Refused) -> Answer:
    if isinstance(checked, Refused):
        return checked
    envelope = checked.envelope
    signatures = tuple((one.key_id, one.value) for one in envelope.signatures)
    return envelope.payload, envelope.payload_sha256, signatures, checked.verified is not None


def _received(raw: bytes, answer: Answer) -> Checked | Refused:
    if isinstance(answer, Refused):
        return answer
    payload, payload_sha256, signatures, is_verified = answer
    try:
        envelope = parsed_elsewhere(raw, payload, payload_sha256, signatures)
    except Rejected as rejected:
        return rejected.refused
    return Checked(envelope, verified_elsewhere(envelope) if is_verified else None)
