"""What a receipt proves to whoever holds it: which act stands where in whose log, and who signed it.

Works without a connection and without trust in whoever handed over the files; trust is in the log keys that are given.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.client.errors import PolicyNotMet
from ledger.events.keys import KeyRecord
from ledger.events.stages import Envelope
from ledger.log.checkpoint import Checkpoint
from ledger.log.cose import SIGN1_TAG, cose_keys
from ledger.log.cose_receipt import parse_cose_receipt, verify_inclusion_receipt
from ledger.log.entry import Entry, parse_entry
from ledger.log.errors import NotSigned, ReceiptInvalid, shown
from ledger.log.note import VerifierKey
from ledger.log.policy import Judged, Policy, judge
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.signing.dsse import PAYLOAD_TYPE, pae, parse
from ledger.signing.keys import BadSignature, public_key


@dataclass(frozen=True, slots=True)
class Proven:
    """The log `checkpoint.origin` signed a tree with this entry at its position, and the entry holds this act."""

    entry: Entry
    checkpoint: Checkpoint
    envelope: Envelope


def prove(receipt_raw: bytes, entry_raw: bytes, origin: str, vkeys: Iterable[VerifierKey]) -> Proven:
    """Return what is proven. A receipt that begins with the tag of a COSE_Sign1 is a COSE receipt.

    Raises LogInvalid (receipt, checkpoint, proof or entry) or Rejected (the act in the entry) with what is wrong.
    """
    if receipt_raw[:1] == bytes([SIGN1_TAG]):
        return _prove_by_cose(receipt_raw, entry_raw, origin, vkeys)
    checkpoint = verify_receipt(parse_receipt(receipt_raw), entry_raw, origin, vkeys)
    entry = parse_entry(entry_raw)
    return Proven(entry, checkpoint, parse(entry.envelope))


def judged(policy: Policy, receipt_raw: bytes, known: Iterable[VerifierKey]) -> Judged:
    """Return what `policy` says of the checkpoint in a receipt. Raises as `judged_by` does; a COSE receipt has none."""
    if receipt_raw[:1] == bytes([SIGN1_TAG]):
        do = "Give the tlog-proof of the same act: gledger receipt without --cose."
        raise PolicyNotMet("a checkpoint that the policy can judge", "a COSE receipt, which holds none", do)
    return judged_by(policy, parse_receipt(receipt_raw).checkpoint_note, known)


def judged_by(policy: Policy, note_raw: bytes, known: Iterable[VerifierKey]) -> Judged:
    """Return what `policy` says of a signed checkpoint; `known` are keys of the log if the policy lists none.

    Raises LogInvalid as `judge` does, PolicyNotMet if lines that the policy wants are missing.
    """
    try:
        verdict = judge(policy, note_raw, () if policy.logs else known)
    except NotSigned as error:
        raise PolicyNotMet(error.expected, error.got, "Ask for the policy of this log.") from None
    if not verdict.met:
        got = f"cosignatures of {', '.join(map(ascii, verdict.witnesses)) or 'nobody'}"
        raise PolicyNotMet(
            f"quorum {policy.quorum!a} of the policy", got, "Audit a checkpoint that witnesses cosigned."
        )
    return verdict


def _prove_by_cose(receipt_raw: bytes, entry_raw: bytes, origin: str, vkeys: Iterable[VerifierKey]) -> Proven:
    """Do the same by a COSE receipt, whose subject must be the act: it is signed, and so must not be another."""
    receipt = parse_cose_receipt(receipt_raw)
    checkpoint = verify_inclusion_receipt(receipt, entry_raw, origin, cose_keys(origin, vkeys))
    entry = parse_entry(entry_raw)
    envelope = parse(entry.envelope)
    if receipt.subject != envelope.event.id:
        raise ReceiptInvalid(f"subject {envelope.event.id}", shown(receipt.subject.encode()))
    return Proven(entry, checkpoint, envelope)


def check_holds(proven: Proven, submitted: Envelope) -> None:
    """Return if the entry holds the act that was submitted. Raises ReceiptInvalid if it holds another.

    An act is its id and its payload: the entry may hold it with other signatures than those of `submitted`.
    """
    if proven.envelope.payload != submitted.payload:
        expected = f"payload {submitted.payload_sha256} of {submitted.event.id}"
        raise ReceiptInvalid(expected, f"{proven.envelope.payload_sha256} of {proven.envelope.event.id}")


def signed_by(envelope: Envelope, records: Iterable[KeyRecord]) -> tuple[str, ...]:
    """Return the ids of those of `records` that signed `envelope`.

    Raises Rejected for an unsound key, BadSignature if a signature under the id of one of them is not by it.
    """
    keys = {key.key_id: key for key in map(public_key, records)}
    message = pae(PAYLOAD_TYPE, envelope.payload)
    signers = []
    for signature in envelope.signatures:
        if key := keys.get(signature.key_id):
            try:
                key.verify(message, signature.value)
            except BadSignature as error:
                raise BadSignature(f"key {signature.key_id}: {error}") from None
            signers.append(signature.key_id)
    return tuple(signers)
