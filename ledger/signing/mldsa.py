"""ML-DSA-44 private keys in files (FIPS 204): made, kept and loaded. The log signs its checkpoints with one.

A file holds the seed alone (PEM PKCS#8), from which the key follows. Acts are not signed with such keys.
"""

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.signing.signer import write_private_key


@dataclass(frozen=True, slots=True)
class Mldsa44Key:
    """A private key in memory, as its seed of 32 bytes."""

    seed: bytes = field(repr=False)


def generate_mldsa44() -> Mldsa44Key:
    """Return a new key from the system's random source."""
    return Mldsa44Key(MLDSA44PrivateKey.generate().private_bytes_raw())


def save_mldsa44(key: Mldsa44Key, path: Path) -> None:
    """Write the key as PEM PKCS#8, unencrypted, readable by its owner only. Raises FileExistsError."""
    write_private_key(MLDSA44PrivateKey.from_seed_bytes(key.seed), path, None)


def load_mldsa44(path: Path) -> Mldsa44Key:
    """Return the key in a PEM PKCS#8 file without passphrase. Raises ValueError for anything else in it, OSError."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(f"{path}: {error}") from None
    if not isinstance(key, MLDSA44PrivateKey):
        raise ValueError(f"{path}: expected an ML-DSA-44 private key; got {type(key).__name__}")
    return Mldsa44Key(key.private_bytes_raw())
