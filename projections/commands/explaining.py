"""`gledger explain`, and `gledger verify` on an explanation: an answer, and the entries that it follows from.

Ends with 0 if the answer follows from entries that the log signed, 1 if it does not, 3 if entries are missing.
"""

from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import quote

import typer

from ledger.cli.connect import connected, trust
from ledger.cli.file_kinds import FileAsked
from ledger.cli.options import AsOf, Directory, Json, KnownAt, Origin, Url, VKeys
from ledger.cli.output import as_json, emit, emit_json, say
from ledger.client.errors import ClientError
from ledger.client.workspace import Workspace
from ledger.store.durable import write_durably
from projections.explained import Followed, verify_explanation
from projections.explanation import EXPLANATION_BYTES_MAX, ExplanationInvalid, Kind, parse_explanation

PATHS = {"commitment": "/v1/commitments/{}/explanation", "guarantor": "/v1/guarantors/{}/explanation"}
NOT_PROVED = (
    "Proved: the log holds these entries, the parties signed them, and the answer follows from them. Not proved: that "
    "no further act exists that would change it. Statements of the authorities (gledger statement) or an audit prove "
    "that."
)


def register(app: typer.Typer) -> None:
    """Add `explain`."""
    app.command("explain")(explain)


def explain(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="commitment or guarantor.")],
    name: Annotated[str, typer.Argument(metavar="ID", help="Its id, such as p-uk-1 or gb.")],
    out: Annotated[Path | None, typer.Option("--out", help="File to keep the explanation in.")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    url: Url = None,
    directory: Directory = Path(),
    origin: Origin = None,
    vkeys: VKeys = None,
    json: Json = False,
) -> None:
    """Fetch an answer with every entry that it follows from, and derive it again from those."""
    if kind not in PATHS:
        raise ClientError(f"one of {', '.join(get_args(Kind))}", repr(kind), "Name what is to be explained.")
    asked = {"as_of": as_of, "known_at": known_at}
    query = {name: value for name, value in asked.items() if value is not None}
    workspace = Workspace.at(directory)
    with connected(workspace, url) as client:
        believed = trust(client, origin, vkeys, workspace.pinned)
        raw = client.connection.get(PATHS[kind].format(quote(name, safe="")), query, EXPLANATION_BYTES_MAX).body
    followed = verify_explanation(parse_explanation(raw), believed.origin, believed.vkeys)
    _check_asked(followed, kind, name, query)
    if out is not None:
        write_durably(out, raw)
    _report(followed, json=json)
    if out is not None:
        say(f"Check it again without the server: gledger verify {out}")


def _check_asked(followed: Followed, kind: str, name: str, query: dict[str, str]) -> None:
    """Raise ExplanationInvalid if the answer is to another question."""
    asked = followed.explanation.asked
    as_of, known_at = query.get("as_of", ""), query.get("known_at", "")
    # An instant is asked about by its day; which tree size there was at an instant is for the server to say.
    is_asked = (asked.kind, asked.id) == (kind, name) and asked.as_of.isoformat() == (as_of or str(asked.as_of))[:10]
    if not is_asked or (known_at.isdecimal() and int(known_at) != asked.known_at):
        got = f"{asked.kind} {asked.id} as of {asked.as_of}, known at {asked.known_at}"
        raise ExplanationInvalid(f"an answer about {kind} {name} {query}", got)


def verify_file(asked: FileAsked) -> None:
    """Say what an explanation in a file shows."""
    if asked.records or asked.against is not None:
        do = "Leave --signer-key and --against out: the keys of the signers stand in the entries."
        raise ClientError("an explanation alone", "further options", do)
    with asked.path.open("rb") as file:
        raw = file.read(EXPLANATION_BYTES_MAX + 1)
    _report(verify_explanation(parse_explanation(raw), asked.believed.origin, asked.believed.vkeys), json=asked.json)


def _report(followed: Followed, *, json: bool) -> None:
    explanation, checkpoint = followed.explanation, followed.checkpoint
    asked = explanation.asked
    if json:
        result: dict[str, Any] = {
            "valid": True,
            "kind": "explanation",
            "asked": asked,
            "ledger": checkpoint.origin,
            "tree_size": checkpoint.tree_size,
            "entries": [entry.position for entry, _ in explanation.entries],
            "answer": followed.answer,
            "not_proved": NOT_PROVED,
        }
        emit_json(result)
        return
    emit(as_json(followed.answer))
    say(
        f"valid: {asked.kind} {asked.id} as of {asked.as_of}, as known at {asked.known_at}, follows from "
        f"{len(explanation.entries)} entries that {checkpoint.origin} signed in a tree of {checkpoint.tree_size}"
    )
    say(NOT_PROVED)
