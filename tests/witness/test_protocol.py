"""Requests are read strictly: what parses is what formatting writes, and all else is refused with its reason."""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.log.errors import LogInvalid
from ledger.log.note import NOTE_SIGNATURES_MAX
from ledger.log.tiles import TREE_SIZE_MAX
from ledger.log.tree import EMPTY_ROOT
from ledger.signing.encoding import to_base64
from ledger.witness.protocol import (
    PROOF_HASHES_MAX,
    REQUEST_BYTES_MAX,
    RequestMalformed,
    Status,
    format_add_checkpoint,
    format_sign_subtree,
    parse_add_checkpoint,
    parse_sign_subtree,
    refusal,
    stale,
)
from tests.witness.histories import leaves, proof, two_faced_log

LOG = two_faced_log("ledger.example/compact")
EIGHT = leaves(8)
NOTE = LOG.note(EIGHT)
GROWTH = format_add_checkpoint(5, proof(5, EIGHT), NOTE)
SUBTREE = format_sign_subtree(4, 8, EMPTY_ROOT, (EMPTY_ROOT,), NOTE)
HASH = to_base64(EMPTY_ROOT).encode()


def test_a_request_is_read_as_it_was_written() -> None:
    request = parse_add_checkpoint(GROWTH)
    assert (request.old_size, request.proof) == (5, proof(5, EIGHT))
    assert (request.tree.origin, request.tree.tree_size) == (LOG.origin, 8)
    assert request.tree.root == LOG.checkpoint(EIGHT).root
    subtree = parse_sign_subtree(SUBTREE)
    assert (subtree.start, subtree.end, subtree.root, subtree.proof) == (4, 8, EMPTY_ROOT, (EMPTY_ROOT,))
    # The sample of the docstring, without its signatures.
    assert format_add_checkpoint(20852014, (EMPTY_ROOT,), b"note\n") == b"old 20852014\n" + HASH + b"\n\nnote\n"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "'old' and 1 decimal size"),
        (b"old", "'old' and 1 decimal size"),
        (b"old ", "'old' and 1 decimal size"),
        (b"old 05", "'old' and 1 decimal size"),
        (b"old +5", "'old' and 1 decimal size"),
        (b"old -5", "'old' and 1 decimal size"),
        (b"old 5 ", "'old' and 1 decimal size"),
        (b"old  5", "'old' and 1 decimal size"),
        (b"old 5\r", "'old' and 1 decimal size"),
        (b"Old 5", "'old' and 1 decimal size"),
        (b"old 5 6", "'old' and 1 decimal size"),
        ("old \N{ARABIC-INDIC DIGIT FIVE}".encode(), "'old' and 1 decimal size"),
        (b"old 9223372036854775808", "'old' and 1 decimal size"),
        (b"old 9", "an old size up to that of the checkpoint, 8; got 9"),
        (b"old 5\n" + HASH[:-1], "a line of base64 of 32 bytes"),
        (b"old 5\n" + HASH + b" ", "a line of base64 of 32 bytes"),
        (b"old 5\n" + HASH[:-2] + b"V=", "a line of base64 of 32 bytes"),
        (b"old 5\n" + to_base64(bytes(31)).encode(), "a line of base64 of 32 bytes"),
        (b"old 5\n" + to_base64(bytes(33)).encode(), "a line of base64 of 32 bytes"),
        (b"old 5\n" + b"\n".join([HASH] * (PROOF_HASHES_MAX + 1)), "at most 63 hashes; got 64"),
    ],
)
def test_a_malformed_head_is_refused(head: bytes, words: str) -> None:
    with pytest.raises(RequestMalformed) as refused:
        parse_add_checkpoint(head + b"\n\n" + NOTE)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n" + NOTE,
        NOTE[:-1],
        NOTE.replace(b"\n8\n", b"\n08\n"),
        NOTE.replace(b"\n8\n", b"\n9223372036854775808\n"),
        NOTE.replace(b"\n\n", b"\nextension\n\n"),
        NOTE.replace(LOG.origin.encode() + b"\n8", b"\n8", 1),
        NOTE.replace(LOG.origin.encode() + b"\n8", b"o" * 256 + b"\n8", 1),
        NOTE + NOTE.splitlines(keepends=True)[-1] * NOTE_SIGNATURES_MAX,
    ],
)
def test_a_malformed_checkpoint_is_refused(note: bytes) -> None:
    with pytest.raises(LogInvalid):
        parse_add_checkpoint(b"old 0\n\n" + note)
    with pytest.raises(LogInvalid):
        parse_sign_subtree(b"subtree 0 8\n" + HASH + b"\n\n" + note)


def test_the_bounds_are_where_they_are_said_to_be() -> None:
    parse_add_checkpoint(format_add_checkpoint(0, (EMPTY_ROOT,) * PROOF_HASHES_MAX, NOTE))
    parse_sign_subtree(format_sign_subtree(0, 8, EMPTY_ROOT, (EMPTY_ROOT,) * PROOF_HASHES_MAX, NOTE))
    with pytest.raises(RequestMalformed, match=f"at most {REQUEST_BYTES_MAX} bytes; got {REQUEST_BYTES_MAX + 1} bytes"):
        parse_add_checkpoint(bytes(REQUEST_BYTES_MAX + 1))
    largest = NOTE.replace(b"\n8\n", f"\n{TREE_SIZE_MAX}\n".encode())
    assert parse_add_checkpoint(format_add_checkpoint(TREE_SIZE_MAX, (), largest)).old_size == TREE_SIZE_MAX


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"subtree 4 8", "the root of the subtree; got nothing"),
        (b"subtree 4\n" + HASH, "'subtree' and 2 decimal sizes"),
        (b"old 4\n" + HASH, "'subtree' and 2 decimal sizes"),
        (b"subtree 4 16\n" + HASH, "a subtree within 8 leaves; got [4, 16)"),
        (b"subtree 8 4\n" + HASH, "a subtree within 8 leaves; got [8, 4)"),
        (b"subtree 1 3\n" + HASH, "a subtree within 8 leaves; got [1, 3)"),
        (b"subtree 4 8\n" + b"\n".join([HASH] * 65), "at most 64 hashes; got 65"),
        (b"subtree 4 8\n" + HASH + b"\n" + "— x y\n".encode() * 8 + "— x y".encode(), "at most 8 cosignatures"),
        (b"subtree 4 8\n" + HASH + b"\n" + HASH + "\n— x y".encode(), "right after the root"),
        (b"subtree 4 8\n" + "— x y\n".encode() + HASH, "a line of base64"),
    ],
)
def test_a_malformed_subtree_request_is_refused(head: bytes, words: str) -> None:
    with pytest.raises(RequestMalformed) as refused:
        parse_sign_subtree(head + b"\n\n" + NOTE)
    assert words in str(refused.value)


def test_cosignatures_of_others_are_passed_over() -> None:
    raw = SUBTREE.replace(HASH + b"\n", HASH + b"\n" + "— x y\n".encode() * 8, 1)
    assert parse_sign_subtree(raw) == parse_sign_subtree(SUBTREE)


@pytest.mark.parametrize(("raw", "parse"), [(GROWTH, parse_add_checkpoint), (SUBTREE, parse_sign_subtree)])
def test_no_change_of_one_byte_is_read_as_the_same(raw: bytes, parse: object) -> None:
    """One spelling for each request: a changed byte is refused, or changes what is read."""
    assert callable(parse)
    request, chance = parse(raw), random.Random(5)
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]
        try:
            assert parse(changed) != request, changed
        except LogInvalid:
            continue


@settings(max_examples=400, deadline=None)
@given(
    raw=st.one_of(st.binary(max_size=300), st.binary(max_size=60).map(lambda more: b"old 5\n" + more + b"\n\n" + NOTE))
)
@example(raw=b"\n\n")
@example(raw=b"old 0\n\n\n\n")
def test_nothing_but_the_documented_errors(raw: bytes) -> None:
    for parse in (parse_add_checkpoint, parse_sign_subtree):
        try:
            parse(raw)
        except LogInvalid:
            continue


def test_answers_are_plain_ascii() -> None:
    assert refusal(Status.MALFORMED, "a — dash", "none").body == b"expected a \\u2014 dash; got none\n"
    assert stale(1742).body == b"1742\n"
