"""A receipt proves one entry at one position of one log."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import GENESIS_PREVIOUS, Entry, build_entry
from ledger.log.errors import CheckpointInvalid, EntryMalformed, LogInvalid, NoteInvalid, ProofInvalid, ReceiptInvalid
from ledger.log.note import Ed25519NoteSigner, ed25519_note_signer
from ledger.log.proofs import inclusion_proofs
from ledger.log.receipt import (
    PROOF_HASHES_MAX,
    RECEIPT_BYTES_MAX,
    Receipt,
    format_receipt,
    format_receipts,
    parse_receipt,
    verify_receipt,
)
from ledger.log.tiles import TREE_SIZE_MAX
from tests.log.conftest import ORIGIN
from tests.log.naive import TREE_LEAVES, grown

SIZE = 11


def chained(count: int) -> list[Entry]:
    entries: list[Entry] = []
    for position in range(1, count + 1):
        previous = entries[-1].sha256 if entries else GENESIS_PREVIOUS
        instant = datetime(2026, 11, 24, 8, 25, position, tzinfo=UTC)
        entries.append(build_entry(position, instant, previous, b'{"a":"%d"}' % position))
    return entries


ENTRIES = chained(SIZE)


@pytest.fixture(scope="module")
def receipts(signer: Ed25519NoteSigner) -> list[Receipt]:
    frontier, stored = grown([entry.leaf_hash for entry in ENTRIES])
    note = sign_checkpoint(Checkpoint(ORIGIN, SIZE, frontier.root), signer)
    proofs = inclusion_proofs(range(SIZE), SIZE, stored)
    return [Receipt(index, proof, note) for index, proof in enumerate(proofs)]


def test_every_entry_has_a_receipt_that_verifies(receipts: list[Receipt], signer: Ed25519NoteSigner) -> None:
    for entry, receipt in zip(ENTRIES, receipts, strict=True):
        kept = parse_receipt(format_receipt(receipt))
        assert kept == receipt
        assert verify_receipt(kept, entry.raw, ORIGIN, [signer.vkey]).tree_size == SIZE


@pytest.mark.parametrize("indexes", [range(SIZE), (7, 2, 2), ()])
def test_receipts_of_one_tree_are_those_written_one_by_one(receipts: list[Receipt], indexes: Sequence[int]) -> None:
    proofs = [receipts[index].proof for index in indexes]
    written = format_receipts(indexes, proofs, receipts[0].checkpoint_note)
    assert written == [format_receipt(receipts[index]) for index in indexes]


def test_the_text_is_that_of_the_specification(receipts: list[Receipt]) -> None:
    lines = format_receipt(receipts[10]).decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 10"]
    assert [len(line) for line in lines[2:5]] == [44, 44, 0]
    assert lines[5:7] == [ORIGIN, str(SIZE)]
    assert format_receipt(receipts[10]).endswith(b"\n\n" + receipts[10].checkpoint_note)


def test_extra_data_is_carried_and_proves_nothing(receipts: list[Receipt], signer: Ed25519NoteSigner) -> None:
    receipt = replace(receipts[3], extra=b"anything")
    text = format_receipt(receipt)
    assert text.startswith(b"c2sp.org/tlog-proof@v1\nextra YW55dGhpbmc=\nindex 3\n")
    assert parse_receipt(text) == receipt
    verify_receipt(receipt, ENTRIES[3].raw, ORIGIN, [signer.vkey])


def test_another_entry_is_not_proved(receipts: list[Receipt], signer: Ed25519NoteSigner) -> None:
    with pytest.raises(ReceiptInvalid, match="expected index 4, one less than the entry's position; got 3"):
        verify_receipt(receipts[3], ENTRIES[4].raw, ORIGIN, [signer.vkey])


def test_an_entry_that_was_replaced_is_not_proved(receipts: list[Receipt], signer: Ed25519NoteSigner) -> None:
    forged = build_entry(4, ENTRIES[3].recorded_at, ENTRIES[3].previous, b'{"a":"less"}')
    with pytest.raises(ProofInvalid):
        verify_receipt(receipts[3], forged.raw, ORIGIN, [signer.vkey])


def test_what_is_no_entry_is_not_proved(receipts: list[Receipt], signer: Ed25519NoteSigner) -> None:
    with pytest.raises(EntryMalformed):
        verify_receipt(receipts[3], ENTRIES[3].raw + b"\n", ORIGIN, [signer.vkey])


def test_an_entry_recorded_at_another_position_than_it_states_is_not_proved(signer: Ed25519NoteSigner) -> None:
    frontier, stored = grown([ENTRIES[1].leaf_hash, ENTRIES[0].leaf_hash])
    note = sign_checkpoint(Checkpoint(ORIGIN, 2, frontier.root), signer)
    receipt = Receipt(0, inclusion_proofs([0], 2, stored)[0], note)
    with pytest.raises(ReceiptInvalid):
        verify_receipt(receipt, ENTRIES[1].raw, ORIGIN, [signer.vkey])


def test_a_proof_has_all_its_hashes_and_no_more(receipts: list[Receipt], signer: Ed25519NoteSigner) -> None:
    whole = receipts[3]
    for proof in (whole.proof[:-1], (*whole.proof, TREE_LEAVES[0]), whole.proof[::-1], ()):
        with pytest.raises(ProofInvalid):
            verify_receipt(replace(whole, proof=proof), ENTRIES[3].raw, ORIGIN, [signer.vkey])


def test_a_receipt_from_before_the_entry_is_refused(receipts: list[Receipt], signer: Ed25519NoteSigner) -> None:
    frontier, _ = grown([entry.leaf_hash for entry in ENTRIES[:3]])
    note = sign_checkpoint(Checkpoint(ORIGIN, 3, frontier.root), signer)
    with pytest.raises(ProofInvalid, match="expected an index below the tree size"):
        verify_receipt(replace(receipts[3], checkpoint_note=note), ENTRIES[3].raw, ORIGIN, [signer.vkey])


def test_a_key_of_somebody_else_proves_nothing(receipts: list[Receipt], signer: Ed25519NoteSigner) -> None:
    other = ed25519_note_signer(ORIGIN, bytes(32))
    with pytest.raises(NoteInvalid):
        verify_receipt(receipts[3], ENTRIES[3].raw, ORIGIN, [other.vkey])
    with pytest.raises(NoteInvalid):
        verify_receipt(receipts[3], ENTRIES[3].raw, ORIGIN, [])
    with pytest.raises(NoteInvalid):
        verify_receipt(receipts[3], ENTRIES[3].raw, "ledger.example/another", [signer.vkey])


def test_the_receipt_of_another_log_is_refused() -> None:
    other = ed25519_note_signer("ledger.example/another", bytes(32))
    frontier, _ = grown([ENTRIES[0].leaf_hash])
    note = sign_checkpoint(Checkpoint("ledger.example/another", 1, frontier.root), other)
    verify_receipt(Receipt(0, (), note), ENTRIES[0].raw, "ledger.example/another", [other.vkey])
    with pytest.raises((NoteInvalid, CheckpointInvalid)):
        verify_receipt(Receipt(0, (), note), ENTRIES[0].raw, ORIGIN, [other.vkey])


def test_published_malformed_proofs_are_refused(vectors: Path) -> None:
    malformed = json.loads((vectors / "c2sp/tlog-proof-malformed.json").read_bytes())["malformed"]
    assert len(malformed) == 10
    for text, _ in malformed:
        with pytest.raises(ReceiptInvalid):
            parse_receipt(text.encode())


def test_the_checkpoint_in_a_receipt_is_a_note() -> None:
    with pytest.raises(NoteInvalid):
        parse_receipt(b"c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n")


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (b"@v1\n", b"@v2\n"),
        (b"@v1\n", b"@v1\r\n"),
        (b"@v1\n", b"@v1\n\n"),
        (b"@v1\n", b"@v1\nextra \n"),
        (b"@v1\n", b"@v1\nextra QQ\n"),
        (b"@v1\n", b"@v1\nextra QQ==\nextra QQ==\n"),
        (b"@v1\n", b"@v1\nmore QQ==\n"),
        (b"@v1\n", "@v1\nextra é\n".encode()),
        (b"index 3\n", b""),
        (b"index 3\n", b"index 03\n"),
        (b"index 3\n", b"index +3\n"),
        (b"index 3\n", b"index  3\n"),
        (b"index 3\n", b"index 3 \n"),
        (b"index 3\n", b"index 9223372036854775808\n"),
        (b"index 3\n", b"index 3\nextra QQ==\n"),
        (b"index 3\n", b"index 3\nindex 3\n"),
        (b"=\n\n", b"=\n"),
        (b"=\n\n", b"=\n \n"),
        (b"=\n\n", b"=\nQQ==\n\n"),
    ],
)
def test_any_other_form_is_refused(part: bytes, other: bytes, receipts: list[Receipt]) -> None:
    text = format_receipt(receipts[3])
    assert part in text
    with pytest.raises(LogInvalid):
        parse_receipt(text.replace(part, other, 1))


def test_limits_are_kept(receipts: list[Receipt]) -> None:
    most = replace(receipts[3], proof=tuple(TREE_LEAVES[:PROOF_HASHES_MAX]))
    assert parse_receipt(format_receipt(most)) == most
    with pytest.raises(ReceiptInvalid, match="expected at most 63 hashes; got 64"):
        replace(most, proof=tuple(TREE_LEAVES[: PROOF_HASHES_MAX + 1]))
    with pytest.raises(ReceiptInvalid, match="expected hashes of 32 bytes; got one of 31"):
        replace(most, proof=(bytes(31),))
    assert parse_receipt(format_receipt(replace(most, index=TREE_SIZE_MAX))).index == TREE_SIZE_MAX
    for index in (-1, TREE_SIZE_MAX + 1):
        with pytest.raises(ReceiptInvalid, match="expected an index"):
            replace(most, index=index)
    with pytest.raises(ReceiptInvalid, match="expected at most 196608 bytes"):
        parse_receipt(bytes(RECEIPT_BYTES_MAX + 1))


@given(data=st.data())
def test_a_changed_byte_never_verifies_as_something_else(
    data: st.DataObject, receipts: list[Receipt], signer: Ed25519NoteSigner
) -> None:
    index = data.draw(st.integers(0, SIZE - 1))
    text = format_receipt(receipts[index])
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + bytes([text[at] ^ data.draw(st.integers(1, 255))]) + text[at + 1 :]
    with pytest.raises(LogInvalid):
        verify_receipt(parse_receipt(changed), ENTRIES[index].raw, ORIGIN, [signer.vkey])
