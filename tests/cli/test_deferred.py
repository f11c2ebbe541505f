"""Commands are listed without being imported: each with what its own help says, and at next to no cost."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from ledger.cli.commands import Commands, Deferred, defer
from ledger.cli.exit_codes import ExitCode
from ledger.cli.main import app

HEAVY = {"cryptography", "eventsourcing", "fastapi", "httpx", "msgspec", "nacl", "psycopg", "rich", "uvicorn"}
REPORT = "import sys; from ledger.cli.main import app; app(sys.argv[1:], standalone_mode=False); print(*sys.modules)"


def deferred(group: Any) -> Iterator[tuple[Deferred, Any]]:
    """Yield every command that is listed before it is imported, in groups too, with what it is then."""
    for command in group.commands.values():
        there = command
        if isinstance(command, Deferred):
            there = command.loaded()
            yield command, there
        if hasattr(there, "commands"):
            yield from deferred(there)


def imported_by(*arguments: str) -> set[str]:
    """Return the packages that the command imports."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_the_list_says_what_the_command_says_of_itself() -> None:
    pairs = list(deferred(get_command(app)))
    assert {"init", "sign", "audit", "up"} <= {listed.name for listed, _ in pairs}
    for listed, command in pairs:
        assert (listed.name, listed.help) == (command.name, command.help.partition("\n\n")[0])


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("event", "--help")])
def test_to_look_around_imports_no_engine(arguments: tuple[str, ...]) -> None:
    assert imported_by(*arguments) & HEAVY == set()


def test_control_a_command_imports_what_it_needs() -> None:
    assert {"cryptography", "httpx", "nacl"} <= imported_by("event", "submit", "--help")


def test_a_command_that_is_missing_is_said_when_it_is_called_and_the_others_work() -> None:
    broken = typer.Typer(cls=Commands, rich_markup_mode=None)
    defer(broken, "ledger.cli.no_such_module", vanished="It was here.")
    defer(broken, "ledger.cli.key", key="Make and show signing keys.")
    called = CliRunner().invoke(broken, ["vanished", "--now"])
    assert (called.exit_code, called.stdout) == (ExitCode.UNDECIDABLE, "")
    assert "the commands of ledger.cli.no_such_module are missing" in called.stderr
    assert "It was here." in CliRunner().invoke(broken, ["--help"]).stdout
    assert "show" in CliRunner().invoke(broken, ["key", "--help"]).stdout
