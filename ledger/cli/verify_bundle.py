"""`gledger verify` on a bundle: what is proven, by whom it is believed, and what a bundle cannot show."""

import re
from typing import Any, Final

from ledger.cli.file_kinds import FileAsked
from ledger.cli.output import emit, emit_json, say
from ledger.client.bundle import Believed, ProvenBundle, prove_bundle
from ledger.client.errors import ClientError
from ledger.log.bundle import BUNDLE_BYTES_MAX, parse_bundle

_SHA256: Final = re.compile(r"[0-9a-f]{64}")

NOT_SHOWN: Final = (
    "Not shown by a bundle: that nothing else was recorded about the authority, and how the act stands today. "
    "gledger audit shows both."
)


def verify_file(asked: FileAsked) -> None:
    """Say what a bundle proves. Raises LogInvalid for what is proven false, Undecidable."""
    if asked.records or asked.against is not None:
        raise ClientError("a bundle alone", "a key record or a receipt too", "A bundle holds both: name it alone.")
    with asked.path.open("rb") as file:
        # One byte more than can be right: whatever is longer is found to be wrong where it is parsed.
        raw = file.read(BUNDLE_BYTES_MAX + 1)
    shown = prove_bundle(parse_bundle(raw), _believed(asked))
    if asked.json:
        emit_json(_members(shown))
        return
    proven = shown.proven
    event, checkpoint = proven.envelope.event, proven.checkpoint
    emit(
        f"valid: {checkpoint.origin} signed a tree of {checkpoint.tree_size} with this entry at {proven.entry.position}"
    )
    emit(f"act:   {event.type} {event.id}, recorded {proven.entry.recorded_at.isoformat()}")
    emit(f"by:    {event.party}, as {event.authority} ({shown.authority.office})")
    for signature in proven.envelope.signatures:
        emit(f"key:   {signature.key_id} (signature checked)")
    emit(f"anchor: {shown.anchor}")
    if shown.doubt is not None:
        emit(f"doubt: {shown.doubt}")
    cosigned = ", ".join(shown.cosigned) or "nobody"
    enough = "enough" if shown.own_policy_met else "not enough"
    say(f"Cosigned by {cosigned}: {enough} for the bundle's own policy, which nobody has to believe.")
    say(NOT_SHOWN)


def _members(shown: ProvenBundle) -> dict[str, Any]:
    proven = shown.proven
    event = proven.envelope.event
    return {
        "valid": True,
        "ledger": proven.checkpoint.origin,
        "tree_size": proven.checkpoint.tree_size,
        "position": proven.entry.position,
        "recorded_at": proven.entry.recorded_at,
        "entry_sha256": proven.entry.sha256,
        "event": event.id,
        "type": event.type,
        "party": event.party,
        "authority": event.authority,
        "office": shown.authority.office,
        "standing": shown.authority.standing,
        "signatures_checked": [signature.key_id for signature in proven.envelope.signatures],
        "anchor": shown.anchor,
        "doubt": shown.doubt,
        "cosigned": shown.cosigned,
        "own_policy_met": shown.own_policy_met,
    }


def _believed(asked: FileAsked) -> Believed:
    if asked.trust is None and asked.policy is None and asked.anchor is None:
        do = "Give --vkey, --policy or --anchor, or --dir with a workspace."
        raise ClientError("somebody to believe", "nobody", do)
    if asked.anchor is not None and not _SHA256.fullmatch(asked.anchor):
        raise ClientError("--anchor of 64 hexadecimal digits", ascii(asked.anchor), "Give the SHA-256 of entry 1.")
    return Believed(
        origin=asked.trust.origin if asked.trust is not None else asked.origin,
        vkeys=asked.trust.vkeys if asked.trust is not None else (),
        policy=asked.policy,
        anchor=asked.anchor,
    )
