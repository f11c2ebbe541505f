"""The quick way through an envelope lets in nothing that the general way would not, and reads it alike."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.events.canonical import canonical_bytes
from ledger.events.refusals import Rejected
from ledger.events.stages import Signature
from ledger.signing import dsse
from ledger.signing.dsse import ENVELOPE_BYTES_MAX, PAYLOAD_TYPE, SIGNATURE_BYTES_MAX, SIGNATURES_MAX, envelope_bytes
from ledger.signing.encoding import to_base64

KEYS = [f"{number:064x}" for number in range(SIGNATURES_MAX + 1)]
ORDINARY = envelope_bytes(b'{"a":1}', [Signature(KEYS[1], b"x" * 64)])


def signed(*signatures: tuple[str, bytes], payload: bytes = b'{"a":1}') -> bytes:
    """Return an envelope with its signatures in the order given."""
    return canonical_bytes(
        {
            "payload": to_base64(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": key_id, "sig": to_base64(value)} for key_id, value in signatures],
        }
    )


def check_that_both_ways_agree(raw: bytes) -> bool:
    """Tell whether the quick way was taken."""
    quick = dsse._cut(raw)
    if quick is not None:
        assert quick == dsse._read(PAYLOAD_TYPE, raw)
    return quick is not None


SIGNATURES = st.lists(st.tuples(st.sampled_from(KEYS), st.binary(max_size=SIGNATURE_BYTES_MAX + 1)), max_size=5)


@settings(max_examples=200, deadline=None)
@given(SIGNATURES, st.binary(max_size=40))
def test_envelopes_are_read_alike(signatures: list[tuple[str, bytes]], payload: bytes) -> None:
    raw = signed(*signatures, payload=payload)
    taken = check_that_both_ways_agree(raw)
    key_ids = [key_id for key_id, _ in signatures]
    are_sound = key_ids == sorted(set(key_ids)) and all(1 <= len(one) <= SIGNATURE_BYTES_MAX for _, one in signatures)
    assert taken == (are_sound and bool(signatures))


PIECES = (b'"', b"}", b"]}", b"\n", b" ", b"=", b"A", b"\\", b'"},{"keyid":"', b'","sig":"', KEYS[0].encode(), b"\xff")


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_damaged_envelopes_are_read_alike(data: Any) -> None:
    raw = signed((KEYS[1], b"x" * 5), (KEYS[2], b"y" * 6))
    at = data.draw(st.integers(0, len(raw)))
    until = data.draw(st.one_of(st.just(at), st.integers(at, min(len(raw), at + 3))))
    piece = data.draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=2)))
    check_that_both_ways_agree(raw[:at] + piece + raw[until:])


SIG, PAYLOAD = to_base64(b"x" * 64).encode(), to_base64(b'{"a":1}').encode()
HOSTILE = {
    "unused bits of the payload": ORDINARY.replace(PAYLOAD, b"eyJhIjoxfR=="),
    "unused bits of a signature": ORDINARY.replace(SIG, SIG[:-3] + b"B=="),
    "a payload without padding": ORDINARY.replace(PAYLOAD, PAYLOAD.rstrip(b"=")),
    "base64 for addresses": ORDINARY.replace(PAYLOAD, b"e-__"),
    "a line feed in base64": ORDINARY.replace(PAYLOAD, PAYLOAD + b"\n"),
    "a line feed at the end": ORDINARY + b"\n",
    "a space before": b" " + ORDINARY,
    "another end": ORDINARY[:-4] + b'"]}}',
    "something after": ORDINARY + ORDINARY,
    "a byte order mark": b"\xef\xbb\xbf" + ORDINARY,
    "an escape that is needless": ORDINARY.replace(b"payloadType", b"payloadTyp\\u0065"),
    "a slash that is escaped": ORDINARY.replace(b"application/", b"application\\/"),
    "another kind": ORDINARY.replace(b"event+json", b"evil+json"),
    "a member more": ORDINARY[:-1] + b',"z":1}',
    "a member of a signature more": ORDINARY[:-3] + b',"z":"1"}]}',
    "a member twice": ORDINARY.replace(b'","payloadType"', b'","payload":"","payloadType"'),
    "members in another order": b'{"payloadType":"' + PAYLOAD_TYPE.encode() + b'","payload":"","signatures":[]}',
    "a key id in capitals": ORDINARY.replace(KEYS[1].encode(), b"AB" * 32),
    "a key id too short": ORDINARY.replace(KEYS[1].encode(), b"ab" * 31),
    "a key id with a line feed": ORDINARY.replace(KEYS[1].encode(), b"ab" * 32 + b"\n"),
    "no signature": signed(),
    "signatures out of order": signed((KEYS[2], b"x"), (KEYS[1], b"y")),
    "a key twice": signed((KEYS[1], b"x"), (KEYS[1], b"y")),
    "an empty signature": signed((KEYS[1], b"")),
    "a signature too long": signed((KEYS[1], b"x" * (SIGNATURE_BYTES_MAX + 1))),
    "signatures too many": signed(*((key_id, b"x") for key_id in KEYS)),
    "bytes too many": signed((KEYS[1], b"x"), payload=b"x" * ENVELOPE_BYTES_MAX),
    "nothing between head and end": b'{"payload":"","payloadType":"'
    + PAYLOAD_TYPE.encode()
    + b'","signatures":[{"keyid":"}]}',
    "nothing": b"",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_what_is_to_be_refused_is_left_to_the_general_way(raw: bytes) -> None:
    assert dsse._cut(raw) is None
    with pytest.raises(Rejected):
        dsse._read(PAYLOAD_TYPE, raw)


@pytest.mark.parametrize("count", [1, 2, SIGNATURES_MAX])
def test_the_quick_way_is_taken_by_ordinary_envelopes(count: int) -> None:
    """Without this the agreement above could be that of a way never taken."""
    assert check_that_both_ways_agree(signed(*((key_id, b"x" * SIGNATURE_BYTES_MAX) for key_id in KEYS[:count])))
    assert check_that_both_ways_agree(signed((KEYS[1], b"x"), payload=b""))


def test_the_largest_envelope_is_read_by_both_and_one_byte_more_by_none() -> None:
    empty = len(signed((KEYS[1], b"x" * 3), payload=b""))
    room = (ENVELOPE_BYTES_MAX - empty) // 4 * 3
    assert check_that_both_ways_agree(signed((KEYS[1], b"x" * 3), payload=b"x" * room))
    assert not check_that_both_ways_agree(signed((KEYS[1], b"x" * 3), payload=b"x" * (room + 3)))
