"""Acts, keys and the authority that signs in the tests of bytes and signatures."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.events.canonical import canonical_bytes
from ledger.events.keys import KeySet
from ledger.signing.signer import Signer, generate_ed25519, generate_p256, key_record

ORIGIN = "ledger.example/compact"
AUTHORITY = "gb/principal"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The optional folder of vectors beside the checkout."""
    folder = Path(__file__).resolve().parents[2].parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"no vectors: {folder} is absent")
    return folder


@pytest.fixture(scope="session")
def ed25519_signer() -> Signer:
    return generate_ed25519()


@pytest.fixture(scope="session")
def p256_signer() -> Signer:
    return generate_p256()


@pytest.fixture(scope="session")
def act() -> Callable[..., bytes]:
    """Return the canonical payload of a revocation by gb/principal; named members replace its own."""

    def payload(**members: Any) -> bytes:
        revocation = {
            "authority": AUTHORITY,
            "id": "019a3c5e-7b1a-7c3d-8e4f-0123456789ab",
            "issued_at": "2026-03-01T12:00:00Z",
            "ledger": ORIGIN,
            "note": {"uk": "Посада змінилася"},
            "party": "gb",
            "previous": "0" * 64,
            "reason": "left_office",
            "revoked": "gb/deputy",
            "sequence": 1,
            "type": "authority.revoked",
            "version": 1,
        }
        return canonical_bytes(revocation | members)

    return payload


@pytest.fixture(scope="session")
def grant(act: Callable[..., bytes]) -> Callable[..., bytes]:
    """Return the payload of an act that grants gb/deputy one key: that of the record given."""

    def payload(**record: str) -> bytes:
        members = {name: value for name, value in json.loads(act()).items() if name not in {"reason", "revoked"}}
        return canonical_bytes(
            members
            | {
                "type": "authority.granted",
                "granted": "gb/deputy",
                "standing": "delegated",
                "office": "Deputy",
                "basis": "full_powers",
                "keys": {"keys": [record], "threshold": 1},
                "scope": {"events": ["*"]},
                "valid_from": "2026-03-01T12:00:00Z",
            }
        )

    return payload


@pytest.fixture(scope="session")
def key_set() -> Callable[..., KeySet]:
    """Return the set of `signers`' keys, proved for gb/principal on the tests' ledger unless told otherwise."""

    def make(*signers: Signer, threshold: int = 1, ledger: str = ORIGIN, authority: str = AUTHORITY) -> KeySet:
        return KeySet(keys=tuple(key_record(one, ledger, authority) for one in signers), threshold=threshold)

    return make
