"""`gledger export`: a copy of the log, which `gledger audit` can check without the server.

Three forms: lines for a person with a shell (DIR), files that any web server can serve (--static), one file (--zip).
Interrupted, each goes on where it was when it is called again; --static also takes along what the log has got since.
"""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.connect import Trust, connected, trust
from ledger.cli.options import Directory, Json, Origin, Url, VKeys
from ledger.cli.output import emit, emit_json, progress_bar, say
from ledger.client.errors import ClientError
from ledger.client.export import PARTIAL_SUFFIX
from ledger.client.export import export as export_log
from ledger.client.http import LedgerClient
from ledger.client.tile_archive import check_absent, write_archive
from ledger.client.tile_copy import Trusted, grow
from ledger.client.tile_folder import open_folder
from ledger.client.tile_log import TileLog
from ledger.client.workspace import Workspace
from ledger.log.checkpoint import Checkpoint


def register(app: typer.Typer) -> None:
    """Add `export`."""
    app.command("export")(export)


def export(
    target: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Directory for entries.ndjson and the checkpoint.")
    ] = None,
    static: Annotated[
        Path | None, typer.Option("--static", metavar="DIR", help="Directory of C2SP tlog-tiles, new or to go on with.")
    ] = None,
    archive: Annotated[
        Path | None, typer.Option("--zip", metavar="FILE", help="One file with all of --static in it.")
    ] = None,
    url: Url = None,
    directory: Directory = Path(),
    origin: Origin = None,
    vkeys: VKeys = None,
    json: Json = False,
) -> None:
    """Copy the log: lines for a shell, files that any web server can serve, or one zip."""
    if target is None and static is None and archive is None:
        raise ClientError("where to write to", "nothing", "Give a directory, --static DIR or --zip FILE.")
    if archive is not None:
        check_absent(archive)
    workspace = Workspace.at(directory)
    with connected(workspace, url) as client:
        believed = trust(client, origin, vkeys, workspace.pinned)
        if target is not None:
            _tell(target, _lines(client, target, believed), json=json)
        if static is not None or archive is not None:
            checkpoint = _tiles(client, static, archive, believed)
            for place in (static, archive):
                if place is not None:
                    _tell(place, checkpoint, json=json)


def _lines(client: LedgerClient, target: Path, believed: Trust) -> Checkpoint:
    with progress_bar("exporting") as progress:
        task = progress.add_task("", total=None)
        copied = export_log(
            client,
            target,
            believed.origin,
            believed.vkeys,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    if copied.resumed:
        say(f"Went on after {copied.resumed} entries that were there.")
    return copied.checkpoint


def _tiles(client: LedgerClient, static: Path | None, archive: Path | None, believed: Trust) -> Checkpoint:
    """Write the folder, the archive, or both. The folder of an archive alone is removed once that is written."""
    passing = archive.with_name(archive.name + PARTIAL_SUFFIX) if static is None and archive is not None else None
    place = static or passing
    assert place is not None
    with open_folder(place) as folder, progress_bar("exporting") as progress:
        task = progress.add_task("", total=None)
        grown = grow(
            TileLog(client.connection),
            folder,
            Trusted(believed.origin, believed.vkeys),
            lambda done, total: progress.update(task, completed=done, total=total),
        )
        if grown.before:
            say(f"Went on after {grown.before} entries that were there.")
        if archive is not None:
            write_archive(folder, archive)
        if passing is not None:
            shutil.rmtree(passing)
    return grown.checkpoint


def _tell(place: Path, checkpoint: Checkpoint, *, json: bool) -> None:
    if json:
        emit_json({"directory": str(place), "tree_size": checkpoint.tree_size, "root": checkpoint.root.hex()})
    else:
        emit(f"{place}: {checkpoint.tree_size} entries of {checkpoint.origin}, root {checkpoint.root.hex()}")
        say(f"Check it without the server: gledger audit {place}")
