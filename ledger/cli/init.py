"""`gledger init`: a workspace for one ledger, and for its depositary the signed act that opens it.

Without an address it makes all keys of a trial; with one, service key and log keys are those that the server holds, and
only the root key is made here. With --join nothing is opened: a party pins the ledger that it will deal with.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.connect import connected
from ledger.cli.event_sign import confirm, new_id
from ledger.cli.event_submit import submit_file
from ledger.cli.options import Algorithm, Json, NoPassphrase, Origin, PassphraseFile, Url, Yes
from ledger.cli.output import emit, emit_json, say
from ledger.cli.passphrases import Key, load_keys, make_key, new_passphrase
from ledger.client.draft import payload_of
from ledger.client.errors import ClientError
from ledger.client.opening import Opening, opening_draft
from ledger.client.scenario_steps import Office
from ledger.client.workspace import Pinned, Workspace
from ledger.events.header import FIRST_PREVIOUS
from ledger.events.keys import KeyRecord
from ledger.events.registry import service_authority
from ledger.log.note import KeyKind, format_vkey, verifier_key
from ledger.signing.keys import ED25519_SPKI_PREFIX
from ledger.signing.signer import key_record, sign_payload
from ledger.store.durable import write_durably

ROOT_OFFICE = "root"
OPENING_FILE = "opening.signed.json"


def register(app: typer.Typer) -> None:
    """Add `init`."""
    app.command("init")(init)


def init(
    directory: Annotated[Path, typer.Argument(help="The workspace to make.")],
    url: Url = None,
    origin: Origin = None,
    join: Annotated[bool, typer.Option("--join", help="Only pin the ledger at --url: for a party.")] = False,
    submit: Annotated[bool, typer.Option("--submit", help="Submit the opening to --url.")] = False,
    name: Annotated[str, typer.Option("--name", help="Name of the ledger, in English.")] = "Guarantee ledger",
    purpose: Annotated[str | None, typer.Option("--purpose", help="What the ledger is for.")] = None,
    beneficiary: Annotated[str, typer.Option("--beneficiary", help="Party id of the beneficiary.")] = "ua",
    depositary: Annotated[str, typer.Option("--depositary", help="Party id of the depositary.")] = "depositary",
    office: Annotated[str, typer.Option("--office", help="Who holds the root key.")] = "Depositary",
    threshold: Annotated[int, typer.Option("--threshold", help="How many root keys must sign.")] = 1,
    roots: Annotated[list[str] | None, typer.Option("--root", help="A root key, made if it is not there.")] = None,
    algorithm: Algorithm = "ed25519",
    passphrase_file: PassphraseFile = None,
    no_passphrase: NoPassphrase = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Make a workspace and sign the opening of a ledger, ready to submit; or, with --join, pin a ledger."""
    if (join or submit) and url is None:
        raise ClientError("--url with --join and with --submit", "none", "Give the address of the ledger.")
    workspace = Workspace.at(directory)
    if join:
        _joined(workspace, str(url), json=json)
        return
    held = _trial(workspace, origin, depositary) if url is None else _held(workspace, url, origin, depositary)
    workspace, service, vkeys = held
    assert workspace.pinned is not None
    envelope = workspace.signed / OPENING_FILE
    if not envelope.exists():
        keys = _root_keys(workspace, roots or [ROOT_OFFICE], algorithm, passphrase_file, unencrypted=no_passphrase)
        office_of = Office(depositary, f"{depositary}/{ROOT_OFFICE}", office, "ex_officio")
        opening = Opening(workspace.pinned.origin, {"en": name}, purpose, beneficiary, office_of, service, vkeys)
        _sign(opening, keys, threshold, envelope, yes=yes)
    if submit:
        with connected(workspace, url) as client:
            submit_file(client, workspace.pinned, envelope, None, None, json=json)
    elif json:
        emit_json({"origin": workspace.pinned.origin, "log_keys": vkeys, "envelope": str(envelope)})
    else:
        emit(str(envelope))
        say(f"The opening is signed: gledger event submit {envelope} --dir {directory}")


def _joined(workspace: Workspace, url: str, *, json: bool) -> None:
    with connected(workspace, url) as client:
        info = client.ledger()
    pinned = Pinned(info.origin, info.log_keys, url)
    workspace.pin(pinned)
    say("Pinned as the server gave them. Compare the log keys with what the depositary published:")
    emit_json(pinned) if json else emit("\n".join(info.log_keys))


def _held(
    workspace: Workspace, url: str, origin: str | None, depositary: str
) -> tuple[Workspace, KeyRecord, tuple[str, ...]]:
    """Return the workspace for the ledger of a running server, with the keys that it holds."""
    with connected(workspace, url) as client:
        info = client.ledger()
    if origin not in (None, info.origin):
        raise ClientError(f"a server of {origin}", info.origin, "Check --url and --origin.")
    if info.service_key is None:
        raise ClientError("a server with a service key", "none", "Give the server LEDGER_SERVICE_KEY_FILE.")
    if info.depositary not in (None, depositary):
        raise ClientError(f"a server whose depositary is {depositary}", str(info.depositary), "Check --depositary.")
    return workspace.pin(Pinned(info.origin, info.log_keys, url)), info.service_key, info.log_keys


def _trial(workspace: Workspace, origin: str | None, depositary: str) -> tuple[Workspace, KeyRecord, tuple[str, ...]]:
    """Return a workspace with service and log keys of its own, for the server of a trial."""
    known = workspace.pinned.origin if workspace.pinned is not None else None
    if (ledger := origin or known) is None:
        raise ClientError("--origin, or --url of a running server", "neither", "Name the ledger: ledger.example/trial.")
    if known not in (None, ledger):
        raise ClientError(f"the ledger {known} of this workspace", ledger, "Use another directory.")
    # The directories are needed before the keys, and the pin after them, since it holds one.
    for held in (workspace.root, workspace.keys):
        held.mkdir(mode=0o700, parents=True, exist_ok=True)
    service = _own_key(workspace.keys / "service.pem")
    log = _own_key(workspace.keys / "log.pem")
    vkey = format_vkey(verifier_key(ledger, KeyKind.ED25519, log.spki[len(ED25519_SPKI_PREFIX) :]))
    pinned = workspace.pin(Pinned(ledger, (vkey,)))
    say(f"For the server: LEDGER_ORIGIN={ledger} LEDGER_DEPOSITARY={depositary}")
    say(f"  LEDGER_KEY_FILE={workspace.keys / 'log.pem'} LEDGER_SERVICE_KEY_FILE={workspace.keys / 'service.pem'}")
    return pinned, key_record(service, ledger, service_authority(depositary)), (vkey,)


def _own_key(path: Path) -> Key:
    """Return a key of the server, made unencrypted if it is not there: nobody is there to type when a server starts."""
    return load_keys([path], None)[0] if path.exists() else make_key(path, "ed25519", None)


def _root_keys(
    workspace: Workspace, names: list[str], algorithm: str, passphrase_file: Path | None, *, unencrypted: bool
) -> list[Key]:
    paths = [workspace.key_path(name) for name in names]
    missing = [path for path in paths if not path.exists()]
    if missing:
        passphrase = new_passphrase(passphrase_file, unencrypted=unencrypted)
        for path in missing:
            make_key(path, algorithm, passphrase)
            say(f"{path}: a new root key. Whoever holds it speaks for the depositary: keep it off this machine.")
    return load_keys(paths, passphrase_file)


def _sign(opening: Opening, keys: list[Key], threshold: int, path: Path, *, yes: bool) -> None:
    if not 1 <= threshold <= len(keys):
        raise ClientError(f"a threshold of 1 to {len(keys)}", str(threshold), "Name more root keys with --root.")
    payload = payload_of(
        opening_draft(opening, keys, threshold),
        ledger=opening.origin,
        event_id=new_id(),
        sequence=1,
        previous=FIRST_PREVIOUS,
        issued_at=datetime.now(UTC),
    )
    confirm(payload, keys, yes=yes)
    write_durably(path, sign_payload(payload, keys) + b"\n")
