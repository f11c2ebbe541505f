"""`gledger event show`: an act as people read it, from a file or from the ledger, and who signed it.

What is shown of a file is what its bytes say. Whether the ledger holds it, and with valid signatures, is for
`gledger verify` to prove.
"""

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.connect import connected
from ledger.cli.options import Directory, Json, Url
from ledger.cli.output import as_json, emit, emit_json, say
from ledger.client.answers import Recorded
from ledger.client.errors import ClientError
from ledger.client.workspace import Workspace
from ledger.events.stages import Envelope
from ledger.log.entry import ENTRY_BYTES_MAX, Entry, parse_entry
from ledger.log.errors import EntryMalformed
from ledger.signing.dsse import parse


def register(group: typer.Typer) -> None:
    """Add `show`."""
    group.command("show")(show)


def show(
    what: Annotated[str, typer.Argument(metavar="FILE|ID", help="An envelope, an entry, or the id of an act.")],
    directory: Directory = Path(),
    url: Url = None,
    json: Json = False,
) -> None:
    """Show one act and who signed it."""
    file = Path(what)
    if file.exists():
        envelope, entry = _read(file)
        _show(envelope, entry, None, json=json)
        return
    if "/" in what or file.suffix:
        raise ClientError(f"a file {what}, or the id of an act", "no such file", "Check the name.")
    with connected(Workspace.at(directory), url) as client:
        recorded = client.event(what)
        entry = parse_entry(client.entry_of(what))
    _show(parse(entry.envelope), entry, recorded, json=json)


def _read(file: Path) -> tuple[Envelope, Entry | None]:
    with file.open("rb") as opened:
        raw = opened.read(ENTRY_BYTES_MAX + 2).removesuffix(b"\n")
    try:
        entry = parse_entry(raw)
    except EntryMalformed:
        return parse(raw), None
    return parse(entry.envelope), entry


def _show(envelope: Envelope, entry: Entry | None, recorded: Recorded | None, *, json: bool) -> None:
    payload: dict[str, Any] = json_module.loads(envelope.payload)
    keys = [signature.key_id for signature in envelope.signatures]
    if json:
        shown: dict[str, Any] = {"payload": payload, "payload_sha256": envelope.payload_sha256, "signed_with": keys}
        if entry is not None:
            shown |= {"position": entry.position, "recorded_at": entry.recorded_at, "entry_sha256": entry.sha256}
        if recorded is not None:
            shown |= {"stream": recorded.stream, "standing": recorded.standing}
        emit_json(shown)
        return
    emit(as_json(payload))
    say(f"SHA-256 of the payload: {envelope.payload_sha256}")
    for key in keys:
        say(f"Signed with key {key}")
    if entry is not None:
        say(f"Entry {entry.position}, recorded {entry.recorded_at.isoformat()}, SHA-256 {entry.sha256}")
    if recorded is not None:
        say(f"Stream {recorded.stream}, standing {recorded.standing}")
