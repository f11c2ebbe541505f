"""The commands that run a ledger, by name: what they need is imported when one of them is called."""

import typer

from ledger.cli.commands import defer


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    defer(
        app,
        "api.commands.running",
        up="Run a ledger of your own, with its own PostgreSQL unless DATABASE_URL is set, until Ctrl-C.",
        serve="Run the server that the environment describes: DATABASE_URL, LEDGER_ORIGIN, LEDGER_KEY_FILE and others.",
    )
    defer(app, "api.commands.witness", witness="Run a witness (C2SP tlog-witness) that cosigns logs.")
