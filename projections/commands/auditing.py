"""The commands that need read models: `gledger audit`, `gledger project` and `gledger rebuild`.

`audit` ends with 1 only where something was proved to be false. Whatever else stops it, a fault of its own included, is
undecided: 3.
"""

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from re import fullmatch
from typing import Annotated, Final, NoReturn

import psycopg
import typer

from ledger.audit.audit import Pins
from ledger.audit.auditor import Followed
from ledger.audit.findings import Report, Verdict, undecided
from ledger.cli.exit_codes import ExitCode
from ledger.cli.options import Json
from ledger.cli.output import emit, emit_json, progress_bar, say
from ledger.client.connection import Connection
from ledger.client.errors import ClientError
from ledger.client.http import LedgerClient
from ledger.log.errors import NoteInvalid
from ledger.log.note import VerifierKey, parse_vkey
from ledger.log.receipt import RECEIPT_BYTES_MAX
from ledger.store.embedded import DataDirectoryInUse, EmbeddedPostgres
from ledger.store.errors import StoreError
from ledger.store.log import StoredLog
from ledger.store.unprivileged import EmbeddedPostgresError
from projections.audit import audit_export, audit_url, write_projections
from projections.audited_acts import PartyActs
from projections.folding import LogCorrupt
from projections.rebuild import RebuildRunning
from projections.rebuild import rebuild as rebuild_rows

SHA256: Final = r"[0-9a-f]{64}"
DATA_DEFAULT: Final = Path("data")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("audit")(audit)
    app.command("project")(project)
    app.command("rebuild")(rebuild)


def audit(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Directory of an export, or address of a ledger.")],
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
    party: Annotated[str | None, typer.Option("--party", help="List the admitted acts of this party.")] = None,
    json: Json = False,
) -> None:
    """Derive everything again, trusting nothing of the operator; stop at the first lie."""
    pins = Pins(_keys(vkeys or []), _anchor(anchor), _kept(since))
    acts = PartyActs(party)
    with progress_bar("auditing") as progress:
        task = progress.add_task("", total=None)

        def watch(followed: Followed) -> None:
            acts.take(followed)
            progress.update(task, completed=followed.entry.position)

        report = decided(target, lambda: _audited(target, pins, watch))
    if json:
        shown = acts.shown(report) if party is not None else None
        emit_json(report if shown is None else {"report": report, "party": shown})
    else:
        _show(report)
        if party is not None:
            _show_acts(acts, report)
    raise typer.Exit(report.exit_code)


def project(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of an export.")], json: Json = False
) -> None:
    """Audit an export and put projections.json beside its entries: every guarantor's obligations as they follow."""
    report = decided(str(directory), lambda: write_projections(directory))
    if json:
        emit_json(report)
    else:
        _show(report)
    raise typer.Exit(report.exit_code)


def rebuild(
    data: Annotated[
        Path, typer.Option("--data", envvar="DATA", help="Directory of the ledger, if DATABASE_URL is not set.")
    ] = DATA_DEFAULT,
) -> None:
    """Fold the whole log into new rows while the old ones serve, then switch to them."""
    with _failures_told(), ExitStack() as opened:
        dsn = _database_url() or opened.enter_context(EmbeddedPostgres(data / "postgres")).dsn
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


def _audited(target: str, pins: Pins, watch: Callable[[Followed], None]) -> Report:
    if not target.startswith(("http://", "https://")):
        return audit_export(Path(target), pins, watch)
    with Connection(target) as connection:
        return audit_url(LedgerClient(connection), pins, watch)


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


def _kept(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return file.read(RECEIPT_BYTES_MAX + 1)
    except OSError as error:
        _end(f"--since: {path}: {error.strerror}", ExitCode.UNDECIDABLE)


def _database_url() -> str | None:
    """Return what DATABASE_URL says, or the file that DATABASE_URL_FILE names."""
    named = os.environ.get("DATABASE_URL_FILE")
    return Path(named).read_text(encoding="utf-8").strip() if named else os.environ.get("DATABASE_URL") or None


def _end(text: str, code: ExitCode) -> NoReturn:
    say(f"gledger: {text}")
    raise typer.Exit(code)
