"""Entries into their table, by binary COPY."""

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Any, Final, LiteralString

from psycopg import Cursor

from ledger.events.stages import Admitted
from ledger.log.entry import Entry
from ledger.store.binary_copy import copy_in, field, moment, name, names

COPY: Final[LiteralString] = (
    "COPY public.entries (notification_id, originator_version, recorded_at, sealed_size, payload_sha256, originator_id,"
    " topic, authority, stream, state, pending_on) FROM STDIN (FORMAT BINARY)"
)

_FIXED: Final = Struct("!hiqihiqiqi32s")
"""The number of columns, then those of one length, each after its length."""


def copy_entries(
    cursor: Cursor[tuple[Any, ...]],
    entries: Sequence[Entry],
    admitted: Iterable[Admitted],
    streams: Iterable[str],
    sealed_size: int,
) -> None:
    """Write `entries`, which record `admitted` in `streams`, in order. They are not decoded again."""
    rows = [_row(*parts, sealed_size) for parts in zip(entries, admitted, streams, strict=True)]
    copy_in(cursor, COPY, rows)


def _row(entry: Entry, admitted: Admitted, stream: str, sealed_size: int) -> bytes:
    envelope = admitted.verified.envelope
    event = envelope.event
    digest = bytes.fromhex(envelope.payload_sha256)
    return b"".join(
        (
            _FIXED.pack(11, 8, entry.position, 2, 1, 8, moment(entry.recorded_at), 8, sealed_size, 32, digest),
            field(event.id.encode()),
            name(event.type),
            name(event.authority),
            field(stream.encode()),
            field(entry.raw),
            names(admitted.pending_on),
        )
    )
