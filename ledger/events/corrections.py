"""Correction: never edits. It refers to the wrong act; what was known before stays reproducible."""

from typing import Annotated

from msgspec import Meta

from ledger.events.header import Event
from ledger.events.values import EventId, LongText

Json = Annotated[object, Meta(description="any JSON value, as it stands in the payload; null: absent")]


class ActCorrected(Event, frozen=True, kw_only=True, tag="act.corrected"):
    """One field of an earlier act of the same party. `old` must be what is in force there.

    {"act": "019a…", "field": "/terms/object/amount", "old": "2000000000.00", "new": "2100000000.00"}

    A correction that lowers, delays or narrows a commitment waits for consent exactly as an amendment would. Correct a
    correction by naming the correction as the act and `/new` as the field.
    """

    act: EventId
    field: Annotated[
        str, Meta(pattern=r"^(/[a-z0-9_]{1,40}){1,8}$(?!\n)", description="JSON Pointer (RFC 6901) into the payload")
    ]
    old: Json = None
    new: Json = None
    reason: LongText
