"""`gledger export`: a copy of the log in a directory, which `gledger audit` can check without the server.

Interrupted, it goes on where it was when it is called again.
"""

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.connect import connected, trust
from ledger.cli.options import Directory, Json, Origin, Url, VKeys
from ledger.cli.output import emit, emit_json, progress_bar, say
from ledger.client.export import export as export_log
from ledger.client.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Add `export`."""
    app.command("export")(export)


def export(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Directory to write to.")],
    url: Url = None,
    directory: Directory = Path(),
    origin: Origin = None,
    vkeys: VKeys = None,
    json: Json = False,
) -> None:
    """Write entries.ndjson and the checkpoint that signs exactly these entries."""
    workspace = Workspace.at(directory)
    with connected(workspace, url) as client, progress_bar("exporting") as progress:
        believed = trust(client, origin, vkeys, workspace.pinned)
        task = progress.add_task("", total=None)
        copied = export_log(
            client,
            target,
            believed.origin,
            believed.vkeys,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    checkpoint = copied.checkpoint
    if copied.resumed:
        say(f"Went on after {copied.resumed} entries that were there.")
    if json:
        emit_json({"directory": str(target), "tree_size": checkpoint.tree_size, "root": checkpoint.root.hex()})
    else:
        emit(f"{target}: {checkpoint.tree_size} entries of {checkpoint.origin}, root {checkpoint.root.hex()}")
        say(f"Check it without the server: gledger audit {target}")
