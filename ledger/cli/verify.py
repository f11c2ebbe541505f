"""`gledger verify`: from a receipt and its entry, or from a file that stands alone, to what they prove, offline.

Ends with 0 if the log signed exactly this entry at its position, 1 if it is proven that something is false. What a file
alone is, and how it ends, is for `ledger.cli.file_kinds`.
"""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ledger.cli.connect import Trust, given_policy, given_trust
from ledger.cli.file_kinds import Against, FileAsked, stands_alone, verify_file
from ledger.cli.options import Anchor, Directory, Json, Origin, PolicyFile, VKeys
from ledger.cli.output import emit, emit_json
from ledger.client.errors import ClientError
from ledger.client.proof import Proven, judged, prove, signed_by
from ledger.client.workspace import Workspace
from ledger.events.keys import KeyRecord
from ledger.log.entry import ENTRY_BYTES_MAX
from ledger.log.policy import Judged
from ledger.log.receipt import RECEIPT_BYTES_MAX

KEY_FILE_BYTES_MAX = 64 * 1024


def register(app: typer.Typer) -> None:
    """Add `verify`."""
    app.command("verify")(verify)


def verify(
    file: Annotated[
        Path,
        typer.Argument(help="Bundle, statement, explanation; or receipt (.tlog-proof) and its entry."),
    ],
    entry: Annotated[Path | None, typer.Argument(help="The entry that a receipt is for (.entry.json).")] = None,
    vkeys: VKeys = None,
    origin: Origin = None,
    policy: PolicyFile = None,
    anchor: Anchor = None,
    signer_keys: Annotated[
        list[Path] | None,
        typer.Option("--signer-key", help="Key record of a signer: checks the act's signature in a receipt's entry."),
    ] = None,
    against: Against = None,
    directory: Directory = Path(),
    json: Json = False,
) -> None:
    """Prove offline that the log holds an entry, and say which act it is and who signed it."""
    rule, trust = given_policy(policy), given_trust(origin, vkeys, Workspace.at(directory).pinned)
    records = tuple(map(_record, signer_keys or ()))
    if entry is None:
        verify_file(FileAsked(file, trust, origin, rule, anchor, records, against, json))
        return
    if stands_alone(file):
        raise ClientError(f"{file} alone", "an entry too", "It holds what it is about: name it alone.")
    if anchor is not None:
        raise ClientError("--anchor with a bundle", "a receipt", "A receipt does not hold entry 1: give --vkey.")
    if against is not None:
        raise ClientError("--against with a statement alone", "a receipt and its entry", "Name the statement first.")
    receipt_raw, believed = _read(file, RECEIPT_BYTES_MAX), trust
    verdict = judged(rule, receipt_raw, believed.vkeys if believed is not None else ()) if rule is not None else None
    if believed is None and verdict is not None:
        believed = Trust(verdict.checkpoint.origin, verdict.log_keys)
    if believed is None:
        raise ClientError("a log key to believe", "none", "Give --vkey, --policy, or --dir with a workspace.")
    entry_raw = _read(entry, ENTRY_BYTES_MAX + 1)
    # The log hashed the bytes without the line feed that an editor or an export puts after them.
    proven = prove(receipt_raw, entry_raw.removesuffix(b"\n"), believed.origin, believed.vkeys)
    checked = signed_by(proven.envelope, records)
    if records and not checked:
        keys = ", ".join(signature.key_id for signature in proven.envelope.signatures)
        raise ClientError("a signature by one of the keys given", f"signatures by {keys}", "Name the signer's record.")
    _report(proven, checked, verdict, json=json)


def _read(path: Path, bytes_max: int) -> bytes:
    with path.open("rb") as file:
        # One byte more than can be right: whatever is longer is found to be wrong where it is parsed.
        return file.read(bytes_max + 1)


def _record(path: Path) -> KeyRecord:
    """Return the record in a file written by `gledger key show`, bare or in its JSON."""
    raw = _read(path, KEY_FILE_BYTES_MAX)
    try:
        value = msgspec.json.decode(raw)
        record = value.get("record", value) if isinstance(value, dict) else value
        return msgspec.convert(record, KeyRecord)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ClientError(f"{path}: a key record", str(error), "Write it with gledger key show --authority.") from None


def _report(proven: Proven, checked: tuple[str, ...], verdict: Judged | None, *, json: bool) -> None:
    event, entry, checkpoint = proven.envelope.event, proven.entry, proven.checkpoint
    keys = [signature.key_id for signature in proven.envelope.signatures]
    if json:
        result: dict[str, Any] = {
            "valid": True,
            "ledger": checkpoint.origin,
            "tree_size": checkpoint.tree_size,
            "position": entry.position,
            "recorded_at": entry.recorded_at,
            "entry_sha256": entry.sha256,
            "event": event.id,
            "type": event.type,
            "party": event.party,
            "authority": event.authority,
            "signed_with": keys,
            "signatures_checked": checked,
        }
        if verdict is not None:
            result["cosigned"] = {ascii(name)[1:-1]: timestamp for name, timestamp in verdict.witnesses.items()}
        emit_json(result)
        return
    emit(f"valid: {checkpoint.origin} signed a tree of {checkpoint.tree_size} with this entry at {entry.position}")
    emit(f"act:   {event.type} {event.id}, recorded {entry.recorded_at.isoformat()}")
    emit(f"by:    {event.party}, as {event.authority}")
    for key in keys:
        word = "signature checked" if key in checked else "give its record as --signer-key to check the signature too"
        emit(f"key:   {key} ({word})")
    if verdict is not None:
        emit(f"witnesses: {', '.join(map(ascii, verdict.witnesses)) or 'none asked for'} (the policy is met)")
