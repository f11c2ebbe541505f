"""Correction and opening: neither edits. Both refer to an earlier act; what was known before stays reproducible."""

from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta

from ledger.events.canonical import canonical_bytes
from ledger.events.header import Event
from ledger.events.terms import FormulaObject, GoodsObject, MoneyObject, ServiceObject
from ledger.events.values import EventId, LongText

Json = Annotated[object, Meta(description="any JSON value, as it stands in the payload; null: absent")]
Pointer = Annotated[
    str, Meta(pattern=r"^(/[a-z0-9_]{1,40}){1,8}$(?!\n)", description="JSON Pointer (RFC 6901) into the payload")
]
Salt = Annotated[
    str,
    Meta(
        pattern=r"^([0-9a-f]{2}){32,64}$(?!\n)",
        description="random bytes that nobody can guess, 32 to 64 of them, two lowercase hex digits each",
    ),
]

SALT_BYTES = 32
"""How many random bytes a salt has at least: fewer, and a value of few possibilities could be found by trying them."""

DisclosedObject = MoneyObject | GoodsObject | ServiceObject | FormulaObject
"""What a confidential object may turn out to be."""


class ActCorrected(Event, frozen=True, kw_only=True, tag="act.corrected"):
    """One field of an earlier act of the same party. `old` must be what is in force there.

    {"act": "019a…", "field": "/terms/object/amount", "old": "2000000000.00", "new": "2100000000.00"}

    A correction that lowers, delays or narrows a commitment waits for consent exactly as an amendment would. Correct a
    correction by naming the correction as the act and `/new` as the field.
    """

    act: EventId
    field: Pointer
    old: Json = None
    new: Json = None
    reason: LongText


class ActDisclosed(Event, frozen=True, kw_only=True, tag="act.disclosed"):
    """Opens the confidential value that an earlier act of the same party holds at `field`. Nobody has to agree.

    {"act": "019a…", "field": "/terms/object", "salt": "5f…", "value": {"kind": "goods", "quantity": "3", "unit": "…"}}

    The digest in the act must be the SHA-256 of the bytes of the salt and, right behind them, the RFC 8785 form of the
    value: what was promised was fixed when it was signed. From here on the act is read with the value.
    """

    act: EventId
    field: Pointer
    salt: Salt
    value: DisclosedObject


def salted_sha256(salt: bytes, value: DisclosedObject) -> str:
    """Return the digest that stands in an act in place of `value`: SHA-256(salt || canonical bytes), lowercase hex.

        salt   000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
        value  {"kind":"goods","quantity":"3","unit":"radar satellite"}
        digest fc1298d0b8aec01d651944e52e140b441f9684e0e517c229445479cd0effdc36

    The bytes of no such value are the end of another's, so nothing can be opened as two values.
    """
    return sha256(salt + canonical_bytes(msgspec.to_builtins(value))).hexdigest()
