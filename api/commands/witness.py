"""The commands of a witness: those that need no server come from the command line below, `serve` from here."""

import logging
import socket
from pathlib import Path
from typing import Annotated

import typer

from api.commands.stopping import Host, Port, Verbose, say, stopped_by_signals
from api.serving import configure_logging, listen, url_of
from api.witness.serving import witness_server
from ledger.cli import witness
from ledger.cli.exit_codes import ExitCode
from ledger.cli.passphrases import passphrase_in
from ledger.cli.witness import Place
from ledger.witness.directory import open_cosigners, open_store

Passphrase = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        envvar="WITNESS_PASSPHRASE_FILE",
        help="File whose first line is the passphrase of the keys. Nobody is asked: a witness runs unattended.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add `witness`."""
    commands = witness.group()
    commands.command("serve")(serve)
    app.add_typer(commands, name="witness")


def serve(
    directory: Place,
    port: Port = 8090,
    host: Host = "127.0.0.1",
    passphrase_file: Passphrase = None,
    verbose: Verbose = False,
) -> None:
    """Run the witness until Ctrl-C: POST /add-checkpoint and /sign-subtree, GET /<sha256 of origin>/checkpoint."""
    passphrase = None if passphrase_file is None else passphrase_in(passphrase_file)
    with stopped_by_signals():
        store = open_store(directory)
        cosigners = open_cosigners(directory, store, passphrase)
        with _listening(host, port) as listening:
            configure_logging(logging.INFO if verbose else logging.WARNING)
            names = ", ".join(cosigner.vkey.name for cosigner in cosigners)
            url = url_of(listening)
            witness_server(store, cosigners, lambda: say(f"the witness {names} is ready at {url}")).run(
                sockets=[listening]
            )


def _listening(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        say(f"expected to run at --host {host} --port {port}; got {error.strerror or error}")
        raise typer.Exit(ExitCode.USAGE) from None
