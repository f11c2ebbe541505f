"""The numbered cases about texts, parties and offices: who is bound, since when, and who may say so."""

from datetime import date

import pytest

from ledger.events.refusals import Refusal
from tests.cases.figures import owed
from tests.world import PACT, World, day, money, once, signed_world, terms


@pytest.fixture
def world() -> World:
    return signed_world()


def test_case_19_a_renamed_party_keeps_its_id_and_its_old_signatures(world: World) -> None:
    made = world.commits()
    names = [{"language": "en", "name": "United Realm", "since": "2026-05-01"}]
    world.admit("gb", "party.renamed", subject="gb", names=names)
    renamed = world.party("gb")
    assert renamed.name("en", date(2026, 4, 30)) == "State of GB"
    assert renamed.name("en", date(2026, 5, 1)) == "United Realm"
    assert world.standing(made) == "effective"
    assert world.refuse("de", "party.renamed", subject="gb", names=names) == Refusal.SIGNER_NOT_ENTITLED


def test_case_20_a_successor_performs_in_the_place_of_its_predecessor(world: World) -> None:
    world.commits()
    fields = {"delivery": "d-1", "commitment": "c-1", "milestone": "handed_over", "occurred": day("2026-05-01")}
    lines = [{"line": 1, "object": money("10.00")}]
    assert world.refuse("de", "delivery.recorded", **fields, lines=lines) == Refusal.SIGNER_NOT_ENTITLED
    declared = world.admit("de", "party.succeeded", predecessor="gb")
    assert world.pending_on(declared) == ("depositary",)
    assert world.refuse("de", "delivery.recorded", **fields, lines=lines) == Refusal.SIGNER_NOT_ENTITLED
    world.admit("depositary", "consent.given", act=declared)
    assert (world.party("gb").succeeded_by, world.party("de").predecessors) == ("de", ("gb",))
    world.admit("de", "delivery.recorded", **fields, lines=lines)
    assert (
        world.pending_on(world.admit("de", "commitment.amended", commitment="c-1", terms=terms(money("200.00")))) == ()
    )


def test_case_20_a_successor_answers_what_its_predecessor_was_asked(world: World) -> None:
    world.commits("joint", terms(None, "gb", "fr"))
    asked = world.admit("fr", "commitment.amended", commitment="joint", terms=terms(money("200.00"), "gb", "fr"))
    declared = world.admit("de", "party.succeeded", predecessor="gb")
    assert world.refuse("de", "consent.given", act=asked) == Refusal.CONSENT_NOT_ASKED
    world.admit("depositary", "consent.given", act=declared)
    world.admit("de", "consent.given", act=asked)
    assert world.amount("joint") == "200.00"


def test_case_20_nobody_is_succeeded_twice_or_in_a_circle(world: World) -> None:
    world.admit("depositary", "consent.given", act=world.admit("de", "party.succeeded", predecessor="gb"))
    assert world.refuse("fr", "party.succeeded", predecessor="gb") == Refusal.ALREADY_ENDED
    assert world.refuse("gb", "party.succeeded", predecessor="de") == Refusal.ALREADY_ENDED


def test_case_21_withdrawal_takes_effect_after_the_notice_and_arrears_survive(world: World) -> None:
    world.commits("due", terms(schedule=once("2026-01-01", "2026-12-31")))
    world.at("2026-06-30").admit("gb", "instrument.withdrawal_notified", instrument=PACT)
    assert world.instrument().bound_until("gb") == date(2027, 6, 30)
    assert world.instrument().bound_until("de") is None
    overdue = owed(world, "gb", "due", "2028-01-01").overdue
    assert overdue is not None
    assert overdue.amount == "100.00"


def test_case_21_notice_on_the_last_of_a_month_ends_on_the_last_of_a_month() -> None:
    world = signed_world(withdrawal_notice_months=1)
    world.at("2028-01-31").admit("gb", "instrument.withdrawal_notified", instrument=PACT)
    assert world.instrument().bound_until("gb") == date(2028, 2, 29)


def test_case_21_the_notice_is_revoked_in_time_and_not_later(world: World) -> None:
    assert world.refuse("gb", "instrument.withdrawal_revoked", instrument=PACT) == Refusal.WRONG_STATE
    world.at("2026-06-30").admit("gb", "instrument.withdrawal_notified", instrument=PACT)
    assert world.refuse("gb", "instrument.withdrawal_notified", instrument=PACT) == Refusal.ALREADY_EXISTS
    world.at("2027-06-29").admit("gb", "instrument.withdrawal_revoked", instrument=PACT)
    assert world.instrument().bound_until("gb") is None
    world.admit("gb", "instrument.withdrawal_notified", instrument=PACT)
    world.at("2028-06-29")
    assert world.refuse("gb", "instrument.withdrawal_revoked", instrument=PACT) == Refusal.ALREADY_ENDED


def test_case_23_suspension_stops_no_delivery_and_ends_with_the_resumption(world: World) -> None:
    world.commits()
    world.delivers(milestone="in_transit")
    world.admit("gb", "instrument.suspended", instrument=PACT, grounds="Force majeure", occurred=day("2026-05-10"))
    assert world.instrument().adherence("gb").is_suspended
    assert not world.instrument().adherence("de").is_suspended
    world.admit("gb", "delivery.advanced", delivery="d-1", milestone="handed_over", occurred=day("2026-05-20"))
    early = {"instrument": PACT, "occurred": day("2026-05-09")}
    assert world.refuse("gb", "instrument.resumed", **early) == Refusal.DATES_DISORDERED
    world.admit("gb", "instrument.resumed", instrument=PACT, occurred=day("2026-05-25"))
    (suspension,) = world.instrument().adherence("gb").suspensions
    assert (suspension.since, suspension.until) == (date(2026, 5, 10), date(2026, 5, 25))
    assert world.refuse("gb", "instrument.resumed", instrument=PACT) == Refusal.WRONG_STATE


def test_case_25_acts_after_a_compromise_are_contested_until_they_are_confirmed(world: World) -> None:
    world.grants("gb", "defence")
    world.at("2026-06-02")
    before = world.admit(
        "gb/defence", "commitment.made", commitment="c-0", instrument=PACT, title={"en": "0"}, terms=terms()
    )
    world.at("2026-06-05")
    after = world.admit("gb/defence", "commitment.amended", commitment="c-0", terms=terms(money("500.00")))
    lost = {"reason": "compromised", "contested_since": "2026-06-04T00:00:00Z"}
    world.at("2026-06-08").admit("gb", "authority.revoked", revoked="gb/defence", **lost)
    assert (world.act(before).contested, world.act(after).contested) == (False, True)
    assert world.amount("c-0") == "500.00"
    assert world.refuse("gb/defence", "consent.given", act=after) == Refusal.AUTHORITY_REVOKED
    assert world.refuse("gb", "act.confirmed", act=before) == Refusal.NOT_CONTESTED
    world.admit("gb", "act.confirmed", act=after)
    assert not world.act(after).contested


def test_case_25_a_repudiated_act_stays_in_the_log_and_has_no_effect(world: World) -> None:
    world.commits()
    world.grants("gb", "defence")
    raising = world.admit("gb/defence", "commitment.amended", commitment="c-1", terms=terms(money("500.00")))
    lost = {"reason": "compromised", "contested_since": "2026-06-01T00:00:00Z"}
    world.admit("gb", "authority.revoked", revoked="gb/defence", **lost)
    assert world.refuse("de", "act.repudiated", act=raising, reason="No") == Refusal.SIGNER_NOT_ENTITLED
    world.admit("gb", "act.repudiated", act=raising, reason="Not ours")
    assert (world.standing(raising), world.amount("c-1")) == ("repudiated", "100.00")
    assert world.refuse("gb", "act.confirmed", act=raising) == Refusal.NOT_CONTESTED


def test_case_26_a_mandate_that_is_over_or_does_not_reach_signs_nothing(world: World) -> None:
    world.commits()
    world.grants("gb", "defence", {"events": ["delivery.*"]}, valid_until="2026-07-01T00:00:00Z")
    world.delivers(desk="gb/defence")
    raise_ = {"commitment": "c-1", "terms": terms(money("200.00"))}
    assert world.refuse("gb/defence", "commitment.amended", **raise_) == Refusal.OUT_OF_SCOPE
    world.at("2026-07-01T00:00:00+00:00")
    assert world.refuse("gb/defence", "delivery.voided", delivery="d-1", reason="x") == Refusal.AUTHORITY_EXPIRED


def test_case_27_an_act_of_an_office_holder_who_had_left_is_confirmed_later(world: World) -> None:
    world.grants("gb", "defence")
    world.at("2026-06-05")
    made = world.admit(
        "gb/defence", "commitment.made", commitment="late", instrument=PACT, title={"en": "Late"}, terms=terms()
    )
    left = {"reason": "left_office", "contested_since": "2026-06-03T00:00:00Z"}
    world.at("2026-06-08").admit("gb", "authority.revoked", revoked="gb/defence", **left)
    assert world.act(made).contested
    world.admit("gb", "act.confirmed", act=made, reason="The government stands by it")
    assert (world.act(made).contested, world.standing(made)) == (False, "effective")


def test_case_34_a_reservation_and_an_objection_are_both_shown(world: World) -> None:
    world.commits()
    reserved = world.admit("gb", "instrument.reserved", instrument=PACT, text="Not at sea", commitments=["c-1"])
    world.admit("ua", "instrument.objected", instrument=PACT, reservation=reserved, text="Also at sea")
    (reservation,) = world.instrument().reservations
    assert (reservation.party, reservation.objections) == ("gb", ("ua",))
    again = {"instrument": PACT, "reservation": reserved, "text": "Still"}
    assert world.refuse("ua", "instrument.objected", **again) == Refusal.ALREADY_EXISTS
    assert world.refuse("gb", "instrument.objected", **again) == Refusal.REFERENCE_UNKNOWN
    assert world.amount("c-1") == "100.00"


def test_case_34_no_reservation_to_what_is_under_another_text(world: World) -> None:
    world.registers("other")
    world.commits("elsewhere", terms(), instrument="other")
    fields = {"instrument": PACT, "text": "Not this", "commitments": ["elsewhere"]}
    assert world.refuse("gb", "instrument.reserved", **fields) == Refusal.REFERENCE_UNKNOWN


def test_case_39_a_text_that_was_approved_and_never_signed_binds_nobody() -> None:
    world = World()
    world.registers()
    world.commits()
    assert world.instrument().bound_from("gb") is None
    assert owed(world, "gb", "c-1", "2028-01-01").state == "not_signed"
    assert world.refuse("gb", "instrument.ratified", instrument=PACT) == Refusal.WRONG_STATE


def test_case_40_commitments_in_surviving_categories_outlive_the_accession() -> None:
    world = signed_world(accession_ends="part", survives_accession=["artillery"])
    world.commits("guns", terms())
    world.commits("training", terms(category="training"))
    ended = world.admit("ua", "instrument.terminated", instrument=PACT, reason="accession")
    assert world.pending_on(ended) == ("gb", "de", "fr")
    for desk in ("gb", "de", "fr"):
        world.admit(desk, "consent.given", act=ended)
    raised = terms(money("200.00"))
    world.admit("gb", "commitment.amended", commitment="guns", terms=raised)
    over = {"commitment": "training", "terms": {**raised, "category": "training"}}
    assert world.refuse("gb", "commitment.amended", **over) == Refusal.ALREADY_ENDED
    assert owed(world, "gb", "guns", "2026-06-02").effect.survives_accession
    assert not owed(world, "gb", "training", "2026-06-02").effect.survives_accession
