"""`gledger witness init|show|trust|distrust`: a witness on this machine, and the logs that it cosigns.

`gledger witness serve` runs it, and comes with the server. A running witness heeds `trust` and `distrust` from its next
request on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.options import Json, NoPassphrase, PassphraseFile
from ledger.cli.output import emit, emit_json, say
from ledger.cli.passphrases import new_passphrase
from ledger.client.errors import ClientError
from ledger.log.errors import LogInvalid
from ledger.log.note import KeyKind, VerifierKey, format_vkey, parse_vkey
from ledger.signing.encoding import to_base64
from ledger.witness.directory import MLDSA_SUFFIX, make_witness, open_store
from ledger.witness.log_lists import LIST_BYTES_MAX, checked_origin, parse_log_list

Place = Annotated[Path, typer.Argument(metavar="DIR", help="Directory of the witness.")]
Name = Annotated[str, typer.Option("--name", help="Name of the witness, such as witness.example/gb: fixed for ever.")]
Mldsa = Annotated[bool, typer.Option("--mldsa", help=f"Make an ML-DSA-44 key too, named NAME{MLDSA_SUFFIX}.")]
LogKeys = Annotated[list[str] | None, typer.Argument(metavar="VKEY...", help="Keys of logs (name+id+base64).")]
LogKey = Annotated[str, typer.Argument(metavar="VKEY", help="Key of a log (name+id+base64).")]
LogOrigin = Annotated[str | None, typer.Option("--origin", help="Origin of the log, if it is not the name of its key.")]
LogList = Annotated[Path | None, typer.Option("--list", help="File with a list of logs (logs/v0): trust all of them.")]


def group() -> typer.Typer:
    """Return the commands around a witness that is not running."""
    commands = typer.Typer(no_args_is_help=True, help="Run a witness (C2SP tlog-witness) that cosigns logs.")
    for command in (init, show, trust, distrust):
        commands.command(command.__name__)(command)
    return commands


def init(
    directory: Place,
    name: Name,
    mldsa: Mldsa = False,
    passphrase_file: PassphraseFile = None,
    no_passphrase: NoPassphrase = False,
) -> None:
    """Make a new witness: its keys and an empty store. Prints its verifier keys, which logs are given."""
    passphrase = new_passphrase(passphrase_file, unencrypted=no_passphrase)
    names = {KeyKind.COSIGNATURE_ED25519: name}
    if mldsa:
        names[KeyKind.COSIGNATURE_MLDSA44] = name + MLDSA_SUFFIX
    with _usage("Choose a name without spaces and plus signs, at most 255 bytes."):
        vkeys = make_witness(directory, names, passphrase)
    for vkey in vkeys:
        emit(format_vkey(vkey))
    say(f"{directory}: a new witness. Never restore its store from a copy: docs/witness.md says what to do instead.")


def show(directory: Place, json: Json = False) -> None:
    """Show the witness's verifier keys; with --json also the logs that it trusts and what it cosigned."""
    store = open_store(directory)
    if not json:
        for vkey in store.own_keys():
            emit(vkey)
        return
    heads = {
        origin: {"tree_size": head.tree_size, "root": to_base64(head.root), "timestamp": head.timestamp}
        for origin, head in store.heads().items()
    }
    trusted = [{"origin": origin, "vkey": vkey} for origin, vkey in store.all_trusted()]
    emit_json({"vkeys": store.own_keys(), "trusted": trusted, "heads": heads})


def trust(directory: Place, vkeys: LogKeys = None, origin: LogOrigin = None, log_list: LogList = None) -> None:
    """Cosign the logs with these keys from the next request on, also while the witness is running."""
    logs = [_log(text, origin) for text in vkeys or ()]
    if log_list is not None:
        with log_list.open("rb") as file, _usage("Nothing of the list is trusted: correct it."):
            logs += parse_log_list(file.read(LIST_BYTES_MAX + 1))
    if not logs:
        raise ClientError("the key of a log, or a list of logs", "neither", "Give VKEY, or --list FILE.")
    say(f"{open_store(directory).trust(logs)} new of {len(logs)} keys.")


def distrust(directory: Place, vkey: LogKey, origin: LogOrigin = None) -> None:
    """Believe a key no more. What was cosigned stays recorded, in case that the log comes back."""
    log, key = _log(vkey, origin)
    if not open_store(directory).distrust(log, key):
        raise ClientError(f"a key that is trusted for {log}", "another", "Look at them: gledger witness show --json.")
    say(f"{log}: no signature by this key counts any more.")


def _log(text: str, origin: str | None) -> tuple[str, VerifierKey]:
    with _usage("Take the key as the log publishes it."):
        vkey = parse_vkey(text)
        return checked_origin(vkey.name if origin is None else origin), vkey


@contextmanager
def _usage(do: str) -> Iterator[None]:
    """Let what is wrong with the caller's own words end as such: nothing of the log's is proved invalid by it."""
    try:
        yield
    except LogInvalid as error:
        raise ClientError(error.expected, error.got, do) from None
