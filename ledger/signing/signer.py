"""The client's side: private keys on disk, signing, proofs of possession.

The service never imports it for the parties' keys: a private key leaves this process only into a file that its owner
alone can read.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa

from ledger.events.canonical import parse_canonical
from ledger.events.keys import KeyRecord, key_id
from ledger.events.stages import Signature
from ledger.signing.dsse import ENVELOPE_BYTES_MAX, PAYLOAD_TYPE, SIGNATURES_MAX, envelope_bytes, pae
from ledger.signing.encoding import to_base64
from ledger.signing.possession import possession_message

PRIVATE_FILE_MODE: Final = 0o600

Algorithm = Literal["ed25519", "ecdsa-p256"]


class Signer(Protocol):
    """Something that signs: a key file, a hardware module."""

    @property
    def algorithm(self) -> Algorithm:
        """As in the key's record."""

    @property
    def key_id(self) -> str:
        """SHA-256 of `spki`, 64 lowercase hexadecimal digits."""

    @property
    def spki(self) -> bytes:
        """The public key: SubjectPublicKeyInfo in DER."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature over `message`: 64 bytes for Ed25519, DER for ECDSA P-256 with SHA-256."""


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """An Ed25519 private key in memory."""

    private_key: ed25519.Ed25519PrivateKey = field(repr=False)
    spki: bytes
    key_id: str
    algorithm: Algorithm = "ed25519"

    def sign(self, message: bytes) -> bytes:
        return self.private_key.sign(message)


@dataclass(frozen=True, slots=True)
class P256Signer:
    """A NIST P-256 private key in memory."""

    private_key: ec.EllipticCurvePrivateKey = field(repr=False)
    spki: bytes
    key_id: str
    algorithm: Algorithm = "ecdsa-p256"

    def sign(self, message: bytes) -> bytes:
        return self.private_key.sign(message, ec.ECDSA(hashes.SHA256()))


def generate_ed25519() -> Ed25519Signer:
    """Return a new Ed25519 key from the system's random source."""
    return _ed25519_signer(ed25519.Ed25519PrivateKey.generate())


def generate_p256() -> P256Signer:
    """Return a new P-256 key from the system's random source."""
    return _p256_signer(ec.generate_private_key(ec.SECP256R1()))


def save_signer(signer: Ed25519Signer | P256Signer, path: Path, passphrase: bytes | None) -> None:
    """Write the private key as PEM PKCS#8, readable by its owner only; encrypted if there is a passphrase.

    Raises FileExistsError rather than overwrite a key, ValueError for an empty passphrase.
    """
    write_private_key(signer.private_key, path, passphrase)


def write_private_key(
    key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | mldsa.MLDSA44PrivateKey,
    path: Path,
    passphrase: bytes | None,
) -> None:
    """Write the private key as `save_signer` does."""
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption() if passphrase is None else serialization.BestAvailableEncryption(passphrase),
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        # A key may be registered a moment later: it must not be lost with the power.
        os.fsync(file.fileno())


def load_signer(path: Path, passphrase: bytes | None) -> Ed25519Signer | P256Signer:
    """Return the key in a PEM PKCS#8 file.

    Raises ValueError for another kind of key or file, for a wrong or missing passphrase, and for one too many.
    """
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(f"{path}: {error}") from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return _ed25519_signer(key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return _p256_signer(key)
    raise ValueError(f"{path}: expected an Ed25519 or NIST P-256 private key; got {type(key).__name__}")


def key_record(signer: Signer, ledger: str, authority: str) -> KeyRecord:
    """Return the record that registers `signer` for `authority` on `ledger`, with its proof of possession."""
    proof = signer.sign(possession_message(ledger, authority, signer.key_id))
    return KeyRecord(algorithm=signer.algorithm, public_key=to_base64(signer.spki), proof=to_base64(proof))


def sign_payload(payload: bytes, signers: Sequence[Signer]) -> bytes:
    """Return the canonical envelope of `payload`, signed by each of `signers` (1 to 16).

    Raises Rejected if the payload is not canonical, ValueError for no, too many or repeated signers: nothing is signed
    that the ledger would refuse for its bytes.
    """
    parse_canonical(payload, ENVELOPE_BYTES_MAX)
    key_ids = {signer.key_id for signer in signers}
    if len(key_ids) != len(signers) or not 1 <= len(signers) <= SIGNATURES_MAX:
        raise ValueError(f"expected 1 to {SIGNATURES_MAX} different keys; got {len(signers)}, {len(key_ids)} different")
    message = pae(PAYLOAD_TYPE, payload)
    raw = envelope_bytes(payload, [Signature(signer.key_id, signer.sign(message)) for signer in signers])
    if len(raw) > ENVELOPE_BYTES_MAX:
        raise ValueError(f"expected an envelope of at most {ENVELOPE_BYTES_MAX} bytes; got {len(raw)}")
    return raw


def _ed25519_signer(key: ed25519.Ed25519PrivateKey) -> Ed25519Signer:
    spki = _spki(key.public_key())
    return Ed25519Signer(key, spki, key_id(spki))


def _p256_signer(key: ec.EllipticCurvePrivateKey) -> P256Signer:
    spki = _spki(key.public_key())
    return P256Signer(key, spki, key_id(spki))


def _spki(key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
