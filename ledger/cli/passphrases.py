"""Private keys: unlocked by a passphrase that is typed or read from a file, never given as an argument.

Arguments stand in the process table and in the history of the shell; a passphrase that was never there cannot leak.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import typer

from ledger.cli.endings import KeyLocked
from ledger.client.errors import ClientError
from ledger.signing.signer import Ed25519Signer, P256Signer, generate_ed25519, generate_p256, load_signer, save_signer

Key = Ed25519Signer | P256Signer

PASSPHRASE_BYTES_MAX: Final = 1024
GENERATE: Final[Mapping[str, Callable[[], Key]]] = {"ed25519": generate_ed25519, "ecdsa-p256": generate_p256}
_ENCRYPTED: Final = b"ENCRYPTED PRIVATE KEY"


def make_key(path: Path, algorithm: str, passphrase: bytes | None) -> Key:
    """Return a new key that is now in `path`. Raises ClientError if there is one already."""
    if algorithm not in GENERATE:
        raise ClientError(f"an algorithm of {', '.join(GENERATE)}", repr(algorithm), "Choose one.")
    key = GENERATE[algorithm]()
    try:
        save_signer(key, path, passphrase)
    except FileExistsError:
        raise ClientError(f"no file at {path}", "one", "Keys are not overwritten: choose another name.") from None
    return key


def new_passphrase(file: Path | None, *, unencrypted: bool) -> bytes | None:
    """Return the passphrase for a new key, asked for twice if it is typed; None where none is wanted."""
    if unencrypted:
        return None
    if file is not None:
        return passphrase_in(file)
    _check_terminal("--passphrase-file FILE, or --no-passphrase for a trial")
    typed: str = typer.prompt("Passphrase for the new key", hide_input=True, confirmation_prompt=True, err=True)
    return typed.encode()


def load_keys(paths: Sequence[Path], file: Path | None) -> list[Key]:
    """Return the keys in `paths`. Raises KeyLocked for a wrong passphrase, ClientError for what is no key."""
    return [_load(path, file) for path in paths]


def _load(path: Path, file: Path | None) -> Key:
    try:
        encrypted = _ENCRYPTED in path.read_bytes()
    except FileNotFoundError:
        raise ClientError(f"a private key at {path}", "no such file", "Make it with gledger key new.") from None
    passphrase = None
    if encrypted:
        passphrase = passphrase_in(file) if file is not None else _asked(path)
    try:
        return load_signer(path, passphrase)
    except ValueError as error:
        if encrypted:
            raise KeyLocked(f"the passphrase of {path}", "another", "Try again.") from None
        raise ClientError("an Ed25519 or P-256 private key in PEM", str(error), "Name another file.") from None


def _asked(path: Path) -> bytes:
    _check_terminal("--passphrase-file FILE")
    typed: str = typer.prompt(f"Passphrase of {path}", hide_input=True, err=True)
    return typed.encode()


def _check_terminal(instead: str) -> None:
    if not sys.stdin.isatty():
        raise ClientError("a terminal to ask for the passphrase on", "none", f"Give {instead}.")


def passphrase_in(file: Path) -> bytes:
    """Return the first line of `file`. Raises ClientError if it is empty, OSError."""
    with file.open("rb") as opened:
        line = opened.read(PASSPHRASE_BYTES_MAX).split(b"\n")[0].removesuffix(b"\r")
    if not line:
        raise ClientError(f"a passphrase in the first line of {file}", "an empty line", "Write one.")
    return line
