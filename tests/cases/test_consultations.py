"""The numbered cases about the clock: convene in 24 hours, decide in 72, and silence blocks nobody."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger.events.refusals import Refusal
from tests.world import PACT, Fields, World, day, signed_world

CLOCK = {"basis": "notification_received", "convene_within_hours": 24, "decide_within_hours": 72}
ATTACK = f"attack.{PACT}"


@pytest.fixture
def world() -> World:
    return signed_world(clock=CLOCK)


def decided(at: str, consultation: str = ATTACK, /, **fields: object) -> dict[str, object]:
    said = {"consultation": consultation, "decided_at": at, "decisions": ["military_support"], "statement": "We help."}
    return {**said, **fields}


def joined(at: str, consultation: str = ATTACK) -> dict[str, object]:
    return {"consultation": consultation, "joined_at": at, "level": "ministers"}


def convened(at: str, consultation: str = ATTACK) -> dict[str, object]:
    return {"consultation": consultation, "convened_at": at, "level": "heads_of_state"}


def test_an_aggression_opens_one_consultation_for_each_text_with_a_clock_that_binds_a_guarantor(world: World) -> None:
    bound = {"effect": "on_signature", "clock": CLOCK | {"convene_within_hours": 48}}
    world.registers("other", profile=bound)
    world.admit("de", "instrument.signed", instrument="other", occurred=day("2026-03-01"))
    world.registers("unsigned", profile=bound)
    world.registers("only-ua", profile=bound)
    world.admit("ua", "instrument.signed", instrument="only-ua", occurred=day("2026-03-01"))
    world.registers("without-clock")
    world.admit("de", "instrument.signed", instrument="without-clock", occurred=day("2026-03-01"))
    notified, *opened = world.at("2026-06-10T03:00:00.250000+00:00").attacked()
    assert [world.compact.locate(one) for one in opened] == ["consultation/attack.other", f"consultation/{ATTACK}"]
    first, second = world.consultation("attack.other").opened, world.consultation(ATTACK).opened
    assert (first.guarantors, second.guarantors) == (("de",), ("gb", "de", "fr"))
    assert (second.cause, second.basis) == (notified, "notification_received")
    assert second.t0 == world.now
    assert second.convene_by - second.t0 == timedelta(hours=24)
    assert second.decide_by is not None
    assert second.decide_by - second.t0 == timedelta(hours=72)
    assert first.convene_by - first.t0 == timedelta(hours=48)


def test_who_has_left_or_whose_text_has_ended_is_not_asked(world: World) -> None:
    world.at("2026-06-02").admit("gb", "instrument.withdrawal_notified", instrument=PACT)
    world.at("2027-06-01").attacked("before")
    world.at("2027-06-02").attacked("after")
    assert world.consultation(f"before.{PACT}").opened.guarantors == ("gb", "de", "fr")
    assert world.consultation(f"after.{PACT}").opened.guarantors == ("de", "fr")


@pytest.mark.parametrize("basis", ["attack", "breach"])
def test_a_clock_from_the_attack_runs_from_its_instant_where_that_is_stated(basis: str) -> None:
    world = signed_world(clock=CLOCK | {"basis": basis})
    world.at("2026-06-10").attacked("stated", began_at="2026-06-10T02:30:00Z")
    world.attacked("unknown")
    stated, unknown = (world.consultation(f"{one}.{PACT}").opened for one in ("stated", "unknown"))
    assert (stated.basis, stated.t0) == (basis, datetime(2026, 6, 10, 2, 30, tzinfo=UTC))
    assert (unknown.basis, unknown.t0) == ("notification_received", world.now)
    future = {"crisis": "future", "kind": "threat", "description": {}, "began_at": "2026-06-11T02:30:00Z"}
    assert world.refuse("ua", "aggression.notified", **future) == Refusal.FUTURE_FACT


def test_a_request_is_received_with_the_notification_whenever_the_attack_began() -> None:
    world = signed_world(clock=CLOCK | {"basis": "request_received"})
    world.at("2026-06-10").attacked(began_at="2026-06-01T00:00:00Z")
    opened = world.consultation(ATTACK).opened
    assert (opened.basis, opened.t0) == ("request_received", world.now)


def test_only_the_beneficiary_notifies_and_nobody_opens_a_consultation_by_hand(world: World) -> None:
    notified = {"crisis": "attack", "kind": "threat", "description": {"en": "A threat"}}
    assert world.refuse("gb", "aggression.notified", **notified) == Refusal.SIGNER_NOT_ENTITLED
    (event_id, _) = world.attacked()
    assert world.refuse("ua", "aggression.notified", **notified) == Refusal.ALREADY_EXISTS
    by_hand: Fields = {"consultation": f"other.{PACT}", "crisis": "other", "cause": event_id, "instrument": PACT}
    by_hand |= {
        "basis": "attack",
        "guarantors": ["gb"],
        "t0": "2026-06-01T00:00:00Z",
        "convene_by": "2026-06-02T00:00:00Z",
    }
    assert world.refuse("ua", "consultation.opened", **by_hand) == Refusal.SERVICE_KEY_ONLY


def test_what_was_forced_is_corrected_by_nobody(world: World) -> None:
    _, opened = world.attacked()
    corrected = {"act": opened, "field": "/note", "new": {"en": "Not so."}, "old": {}, "reason": "A doubt."}
    assert world.refuse("depositary", "act.corrected", **corrected) == Refusal.FIELD_NOT_CORRECTABLE
    assert world.refuse("ua", "act.corrected", **corrected) == Refusal.SIGNER_NOT_ENTITLED


def test_case_30_a_second_attack_has_a_clock_of_its_own_and_merging_keeps_both(world: World) -> None:
    world.at("2026-06-10").attacked("first")
    world.at("2026-06-11").attacked("second")
    one, two = f"first.{PACT}", f"second.{PACT}"
    before = [world.consultation(name).opened for name in (one, two)]
    assert before[1].t0 - before[0].t0 == timedelta(days=1)
    merged = {"consultation": two, "into": one}
    assert world.refuse("gb", "consultation.merged", **merged) == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("ua", "consultation.merged", **merged | {"into": two}) == Refusal.REFERENCE_UNKNOWN
    assert world.refuse("ua", "consultation.merged", **merged | {"into": f"third.{PACT}"}) == Refusal.REFERENCE_UNKNOWN
    world.admit("ua", "consultation.merged", **merged)
    assert [world.consultation(name).opened for name in (one, two)] == before
    assert world.consultation(two).merged_into == one
    assert world.refuse("ua", "consultation.merged", **merged) == Refusal.ALREADY_EXISTS
    assert world.refuse("ua", "consultation.merged", consultation=one, into=two) == Refusal.WRONG_STATE
    world.at("2026-06-12").admit("gb", "decision.taken", **decided("2026-06-12T12:00:00Z", two))
    assert world.consultation(two).answer("gb").standing == "decided"
    assert world.consultation(one).answer("gb").standing == "silent"


@pytest.mark.parametrize(
    ("notified", "convene_by", "decide_by"),
    [
        # The night in which clocks in Kyiv go forward, that in which they go back, a leap day and a year without one.
        ("2027-03-27T20:15:00", "2027-03-28T20:15:00", "2027-03-30T20:15:00"),
        ("2026-10-24T20:15:00", "2026-10-25T20:15:00", "2026-10-27T20:15:00"),
        ("2028-02-28T12:00:00", "2028-02-29T12:00:00", "2028-03-02T12:00:00"),
        ("2027-02-27T12:00:00", "2027-02-28T12:00:00", "2027-03-02T12:00:00"),
        ("2026-12-31T23:59:59", "2027-01-01T23:59:59", "2027-01-03T23:59:59"),
    ],
)
def test_case_31_hours_are_elapsed_hours_of_utc(world: World, notified: str, convene_by: str, decide_by: str) -> None:
    world.at(f"{notified}+00:00").attacked()
    opened = world.consultation(ATTACK).opened
    assert opened.convene_by == datetime.fromisoformat(f"{convene_by}+00:00")
    assert opened.decide_by == datetime.fromisoformat(f"{decide_by}+00:00")


def test_case_31_nobody_moves_a_deadline(world: World) -> None:
    _, opened = world.attacked()
    later = {"act": opened, "field": "/decide_by", "old": "2026-06-04T12:00:00Z", "new": "2026-06-05T12:00:00Z"}
    assert world.refuse("depositary", "act.corrected", **later, reason="x") == Refusal.FIELD_NOT_CORRECTABLE
    for desk in ("ua", "gb"):
        assert world.refuse(desk, "act.corrected", **later, reason="x") == Refusal.SIGNER_NOT_ENTITLED


def test_case_31_a_later_change_of_the_text_moves_no_deadline(world: World) -> None:
    world.at("2027-03-27T20:15:00+00:00").attacked()
    before = world.consultation(ATTACK).opened
    amended = world.admit(
        "gb",
        "instrument.amended",
        instrument=PACT,
        profile={"effect": "on_signature", "clock": CLOCK | {"basis": "attack"}},
    )
    for desk in ("ua", "de", "fr"):
        world.admit(desk, "consent.given", act=amended)
    assert world.consultation(ATTACK).opened == before
    world.attacked("next", began_at="2027-03-27T20:00:00Z")
    assert world.consultation(f"next.{PACT}").opened.basis == "attack"


def test_case_32_late_convening_no_decision_at_72_hours_and_one_guarantor_decided(world: World) -> None:
    world.at("2026-06-10T00:00:00+00:00").attacked()
    world.at("2026-06-11T06:00:00+00:00").admit("de", "consultation.convened", **convened("2026-06-11T00:00:01Z"))
    world.admit("de", "consultation.joined", **joined("2026-06-11T00:00:01Z"))
    world.admit("gb", "decision.taken", **decided("2026-06-11T05:00:00Z"))
    in_time, over = (world.consultation(ATTACK, f"2026-06-13T00:00:0{second}+00:00") for second in (0, 1))
    assert (over.is_convened_late, over.is_convening_missed) == (True, False)
    assert world.consultation(ATTACK, "2026-06-11T00:00:00+00:00").convened_at is None
    assert (in_time.missed, over.missed) == ((), ("de", "fr"))
    assert [one.standing for one in over.answers] == ["decided", "joined", "silent"]
    assert over.silent == ("fr",)
    world.at("2026-06-13T08:00:00+00:00").admit("de", "decision.taken", **decided("2026-06-13T00:00:01Z"))
    late = world.consultation(ATTACK)
    assert (late.answer("de").is_late, late.answer("gb").is_late, late.missed) == (True, False, ("fr",))
    assert world.consultation(ATTACK, "2026-06-13T00:00:00+00:00").missed == ()


def test_case_32_nobody_convened_is_seen_one_second_after_the_deadline(world: World) -> None:
    world.at("2026-06-10T00:00:00+00:00").attacked()
    missed = [world.consultation(ATTACK, f"2026-06-11T00:00:0{one}+00:00").is_convening_missed for one in (0, 1)]
    assert missed == [False, True]


def test_case_32_a_guarantor_answers_for_itself_once_bound_and_not_before_the_clock_begins(world: World) -> None:
    world.registers("bilateral", parties=["ua", "gb"], profile={"effect": "on_signature", "clock": CLOCK})
    world.admit("gb", "instrument.signed", instrument="bilateral", occurred=day("2026-03-01"))
    world.at("2026-06-10T00:00:00+00:00").attacked()
    world.at("2026-06-10T12:00:00+00:00")
    own = "attack.bilateral"
    assert world.refuse("de", "decision.taken", **decided("2026-06-10T10:00:00Z", own)) == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("ua", "decision.taken", **decided("2026-06-10T10:00:00Z", own)) == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("gb", "decision.taken", **decided("2026-06-09T23:59:59Z", own)) == Refusal.DATES_DISORDERED
    assert world.refuse("gb", "decision.taken", **decided("2026-06-11T10:00:00Z", own)) == Refusal.FUTURE_FACT
    assert world.refuse("gb", "consultation.joined", **joined("2026-06-10T12:30:00Z", own)) == Refusal.FUTURE_FACT
    assert world.refuse("gb", "decision.taken", **decided("2026-06-10T10:00:00Z", "no.no")) == Refusal.REFERENCE_UNKNOWN
    unknown = decided("2026-06-10T10:00:00Z", own, commitments=["none"])
    assert world.refuse("gb", "decision.taken", **unknown) == Refusal.REFERENCE_UNKNOWN
    # A meeting that was under way when the clock began may be held as the convening.
    world.admit("gb", "consultation.convened", **convened("2026-06-09T23:00:00Z", own))
    assert (
        world.refuse("gb", "consultation.convened", **convened("2026-06-10T01:00:00Z", own)) == Refusal.ALREADY_EXISTS
    )
    world.admit("gb", "consultation.joined", **joined("2026-06-10T10:00:00Z", own))
    assert world.refuse("gb", "consultation.joined", **joined("2026-06-10T11:00:00Z", own)) == Refusal.ALREADY_EXISTS


def test_case_32_declining_is_an_answer_and_a_closed_consultation_still_takes_decisions(world: World) -> None:
    world.at("2026-06-10T00:00:00+00:00").attacked()
    world.at("2026-06-11T00:00:00+00:00")
    declined = {"consultation": ATTACK, "decided_at": "2026-06-10T20:00:00Z", "statement": "Nothing more."}
    world.admit("fr", "decision.declined", **declined)
    assert world.refuse("fr", "decision.declined", **declined) == Refusal.ALREADY_EXISTS
    world.admit("gb", "decision.taken", **decided("2026-06-10T20:00:00Z"))
    assert world.refuse("gb", "decision.declined", **declined) == Refusal.WRONG_STATE
    closed = {"consultation": ATTACK, "reason": "Answered."}
    assert world.refuse("gb", "consultation.closed", **closed) == Refusal.SIGNER_NOT_ENTITLED
    world.admit("ua", "consultation.closed", **closed)
    assert world.refuse("ua", "consultation.closed", **closed) == Refusal.ALREADY_ENDED
    assert world.refuse("gb", "consultation.convened", **convened("2026-06-10T20:00:00Z")) == Refusal.ALREADY_ENDED
    world.admit("de", "decision.taken", **decided("2026-06-10T21:00:00Z"))
    answers = world.consultation(ATTACK).answers
    assert [one.standing for one in answers] == ["decided", "decided", "declined"]
    assert world.consultation(ATTACK, "2026-06-20T00:00:00+00:00").missed == ()
