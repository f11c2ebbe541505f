"""`gledger receipt`: the receipt of a recorded act, kept in a file once it was verified.

Both dialects prove the same of the same tree: the C2SP tlog-proof, and the COSE receipt of RFC 9942 for other software.
"""

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.connect import connected, trust
from ledger.cli.options import Directory, Json, Origin, Url, VKeys
from ledger.cli.output import emit, emit_json, say
from ledger.client.proof import prove
from ledger.client.workspace import Workspace
from ledger.log.errors import ReceiptInvalid, shown
from ledger.store.durable import write_durably


def register(app: typer.Typer) -> None:
    """Add `receipt`."""
    app.command("receipt")(receipt)


def receipt(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Id of the act.")],
    out: Annotated[Path, typer.Option("--out", help="File for the receipt.")],
    entry_out: Annotated[
        Path | None, typer.Option("--entry", help="File for the entry, which the receipt is about.")
    ] = None,
    cose: Annotated[bool, typer.Option("--cose", help="A COSE receipt (RFC 9942) instead of a tlog-proof.")] = False,
    url: Url = None,
    directory: Directory = Path(),
    origin: Origin = None,
    vkeys: VKeys = None,
    json: Json = False,
) -> None:
    """Fetch the receipt of an act, as C2SP tlog-proof or in COSE, and keep it once it is verified."""
    workspace = Workspace.at(directory)
    with connected(workspace, url) as client:
        believed = trust(client, origin, vkeys, workspace.pinned)
        raw = client.cose_receipt_of(event) if cose else client.receipt_of(event)
        entry = client.entry_of(event)
    proven = prove(raw, entry, believed.origin, believed.vkeys)
    if proven.envelope.event.id != event:
        raise ReceiptInvalid(f"the act {shown(event.encode())}", proven.envelope.event.id)
    write_durably(out, raw)
    if entry_out is not None:
        write_durably(entry_out, entry)
    position, tree_size = proven.entry.position, proven.checkpoint.tree_size
    if json:
        emit_json({"receipt": str(out), "event": event, "position": position, "tree_size": tree_size, "verified": True})
    else:
        emit(f"{out}: {event} at position {position} of {tree_size}, verified")
        say(f"Check it without the ledger: gledger verify {out} ENTRY")
