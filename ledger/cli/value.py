"""`gledger value seal`: a confidential value, as the digest that stands in an act and the secret that opens it."""

import secrets
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ledger.cli.output import emit, say
from ledger.client.draft_files import read_settings
from ledger.client.errors import ClientError
from ledger.client.sealing import SECRET_BYTES_MAX, secret_of, write_secret
from ledger.events.canonical import canonical_bytes
from ledger.events.corrections import SALT_BYTES


def register(app: typer.Typer) -> None:
    """Add `value`."""
    group = typer.Typer(no_args_is_help=True, help="Seal confidential values.")
    group.command("seal")(seal)
    app.add_typer(group, name="value")


def seal(
    file: Annotated[Path, typer.Argument(help="The secret to write: salt and value, for you alone.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="field=value, such as kind=goods. Without any, the value is read as JSON on stdin."),
    ] = None,
) -> None:
    """Write the salt and the value to a secret file, and show the object that holds its digest."""
    value = read_settings(settings) if settings else _from_stdin()
    secret = secret_of(value, secrets.token_bytes(SALT_BYTES))
    write_secret(file, secret)
    say(f"{file}: what opens it, readable by you alone. Keep a copy: without it nobody can open the value.")
    emit(canonical_bytes(msgspec.to_builtins(secret.sealed)).decode())


def _from_stdin() -> dict[str, Any]:
    try:
        return msgspec.json.decode(sys.stdin.buffer.read(SECRET_BYTES_MAX), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ClientError("a JSON object on stdin, or --set", str(error), "Give the value.") from None
