"""How commands are found, and how an expected error ends one: a sentence on stderr and an exit code, no traceback.

What a command needs is imported when it is called: a list of commands, or a mistake in typing, waits for none of it.
Commands of the higher roots come through entry points of the group `gledger.commands`; one that cannot be loaded is
said, and takes no other command down with it.
"""

import os
import sys
import traceback
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from ledger.cli.exit_codes import ExitCode

GROUP: Final = "gledger.commands"

FILE_KINDS: Final = "FILE_KINDS"
"""What a module behind an entry point may hold beside its function: further kinds of files for `gledger verify`."""


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
            typer.echo("Stopped. Nothing was done after the question.", err=True)
            raise typer.Exit(ExitCode.USAGE) from None
        except Exception as error:
            if hasattr(error, "exit_code"):
                # Usage errors and exits carry their own code; the framework knows what to say.
                raise
            raise typer.Exit(_ended_by(error)) from None


def _ended_by(error: Exception) -> ExitCode:
    """Say what ended a command, and return its code."""
    # Only here: to know every error is to import most of the program, and this command has done so already.
    from ledger.cli.endings import exit_code_of
    from ledger.cli.output import say

    code = exit_code_of(error)
    if code is None:
        traceback.print_exception(error)
        say("gledger: this is a mistake in the program, and nothing is decided. Please report what is above.")
        # Python's own code for a crash is 1, which here would mean: proven invalid.
        return ExitCode.UNDECIDABLE
    say(f"gledger: {error}")
    return code


class Deferred(TyperCommand):
    """A command by its name and one line about it, until somebody calls it: then `place` is imported for the rest."""

    place: str

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return self.loaded().make_context(info_name, args, parent, **extra)

    def loaded(self) -> Any:
        """Return the command itself, as `register` of its module adds it. Raises typer.Exit if that is missing."""
        app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
        try:
            import_module(self.place).register(app)
        except ImportError as error:
            typer.echo(_missing(self.place, error), err=True)
            raise typer.Exit(ExitCode.UNDECIDABLE) from None
        return get_group(app).commands[str(self.name)]


def defer(app: typer.Typer, module: str, **lines: str) -> None:
    """Have `app` list the commands that `register` of `module` adds, each with the first line of its own help."""
    command = type("DeferredHere", (Deferred,), {"place": module})
    for name, line in lines.items():
        app.command(name, cls=command, help=line)(_called_later)


def _called_later() -> None:
    """What stands for a command that is not imported yet. It takes no options, and is never called."""


def load_contributions(app: typer.Typer) -> None:
    """Let every entry point of the group register its commands with `app`."""
    for entry_point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        try:
            register = entry_point.load()
        except ImportError as error:
            typer.echo(_missing(entry_point.value, error), err=True)
            continue
        register(app)


def contributed_kinds() -> dict[str, str]:
    """Return the first lines of the kinds of files that higher roots verify, each with the module that does it."""
    kinds: dict[str, str] = {}
    for entry_point in entry_points(group=GROUP):
        try:
            kinds |= getattr(import_module(entry_point.module), FILE_KINDS, {})
        except ImportError as error:
            typer.echo(_missing(entry_point.value, error), err=True)
    return kinds


def _missing(place: str, error: ImportError) -> str:
    return f"gledger: the commands of {place} are missing: {error}. Install the package again."
