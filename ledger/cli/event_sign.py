"""`gledger event draft|sign`: from a type to a file to fill in, from that to an envelope.

What is signed is shown first, exactly as it will be signed, and never changed afterwards.
"""

import hashlib
import json as json_module
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.connect import connected
from ledger.cli.options import Directory, Json, Origin, PassphraseFile, Url, Yes
from ledger.cli.output import as_json, emit, emit_json, say
from ledger.cli.passphrases import Key, load_keys
from ledger.client.cosign import add_signatures
from ledger.client.draft import RANDOM_BYTES, Draft, new_event_id, payload_of
from ledger.client.draft_files import read_draft, read_settings
from ledger.client.envelope_files import is_envelope, read_envelopes
from ledger.client.errors import ClientError
from ledger.client.sealing import read_secret
from ledger.client.skeleton import skeleton
from ledger.client.workspace import Workspace
from ledger.signing.dsse import parse
from ledger.signing.signer import sign_payload
from ledger.store.durable import write_durably


def register(group: typer.Typer) -> None:
    """Add `draft` and `sign`."""
    group.command("draft")(draft)
    group.command("sign")(sign)


def draft(
    event_type: Annotated[str, typer.Argument(metavar="TYPE", help="Such as commitment.made.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="field=value, such as terms.bound=floor. Repeat it.")
    ] = None,
    opening: Annotated[
        Path | None, typer.Option("--opening", help="Of an act.disclosed: the secret that gledger value seal wrote.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; without it, stdout.")] = None,
    json: Json = False,
) -> None:
    """Write a draft of an act to fill in, commented, from the schema of its type."""
    opened = read_secret(opening).opening() if opening is not None else {}
    made = skeleton(event_type, {**read_settings(settings or ()), **opened})
    text = as_json(made.values()) + "\n" if json else made.toml()
    if out is None:
        emit(text.rstrip("\n"))
        return
    if out.exists():
        raise ClientError(f"no file at {out}", "one", "Choose another name: a draft is not overwritten.")
    write_durably(out, text.encode())
    say(f"{out}: fill it in, then: gledger event sign {out} --key NAME")


def sign(
    file: Annotated[Path, typer.Argument(help="A draft (.toml, .json), or an envelope to sign as well.")],
    keys: Annotated[list[str], typer.Option("--key", help="Name or path of a private key. Repeat it.")],
    directory: Directory = Path(),
    url: Url = None,
    origin: Origin = None,
    sequence: Annotated[int | None, typer.Option("--sequence", help="Offline: number of this act.")] = None,
    previous: Annotated[str | None, typer.Option("--previous", help="Offline: SHA-256 of the act before.")] = None,
    event_id: Annotated[str | None, typer.Option("--id", help="UUIDv7 of the act; without it, a new one.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Envelope to write.")] = None,
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Show what is about to be signed, ask, and write the envelope."""
    workspace = Workspace.at(directory)
    paths = [workspace.key_path(name) for name in keys]
    if is_envelope(file):
        raw, target = read_envelopes(file)[0], out or file
        signers = load_keys(paths, passphrase_file)
        confirm(parse(raw).payload, signers, yes=yes)
        envelope = add_signatures(raw, signers)
    else:
        drafted, target = read_draft(file), out or workspace.signed_path(file)
        if target.exists():
            raise ClientError(f"no file at {target}", "one", "It may be submitted already: choose another with --out.")
        place = _place(workspace, url, origin, sequence, previous, drafted)
        with _unusable_drafts_told(file):
            payload = _payload(drafted, place, event_id or new_id())
            signers = load_keys(paths, passphrase_file)
            confirm(payload, signers, yes=yes)
            envelope = sign_payload(payload, signers)
    write_durably(target, envelope + b"\n")
    if json:
        event = parse(envelope).event
        emit_json({"envelope": str(target), "event": event.id, "sequence": event.sequence, "keys": _ids(signers)})
    else:
        emit(str(target))


@contextmanager
def _unusable_drafts_told(file: Path) -> Iterator[None]:
    """Turn what cannot be signed at all (a number that is none, a key named twice) into the caller's own mistake."""
    try:
        yield
    except ValueError as error:
        raise ClientError(f"{file} and keys that make an envelope", str(error), "Correct it.") from None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the act goes: its ledger, and its place in its authority's chain."""

    ledger: str
    sequence: int
    previous: str


def _payload(drafted: Draft, place: _Place, event_id: str) -> bytes:
    return payload_of(
        drafted,
        ledger=place.ledger,
        event_id=event_id,
        sequence=place.sequence,
        previous=place.previous,
        issued_at=datetime.now(UTC),
    )


def _place(
    workspace: Workspace,
    url: str | None,
    origin: str | None,
    sequence: int | None,
    previous: str | None,
    drafted: Draft,
) -> _Place:
    """Return the place that was given, or the one that the ledger says is next."""
    pinned = workspace.pinned
    if sequence is not None and previous is not None:
        ledger = origin or (pinned.origin if pinned is not None else None)
        if ledger is None:
            raise ClientError("--origin with --sequence and --previous", "none", "Name the ledger, or use --dir.")
        return _Place(ledger, sequence, previous)
    if sequence is not None or previous is not None:
        raise ClientError("--sequence and --previous together", "one of them", "Give both, or ask the ledger.")
    with connected(workspace, url) as client:
        following = client.next_act(drafted.authority)
        ledger = origin or (pinned.origin if pinned is not None else client.ledger().origin)
    return _Place(ledger, following.sequence, following.previous)


def confirm(payload: bytes, signers: Sequence[Key], *, yes: bool) -> None:
    """Show the payload with its digest and the keys, and ask. Raises typer.Abort for a no."""
    event = json_module.loads(payload)
    say(f"About to sign, as {event['authority']}, for the ledger {event['ledger']}:")
    say(as_json(event))
    say(f"SHA-256 of the {len(payload)} bytes that are signed: {hashlib.sha256(payload).hexdigest()}")
    for signer in signers:
        say(f"With key {signer.key_id} ({signer.algorithm})")
    if yes:
        return
    if not sys.stdin.isatty():
        raise ClientError("a terminal to ask on", "none", "Look at what is shown above, and give --yes if it is right.")
    typer.confirm("Sign this?", abort=True, err=True)


def new_id() -> str:
    """Return a new UUIDv7."""
    return new_event_id(time.time_ns() // 1_000_000, os.urandom(RANDOM_BYTES))


def _ids(signers: Sequence[Key]) -> list[str]:
    return [signer.key_id for signer in signers]
