"""The commands that run a ledger: `gledger up` for one machine, `gledger serve` for a deployment."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from api import up as local
from api.commands.stopping import Host, Port, Verbose, say, stopped_by_signals
from api.process import prepare_process
from api.server import migrate_when_up, server_of
from api.service import check
from api.serving import configure_logging, listen, url_of
from api.settings import SettingsError, settings_from
from ledger.cli.exit_codes import ExitCode
from ledger.intake.errors import WrongLedger
from ledger.store.embedded import DataDirectoryInUse
from ledger.store.errors import StoreError
from ledger.store.unprivileged import EmbeddedPostgresError


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("up")(up)
    app.command("serve")(serve)


def up(
    data: Annotated[Path, typer.Option(envvar="DATA", help="Directory of the ledger.")] = Path("data"),
    port: Port = 8080,
    host: Host = "127.0.0.1",
    origin: Annotated[
        str | None, typer.Option(help=f"Name of the log, fixed at the first start (default: {local.ORIGIN_DEFAULT}).")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Run a ledger of your own, with its own PostgreSQL unless DATABASE_URL is set, until Ctrl-C."""
    configure_logging(logging.INFO if verbose else logging.WARNING)
    prepare_process()
    wish = local.Wish(data=data, host=host, port=port, origin=origin)
    with _failures_told(f"--host {host} --port {port}"), stopped_by_signals():
        local.run(wish, os.environ, say)


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8080,
) -> None:
    """Run the server that the environment describes: DATABASE_URL, LEDGER_ORIGIN, LEDGER_KEY_FILE and others."""
    configure_logging(logging.INFO)
    prepare_process()
    with _failures_told(f"--host {host} --port {port}"), stopped_by_signals():
        settings = settings_from(os.environ)
        with listen(host, port) as listening:
            migrate_when_up(settings.database_url, say)
            check(settings)
            url = url_of(listening)
            server_of(settings, lambda: say(f"the ledger {settings.origin} is ready at {url}")).run(sockets=[listening])


@contextmanager
def _failures_told(address: str) -> Iterator[None]:
    """Say in one line why the ledger cannot run: 2 for what the caller can change, 3 for what is not there."""
    try:
        yield
    except (local.DataInUse, DataDirectoryInUse, SettingsError, WrongLedger) as error:
        _fail(str(error), ExitCode.USAGE)
    except OSError as error:
        _fail(f"expected to run at {address}; got {error.strerror or error}", ExitCode.USAGE)
    except (StoreError, EmbeddedPostgresError) as error:
        _fail(str(error), ExitCode.UNDECIDABLE)


def _fail(message: str, code: ExitCode) -> NoReturn:
    say(message)
    raise typer.Exit(code)
