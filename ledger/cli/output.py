"""Data to stdout, talk to stderr.

What others wrote (a server, a file) is shown without control characters, so that it cannot move the cursor or repaint
what was shown before.
"""

import json
import sys
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

PLAIN_WIDTH: Final = 200
"""Columns of a table that goes into a file or a pipe, where nothing says how wide it may be."""


def say(text: str) -> None:
    """Say something to whoever runs the command."""
    print(printable(text), file=sys.stderr)


def emit(text: str) -> None:
    """Write one piece of data."""
    print(printable(text))


def emit_json(value: Any) -> None:
    """Write a value as JSON."""
    print(as_json(value))


def emit_json_line(value: Any) -> None:
    """Write a value as one line of NDJSON."""
    print(json.dumps(msgspec.to_builtins(value, str_keys=True)))


def as_json(value: Any) -> str:
    """Return indented JSON; structs, dates and bytes become what they are in JSON."""
    return printable(json.dumps(msgspec.to_builtins(value, str_keys=True), indent=2, ensure_ascii=False))


def data_console() -> Console:
    """Return the console for tables on stdout."""
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, markup=False, highlight=False, emoji=False)


def talk_console() -> Console:
    """Return the console for what is not data."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False)


def progress_bar(what: str) -> Progress:
    """Return a bar on stderr; invisible where nobody watches."""
    console = talk_console()
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


def printable(text: str) -> str:
    """Return the text with every control but the line feed as its escape."""
    return "".join(one if one == "\n" or one.isprintable() else ascii(one)[1:-1] for one in text)
