"""The numbered cases about texts, parties and offices: who is bound, since when, and who may say so."""

from datetime import date

import pytest

from ledger.events.refusals import Refusal, Rejected
from tests.acts import principal
from tests.cases.figures import glance, owed
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


def test_case_19_what_was_signed_under_the_old_name_verifies_and_another_key_never_does(world: World) -> None:
    world.commits()
    raw, _ = world.entered[-1]
    world.admit("gb", "party.renamed", subject="gb", names=[{"language": "en", "name": "United Realm"}])
    assert world.verified(raw).event.party == "gb"
    world.desks["impostor"] = principal("gb")
    with pytest.raises(Rejected) as caught:
        world.refuse("impostor", "party.renamed", subject="gb")
    assert caught.value.refused.refusal == Refusal.KEY_UNKNOWN


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


def test_case_26_a_mandate_for_so_much_signs_for_no_more_and_not_before_it_begins(world: World) -> None:
    capped = {"events": ["commitment.*"], "cap": {"amount": "100.00", "currency": "GBP"}}
    world.grants("gb", "treasury", capped, valid_from="2026-06-02T00:00:00Z")
    made = {"commitment": "c-1", "instrument": PACT, "title": {"en": "x"}}
    refusal = world.refuse("gb/treasury", "commitment.made", **made, terms=terms(money("100.00")))
    assert refusal == Refusal.AUTHORITY_NOT_YET_VALID
    world.at("2026-06-02")
    assert world.refuse("gb/treasury", "commitment.made", **made, terms=terms(money("100.01"))) == Refusal.OVER_CAP
    world.admit("gb/treasury", "commitment.made", **made, terms=terms(money("100.00")))


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


def test_case_34_where_a_reservation_was_objected_to_both_totals_are_shown(world: World) -> None:
    world.commits("sea", terms(money("30.00")))
    world.commits("land", terms(money("70.00")))
    world.commits("other", terms(money("5.00"), "de"))
    reserved = world.admit("gb", "instrument.reserved", instrument=PACT, text="Not at sea", commitments=["sea"])
    (line,) = glance(world, "gb", "2026-06-01").lines
    # A reservation that nobody objects to is shown with what it concerns, and no total is in doubt.
    assert (line.committed.amount, line.committed_as_reserved) == ("100.00", None)
    world.admit("ua", "instrument.objected", instrument=PACT, reservation=reserved, text="Also at sea")
    (line,) = glance(world, "gb", "2026-06-01").lines
    assert line.committed_as_reserved is not None
    assert (line.committed.amount, line.committed_as_reserved.amount) == ("100.00", "70.00")
    # It changes the reading of the party that made it, and of nobody else.
    (other,) = glance(world, "de", "2026-06-01").lines
    assert (other.committed.amount, other.committed_as_reserved) == ("5.00", None)


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


def test_case_39_a_text_that_needs_it_is_in_force_when_all_who_signed_have_ratified_and_not_before() -> None:
    world = World()
    world.registers(profile={"effect": "on_ratification"})
    world.admit("gb", "instrument.signed", instrument=PACT, occurred=day("2026-02-01"))
    world.admit("gb", "instrument.ratified", instrument=PACT, occurred=day("2026-02-10"))
    # Nobody is bound to itself alone.
    assert world.instrument().bound_from("gb") is None
    for desk in ("ua", "de"):
        world.admit(desk, "instrument.signed", instrument=PACT, occurred=day("2026-02-15"))
    world.admit("ua", "instrument.ratified", instrument=PACT, occurred=day("2026-03-01"))
    assert [world.instrument().bound_from(one) for one in ("gb", "ua", "de")] == [None] * 3
    early = {"instrument": PACT, "occurred": day("2026-02-14")}
    assert world.refuse("de", "instrument.ratified", **early) == Refusal.DATES_DISORDERED
    world.admit("de", "instrument.ratified", instrument=PACT, occurred=day("2026-02-20"))
    assert [str(world.instrument().bound_from(one)) for one in ("gb", "ua", "de")] == ["2026-03-01"] * 3
    world.admit("fr", "instrument.signed", instrument=PACT, occurred=day("2026-04-01"))
    assert world.instrument().bound_from("fr") is None
    world.admit("fr", "instrument.ratified", instrument=PACT, occurred=day("2026-05-01"))
    bound = [str(world.instrument().bound_from(one)) for one in ("fr", "gb")]
    assert bound == ["2026-05-01", "2026-03-01"]


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


def succeeded(world: World, successor: str = "de", predecessor: str = "gb") -> None:
    declared = world.admit(successor, "party.succeeded", predecessor=predecessor)
    world.admit("depositary", "consent.given", act=declared)


def test_case_20_a_successor_acts_on_the_texts_of_its_predecessor_in_its_place(world: World) -> None:
    world.registers("bilateral", parties=["ua", "gb"], profile={"effect": "on_ratification"})
    world.admit("gb", "instrument.signed", instrument="bilateral", occurred=day("2026-03-01"))
    ratified = {"instrument": "bilateral", "in_place_of": "gb"}
    assert world.refuse("de", "instrument.ratified", **ratified) == Refusal.SIGNER_NOT_ENTITLED
    succeeded(world)
    assert world.refuse("fr", "instrument.ratified", **ratified) == Refusal.SIGNER_NOT_ENTITLED
    # What it does without saying so, it does for itself.
    assert world.refuse("de", "instrument.ratified", instrument="bilateral") == Refusal.PARTY_NOT_IN_INSTRUMENT
    world.admit("de", "instrument.ratified", **ratified)
    world.admit("de", "instrument.withdrawal_notified", **ratified)
    adherence = world.instrument("bilateral").adherence("gb")
    assert (str(adherence.ratified_on), str(adherence.withdraws_on)) == ("2026-06-01", "2027-06-01")
    named = {"field": "/in_place_of", "old": "gb", "new": "de", "reason": "A slip"}
    act = world.order[-1]
    assert world.refuse("de", "act.corrected", act=act, **named) == Refusal.FIELD_NOT_CORRECTABLE


def test_case_20_a_successor_that_is_a_party_itself_acts_for_each_apart(world: World) -> None:
    succeeded(world)
    grounds = {"instrument": PACT, "grounds": "Force majeure"}
    world.admit("de", "instrument.suspended", **grounds, in_place_of="gb")
    assert [world.instrument().adherence(one).is_suspended for one in ("gb", "de")] == [True, False]
    amended = world.admit("de", "instrument.amended", instrument=PACT, profile={"effect": "on_signature"})
    # Nobody is asked in the name of a party for which the signer acts itself.
    assert world.pending_on(amended) == ("ua", "fr")


def test_case_20_a_successor_answers_for_and_closes_the_offices_of_its_predecessor(world: World) -> None:
    made = world.commits()
    lost = {"revoked": "gb/principal", "reason": "other", "contested_since": "2026-06-01T00:00:00Z"}
    assert world.refuse("de", "authority.revoked", **lost) == Refusal.REFERENCE_UNKNOWN
    change = {"field": "/terms/object/amount", "old": "100.00", "new": "120.00", "reason": "A slip"}
    assert world.refuse("de", "act.corrected", act=made, **change) == Refusal.SIGNER_NOT_ENTITLED
    succeeded(world)
    world.admit("de", "act.corrected", act=made, **change)
    assert world.amount("c-1") == "120.00"
    world.admit("de", "authority.revoked", **lost)
    assert world.refuse("gb", "party.renamed", subject="gb") == Refusal.AUTHORITY_REVOKED
    assert world.act(made).contested
    assert world.refuse("fr", "act.confirmed", act=made) == Refusal.SIGNER_NOT_ENTITLED
    world.admit("de", "act.confirmed", act=made)
    assert not world.act(made).contested


def test_case_20_in_a_crisis_the_successor_is_asked_and_not_the_state_that_is_gone() -> None:
    clock = {"basis": "notification_received", "convene_within_hours": 24, "decide_within_hours": 72}
    world = signed_world(clock=clock)
    world.registers("bilateral", parties=["ua", "gb"], profile={"effect": "on_signature", "clock": clock})
    world.admit("gb", "instrument.signed", instrument="bilateral", occurred=day("2026-03-01"))
    world.commits()
    succeeded(world)
    world.attacked()
    asked = [world.consultation(f"attack.{one}").opened.guarantors for one in ("bilateral", PACT)]
    assert asked == [("de",), ("de", "fr")]
    said = {"consultation": "attack.bilateral", "decided_at": "2026-06-01T12:00:00Z", "decisions": ["military_support"]}
    said |= {"statement": "We help.", "commitments": ["c-1"]}
    assert world.refuse("fr", "decision.taken", **said) == Refusal.SIGNER_NOT_ENTITLED
    world.admit("de", "decision.taken", **said)
    assert world.consultation("attack.bilateral").silent == ()


def test_case_20_new_promises_of_a_successor_need_its_own_signature_of_the_text(world: World) -> None:
    registered = world.registers("bilateral", parties=["ua", "gb"])
    for desk in ("ua", "gb"):
        world.admit(desk, "instrument.signed", instrument="bilateral", occurred=day("2026-03-01"))
    succeeded(world)
    own = {"commitment": "own", "instrument": "bilateral", "title": {"en": "Own"}, "terms": terms(None, "de")}
    assert world.refuse("de", "commitment.made", **own) == Refusal.PARTY_NOT_IN_INSTRUMENT
    change = {"field": "/parties", "old": ["ua", "gb"], "new": ["ua", "gb", "de"], "reason": "A succession"}
    corrected = world.admit("depositary", "act.corrected", act=registered, **change)
    assert world.pending_on(corrected) == ("ua", "gb")
    world.admit("ua", "consent.given", act=corrected)
    world.admit("de", "consent.given", act=corrected)
    world.admit("de", "instrument.signed", instrument="bilateral")
    world.admit("de", "commitment.made", **own)
    assert owed(world, "de", "own", "2026-06-02").state == "in_effect"


def test_case_21_who_has_left_may_sign_anew_which_revives_nothing_and_forgives_nothing(world: World) -> None:
    world.commits("before", terms(schedule=once("2026-01-01", "2026-12-31")))
    world.commits("later", terms(schedule=once("2028-01-01", "2028-12-31")))
    world.at("2026-06-30").admit("gb", "instrument.withdrawal_notified", instrument=PACT)
    again = {"instrument": PACT, "occurred": day("2027-06-30")}
    assert world.at("2027-06-29").refuse("gb", "instrument.signed", instrument=PACT) == Refusal.ALREADY_EXISTS
    early = {"instrument": PACT, "occurred": day("2027-06-29")}
    assert world.at("2027-07-10").refuse("gb", "instrument.signed", **early) == Refusal.DATES_DISORDERED
    world.admit("gb", "instrument.signed", **again)
    assert world.refuse("gb", "instrument.signed", **again) == Refusal.ALREADY_EXISTS
    world.commits("after", terms(schedule=once("2028-01-01", "2028-12-31")))
    assert (world.instrument().bound_from("gb"), world.instrument().bound_until("gb")) == (date(2027, 6, 30), None)
    overdue = {one: owed(world, "gb", one, "2029-01-01").overdue for one in ("before", "later", "after")}
    assert {one: figure and figure.amount for one, figure in overdue.items()} == {
        "before": "100.00",
        "later": "0.00",
        "after": "100.00",
    }
    assert owed(world, "gb", "later", "2029-01-01").effect.ended_by == "withdrawal"


def test_case_25_nothing_is_put_in_doubt_that_stood_unchallenged_for_a_year(world: World) -> None:
    world.grants("gb", "defence")
    made = world.admit(
        "gb/defence", "commitment.made", commitment="old", instrument=PACT, title={"en": "Old"}, terms=terms()
    )
    world.at("2027-06-02")
    lost = {"revoked": "gb/defence", "reason": "compromised"}
    far = lost | {"contested_since": "2026-06-02T11:59:59Z"}
    assert world.refuse("gb", "authority.revoked", **far) == Refusal.DATES_DISORDERED
    world.admit("gb", "authority.revoked", **lost, contested_since="2026-06-02T12:00:00Z")
    assert not world.act(made).contested


def test_case_27_what_was_confirmed_is_not_contested_again(world: World) -> None:
    world.grants("gb", "second", standing="principal")
    world.at("2026-06-03").grants("gb", "defence")
    granted = world.order[-1]
    fields = {"instrument": PACT, "title": {"en": "x"}, "terms": terms()}
    one, two = (world.admit("gb/defence", "commitment.made", commitment=name, **fields) for name in ("one", "two"))
    left = {"revoked": "gb/defence", "reason": "left_office", "contested_since": "2026-06-03T00:00:00Z"}
    world.at("2026-06-04").admit("gb/second", "authority.revoked", **left)
    world.admit("gb/second", "act.confirmed", act=one)
    lost = {"revoked": "gb/principal", "reason": "compromised", "contested_since": "2026-06-02T00:00:00Z"}
    world.admit("gb/second", "authority.revoked", **lost)
    # There never was such an office; what another office of the party has made its own since stays the party's.
    world.admit("gb/second", "act.repudiated", act=granted, reason="Not ours")
    assert (world.act(one).contested, world.act(two).contested) == (False, True)
    assert world.refuse("gb/second", "act.repudiated", act=one, reason="Not ours") == Refusal.NOT_CONTESTED


def test_case_27_a_confirmation_that_is_itself_in_doubt_makes_nothing_the_partys_own(world: World) -> None:
    world.grants("gb", "second", standing="principal")
    world.grants("gb", "third", standing="principal")
    world.at("2026-06-03").grants("gb/third", "defence")
    granted = world.order[-1]
    fields = {"instrument": PACT, "title": {"en": "x"}, "terms": terms()}
    made = world.admit("gb/defence", "commitment.made", commitment="one", **fields)
    left = {"revoked": "gb/defence", "reason": "left_office", "contested_since": "2026-06-03T00:00:00Z"}
    world.at("2026-06-04").admit("gb/second", "authority.revoked", **left)
    confirmed = world.admit("gb/second", "act.confirmed", act=made)
    since = {"reason": "compromised", "contested_since": "2026-06-02T00:00:00Z"}
    for office in ("gb/second", "gb/third"):
        world.admit("gb", "authority.revoked", revoked=office, **since)
    assert (world.act(confirmed).contested, world.act(made).contested) == (True, False)
    world.admit("gb", "act.repudiated", act=granted, reason="Not ours")
    assert world.act(made).contested
