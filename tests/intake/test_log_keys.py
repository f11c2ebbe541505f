"""Every checkpoint has a line by each key in force at its size, whoever holds which keys and whatever happens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from ledger.events.refusals import Refusal, Refused
from ledger.intake.errors import SealingFailed, WrongLedger
from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.log.note import NoteSigner, VerifierKey, format_vkey, parse_note
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.store.log import StoredLog
from tests.acts import Founding, founding, log_key, mldsa_key
from tests.intake.ledgers import receipts
from tests.intake.oracle import Given, check_log
from tests.intake.test_crashes import FailingModule

OLD_PQ, NEW, NEW_PQ = mldsa_key(), log_key(), mldsa_key()


@dataclass
class Rotating:
    """A ledger opened around an Ed25519 and an ML-DSA key, and what was given for what was submitted."""

    url: str
    log: StoredLog
    made: Founding
    given: list[Given]

    @property
    def first(self) -> list[NoteSigner]:
        return [self.made.log_signer, OLD_PQ]

    def intake(self, *signers: NoteSigner) -> Intake:
        return Intake(self.log, self.made.origin, signers, self.made.service)

    def submit(self, intake: Intake, *raws: bytes) -> list[Sealed]:
        outcomes = intake.submit(raws)
        self.given += receipts(outcomes)
        sealed = [one for one in outcomes if isinstance(one, Sealed)]
        assert len(sealed) == len(raws), outcomes
        return sealed

    def adopting(self, *signers: NoteSigner) -> bytes:
        return self.made.depositary.act("log_keys.adopted", log_keys=[format_vkey(one.vkey) for one in signers])

    def renaming(self) -> bytes:
        return self.made.offices["gb"].renaming()


@pytest.fixture
def rotating(stored_log: StoredLog, database_url: str) -> Iterator[Rotating]:
    made = founding(further_signers=[OLD_PQ])
    one = Rotating(database_url, stored_log, made, [])
    one.submit(one.intake(*one.first), *made.raws)
    yield one
    # The oracle holds every checkpoint against the keys that its own fold finds in force.
    every = [one.made.log_signer.vkey, OLD_PQ.vkey, NEW.vkey, NEW_PQ.vkey]
    check_log(database_url, made.origin, every, one.given)


def signed_by(note: bytes) -> list[bytes]:
    return [line.key_id for line in parse_note(note).signatures]


def ids(signers: Sequence[NoteSigner]) -> list[bytes]:
    return [one.vkey.key_id for one in signers]


def test_both_keys_sign_and_either_verifies_the_receipt(rotating: Rotating) -> None:
    (sealed,) = rotating.submit(rotating.intake(*rotating.first), rotating.renaming())
    receipt = parse_receipt(sealed.receipt)
    assert signed_by(receipt.checkpoint_note) == ids(rotating.first)
    known: list[list[VerifierKey]] = [[one.vkey] for one in rotating.first]
    for vkeys in (*known, [one.vkey for one in rotating.first]):
        assert verify_receipt(receipt, sealed.entry, rotating.made.origin, vkeys).tree_size == sealed.tree_size


def test_the_same_bytes_give_the_same_receipt_though_mldsa_never_signs_twice_alike(rotating: Rotating) -> None:
    raw = rotating.renaming()
    (first,) = rotating.submit(rotating.intake(*rotating.first), raw)
    (again,) = rotating.submit(rotating.intake(*rotating.first), raw)
    assert (first.receipt, first.duplicate, again.duplicate) == (again.receipt, False, True)


@pytest.mark.parametrize("missing", [0, 1])
def test_a_process_that_lacks_a_key_in_force_does_not_start(rotating: Rotating, missing: int) -> None:
    held = [one for at, one in enumerate(rotating.first) if at != missing]
    lacking = format_vkey(rotating.first[missing].vkey)[:60]
    with pytest.raises(WrongLedger) as caught:
        rotating.intake(*held)
    assert lacking in str(caught.value)


def test_keys_that_are_held_and_not_in_force_sign_nothing(rotating: Rotating) -> None:
    (sealed,) = rotating.submit(rotating.intake(NEW, *rotating.first, NEW_PQ), rotating.renaming())
    assert signed_by(parse_receipt(sealed.receipt).checkpoint_note) == ids(rotating.first)


def test_keys_that_this_process_does_not_hold_are_not_adopted(rotating: Rotating) -> None:
    """Or the ledger would lock itself out: nobody could seal the very batch that adopts them."""
    (outcome,) = rotating.intake(*rotating.first).submit([rotating.adopting(*rotating.first, NEW)])
    assert isinstance(outcome, Refused)
    assert (outcome.refusal, outcome.expected) == (Refusal.KEY_UNKNOWN, "log_keys that this server holds")
    assert outcome.got in format_vkey(NEW.vkey)
    rotating.made.depositary.sequence -= 1
    assert rotating.log.head().tree_size == 5


def test_a_rotation_with_an_overlap(rotating: Rotating) -> None:
    intake = rotating.intake(*rotating.first, NEW, NEW_PQ)
    both = [*rotating.first, NEW, NEW_PQ]
    (overlap,) = rotating.submit(intake, rotating.adopting(*both))
    assert signed_by(parse_receipt(overlap.receipt).checkpoint_note) == ids(both)
    # Whoever pinned the old key learns of the new ones from a checkpoint that the old key signed.
    verify_receipt(parse_receipt(overlap.receipt), overlap.entry, rotating.made.origin, [rotating.made.log_signer.vkey])
    (alone,) = rotating.submit(intake, rotating.adopting(NEW, NEW_PQ))
    assert signed_by(parse_receipt(alone.receipt).checkpoint_note) == ids([NEW, NEW_PQ])
    (later,) = rotating.submit(rotating.intake(NEW, NEW_PQ), rotating.renaming())
    assert signed_by(parse_receipt(later.receipt).checkpoint_note) == ids([NEW, NEW_PQ])
    first = rotating.intake(NEW, NEW_PQ).first(overlap.event_id)
    assert first is not None
    assert first.receipt == overlap.receipt


def test_a_batch_is_sealed_with_the_keys_in_force_at_its_end(rotating: Rotating) -> None:
    intake = rotating.intake(*rotating.first, NEW)
    raws = [rotating.renaming(), rotating.adopting(*rotating.first, NEW), rotating.adopting(NEW), rotating.renaming()]
    sealed = rotating.submit(intake, *raws)
    assert {tuple(signed_by(parse_receipt(one.receipt).checkpoint_note)) for one in sealed} == {tuple(ids([NEW]))}


def test_a_running_process_with_the_old_keys_refuses_once_others_adopted_new_ones(rotating: Rotating) -> None:
    old = rotating.intake(*rotating.first)
    rotating.submit(rotating.intake(*rotating.first, NEW), rotating.adopting(NEW))
    before = rotating.log.head()
    raw = rotating.renaming()
    with pytest.raises(WrongLedger, match="expected every key of the log that is in force, found none for"):
        old.submit([raw])
    with pytest.raises(WrongLedger):
        old.require_own()
    assert rotating.log.head() == before
    rotating.submit(rotating.intake(NEW), raw)


def test_a_size_that_needs_a_retired_key_is_not_sealed_without_it(rotating: Rotating) -> None:
    running = rotating.intake(*rotating.first, NEW)
    broken = FailingModule(rotating.made.log_signer, failures=1)
    raw = rotating.renaming()
    with pytest.raises(SealingFailed):
        rotating.intake(broken, OLD_PQ).submit([raw])
    size = rotating.log.head().tree_size
    rotating.submit(running, rotating.adopting(NEW))
    assert rotating.log.checkpoint(size) is None
    with pytest.raises(SealingFailed, match="this process does not hold ledger"):
        rotating.intake(NEW).submit([raw])
    (healed,) = rotating.submit(rotating.intake(NEW, *rotating.first), raw)
    assert (healed.duplicate, healed.tree_size) == (True, size)
    assert signed_by(parse_receipt(healed.receipt).checkpoint_note) == ids(rotating.first)
