"""`gledger`: the application, with every command that is installed."""

from importlib.metadata import version
from typing import Annotated

import typer

from ledger.cli.commands import Commands, defer, load_contributions

app = typer.Typer(
    name="gledger",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Security guarantees as signed, append-only acts, and the obligations that follow from them.",
    epilog="Exit codes: 0 valid, 1 proven invalid, 2 usage, 3 undecidable (network, missing), 4 not authorised.",
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gledger {version('guarantee-ledger')}")
        raise typer.Exit


@app.callback()
def main(
    version_wanted: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Nouns first, then verbs: gledger event sign. Data goes to stdout, talk to stderr."""


defer(
    app,
    "ledger.cli.init",
    init="Make a workspace and sign the opening of a ledger, ready to submit; or, with --join, pin a ledger.",
)
defer(app, "ledger.cli.key", key="Make and show signing keys.")
defer(app, "ledger.cli.event", event="Draft, sign, submit and look at acts.")
defer(app, "ledger.cli.value", value="Seal confidential values.")
defer(
    app,
    "ledger.cli.obligations",
    obligations="Show open obligations: due, delivered as claimed, acknowledged, remaining, overdue.",
)
defer(
    app,
    "ledger.cli.verify",
    verify="Prove offline that the log holds an entry, and say which act it is and who signed it.",
)
defer(app, "ledger.cli.bundle", bundle="Keep an act in one file that anybody can verify offline: gledger verify FILE.")
defer(
    app,
    "ledger.cli.statement",
    statement="Fetch every act of an authority up to a tree size, and the ledger's word that none is missing.",
)
defer(
    app,
    "ledger.cli.receipt",
    receipt="Fetch the receipt of an act, as C2SP tlog-proof or in COSE, and keep it once it is verified.",
)
defer(app, "ledger.cli.imports", **{"import": "Record what a third party's table says, as an observer."})
defer(
    app,
    "ledger.cli.export",
    export="Copy the log: lines for a shell, files that any web server can serve, or one zip.",
)
defer(
    app,
    "ledger.cli.mirror",
    mirror="Keep a full verified copy of the log, and the proof of it if the log tells two stories.",
    **{"verify-fork": "Prove offline, from a mirror's evidence, that a log signed two histories."},
)
defer(
    app,
    "ledger.cli.demo",
    demo="Record the real agreements with demonstration signatures, show what follows, and stay up until Ctrl-C.",
)
defer(
    app,
    "ledger.cli.drill",
    drill="Hold an exercise on a demonstration ledger: sanctions come back, clocks run, guarantors answer.",
)
defer(
    app,
    "ledger.cli.restore",
    restore="Bring the entries that the database lacks back from a copy, to the byte.",
    heads="Print the newest tree head that was published of each log kept here.",
)
defer(
    app,
    "ledger.cli.demo_witnessed",
    **{"demo-witnessed": "Run a ledger with three witnesses, stop one and two of them, and audit it by its policy."},
)
load_contributions(app)
