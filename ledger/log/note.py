"""Signed notes (C2SP signed-note): a text, and the lines of those who signed it.

A note that is parsed is well-formed to the byte. A note that is verified was signed by a key of the caller's, and no
line that bears the name and id of such a key is false; lines of keys that the caller does not have say nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from ledger.log.errors import CheckpointInvalid, NoteInvalid, NotSigned, shown
from ledger.log.messages import TIMESTAMP_MAX, checkpoint_message, cosignature_message
from ledger.signing.encoding import from_base64, to_base64

NOTE_BYTES_MAX: Final = 128 * 1024
NOTE_SIGNATURES_MAX: Final = 100
"""An ML-DSA line takes 3.3 kB, so the bytes set the limit before the lines do."""

KEY_ID_BYTES: Final = 4
ED25519_KEY_BYTES: Final = 32
ED25519_SEED_BYTES: Final = 32
ED25519_SIGNATURE_BYTES: Final = 64
MLDSA44_KEY_BYTES: Final = 1312
MLDSA44_SIGNATURE_BYTES: Final = 2420
TIMESTAMP_BYTES: Final = 8

_SIGNATURE_PREFIX: Final = "\N{EM DASH} "
_CONTROLS: Final = bytes(set(range(0x20)) - {0x0A})


class KeyKind(IntEnum):
    """The type byte of a key whose id is computed by the common rule. Types of other rules are refused."""

    ED25519 = 0x01
    COSIGNATURE_ED25519 = 0x04
    COSIGNATURE_MLDSA44 = 0x06


_PUBLIC_KEY_BYTES: Final[Mapping[KeyKind, int]] = {
    KeyKind.ED25519: ED25519_KEY_BYTES,
    KeyKind.COSIGNATURE_ED25519: ED25519_KEY_BYTES,
    KeyKind.COSIGNATURE_MLDSA44: MLDSA44_KEY_BYTES,
}

_SIGNATURE_BYTES: Final[Mapping[KeyKind, int]] = {
    KeyKind.ED25519: ED25519_SIGNATURE_BYTES,
    KeyKind.COSIGNATURE_ED25519: TIMESTAMP_BYTES + ED25519_SIGNATURE_BYTES,
    KeyKind.COSIGNATURE_MLDSA44: TIMESTAMP_BYTES + MLDSA44_SIGNATURE_BYTES,
}
_KIND_NAMES: Final[Mapping[KeyKind, str]] = {
    KeyKind.ED25519: "an Ed25519 signature",
    KeyKind.COSIGNATURE_ED25519: "an Ed25519 cosignature",
    KeyKind.COSIGNATURE_MLDSA44: "an ML-DSA-44 cosignature",
}


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Whom to believe: a name, and the public key that signs under it. Made by `verifier_key` or `parse_vkey`."""

    name: str
    kind: KeyKind
    public_key: bytes
    key_id: bytes


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who claims to have signed, the id of the key, the bytes after the id."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> bytes:
        """The line as it stands in the note, with its line feed."""
        return f"{_SIGNATURE_PREFIX}{self.name} {to_base64(self.key_id + self.value)}\n".encode()


@dataclass(frozen=True, slots=True)
class VerifiedLine:
    """A signature line that verified: by which key and, of a cosignature, its time in POSIX seconds."""

    vkey: VerifierKey
    timestamp: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """A well-formed note, nothing proved: `text` is what was signed, with its last line feed."""

    text: bytes
    signatures: tuple[NoteSignature, ...]


class NoteSigner(Protocol):
    """Something that signs notes under a name: a key in memory, a hardware module."""

    @property
    def vkey(self) -> VerifierKey:
        """The key that verifies what `sign` returns."""

    def sign(self, text: bytes) -> bytes:
        """Return what follows the key id in the signature line over `text`."""


@dataclass(frozen=True, slots=True)
class Ed25519NoteSigner:
    """An Ed25519 private key in memory (type 0x01). The same text always gives the same signature."""

    vkey: VerifierKey
    private_key: SigningKey = field(repr=False)

    def sign(self, text: bytes) -> bytes:
        return self.private_key.sign(text).signature


def ed25519_note_signer(name: str, seed: bytes) -> Ed25519NoteSigner:
    """Return the signer of the private key `seed` (32 bytes). Raises NoteInvalid for a name that no note can hold."""
    if len(seed) != ED25519_SEED_BYTES:
        raise ValueError(f"expected a seed of {ED25519_SEED_BYTES} bytes; got {len(seed)}")
    key = SigningKey(seed)
    return Ed25519NoteSigner(verifier_key(name, KeyKind.ED25519, bytes(key.verify_key)), key)


def verifier_key(name: str, kind: KeyKind, public_key: bytes) -> VerifierKey:
    """Return the key with its id, SHA-256(name || 0x0A || type || public key)[:4].

    Raises NoteInvalid for a name that is empty or has a space or a plus sign, and for an unsound public key.
    """
    if not _is_name(name):
        raise NoteInvalid("a name without spaces, controls and plus signs", shown(name.encode(errors="replace")))
    expected_bytes = _PUBLIC_KEY_BYTES[kind]
    if len(public_key) != expected_bytes:
        raise NoteInvalid(f"a public key of {expected_bytes} bytes for type {kind:02x}", f"{len(public_key)} bytes")
    # Libraries differ over keys with a small-order component: one might accept a note that another refuses.
    if expected_bytes == ED25519_KEY_BYTES and not crypto_core_ed25519_is_valid_point(public_key):
        raise NoteInvalid("a canonical point of the prime-order subgroup of edwards25519", public_key.hex())
    digest = sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()
    return VerifierKey(name, kind, public_key, digest[:KEY_ID_BYTES])


def format_vkey(key: VerifierKey) -> str:
    """Return the text that others configure.

    example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
    """
    return f"{key.name}+{key.key_id.hex()}+{to_base64(bytes([key.kind]) + key.public_key)}"


def parse_vkey(text: str) -> VerifierKey:
    """Return the key that `format_vkey` writes as `text`. Raises NoteInvalid for all else.

    The id is computed anew: a key that is published under a false id would never verify anything.
    """
    # Only the first two plus signs divide; base64 has its own.
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        blob = from_base64(encoded)
    except ValueError:
        raise NoteInvalid("<name>+<key id>+<base64>", shown(text.encode(errors="replace"))) from None
    if not blob or blob[0] not in list(KeyKind):
        kinds = ", ".join(f"{kind:02x}" for kind in KeyKind)
        raise NoteInvalid(f"a key of type {kinds}", f"type {blob[:1].hex() or 'missing'}")
    key = verifier_key(name, KeyKind(blob[0]), blob[1:])
    if key_id != key.key_id.hex():
        raise NoteInvalid(f"key id {key.key_id.hex()}", shown(key_id.encode(errors="replace")))
    return key


def parse_note(raw: bytes) -> Note:
    """Return the note that `raw` is, to the byte.

        This is an example message.

        — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1T...G1Yu72IneyaQM=

    Raises NoteInvalid for more than NOTE_BYTES_MAX bytes, no or more than NOTE_SIGNATURES_MAX signature lines, bytes
    that are not UTF-8, controls other than the line feed, and lines of any other form.
    """
    if len(raw) > NOTE_BYTES_MAX:
        raise NoteInvalid(f"at most {NOTE_BYTES_MAX} bytes", f"{len(raw)} bytes")
    _check_text(raw)
    text, separator, rest = raw.rpartition(b"\n\n")
    if not separator or not rest.endswith(b"\n"):
        raise NoteInvalid("a text, an empty line and signature lines, each ended by a line feed", shown(raw[-60:]))
    lines = rest.decode().split("\n")[:-1]
    if len(lines) > NOTE_SIGNATURES_MAX:
        raise NoteInvalid(f"at most {NOTE_SIGNATURES_MAX} signature lines", str(len(lines)))
    return Note(text + b"\n", tuple(map(_parse_signature, lines)))


def verify_note(note: Note, vkeys: Iterable[VerifierKey]) -> tuple[str, ...]:
    """Return the names, once each and in the order of their lines, of those of `vkeys` that signed `note`.

    Lines of other keys are ignored. Raises NoteInvalid if a line of one of `vkeys` does not verify, NotSigned if there
    is no line of theirs; ValueError if two keys share name and id.
    """
    known = tuple(vkeys)
    names = tuple(dict.fromkeys(line.vkey.name for line in verified_lines(note, known)))
    if not names:
        wanted = ", ".join(sorted({key.name for key in known})) or "nobody"
        raise NotSigned(f"a signature by a known key ({wanted})", f"{len(note.signatures)} lines of others")
    return names


def verified_lines(note: Note, vkeys: Iterable[VerifierKey]) -> tuple[VerifiedLine, ...]:
    """Return the lines of `vkeys`, all of them verified and in the order in which they stand; of others there is none.

    Raises NoteInvalid if one of them is false; ValueError if two keys share name and id.
    """
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in vkeys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise ValueError(f"expected one key for each name and id; got two of {key.name}+{key.key_id.hex()}")
    lines = []
    for signature in note.signatures:
        signing_key = known.get((signature.name, signature.key_id))
        if signing_key is not None:
            lines.append(VerifiedLine(signing_key, verify_signature(note.text, signing_key, signature.value)))
    return tuple(lines)


def verify_signature(text: bytes, vkey: VerifierKey, value: bytes) -> int | None:
    """Return the time of the signature `value` (what follows the key id) of `vkey` over `text`; plain ones have none.

    Raises NoteInvalid if it does not verify: of another length, with a time above 2**63 - 1, by another key or of
    another text, and an ML-DSA-44 line under a text that is no checkpoint of three lines.
    """
    failed = f"{_KIND_NAMES[vkey.kind]} by {vkey.name}+{vkey.key_id.hex()}"
    expected_bytes = _SIGNATURE_BYTES[vkey.kind]
    if len(value) != expected_bytes:
        raise NoteInvalid(f"{failed}, {expected_bytes} bytes", f"{len(value)} bytes")
    timestamp = None if vkey.kind is KeyKind.ED25519 else int.from_bytes(value[:TIMESTAMP_BYTES])
    if timestamp is not None and timestamp > TIMESTAMP_MAX:
        raise NoteInvalid(f"{failed}, a time of 0 to {TIMESTAMP_MAX}", str(timestamp))
    try:
        if timestamp is None:
            VerifyKey(vkey.public_key).verify(text, value)
        elif vkey.kind is KeyKind.COSIGNATURE_ED25519:
            VerifyKey(vkey.public_key).verify(cosignature_message(text, timestamp), value[TIMESTAMP_BYTES:])
        else:
            message = checkpoint_message(vkey.name, timestamp, text)
            MLDSA44PublicKey.from_public_bytes(vkey.public_key).verify(value[TIMESTAMP_BYTES:], message)
    except (BadSignatureError, InvalidSignature):
        raise NoteInvalid(failed, "one that does not verify") from None
    except (CheckpointInvalid, ValueError) as error:
        raise NoteInvalid(f"{failed}, of a checkpoint", str(error)) from None
    return timestamp


def sign_note(text: bytes, *signers: NoteSigner) -> bytes:
    """Return the note of `text` with a line of each of `signers`, in their order.

    Raises NoteInvalid for a text that no note can hold: one that does not end in a line feed, or with controls.
    """
    _check_text(text)
    if not text.endswith(b"\n") or not signers:
        raise NoteInvalid("a text that ends in a line feed, and a signer", f"{shown(text[-60:])}, {len(signers)}")
    raw = text + b"\n" + b"".join(signature_line(signer.vkey, signer.sign(text)) for signer in signers)
    if len(raw) > NOTE_BYTES_MAX:
        raise NoteInvalid(f"at most {NOTE_BYTES_MAX} bytes", f"{len(raw)} bytes")
    return raw


def signature_line(vkey: VerifierKey, value: bytes) -> bytes:
    """Return the line, with its line feed, of a signature by `vkey` that is `value` after the key id."""
    return NoteSignature(vkey.name, vkey.key_id, value).line


def _parse_signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_SIGNATURE_PREFIX).partition(" ")
    try:
        blob = from_base64(encoded)
    except ValueError:
        blob = b""
    if not line.startswith(_SIGNATURE_PREFIX) or not _is_name(name) or len(blob) <= KEY_ID_BYTES:
        raise NoteInvalid("a line of em dash, name and base64 of key id and signature", shown(line.encode()))
    return NoteSignature(name, blob[:KEY_ID_BYTES], blob[KEY_ID_BYTES:])


def _check_text(raw: bytes) -> None:
    if len(raw.translate(None, _CONTROLS)) != len(raw):
        raise NoteInvalid("no controls but the line feed", shown(raw))
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise NoteInvalid("UTF-8", f"byte 0x{raw[error.start]:02x} at offset {error.start}") from None


def _is_name(name: str) -> bool:
    """Tell whether a signature line can hold the name; Python's spaces are Go's and some controls."""
    if not name or "+" in name or any(character.isspace() or character < " " for character in name):
        return False
    # A lone surrogate, which no UTF-8 holds.
    return not any("\ud800" <= character <= "\udfff" for character in name)
