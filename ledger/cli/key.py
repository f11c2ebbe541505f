"""`gledger key new|show`: private keys on this machine, and the records that register them.

A record holds the public key and the proof that its holder made it for this authority of this ledger; nothing secret.
"""

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.options import Algorithm, Directory, Json, NoPassphrase, Origin, PassphraseFile
from ledger.cli.output import emit, emit_json, say
from ledger.cli.passphrases import Key, load_keys, make_key, new_passphrase
from ledger.client.errors import ClientError
from ledger.client.workspace import Workspace
from ledger.signing.encoding import to_base64
from ledger.signing.signer import key_record
from ledger.store.durable import private_directory

Name = Annotated[str, typer.Argument(help="Name of a key of the workspace, or path of a .pem file.")]
Authority = Annotated[
    str | None, typer.Option("--authority", help="Authority that it signs for, such as gb/principal: adds the record.")
]


def register(app: typer.Typer) -> None:
    """Add `key`."""
    group = typer.Typer(no_args_is_help=True, help="Make and show signing keys.")
    group.command("new")(new)
    group.command("show")(show)
    app.add_typer(group, name="key")


def new(
    name: Name,
    directory: Directory = Path(),
    algorithm: Algorithm = "ed25519",
    authority: Authority = None,
    origin: Origin = None,
    passphrase_file: PassphraseFile = None,
    no_passphrase: NoPassphrase = False,
    json: Json = False,
) -> None:
    """Make a private key, and show its id and, for an authority, the record that registers it."""
    workspace = Workspace.at(directory)
    path = workspace.key_path(name)
    # Everything that could be wrong is asked before the key is there: keys are not overwritten.
    ledger = _ledger(workspace, authority, origin)
    passphrase = new_passphrase(passphrase_file, unencrypted=no_passphrase)
    if path.parent == workspace.keys:
        private_directory(workspace.keys)
    key = make_key(path, algorithm, passphrase)
    say(f"{path}: a new private key, readable by you alone. Keep a copy where this disk cannot take it along.")
    _show(key, path, authority, ledger, json=json)


def show(
    name: Name,
    directory: Directory = Path(),
    authority: Authority = None,
    origin: Origin = None,
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Show the id of a key and, for an authority, the record that registers it."""
    workspace = Workspace.at(directory)
    path = workspace.key_path(name)
    ledger = _ledger(workspace, authority, origin)
    _show(load_keys([path], passphrase_file)[0], path, authority, ledger, json=json)


def _ledger(workspace: Workspace, authority: str | None, origin: str | None) -> str:
    """Return the origin for the record. Raises ClientError if a record is wanted and nothing says for which ledger."""
    ledger = origin or (workspace.pinned.origin if workspace.pinned is not None else None)
    if ledger is None and authority is not None:
        raise ClientError("the ledger that the record is for", "none", "Give --origin or a workspace with --dir.")
    return ledger or ""


def _show(key: Key, path: Path, authority: str | None, ledger: str, *, json: bool) -> None:
    record = key_record(key, ledger, authority) if authority is not None else None
    if json:
        shown = {"key_id": key.key_id, "algorithm": key.algorithm, "public_key": to_base64(key.spki), "file": str(path)}
        emit_json(shown if record is None else {**shown, "authority": authority, "ledger": ledger, "record": record})
        return
    emit(key.key_id)
    if record is not None:
        say(f"Record for {authority} on {ledger}:")
        emit_json(record)
