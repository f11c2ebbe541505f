"""Public keys that are sound, and verification with them.

An Ed25519 signature that verifies here verifies under every rule in use, with the cofactor or without: libsodium, the
strictest of the common libraries, decides, and keys over which libraries differ (small order, a small-order component,
another encoding) are refused when they are registered. docs/ed25519-verdicts.md gives the verdict on published cases.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from ledger.events.keys import KeyRecord, key_id
from ledger.events.refusals import Refusal, Rejected
from ledger.signing.encoding import from_base64

ED25519_SPKI_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")
"""The DER before the 32 bytes of an Ed25519 public key (RFC 8410 §4); there is no other way to write it."""

ED25519_KEY_BYTES: Final = 32
ED25519_SIGNATURE_BYTES: Final = 64
PARSED_KEYS_MAX: Final = 4096


class BadSignature(Exception):
    """The signature is not one of this key over this message."""


class PublicKey(Protocol):
    """A sound public key."""

    @property
    def key_id(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo, 64 lowercase hexadecimal digits."""

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return if `signature` is this key's over `message`. Raises BadSignature."""


@dataclass(frozen=True, slots=True)
class Ed25519Key:
    """Verifies by libsodium: S below the group order, R of no small order and canonical, no cofactor."""

    key_id: str
    point: VerifyKey

    def verify(self, message: bytes, signature: bytes) -> None:
        if len(signature) != ED25519_SIGNATURE_BYTES:
            raise BadSignature(f"expected {ED25519_SIGNATURE_BYTES} bytes; got {len(signature)}")
        try:
            self.point.verify(message, signature)
        except BadSignatureError:
            raise BadSignature("expected a signature over this message; got another") from None


@dataclass(frozen=True, slots=True)
class P256Key:
    """Verifies ECDSA with SHA-256; the signature is DER.

    A low s is not demanded, since many hardware modules do not produce it. Whoever sees (r, s) can therefore write
    (r, -s); that gains nothing, because an act is identified by its payload and never by its signature.
    """

    key_id: str
    key: ec.EllipticCurvePublicKey

    def verify(self, message: bytes, signature: bytes) -> None:
        try:
            self.key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise BadSignature("expected a signature over this message; got another") from None


def public_key(record: KeyRecord) -> PublicKey:
    """Return the key of `record`. Its proof of possession is not looked at (`ledger.signing.possession`).

    Raises Rejected: KEY_MALFORMED if `public_key` is not the base64 of the one DER encoding of a key of the record's
    algorithm; KEY_WEAK if an Ed25519 key is no canonically encoded point of the prime-order subgroup.
    """
    return _load(record.algorithm, record.public_key)


@lru_cache(maxsize=PARSED_KEYS_MAX)
def _load(algorithm: str, spki_base64: str) -> PublicKey:
    try:
        spki = from_base64(spki_base64)
    except ValueError as error:
        raise Rejected(Refusal.KEY_MALFORMED, "padded base64 of a SubjectPublicKeyInfo", str(error)) from None
    if algorithm == "ed25519":
        return _ed25519(spki)
    if algorithm == "ecdsa-p256":
        return _p256(spki)
    raise Rejected(Refusal.KEY_MALFORMED, "algorithm ed25519 or ecdsa-p256", repr(algorithm[:40]))


def _ed25519(spki: bytes) -> Ed25519Key:
    point = spki[len(ED25519_SPKI_PREFIX) :]
    if not spki.startswith(ED25519_SPKI_PREFIX) or len(point) != ED25519_KEY_BYTES:
        raise Rejected(Refusal.KEY_MALFORMED, "a DER SubjectPublicKeyInfo of Ed25519 (44 bytes)", _shown(spki))
    # One check covers all: encoding (y < p, no negative zero), on the curve, not of small order, no component of it.
    # With a small-order component libraries that multiply by the cofactor accept what the others refuse.
    if not crypto_core_ed25519_is_valid_point(point):
        raise Rejected(Refusal.KEY_WEAK, "a canonical point of the prime-order subgroup of edwards25519", point.hex())
    return Ed25519Key(key_id(spki), VerifyKey(point))


def _p256(spki: bytes) -> P256Key:
    expected = "a DER SubjectPublicKeyInfo of NIST P-256 with an uncompressed point (91 bytes)"
    try:
        key = serialization.load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        raise Rejected(Refusal.KEY_MALFORMED, expected, _shown(spki)) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Rejected(Refusal.KEY_MALFORMED, expected, _shown(spki))
    again = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if again != spki:
        raise Rejected(Refusal.KEY_MALFORMED, expected, _shown(spki))
    return P256Key(key_id(spki), key)


def _shown(spki: bytes) -> str:
    return f"{len(spki)} bytes that begin {spki[:16].hex() or 'nowhere'}"
