"""What `gledger verify` says of a bundle: what is proven, by whom it is believed, and what a bundle cannot show."""

from typing import Any, Final

from ledger.cli.output import emit, emit_json, say
from ledger.client.bundle import Believed, ProvenBundle, prove_bundle
from ledger.log.bundle import parse_bundle

NOT_SHOWN: Final = (
    "Not shown by a bundle: that nothing else was recorded about the authority, and how the act stands today. "
    "gledger audit shows both."
)


def report_bundle(raw: bytes, believed: Believed, *, json: bool) -> None:
    """Say what a bundle proves. Raises LogInvalid for what is proven false, Undecidable."""
    shown = prove_bundle(parse_bundle(raw), believed)
    if json:
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
