"""Ways around a rule, each tried by somebody who would gain from it, and what stops them."""

from decimal import Decimal

import pytest

from ledger.events.refusals import Refusal
from tests.world import PACT, World, day, goods, money, once, signed_world, terms, yearly


@pytest.fixture
def world() -> World:
    return signed_world()


def makes(world: World, desk: str, commitment_id: str, agreed: dict[str, object]) -> dict[str, object]:
    return {"commitment": commitment_id, "instrument": PACT, "title": {"en": commitment_id}, "terms": agreed}


HALVES = [{"party": "gb", "share": "1/2"}, {"party": "de", "share": "1/2"}]


def corrects(act: str, field: str, old: object, new: object) -> dict[str, object]:
    return {"act": act, "field": field, "old": old, "new": new, "reason": "A slip"}


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("/terms/object/amount", "100.00", "99.99"),
        ("/terms/schedule/due/last", "2027-12-31", "2028-12-31"),
        ("/terms/schedule", once("2027-01-01", "2027-12-31"), {"kind": "unscheduled"}),
        ("/terms/bound", "exact", "cap"),
        ("/terms/phase", "preventive", "on_activation"),
        ("/terms/conditions", {}, {"en": "If parliament agrees"}),
        ("/terms/counts_from", "handed_over", "dispatched"),
        ("/terms/legal_character", "legally_binding", "not_stated"),
        ("/terms/category", "artillery", "humanitarian"),
        ("/terms/object/currency", "GBP", "USD"),
        ("/terms/part_of", None, {"commitment": "c-2", "basis": "stated"}),
        ("/terms/obligors", [{"party": "gb", "share": "1/1"}], HALVES),
    ],
)
def test_no_field_of_a_commitment_is_corrected_past_the_beneficiary(
    world: World, field: str, old: object, new: object
) -> None:
    world.commits("c-2", terms(money("500.00")))
    made = world.commits()
    before = world.commitment("c-1").terms
    corrected = world.admit("gb", "act.corrected", **corrects(made, field, old, new))
    assert "ua" in world.pending_on(corrected)
    assert world.commitment("c-1").terms == before


def test_a_correction_does_not_lower_an_envelope_below_its_parts(world: World) -> None:
    made = world.commits("envelope", terms(money("100.00")))
    world.commits("part", terms(money("60.00"), part_of={"commitment": "envelope", "basis": "stated"}))
    fields = corrects(made, "/terms/object/amount", "100.00", "50.00")
    assert world.refuse("gb", "act.corrected", **fields) == Refusal.CHILD_ABOVE_PARENT


def test_a_correction_brings_no_fact_from_the_future(world: World) -> None:
    made = world.commits("c-1", terms(), occurred=day("2026-05-01"))
    fields = corrects(made, "/occurred", day("2026-05-01"), day("2027-05-01"))
    assert world.refuse("gb", "act.corrected", **fields) == Refusal.FUTURE_FACT


def test_a_text_is_not_corrected_by_the_depositary_past_those_who_signed_it(world: World) -> None:
    world = World()
    registered = world.registers(profile={"effect": "on_signature", "withdrawal_notice_months": 12})
    for desk in ("ua", "gb"):
        world.admit(desk, "instrument.signed", instrument=PACT)
    fields = corrects(registered, "/profile/withdrawal_notice_months", 12, 0)
    corrected = world.admit("depositary", "act.corrected", **fields)
    assert world.pending_on(corrected) == ("ua", "gb")
    assert world.instrument().profile.withdrawal_notice_months == 12


def test_a_waiver_is_not_taken_back_by_a_correction(world: World) -> None:
    world.commits()
    waived = world.admit("ua", "commitment.waived", commitment="c-1", amount="50.00", reason="Peace")
    taken_back = world.admit("ua", "act.corrected", **corrects(waived, "/amount", "50.00", "0.00"))
    assert world.pending_on(taken_back) == ("gb",)
    assert world.commitment("c-1").waivers[0].amount == Decimal(50)


def test_acknowledgements_do_not_add_up_to_more_than_was_claimed(world: World) -> None:
    world.commits()
    world.delivers()
    first = world.admit("ua", "delivery.acknowledged", delivery="d-1", lines=[{"line": 1, "amount": "5.00"}])
    world.admit("ua", "delivery.acknowledged", delivery="d-1", lines=[{"line": 1, "amount": "5.00"}])
    more = {"delivery": "d-1", "lines": [{"line": 1, "amount": "0.01"}]}
    assert world.refuse("ua", "delivery.acknowledged", **more) == Refusal.ABOVE_CLAIMED
    fields = corrects(first, "/lines/0/amount", "5.00", "10.00")
    assert world.refuse("ua", "act.corrected", **fields) == Refusal.ABOVE_CLAIMED


def test_correcting_an_acknowledgement_does_not_wipe_out_the_others(world: World) -> None:
    world.commits()
    world.delivers()
    world.admit("ua", "delivery.acknowledged", delivery="d-1", lines=[{"line": 1, "amount": "5.00"}])
    second = world.admit("ua", "delivery.acknowledged", delivery="d-1", lines=[{"line": 1, "amount": "3.00"}])
    world.admit("ua", "act.corrected", **corrects(second, "/lines/0/amount", "3.00", "4.00"))
    assert dict(world.delivery("d-1").acknowledged) == {1: Decimal("9.00")}


def test_a_correction_that_built_on_a_repudiated_one_does_not_break_the_stream(world: World) -> None:
    made = world.commits()
    world.grants("gb", "defence")
    parts = {"kind": "tranches", "tranches": [{"due": day("2027-06-30"), "amount": "100.00"}]}
    old = once("2027-01-01", "2027-12-31")
    first = world.admit("gb/defence", "act.corrected", **corrects(made, "/terms/schedule", old, parts))
    due = corrects(made, "/terms/schedule/tranches/0/due", day("2027-06-30"), day("2027-06-29"))
    world.admit("gb", "act.corrected", **due)
    lost = {"reason": "compromised", "contested_since": "2026-06-01T00:00:00Z"}
    world.admit("gb", "authority.revoked", revoked="gb/defence", **lost)
    world.admit("gb", "act.repudiated", act=first, reason="Not ours")
    assert world.commitment("c-1").terms == world.commitment("c-1").versions[0].terms
    assert world.commitment("c-1").terms.schedule.__class__.__name__ == "Once"
    world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("150.00")))


def test_consent_to_a_raise_that_has_become_a_lowering_is_refused(world: World) -> None:
    joint = ("gb", "de")
    world.commits("c-1", terms(money("100.00"), *joint))
    stale = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("120.00"), *joint))
    raised = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("200.00"), *joint))
    world.admit("de", "consent.given", act=raised)
    assert world.refuse("de", "consent.given", act=stale) == Refusal.WRONG_STATE
    assert world.amount("c-1") == "200.00"


def test_an_obligor_who_joined_meanwhile_is_not_bound_by_an_old_proposal(world: World) -> None:
    world.commits()
    stale = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("50.00")))
    shared = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("100.00"), "gb", "de"))
    for desk in ("de", "ua"):
        world.admit(desk, "consent.given", act=shared)
    assert world.refuse("ua", "consent.given", act=stale) == Refusal.WRONG_STATE
    assert world.commitment("c-1").obligors == ("gb", "de")


def test_of_two_pending_amendments_each_is_decided_on_the_terms_of_its_day(world: World) -> None:
    world.commits()
    first = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("80.00")))
    second = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("60.00")))
    world.admit("ua", "consent.given", act=second)
    world.admit("ua", "consent.given", act=first)
    assert world.amount("c-1") == "80.00"


def test_a_proposal_is_taken_back_by_whoever_made_it(world: World) -> None:
    world.commits()
    first = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("80.00")))
    assert world.refuse("de", "consent.withdrawn", act=first) == Refusal.CONSENT_NOT_ASKED
    world.admit("gb", "consent.withdrawn", act=first)
    assert world.refuse("ua", "consent.given", act=first) == Refusal.NOT_PENDING
    assert world.amount("c-1") == "100.00"


def test_one_of_several_obligors_does_not_withdraw_for_the_others(world: World) -> None:
    world.commits("c-1", terms(None, "gb", "de"))
    withdrawn = world.admit("gb", "commitment.withdrawn", commitment="c-1", reason="No more")
    assert world.pending_on(withdrawn) == ("de", "ua")
    world.admit("ua", "consent.given", act=withdrawn)
    assert world.commitment("c-1").state == "open"


def test_two_conversions_into_one_id_leave_the_first(world: World) -> None:
    for one in ("c-1", "c-2"):
        world.commits(one)
    into = {"into": "guns", "instrument": PACT, "title": {"en": "Guns"}, "terms": terms(goods("10"))}
    first, second = (world.admit("gb", "commitment.converted", commitment=one, **into) for one in ("c-1", "c-2"))
    world.admit("ua", "consent.given", act=first)
    assert world.refuse("ua", "consent.given", act=second) == Refusal.ALREADY_EXISTS


def test_a_merger_does_not_shrink_below_the_parts_of_what_it_absorbs(world: World) -> None:
    world.commits("aa", terms(money("100.00")))
    world.commits("bb", terms(money("100.00")))
    nested = {"part_of": {"commitment": "bb", "basis": "stated"}}
    world.commits("part", terms(money("90.00"), **nested))
    merger = {"commitment": "aa", "absorbed": ["bb"]}
    assert world.refuse("gb", "commitment.merged", **merger, terms=terms(money("80.00"))) == Refusal.CHILD_ABOVE_PARENT
    merged = world.admit("gb", "commitment.merged", **merger, terms=terms(money("200.00")))
    world.admit("ua", "consent.given", act=merged)
    # The part goes on in what its envelope became: it is amended there, and counts there.
    world.admit("gb", "commitment.amended", commitment="part", terms=terms(money("95.00"), **nested))
    below = {"commitment": "aa", "terms": terms(money("94.99"))}
    assert world.refuse("gb", "commitment.amended", **below) == Refusal.CHILD_ABOVE_PARENT


def test_a_merger_into_its_own_part_is_refused(world: World) -> None:
    world.commits("aa", terms(money("100.00")))
    nested = terms(money("50.00"), part_of={"commitment": "aa", "basis": "stated"})
    world.commits("part", nested)
    merger = {"commitment": "part", "absorbed": ["aa"], "terms": nested}
    assert world.refuse("gb", "commitment.merged", **merger) == Refusal.REFERENCE_UNKNOWN


def test_nobody_fills_the_envelope_of_another_without_its_consent(world: World) -> None:
    world.commits("envelope", terms(money("100.00")))
    guest = terms(money("100.00"), "de", part_of={"commitment": "envelope", "basis": "stated"})
    made = world.admit("de", "commitment.made", **makes(world, "de", "guest", guest))
    assert world.pending_on(made) == ("gb",)
    world.commits("own", terms(money("100.00"), part_of={"commitment": "envelope", "basis": "stated"}))


def test_an_envelope_does_not_change_its_unit_under_its_parts(world: World) -> None:
    world.commits("envelope", terms(money("100.00")))
    world.commits("part", terms(money("60.00"), part_of={"commitment": "envelope", "basis": "stated"}))
    other = {"commitment": "envelope", "terms": terms(money("100.00", "USD"))}
    assert world.refuse("gb", "commitment.amended", **other) == Refusal.UNIT_MISMATCH


def test_a_part_without_end_does_not_fit_an_envelope_that_has_one(world: World) -> None:
    world.commits("envelope", terms(money("100.00")))
    endless = terms(money("1.00"), schedule=yearly(2027), part_of={"commitment": "envelope", "basis": "stated"})
    refusal = world.refuse("gb", "commitment.made", **makes(world, "gb", "part", endless))
    assert refusal == Refusal.CHILD_ABOVE_PARENT


def test_a_part_outlives_its_envelope(world: World) -> None:
    world.commits("envelope", terms(money("100.00")))
    nested = {"part_of": {"commitment": "envelope", "basis": "stated"}}
    world.commits("part", terms(money("60.00"), **nested))
    withdrawn = world.admit("gb", "commitment.withdrawn", commitment="envelope", reason="Done")
    world.admit("ua", "consent.given", act=withdrawn)
    world.admit("gb", "commitment.amended", commitment="part", terms=terms(money("70.00"), **nested))
    late = makes(world, "gb", "late", terms(money("1.00"), **nested))
    assert world.refuse("gb", "commitment.made", **late) == Refusal.ALREADY_ENDED


def test_a_delivery_under_a_commitment_that_still_waits_is_refused(world: World) -> None:
    world.admit("gb", "commitment.made", **makes(world, "gb", "joint", terms(None, "gb", "de")))
    fields = {"delivery": "d-1", "commitment": "joint", "milestone": "handed_over", "occurred": day("2026-05-01")}
    lines = [{"line": 1, "object": money("10.00")}]
    assert world.refuse("gb", "delivery.recorded", **fields, lines=lines) == Refusal.REFERENCE_UNKNOWN
    assert world.refuse("gb", "commitment.amended", commitment="joint", terms=terms()) == Refusal.WRONG_STATE


def test_the_beneficiary_does_not_record_what_it_would_acknowledge_itself(world: World) -> None:
    fields = {"delivery": "gift", "category": "drones", "milestone": "handed_over", "occurred": day("2026-05-01")}
    lines = [{"line": 1, "object": goods("1", "drone")}]
    assert world.refuse("ua", "delivery.recorded", **fields, lines=lines) == Refusal.SIGNER_NOT_ENTITLED


def test_goods_that_are_called_like_a_currency_pay_no_money(world: World) -> None:
    world.commits()
    fields = {"delivery": "d-1", "commitment": "c-1", "milestone": "handed_over", "occurred": day("2026-05-01")}
    lines = [{"line": 1, "object": goods("100", "GBP")}]
    assert world.refuse("gb", "delivery.recorded", **fields, lines=lines) == Refusal.UNIT_MISMATCH


@pytest.mark.parametrize("amount", ["5", "5.0", "0.001"])
def test_amounts_of_money_are_written_in_its_own_decimals_wherever_they_stand(world: World, amount: str) -> None:
    world.commits()
    world.delivers()
    said = {"delivery": "d-1", "lines": [{"line": 1, "amount": amount}]}
    assert world.refuse("ua", "delivery.acknowledged", **said) == Refusal.UNIT_MISMATCH
    waived = {"commitment": "c-1", "amount": amount, "reason": "x"}
    assert world.refuse("ua", "commitment.waived", **waived) == Refusal.UNIT_MISMATCH


@pytest.mark.parametrize(
    "schedule",
    [
        once("9999-01-01", "9999-12-31"),
        yearly(9999),
        {**yearly(2027), "every": "month", "until": "9999-12-31"},
        once("0001-01-01"),
    ],
)
def test_days_at_the_end_of_time_are_refused_and_break_nothing(world: World, schedule: dict[str, object]) -> None:
    world.commits("c-1", terms(schedule=yearly(2027)))
    odd = terms(schedule=schedule)
    assert world.refuse("gb", "commitment.made", **makes(world, "gb", "c-2", odd)) == Refusal.DATES_DISORDERED
    assert world.refuse("gb", "commitment.amended", commitment="c-1", terms=odd) == Refusal.DATES_DISORDERED


def test_two_hundred_years_of_months_are_compared(world: World) -> None:
    monthly = {"kind": "recurrence", "every": "month", "first": day("1945-01-01", "1945-01-31", "month")}
    world.commits("c-1", terms(schedule={**monthly, "until": "2144-12-31"}))
    lowered = terms(money("99.99"), schedule={**monthly, "until": "2144-12-31"})
    assert world.pending_on(world.admit("gb", "commitment.amended", commitment="c-1", terms=lowered)) == ("ua",)


def test_a_formula_is_not_resolved_before_its_period_has_begun(world: World) -> None:
    formula = {"kind": "formula", "percent": "0.25", "of": "gross domestic product", "currency": "EUR"}
    world.commits("gdp", terms(formula, schedule=yearly(2025)))
    fields = {"commitment": "gdp", "amount": "1.00", "currency": "EUR"}
    period = {"first": "2027-01-01", "last": "2027-12-31", "precision": "year"}
    early = {"period": period, "source": {"title": "Forecast"}}
    assert world.refuse("gb", "commitment.resolved", **fields, **early) == Refusal.FUTURE_FACT
    now = {**early, "period": {"first": "2026-01-01", "last": "2026-12-31", "precision": "year"}}
    now["source"] = {"title": "Forecast", "released_on": "2026-12-01"}
    assert world.refuse("gb", "commitment.resolved", **fields, **now) == Refusal.FUTURE_FACT


def test_nothing_was_agreed_tomorrow(world: World) -> None:
    world.commits()
    into = {"into": "guns", "instrument": PACT, "title": {"en": "Guns"}, "terms": terms(goods("10"))}
    late = {"commitment": "c-1", "agreed_on": "2026-06-03", **into}
    assert world.refuse("gb", "commitment.converted", **late) == Refusal.FUTURE_FACT


def test_a_late_signatory_does_not_take_a_text_out_of_force() -> None:
    world = World()
    world.registers(profile={"effect": "on_ratification"})
    for desk in ("ua", "gb"):
        world.admit(desk, "instrument.signed", instrument=PACT, occurred=day("2026-03-01"))
        world.admit(desk, "instrument.ratified", instrument=PACT, occurred=day("2026-04-01"))
    assert str(world.instrument().bound_from("gb")) == "2026-04-01"
    world.admit("fr", "instrument.signed", instrument=PACT, occurred=day("2026-03-15"))
    assert str(world.instrument().bound_from("gb")) == "2026-04-01"
    assert world.instrument().bound_from("fr") is None
    world.admit("fr", "instrument.ratified", instrument=PACT, occurred=day("2026-05-15"))
    assert str(world.instrument().bound_from("fr")) == "2026-05-15"


def test_the_first_signatory_does_not_end_a_text_alone() -> None:
    world = World()
    world.registers()
    world.admit("gb", "instrument.signed", instrument=PACT)
    ended = world.admit("gb", "instrument.terminated", instrument=PACT, reason="by_agreement")
    assert world.pending_on(ended) == ("ua", "de", "fr")
    world.admit("de", "instrument.signed", instrument=PACT)


def test_a_party_that_has_left_neither_acts_on_a_text_nor_is_waited_for() -> None:
    world = signed_world(withdrawal_notice_months=1)
    world.admit("gb", "instrument.withdrawal_notified", instrument=PACT)
    world.at("2026-07-01")
    over = {"instrument": PACT, "reason": "by_agreement"}
    assert world.refuse("gb", "instrument.terminated", **over) == Refusal.ALREADY_ENDED
    assert world.pending_on(world.admit("de", "instrument.terminated", **over)) == ("ua", "fr")


def test_an_extension_does_not_shorten() -> None:
    world = signed_world(term={"until": "2030-12-31"})
    for until in ("2030-12-31", "2027-01-01"):
        refusal = world.refuse("gb", "instrument.extended", instrument=PACT, until=until)
        assert refusal == Refusal.DATES_DISORDERED
    assert world.refuse("gb", "instrument.extended", instrument=PACT, until="9999-12-31") == Refusal.DATES_DISORDERED
    world.admit("gb", "instrument.extended", instrument=PACT, until="2031-01-01")
