"""Everything of one witness in one directory, made once: its keys, and the store of what they cosigned.

    witness.example/           mode 0700
        keys/ed25519.pem       signs cosignatures of type 0x04; mode 0600
        keys/mldsa44.pem       signs cosignatures of type 0x06, if there is one; mode 0600
        heads.sqlite           what was cosigned, which logs are trusted, and the names of the keys

Keys and store belong together for as long as the witness exists. Keys without their store never sign again: nobody
could say what they have cosigned. `keys/` gets its name last, so that only a witness that is complete has keys.
"""

import shutil
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa

from ledger.log.cosignature import Cosigner, ed25519_cosigner, mldsa44_cosigner
from ledger.log.errors import NoteInvalid
from ledger.log.messages import NAME_BYTES_MAX
from ledger.log.note import KeyKind, VerifierKey, format_vkey, parse_vkey
from ledger.signing.signer import write_private_key
from ledger.store.durable import sync_directory
from ledger.witness.errors import HeadsInvalid, KeysLocked, WitnessError
from ledger.witness.store import WitnessStore, created, opened

KEYS: Final = "keys"
STORE: Final = "heads.sqlite"
MLDSA_SUFFIX: Final = "/mldsa44"
"""What the name of the ML-DSA key ends in: a key of its own has a name of its own."""

FILES: Final = {KeyKind.COSIGNATURE_ED25519: "ed25519.pem", KeyKind.COSIGNATURE_MLDSA44: "mldsa44.pem"}
_UNFINISHED: Final = "keys.new"

PrivateKey = ed25519.Ed25519PrivateKey | mldsa.MLDSA44PrivateKey


def make_witness(directory: Path, names: dict[KeyKind, str], passphrase: bytes | None) -> tuple[VerifierKey, ...]:
    """Make new keys of these kinds and names in `directory`, and an empty store; return the verifier keys.

    Raises WitnessError if there is a witness already, or was one; NoteInvalid for a name that no note can hold. What
    was cut short before is made anew: it never signed anything.
    """
    keys, store, unfinished = directory / KEYS, directory / STORE, directory / _UNFINISHED
    if keys.exists() or (store.exists() and not unfinished.exists()):
        raise WitnessError(f"no witness in {directory}", "one", "Name another directory: keys are not overwritten.")
    for name in names.values():
        if len(name.encode(errors="replace")) > NAME_BYTES_MAX:
            raise NoteInvalid(f"a name of at most {NAME_BYTES_MAX} bytes", f"{len(name)} characters")
    made = {kind: _generated(kind) for kind in names}
    cosigners = [_cosigner(name, made[kind]) for kind, name in names.items()]
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    store.unlink(missing_ok=True)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    for kind, key in made.items():
        write_private_key(key, unfinished / FILES[kind], passphrase)
    sync_directory(unfinished)
    created(store, [cosigner.vkey for cosigner in cosigners])
    unfinished.rename(keys)
    # Complete: from here on these keys sign with this store or not at all.
    sync_directory(directory)
    return tuple(cosigner.vkey for cosigner in cosigners)


def open_store(directory: Path) -> WitnessStore:
    """Return the store of the witness in `directory`. Raises HeadsInvalid."""
    return opened(directory / STORE)


def open_cosigners(directory: Path, store: WitnessStore, passphrase: bytes | None) -> tuple[Cosigner, ...]:
    """Return the keys of `directory` that `store` names, all of them.

    Raises HeadsInvalid for a key that is not the one that the store was made with, KeysLocked for a passphrase that
    does not open one, WitnessError for a file that is missing or holds something else.
    """
    cosigners = []
    for text in store.own_keys():
        vkey = parse_vkey(text)
        path = directory / KEYS / FILES[vkey.kind]
        cosigner = _cosigner(vkey.name, _read(path, passphrase))
        if cosigner.vkey != vkey:
            do = "Each witness has its own store: put the file back that belongs to these keys, or name its directory."
            raise HeadsInvalid(f"the store of {format_vkey(cosigner.vkey)[:80]}", f"that of {text[:80]}", do)
        cosigners.append(cosigner)
    return tuple(cosigners)


def _generated(kind: KeyKind) -> PrivateKey:
    if kind is KeyKind.COSIGNATURE_MLDSA44:
        return mldsa.MLDSA44PrivateKey.generate()
    return ed25519.Ed25519PrivateKey.generate()


def _cosigner(name: str, key: PrivateKey) -> Cosigner:
    made = mldsa44_cosigner if isinstance(key, mldsa.MLDSA44PrivateKey) else ed25519_cosigner
    return made(name, key.private_bytes_raw())


def _read(path: Path, passphrase: bytes | None) -> PrivateKey:
    do = "Put the key back from your copy. Without it make a new witness with another name."
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise WitnessError(f"a private key at {path}", str(error.strerror), do) from None
    is_encrypted = b"ENCRYPTED PRIVATE KEY" in pem
    try:
        key = serialization.load_pem_private_key(pem, passphrase if is_encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What the parser says might repeat what stands in the file.
        if is_encrypted:
            got = "none" if passphrase is None else "another"
            raise KeysLocked(f"the passphrase of {path}", got, "Name a file that holds it.") from None
        raise WitnessError(f"a private key in PEM at {path}", "something else", do) from None
    if not isinstance(key, ed25519.Ed25519PrivateKey | mldsa.MLDSA44PrivateKey):
        raise WitnessError(f"an Ed25519 or ML-DSA-44 private key at {path}", type(key).__name__, do)
    return key
