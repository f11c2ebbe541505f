"""The command `gledger fsck`: everything that the database holds, checked against everything else.

It ends with 1 only where something was found to be wrong. Whatever keeps it from looking is undecided: 3.
"""

import traceback
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final, NoReturn

import psycopg
import typer

from ledger.cli.connect import given_policy
from ledger.cli.database import DATA_DEFAULT, database_url
from ledger.cli.exit_codes import ExitCode
from ledger.cli.options import Json, PolicyFile
from ledger.cli.output import emit, emit_json, progress_bar, say
from ledger.fsck.findings import Findings, Level, Report
from ledger.fsck.fsck import Known
from ledger.fsck.walk import Stated
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.errors import LogInvalid
from ledger.log.note import NOTE_BYTES_MAX, parse_note
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.errors import StoreError
from ledger.store.unprivileged import EmbeddedPostgresError
from projections.checking import check_database, undecided

SHOWN: Final = {Level.DAMAGE: "DAMAGE", Level.MISSING: "MISSING", Level.NOTE: "note"}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("fsck")(fsck)


def fsck(
    data: Annotated[
        Path, typer.Option("--data", envvar="DATA", help="Directory of the ledger, if DATABASE_URL is not set.")
    ] = DATA_DEFAULT,
    every: Annotated[bool, typer.Option("--all", help="Go on after the first finding.")] = False,
    since: Annotated[
        list[Path] | None,
        typer.Option("--since", help="File with an older checkpoint that you kept. May be given several times."),
    ] = None,
    policy: PolicyFile = None,
    json: Json = False,
) -> None:
    """Check everything that the database holds against everything else, while the ledger may run."""
    given = given_policy(policy)
    witnesses = tuple(witness.vkey for witness in given.witnesses) if given is not None else ()
    known = Known(tuple(map(_kept, since or [])), witnesses)
    target = "DATABASE_URL" if database_url() else str(data)
    try:
        report = _checked(target, data, known, Findings(not every))
    except (StoreError, EmbeddedPostgresError, psycopg.Error, OSError) as error:
        report = undecided(target, str(error))
    except Exception as error:
        say(traceback.format_exc())
        report = undecided(target, f"this program failed: {type(error).__name__}; the trace is above")
    if json:
        emit_json(report)
    else:
        _show(report, every)
    raise typer.Exit(report.exit_code)


def _checked(target: str, data: Path, known: Known, found: Findings) -> Report:
    with ExitStack() as opened:
        dsn = database_url() or _embedded(data, opened)
        progress = opened.enter_context(progress_bar("checking"))
        task = progress.add_task("", total=None)
        return check_database(
            dsn, target, known, found, lambda done, of: progress.update(task, completed=done, total=of)
        )


def _embedded(data: Path, opened: ExitStack) -> str:
    """Return how to reach the server in the directory: the one that runs there, or one started for this check."""
    postgres = EmbeddedPostgres(data / "postgres")
    if not postgres.cluster.exists():
        raise EmbeddedPostgresError(f"expected a ledger's data in {data}; there is none. Name it by --data.")
    return postgres.running_dsn() or opened.enter_context(postgres).dsn


def _show(report: Report, every: bool) -> None:
    for checked in report.checked:
        emit(f"checked  {checked.what:<16} {checked.count:>9}  {checked.detail}")
    for one in report.findings:
        emit(f"{SHOWN[one.level]:<8} {one.kind} in {one.table}, {one.key}")
        emit(f"  expected {one.expected}\n  got      {one.got}")
    if report.reason is not None:
        emit(f"UNDECIDED {report.reason}")
        return
    counted = ", ".join(f"{count} {kind}" for kind, count in report.counts.items())
    if report.exit_code == ExitCode.VALID:
        emit(f"sound: {report.tree_size} entries, root {report.root}{f'; {counted}' if counted else ''}")
    else:
        emit(f"{report.verdict}: {counted}")
        if not every:
            say("Nothing was looked at after that: --all goes on.")


def _kept(path: Path) -> Stated:
    try:
        with path.open("rb") as file:
            checkpoint = parse_checkpoint(parse_note(file.read(NOTE_BYTES_MAX + 1)).text)
    except OSError as error:
        _end(f"--since: {path}: {error.strerror}", ExitCode.UNDECIDABLE)
    except LogInvalid as error:
        _end(f"--since: {path}: {error}", ExitCode.USAGE)
    return Stated(checkpoint.tree_size, checkpoint.root)


def _end(text: str, code: ExitCode) -> NoReturn:
    say(f"gledger: {text}")
    raise typer.Exit(code)
