"""`gledger bundle`: one act with all that it takes to check it, in one file, verified before it is kept."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.connect import connected, trust
from ledger.cli.options import Directory, Json, Origin, Url, VKeys
from ledger.cli.output import emit, emit_json, say
from ledger.client.bundle import Believed, prove_bundle
from ledger.client.workspace import Workspace
from ledger.log.bundle import parse_bundle
from ledger.log.errors import BundleInvalid
from ledger.store.durable import write_durably

BUNDLE_SUFFIX = ".bundle"


def register(app: typer.Typer) -> None:
    """Add `bundle`."""
    app.command("bundle")(bundle)


def bundle(
    event: Annotated[str, typer.Argument(help="Id of the act.")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write; without it, EVENT.bundle.")] = None,
    url: Url = None,
    directory: Directory = Path(),
    origin: Origin = None,
    vkeys: VKeys = None,
    json: Json = False,
) -> None:
    """Keep an act in one file that anybody can verify offline: gledger verify FILE."""
    workspace = Workspace.at(directory)
    with connected(workspace, url) as client:
        believed = trust(client, origin, vkeys, workspace.pinned)
        raw = client.bundle_of(event)
    parsed = parse_bundle(raw)
    shown = prove_bundle(parsed, Believed(believed.origin, believed.vkeys))
    if shown.proven.envelope.event.id != event:
        raise BundleInvalid(f"the bundle of {event}", f"that of {shown.proven.envelope.event.id}")
    path = out or Path(f"{event}{BUNDLE_SUFFIX}")
    write_durably(path, raw)
    tree_size = shown.proven.checkpoint.tree_size
    if json:
        emit_json({"file": str(path), "event": event, "tree_size": tree_size, "entries": len(parsed.entries)})
    else:
        emit(f"{path}: {event} with {len(parsed.entries)} entries, in a tree of {tree_size}")
        say(f"Check it without the server: gledger verify {path} --vkey KEY")
