"""An entry is the envelope as it came, spliced into one possible form."""

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.log.entry import ENTRY_BYTES_MAX, GENESIS_PREVIOUS, build_entry, parse_entry
from ledger.log.errors import EntryMalformed

ENVELOPE = b'{"payload":"e30=","payloadType":"application/json","signatures":[]}'
INSTANT = datetime(2026, 11, 24, 8, 25, 28, 123, tzinfo=UTC)
RAW = (
    b'{"envelope":{"payload":"e30=","payloadType":"application/json","signatures":[]},"position":1,'
    b'"previous":"0000000000000000000000000000000000000000000000000000000000000000",'
    b'"recorded_at":"2026-11-24T08:25:28.000123Z"}'
)


def test_an_entry_is_one_object_of_four_members() -> None:
    entry = build_entry(1, INSTANT, GENESIS_PREVIOUS, ENVELOPE)
    assert entry.raw == RAW
    assert entry.entry_index == 0
    assert entry.sha256 == sha256(RAW).hexdigest()
    assert entry.leaf_hash == sha256(b"\x00" + RAW).digest()
    assert parse_entry(RAW) == entry


def test_the_next_entry_names_the_one_before() -> None:
    first = parse_entry(RAW)
    second = build_entry(2, INSTANT, first.sha256, ENVELOPE)
    assert json.loads(second.raw)["previous"] == sha256(RAW).hexdigest()


@given(
    position=st.integers(1, 2**53 - 1),
    instant=st.datetimes(timezones=st.just(UTC)),
    previous=st.binary(min_size=32, max_size=32),
    members=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.none() | st.integers(-9, 9) | st.just(',"position":1')
    ),
)
def test_bytes_are_canonical_and_come_back_as_their_parts(
    position: int, instant: datetime, previous: bytes, members: dict[str, object]
) -> None:
    envelope = rfc8785.dumps(members)  # type: ignore[arg-type]
    entry = build_entry(position, instant, previous.hex(), envelope)
    assert rfc8785.dumps(json.loads(entry.raw)) == entry.raw
    assert parse_entry(entry.raw) == entry
    assert (entry.envelope, entry.position, entry.recorded_at) == (envelope, position, instant)


def test_the_last_position_is_read() -> None:
    entry = build_entry(2**53 - 1, INSTANT, "f" * 64, ENVELOPE)
    assert parse_entry(entry.raw) == entry


def test_microseconds_are_always_written() -> None:
    entry = build_entry(1, INSTANT.replace(microsecond=0, year=7), GENESIS_PREVIOUS, ENVELOPE)
    assert entry.raw.endswith(b'"0007-11-24T08:25:28.000000Z"}')


def test_utc_by_another_name_is_utc() -> None:
    entry = build_entry(1, INSTANT.astimezone(ZoneInfo("Europe/London")), GENESIS_PREVIOUS, ENVELOPE)
    assert entry.raw == RAW
    assert entry.recorded_at.tzinfo is UTC


@pytest.mark.parametrize("instant", [INSTANT.replace(tzinfo=None), INSTANT.astimezone(timezone(timedelta(hours=2)))])
def test_a_time_is_in_utc(instant: datetime) -> None:
    with pytest.raises(EntryMalformed, match="expected a time in UTC"):
        build_entry(1, instant, GENESIS_PREVIOUS, ENVELOPE)


@pytest.mark.parametrize("position", [0, -1, 2**53])
def test_positions_begin_at_one(position: int) -> None:
    with pytest.raises(EntryMalformed, match="expected a position of 1 to 9007199254740991"):
        build_entry(position, INSTANT, GENESIS_PREVIOUS, ENVELOPE)


@pytest.mark.parametrize("previous", ["", "0" * 63, "0" * 65, "A" * 64, "0" * 63 + "\n", "\u0660" * 64])
def test_the_previous_entry_is_named_by_its_sha_256(previous: str) -> None:
    with pytest.raises(EntryMalformed, match="64 lowercase hexadecimal digits"):
        build_entry(1, INSTANT, previous, ENVELOPE)


@pytest.mark.parametrize(
    "envelope",
    [
        b"",
        b"[]",
        b"null",
        b" {}",
        b"{}\n",
        b"{",
        b'{},"x":{}',
        b'{"a":1}}',
        b'{"a":NaN}',
        b'{"a":"\xff"}',
        b"\xef\xbb\xbf{}",
    ],
)
def test_an_envelope_is_one_json_object(envelope: bytes) -> None:
    with pytest.raises(EntryMalformed, match="expected an envelope that is one JSON object"):
        build_entry(1, INSTANT, GENESIS_PREVIOUS, envelope)
    with pytest.raises(EntryMalformed):
        parse_entry(RAW.replace(ENVELOPE, envelope))


def test_an_entry_has_at_most_65_535_bytes() -> None:
    room = ENTRY_BYTES_MAX - len(RAW) + len(ENVELOPE)
    largest = build_entry(1, INSTANT, GENESIS_PREVIOUS, b'{"a":"' + b"x" * (room - 8) + b'"}')
    assert len(largest.raw) == ENTRY_BYTES_MAX
    assert parse_entry(largest.raw) == largest
    with pytest.raises(EntryMalformed, match="expected at most 65535 bytes; got 65536 bytes"):
        build_entry(1, INSTANT, GENESIS_PREVIOUS, b'{"a":"' + b"x" * (room - 7) + b'"}')
    with pytest.raises(EntryMalformed, match="expected at most 65535 bytes"):
        parse_entry(largest.raw.replace(b"xx", b"xxx", 1))


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (b'{"envelope"', b' {"envelope"'),
        (b'{"envelope":', b'{"envelope": '),
        (b'"envelope"', b'"envelopf"'),
        (b'"}', b'"}\n'),
        (b'"}', b'","z":1}'),
        (b'"position":1', b'"position": 1'),
        (b'"position":1', b'"position":01'),
        (b'"position":1', b'"position":0'),
        (b'"position":1', b'"position":1.0'),
        (b'"position":1', b'"position":-1'),
        (b'"position":1', b'"position":"1"'),
        (b'"position":1', b'"position":9007199254740992'),
        (b'"position":1', b'"position":99999999999999999'),
        (b'"position":1,', b""),
        (b'"position":1,', b'"position":1,"position":1,'),
        (b'"position":1,"previous"', b'"previous"'),
        (b'"previous":"0', b'"previous":"A'),
        (b'"previous":"0', b'"previous":"'),
        (b"08:25:28.000123Z", b"08:25:28.000123+00:00"),
        (b"08:25:28.000123Z", b"08:25:28.123Z"),
        (b"08:25:28.000123Z", b"08:25:28Z"),
        (b"08:25:28.000123Z", b"08:25:28.000123z"),
        (b"08:25:28.000123Z", b"08:25:60.000123Z"),
        (b"08:25:28.000123Z", b"24:00:00.000000Z"),
        (b"T08", b" 08"),
        (b"2026-11-24", b"2026-11-31"),
        (b"2026-11-24", b"2026-02-29"),
        (b"2026-11-24", b"0000-11-24"),
        (b"2026-11-24", b"12026-11-24"),
    ],
)
def test_any_other_form_is_refused(part: bytes, other: bytes) -> None:
    assert part in RAW
    with pytest.raises(EntryMalformed):
        parse_entry(RAW.replace(part, other, 1) if part != b'"}' else RAW.removesuffix(part) + other)


def test_a_leading_zero_is_named() -> None:
    with pytest.raises(EntryMalformed, match=r"expected an entry that ends b'.*; got b'"):
        parse_entry(RAW.replace(b'"position":1', b'"position":01'))


@pytest.mark.parametrize("raw", [b"", b"{}", b"null", RAW[1:], RAW[:-1], RAW + RAW, b'{"envelope"' + RAW[76:]])
def test_what_is_no_entry_is_refused(raw: bytes) -> None:
    with pytest.raises(EntryMalformed):
        parse_entry(raw)


@given(at=st.integers(0, len(RAW) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_is_another_entry_or_none(at: int, byte: int) -> None:
    raw = RAW[:at] + bytes([byte]) + RAW[at + 1 :]
    try:
        entry = parse_entry(raw)
    except EntryMalformed:
        return
    assert build_entry(entry.position, entry.recorded_at, entry.previous, entry.envelope).raw == raw
