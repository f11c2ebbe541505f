"""Cosignatures (C2SP tlog-cosignature): that a key saw a checkpoint, at a time, as the largest tree of its log.

A witness signs so, and so does the log with its ML-DSA-44 key. What `verified_cosignatures` returns was signed by keys
of the caller's; a line of one of them that is false spoils the note.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from nacl.signing import SigningKey

from ledger.log.messages import checkpoint_message, cosignature_message, subtree_message
from ledger.log.note import (
    ED25519_SEED_BYTES,
    TIMESTAMP_BYTES,
    KeyKind,
    Note,
    VerifierKey,
    signature_line,
    verified_lines,
    verifier_key,
)

__all__ = [
    "COSIGNER_KINDS",
    "MLDSA44_SEED_BYTES",
    "Cosigner",
    "Ed25519Cosigner",
    "Mldsa44Cosigner",
    "TimedSigner",
    "cosignature_line",
    "ed25519_cosigner",
    "mldsa44_cosigner",
    "subtree_message",
    "verified_cosignatures",
]

MLDSA44_SEED_BYTES: Final = 32
COSIGNER_KINDS: Final = frozenset({KeyKind.COSIGNATURE_ED25519, KeyKind.COSIGNATURE_MLDSA44})


class Cosigner(Protocol):
    """Something that cosigns checkpoints under a name: a key in memory, a hardware module."""

    @property
    def vkey(self) -> VerifierKey:
        """The key that verifies what `cosign` returns."""

    def cosign(self, text: bytes, timestamp: int) -> bytes:
        """Return what follows the key id in the line over the checkpoint `text`: the time (8 bytes), the signature.

        `timestamp` is in POSIX seconds. Raises CheckpointInvalid if the text is no checkpoint, ValueError for a time
        outside 0 to 2**63 - 1.
        """


@dataclass(frozen=True, slots=True)
class Ed25519Cosigner:
    """An Ed25519 private key in memory (type 0x04). It must sign under no other name: the message does not hold it."""

    vkey: VerifierKey
    private_key: SigningKey = field(repr=False)

    def cosign(self, text: bytes, timestamp: int) -> bytes:
        signature = self.private_key.sign(cosignature_message(text, timestamp)).signature
        return timestamp.to_bytes(TIMESTAMP_BYTES) + signature


@dataclass(frozen=True, slots=True)
class Mldsa44Cosigner:
    """An ML-DSA-44 private key in memory (type 0x06). The same checkpoint gives another signature each time."""

    vkey: VerifierKey
    private_key: MLDSA44PrivateKey = field(repr=False)

    def cosign(self, text: bytes, timestamp: int) -> bytes:
        message = checkpoint_message(self.vkey.name, timestamp, text)
        return timestamp.to_bytes(TIMESTAMP_BYTES) + self.private_key.sign(message)


@dataclass(frozen=True, slots=True)
class TimedSigner:
    """A cosigner that signs notes as any signer does: each time at the POSIX second that `clock` gives."""

    cosigner: Cosigner
    clock: Callable[[], int]

    @property
    def vkey(self) -> VerifierKey:
        return self.cosigner.vkey

    def sign(self, text: bytes) -> bytes:
        return self.cosigner.cosign(text, self.clock())


def ed25519_cosigner(name: str, seed: bytes) -> Ed25519Cosigner:
    """Return the cosigner of the private key `seed` (32 bytes). Raises NoteInvalid for a name that no note can hold."""
    _check_seed(seed, ED25519_SEED_BYTES)
    key = SigningKey(seed)
    return Ed25519Cosigner(verifier_key(name, KeyKind.COSIGNATURE_ED25519, bytes(key.verify_key)), key)


def mldsa44_cosigner(name: str, seed: bytes) -> Mldsa44Cosigner:
    """Return the cosigner of the private key `seed` (32 bytes). Raises NoteInvalid for a name that no note can hold."""
    _check_seed(seed, MLDSA44_SEED_BYTES)
    key = MLDSA44PrivateKey.from_seed_bytes(seed)
    public_key = key.public_key().public_bytes_raw()
    return Mldsa44Cosigner(verifier_key(name, KeyKind.COSIGNATURE_MLDSA44, public_key), key)


def cosignature_line(cosigner: Cosigner, text: bytes, timestamp: int) -> bytes:
    """Return the line, with its line feed, that `cosigner` adds to the note of the checkpoint `text`."""
    return signature_line(cosigner.vkey, cosigner.cosign(text, timestamp))


def verified_cosignatures(note: Note, vkeys: Iterable[VerifierKey]) -> dict[VerifierKey, int]:
    """Return when each of `vkeys` cosigned `note`, in POSIX seconds; those without a line are missing.

    Of two lines of a key the later time counts. Raises NoteInvalid if a line of one of `vkeys` is false, ValueError
    for a key that cosigns nothing (type 0x01) and for two keys that share name and id.
    """
    known = tuple(vkeys)
    for vkey in known:
        if vkey.kind not in COSIGNER_KINDS:
            raise ValueError(f"expected keys of type 04 or 06; got {vkey.name}+{vkey.key_id.hex()}, {vkey.kind:02x}")
    times: dict[VerifierKey, int] = {}
    for line in verified_lines(note, known):
        assert line.timestamp is not None
        times[line.vkey] = max(line.timestamp, times.get(line.vkey, 0))
    return times


def _check_seed(seed: bytes, expected_bytes: int) -> None:
    if len(seed) != expected_bytes:
        raise ValueError(f"expected a seed of {expected_bytes} bytes; got {len(seed)}")
