"""Obligations: given signed acts, then figures. The numbers are those of the cases that the ledger must get right."""

import pytest

from projections.obligations import obligations_of
from tests.projections.world import (
    World,
    day,
    figures,
    goods,
    money,
    once,
    terms,
    world,
    yearly,
)


def test_case_3_partial_deliveries_add_up_and_the_rest_is_overdue_after_the_last_day() -> None:
    given = world()
    made = given.commits("m113", terms(goods("80", "M113"), once("2024-01-01", "2024-12-31")))
    first = given.delivers("first", "m113", goods("12", "M113"), on="2024-05-01")
    second = given.delivers("second", "m113", goods("8", "M113"), on="2024-09-01")
    on_the_day = given.owes("m113", "2024-12-31")
    assert figures(on_the_day) == {
        "promised": "80",
        "committed": "80",
        "due": "80",
        "delivered": "20",
        "unanswered": "20",
        "open": "60",
    }
    assert on_the_day.overdue_since is None
    after = given.owes("m113", "2025-01-01")
    assert (after.overdue and after.overdue.amount, str(after.overdue_since)) == ("60", "2025-01-01")
    assert after.state == "in_effect"
    assert after.delivered is not None
    assert set(after.delivered.events) == {first, second}
    assert after.committed is not None
    assert made in after.committed.events


def test_a_delivery_after_the_day_asked_about_is_not_counted() -> None:
    given = world()
    given.commits("m113", terms(goods("80", "M113"), once("2024-01-01", "2024-12-31")))
    given.delivers("late", "m113", goods("80", "M113"), on="2025-03-01")
    assert figures(given.owes("m113", "2025-02-28"))["overdue"] == "80"
    assert given.owes("m113", "2025-03-01").state == "fulfilled"


def test_case_4_over_delivery_is_shown_as_beyond_the_commitment() -> None:
    given = world()
    given.commits("jets", terms(goods("14", "MiG-29"), once("2024-01-01", "2024-12-31")))
    given.delivers("all", "jets", goods("16", "MiG-29"))
    owed = given.owes("jets", "2025-06-01")
    assert (owed.state, figures(owed)["delivered"], figures(owed)["beyond_commitment"]) == ("fulfilled", "16", "2")
    assert "open" not in figures(owed)


def test_case_5_a_dispute_leaves_two_figures() -> None:
    given = world()
    given.commits("m113", terms(goods("20", "M113"), once("2024-01-01", "2024-12-31")))
    given.delivers("all", "m113", goods("20", "M113"))
    accepted = given.says("acknowledged", "all", "15")
    disputed = given.says("disputed", "all", "5", grounds="defective")
    owed = given.owes("m113", "2025-06-01")
    assert {name: figures(owed).get(name) for name in ("delivered", "acknowledged", "disputed", "unanswered")} == {
        "delivered": "20",
        "acknowledged": "15",
        "disputed": "5",
        "unanswered": None,
    }
    assert owed.acknowledged is not None
    assert accepted in owed.acknowledged.events
    assert owed.disputed is not None
    assert disputed in owed.disputed.events


def test_case_6_silence_of_the_beneficiary_is_not_acceptance() -> None:
    given = world()
    given.commits("m113", terms(goods("20", "M113"), once("2024-01-01", "2024-12-31")))
    given.delivers("all", "m113", goods("20", "M113"))
    owed = given.owes("m113", "2026-01-01")
    assert "acknowledged" not in figures(owed)
    assert figures(owed)["unanswered"] == "20"


def test_a_delivery_counts_only_from_the_declared_milestone_on() -> None:
    given = world()
    given.commits("m113", terms(goods("20", "M113"), once("2024-01-01", "2024-12-31")))
    given.delivers("slow", "m113", goods("20", "M113"), milestone="dispatched", on="2024-06-01")
    assert figures(given.owes("m113", "2024-07-01"))["under_way"] == "20"
    assert "delivered" not in figures(given.owes("m113", "2024-07-01"))
    given.act("gb", "delivery.advanced", delivery="slow", milestone="handed_over", occurred=day("2024-08-01"))
    assert figures(given.owes("m113", "2024-08-01"))["delivered"] == "20"
    assert "delivered" not in figures(given.owes("m113", "2024-07-31"))


def test_case_8_a_back_dated_delivery_changes_what_was_true_and_not_what_was_known() -> None:
    given = world()
    given.commits("m113", terms(goods("80", "M113"), once("2024-01-01", "2024-12-31")))
    before = given.rows()
    given.delivers("filed-late", "m113", goods("80", "M113"), on="2024-12-01")
    assert given.owes("m113", "2025-01-15").state == "fulfilled"
    known_then = type(given.known("2025-01-15"))(before, given.known("2025-01-15").as_of)
    assert figures(obligations_of(known_then, "gb")[0])["overdue"] == "80"


def test_case_10_a_fuzzy_date_counts_on_its_last_possible_day() -> None:
    given = world()
    given.commits("m113", terms(goods("2", "M113"), once("2024-01-01", "2024-08-15")))
    given.delivers("august", "m113", goods("2", "M113"), occurred=day("2024-08-01", "2024-08-31", "month"))
    assert figures(given.owes("m113", "2024-08-30"))["overdue"] == "2"
    assert given.owes("m113", "2024-08-31").state == "fulfilled"


def test_case_11_money_in_thirds_sums_to_the_whole_to_the_cent() -> None:
    given = world()
    given.commits("joint", terms(money("92000000.00"), once("2024-01-01", "2024-12-31"), "gb", "de", "fr"))
    owed = [given.owes("joint", "2024-06-01", party) for party in ("gb", "de", "fr")]
    amounts = [figures(one)["committed"] for one in owed]
    assert amounts == ["30666666.67", "30666666.67", "30666666.66"]
    assert [one.share for one in owed] == ["1/3", "1/3", "1/3"]


def test_case_11_sixteen_howitzers_are_owed_and_delivered_once() -> None:
    given = world()
    given.commits("zuzana", terms(goods("16", "Zuzana 2"), once("2024-01-01", "2024-12-31"), "gb", "de", "fr"))
    assert [figures(given.owes("zuzana", "2024-06-01", one))["committed"] for one in ("gb", "de", "fr")] == ["16/3"] * 3
    given.delivers("two", "zuzana", goods("2", "Zuzana 2"))
    overdue = {one: figures(given.owes("zuzana", "2025-01-01", one))["overdue"] for one in ("gb", "de", "fr")}
    assert overdue == {"gb": "10/3", "de": "16/3", "fr": "16/3"}
    given.delivers("fourteen", "zuzana", goods("14", "Zuzana 2"), on="2024-07-01")
    for party in ("gb", "de", "fr"):
        owed = given.owes("zuzana", "2025-01-01", party)
        assert (owed.state, figures(owed)["delivered"]) == ("fulfilled", "16/3")


def test_case_11_joint_liability_credits_every_obligor_with_its_share() -> None:
    given = world()
    agreed = terms(goods("16", "Zuzana 2"), once("2024-01-01", "2024-12-31"), "gb", "de", liability="joint")
    given.commits("zuzana", agreed)
    given.delivers("four", "zuzana", goods("4", "Zuzana 2"))
    given.says("acknowledged", "four", "2")
    for party in ("gb", "de"):
        found = figures(given.owes("zuzana", "2025-01-01", party))
        assert (found["delivered"], found["acknowledged"], found["overdue"]) == ("2", "1", "6")


def test_a_joint_commitment_is_pending_until_every_obligor_has_consented() -> None:
    given = world()
    made = given.act(
        "gb",
        "commitment.made",
        commitment="joint",
        instrument="pact",
        title={"en": "joint"},
        terms=terms(money("90.00"), once("2024-01-01", "2024-12-31"), "gb", "de"),
        occurred=day("2024-01-10"),
    )
    owed = given.owes("joint", "2025-01-01", "de")
    assert (owed.state, figures(owed)) == ("pending", {"promised": "45.00"})
    assert [(one.event, one.asked) for one in owed.pending] == [(made, ("de",))]
    given.act("de", "consent.refused", act=made)
    assert obligations_of(given.known("2025-01-01"), "de") == ()


def test_case_13_a_nested_commitment_counts_once_in_its_envelope() -> None:
    given = world()
    given.commits("envelope", terms(money("3000000000.00", "GBP"), once("2024-04-01", "2025-03-31")))
    part = terms(
        money("200000000.00", "GBP"),
        once("2024-04-01", "2025-03-31"),
        part_of={"commitment": "envelope", "basis": "stated"},
    )
    given.commits("drones", {**part, "category": "drones"})
    delivered = given.delivers("first", "drones", money("50000000.00", "GBP"))
    child, parent = given.owes("drones", "2024-12-31"), given.owes("envelope", "2024-12-31")
    assert (child.part_of, child.counted_in, parent.parts_within) == ("envelope", "envelope", ("drones",))
    assert figures(child)["delivered"] == figures(parent)["delivered"] == "50000000.00"
    assert parent.delivered is not None
    assert delivered in parent.delivered.events
    assert figures(parent)["open"] == "2950000000.00"


def test_case_14_a_formula_is_indeterminate_until_its_period_is_resolved() -> None:
    given = world()
    formula = {"kind": "formula", "percent": "0.25", "of": "gross domestic product", "currency": "EUR"}
    given.commits("gdp", terms(formula, yearly("2024-01-01", "2024-12-31"), bound="floor"))
    unresolved = given.owes("gdp", "2025-06-01")
    assert (unresolved.committed, unresolved.open, unresolved.indeterminate_parts) == (None, None, 2)
    assert [part.state for part in unresolved.parts] == ["indeterminate", "indeterminate"]
    resolved = given.act(
        "gb",
        "commitment.resolved",
        commitment="gdp",
        period=day("2024-01-01", "2024-12-31", "year"),
        amount="90000000.00",
        currency="EUR",
        source={"title": "Eurostat", "released_on": "2025-04-01"},
        occurred=day("2025-04-01"),
    )
    after = given.owes("gdp", "2025-06-01")
    assert figures(after)["committed"] == figures(after)["overdue"] == "90000000.00"
    assert after.indeterminate_parts == 1
    assert after.committed is not None
    assert resolved in after.committed.events
    assert given.owes("gdp", "2025-03-31").committed is None


def test_case_15_valuations_stand_beside_and_never_change_fulfilment() -> None:
    given = world()
    given.commits("tanks", terms(goods("10"), once("2024-01-01", "2024-12-31")))
    worth = [
        {"basis": basis, "amount": amount, "currency": "EUR"}
        for basis, amount in (("replacement", "90.00"), ("net_book", "5.00"), ("list", "70.00"))
    ]
    given.delivers("half", "tanks", goods("5"), valuations=worth)
    owed = given.owes("tanks", "2025-01-01")
    assert (figures(owed)["delivered"], figures(owed)["overdue"], owed.unit) == ("5", "5", "tank")


def test_case_24_a_cap_lapses_at_the_end_of_its_period_and_is_never_overdue() -> None:
    given = world()
    given.commits("cap", terms(money("100.00"), once("2024-01-01", "2024-12-31"), bound="cap"))
    given.delivers("some", "cap", money("30.00"))
    assert figures(given.owes("cap", "2024-12-31"))["open"] == "70.00"
    lapsed = given.owes("cap", "2025-01-01")
    assert (lapsed.state, lapsed.overdue_since) == ("lapsed", None)
    assert {name: figures(lapsed).get(name) for name in ("committed", "delivered", "lapsed", "open", "overdue")} == {
        "committed": "100.00",
        "delivered": "30.00",
        "lapsed": "70.00",
        "open": None,
        "overdue": None,
    }
    given.delivers("too-late", "cap", money("20.00"), on="2025-02-01")
    assert figures(given.owes("cap", "2025-03-01"))["beyond_commitment"] == "20.00"


def test_a_target_is_missed_and_never_overdue() -> None:
    given = world()
    given.commits("shells", terms(goods("1000000", "shell"), once("2024-01-01", "2024-03-31"), bound="target"))
    given.delivers("half", "shells", goods("524000", "shell"), on="2024-03-01")
    owed = given.owes("shells", "2024-06-01")
    assert (owed.state, owed.parts[0].state, figures(owed)["open"]) == ("in_effect", "missed", "476000")
    assert "overdue" not in figures(owed)


@pytest.mark.parametrize("bound", ["floor", "exact"])
def test_a_floor_and_an_exact_figure_become_overdue(bound: str) -> None:
    given = world()
    given.commits("shells", terms(goods("10", "shell"), once("2024-01-01", "2024-03-31"), bound=bound))
    assert figures(given.owes("shells", "2024-04-01"))["overdue"] == "10"


def test_what_has_no_date_is_never_overdue() -> None:
    given = world()
    given.commits("someday", terms(money("5.00"), {"kind": "unscheduled"}))
    owed = given.owes("someday", "2090-01-01")
    assert (figures(owed).get("overdue"), figures(owed)["open"], owed.next_due) == (None, "5.00", None)


def test_a_recurring_promise_starts_anew_in_each_period_and_arrears_are_filled_first() -> None:
    given = world()
    given.commits("yearly", terms(money("100.00"), yearly("2024-01-01", "2024-12-31")))
    given.delivers("first", "yearly", money("160.00"), on="2024-06-01")
    assert figures(given.owes("yearly", "2024-12-31"))["beyond_commitment"] == "60.00"
    given.delivers("second", "yearly", money("40.00"), on="2025-06-01")
    owed = given.owes("yearly", "2026-01-01")
    assert [(part.delivered.amount, part.state) for part in owed.parts] == [
        ("100.00", "fulfilled"),
        ("40.00", "overdue"),
        ("0.00", "open"),
    ]
    assert (figures(owed)["committed"], figures(owed)["overdue"]) == ("300.00", "60.00")
    given.delivers("arrears", "yearly", money("70.00"), on="2026-01-10")
    assert [part.delivered.amount for part in given.owes("yearly", "2026-02-01").parts] == ["100.00", "100.00", "10.00"]
    assert owed.next_due is not None
    assert owed.next_due.due_on is not None
    assert owed.next_due.due_on.isoformat() == "2026-12-31"


def test_tranches_can_be_delivered_early() -> None:
    given = world()
    parts = [{"due": day("2024-06-30"), "amount": "40.00"}, {"due": day("2025-06-30"), "amount": "60.00"}]
    given.commits("tranches", terms(money("100.00"), {"kind": "tranches", "tranches": parts}))
    given.delivers("early", "tranches", money("70.00"), on="2024-02-01")
    owed = given.owes("tranches", "2024-07-01")
    assert [part.delivered.amount for part in owed.parts] == ["40.00", "30.00"]
    assert (figures(owed)["due"], figures(owed)["open"], figures(owed).get("overdue")) == ("40.00", "30.00", None)


def test_the_identity_of_the_figures_holds_after_a_waiver() -> None:
    given = world()
    given.commits("waived", terms(money("100.00"), once("2024-01-01", "2024-12-31")))
    given.delivers("some", "waived", money("30.00"))
    waiver = given.act(
        "ua", "commitment.waived", commitment="waived", amount="20.00", reason="agreed", occurred=day("2024-08-01")
    )
    owed = given.owes("waived", "2025-01-01")
    assert figures(owed) == {
        "promised": "100.00",
        "committed": "80.00",
        "due": "80.00",
        "delivered": "30.00",
        "unanswered": "30.00",
        "open": "50.00",
        "overdue": "50.00",
        "released": "20.00",
    }
    assert owed.released is not None
    assert owed.released.events == (waiver,)


def test_a_commitment_withdrawn_with_consent_keeps_what_was_delivered() -> None:
    given = world()
    given.commits("gone", terms(money("100.00"), once("2024-01-01", "2024-12-31")))
    given.delivers("some", "gone", money("30.00"))
    asked = given.act("gb", "commitment.withdrawn", commitment="gone", reason="budget", occurred=day("2024-09-01"))
    assert given.owes("gone", "2024-10-01").state == "in_effect"
    given.act("ua", "consent.given", act=asked)
    owed = given.owes("gone", "2025-01-01")
    assert (owed.state, figures(owed)["committed"], figures(owed)["released"]) == ("withdrawn", "30.00", "70.00")
    assert "overdue" not in figures(owed)


def test_case_33_an_undisclosed_commitment_is_there_without_a_figure() -> None:
    given = world()
    hidden = {"kind": "undisclosed", "confidential": {"salted_sha256": "ab" * 32}}
    given.commits("secret", terms(hidden, once("2024-01-01", "2024-12-31"), category="intelligence"))
    owed = given.owes("secret", "2025-06-01")
    assert (owed.kind, owed.committed, owed.overdue, owed.unit) == ("undisclosed", None, None, None)
    assert owed.state == "in_effect"


def test_case_35_a_correction_of_a_correction_is_what_counts() -> None:
    given = world()
    made = given.commits("typo", terms(money("100.00"), once("2024-01-01", "2024-12-31")))
    first = given.act(
        "gb",
        "act.corrected",
        act=made,
        field="/terms/object/amount",
        old="100.00",
        new="1000.00",
        reason="a digit was missing",
        occurred=day("2024-02-01"),
    )
    before = given.rows()
    second = given.act(
        "gb", "act.corrected", act=first, field="/new", old="1000.00", new="1100.00", reason="and another"
    )
    owed = given.owes("typo", "2026-06-01")
    assert figures(owed)["committed"] == "1100.00"
    assert owed.committed is not None
    assert {made, first, second} <= set(owed.committed.events)
    known_before = type(given.known("2026-06-01"))(before, given.known("2026-06-01").as_of)
    assert figures(obligations_of(known_before, "gb")[0])["committed"] == "1000.00"


def not_signed(given: World) -> None:
    given.registered(signed=None)


def test_case_39_nothing_is_owed_under_a_text_that_was_never_signed() -> None:
    given = world(not_signed)
    given.commits("promise", terms(money("100.00"), once("2024-01-01", "2024-12-31")))
    owed = given.owes("promise", "2025-06-01")
    assert (owed.state, figures(owed)) == ("not_signed", {"promised": "100.00"})


def test_signed_is_not_in_force_where_ratification_is_needed() -> None:
    given = world(lambda made: made.registered(effect="on_ratification"))
    given.commits("promise", terms(money("100.00"), once("2024-01-01", "2024-12-31")))
    assert (given.owes("promise", "2025-06-01").state) == "not_in_force"
    for party in given.founded.offices:
        given.act(party, "instrument.ratified", instrument="pact", occurred=day("2025-07-01"))
    assert given.owes("promise", "2025-06-30").state == "not_in_force"
    assert figures(given.owes("promise", "2025-07-02"))["overdue"] == "100.00"


def test_not_stated_is_read_as_on_signature_and_says_so() -> None:
    given = world(lambda made: made.registered(effect="not_stated"))
    given.commits("promise", terms(money("100.00"), once("2024-01-01", "2024-12-31")))
    owed = given.owes("promise", "2024-06-01")
    assert (owed.state, owed.effect.basis, owed.effect.read_as) == ("in_effect", "not_stated", "on_signature")


def test_what_waits_for_activation_is_not_due() -> None:
    given = world()
    agreed = terms(money("100.00"), once("2024-01-01", "2024-12-31"), phase="on_activation")
    given.commits("if-attacked", agreed)
    owed = given.owes("if-attacked", "2025-06-01")
    assert (owed.state, figures(owed)) == (
        "awaiting_activation",
        {"promised": "100.00", "committed": "100.00", "open": "100.00"},
    )
