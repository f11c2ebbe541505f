"""`gledger`: the application, with every command that is installed."""

from importlib.metadata import version
from typing import Annotated

import typer

from ledger.cli import demo, event_show, event_sign, event_submit, export, init, key, obligations, verify
from ledger.cli.commands import Commands, load_contributions
from ledger.cli.output import emit

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
        emit(f"gledger {version('guarantee-ledger')}")
        raise typer.Exit


@app.callback()
def main(
    version_wanted: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Nouns first, then verbs: gledger event sign. Data goes to stdout, talk to stderr."""


init.register(app)
key.register(app)
event = typer.Typer(no_args_is_help=True, help="Draft, sign, submit and look at acts.")
event_sign.register(event)
event_submit.register(event)
event_show.register(event)
app.add_typer(event, name="event")
obligations.register(app)
verify.register(app)
export.register(app)
demo.register(app)
load_contributions(app)
