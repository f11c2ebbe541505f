"""The log's side: what is asked, and that nothing a witness says is believed that its keys do not say."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.log.cosignature import cosignature_line, ed25519_cosigner, verified_cosignatures
from ledger.log.errors import LogInvalid
from ledger.log.note import VerifierKey, parse_note, signature_line
from ledger.witness.asking import (
    LINES_MAX,
    Ahead,
    Alarm,
    AskAgain,
    BackOff,
    Cosigned,
    Heard,
    NoAnswer,
    Outcome,
    Question,
    Refused,
    WitnessState,
    next_question,
    taken,
)
from ledger.witness.protocol import SIZE_TYPE, TEXT_TYPE, format_add_checkpoint, parse_add_checkpoint
from ledger.witness.witness import Witness
from tests.witness.histories import Leaves, TwoFacedLog, leaves, proof
from tests.witness.witnesses import NAME, NOW, Made, text_of

FIVE, EIGHT = leaves(5), leaves(8)


def _asked(state: WitnessState, log: TwoFacedLog, history: Leaves, *, is_second: bool = False) -> Question:
    def prove(old_size: int, new_size: int) -> tuple[bytes, ...]:
        assert 0 < old_size < new_size == len(history)
        return proof(old_size, history)

    return next_question(state, log.note(history), prove, is_second=is_second)


def _answered(witness: Witness, question: Question) -> Heard:
    answer = witness.add_checkpoint(question.body)
    return Heard(answer.status, answer.content_type, answer.body)


def _round(state: WitnessState, log: TwoFacedLog, history: Leaves, witness: Witness) -> Outcome:
    question = _asked(state, log, history)
    return taken(state, question, _answered(witness, question))


def test_a_log_that_knows_nothing_learns_the_size_and_asks_again(made: Made, log: TwoFacedLog) -> None:
    made.witness.add_checkpoint(format_add_checkpoint(0, (), log.note(FIVE)))
    state = WitnessState(made.vkeys)
    first = _round(state, log, EIGHT, made.witness)
    assert first == AskAgain(replace(state, old_size=5))
    question = _asked(first.state, log, EIGHT, is_second=True)
    second = taken(first.state, question, _answered(made.witness, question))
    assert isinstance(second, Cosigned)
    assert second.state == WitnessState(made.vkeys, old_size=8, cosigned_size=8)
    assert second.timestamps == dict.fromkeys(made.vkeys, NOW)
    assert second.dropped == ()
    # The lines are such that the note with them verifies for everybody.
    note = parse_note(log.note(EIGHT) + b"".join(second.lines))
    assert verified_cosignatures(note, made.vkeys) == second.timestamps


def test_a_tree_that_rests_is_cosigned_anew(made: Made, log: TwoFacedLog) -> None:
    first = _round(WitnessState(made.vkeys), log, EIGHT, made.witness)
    made.clock.now += 3600
    second = _round(first.state, log, EIGHT, made.witness)
    assert isinstance(second, Cosigned)
    assert set(second.timestamps.values()) == {NOW + 3600}


def test_an_empty_tree_is_asked_about_without_a_proof(made: Made, log: TwoFacedLog) -> None:
    empty = _round(WitnessState(made.vkeys), log, (), made.witness)
    assert isinstance(empty, Cosigned)
    assert isinstance(_round(empty.state, log, FIVE, made.witness), Cosigned)


def test_a_witness_that_is_ahead_is_not_asked_again(made: Made, log: TwoFacedLog) -> None:
    made.witness.add_checkpoint(format_add_checkpoint(0, (), log.note(EIGHT)))
    outcome = _round(WitnessState(made.vkeys), log, FIVE, made.witness)
    assert isinstance(outcome, Ahead)
    assert outcome.witness_size == 8
    # The next question about the old tree is well-formed all the same, and about a new one it is right at once.
    assert parse_add_checkpoint(_asked(outcome.state, log, FIVE).body).old_size == 0
    assert isinstance(_round(outcome.state, log, leaves(9), made.witness), Cosigned)


def test_a_fork_raises_an_alarm(made: Made, log: TwoFacedLog) -> None:
    state = _round(WitnessState(made.vkeys), log, FIVE, made.witness).state
    for other in (leaves(5, "another story"), leaves(8, "another story")):
        outcome = _round(state, log, other, made.witness)
        assert isinstance(outcome, Alarm)
        assert "inconsistent" in outcome.reason
        assert outcome.state == state


def test_a_witness_that_lost_its_store_raises_an_alarm(made: Made, log: TwoFacedLog) -> None:
    state = _round(WitnessState(made.vkeys), log, EIGHT, made.witness).state
    outcome = taken(state, _asked(state, log, leaves(9)), Heard(409, SIZE_TYPE, b"5\n"))
    assert isinstance(outcome, Alarm)
    assert "size 5 after it cosigned size 8" in outcome.reason


@pytest.mark.parametrize("content_type", [TEXT_TYPE, "", "text/x.tlog.sizes", "application/json"])
def test_a_conflict_of_the_old_kind_raises_an_alarm(made: Made, log: TwoFacedLog, content_type: str) -> None:
    state = WitnessState(made.vkeys)
    outcome = taken(state, _asked(state, log, EIGHT), Heard(409, content_type, b"8\n"))
    assert isinstance(outcome, Alarm)
    assert "another tree of size 8" in outcome.reason


def test_there_is_no_third_question(made: Made, log: TwoFacedLog) -> None:
    state = WitnessState(made.vkeys, old_size=3)
    question = _asked(state, log, EIGHT, is_second=True)
    outcome = taken(state, question, Heard(409, SIZE_TYPE, b"4\n"))
    assert isinstance(outcome, BackOff)
    assert outcome.state.old_size == 4


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x\n",
        b"-1\n",
        b"05\n",
        b"5\n5\n",
        b"9223372036854775808\n",
        "\N{ARABIC-INDIC DIGIT FIVE}\n".encode(),
        b"9" * 60_000,
    ],
)
def test_a_size_that_is_none_is_not_taken(made: Made, log: TwoFacedLog, body: bytes) -> None:
    state = WitnessState(made.vkeys)
    outcome = taken(state, _asked(state, log, EIGHT), Heard(409, f"{SIZE_TYPE}; charset=utf-8", body))
    assert isinstance(outcome, BackOff)
    assert outcome.state == state
    assert len(outcome.reason) < 200


BUSY, UNWANTED = (429, 500, 503, 599), (400, 403, 404, 413, 301, 204, 100)


@pytest.mark.parametrize(("status", "kind"), [*((one, BackOff) for one in BUSY), *((one, Refused) for one in UNWANTED)])
def test_other_answers(made: Made, log: TwoFacedLog, status: int, kind: type[Outcome]) -> None:
    state = WitnessState(made.vkeys, 5, 5)
    outcome = taken(state, _asked(state, log, EIGHT), Heard(status, TEXT_TYPE, b"\x1b[2J words", 17.0))
    assert isinstance(outcome, kind)
    assert outcome.state == state
    if isinstance(outcome, BackOff):
        assert outcome.wait_s == 17.0
    if isinstance(outcome, BackOff | Refused):
        assert outcome.reason.isprintable()


def test_no_answer_changes_nothing(made: Made, log: TwoFacedLog) -> None:
    state = WitnessState(made.vkeys, 5, 5)
    assert taken(state, _asked(state, log, EIGHT), NoAnswer("refused")) == BackOff(state, "refused")


def test_lines_that_do_not_verify_are_dropped_and_told(made: Made, log: TwoFacedLog) -> None:
    state = WitnessState(made.vkeys)
    question = _asked(state, log, EIGHT)
    text = text_of(log.note(EIGHT))
    good, pq = (cosignature_line(cosigner, text, NOW) for cosigner in made.cosigners)
    stranger = ed25519_cosigner("witness.example/fr", bytes(32))
    namesake = ed25519_cosigner(NAME, bytes(32))
    bad = [
        cosignature_line(made.cosigners[0], text_of(log.note(FIVE)), NOW),
        signature_line(made.vkeys[1], bytes(2428)),
        signature_line(made.vkeys[0], bytes(3)),
        cosignature_line(stranger, text, NOW),
        cosignature_line(namesake, text, NOW),
        cosignature_line(made.cosigners[0], text, 0),
        signature_line(log.vkey, log.signer.sign(text)),
        cosignature_line(made.cosigners[0], text, NOW + 1),
        b"no line\n",
        b"\n",
    ]
    outcome = taken(state, question, Heard(200, TEXT_TYPE, b"".join([*bad[:7], good, pq, *bad[7:]])))
    assert isinstance(outcome, Cosigned)
    assert outcome.lines == (good, pq)
    assert outcome.timestamps == dict.fromkeys(made.vkeys, NOW)
    assert len(outcome.dropped) == len(bad)
    assert all(len(reason) < 400 and reason.isprintable() for reason in outcome.dropped)


def test_an_answer_without_a_line_that_verifies_is_none(made: Made, log: TwoFacedLog) -> None:
    state = WitnessState(made.vkeys)
    question = _asked(state, log, EIGHT)
    stranger = ed25519_cosigner("witness.example/fr", bytes(32))
    for body in (b"", b"\n" * 1000, cosignature_line(stranger, question.text, NOW), b"\xff\xfe", b"{}"):
        outcome = taken(state, question, Heard(200, TEXT_TYPE, body))
        assert isinstance(outcome, BackOff)
        assert outcome.state == state
        assert "no line by a key of the witness" in outcome.reason


def test_no_more_lines_are_read_than_the_limit(made: Made, log: TwoFacedLog) -> None:
    state = WitnessState(made.vkeys)
    question = _asked(state, log, EIGHT)
    good = cosignature_line(made.cosigners[0], question.text, NOW)
    stranger = cosignature_line(ed25519_cosigner("witness.example/fr", bytes(32)), question.text, NOW)
    assert isinstance(taken(state, question, Heard(200, TEXT_TYPE, stranger * (LINES_MAX - 1) + good)), Cosigned)
    outcome = taken(state, question, Heard(200, TEXT_TYPE, stranger * LINES_MAX + good))
    assert isinstance(outcome, BackOff)
    assert outcome.reason.endswith(f"what follows {LINES_MAX} lines")


def test_only_keys_that_cosign_can_be_configured(log: TwoFacedLog) -> None:
    keys: tuple[tuple[VerifierKey, ...], ...] = ((), (log.vkey,))
    for vkeys in keys:
        with pytest.raises(ValueError, match="keys of type 04 or 06"):
            WitnessState(vkeys)


def test_what_is_no_checkpoint_is_not_asked_about(made: Made) -> None:
    with pytest.raises(LogInvalid):
        next_question(WitnessState(made.vkeys), b"no note", lambda _old, _new: ())


@settings(max_examples=150, deadline=None)
@given(
    status=st.sampled_from([200, 409]), kind=st.sampled_from([SIZE_TYPE, TEXT_TYPE, ""]), body=st.binary(max_size=200)
)
def test_nothing_that_a_witness_answers_raises(status: int, kind: str, body: bytes) -> None:
    vkey = ed25519_cosigner(NAME, bytes(range(32))).vkey
    state = WitnessState((vkey,), 3, 3)
    question = Question(b"", b"ledger.example/compact\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", 5)
    for said in (body, b"\xe2\x80\x94 " + NAME.encode() + b" " + body, b"4\n" + body):
        assert not isinstance(taken(state, question, Heard(status, kind, said)), Cosigned)
