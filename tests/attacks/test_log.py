"""Attacks on the log as a whole: its entries, their order, their times, its end."""

from datetime import timedelta
from hashlib import sha256

from ledger.audit.audit import Pins
from tests.attacks.stage import Stage, receipt_of, staged
from tests.attacks.table import shows
from tests.audit.logs import audited, lie_of
from tests.audit.test_attacks import parse_payload


@shows(
    "rewrite an act",
    does="other words under a party's signature; chain, tree and checkpoint made anew",
    found_by="`gledger audit`",
    evidence="none: the party's key is in the log",
    says="signature_invalid",
)
def test_an_act_rewritten(stage: Stage) -> str:
    entered = stage.entered
    mine, other = stage.index_of("commitment.made"), stage.index_of("delivery.recorded")
    raw, at = entered[mine]
    entered[mine] = (raw.replace(parse_payload(raw), parse_payload(entered[other][0])), at)
    found = lie_of(stage.sealed(entered))
    assert found.position == mine + 1
    return found.lie


@shows(
    "reorder",
    does="two acts of different parties change places",
    found_by="`gledger audit`",
    evidence="none: the rules do not admit the acts in that order",
    says="not_admissible",
)
def test_acts_in_an_order_that_the_rules_refuse(stage: Stage) -> str:
    entered = stage.entered
    one, other = stage.index_of("delivery.recorded"), stage.index_of("delivery.acknowledged")
    (first, first_at), (second, second_at) = entered[one], entered[other]
    entered[one], entered[other] = (second, first_at), (first, second_at)
    return lie_of(stage.sealed(entered)).lie


@shows(
    "reorder",
    does="two acts change places that could have come in either order",
    found_by="`gledger audit --since`",
    evidence="one receipt or checkpoint from before, of anybody",
    says="history_rewritten",
)
def test_acts_in_another_order_that_the_rules_admit(stage: Stage) -> str:
    entered = stage.entered
    one, other = stage.index_of("instrument.signed", "de"), stage.index_of("instrument.signed", "fr")
    (first, first_at), (second, second_at) = entered[one], entered[other]
    entered[one], entered[other] = (second, first_at), (first, second_at)
    rewritten = stage.sealed(entered)
    audited(rewritten)
    receipt, _ = receipt_of(stage.honest, 3)
    return lie_of(rewritten, Pins(since=receipt)).lie


@shows(
    "delete",
    does="an entry is taken out, the rest stays as it is",
    found_by="`gledger audit`",
    evidence="none",
    says="position_wrong",
)
def test_an_entry_deleted(stage: Stage) -> str:
    honest = stage.honest
    return lie_of(honest.with_entries(honest.entries[:4] + honest.entries[5:])).lie


@shows(
    "insert",
    does="an act that a party signed later is put in before others",
    found_by="`gledger audit`",
    evidence="none: the party's own acts are numbered",
    says="sequence_broken",
)
def test_an_act_inserted(stage: Stage) -> str:
    entered = stage.entered
    later = entered.pop(stage.index_of("delivery.recorded"))
    before = stage.index_of("commitment.made")
    entered.insert(before, (later[0], entered[before][1]))
    return lie_of(stage.sealed(entered)).lie


@shows(
    "truncate",
    does="the last entries are cut off under the old checkpoint",
    found_by="`gledger audit`",
    evidence="none",
    says="tree_size_wrong",
)
def test_the_end_cut_off(stage: Stage) -> str:
    honest = stage.honest
    return lie_of(honest.with_entries(honest.entries[:-1])).lie


@shows(
    "truncate",
    does="the last entries are cut off and a checkpoint is signed over the rest",
    found_by="`gledger audit --since`",
    evidence="one receipt or checkpoint of the longer log",
    says="history_rewritten",
)
def test_the_end_cut_off_and_signed(stage: Stage) -> str:
    shorter = stage.sealed(stage.entered[:-1])
    audited(shorter)
    receipt, _ = receipt_of(stage.honest, len(stage.entered))
    return lie_of(shorter, Pins(since=receipt)).lie


@shows(
    "backdate",
    does="an entry is dated before the one before it",
    found_by="`gledger audit`",
    evidence="none",
    says="time_reversed",
)
def test_an_entry_backdated(stage: Stage) -> str:
    entered = stage.entered
    raw, _ = entered[-1]
    entered[-1] = (raw, entered[-2][1] - timedelta(microseconds=1))
    return lie_of(stage.sealed(entered)).lie


@shows(
    "backdate",
    does="all entries since a day are dated a day earlier, in order",
    found_by="`gledger audit`",
    evidence="none: an act is dated before its signer dated it",
    says="not_admissible",
)
def test_the_whole_log_backdated(stage: Stage) -> str:
    entered = [(raw, at - timedelta(days=1)) for raw, at in stage.entered]
    return lie_of(stage.sealed(entered)).lie


@shows(
    "re-sign by the operator",
    does="an entry is dated a second later, and everything from it on chained, hashed and signed anew",
    found_by="`gledger audit --since`",
    evidence="one receipt or checkpoint from before",
    says="history_rewritten",
)
def test_history_signed_anew(stage: Stage) -> str:
    entered = stage.entered
    raw, at = entered[-1]
    entered[-1] = (raw, at + timedelta(seconds=1))
    rewritten = stage.sealed(entered)
    audited(rewritten)
    receipt, _ = receipt_of(stage.honest, 9)
    return lie_of(rewritten, Pins(since=receipt)).lie


@shows(
    "re-sign by the operator",
    does="a whole log is made up, with other parties' keys in it",
    found_by="`gledger audit --anchor` or `--vkey`",
    evidence="the SHA-256 of entry 1 or the log's key, as the depositary published it",
    says="anchor_wrong",
)
def test_a_log_made_up(stage: Stage) -> str:
    made_up = staged().honest
    audited(made_up)
    return lie_of(made_up, Pins(anchor=sha256(stage.honest.entries[0]).hexdigest())).lie
