"""What a submitter is told: receipts, duplicates, conflicts, refusals, and the same answer for ever."""

from datetime import datetime

import pytest

from ledger.events.refusals import Refusal, Refused
from ledger.intake.errors import WrongLedger
from ledger.intake.intake import BATCH_MAX, Intake
from ledger.intake.outcomes import Conflict, Sealed
from ledger.log.entry import parse_entry
from ledger.log.receipt import parse_receipt
from ledger.signing.dsse import envelope_bytes, parse
from ledger.signing.signer import generate_ed25519
from ledger.store.log import StoredLog
from tests.acts import ISSUED_AT, Founding, Office, admission, founding, log_key, mandate, new_id, opening, principal
from tests.intake.ledgers import Ledger, at, found
from tests.postgres import ask


def test_the_founding_acts_get_receipts_at_the_size_of_their_batch(ledger: Ledger) -> None:
    assert [one.position for one in ledger.given] == [1, 2, 3, 4, 5]
    assert {parse_receipt(one.receipt).checkpoint_note for one in ledger.given} == {ledger.log.checkpoint()}
    assert ledger.log.head().tree_size == 5


def test_the_envelope_stands_in_the_entry_as_it_was_received(ledger: Ledger) -> None:
    raw = ledger.office("gb").renaming()
    assert parse_entry(ledger.admitted(raw).entry).envelope == raw


def test_the_same_bytes_get_the_first_receipt_for_ever(ledger: Ledger) -> None:
    raw = ledger.office("gb").renaming()
    first = ledger.admitted(raw)
    assert not first.duplicate
    ledger.admitted(ledger.office("de").renaming())
    for _ in range(2):
        again = ledger.admitted(raw)
        assert again.duplicate
        assert (again.position, again.entry, again.receipt) == (first.position, first.entry, first.receipt)
    with StoredLog(ledger.database_url) as log:
        (elsewhere,) = Intake(
            log, ledger.founding.origin, [ledger.founding.log_signer], ledger.founding.service
        ).submit([raw])
    assert elsewhere == again
    assert ledger.log.head().tree_size == 7


def test_the_same_payload_in_another_envelope_is_the_same_act(stored_log: StoredLog, database_url: str) -> None:
    ledger = found(stored_log, database_url)
    office = principal("pl", keys=2)
    ledger.submit(admission(ledger.depositary, office))
    payload = office.payload("party.renamed", subject="pl", names=[{"language": "en", "name": "Poland"}])
    both = office.signed(payload)
    one = envelope_bytes(payload, parse(both).signatures[:1])
    first, second = ledger.admitted(both), ledger.admitted(one)
    assert second.duplicate
    assert second.receipt == first.receipt
    ledger.check()


def test_another_payload_under_a_taken_id_is_a_conflict_and_both_are_kept(ledger: Ledger) -> None:
    event_id, office = new_id(), ledger.office("gb")
    fields = {"subject": "gb", "names": [{"language": "en", "name": "Second"}]}
    other = office.proposed("party.renamed", event_id=event_id, **fields)
    first = ledger.admitted(office.act("party.renamed", event_id=event_id, subject="gb", names=[]))
    for _ in range(2):
        outcome = ledger.one(other)
        assert isinstance(outcome, Conflict)
        assert outcome.refused.refusal is Refusal.EVENT_ID_CONFLICT
        assert (outcome.first.position, outcome.first.receipt) == (first.position, first.receipt)
    assert ledger.log.conflicts(event_id) == [other]
    assert ledger.log.entry(first.position) == first.entry


def test_evidence_of_one_id_is_bounded_and_still_answered(ledger: Ledger) -> None:
    event_id, office = new_id(), ledger.office("gb")
    others = [
        office.proposed("party.renamed", event_id=event_id, subject="gb", names=[{"language": "en", "name": str(nth)}])
        for nth in range(10)
    ]
    ledger.admitted(office.act("party.renamed", event_id=event_id, subject="gb", names=[]))
    assert all(isinstance(outcome, Conflict) for outcome in ledger.submit(*others))
    assert len(ledger.log.conflicts(event_id)) == 4


def test_a_forged_signature_under_a_taken_id_is_no_conflict(ledger: Ledger) -> None:
    event_id, office = new_id(), ledger.office("gb")
    forger = Office("gb", "gb/principal", signers=(generate_ed25519(),), sequence=office.sequence)
    forged = forger.act("party.renamed", event_id=event_id, subject="gb", names=[{"language": "en", "name": "Forged"}])
    ledger.admitted(office.act("party.renamed", event_id=event_id, subject="gb", names=[]))
    outcome = ledger.one(forged)
    assert isinstance(outcome, Refused)
    assert outcome.refusal is Refusal.KEY_UNKNOWN
    assert ledger.log.conflicts(event_id) == []


def test_duplicates_and_conflicts_within_one_batch(ledger: Ledger) -> None:
    event_id, office = new_id(), ledger.office("gb")
    other = office.proposed("party.renamed", event_id=event_id, subject="gb", names=[{"language": "en", "name": "B"}])
    raw = office.act("party.renamed", event_id=event_id, subject="gb", names=[])
    first, duplicate, conflict = ledger.submit(raw, raw, other)
    assert isinstance(first, Sealed)
    assert isinstance(duplicate, Sealed)
    assert isinstance(conflict, Conflict)
    assert (first.duplicate, duplicate.duplicate) == (False, True)
    assert first.receipt == duplicate.receipt == conflict.first.receipt
    assert ledger.log.head().tree_size == 6


def test_outcomes_come_in_the_order_of_submission_and_refusals_leave_nothing(ledger: Ledger) -> None:
    gb, de = ledger.office("gb"), ledger.office("de")
    stranger = principal("xx")
    gap = de.proposed("party.renamed", subject="de", names=[])
    raws = [b"{", gb.renaming(), stranger.renaming(), gap, de.renaming(), gap]
    outcomes = ledger.submit(*raws)
    codes = [one.refusal if isinstance(one, Refused) else None for one in outcomes]
    assert codes[0] is Refusal.NOT_JSON
    assert codes[2] is Refusal.AUTHORITY_UNKNOWN
    assert isinstance(outcomes[1], Sealed)
    # The proposal took the place of the act that was signed after it.
    assert isinstance(outcomes[3], Sealed)
    assert codes[4] is Refusal.SEQUENCE_MISMATCH
    assert isinstance(outcomes[5], Sealed)
    assert outcomes[5].duplicate
    assert ledger.log.head().tree_size == 7
    before = ledger.log.head()
    assert all(isinstance(one, Refused) for one in ledger.submit(b"", b"[]", stranger.renaming()))
    assert ledger.log.head() == before


def test_an_authority_that_is_granted_earlier_in_the_batch_may_sign_later_in_it(ledger: Ledger) -> None:
    gb = ledger.office("gb")
    ministry = Office("gb", "gb/defence")
    early = ministry.proposed("party.renamed", subject="gb", names=[])
    granted = mandate(gb, ministry, "party.*")
    refused, grant, act = ledger.submit(early, granted, ministry.renaming())
    assert isinstance(refused, Refused)
    assert refused.refusal is Refusal.AUTHORITY_UNKNOWN
    assert isinstance(grant, Sealed)
    assert isinstance(act, Sealed)


def test_a_whole_ledger_in_one_batch_with_acts_of_its_new_parties(stored_log: StoredLog, database_url: str) -> None:
    acts = founding()
    intake = Intake(stored_log, acts.origin, [acts.log_signer], acts.service)
    ledger = Ledger(database_url, stored_log, acts, intake)
    outcomes = ledger.submit(*acts.raws, acts.offices["gb"].renaming(), acts.offices["gb"].renaming())
    assert [one.position for one in outcomes if isinstance(one, Sealed)] == [1, 2, 3, 4, 5, 6, 7]
    assert ledger.check() == 7


def test_a_revocation_contests_acts_of_earlier_batches_and_of_its_own(ledger: Ledger) -> None:
    gb, ministry = ledger.office("gb"), Office("gb", "gb/defence")
    ledger.submit(mandate(gb, ministry), ministry.renaming("Early"))
    revoked = gb.act(
        "authority.revoked",
        revoked="gb/defence",
        reason="compromised",
        contested_since=ISSUED_AT.isoformat()[:19] + "Z",
    )
    outcomes = ledger.submit(ministry.renaming("Late"), revoked, ministry.renaming("Too late"))
    assert [isinstance(one, Sealed) for one in outcomes] == [True, True, False]
    assert ask(ledger.database_url, "SELECT convert_from(state, 'UTF8') FROM streams WHERE name = 'party/gb'")
    record = ledger.log.state("party/gb")
    assert record is not None
    contested = [act.contested for act in record.history.acts]  # type: ignore[union-attr]
    assert contested == [False, True, True]


def test_an_entry_is_never_dated_before_the_one_before(stored_log: StoredLog, database_url: str) -> None:
    acts = founding()
    times = [at(30, 5), at(10), at(30, 6), at(59)]
    intake = Intake(stored_log, acts.origin, [acts.log_signer], acts.service, now=lambda: times.pop(0))
    ledger = Ledger(database_url, stored_log, acts, intake)
    for raw in acts.raws[:4]:
        ledger.admitted(raw)
    recorded = [parse_entry(entry).recorded_at for entry in stored_log.entries(0, 10)]
    assert recorded == [at(30, 5), at(30, 5), at(30, 6), at(59)]
    assert stored_log.head().recorded_at == at(59)
    ledger.check()


def test_a_clock_without_a_zone_is_a_programming_error_and_writes_nothing(stored_log: StoredLog) -> None:
    acts = founding()
    naive = datetime(2026, 2, 1)  # noqa: DTZ001  # what must not pass
    intake = Intake(stored_log, acts.origin, [acts.log_signer], acts.service, now=lambda: naive)
    with pytest.raises(ValueError, match="zone"):
        intake.submit(acts.raws[:1])
    assert stored_log.head().tree_size == 0


def test_an_intake_of_another_origin_is_refused_at_start(ledger: Ledger) -> None:
    other = "ledger.example/other"
    with pytest.raises(WrongLedger, match=f"expected the ledger {other}"):
        Intake(ledger.log, other, [log_key(other)], ledger.founding.service)


def test_a_key_that_bears_another_name_is_refused_at_start(stored_log: StoredLog) -> None:
    with pytest.raises(WrongLedger, match="expected a key of the log named"):
        Intake(stored_log, "ledger.example/compact", [log_key("ledger.example/other")], generate_ed25519())


def test_a_key_that_the_opening_does_not_name_is_refused_at_start(ledger: Ledger) -> None:
    with pytest.raises(WrongLedger, match="expected every key of the log that is in force, found none for ledger"):
        Intake(ledger.log, ledger.founding.origin, [log_key()], ledger.founding.service)


def test_a_key_that_the_opening_does_not_name_is_refused_when_somebody_else_opens(stored_log: StoredLog) -> None:
    acts = founding()
    stranger = Intake(stored_log, acts.origin, [log_key()], acts.service)
    Intake(stored_log, acts.origin, [acts.log_signer], acts.service).submit(acts.raws[:1])
    with pytest.raises(WrongLedger):
        stranger.submit(acts.raws[1:2])
    assert stored_log.head().tree_size == 1


def test_an_opening_around_other_keys_of_the_log_is_refused(stored_log: StoredLog) -> None:
    acts = founding()
    raw = opening(principal("depositary"), [log_key()], generate_ed25519())
    (outcome,) = Intake(stored_log, acts.origin, [acts.log_signer], acts.service).submit([raw])
    assert isinstance(outcome, Refused)
    assert outcome.refusal is Refusal.KEY_UNKNOWN
    assert stored_log.head().tree_size == 0


def test_an_act_for_another_ledger_is_refused(ledger: Ledger) -> None:
    office = ledger.office("gb")
    abroad = Office("gb", "gb/principal", "ledger.example/other", office.signers, sequence=office.sequence)
    outcome = ledger.one(abroad.renaming())
    assert isinstance(outcome, Refused)
    assert outcome.refusal is Refusal.LEDGER_MISMATCH


def test_before_the_opening_nothing_else_is_admitted(stored_log: StoredLog) -> None:
    acts: Founding = founding()
    outcomes = Intake(stored_log, acts.origin, [acts.log_signer], acts.service).submit(acts.raws[1:3])
    assert [one.refusal for one in outcomes if isinstance(one, Refused)] == [Refusal.AUTHORITY_UNKNOWN] * 2


def test_the_first_receipt_can_be_asked_for_by_id(ledger: Ledger) -> None:
    raw = ledger.office("gb").renaming()
    first = ledger.admitted(raw)
    ledger.admitted(ledger.office("de").renaming())
    again = ledger.intake.first(first.event_id)
    assert again is not None
    assert (again.receipt, again.entry) == (first.receipt, first.entry)
    assert ledger.intake.first(new_id()) is None


def test_a_batch_of_five_megabytes_passes(ledger: Ledger) -> None:
    """psycopg's pipeline hung on parameters of a megabyte and more; there is none on this way."""
    note = {"en": "x" * 4000, "uk": "y" * 4000, "de": "z" * 4000, "fr": "w" * 4000}
    office = ledger.office("gb")
    raws = [office.act("party.renamed", subject="gb", names=[], note=note) for _ in range(240)]
    assert sum(map(len, raws)) > 5_000_000
    outcomes = ledger.submit(*raws)
    assert all(isinstance(one, Sealed) for one in outcomes)


def test_too_many_at_once_are_refused_before_anything_is_done(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="at most"):
        ledger.intake.submit([b""] * (BATCH_MAX + 1))
    assert ledger.intake.submit([]) == []
