"""`gledger statement`: every act of an authority up to a tree size, fetched, verified, and kept in one file.

What does not verify is not kept.
"""

import io
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.connect import connected, trust
from ledger.cli.options import Directory, Json, Origin, Url, VKeys
from ledger.cli.output import say
from ledger.cli.verify_statement import report
from ledger.client.statements import verify_statement
from ledger.client.workspace import Workspace
from ledger.log.errors import StatementInvalid
from ledger.store.durable import write_durably


def register(app: typer.Typer) -> None:
    """Add `statement`."""
    app.command("statement")(statement)


def statement(
    authority: Annotated[str, typer.Argument(metavar="AUTHORITY", help="Party and office, such as gb/principal.")],
    out: Annotated[Path, typer.Option("--out", help="File to write.")],
    tree_size: Annotated[
        int | None, typer.Option("--tree-size", help="A size with a checkpoint. Without it, that of the newest.")
    ] = None,
    url: Url = None,
    directory: Directory = Path(),
    origin: Origin = None,
    vkeys: VKeys = None,
    json: Json = False,
) -> None:
    """Fetch every act of an authority up to a tree size, and the ledger's word that none is missing."""
    workspace = Workspace.at(directory)
    with connected(workspace, url) as client:
        believed = trust(client, origin, vkeys, workspace.pinned)
        raw = client.statement_file(authority, tree_size)
    stated = verify_statement(io.BytesIO(raw), believed.origin, believed.vkeys)
    if stated.statement.authority != authority or tree_size not in (None, stated.statement.tree_size):
        got = f"one about {stated.statement.authority} at {stated.statement.tree_size}"
        raise StatementInvalid(f"a statement about {authority} at {tree_size or 'the newest size'}", got)
    write_durably(out, raw)
    report(stated, None, json=json)
    say(f"Check it again without the server: gledger verify {out}")
