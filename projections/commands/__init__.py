"""The commands that need read models, by name: what they need is imported when one of them is called."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import typer

from ledger.cli.commands import defer

FILE_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {'{"explanation":"guarantee-ledger explanation v1",': "projections.commands.explaining"}
)
"""First line of a file that `gledger verify` is given -> the module that says what it proves."""


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
    defer(
        app,
        "projections.commands.explaining",
        explain="Fetch an answer with every entry that it follows from, and derive it again from those.",
    )
    defer(
        app,
        "projections.commands.checking",
        fsck="Check everything that the database holds against everything else, while the ledger may run.",
    )
