"""`gledger restore` and `gledger heads`: what an operator needs when a database was put back to an earlier state.

Both read DATABASE_URL (or DATABASE_URL_FILE) and LEDGER_DATA as the server does; without them, the directory of
`gledger up`, whose ledger must be stopped.
"""

import os
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated

import typer

from ledger.audit.copies import opened_copy
from ledger.audit.findings import LieFound, Undecidable
from ledger.audit.restoring import Restored
from ledger.audit.restoring import restore as restore_log
from ledger.audit.source import Source
from ledger.cli.database import DATA_DEFAULT, database_url
from ledger.cli.exit_codes import ExitCode
from ledger.cli.options import Json
from ledger.cli.output import emit, emit_json, progress_bar, say
from ledger.client.connection import Connection
from ledger.client.http import LedgerClient
from ledger.client.source import LedgerUrl, only_tiles
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.errors import LogInvalid
from ledger.log.note import parse_note
from ledger.store.database import migrate
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.heads import HEADS, HeadStore, heads_in
from ledger.store.log import StoredLog

Data = Annotated[Path, typer.Option("--data", envvar="DATA", help="Directory of the ledger.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("restore")(restore)
    app.command("heads")(heads)


def restore(
    copy: Annotated[
        str,
        typer.Argument(metavar="COPY", help="An export, a mirror or its zip; or the address of a ledger or mirror."),
    ],
    data: Data = DATA_DEFAULT,
    json: Json = False,
) -> None:
    """Bring the entries that the database lacks back from a copy, to the byte."""
    try:
        restored, is_pinned = _restored(copy, data)
    except LieFound as lie:
        say(f"gledger: {lie}. Nothing was restored.")
        raise typer.Exit(ExitCode.INVALID) from None
    except Undecidable as reason:
        say(f"gledger: {reason}. Nothing was restored.")
        raise typer.Exit(ExitCode.UNDECIDABLE) from None
    if json:
        emit_json({"origin": restored.audited.checkpoint.origin, "before": restored.before, "after": restored.after})
        return
    emit(f"restored: {restored.after - restored.before} entries, {restored.after} in all")
    if not is_pinned:
        say("No tree head was kept: whether more was published than this copy holds, nothing here can say.")


def _restored(copy: str, data: Path) -> tuple[Restored, bool]:
    """Return what was restored, and whether a published head was there to hold the copy against."""
    with ExitStack() as opened:
        dsn = database_url() or opened.enter_context(EmbeddedPostgres(data / "postgres")).dsn
        migrate(dsn)
        log = opened.enter_context(StoredLog(dsn))
        source = _source(copy, opened)
        head_store = opened.enter_context(closing(HeadStore(_ledger_data(data) / HEADS, _origin(source))))
        progress = opened.enter_context(progress_bar("auditing the copy"))
        task = progress.add_task("", total=None)
        kept = head_store.newest()
        restored = restore_log(log, source, kept, lambda one: progress.update(task, completed=one.entry.position))
        return restored, kept is not None


def heads(data: Data = DATA_DEFAULT) -> None:
    """Print the newest tree head that was published of each log kept here."""
    kept = heads_in(_ledger_data(data) / HEADS)
    for one in kept:
        emit(one.note.decode())
    if not kept:
        say(f"gledger: expected tree heads in {_ledger_data(data) / HEADS}; there are none")
        raise typer.Exit(ExitCode.UNDECIDABLE)


def _source(copy: str, opened: ExitStack) -> Source:
    if copy.startswith(("http://", "https://")):
        client = LedgerClient(opened.enter_context(Connection(copy)))
        return only_tiles(client) or LedgerUrl(client)
    return opened.enter_context(opened_copy(Path(copy)))


def _origin(source: Source) -> str:
    """Return the origin that the copy's checkpoint names. It only finds the head to compare with."""
    try:
        return parse_checkpoint(parse_note(source.checkpoint()).text).origin
    except (LogInvalid, Undecidable) as error:
        say(f"gledger: expected a copy of a log with its checkpoint: {error}")
        raise typer.Exit(ExitCode.UNDECIDABLE) from None


def _ledger_data(data: Path) -> Path:
    return Path(os.environ.get("LEDGER_DATA") or data)
