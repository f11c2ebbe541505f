"""The commands that need read models, by name: what they need is imported when one of them is called."""

import typer

from ledger.cli.commands import defer


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    defer(
        app,
        "projections.commands.auditing",
        audit="Derive everything again, trusting nothing of the operator; stop at the first lie.",
        project=(
            "Audit an export and put projections.json beside its entries: every guarantor's obligations as they follow."
        ),
        rebuild="Fold the whole log into new rows while the old ones serve, then switch to them.",
    )
