"""`gledger import`: the tables of observers, by their names."""

import typer

from ledger.cli.commands import defer


def register(app: typer.Typer) -> None:
    """Add `import`."""
    group = typer.Typer(no_args_is_help=True, help="Record what a third party's table says, as an observer.")
    defer(
        group,
        "ledger.cli.import_kiel",
        kiel="Record the claims of a table of the Ukraine Support Tracker, and account for every row.",
    )
    app.add_typer(group, name="import")
