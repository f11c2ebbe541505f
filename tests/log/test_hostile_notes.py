"""Notes that somebody made to be misread: each is refused, or read as what its known keys signed and nothing more."""

import pytest

from ledger.log.checkpoint import Checkpoint, checkpoint_text, open_checkpoint, sign_checkpoint
from ledger.log.cosignature import TimedSigner, cosignature_line, ed25519_cosigner, mldsa44_cosigner
from ledger.log.errors import CheckpointInvalid, LogInvalid, NoteInvalid
from ledger.log.note import (
    NOTE_BYTES_MAX,
    NOTE_SIGNATURES_MAX,
    Ed25519NoteSigner,
    KeyKind,
    VerifierKey,
    ed25519_note_signer,
    parse_note,
    sign_note,
    signature_line,
    verify_note,
)
from tests.log.conftest import ORIGIN

CHECKPOINT = Checkpoint(ORIGIN, 1742, bytes(32))
TEXT = checkpoint_text(CHECKPOINT)
MLDSA = TimedSigner(mldsa44_cosigner(ORIGIN, bytes(32)), lambda: 1_700_000_000)
WITNESS = ed25519_cosigner("witness.example", bytes(32))


def strangers(count: int, value_bytes: int = 72) -> bytes:
    keys = (VerifierKey(f"stranger.example/{at}", KeyKind.ED25519, b"", at.to_bytes(4)) for at in range(count))
    return b"".join(signature_line(key, bytes(value_bytes)) for key in keys)


@pytest.fixture
def note(signer: Ed25519NoteSigner) -> bytes:
    return sign_checkpoint(CHECKPOINT, signer, MLDSA) + cosignature_line(WITNESS, TEXT, 1)


def keys(signer: Ed25519NoteSigner) -> list[VerifierKey]:
    return [signer.vkey, MLDSA.vkey, WITNESS.vkey]


def test_the_note_itself_is_good(note: bytes, signer: Ed25519NoteSigner) -> None:
    assert open_checkpoint(note, ORIGIN, keys(signer)) == CHECKPOINT


def test_every_truncation_is_refused_or_loses_whole_lines(note: bytes, signer: Ed25519NoteSigner) -> None:
    read = []
    for end in range(len(note)):
        try:
            read.append((end, verify_note(parse_note(note[:end]), keys(signer))))
        except NoteInvalid:
            continue
    lines = note.split(b"\n")
    first = sum(len(line) + 1 for line in lines[:5])
    second = first + len(lines[5]) + 1
    assert read == [(first, (ORIGIN,)), (second, (ORIGIN,))]


def test_lines_in_another_order_say_the_same(note: bytes, signer: Ed25519NoteSigner) -> None:
    text, lines = note.split(b"\n\n")
    turned = b"\n".join(reversed(lines.rstrip(b"\n").split(b"\n")))
    assert open_checkpoint(text + b"\n\n" + turned + b"\n", ORIGIN, keys(signer)) == CHECKPOINT


def test_lines_of_the_text_in_another_order_are_refused(note: bytes, signer: Ed25519NoteSigner) -> None:
    origin, size, root, _ = TEXT.split(b"\n")
    for first, second, third in ((size, origin, root), (root, size, origin), (origin, root, size)):
        swapped = b"\n".join((first, second, third, b""))
        with pytest.raises(LogInvalid):
            open_checkpoint(note.replace(TEXT, swapped), ORIGIN, keys(signer))


def test_a_line_that_stands_twice_is_checked_twice(note: bytes, signer: Ed25519NoteSigner) -> None:
    lines = note.split(b"\n\n")[1]
    assert verify_note(parse_note(note + lines), keys(signer)) == (ORIGIN, "witness.example")
    with pytest.raises(NoteInvalid, match="one that does not verify"):
        verify_note(parse_note(note + signature_line(WITNESS.vkey, bytes(72))), keys(signer))


def test_a_checkpoint_of_another_log_is_refused_though_known_keys_signed_it(signer: Ed25519NoteSigner) -> None:
    foreign = Checkpoint("ledger.example/other", 1742, bytes(32))
    other = ed25519_note_signer("ledger.example/other", bytes(range(32)))
    raw = sign_checkpoint(foreign, other) + cosignature_line(WITNESS, checkpoint_text(foreign), 1)
    known = [*keys(signer), other.vkey]
    with pytest.raises(NoteInvalid, match=f"expected a signature by {ORIGIN}"):
        open_checkpoint(raw, ORIGIN, known)
    with pytest.raises(CheckpointInvalid, match=f"expected origin {ORIGIN}"):
        open_checkpoint(sign_note(checkpoint_text(foreign), signer), ORIGIN, known)
    # The log's own ML-DSA key signs for the origin in the text: under another it is false.
    borrowed = sign_note(checkpoint_text(foreign), signer) + signature_line(MLDSA.vkey, MLDSA.sign(TEXT))
    with pytest.raises(NoteInvalid, match="expected an ML-DSA-44 cosignature"):
        open_checkpoint(borrowed, ORIGIN, known)


@pytest.mark.parametrize("count", [16, 20, NOTE_SIGNATURES_MAX - 3])
def test_lines_of_unknown_keys_do_not_matter(note: bytes, signer: Ed25519NoteSigner, count: int) -> None:
    text, own = note.split(b"\n\n")
    for raw in (note + strangers(count), text + b"\n\n" + strangers(count) + own):
        assert open_checkpoint(raw, ORIGIN, keys(signer)) == CHECKPOINT


def test_sixteen_unknown_mldsa_lines_do_not_matter(note: bytes, signer: Ed25519NoteSigner) -> None:
    assert open_checkpoint(note + strangers(16, 2428), ORIGIN, keys(signer)) == CHECKPOINT


def test_one_line_too_many_is_refused(note: bytes) -> None:
    full = note + strangers(NOTE_SIGNATURES_MAX - 3)
    assert len(parse_note(full).signatures) == NOTE_SIGNATURES_MAX
    with pytest.raises(NoteInvalid, match="expected at most 100 signature lines; got 101"):
        parse_note(full + strangers(1))


def test_one_byte_too_many_is_refused_before_anything_is_read(note: bytes) -> None:
    raw = note + strangers(1, (NOTE_BYTES_MAX - len(note)) // 4 * 3)
    assert len(raw) > NOTE_BYTES_MAX
    with pytest.raises(NoteInvalid, match="expected at most 131072 bytes"):
        parse_note(raw)
    with pytest.raises(NoteInvalid, match="expected at most 131072 bytes"):
        parse_note(b"\xff" * (NOTE_BYTES_MAX + 1))


@pytest.mark.parametrize("kind", list(KeyKind))
@pytest.mark.parametrize("value_bytes", [1, 8, 63, 64, 65, 71, 72, 73, 2420, 2427, 2428, 2429])
def test_a_signature_of_any_length_that_is_not_by_its_key_is_refused(
    signer: Ed25519NoteSigner, kind: KeyKind, value_bytes: int
) -> None:
    vkey = {KeyKind.ED25519: signer.vkey, KeyKind.COSIGNATURE_ED25519: WITNESS.vkey}.get(kind, MLDSA.vkey)
    raw = TEXT + b"\n" + signature_line(vkey, bytes(value_bytes))
    with pytest.raises(NoteInvalid):
        verify_note(parse_note(raw), [vkey])


def test_a_signature_of_one_type_under_the_id_of_another_is_refused(signer: Ed25519NoteSigner) -> None:
    # One private key, two types: the ids differ, and so does what is signed.
    cosigner = ed25519_cosigner(ORIGIN, bytes(range(32)))
    assert cosigner.vkey.public_key == signer.vkey.public_key
    assert cosigner.vkey.key_id != signer.vkey.key_id
    for vkey, value in ((cosigner.vkey, bytes(8) + signer.sign(TEXT)), (signer.vkey, cosigner.cosign(TEXT, 0)[8:])):
        with pytest.raises(NoteInvalid, match="one that does not verify"):
            verify_note(parse_note(TEXT + b"\n" + signature_line(vkey, value)), [vkey])
