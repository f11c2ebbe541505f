"""Envelope to Verified: the act was signed for this ledger by as many keys as its authority demands.

This is the only module that constructs Verified. Whether the authority may do what the act says is for the rules.
"""

from collections.abc import Callable, Sequence

from ledger.events.keys import KeySet
from ledger.events.refusals import Refusal, Rejected
from ledger.events.registry import registered_keys
from ledger.events.stages import Envelope, Signature, Verified
from ledger.signing.dsse import PAYLOAD_TYPE, pae
from ledger.signing.keys import BadSignature, public_key
from ledger.signing.possession import check_key_set


def verify(envelope: Envelope, keys_of: Callable[[str], KeySet | None], *, ledger: str | None) -> Verified:
    """Return `envelope` as verified. Raises Rejected with the first of these that applies:

    1. LEDGER_MISMATCH unless the event names `ledger` (None: any ledger, for a reader that has none of its own)
    2. AUTHORITY_UNKNOWN if `keys_of`, asked for the event's authority, returns None. For `ledger.opened` the caller
       lets it answer from the event itself
    3. KEY_UNKNOWN if a signature is by none of the authority's keys; SIGNATURE_INVALID if one does not verify;
       THRESHOLD_NOT_MET if there are too few
    4. KEY_MALFORMED, KEY_WEAK, POSSESSION_UNPROVED for keys that the event would register
    """
    event = envelope.event
    # 1. For this ledger.
    if ledger is not None and event.ledger != ledger:
        raise Rejected(Refusal.LEDGER_MISMATCH, ledger, event.ledger)
    # 2. By a known authority.
    key_set = keys_of(event.authority)
    if key_set is None:
        raise Rejected(Refusal.AUTHORITY_UNKNOWN, "a registered authority", event.authority)
    # 3. With enough of its keys.
    check_signatures(event.authority, envelope.payload, envelope.signatures, key_set)
    # 4. Registering sound keys that their holders hold.
    for authority, registered in registered_keys(event):
        check_key_set(event.ledger, authority, registered)
    return Verified(envelope)


def verified_elsewhere(envelope: Envelope) -> Verified:
    """Return as verified what `verify` let through in another process of this program, which is believed."""
    return Verified(envelope)


def check_signatures(authority: str, payload: bytes, signatures: Sequence[Signature], key_set: KeySet) -> None:
    """Raise Rejected unless all signatures are the authority's, all verify and they are enough: step 3 of `verify`.

    A superfluous signature that does not verify is refused too: the log holds nothing that looks like a signature and
    is none.
    """
    keys = {key.key_id: key for key in map(public_key, key_set.keys)}
    for signature in signatures:
        if signature.key_id not in keys:
            raise Rejected(Refusal.KEY_UNKNOWN, f"a key of {authority}", signature.key_id)
    message = pae(PAYLOAD_TYPE, payload)
    for signature in signatures:
        try:
            keys[signature.key_id].verify(message, signature.value)
        except BadSignature:
            expected = f"a signature over the payload by key {signature.key_id}"
            raise Rejected(Refusal.SIGNATURE_INVALID, expected, "a signature that does not verify") from None
    # The key ids of an envelope differ from each other, so signatures are signers.
    if len(signatures) < key_set.threshold:
        expected = f"at least {key_set.threshold} signatures"
        raise Rejected(Refusal.THRESHOLD_NOT_MET, expected, str(len(signatures)))
