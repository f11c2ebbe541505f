"""A cosignature covers one checkpoint, one cosigner and one time; a line that covers anything else spoils the note."""

from collections.abc import Callable

import pytest

from ledger.log.checkpoint import Checkpoint, checkpoint_text, open_checkpoint, sign_checkpoint
from ledger.log.cosignature import (
    Cosigner,
    TimedSigner,
    cosignature_line,
    ed25519_cosigner,
    mldsa44_cosigner,
    subtree_message,
    verified_cosignatures,
)
from ledger.log.errors import CheckpointInvalid, NoteInvalid
from ledger.log.messages import cosignature_message
from ledger.log.note import (
    Ed25519NoteSigner,
    KeyKind,
    format_vkey,
    parse_note,
    parse_vkey,
    sign_note,
    signature_line,
    verify_note,
)
from ledger.signing.encoding import from_base64
from tests.log.conftest import ORIGIN

NOW = 1_679_315_147
ROOT = bytes.fromhex("deadbeef") + bytes(28)
CHECKPOINT = Checkpoint(ORIGIN, 1742, ROOT)
TEXT = checkpoint_text(CHECKPOINT)
WITNESS = "witness.example/north"
SEED = bytes(range(32, 64))


@pytest.fixture(params=[ed25519_cosigner, mldsa44_cosigner], ids=["ed25519", "mldsa44"])
def cosigner(request: pytest.FixtureRequest) -> Cosigner:
    make: Callable[[str, bytes], Cosigner] = request.param
    return make(WITNESS, SEED)


def noted(signer: Ed25519NoteSigner, *lines: bytes) -> bytes:
    return sign_checkpoint(CHECKPOINT, signer) + b"".join(lines)


def test_what_an_ed25519_cosigner_signs() -> None:
    assert cosignature_message(TEXT, NOW) == b"cosignature/v1\ntime 1679315147\n" + TEXT


def test_what_an_mldsa_cosigner_signs() -> None:
    # The length and the layout of the worked example of the specification.
    message = subtree_message("witness.example/pq1", NOW, "ledger.example/gl-test", 0, 1742, ROOT)
    assert len(message) == 111
    assert (
        message.hex()
        == (
            "737562747265652f76310a00"  # subtree/v1, line feed, zero
            "13" + b"witness.example/pq1".hex() + "00000000641850cb"
            "16" + b"ledger.example/gl-test".hex() + "0000000000000000" + "00000000000006ce" + ROOT.hex()
        )
    )


@pytest.mark.parametrize(
    ("name", "timestamp", "origin", "start", "end", "hash_bytes"),
    [
        ("", 0, ORIGIN, 0, 1, 32),
        ("x" * 256, 0, ORIGIN, 0, 1, 32),
        (WITNESS, -1, ORIGIN, 0, 1, 32),
        (WITNESS, 2**63, ORIGIN, 0, 1, 32),
        (WITNESS, 0, "", 0, 1, 32),
        (WITNESS, 0, "é" * 128, 0, 1, 32),
        (WITNESS, 0, ORIGIN, -1, 1, 32),
        (WITNESS, 0, ORIGIN, 2, 1, 32),
        (WITNESS, 0, ORIGIN, 0, 2**63, 32),
        (WITNESS, 1, ORIGIN, 4, 8, 32),
        (WITNESS, 0, ORIGIN, 0, 1, 31),
    ],
)
def test_what_no_message_can_hold_is_refused(
    name: str, timestamp: int, origin: str, start: int, end: int, hash_bytes: int
) -> None:
    with pytest.raises(ValueError, match="expected"):
        subtree_message(name, timestamp, origin, start, end, bytes(hash_bytes))


def test_a_subtree_that_does_not_start_at_zero_has_no_time() -> None:
    assert subtree_message(WITNESS, 0, ORIGIN, 4, 8, ROOT).endswith((4).to_bytes(8) + (8).to_bytes(8) + ROOT)


def test_a_cosignature_verifies_and_gives_its_time(cosigner: Cosigner, signer: Ed25519NoteSigner) -> None:
    raw = noted(signer, cosignature_line(cosigner, TEXT, NOW))
    assert verified_cosignatures(parse_note(raw), [cosigner.vkey]) == {cosigner.vkey: NOW}
    assert verify_note(parse_note(raw), [signer.vkey, cosigner.vkey]) == (ORIGIN, WITNESS)
    assert open_checkpoint(raw, ORIGIN, [signer.vkey, cosigner.vkey]) == CHECKPOINT
    assert parse_vkey(format_vkey(cosigner.vkey)) == cosigner.vkey


def test_lines_have_the_lengths_of_the_specification() -> None:
    for cosigner, characters in ((ed25519_cosigner(WITNESS, SEED), 104), (mldsa44_cosigner(WITNESS, SEED), 3244)):
        assert len(cosignature_line(cosigner, TEXT, NOW).split(b" ")[2].rstrip(b"\n")) == characters


def test_whoever_has_no_key_of_the_cosigner_learns_nothing(cosigner: Cosigner, signer: Ed25519NoteSigner) -> None:
    false = signature_line(cosigner.vkey, cosigner.cosign(TEXT, NOW)[:-1] + b"\0")
    note = parse_note(noted(signer, false))
    assert verified_cosignatures(note, []) == {}
    other = ed25519_cosigner("witness.example/south", SEED)
    assert verified_cosignatures(note, [other.vkey]) == {}
    with pytest.raises(NoteInvalid):
        verified_cosignatures(note, [cosigner.vkey])


@pytest.mark.parametrize("at", [0, 7, 8, -1])
def test_a_changed_byte_of_a_line_spoils_the_note(cosigner: Cosigner, signer: Ed25519NoteSigner, at: int) -> None:
    value = bytearray(cosigner.cosign(TEXT, NOW))
    value[at] ^= 1
    with pytest.raises(NoteInvalid, match=rf"cosignature by {WITNESS}\+"):
        verified_cosignatures(parse_note(noted(signer, signature_line(cosigner.vkey, bytes(value)))), [cosigner.vkey])


@pytest.mark.parametrize("change", [lambda one: one[:-1], lambda one: one + b"\0", lambda one: one[8:]])
def test_a_line_of_another_length_spoils_the_note(
    cosigner: Cosigner, signer: Ed25519NoteSigner, change: Callable[[bytes], bytes]
) -> None:
    line = signature_line(cosigner.vkey, change(cosigner.cosign(TEXT, NOW)))
    with pytest.raises(NoteInvalid, match=r"expected .* bytes; got \d+ bytes"):
        verified_cosignatures(parse_note(noted(signer, line)), [cosigner.vkey])


def test_a_time_above_the_largest_spoils_the_note(cosigner: Cosigner, signer: Ed25519NoteSigner) -> None:
    largest = cosignature_line(cosigner, TEXT, 2**63 - 1)
    assert verified_cosignatures(parse_note(noted(signer, largest)), [cosigner.vkey])[cosigner.vkey] == 2**63 - 1
    value = (2**63).to_bytes(8) + cosigner.cosign(TEXT, NOW)[8:]
    with pytest.raises(NoteInvalid, match="a time of 0 to 9223372036854775807; got 9223372036854775808"):
        verified_cosignatures(parse_note(noted(signer, signature_line(cosigner.vkey, value))), [cosigner.vkey])
    with pytest.raises(ValueError, match="expected a time"):
        cosigner.cosign(TEXT, 2**63)


def test_a_line_for_another_checkpoint_spoils_the_note(cosigner: Cosigner, signer: Ed25519NoteSigner) -> None:
    for other in (Checkpoint(ORIGIN, 1743, ROOT), Checkpoint(f"{ORIGIN}2", 1742, ROOT), Checkpoint(ORIGIN, 1742, SEED)):
        line = cosignature_line(cosigner, checkpoint_text(other), NOW)
        with pytest.raises(NoteInvalid, match="one that does not verify"):
            verified_cosignatures(parse_note(noted(signer, line)), [cosigner.vkey])


def test_an_mldsa_line_is_bound_to_the_name_and_an_ed25519_line_is_not(signer: Ed25519NoteSigner) -> None:
    for make, bound in ((mldsa44_cosigner, True), (ed25519_cosigner, False)):
        one, renamed = make(WITNESS, SEED), make("witness.example/south", SEED)
        note = parse_note(noted(signer, signature_line(renamed.vkey, one.cosign(TEXT, NOW))))
        if bound:
            with pytest.raises(NoteInvalid):
                verified_cosignatures(note, [renamed.vkey])
        else:
            assert verified_cosignatures(note, [renamed.vkey]) == {renamed.vkey: NOW}


def test_of_two_lines_of_one_key_the_later_time_counts(cosigner: Cosigner, signer: Ed25519NoteSigner) -> None:
    lines = [cosignature_line(cosigner, TEXT, time) for time in (NOW, NOW + 60, NOW + 30)]
    assert verified_cosignatures(parse_note(noted(signer, *lines)), [cosigner.vkey]) == {cosigner.vkey: NOW + 60}


def test_a_key_of_plain_signatures_cosigns_nothing(signer: Ed25519NoteSigner) -> None:
    with pytest.raises(ValueError, match="expected keys of type 04 or 06"):
        verified_cosignatures(parse_note(noted(signer)), [signer.vkey])


def test_an_mldsa_line_needs_a_checkpoint_under_it() -> None:
    cosigner = mldsa44_cosigner(WITNESS, SEED)
    with pytest.raises(CheckpointInvalid):
        cosigner.cosign(b"no checkpoint\n", NOW)
    line = signature_line(cosigner.vkey, cosigner.cosign(TEXT, NOW))
    with pytest.raises(NoteInvalid, match="of a checkpoint"):
        verified_cosignatures(parse_note(b"no checkpoint\n\n" + line), [cosigner.vkey])
    # It does not cover extension lines, so a text that has some is not one that it is good for.
    with pytest.raises(NoteInvalid, match="of a checkpoint"):
        verified_cosignatures(parse_note(TEXT + b"extension\n\n" + line), [cosigner.vkey])


def test_the_log_signs_with_both_keys_at_the_time_of_its_clock(signer: Ed25519NoteSigner) -> None:
    times = iter((NOW, NOW + 1))
    second = TimedSigner(mldsa44_cosigner(ORIGIN, SEED), lambda: next(times))
    for now in (NOW, NOW + 1):
        raw = sign_checkpoint(CHECKPOINT, signer, second)
        note = parse_note(raw)
        assert [one.name for one in note.signatures] == [ORIGIN, ORIGIN]
        assert open_checkpoint(raw, ORIGIN, [signer.vkey, second.vkey]) == CHECKPOINT
        assert open_checkpoint(raw, ORIGIN, [second.vkey]) == CHECKPOINT
        assert verified_cosignatures(note, [second.vkey]) == {second.vkey: now}
    assert second.vkey.kind is KeyKind.COSIGNATURE_MLDSA44


def test_a_private_key_shows_itself_nowhere(cosigner: Cosigner) -> None:
    assert "private_key" not in repr(cosigner)
    assert SEED.hex() not in repr(cosigner)


@pytest.mark.parametrize("make", [ed25519_cosigner, mldsa44_cosigner])
def test_a_seed_has_32_bytes(make: Callable[[str, bytes], Cosigner]) -> None:
    with pytest.raises(ValueError, match="expected a seed of 32 bytes; got 31"):
        make(WITNESS, SEED[1:])


def test_the_time_of_a_published_cosignature(signer: Ed25519NoteSigner) -> None:
    # transparency-dev/formats, TestCoSigV1Timestamp: key id, time, signature.
    blob = from_base64(
        "ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/iF0u4vanlqJyocWODBt97w9uL+8qT7S5gxEHWWOworDcFiEBYJXORmnFBOBA=="
    )
    assert int.from_bytes(blob[4:12]) == 1_727_964_367
    assert len(blob[12:]) == 64
    assert sign_note(TEXT, signer)
