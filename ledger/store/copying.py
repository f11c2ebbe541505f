"""Entries into their table: rows as binary COPY has them, the fastest way in.

https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any, Final, LiteralString

from psycopg import Cursor

from ledger.events.stages import Admitted
from ledger.log.entry import Entry

COPY: Final[LiteralString] = (
    "COPY public.entries (notification_id, originator_version, recorded_at, sealed_size, payload_sha256, originator_id,"
    " topic, authority, stream, state, pending_on) FROM STDIN (FORMAT BINARY)"
)

_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_FIXED: Final = Struct("!hiqihiqiqi32s")
"""The number of columns, then those of one length, each after its length."""

_LENGTH: Final = Struct("!i")
_ARRAY: Final = Struct("!iiiii")
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_TEXT_OID: Final = 25
_NO_TEXTS: Final = Struct("!iiii").pack(12, 0, 0, _TEXT_OID)


def copy_entries(
    cursor: Cursor[tuple[Any, ...]],
    entries: Sequence[Entry],
    admitted: Iterable[Admitted],
    streams: Iterable[str],
    sealed_size: int,
) -> None:
    """Write `entries`, which record `admitted` in `streams`, in order. They are not decoded again.

    By hand, since the driver's own rows cost 10 of the 17 µs that an act spends here.
    """
    rows = [_row(*parts, sealed_size) for parts in zip(entries, admitted, streams, strict=True)]
    with cursor.copy(COPY) as copy:
        copy.write(b"".join((_HEADER, *rows, _TRAILER)))


def _row(entry: Entry, admitted: Admitted, stream: str, sealed_size: int) -> bytes:
    envelope = admitted.verified.envelope
    event = envelope.event
    at = (entry.recorded_at - _EPOCH) // _MICROSECOND
    fixed = (8, entry.position, 2, 1, 8, at, 8, sealed_size, 32, bytes.fromhex(envelope.payload_sha256))
    parts = [_FIXED.pack(11, *fixed)]
    for value in (event.id.encode(), event.type.encode(), event.authority.encode(), stream.encode(), entry.raw):
        parts += (_LENGTH.pack(len(value)), value)
    parts.append(_texts(admitted.pending_on) if admitted.pending_on else _NO_TEXTS)
    return b"".join(parts)


def _texts(values: Sequence[str]) -> bytes:
    """Return an array of texts, with its length before it: one dimension from 1, no nulls."""
    encoded = [value.encode() for value in values]
    body = b"".join(_LENGTH.pack(len(value)) + value for value in encoded)
    array = _ARRAY.pack(1, 0, _TEXT_OID, len(values), 1) + body
    return _LENGTH.pack(len(array)) + array
