"""A receipt proves one act of one ledger to whoever has the log's key; anything else is found."""

import pytest

from ledger.client.proof import check_holds, prove, signed_by
from ledger.events.stages import Envelope
from ledger.log.errors import CheckpointInvalid, EntryMalformed, LogInvalid, NoteInvalid, ProofInvalid, ReceiptInvalid
from ledger.signing.dsse import envelope_bytes, parse
from ledger.signing.keys import BadSignature
from tests.acts import log_key
from tests.client.sealed_log import SealedLog, sealed_log


@pytest.fixture(scope="module")
def log() -> SealedLog:
    return sealed_log()


def test_every_act_is_proven_with_its_signer(log: SealedLog) -> None:
    made = log.founding
    for entry, receipt in zip(log.entries, log.receipts, strict=True):
        proven = prove(receipt, entry.raw, made.origin, [made.log_signer.vkey])
        assert proven.entry == entry
        assert proven.envelope.event.authority == made.depositary.authority
        assert signed_by(proven.envelope, made.depositary.keys.keys) == (made.depositary.signers[0].key_id,)
        check_holds(proven, parse(entry.envelope))


def test_the_receipt_of_another_entry_proves_nothing(log: SealedLog) -> None:
    with pytest.raises(ReceiptInvalid):
        prove(log.receipts[1], log.entries[0].raw, log.founding.origin, [log.founding.log_signer.vkey])


def test_an_entry_that_was_changed_is_found(log: SealedLog) -> None:
    changed = log.entries[2].raw.replace(b"2026-02-01T00:00:00", b"2026-02-02T00:00:00")
    with pytest.raises(ProofInvalid):
        prove(log.receipts[2], changed, log.founding.origin, [log.founding.log_signer.vkey])


def test_a_log_key_of_somebody_else_proves_nothing(log: SealedLog) -> None:
    with pytest.raises(NoteInvalid):
        prove(log.receipts[0], log.entries[0].raw, log.founding.origin, [log_key().vkey])


def test_a_receipt_of_another_ledger_proves_nothing(log: SealedLog) -> None:
    with pytest.raises((NoteInvalid, CheckpointInvalid)):
        prove(log.receipts[0], log.entries[0].raw, "ledger.example/other", [log.founding.log_signer.vkey])


def test_what_is_no_entry_is_no_entry(log: SealedLog) -> None:
    with pytest.raises(EntryMalformed):
        prove(log.receipts[0], b"{}", log.founding.origin, [log.founding.log_signer.vkey])


def test_no_changed_byte_of_a_receipt_goes_unseen(log: SealedLog) -> None:
    receipt = log.receipts[1]
    for at in range(len(receipt)):
        changed = receipt[:at] + bytes([receipt[at] ^ 1]) + receipt[at + 1 :]
        with pytest.raises(LogInvalid):
            prove(changed, log.entries[1].raw, log.founding.origin, [log.founding.log_signer.vkey])


def test_a_receipt_for_another_act_is_not_taken_for_ones_own(log: SealedLog) -> None:
    proven = prove(log.receipts[0], log.entries[0].raw, log.founding.origin, [log.founding.log_signer.vkey])
    with pytest.raises(ReceiptInvalid, match="expected payload"):
        check_holds(proven, parse(log.entries[1].envelope))


def with_signature_of(one: Envelope, other: Envelope) -> Envelope:
    return parse(envelope_bytes(one.payload, other.signatures))


def test_a_signature_over_another_act_is_found(log: SealedLog) -> None:
    one, other = (parse(entry.envelope) for entry in log.entries[:2])
    with pytest.raises(BadSignature):
        signed_by(with_signature_of(one, other), log.founding.depositary.keys.keys)


def test_a_key_that_did_not_sign_is_not_named(log: SealedLog) -> None:
    envelope = parse(log.entries[0].envelope)
    assert signed_by(envelope, log.founding.beneficiary.keys.keys) == ()
