"""How commands are found, and how an expected error ends one: a sentence on stderr and an exit code, no traceback.

Commands of the higher roots come through entry points of the group `gledger.commands`; one that cannot be loaded is
said, and takes no other command down with it.
"""

import os
import sys
import traceback
from importlib.metadata import entry_points
from typing import Any, Final

import typer
from typer.core import TyperGroup

from ledger.cli.exit_codes import ExitCode, exit_code_of
from ledger.cli.output import say

GROUP: Final = "gledger.commands"


class Commands(TyperGroup):
    """The top of the command line. Subcommands raise what they meet; here it becomes words and a code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read the data has enough of it: the rest goes nowhere, and Python has nothing to complain of.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(ExitCode.VALID) from None
        except typer.Abort:
            say("Stopped. Nothing was done after the question.")
            raise typer.Exit(ExitCode.USAGE) from None
        except Exception as error:
            code = exit_code_of(error)
            if code is None:
                if hasattr(error, "exit_code"):
                    # Usage errors and exits carry their own code; the framework knows what to say.
                    raise
                traceback.print_exc()
                say("gledger: this is a mistake in the program, and nothing is decided. Please report what is above.")
                # Python's own code for a crash is 1, which here would mean: proven invalid.
                raise typer.Exit(ExitCode.UNDECIDABLE) from None
            say(f"gledger: {error}")
            raise typer.Exit(code) from None


def load_contributions(app: typer.Typer) -> None:
    """Let every entry point of the group register its commands with `app`."""
    for entry_point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        try:
            register = entry_point.load()
        except ImportError as error:
            say(f"gledger: the commands of {entry_point.value} are missing: {error}. Install the package again.")
            continue
        register(app)
