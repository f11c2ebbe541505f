"""Answers as plain bytes: one form for each, so that two of them can be compared and digested."""

import msgspec

from ledger.events.canonical import canonical_bytes


def plain_bytes(value: object) -> bytes:
    """Return the canonical JSON (RFC 8785) of an answer."""
    return canonical_bytes(msgspec.to_builtins(value, str_keys=True))


def first_difference(one: bytes, other: bytes) -> int:
    """Return the first byte at which two texts differ."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))
