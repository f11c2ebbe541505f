"""A checkpoint is three lines, signed by the log under its own name."""

import json
from pathlib import Path

import pytest

from ledger.log.checkpoint import Checkpoint, checkpoint_text, open_checkpoint, parse_checkpoint, sign_checkpoint
from ledger.log.errors import CheckpointInvalid, NoteInvalid
from ledger.log.note import Ed25519NoteSigner, ed25519_note_signer, parse_vkey, sign_note, signature_line
from ledger.log.tiles import TREE_SIZE_MAX
from ledger.log.tree import EMPTY_ROOT
from tests.log.conftest import ORIGIN

ROOT = bytes.fromhex("deadbeef") + bytes(28)
TEXT = b"ledger.example/compact\n1742\n3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
CHECKPOINT = Checkpoint(ORIGIN, 1742, ROOT)
ZEROS = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def test_a_checkpoint_is_three_lines() -> None:
    assert checkpoint_text(CHECKPOINT) == TEXT
    assert parse_checkpoint(TEXT) == CHECKPOINT


def test_the_empty_tree_has_the_root_of_the_specification() -> None:
    text = f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n".encode()
    assert checkpoint_text(Checkpoint(ORIGIN, 0, EMPTY_ROOT)) == text
    assert parse_checkpoint(text) == Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    with pytest.raises(CheckpointInvalid, match="for tree size 0"):
        Checkpoint(ORIGIN, 0, ROOT)


def test_published_bad_bodies_are_refused(vectors: Path) -> None:
    bodies = json.loads((vectors / "c2sp/checkpoint-malformed.json").read_bytes())["bad_bodies"]
    assert len(bodies) == 9
    for body, _ in bodies:
        with pytest.raises(CheckpointInvalid):
            parse_checkpoint(body.encode())


@pytest.mark.parametrize(
    "size", ["007", "+5", "-1", "", " 5", "5 ", "5\r", "1_000", "0x10", "9223372036854775808", "\u0663"]
)
def test_a_size_is_a_decimal(size: str) -> None:
    with pytest.raises(CheckpointInvalid):
        parse_checkpoint(f"{ORIGIN}\n{size}\n{ZEROS}\n".encode())


@pytest.mark.parametrize("size", ["1", "9223372036854775807"])
def test_sizes_reach_from_one_to_the_largest(size: str) -> None:
    assert parse_checkpoint(f"{ORIGIN}\n{size}\n{ZEROS}\n".encode()).tree_size == int(size) <= TREE_SIZE_MAX


@pytest.mark.parametrize("root", ["", ZEROS[:-1], ZEROS[:-2] + "B=", ZEROS[4:], "AAAA" + ZEROS, ZEROS + " ", "!" * 44])
def test_a_root_is_32_bytes_in_one_spelling(root: str) -> None:
    with pytest.raises(CheckpointInvalid):
        parse_checkpoint(f"{ORIGIN}\n5\n{root}\n".encode())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        TEXT[:-1],
        TEXT + b"\n",
        TEXT + b"an extension\n",
        TEXT + b"more",
        TEXT.replace(b"\n", b"\r\n"),
        b"\xff" + TEXT,
    ],
)
def test_nothing_more_and_nothing_less_than_three_lines(text: bytes) -> None:
    with pytest.raises(CheckpointInvalid):
        parse_checkpoint(text)


@pytest.mark.parametrize("origin", ["x", "x" * 255, "go.sum database tree", "é" * 127])
def test_an_origin_is_any_line_that_fits(origin: str) -> None:
    checkpoint = Checkpoint(origin, 1, ROOT)
    assert parse_checkpoint(checkpoint_text(checkpoint)) == checkpoint


@pytest.mark.parametrize("size", [-1, TREE_SIZE_MAX + 1])
def test_no_tree_is_smaller_than_empty_or_larger_than_the_largest(size: int) -> None:
    with pytest.raises(CheckpointInvalid, match="expected a tree size of 0 to 9223372036854775807"):
        Checkpoint(ORIGIN, size, ROOT)


@pytest.mark.parametrize("root", [b"", ROOT[1:], ROOT + b"0"])
def test_a_root_is_a_hash(root: bytes) -> None:
    with pytest.raises(CheckpointInvalid, match="expected a root of 32 bytes"):
        Checkpoint(ORIGIN, 1, root)


@pytest.mark.parametrize("origin", ["", "x" * 256, "é" * 128, "two\nlines", "tab\t", "a\ud800"])
def test_an_origin_is_a_short_line(origin: str) -> None:
    with pytest.raises(CheckpointInvalid):
        Checkpoint(origin, 1, ROOT)


def test_what_was_signed_can_be_opened(signer: Ed25519NoteSigner) -> None:
    note = sign_checkpoint(CHECKPOINT, signer)
    assert note.startswith(TEXT + b"\n" + "— ledger.example/compact ".encode())
    assert open_checkpoint(note, ORIGIN, [signer.vkey]) == CHECKPOINT


def test_two_keys_of_the_log_sign_while_one_replaces_the_other(signer: Ed25519NoteSigner) -> None:
    successor = ed25519_note_signer(ORIGIN, bytes(32))
    note = sign_checkpoint(CHECKPOINT, signer, successor)
    for known in ([signer.vkey], [successor.vkey], [successor.vkey, signer.vkey]):
        assert open_checkpoint(note, ORIGIN, known) == CHECKPOINT


def test_the_log_signs_under_its_own_name() -> None:
    with pytest.raises(CheckpointInvalid, match=r"expected a signer named ledger\.example/compact; got someone\.else"):
        sign_checkpoint(CHECKPOINT, ed25519_note_signer("someone.else", bytes(32)))


def test_the_signature_of_another_name_is_not_the_logs(signer: Ed25519NoteSigner) -> None:
    other = ed25519_note_signer("someone.else", bytes(32))
    with pytest.raises(NoteInvalid, match=r"expected a signature by ledger\.example/compact; got .* by someone\.else"):
        open_checkpoint(sign_note(TEXT, other), ORIGIN, [signer.vkey, other.vkey])


def test_the_checkpoint_of_another_log_is_refused_though_the_log_signed_it(signer: Ed25519NoteSigner) -> None:
    foreign = TEXT.replace(b"compact", b"another")
    with pytest.raises(
        CheckpointInvalid, match=r"expected origin ledger\.example/compact; got ledger\.example/another"
    ):
        open_checkpoint(sign_note(foreign, signer), ORIGIN, [signer.vkey])


def test_an_extension_line_is_refused_though_the_log_signed_it(signer: Ed25519NoteSigner) -> None:
    with pytest.raises(CheckpointInvalid):
        open_checkpoint(sign_note(TEXT + b"extension\n", signer), ORIGIN, [signer.vkey])


def test_a_false_line_of_a_witness_spoils_the_checkpoint(signer: Ed25519NoteSigner) -> None:
    witness = ed25519_note_signer("witness.example", bytes(32))
    note = sign_note(TEXT, signer, witness)
    assert open_checkpoint(note, ORIGIN, [signer.vkey, witness.vkey]) == CHECKPOINT
    false = sign_note(TEXT, signer) + signature_line(witness.vkey, bytes(64))
    assert open_checkpoint(false, ORIGIN, [signer.vkey]) == CHECKPOINT
    with pytest.raises(NoteInvalid):
        open_checkpoint(false, ORIGIN, [signer.vkey, witness.vkey])


def test_a_changed_size_does_not_verify(signer: Ed25519NoteSigner) -> None:
    note = sign_checkpoint(CHECKPOINT, signer)
    with pytest.raises(NoteInvalid, match="got one that does not verify"):
        open_checkpoint(note.replace(b"\n1742\n", b"\n1743\n"), ORIGIN, [signer.vkey])


def test_a_log_whose_key_has_another_name_is_not_opened(vectors: Path) -> None:
    row = json.loads((vectors / "c2sp/signed-note.json").read_bytes())["signed"][3]
    key = parse_vkey(row["vkey"])
    with pytest.raises(NoteInvalid, match=r"expected a signature by go\.sum database tree"):
        open_checkpoint(row["note"].encode(), "go.sum database tree", [key])
    with pytest.raises(CheckpointInvalid, match=r"expected origin sum\.golang\.org; got go\.sum database tree"):
        open_checkpoint(row["note"].encode(), "sum.golang.org", [key])
