"""The optional vectors, and a log's key."""

from pathlib import Path

import pytest

from ledger.log.note import Ed25519NoteSigner, ed25519_note_signer

ORIGIN = "ledger.example/compact"


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The optional folder of vectors beside the checkout."""
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "vectors"
    if not folder.is_dir():
        pytest.skip(f"no vectors: {folder} is absent")
    return folder


@pytest.fixture(scope="session")
def signer() -> Ed25519NoteSigner:
    return ed25519_note_signer(ORIGIN, bytes(range(32)))
