"""COSE (RFC 9052) as far as receipts and statements need it: keys, COSE_Sign1, and what is signed in it.

A signature that verifies is of the algorithm that the key itself has: what a message says about it must agree. The key
id is always computed from the key, so it cannot name another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from ledger.log.cbor import CborValue, decode, encode
from ledger.log.cosignature import Mldsa44Cosigner, TimedSigner
from ledger.log.errors import CoseMalformed, ReceiptInvalid, shown
from ledger.log.note import KeyKind, NoteSigner, VerifierKey

SIGN1_TAG: Final = 0xD2
"""The first byte of every tagged COSE_Sign1: tag 18, which takes one byte."""

ED25519_SIGNATURE_BYTES: Final = 64

_NOTHING: Final = b""


ALGORITHM: Final = 1
CONTENT_TYPE: Final = 3
KEY_ID: Final = 4
CLAIMS: Final = 15
TREE: Final = 395
PROOFS: Final = 396
"""Labels of header parameters (RFC 9052, 9597, 9942)."""

ISSUER: Final = 1
SUBJECT: Final = 2
"""Keys of the CWT claims (RFC 8392)."""


class Algorithm(IntEnum):
    """Signature algorithms that say everything about themselves (RFC 9864, RFC 9964)."""

    ED25519 = -19
    ESP256 = -9
    MLDSA44 = -48


_KTY: Final = 1
_KTY_OKP: Final = 1
_KTY_AKP: Final = 7
_KEY_KEY_ID: Final = 2
_KEY_ALGORITHM: Final = 3
_OKP_CURVE: Final = -1
_OKP_X: Final = -2
_AKP_PUBLIC_KEY: Final = -1
_CURVE_ED25519: Final = 6
"""Labels and values of a COSE_Key (RFC 9053 §7, RFC 9964)."""


@dataclass(frozen=True, slots=True)
class CoseKey:
    """A public key that signs receipts. Made by `cose_key`: `key_id` (32 bytes) is its RFC 9679 thumbprint."""

    algorithm: Algorithm
    public_key: bytes
    key_id: bytes


class CoseSigner(Protocol):
    """Something that signs receipts: a key in memory, a hardware module."""

    @property
    def key(self) -> CoseKey:
        """The key that verifies what `sign` returns."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature over a Sig_structure."""


@dataclass(frozen=True, slots=True)
class Ed25519CoseSigner:
    """The key with which a log signs notes, as it signs receipts: the same structure always with the same signature.

    What is signed can never be taken for a note: a Sig_structure begins with 0x84, which begins no UTF-8 text.
    """

    key: CoseKey
    signer: NoteSigner

    def sign(self, message: bytes) -> bytes:
        return self.signer.sign(message)


@dataclass(frozen=True, slots=True)
class Mldsa44CoseSigner:
    """An ML-DSA-44 key of a log in memory: the same structure each time with another signature.

    None can be taken for one on a checkpoint, where what is signed begins with `subtree/v1`.
    """

    key: CoseKey
    private_key: MLDSA44PrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        return self.private_key.sign(message)


@dataclass(frozen=True, slots=True)
class Sign1:
    """A COSE_Sign1 in its one form, nothing proved. `protected` are the bytes that were signed, `headers` their map."""

    protected: bytes
    headers: Mapping[int | bytes | str, CborValue]
    unprotected: Mapping[int | bytes | str, CborValue]
    payload: bytes | None
    signature: bytes


def cose_signer(signer: NoteSigner) -> CoseSigner:
    """Return a key of the log as a signer of receipts. Raises ValueError for one that signs nothing but checkpoints."""
    if signer.vkey.kind is KeyKind.ED25519:
        return Ed25519CoseSigner(cose_key(Algorithm.ED25519, signer.vkey.public_key), signer)
    if isinstance(signer, TimedSigner) and isinstance(signer.cosigner, Mldsa44Cosigner):
        key = cose_key(Algorithm.MLDSA44, signer.vkey.public_key)
        return Mldsa44CoseSigner(key, signer.cosigner.private_key)
    raise ValueError(f"expected an Ed25519 note key or an ML-DSA-44 key in memory; got type {signer.vkey.kind:02x}")


def cose_key(algorithm: Algorithm, public_key: bytes) -> CoseKey:
    """Return the key with its id: SHA-256 of the deterministic COSE_Key of its required members (RFC 9679 §3)."""
    return CoseKey(algorithm, public_key, sha256(encode(_required_members(algorithm, public_key))).digest())


def cose_keys(origin: str, vkeys: Iterable[VerifierKey]) -> tuple[CoseKey, ...]:
    """Return those of `vkeys` with which the log `origin` itself signs, each once, as keys that verify receipts."""
    algorithms = {KeyKind.ED25519: Algorithm.ED25519, KeyKind.COSIGNATURE_MLDSA44: Algorithm.MLDSA44}
    own = [vkey for vkey in vkeys if vkey.name == origin and vkey.kind in algorithms]
    return tuple(dict.fromkeys(cose_key(algorithms[vkey.kind], vkey.public_key) for vkey in own))


def format_cose_key(key: CoseKey) -> bytes:
    """Return the COSE_Key: {1: 1, 2: h'…', 3: -19, -1: 6, -2: h'…'} for Ed25519."""
    return encode(_members(key))


def format_key_set(keys: Iterable[CoseKey]) -> bytes:
    """Return the COSE_KeySet: an array of COSE_Keys, in the order of `keys`."""
    return encode([_members(key) for key in keys])


def format_sign1(sign1: Sign1) -> bytes:
    """Return the tagged COSE_Sign1: d2 84 and protected, unprotected, payload, signature."""
    parts: CborValue = [sign1.protected, dict(sign1.unprotected), sign1.payload, sign1.signature]
    return bytes([SIGN1_TAG]) + encode(parts)


def parse_sign1(raw: bytes, bytes_max: int) -> Sign1:
    """Return the COSE_Sign1 that `format_sign1` writes as `raw`; its protected header must be deterministic too.

    Raises CoseMalformed for all else, and for more than `bytes_max` bytes.
    """
    if raw[:1] != bytes([SIGN1_TAG]):
        raise CoseMalformed(f"a tagged COSE_Sign1, which begins {SIGN1_TAG:02x}", shown(raw))
    match decode(raw[1:], bytes_max - 1):
        case [bytes() as protected, dict() as unprotected, (bytes() | None) as payload, bytes() as signature]:
            pass
        case _:
            raise CoseMalformed("protected, unprotected, payload and signature", shown(raw))
    headers = decode(protected, bytes_max)
    if not isinstance(headers, dict):
        raise CoseMalformed("a protected header that is a map", shown(protected))
    return Sign1(protected, headers, unprotected, payload, signature)


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """Return what is signed (RFC 9052 §4.4): ["Signature1", protected, h'', payload]."""
    return encode(["Signature1", protected, _NOTHING, payload])


def verify_signature(key: CoseKey, message: bytes, signature: bytes) -> None:
    """Return if `signature` is that of `key`, the key of a log, over `message`. Raises ReceiptInvalid."""
    try:
        match key.algorithm:
            case Algorithm.ED25519 if len(signature) == ED25519_SIGNATURE_BYTES:
                VerifyKey(key.public_key).verify(message, signature)
            case Algorithm.MLDSA44:
                MLDSA44PublicKey.from_public_bytes(key.public_key).verify(signature, message)
            case _:
                raise BadSignatureError
    except (BadSignatureError, InvalidSignature):
        expected = f"a signature by {key.key_id.hex()} over the root to which the proof leads"
        raise ReceiptInvalid(expected, "one that does not verify") from None


def _required_members(algorithm: Algorithm, public_key: bytes) -> dict[int | bytes | str, CborValue]:
    match algorithm:
        case Algorithm.ED25519:
            return {_KTY: _KTY_OKP, _OKP_CURVE: _CURVE_ED25519, _OKP_X: public_key}
        case Algorithm.MLDSA44:
            return {_KTY: _KTY_AKP, _KEY_ALGORITHM: algorithm.value, _AKP_PUBLIC_KEY: public_key}
        case _:
            raise ValueError(f"expected an algorithm of a log; got {algorithm.name}")


def _members(key: CoseKey) -> dict[int | bytes | str, CborValue]:
    required = _required_members(key.algorithm, key.public_key)
    return {**required, _KEY_KEY_ID: key.key_id, _KEY_ALGORITHM: key.algorithm.value}
