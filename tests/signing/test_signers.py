"""The client's private keys: generated, kept, used."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ledger.events.refusals import Refusal, Rejected
from ledger.signing.dsse import ENVELOPE_BYTES_MAX, parse
from ledger.signing.signer import (
    Ed25519Signer,
    P256Signer,
    generate_ed25519,
    generate_p256,
    load_signer,
    save_signer,
    sign_payload,
)

GENERATORS = pytest.mark.parametrize("generate", [generate_ed25519, generate_p256])
Generator = Callable[[], Ed25519Signer | P256Signer]


@GENERATORS
@pytest.mark.parametrize("passphrase", [None, b"correct horse"], ids=["open", "encrypted"])
def test_a_saved_key_is_loaded(tmp_path: Path, generate: Generator, passphrase: bytes | None) -> None:
    signer, path = generate(), tmp_path / "key.pem"
    save_signer(signer, path, passphrase)
    again = load_signer(path, passphrase)
    assert (again.key_id, again.spki, again.algorithm) == (signer.key_id, signer.spki, signer.algorithm)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED" if passphrase else b"-----BEGIN PRIVATE")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    save_signer(generate_ed25519(), path, None)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        save_signer(generate_ed25519(), path, None)
    assert path.read_bytes() == before


def test_an_empty_passphrase_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"."):
        save_signer(generate_ed25519(), tmp_path / "key.pem", b"")
    assert not (tmp_path / "key.pem").exists()


@GENERATORS
@pytest.mark.parametrize(("saved", "given"), [(b"right", b"wrong"), (b"right", None), (None, b"one too many")])
def test_a_wrong_passphrase_is_refused(
    tmp_path: Path, generate: Generator, saved: bytes | None, given: bytes | None
) -> None:
    save_signer(generate(), tmp_path / "key.pem", saved)
    with pytest.raises(ValueError, match=r".") as caught:
        load_signer(tmp_path / "key.pem", given)
    assert "right" not in str(caught.value)


def test_other_keys_and_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(
        ec.generate_private_key(ec.SECP384R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    with pytest.raises(ValueError, match="expected an Ed25519 or NIST P-256 private key"):
        load_signer(path, None)
    path.write_bytes(b"no key")
    with pytest.raises(ValueError, match=r"."):
        load_signer(path, None)


@GENERATORS
def test_a_signer_shows_no_private_key(generate: Generator) -> None:
    assert "private_key" not in repr(generate())


def test_signatures_come_sorted_whoever_signs_first(act: Callable[..., bytes]) -> None:
    signers = [generate_ed25519(), generate_ed25519(), generate_ed25519()]
    assert sign_payload(act(), signers) == sign_payload(act(), signers[::-1])
    key_ids = [one.key_id for one in parse(sign_payload(act(), signers)).signatures]
    assert key_ids == sorted(signer.key_id for signer in signers)


def test_nothing_is_signed_that_the_ledger_would_refuse(act: Callable[..., bytes]) -> None:
    signer = generate_ed25519()
    with pytest.raises(Rejected) as caught:
        sign_payload(act() + b" ", [signer])
    assert caught.value.refused.refusal == Refusal.NOT_CANONICAL
    with pytest.raises(ValueError, match="different keys"):
        sign_payload(act(), [])
    with pytest.raises(ValueError, match="different keys"):
        sign_payload(act(), [signer, signer])
    with pytest.raises(ValueError, match="different keys"):
        sign_payload(act(), [generate_ed25519() for _ in range(17)])
    with pytest.raises(ValueError, match="at most"):
        sign_payload(b'{"a":"' + b"x" * (ENVELOPE_BYTES_MAX - 100) + b'"}', [signer])
