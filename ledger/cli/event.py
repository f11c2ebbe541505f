"""`gledger event`: the commands around one act, by name."""

import typer

from ledger.cli.commands import defer


def register(app: typer.Typer) -> None:
    """Add `event`."""
    group = typer.Typer(no_args_is_help=True, help="Draft, sign, submit and look at acts.")
    defer(
        group,
        "ledger.cli.event_sign",
        draft="Write a draft of an act to fill in, commented, from the schema of its type.",
        sign="Show what is about to be signed, ask, and write the envelope.",
    )
    defer(
        group,
        "ledger.cli.event_submit",
        submit="Submit signed acts and keep their receipts, each verified before it is called one.",
    )
    defer(group, "ledger.cli.event_show", show="Show one act and who signed it.")
    app.add_typer(group, name="event")
