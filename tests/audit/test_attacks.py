"""What an operator could do to the log, and how the auditor says so. Each test is named after the attack.

The logs are re-chained, re-treed and re-signed by the operator's own key wherever that key is enough: what is left to
stop it are the parties' signatures, their own chains and the rules.
"""

from datetime import timedelta
from hashlib import sha256

import pytest

from ledger.audit.audit import Pins
from ledger.audit.findings import Lie, Undecidable
from ledger.log.entry import parse_entry
from ledger.signing.signer import generate_ed25519
from tests.acts import ISSUED_AT, ORIGIN, Founding, Office, admission, founding, log_key, mandate, opening, principal
from tests.audit.logs import RECORDED_AT, STEP, Log, Recorder, audited, chained, checkpoint_over, lie_of, log_of


@pytest.fixture
def founded() -> Founding:
    return founding()


@pytest.fixture
def acts(founded: Founding) -> list[bytes]:
    """Ten acts that the honest ledger admits."""
    raws = list(founded.raws)
    for party, name in (("gb", "Britain"), ("de", "Germany"), ("gb", "Great Britain"), ("ua", "Ukraine"), ("gb", "UK")):
        raws.append(founded.offices[party].renaming(name))
    recorder = Recorder()
    assert [recorder.record(raw) for raw in raws] == [None] * 10
    return raws


@pytest.fixture
def honest(acts: list[bytes], founded: Founding) -> Log:
    return log_of(acts, founded.log_signer)


def signed_by_operator(founded: Founding, entries: list[bytes]) -> Log:
    """Return the log under a checkpoint of the log's real key: the operator has it."""
    return Log(tuple(entries), checkpoint_over(entries, founded.log_signer))


def test_an_honest_log_is_accepted(honest: Log, founded: Founding) -> None:
    result = audited(honest)
    assert result.checkpoint.tree_size == 10
    assert {proved.what: proved.count for proved in result.proved}["signatures"] == 10
    pinned = Pins((founded.log_signer.vkey,), sha256(honest.entries[0]).hexdigest())
    assert audited(honest, pinned).assumed == ()
    assert audited(honest).assumed != ()


# The chain and the tree.


def test_truncation(honest: Log) -> None:
    found = lie_of(honest.with_entries(honest.entries[:-1]))
    assert (found.lie, found.got) == (Lie.TREE_SIZE_WRONG, "9 entries")


def test_truncation_to_nothing(honest: Log) -> None:
    assert lie_of(honest.with_entries([])).lie is Lie.TREE_SIZE_WRONG


def test_reordering(honest: Log) -> None:
    entries = [*honest.entries[:5], honest.entries[6], honest.entries[5], *honest.entries[7:]]
    found = lie_of(honest.with_entries(entries))
    assert (found.lie, found.position, found.place) == (Lie.POSITION_WRONG, 6, "entry 6, byte 0")


def test_deletion(honest: Log) -> None:
    found = lie_of(honest.with_entries(honest.entries[:4] + honest.entries[5:]))
    assert (found.lie, found.position) == (Lie.POSITION_WRONG, 5)


def test_deletion_renumbered_and_rechained_under_the_old_checkpoint(honest: Log, acts: list[bytes]) -> None:
    # The beneficiary's only act is at position 9: no chain of any party has a gap.
    found = lie_of(Log(tuple(chained(acts[:8] + acts[9:])), honest.note))
    assert found.lie is Lie.TREE_SIZE_WRONG


def test_insertion(honest: Log, founded: Founding) -> None:
    late = chained([*(entry.envelope for entry in honest.entries_of()), founded.offices["fr"].renaming("France")])[-1]
    found = lie_of(honest.with_entries([*honest.entries, late]))
    assert (found.lie, found.position) == (Lie.TREE_SIZE_WRONG, 11)


def test_duplicated_entry(honest: Log) -> None:
    entries = [*honest.entries[:4], honest.entries[3], *honest.entries[4:]]
    found = lie_of(honest.with_entries(entries))
    assert (found.lie, found.position) == (Lie.POSITION_WRONG, 5)


def test_an_entry_replaced_and_the_rest_rechained(honest: Log, acts: list[bytes]) -> None:
    times = [RECORDED_AT + number * STEP for number in range(10)]
    times[4] += timedelta(microseconds=1)
    found = lie_of(Log(tuple(chained(acts, times)), honest.note))
    assert found.lie is Lie.ROOT_WRONG
    assert "checkpoint" in found.evidence


def test_backdated_recorded_at(acts: list[bytes], founded: Founding) -> None:
    times = [RECORDED_AT + number * STEP for number in range(10)]
    times[7] = times[6] - timedelta(microseconds=1)
    found = lie_of(log_of(acts, founded.log_signer, times))
    assert (found.lie, found.position) == (Lie.TIME_REVERSED, 8)


def test_an_entry_dated_before_its_act_was_issued(acts: list[bytes], founded: Founding) -> None:
    times = [ISSUED_AT - timedelta(days=1)] * 10
    found = lie_of(log_of(acts, founded.log_signer, times))
    assert (found.lie, found.position) == (Lie.NOT_ADMISSIBLE, 1)
    assert "future_fact" in found.got


# The checkpoint and the anchor.


def test_a_checkpoint_of_another_size(honest: Log, founded: Founding) -> None:
    for size in (9, 11):
        note = checkpoint_over(honest.entries, founded.log_signer, size=size)
        assert lie_of(Log(honest.entries, note)).lie is Lie.TREE_SIZE_WRONG


def test_a_checkpoint_signed_by_a_key_that_the_opening_does_not_name(honest: Log) -> None:
    found = lie_of(Log(honest.entries, checkpoint_over(honest.entries, log_key())))
    assert found.lie is Lie.CHECKPOINT_NOT_SIGNED


def test_a_checkpoint_with_a_line_that_nobody_can_verify(honest: Log) -> None:
    stranger = checkpoint_over(honest.entries, log_key()).rpartition(b"\n\n")[2]
    found = lie_of(Log(honest.entries, honest.note + stranger))
    assert found.lie is Lie.CHECKPOINT_NOT_SIGNED


def test_a_checkpoint_with_its_line_twice(honest: Log) -> None:
    line = honest.note.rpartition(b"\n\n")[2]
    assert lie_of(Log(honest.entries, honest.note + line)).lie is Lie.CHECKPOINT_NOT_SIGNED


def test_a_checkpoint_that_is_no_note(honest: Log) -> None:
    assert lie_of(Log(honest.entries, b"")).lie is Lie.CHECKPOINT_MALFORMED


def test_foreign_origin_of_the_checkpoint(honest: Log) -> None:
    signer = log_key("elsewhere.example/compact")
    note = checkpoint_over(honest.entries, signer, origin="elsewhere.example/compact")
    assert lie_of(Log(honest.entries, note)).lie is Lie.CHECKPOINT_NOT_SIGNED


def test_foreign_origin_of_an_act(founded: Founding) -> None:
    gb = founded.offices["gb"]
    abroad = Office("gb", gb.authority, "elsewhere.example/compact", gb.signers)
    found = lie_of(log_of([*founded.raws, abroad.renaming()], founded.log_signer))
    assert (found.lie, found.position) == (Lie.SIGNATURE_INVALID, 6)
    assert "ledger_mismatch" in found.got


def test_a_whole_log_made_up_by_the_operator_is_told_by_a_pin(honest: Log, founded: Founding) -> None:
    """Without a pin a made-up log agrees with itself, and the report says that the anchor was believed."""
    made_up = founding()
    log = log_of(made_up.raws, made_up.log_signer)
    assert audited(log).assumed != ()
    assert lie_of(log, Pins(anchor=sha256(honest.entries[0]).hexdigest())).lie is Lie.ANCHOR_WRONG
    assert lie_of(log, Pins((founded.log_signer.vkey,))).lie is Lie.CHECKPOINT_NOT_SIGNED


def test_one_of_two_pinned_keys_did_not_sign(honest: Log, founded: Founding) -> None:
    pins = Pins((founded.log_signer.vkey, log_key().vkey))
    assert lie_of(honest, pins).lie is Lie.CHECKPOINT_NOT_SIGNED


def test_a_log_that_does_not_begin_with_an_opening(acts: list[bytes], founded: Founding) -> None:
    found = lie_of(log_of(acts[1:], founded.log_signer))
    assert (found.lie, found.position) == (Lie.ANCHOR_WRONG, 1)


def test_a_second_opening(acts: list[bytes], founded: Founding) -> None:
    usurper = principal("depositary")
    second = opening(usurper, [log_key()], generate_ed25519())
    found = lie_of(log_of([*acts, second], founded.log_signer))
    assert (found.lie, found.position) == (Lie.ANCHOR_WRONG, 11)


def test_an_empty_log_is_not_a_clean_audit(founded: Founding) -> None:
    with pytest.raises(Undecidable, match="nothing to audit"):
        audited(log_of([], founded.log_signer))


# An older checkpoint.


def test_history_rewritten_since_an_older_checkpoint(acts: list[bytes], founded: Founding) -> None:
    times = [RECORDED_AT + number * STEP for number in range(10)]
    before = log_of(acts[:6], founded.log_signer, times[:6])
    times[5] += timedelta(seconds=1)
    rewritten = log_of(acts, founded.log_signer, times)
    audited(rewritten)
    found = lie_of(rewritten, Pins(since=before.note))
    assert found.lie is Lie.HISTORY_REWRITTEN
    assert found.evidence["older_checkpoint"] != found.evidence["checkpoint"]


def test_a_log_that_grew_holds_its_older_checkpoint(honest: Log, acts: list[bytes], founded: Founding) -> None:
    for size in range(1, 11):
        before = log_of(acts[:size], founded.log_signer)
        assert audited(honest, Pins(since=before.note)).proved[-1].count == size


def test_a_log_rolled_back_behind_an_older_checkpoint(honest: Log, acts: list[bytes], founded: Founding) -> None:
    rolled_back = log_of(acts[:9], founded.log_signer)
    audited(rolled_back)
    assert lie_of(rolled_back, Pins(since=honest.note)).lie is Lie.HISTORY_REWRITTEN


def test_an_older_checkpoint_of_another_log(honest: Log) -> None:
    other = checkpoint_over(honest.entries, log_key("elsewhere.example/x"), origin="elsewhere.example/x")
    assert lie_of(honest, Pins(since=other)).lie is Lie.HISTORY_REWRITTEN


@pytest.mark.parametrize("size", [None, 0])
def test_an_older_checkpoint_that_says_nothing_decides_nothing(
    honest: Log, founded: Founding, size: int | None
) -> None:
    since = b"no note" if size is None else log_of([], founded.log_signer).note
    with pytest.raises(Undecidable):
        audited(honest, Pins(since=since))


# The acts.


def test_an_act_forged_by_the_operator_with_its_own_key(founded: Founding) -> None:
    forger = principal("gb")
    found = lie_of(log_of([*founded.raws, forger.renaming("Airstrip One")], founded.log_signer))
    assert (found.lie, found.position) == (Lie.SIGNATURE_INVALID, 6)
    assert "key_unknown" in found.got


def test_a_payload_changed_under_its_signature(acts: list[bytes], founded: Founding) -> None:
    envelope = acts[5].replace(b'"sig":"', b'"sig":"A', 1)
    found = lie_of(log_of([*acts[:5], envelope, *acts[6:]], founded.log_signer))
    assert (found.lie, found.position) == (Lie.ENVELOPE_INVALID, 6)


def test_another_act_under_the_signature_of_the_first(acts: list[bytes], founded: Founding) -> None:
    first, second = parse_payload(acts[5]), parse_payload(acts[7])
    found = lie_of(log_of([*acts[:5], acts[5].replace(first, second), *acts[6:]], founded.log_signer))
    assert (found.lie, found.position) == (Lie.SIGNATURE_INVALID, 6)
    assert "signature_invalid" in found.got


def parse_payload(envelope: bytes) -> bytes:
    return envelope.split(b'"payload":"')[1].split(b'"')[0]


def test_the_same_act_twice(acts: list[bytes], founded: Founding) -> None:
    found = lie_of(log_of([*acts, acts[6]], founded.log_signer))
    assert (found.lie, found.position) == (Lie.EVENT_REPEATED, 11)


def test_an_act_of_a_party_dropped_leaves_a_gap_in_its_own_chain(acts: list[bytes], founded: Founding) -> None:
    """Everything else is in order: positions, hash chain, tree and checkpoint were made anew."""
    found = lie_of(log_of(acts[:7] + acts[8:], founded.log_signer))
    assert (found.lie, found.position) == (Lie.SEQUENCE_BROKEN, 9)
    assert "act 2 of gb/principal" in found.expected


def test_acts_of_a_party_in_another_order(acts: list[bytes], founded: Founding) -> None:
    swapped = [*acts[:5], acts[7], acts[6], acts[5], *acts[8:]]
    found = lie_of(log_of(swapped, founded.log_signer))
    assert (found.lie, found.position) == (Lie.SEQUENCE_BROKEN, 6)


def test_an_act_that_follows_another_history(founded: Founding) -> None:
    """The number is right, but it was signed after an act that the log does not hold."""
    gb = founded.offices["gb"]
    gb.renaming("in a history that was never shown")
    unseen = gb.previous
    gb.sequence = 0
    shown = gb.renaming("in the one that is shown")
    gb.previous = unseen
    found = lie_of(log_of([*founded.raws, shown, gb.renaming()], founded.log_signer))
    assert (found.lie, found.position) == (Lie.SEQUENCE_BROKEN, 6)


def test_a_revoked_key_used_after_its_revocation(founded: Founding) -> None:
    gb, ministry = founded.offices["gb"], principal("gb")
    ministry.authority = "gb/ministry"
    granted = mandate(gb, ministry)
    used = ministry.renaming("while in office")
    revoked = gb.act("authority.revoked", revoked=ministry.authority, reason="left_office")
    again = ministry.renaming("after leaving it")
    audited(log_of([*founded.raws, granted, used, revoked], founded.log_signer))
    found = lie_of(log_of([*founded.raws, granted, used, revoked, again], founded.log_signer))
    assert (found.lie, found.position) == (Lie.NOT_ADMISSIBLE, 9)
    assert "authority_revoked" in found.got


def test_an_act_before_its_signer_was_admitted(founded: Founding) -> None:
    early = founded.offices["fr"].renaming()
    found = lie_of(log_of([*founded.raws[:4], early, founded.raws[4]], founded.log_signer))
    assert (found.lie, found.position) == (Lie.SIGNATURE_INVALID, 5)
    assert "authority_unknown" in found.got


def test_an_act_that_the_rules_would_have_refused(founded: Founding) -> None:
    meddling = founded.offices["gb"].renaming("Vassal", subject="de")
    found = lie_of(log_of([*founded.raws, meddling], founded.log_signer))
    assert (found.lie, found.position) == (Lie.NOT_ADMISSIBLE, 6)
    assert "signer_not_entitled" in found.got


def test_a_party_that_admits_another(founded: Founding) -> None:
    upstart = admission(founded.offices["gb"], principal("xx"))
    found = lie_of(log_of([*founded.raws, upstart], founded.log_signer))
    assert (found.lie, found.position) == (Lie.NOT_ADMISSIBLE, 6)


def test_an_act_signed_by_the_service_key_that_no_rule_forces(founded: Founding) -> None:
    service = Office("depositary", "depositary/service", ORIGIN, (founded.service,))
    found = lie_of(log_of([*founded.raws, service.renaming("Owner")], founded.log_signer))
    assert (found.lie, found.position) == (Lie.NOT_ADMISSIBLE, 6)
    assert "service_key_only" in found.got


def test_the_evidence_of_a_lie_is_the_entry_itself(acts: list[bytes], founded: Founding) -> None:
    log = log_of([*acts, acts[6]], founded.log_signer)
    found = lie_of(log)
    assert found.evidence["entry"].encode() == log.entries[10]
    assert found.evidence["previous_entry_sha256"] == parse_entry(log.entries[9]).sha256
