"""A note is well-formed to the byte, and says only what a known key signed."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.log.errors import NoteInvalid
from ledger.log.note import (
    NOTE_BYTES_MAX,
    Ed25519NoteSigner,
    KeyKind,
    VerifierKey,
    ed25519_note_signer,
    format_vkey,
    parse_note,
    parse_vkey,
    sign_note,
    signature_line,
    verifier_key,
    verify_note,
)
from ledger.signing.encoding import to_base64

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
NEUMANN_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
NEUMANN_TEXT = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NEUMANN_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


@pytest.fixture
def published(vectors: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((vectors / "c2sp/signed-note.json").read_bytes())
    return loaded


def test_the_worked_example_verifies() -> None:
    note = parse_note(NOTE)
    assert note.text == b"This is an example message.\n"
    assert [(one.name, one.key_id.hex(), len(one.value)) for one in note.signatures] == [
        ("example.com/foo", "530d903a", 64)
    ]
    assert verify_note(note, [parse_vkey(VKEY)]) == ("example.com/foo",)


def test_signing_gives_the_bytes_that_go_gives() -> None:
    neumann = ed25519_note_signer("PeterNeumann", NEUMANN_SEED)
    assert format_vkey(neumann.vkey) == NEUMANN_VKEY
    assert sign_note(NEUMANN_TEXT, neumann) == NEUMANN_TEXT + b"\n" + NEUMANN_LINE


def test_published_notes_verify(published: dict[str, Any]) -> None:
    assert len(published["signed"]) == 4
    for row in published["signed"]:
        key = parse_vkey(row["vkey"])
        assert format_vkey(key) == row["vkey"]
        assert verify_note(parse_note(row["note"].encode()), [key]) == (key.name,)


def test_published_bad_keys_are_refused(published: dict[str, Any]) -> None:
    for text in published["bad_vkeys"]:
        with pytest.raises(NoteInvalid):
            parse_vkey(text)


def test_a_key_under_a_false_id_is_refused_and_the_id_named(published: dict[str, Any]) -> None:
    text = published["good_vkeys_other_types"]["mldsa44_0x06"]
    with pytest.raises(NoteInvalid, match="expected key id 31236897; got b'5893dc2c'"):
        parse_vkey(text)
    assert parse_vkey(text.replace("5893dc2c", "31236897")).kind is KeyKind.COSIGNATURE_MLDSA44


def test_keys_of_other_types(published: dict[str, Any]) -> None:
    others = published["good_vkeys_other_types"]
    witness = parse_vkey(others["cosignature_0x04"])
    assert (witness.name, witness.kind) == ("remora.n621.de", KeyKind.COSIGNATURE_ED25519)
    for name in ("ecdsa_0x02_spki_keyid", "rfc6962_0x05"):
        with pytest.raises(NoteInvalid, match=r"expected a key of type 01, 04, 06; got type 0[25]"):
            parse_vkey(others[name])


@pytest.mark.parametrize("vkey", [VKEY, NEUMANN_VKEY])
def test_every_mangled_key_is_refused(vkey: str) -> None:
    parse_vkey(vkey)
    parts = {vkey[start:end] for start in range(len(vkey)) for end in range(start, len(vkey) + 1)} - {vkey}
    changed = {vkey[:at] + chr(ord(vkey[at]) + 1) + vkey[at + 1 :] for at in range(len(vkey))}
    assert len(parts) > 2000
    for mangled in parts | changed:
        with pytest.raises(NoteInvalid):
            parse_vkey(mangled)


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\u0085b", "a\nb", "a\x1fb", "a\ud800b", "a" + chr(0xDFFF)]
)
def test_a_name_that_no_line_can_hold_is_refused(name: str) -> None:
    with pytest.raises(NoteInvalid, match="expected a name"):
        ed25519_note_signer(name, NEUMANN_SEED)


@pytest.mark.parametrize(
    "public_key",
    [
        bytes(32),  # order 4
        b"\x01" + bytes(31),  # order 1
        b"\xee" + b"\xff" * 30 + b"\x7f",  # y = p + 1: a second encoding
        bytes(31),
    ],
)
def test_an_unsound_public_key_is_refused(public_key: bytes) -> None:
    for kind in (KeyKind.ED25519, KeyKind.COSIGNATURE_ED25519):
        with pytest.raises(NoteInvalid):
            verifier_key("example.com/foo", kind, public_key)


def test_a_private_key_shows_itself_nowhere() -> None:
    signer = ed25519_note_signer("PeterNeumann", NEUMANN_SEED)
    assert NEUMANN_SEED.hex() not in repr(signer)
    assert "private_key" not in repr(signer)
    with pytest.raises(ValueError, match="expected a seed of 32 bytes; got 31"):
        ed25519_note_signer("PeterNeumann", NEUMANN_SEED[1:])


SIGNATURE = NOTE.split(b"\n")[2] + b"\n"
TEXT = b"This is an example message.\n"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(TEXT, id="text alone"),
        pytest.param(TEXT + b"\n", id="no lines"),
        pytest.param(TEXT + SIGNATURE, id="no empty line"),
        pytest.param(TEXT + b"\n" + SIGNATURE[:-1], id="no last line feed"),
        pytest.param(TEXT + b"\n" + SIGNATURE + b"\n", id="an empty line at the end"),
        pytest.param(TEXT + b"\n" + SIGNATURE[4:], id="no em dash"),
        pytest.param(TEXT + b"\n" + SIGNATURE.replace("—".encode(), b"-"), id="a hyphen"),
        pytest.param(TEXT + b"\n" + SIGNATURE.replace("— ".encode(), "—".encode()), id="no space after the dash"),
        pytest.param(TEXT + b"\n" + SIGNATURE.replace(b" Uw2Q", b"  Uw2Q"), id="two spaces"),
        pytest.param(TEXT + b"\n" + SIGNATURE.replace(b" example.com/foo", b" "), id="no name"),
        pytest.param(TEXT + b"\n" + SIGNATURE.replace(b"foo", b"f+o"), id="a plus sign in the name"),
        pytest.param(TEXT + b"\n" + SIGNATURE.replace(b"foo", "f\u2003o".encode()), id="a space in the name"),
        pytest.param(TEXT + b"\n" + SIGNATURE.replace(b"aQM=", b"aQN="), id="unused bits set"),
        pytest.param(TEXT + b"\n" + SIGNATURE.replace(b"aQM=", b"aQM"), id="no padding"),
        pytest.param(TEXT + b"\n" + SIGNATURE.replace(b"\n", b"\r\n"), id="carriage return"),
        pytest.param(TEXT + b"\n" + "— example.com/foo Uw2QOg==\n".encode(), id="a key id alone"),
        pytest.param(b"tab\there\n\n" + SIGNATURE, id="a control in the text"),
        pytest.param(b"caf\xe9\n\n" + SIGNATURE, id="not UTF-8"),
        pytest.param(TEXT + b"\n" + SIGNATURE * 101, id="too many lines"),
        pytest.param(b"x" * NOTE_BYTES_MAX + b"\n\n" + SIGNATURE, id="too large"),
    ],
)
def test_what_is_no_note_is_refused(raw: bytes) -> None:
    with pytest.raises(NoteInvalid):
        parse_note(raw)


def test_a_note_is_split_at_its_last_empty_line() -> None:
    assert parse_note(b"one\n\n\ntwo\n\n" + SIGNATURE).text == b"one\n\n\ntwo\n"


@pytest.mark.parametrize("count", [16, 100])
def test_many_signatures_are_read(count: int) -> None:
    assert len(parse_note(TEXT + b"\n" + SIGNATURE * count).signatures) == count


def test_lines_of_others_are_ignored(signer: Ed25519NoteSigner) -> None:
    key = parse_vkey(VKEY)
    stranger = signature_line(signer.vkey, bytes(64))
    same_name = signature_line(VerifierKey(key.name, key.kind, key.public_key, b"\0\0\0\1"), bytes(64))
    same_id = signature_line(VerifierKey("example.com/bar", key.kind, key.public_key, key.key_id), bytes(64))
    note = parse_note(TEXT + b"\n" + stranger + same_name + SIGNATURE + same_id)
    assert verify_note(note, [key]) == ("example.com/foo",)
    with pytest.raises(NoteInvalid, match=r"expected a signature by a known key \(nobody\); got 4 lines of others"):
        verify_note(note, [])


def test_a_false_line_of_a_cosigner_spoils_the_note() -> None:
    key = parse_vkey(VKEY)
    cosigner = verifier_key("witness.example", KeyKind.COSIGNATURE_ED25519, key.public_key)
    line = signature_line(cosigner, bytes(72))
    assert verify_note(parse_note(TEXT + b"\n" + line + SIGNATURE), [key]) == ("example.com/foo",)
    with pytest.raises(NoteInvalid, match=r"expected an Ed25519 cosignature by witness\.example\+"):
        verify_note(parse_note(TEXT + b"\n" + line + SIGNATURE), [key, cosigner])


@pytest.mark.parametrize("value", [bytes(64), b"\x01", bytes(65)])
def test_a_false_line_of_a_known_key_spoils_the_note(value: bytes, signer: Ed25519NoteSigner) -> None:
    key = parse_vkey(VKEY)
    false = signature_line(signer.vkey, value)
    for raw in (TEXT + b"\n" + SIGNATURE + false, TEXT + b"\n" + false + SIGNATURE):
        assert verify_note(parse_note(raw), [key]) == ("example.com/foo",)
        with pytest.raises(NoteInvalid, match=rf"expected an Ed25519 signature by {signer.vkey.name}\+"):
            verify_note(parse_note(raw), [key, signer.vkey])


def test_a_second_line_of_a_key_is_checked_too() -> None:
    key = parse_vkey(VKEY)
    assert verify_note(parse_note(TEXT + b"\n" + SIGNATURE * 2), [key]) == ("example.com/foo",)
    with pytest.raises(NoteInvalid):
        verify_note(parse_note(TEXT + b"\n" + SIGNATURE + signature_line(key, bytes(64))), [key])


@pytest.mark.parametrize("at", range(len(TEXT) - 1))
def test_a_changed_text_does_not_verify(at: int) -> None:
    changed = TEXT[:at] + bytes([TEXT[at] ^ 1]) + TEXT[at + 1 :]
    with pytest.raises(NoteInvalid, match="got one that does not verify"):
        verify_note(parse_note(changed + b"\n" + SIGNATURE), [parse_vkey(VKEY)])


def test_a_text_may_be_longer_than_what_was_signed_only_before_the_last_empty_line() -> None:
    with pytest.raises(NoteInvalid, match="got one that does not verify"):
        verify_note(parse_note(TEXT + b"\nmore\n\n" + SIGNATURE), [parse_vkey(VKEY)])


def test_two_keys_of_one_name_and_id_are_a_mistake_of_the_caller(signer: Ed25519NoteSigner) -> None:
    key = parse_vkey(VKEY)
    twin = VerifierKey(key.name, key.kind, signer.vkey.public_key, key.key_id)
    with pytest.raises(ValueError, match=r"expected one key for each name and id; got two of example\.com/foo"):
        verify_note(parse_note(NOTE), [key, twin])
    assert verify_note(parse_note(NOTE), [key, key]) == ("example.com/foo",)


def test_two_signers_sign_one_text(signer: Ed25519NoteSigner) -> None:
    neumann = ed25519_note_signer("PeterNeumann", NEUMANN_SEED)
    note = parse_note(sign_note(TEXT, signer, neumann))
    assert verify_note(note, [neumann.vkey, signer.vkey]) == (signer.vkey.name, "PeterNeumann")


@pytest.mark.parametrize("text", [b"", b"no line feed", b"tab\t\n", b"\xff\n", b"x" * NOTE_BYTES_MAX + b"\n"])
def test_what_no_note_can_hold_is_not_signed(text: bytes, signer: Ed25519NoteSigner) -> None:
    with pytest.raises(NoteInvalid):
        sign_note(text, signer)


def test_the_largest_note_is_signed_and_read(signer: Ed25519NoteSigner) -> None:
    around = len(sign_note(b"\n", signer))
    largest = sign_note(b"x" * (NOTE_BYTES_MAX - around) + b"\n", signer)
    assert len(largest) == NOTE_BYTES_MAX
    assert verify_note(parse_note(largest), [signer.vkey]) == (signer.vkey.name,)
    with pytest.raises(NoteInvalid, match="expected at most 131072 bytes; got 131073 bytes"):
        sign_note(b"x" * (NOTE_BYTES_MAX - around + 1) + b"\n", signer)
    with pytest.raises(NoteInvalid, match="expected at most 131072 bytes; got 131073 bytes"):
        parse_note(b"x" + largest)


def test_a_note_has_a_signer() -> None:
    with pytest.raises(NoteInvalid):
        sign_note(TEXT)


def test_a_note_witnessed_in_the_wild_is_read(published: dict[str, Any]) -> None:
    row = published["real_witnessed_checkpoint"]
    note = parse_note(row["text"].encode())
    assert [one.name for one in note.signatures] == [
        "pixel_transparency_log",
        "ArmoredWitness-small-breeze",
        "ArmoredWitness-autumn-wood",
    ]
    again = [f"— {one.name} {to_base64(one.key_id + one.value)}\n" for one in note.signatures]
    assert note.text.decode() + "\n" + "".join(again) == row["text"]
