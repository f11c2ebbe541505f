"""Deterministic CBOR: one value, one sequence of bytes, judged by a reader and a writer of the tests' own."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.log.cbor import DEPTH_MAX, decode, encode
from ledger.log.errors import CoseMalformed
from tests.scitt import cbor_by_hand

BYTES_MAX = 4096

integers = st.integers(-(1 << 64), (1 << 64) - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
scalars = st.none() | integers | st.binary(max_size=300) | texts
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(integers | texts | st.binary(max_size=9), inner, max_size=5)
    ),
    max_leaves=12,
)


def depth(value: Any) -> int:
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if parts is None else 1 + max(map(depth, parts), default=0)


@given(values.filter(lambda value: depth(value) <= DEPTH_MAX))
@settings(max_examples=150)
def test_a_value_has_the_encoding_of_the_rfc_and_comes_back(value: Any) -> None:
    raw = encode(value)
    assert raw == cbor_by_hand.write(value)
    assert cbor_by_hand.read(raw) == value
    assert decode(raw, len(raw)) == value


@given(st.binary(max_size=60))
@settings(max_examples=300)
def test_bytes_that_decode_are_those_that_encoding_gives(raw: bytes) -> None:
    try:
        value = decode(raw, BYTES_MAX)
    except CoseMalformed:
        return
    assert cbor_by_hand.write(value) == raw


def test_keys_are_in_the_order_of_their_bytes_and_not_of_their_length() -> None:
    assert encode({-1: 0, 395: 1, "a": 2}).hex() == "a319018b01200061" + "6102"


HOSTILE = {
    "nothing": "",
    "cut off": "82 01",
    "bytes after it": "01 00",
    "a longer number": "18 01",
    "a longer length": "58 01 00",
    "keys out of order": "a2 02 00 01 00",
    "a key twice": "a2 01 00 01 01",
    "a key twice, in two encodings": "a2 01 00 1801 01",
    "an indefinite byte string": "5f 41 01 ff",
    "an indefinite text": "7f 61 61 ff",
    "an indefinite array": "9f 01 ff",
    "an indefinite map": "bf 01 02 ff",
    "a break by itself": "ff",
    "a float": "f9 3c00",
    "not a number": "f9 7e00",
    "a long float": "fb 3ff0000000000000",
    "true": "f5",
    "a key true beside 1": "a2 01 00 f5 00",
    "undefined": "f7",
    "a simple value": "e0",
    "a reserved simple value": "f8 18",
    "a reserved length": "1c",
    "a key that is an array": "a1 80 00",
    "a key that is a map": "a1 a0 00",
    "a key that is a float": "a1 f90000 00",
    "a key that is null": "a1 f6 00",
    "text that is not UTF-8": "62 c328",
    "a text with half a character": "63 eda080",
    "an array of 2**63 items": "9b 8000000000000000",
    "a byte string of 2**63 bytes": "5b 8000000000000000",
    "a map of 2**63 pairs": "bb 8000000000000000",
    "nine arrays": "81" * (DEPTH_MAX + 1) + "01",
    "arrays without end": "81" * 4000,
    "a number with a tag": "c2 41 01",
    "a huge number": "c2 49 010000000000000000",
    "a decimal of 2**32 digits": "c4 82 1b0000000100000000 01",
    "an array that holds itself": "d81c 81 d81d 00",
    "a reference": "d81d 00",
    "encoded CBOR": "d818 41 00",
    "a pattern": "d823 61 61",
    "a day": "d903ec 6a 323032362d30312d3031",
    "a set": "d90102 81 01",
    "CBOR that says that it is": "d9d9f7 01",
    "another tag": "d9ffff 01",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_any_other_cbor_is_refused(what: str) -> None:
    with pytest.raises(CoseMalformed, match="expected"):
        decode(bytes.fromhex(HOSTILE[what]), BYTES_MAX)


def test_no_tag_of_any_number_is_acted_on() -> None:
    """Also none that a newer library would decode by itself."""
    for number in (*range(1 << 11), 43000, 55799, 55800, 1 << 16, 1 << 40):
        with pytest.raises(CoseMalformed):
            decode(cbor_by_hand.head(6, number) + b"\x41\x01", BYTES_MAX)


def test_what_is_too_large_is_not_read() -> None:
    raw = encode(bytes(100))
    assert decode(raw, len(raw)) == bytes(100)
    with pytest.raises(CoseMalformed, match="expected at most 101 bytes; got 102 bytes"):
        decode(raw, len(raw) - 1)


@pytest.mark.parametrize("value", [1.5, True, {True: 1}, {1.0: 1}, (1, 2), {1}, bytearray(b"a"), {None: 1}, object()])
def test_a_value_of_another_type_is_not_written(value: Any) -> None:
    with pytest.raises(CoseMalformed):
        encode(value)
