"""`gledger demo`: the real agreements, signed by keys made for the purpose, submitted as the parties would, and served.

Asks nothing. A second run finds the data of the first; Ctrl-C stops everything that was started.
"""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from ledger.cli.demo_server import serving, wait_until_ready
from ledger.cli.demo_tables import show
from ledger.cli.exit_codes import ExitCode
from ledger.cli.interrupts import signals_as_interrupts
from ledger.cli.output import progress_bar, say
from ledger.client.connection import Connection
from ledger.client.demo import Demonstrated, demonstrate
from ledger.client.http import LedgerClient
from ledger.client.scenario import Scenario, load_scenario

SCENARIO: Final = Path(__file__).resolve().parents[2] / "examples" / "compact"
DATA: Final = Path("data/demo")
PORT: Final = 8080


def register(app: typer.Typer) -> None:
    """Add `demo`."""
    app.command("demo")(demo)


def demo(
    port: Annotated[int, typer.Option("--port", help="Port of 127.0.0.1 to serve on.")] = PORT,
    data: Annotated[Path, typer.Option("--data", help="Directory for the ledger and the demonstration keys.")] = DATA,
    url: Annotated[str | None, typer.Option("--url", help="Use the server there instead of starting one.")] = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End when everything was shown.")] = False,
    scenario_directory: Annotated[Path, typer.Option("--scenario", help="Directory of a scenario.")] = SCENARIO,
) -> None:
    """Record the real agreements with demonstration signatures, show what follows, and stay up until Ctrl-C."""
    scenario = load_scenario(scenario_directory)
    with signals_as_interrupts():
        try:
            if url is not None:
                done = _demonstrate(scenario, url, data)
            else:
                say("Starting a ledger with a PostgreSQL of its own …")
                with serving(data, port) as server:
                    done = _demonstrate(scenario, server.url, data)
                    if not no_serve:
                        say(f"Serving at {server.url} until Ctrl-C.")
                        sys.stdout.flush()
                        server.wait()
        except KeyboardInterrupt:
            say(f"Stopped. Everything is kept in {data}: the next make demo finds it again.")
            raise typer.Exit(ExitCode.VALID) from None
    if done.refused:
        raise typer.Exit(ExitCode.INVALID)


def _demonstrate(scenario: Scenario, url: str, data: Path) -> Demonstrated:
    with Connection(url) as connection:
        client = LedgerClient(connection)
        wait_until_ready(client)
        with progress_bar("signing and submitting") as progress:
            task = progress.add_task("", total=len(scenario.steps))
            done = demonstrate(
                client, scenario, data, lambda settled, total: progress.update(task, completed=settled, total=total)
            )
        show(client, scenario, done)
    return done
