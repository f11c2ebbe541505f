"""`gledger mirror`: a full verified copy of a log, kept up, that notices when the log contradicts itself.

Ends with 0 when the copy is as new as the log's checkpoint, 1 if the log is proven to have told two stories, 3 if
nothing could be decided: then the copy is as it was.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.connect import given_trust, trust
from ledger.cli.endings import exit_code_of
from ledger.cli.exit_codes import ExitCode
from ledger.cli.interrupts import signals_as_interrupts
from ledger.cli.options import Directory, Json, Origin, VKeys
from ledger.cli.output import emit, emit_json, emit_json_line, progress_bar, say
from ledger.client.connection import Connection
from ledger.client.fork import EVIDENCE_BYTES_MAX, ForkProved, parse_evidence, verify_fork
from ledger.client.http import LedgerClient
from ledger.client.mirror import keep, kept
from ledger.client.tile_copy import Grown, Trusted, grow
from ledger.client.tile_folder import TileFolder, open_folder
from ledger.client.tile_log import TileLog
from ledger.client.workspace import Workspace, log_keys


def register(app: typer.Typer) -> None:
    """Add `mirror` and `verify-fork`."""
    app.command("mirror")(mirror)
    app.command("verify-fork")(verify_fork_file)


def mirror(
    url: Annotated[str, typer.Argument(metavar="URL", help="Address of a ledger, or of the files of a static export.")],
    target: Annotated[Path, typer.Argument(metavar="DIR", help="The mirror: a new directory, or one to go on with.")],
    every: Annotated[
        float | None, typer.Option("--every", min=0.1, metavar="SECONDS", help="Keep following until told to end.")
    ] = None,
    directory: Directory = Path(),
    origin: Origin = None,
    vkeys: VKeys = None,
    json: Json = False,
) -> None:
    """Keep a full verified copy of the log, and the proof of it if the log tells two stories."""
    with Connection(url) as connection, open_folder(target) as folder:
        before = kept(folder)
        trusted = _trusted(before, LedgerClient(connection), origin, vkeys, Workspace.at(directory))
        if before is None:
            keep(folder, trusted, connection.url)

        def once() -> None:
            grown = _grown(TileLog(connection), folder, trusted)
            # Only now are other keys than before known to be those of the log that is here.
            keep(folder, trusted, connection.url)
            if every is None or grown.checkpoint.tree_size > grown.before:
                _show(folder, grown, json=json)

        if every is None:
            once()
        else:
            _follow(once, every)


def verify_fork_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Evidence that a mirror wrote: fork-….json.")],
    vkeys: VKeys = None,
    json: Json = False,
) -> None:
    """Prove offline, from a mirror's evidence, that a log signed two histories."""
    with file.open("rb") as opened:
        evidence = parse_evidence(opened.read(EVIDENCE_BYTES_MAX + 1))
    if not vkeys:
        say("The keys of the log are taken from the file: compare them with what the depositary published, or --vkey.")
    smaller, larger = verify_fork(evidence, log_keys(tuple(vkeys)) if vkeys else None)
    if json:
        emit_json({"fork": True, "origin": smaller.origin, "sizes": [smaller.tree_size, larger.tree_size]})
    else:
        emit(f"proved: {smaller.origin} signed two histories")
        for one in (smaller, larger):
            emit(f"  a tree of {one.tree_size} entries with the root {one.root.hex()}")


def _trusted(
    before: Trusted | None, client: LedgerClient, origin: str | None, vkeys: list[str] | None, workspace: Workspace
) -> Trusted:
    """Return whom to believe: by the command line, else as at the beginning, else by the workspace, else the server."""
    if before is not None and not vkeys:
        return before
    given = given_trust(origin, vkeys, workspace.pinned)
    if given is None:
        given = trust(client, origin, None, None)
    return Trusted(given.origin, given.vkeys, before.vkeys if before is not None else ())


def _grown(log: TileLog, folder: TileFolder, trusted: Trusted) -> Grown:
    with progress_bar("mirroring") as progress:
        task = progress.add_task("", total=None)
        try:
            return grow(log, folder, trusted, lambda done, total: progress.update(task, completed=done, total=total))
        except ForkProved as fork:
            say(f"The log has told two stories. The proof: {folder.directory / fork.evidence.file_name}")
            say(f"Anybody can check it: gledger verify-fork {fork.evidence.file_name}")
            raise


def _show(folder: TileFolder, grown: Grown, *, json: bool) -> None:
    checkpoint = grown.checkpoint
    if json:
        emit_json_line(
            {
                "directory": str(folder.directory),
                "origin": checkpoint.origin,
                "tree_size": checkpoint.tree_size,
                "root": checkpoint.root.hex(),
                "before": grown.before,
            }
        )
    else:
        emit(f"{folder.directory}: {checkpoint.tree_size} entries of {checkpoint.origin}, root {checkpoint.root.hex()}")
    # Whoever follows through a pipe wants to know it now.
    sys.stdout.flush()


def _follow(once: Callable[[], None], every: float) -> None:
    """Do it again and again until told to end. What cannot be decided now may be later; a fork is the end."""
    try:
        with signals_as_interrupts():
            while True:
                try:
                    once()
                except Exception as error:
                    if exit_code_of(error) is not ExitCode.UNDECIDABLE:
                        raise
                    say(f"gledger: {error}")
                time.sleep(every)
    except KeyboardInterrupt:
        say("Stopped. The mirror is a whole copy of what its checkpoint signs.")
