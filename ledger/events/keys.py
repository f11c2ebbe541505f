"""Public keys as events carry them.

These are shapes only: that a key is sound and its holder holds it is checked by `ledger.signing`.
"""

import hashlib
from typing import Annotated, Final, Literal

import msgspec

KEYS_MAX: Final = 16
BASE64_CHARACTERS_MAX: Final = 256

_Base64 = Annotated[str, msgspec.Meta(min_length=4, max_length=BASE64_CHARACTERS_MAX)]


class KeyRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One public key. The algorithm is a property of the key, never of a message.

    `public_key` is the base64 of the SubjectPublicKeyInfo in DER; `proof` is the base64 of a signature with this key
    (Ed25519: 64 bytes; ECDSA P-256 with SHA-256: DER) over `ledger.signing.possession.possession_message`.

        {"algorithm":"ed25519","proof":"3q2+7w…==","public_key":"MCowBQYDK2VwAyEA…="}
    """

    algorithm: Literal["ed25519", "ecdsa-p256"]
    public_key: _Base64
    proof: _Base64


class KeySet(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The keys of one authority (1 to 16) and how many of them must sign (at least 1)."""

    keys: Annotated[tuple[KeyRecord, ...], msgspec.Meta(min_length=1, max_length=KEYS_MAX)]
    threshold: Annotated[int, msgspec.Meta(ge=1, le=KEYS_MAX)]


def key_id(spki_der: bytes) -> str:
    """Return the id of a key: SHA-256 of its SubjectPublicKeyInfo, 64 lowercase hexadecimal digits."""
    return hashlib.sha256(spki_der).hexdigest()
