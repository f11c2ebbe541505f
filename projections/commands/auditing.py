"""The commands that need read models: `gledger audit`, `gledger project` and `gledger rebuild`.

`audit` ends with 1 only where something was proved to be false. Whatever else stops it, a fault of its own included, is
undecided: 3.
"""

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from re import fullmatch
from typing import Annotated, Final, NoReturn

import psycopg
import typer
from rich.progress import Progress

from ledger.audit.audit import Pins
from ledger.audit.auditor import Followed
from ledger.audit.findings import Report, Verdict, undecided
from ledger.cli.connect import given_policy
from ledger.cli.database import DATA_DEFAULT, database_url
from ledger.cli.exit_codes import ExitCode
from ledger.cli.options import AsOf, Json, PolicyFile
from ledger.cli.output import emit, emit_json, progress_bar, say
from ledger.client.connection import Connection
from ledger.client.errors import ClientError
from ledger.client.http import LedgerClient
from ledger.log.errors import NoteInvalid
from ledger.log.note import VerifierKey, parse_vkey
from ledger.log.receipt import RECEIPT_BYTES_MAX
from ledger.rules.schedules import FIRST_DAY, LAST_DAY
from ledger.signing.workers import Workers
from ledger.store.embedded import DataDirectoryInUse, EmbeddedPostgres
from ledger.store.errors import StoreError
from ledger.store.log import StoredLog
from ledger.store.unprivileged import EmbeddedPostgresError
from projections.audit import audit_files, audit_url, digests_at, write_projections
from projections.audited_acts import PartyActs
from projections.digests import Digests
from projections.folding import LogCorrupt
from projections.rebuild import RebuildRunning
from projections.rebuild import rebuild as rebuild_rows

SHA256: Final = r"[0-9a-f]{64}"
SHOWN_EVERY: Final = 100
JOBS_DEFAULT: Final = os.cpu_count() or 1
Jobs = Annotated[
    int, typer.Option("--jobs", min=1, help="Processes that share the work on a long log. 1: this one alone.")
]
STATEMENT_HEAD_BYTES_MAX: Final = 64 * 1024
"""Of a statement's file an audit reads the statement alone: the acts it reads in the log."""


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("audit")(audit)
    app.command("project")(project)
    app.command("rebuild")(rebuild)


def audit(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="Export, folder of tiles, zip, or address of a ledger.")
    ],
    vkeys: Annotated[
        list[str] | None,
        typer.Option("--vkey", help="Key of the log that must have signed. May be given several times."),
    ] = None,
    anchor: Annotated[
        str | None, typer.Option("--anchor", help="SHA-256 of entry 1 (64 hexadecimal digits), known from elsewhere.")
    ] = None,
    since: Annotated[
        Path | None, typer.Option("--since", help="An older checkpoint, or a receipt, that you kept.")
    ] = None,
    policy: PolicyFile = None,
    party: Annotated[str | None, typer.Option("--party", help="List the admitted acts of this party.")] = None,
    statements: Annotated[
        list[Path] | None,
        typer.Option(
            "--statement", help="Statement about an authority (gledger statement). May be given several times."
        ),
    ] = None,
    answers: Annotated[
        bool, typer.Option("--answers", help="Of a ledger: compare every answer, not only their digests.")
    ] = False,
    jobs: Jobs = JOBS_DEFAULT,
    json: Json = False,
) -> None:
    """Derive everything again, trusting nothing of the operator; stop at the first lie."""
    stated = tuple(_read("--statement", one, STATEMENT_HEAD_BYTES_MAX) for one in statements or ())
    kept = _read("--since", since, RECEIPT_BYTES_MAX + 1) if since is not None else None
    pins = Pins(_keys(vkeys or []), _anchor(anchor), kept, given_policy(policy), stated)
    acts = PartyActs(party)
    with progress_bar("auditing") as progress, workers_of(jobs) as workers:
        shown = shown_by(progress)

        def watch(followed: Followed) -> None:
            acts.take(followed)
            shown(followed)

        report = decided(target, lambda: _audited(target, pins, watch, workers, every_answer=answers))
    if json:
        emit_json(report if party is None else {"report": report, "party": acts.shown(report)})
    else:
        _show(report)
        if party is not None:
            _show_acts(acts, report)
    raise typer.Exit(report.exit_code)


def project(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of an export.")],
    digests: Annotated[
        bool, typer.Option("--digests", help="Write nothing; say the digest of every projection's answers.")
    ] = False,
    tree_size: Annotated[
        int | None, typer.Option("--tree-size", min=1, help="With --digests: as known at this tree size.")
    ] = None,
    as_of: AsOf = None,
    jobs: Jobs = JOBS_DEFAULT,
    json: Json = False,
) -> None:
    """Audit an export and put projections.json beside its entries: every guarantor's obligations as they follow."""
    if digests:
        _say_digests(directory, tree_size, _day(as_of), json=json)
        return
    if tree_size is not None or as_of is not None:
        _end("--tree-size and --as-of: with --digests", ExitCode.USAGE)
    with progress_bar("auditing") as progress, workers_of(jobs) as workers:
        watch = shown_by(progress)
        report = decided(str(directory), lambda: write_projections(directory, workers, watch))
    if json:
        emit_json(report)
    else:
        _show(report)
    raise typer.Exit(report.exit_code)


def _say_digests(directory: Path, tree_size: int | None, as_of: date | None, *, json: bool) -> None:
    found: list[Digests] = []

    def run() -> Report:
        report, stated = digests_at(directory, tree_size, as_of)
        found.extend([stated] if stated is not None else [])
        return report

    report = decided(str(directory), run)
    if json:
        emit_json({"report": report, "digests": found[0] if found else None})
    elif found:
        for one in found[0].digests:
            emit(f"{one.sha256}  {one.projection}")
        emit(f"{found[0].sha256}  all")
    else:
        _show(report)
    raise typer.Exit(report.exit_code)


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text) if text is not None else None
    except ValueError:
        _end(f"--as-of: expected a day such as 2026-01-31; got {text!a}", ExitCode.USAGE)
    if day is not None and not FIRST_DAY <= day <= LAST_DAY:
        _end(f"--as-of: expected a day from {FIRST_DAY} to {LAST_DAY}; got {day}", ExitCode.USAGE)
    return day


def rebuild(
    data: Annotated[
        Path, typer.Option("--data", envvar="DATA", help="Directory of the ledger, if DATABASE_URL is not set.")
    ] = DATA_DEFAULT,
) -> None:
    """Fold the whole log into new rows while the old ones serve, then switch to them."""
    with _failures_told(), ExitStack() as opened:
        dsn = database_url() or opened.enter_context(EmbeddedPostgres(data / "postgres")).dsn
        log = opened.enter_context(StoredLog(dsn))
        progress = opened.enter_context(progress_bar("rebuilding"))
        task = progress.add_task("", total=log.head().tree_size)
        position = rebuild_rows(log, dsn, lambda done: progress.update(task, completed=done))
    emit(f"rebuilt from {position} entries")


@contextmanager
def _failures_told() -> Iterator[None]:
    """Say in one line why there are no new rows. The old ones go on serving."""
    try:
        yield
    except LogCorrupt as error:
        _end(str(error), ExitCode.INVALID)
    except DataDirectoryInUse as error:
        _end(f"{error} A rebuild beside a running server needs DATABASE_URL.", ExitCode.USAGE)
    except (RebuildRunning, StoreError, EmbeddedPostgresError, psycopg.Error) as error:
        _end(str(error), ExitCode.UNDECIDABLE)


def workers_of(jobs: int) -> Workers:
    """Return the processes beside this one, which has its own share of the work: it folds what they have examined."""
    return Workers(jobs - 1)


def shown_by(progress: Progress) -> Callable[[Followed], None]:
    """Return who moves a bar as entries come through, now and then: to move it costs as much as to fold an entry."""
    task = progress.add_task("", total=None)

    def watch(followed: Followed) -> None:
        if followed.entry.position % SHOWN_EVERY == 0:
            progress.update(task, completed=followed.entry.position)

    return watch


def _audited(
    target: str, pins: Pins, watch: Callable[[Followed], None], workers: Workers, *, every_answer: bool
) -> Report:
    if not target.startswith(("http://", "https://")):
        return audit_files(Path(target), pins, watch, workers)
    with Connection(target) as connection:
        return audit_url(LedgerClient(connection), pins, watch, workers, every_answer=every_answer)


def decided(target: str, run: Callable[[], Report]) -> Report:
    """Return the report. A fault of this program proves nothing about the log, so it must not end as `invalid`."""
    try:
        return run()
    except (ClientError, OSError) as error:
        return undecided(target, str(error))
    except Exception as error:
        say(traceback.format_exc())
        return undecided(target, f"this program failed: {type(error).__name__}; the trace is above")


def _show(report: Report) -> None:
    for proved in report.proved:
        emit(f"proved   {proved.what:<16} {proved.count:>9}  {proved.detail}")
    for assumed in report.assumed:
        emit(f"believed {assumed}")
    if report.finding is not None:
        found = report.finding
        where = f", entry {found.position}" if found.position is not None else ""
        emit(f"INVALID  {found.lie} at {found.place}{where}\n  expected {found.expected}\n  got      {found.got}")
        say("The evidence stands in the report of --json.")
    elif report.verdict is Verdict.UNDECIDED:
        emit(f"UNDECIDED {report.reason}")
    else:
        emit(f"valid: {report.tree_size} entries of {report.origin}, root {report.root}")


def _show_acts(acts: PartyActs, report: Report) -> None:
    for act in acts.acts:
        emit(f"act      {act.position:>9}  {act.authority} {act.sequence}  {act.type}  {act.event}")
    emit(acts.statement(report))


def _keys(texts: list[str]) -> tuple[VerifierKey, ...]:
    try:
        return tuple(map(parse_vkey, texts))
    except NoteInvalid as error:
        _end(f"--vkey: {error}", ExitCode.USAGE)


def _anchor(text: str | None) -> str | None:
    if text is not None and not fullmatch(SHA256, text):
        _end(f"--anchor: expected 64 lowercase hexadecimal digits; got {text[:80]!a}", ExitCode.USAGE)
    return text


def _read(option: str, path: Path, bytes_max: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(bytes_max)
    except OSError as error:
        _end(f"{option}: {path}: {error.strerror}", ExitCode.UNDECIDABLE)


def _end(text: str, code: ExitCode) -> NoReturn:
    say(f"gledger: {text}")
    raise typer.Exit(code)
