"""The entry: what the log stores, hashes and serves, at most 65,535 bytes.

The envelope stands in it exactly as it was received. Each entry names the SHA-256 of the one before, so a person with
`sha256sum` can follow the chain; the tree binds the same bytes. Bytes that parse are those that building gives.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

import orjson

from ledger.events.canonical import INTEGER_MAX
from ledger.log.errors import EntryMalformed, shown
from ledger.log.tree import leaf_hash

ENTRY_BYTES_MAX: Final = 65_535
"""What the two-byte length in an entry bundle can say (C2SP tlog-tiles)."""

GENESIS_PREVIOUS: Final = "0" * 64
"""What the first entry names as the one before."""

_HEAD: Final = b'{"envelope":'
ENVELOPE_BEGINS: Final = len(_HEAD)
"""Where the envelope begins in an entry."""

_TAIL_BEGINS: Final = b',"position":'
_TAIL: Final = re.compile(
    rb',"position":([0-9]{1,16}),"previous":"([0-9a-f]{64})"'
    rb',"recorded_at":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)"}'
)
_TAIL_BYTES_MAX: Final = 151
_INSTANT_BYTES: Final = len("2026-11-24T08:25:28.000123Z")
_SHA256_HEX: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log. Made by `build_entry` or `parse_entry`, so `raw` and the parts always agree.

    `position` counts from 1. `recorded_at` is in UTC, to the microsecond. `previous` is 64 hexadecimal digits.
    """

    raw: bytes
    position: int
    recorded_at: datetime
    previous: str
    envelope: bytes

    @property
    def entry_index(self) -> int:
        """The index of the leaf in the tree, from 0."""
        return self.position - 1

    @property
    def sha256(self) -> str:
        """What the next entry names as `previous`: 64 hexadecimal digits."""
        return sha256(self.raw).hexdigest()

    @property
    def leaf_hash(self) -> bytes:
        """The hash (32 bytes) of the leaf in the tree."""
        return leaf_hash(self.raw)


def build_entry(position: int, recorded_at: datetime, previous: str, envelope_raw: bytes) -> Entry:
    r"""Return the entry, its bytes canonical JSON (RFC 8785) if those of the envelope are:

        {"envelope":{...},"position":7,"previous":"9f86...0a08","recorded_at":"2026-11-24T08:25:28.000123Z"}

    Raises EntryMalformed for a position outside 1 to 2**53 - 1, a time that is not in UTC, a `previous` that is no
    SHA-256 in lowercase hexadecimal, an envelope that is no JSON object, and more than ENTRY_BYTES_MAX bytes.
    """
    _check_position(position)
    if recorded_at.utcoffset() != timedelta(0):
        raise EntryMalformed("a time in UTC", recorded_at.isoformat())
    if not _SHA256_HEX.fullmatch(previous):
        raise EntryMalformed("64 lowercase hexadecimal digits", shown(previous.encode(errors="replace")))
    _check_object(envelope_raw)
    raw = b"".join((_HEAD, envelope_raw, _tail(position, recorded_at, previous)))
    if len(raw) > ENTRY_BYTES_MAX:
        raise EntryMalformed(f"at most {ENTRY_BYTES_MAX} bytes", f"{len(raw)} bytes")
    return Entry(raw, position, recorded_at.astimezone(UTC), previous, envelope_raw)


def parse_entry(raw: bytes) -> Entry:
    """Return the entry whose bytes are `raw`. Raises EntryMalformed unless `build_entry` gives the same bytes.

    Only what surrounds the envelope is strict here: what the envelope itself holds is for its own parser.
    """
    if len(raw) > ENTRY_BYTES_MAX:
        raise EntryMalformed(f"at most {ENTRY_BYTES_MAX} bytes", f"{len(raw)} bytes")
    # Nothing in the tail can look like its beginning, so the last such place is where it begins.
    at = raw.rfind(_TAIL_BEGINS, max(0, len(raw) - _TAIL_BYTES_MAX))
    tail = _TAIL.fullmatch(raw, at) if at >= len(_HEAD) else None
    if tail is None or not raw.startswith(_HEAD):
        raise EntryMalformed(
            "envelope, position, previous and recorded_at in canonical JSON",
            f"{shown(raw)}, which ends {shown(raw[-60:])}",
        )
    digits, previous, written = tail[1].decode(), tail[2].decode(), tail[3].decode()
    try:
        recorded_at = datetime.fromisoformat(written)
    except ValueError as error:
        raise EntryMalformed("an instant such as 2026-11-24T08:25:28.000123Z", f"{written}: {error}") from None
    position, envelope_raw = int(digits), raw[len(_HEAD) : at]
    _check_position(position)
    _check_object(envelope_raw)
    # A leading zero, or an instant that some versions of Python read although it has another name, such as 24:00.
    # What stands before the tail is what building puts there.
    if (built := _tail(position, recorded_at, previous)) != raw[at:]:
        raise EntryMalformed(f"an entry that ends {shown(built[-60:])}", shown(raw[-60:]))
    return Entry(raw, position, recorded_at, previous, envelope_raw)


def tail_of(raw: bytes) -> tuple[int, int, str] | None:
    """Return position, end of the envelope and `previous` of bytes that are an entry if their envelope is an object.

    None if they are none whatever the envelope is, and in some cases where only `parse_entry` can tell.
    """
    at = raw.rfind(_TAIL_BEGINS, max(0, len(raw) - _TAIL_BYTES_MAX))
    tail = _TAIL.fullmatch(raw, at) if at >= len(_HEAD) else None
    if tail is None or not raw.startswith(_HEAD) or len(raw) > ENTRY_BYTES_MAX or not 1 <= int(tail[1]) <= INTEGER_MAX:
        return None
    text = tail[3].decode()
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    if tail[1].startswith(b"0") or f"{instant.replace(tzinfo=None).isoformat(timespec='microseconds')}Z" != text:
        return None
    return int(tail[1]), at, tail[2].decode()


def entry_elsewhere(raw: bytes, position: int, envelope_end: int, previous: str) -> Entry:
    """Return the entry that `parse_entry` made of `raw` in another process of this program; its parts are believed."""
    instant = datetime.fromisoformat(raw[-_INSTANT_BYTES - 2 : -2].decode())
    return Entry(raw, position, instant, previous, raw[len(_HEAD) : envelope_end])


def _tail(position: int, recorded_at: datetime, previous: str) -> bytes:
    """Return what follows the envelope, of a time whose offset is zero."""
    instant = recorded_at.isoformat(timespec="microseconds").removesuffix("+00:00")
    return f',"position":{position},"previous":"{previous}","recorded_at":"{instant}Z"}}'.encode()


def _check_position(position: int) -> None:
    if not 1 <= position <= INTEGER_MAX:
        raise EntryMalformed(f"a position of 1 to {INTEGER_MAX}", str(position))


def _check_object(envelope_raw: bytes) -> None:
    """Raise EntryMalformed unless the bytes are one JSON object, without which splicing could forge other members."""
    try:
        is_object = isinstance(orjson.loads(envelope_raw), dict)
    except orjson.JSONDecodeError:
        is_object = False
    # A JSON parser lets white space pass around the object.
    if not is_object or not envelope_raw.startswith(b"{") or not envelope_raw.endswith(b"}"):
        raise EntryMalformed("an envelope that is one JSON object", shown(envelope_raw))
