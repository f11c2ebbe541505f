"""Proof of possession: a key enters the ledger only with its own signature over where and for whom it will sign.

So nobody registers a key that another holds, and a proof for one ledger or authority is worth nothing for another.
"""

from typing import Final

from ledger.events.keys import KEYS_MAX, KeyRecord, KeySet
from ledger.events.refusals import Refusal, Rejected
from ledger.signing.encoding import from_base64
from ledger.signing.keys import BadSignature, PublicKey, public_key

POSSESSION_HEADER: Final = "guarantee-ledger/possession/v1"
_PRECEDENCE: Final = tuple(Refusal)


def possession_message(ledger: str, authority: str, key_id: str) -> bytes:
    """Return what the proof of a key signs: four lines, each ended by a line feed.

        guarantee-ledger/possession/v1
        ledger.example/compact
        gb/principal
        9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

    The header cannot begin a DSSE message ("DSSEv1 …"), so a proof is never a signature over an event. Raises Rejected
    (POSSESSION_UNPROVED) if a name holds a line feed, which would make the lines ambiguous.
    """
    for name in (ledger, authority, key_id):
        if "\n" in name:
            raise Rejected(Refusal.POSSESSION_UNPROVED, "names of one line", ascii(name[:80]))
    return f"{POSSESSION_HEADER}\n{ledger}\n{authority}\n{key_id}\n".encode()


def check_key_set(ledger: str, authority: str, key_set: KeySet) -> None:
    """Return if every key is sound, present once and proved to be held, and the threshold can be reached.

    Raises Rejected: KEY_MALFORMED, KEY_WEAK or POSSESSION_UNPROVED; if several apply, the first named here.
    """
    _check_counts(key_set)
    rejections: list[Rejected] = []
    seen: set[str] = set()
    for record in key_set.keys:
        try:
            key = public_key(record)
            if key.key_id in seen:
                raise Rejected(Refusal.KEY_MALFORMED, "every key once", f"key {key.key_id} twice")
            seen.add(key.key_id)
            _check_proof(ledger, authority, record, key)
        except Rejected as rejection:
            rejections.append(rejection)
    if rejections:
        raise min(rejections, key=lambda rejection: _PRECEDENCE.index(rejection.refused.refusal))


def _check_counts(key_set: KeySet) -> None:
    count = len(key_set.keys)
    if not 1 <= count <= KEYS_MAX:
        raise Rejected(Refusal.KEY_MALFORMED, f"1 to {KEYS_MAX} keys", f"{count} keys")
    if not 1 <= key_set.threshold <= count:
        raise Rejected(Refusal.KEY_MALFORMED, f"a threshold of 1 to {count}", f"a threshold of {key_set.threshold}")


def _check_proof(ledger: str, authority: str, record: KeyRecord, key: PublicKey) -> None:
    try:
        proof = from_base64(record.proof)
    except ValueError as error:
        raise Rejected(Refusal.KEY_MALFORMED, "a proof in padded base64", str(error)) from None
    try:
        key.verify(possession_message(ledger, authority, key.key_id), proof)
    except BadSignature:
        expected = f"a proof by key {key.key_id} for {authority} on {ledger}"
        raise Rejected(Refusal.POSSESSION_UNPROVED, expected, "a signature over something else") from None
