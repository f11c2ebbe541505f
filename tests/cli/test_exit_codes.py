"""Every expected error has its exit code and its sentence; an unexpected one is not dressed up as expected."""

import errno
from importlib.metadata import EntryPoint

import pytest
import typer
from typer.testing import CliRunner, Result

from ledger.cli import commands
from ledger.cli.commands import Commands, load_contributions
from ledger.cli.endings import MANDATE_REFUSALS, KeyLocked, exit_code_of, exit_code_of_refusal
from ledger.cli.exit_codes import ExitCode
from ledger.cli.output import printable
from ledger.client.answers import Problem
from ledger.client.errors import AnswerMalformed, ClientError, LedgerRefused, NotThere, Unreachable
from ledger.client.scenario import ScenarioError
from ledger.events.refusals import Refusal, Rejected
from ledger.log.errors import ProofInvalid
from ledger.signing.keys import BadSignature

SAID = ("this", "that", "Do it.")

EXPECTED: list[tuple[Exception, ExitCode]] = [
    (ClientError(*SAID), ExitCode.USAGE),
    (ScenarioError("no such table"), ExitCode.USAGE),
    (Unreachable(*SAID), ExitCode.UNDECIDABLE),
    (NotThere(*SAID), ExitCode.UNDECIDABLE),
    (AnswerMalformed(*SAID), ExitCode.UNDECIDABLE),
    (FileNotFoundError(errno.ENOENT, "No such file", "receipt"), ExitCode.UNDECIDABLE),
    (Rejected(Refusal.SIGNATURE_INVALID, "one", "another"), ExitCode.INVALID),
    (ProofInvalid("one", "another"), ExitCode.INVALID),
    (BadSignature("expected one"), ExitCode.INVALID),
    (LedgerRefused(Problem("sequence_mismatch")), ExitCode.INVALID),
    (LedgerRefused(Problem("query_invalid", status=422)), ExitCode.USAGE),
    (LedgerRefused(Problem("out_of_scope")), ExitCode.NOT_AUTHORISED),
    (LedgerRefused(Problem("something_new", status=403)), ExitCode.NOT_AUTHORISED),
    (KeyLocked(*SAID), ExitCode.NOT_AUTHORISED),
]


def ended_by(error: Exception) -> Result:
    """Return how a command ends that raises `error`."""
    app = typer.Typer(cls=Commands, pretty_exceptions_enable=False)

    @app.callback()
    def top() -> None:
        """So that there are subcommands."""

    @app.command()
    def fail() -> None:
        raise error

    return CliRunner().invoke(app, ["fail"])


@pytest.mark.parametrize(("error", "code"), EXPECTED, ids=lambda value: type(value).__name__)
def test_an_expected_error_ends_with_its_code_and_without_a_traceback(error: Exception, code: ExitCode) -> None:
    result = ended_by(error)
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.startswith("gledger: ")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("bug", [AssertionError("a bug"), ValueError("a bug")])
def test_a_bug_decides_nothing_and_shows_where_it_is(bug: Exception) -> None:
    assert exit_code_of(bug) is None
    result = ended_by(bug)
    assert result.exit_code == ExitCode.UNDECIDABLE
    assert "in fail" in result.stderr
    assert "Please report" in result.stderr


def test_a_usage_error_stays_one() -> None:
    assert ended_by(typer.BadParameter("no such thing")).exit_code == ExitCode.USAGE
    assert ended_by(typer.Exit(7)).exit_code == 7


def test_an_answer_of_no_to_a_question_ends_without_anything_done() -> None:
    result = ended_by(typer.Abort())
    assert result.exit_code == ExitCode.USAGE
    assert result.stderr.startswith("Stopped.")


@pytest.mark.parametrize("refusal", list(Refusal))
def test_a_refusal_is_of_the_mandate_or_proves_an_invalid_act(refusal: Refusal) -> None:
    expected = ExitCode.NOT_AUTHORISED if refusal in MANDATE_REFUSALS else ExitCode.INVALID
    assert exit_code_of_refusal(refusal, 422) == expected


def test_commands_that_cannot_be_loaded_are_said_and_the_others_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = EntryPoint("missing", "ledger.no_such_module:register", commands.GROUP)
    there = EntryPoint("there", f"{__name__}:register_hello", commands.GROUP)
    monkeypatch.setattr(commands, "entry_points", lambda group: (missing, there))
    app = typer.Typer(cls=Commands)
    load_contributions(app)
    assert "ledger.no_such_module:register are missing" in capsys.readouterr().err
    assert [command.name for command in app.registered_commands] == ["hello"]


def register_hello(app: typer.Typer) -> None:
    app.command("hello")(register_hello)


def test_what_others_wrote_cannot_move_the_cursor() -> None:
    assert printable("a\x1b[2Jb\u202ec\nd\r") == "a\\x1b[2Jb\\u202ec\nd\\r"
