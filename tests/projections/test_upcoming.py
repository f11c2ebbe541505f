"""What is to come, soonest first: each boundary one day or one instant before and after."""

from datetime import date, datetime

import pytest

from projections.horizon import Coming, Upcoming
from projections.upcoming import upcoming
from tests.projections.instants import known
from tests.projections.world import World as Ledger
from tests.projections.world import day, goods, money, once, terms, world, yearly
from tests.world import World, signed_world

AT_NOON = "2026-06-01T12:00:00+00:00"


def coming(given: Ledger, as_of: str, days: int = 90) -> tuple[Upcoming, ...]:
    """Return what is to come by days, in a world that acts on chosen days."""
    return upcoming(given.known(as_of), days)


def at(given: World, instant: str, days: int = 90) -> tuple[Upcoming, ...]:
    """Return what is to come from an instant on, in a world with a clock."""
    return upcoming(known(given, instant), days)


def shown(found: tuple[Upcoming, ...]) -> list[tuple[str, str, str]]:
    return [(one.kind.value, one.id, str(one.on)) for one in found]


def instants(found: tuple[Upcoming, ...], kind: Coming) -> list[str]:
    return [one.at.isoformat() for one in found if one.kind == kind and one.at is not None]


def test_a_part_is_to_come_until_the_end_of_its_last_possible_day_and_from_the_first_day_of_the_window() -> None:
    given = world()
    made = given.commits("tanks", terms(goods("10"), once("2024-06-01", "2024-06-30")))
    given.delivers("four", "tanks", goods("4"), on="2024-03-01")
    for as_of, days, is_there in (
        *(("2024-05-31", 30, True), ("2024-05-30", 30, False), ("2024-05-30", 31, True)),
        *(("2024-06-30", 1, True), ("2024-07-01", 1, False), ("2024-07-01", 366, False)),
    ):
        assert bool(coming(given, as_of, days)) == is_there, (as_of, days)
    (one,) = coming(given, "2024-06-20")
    assert (one.kind, one.about, one.id, one.part, one.parties, one.days) == (
        *("obligation_due", "commitment", "tanks", 1, ("gb",), 10),
    )
    assert one.amount is not None
    assert (one.amount.amount, one.unit, one.instrument) == ("6", "tank", "pact")
    assert made in one.events
    assert one.when is not None
    assert (one.when.precision, str(one.when.first)) == ("interval", "2024-06-01")


def test_what_is_delivered_waived_or_without_a_date_does_not_fall_due() -> None:
    given = world()
    soon = once("2024-01-01", "2024-06-30")
    given.commits("delivered", terms(goods("4"), soon))
    given.delivers("all", "delivered", goods("4"), on="2024-03-01")
    given.commits("waived", terms(goods("4"), soon))
    given.act("ua", "commitment.waived", commitment="waived", reason="Not needed", occurred=day("2024-03-01"))
    given.commits("undated", terms(goods("4"), {"kind": "unscheduled"}))
    given.commits("conditional", terms(goods("4"), soon, phase="on_activation"))
    assert coming(given, "2024-06-01") == ()


def test_what_does_not_bind_yet_does_not_fall_due() -> None:
    given = Ledger()
    given.registered(signed=None)
    given.commits("unsigned", terms(goods("4"), once("2024-01-01", "2024-06-30")))
    assert coming(given, "2024-06-01") == ()


def test_a_cap_and_a_target_end_and_are_never_due() -> None:
    given = world()
    soon = once("2024-01-01", "2024-06-30")
    given.commits("cap", terms(money("50.00"), soon, bound="cap"))
    given.commits("floor", terms(money("50.00"), soon, bound="floor"))
    given.commits("target", terms(money("50.00"), soon, bound="target"))
    kinds = {one.id: one.kind for one in coming(given, "2024-06-01")}
    assert kinds == {"cap": Coming.CAP_ENDS, "floor": Coming.OBLIGATION_DUE, "target": Coming.TARGET_ENDS}


def test_each_obligor_of_a_joint_commitment_has_its_own_part_to_come() -> None:
    given = world()
    given.commits("joint", terms(money("92000000.00"), once("2024-01-01", "2024-06-30"), "gb", "de", "fr"))
    found = coming(given, "2024-06-01")
    owed = {one.parties[0]: one.amount.amount for one in found if one.amount is not None}
    assert owed == {"gb": "30666666.67", "de": "30666666.67", "fr": "30666666.66"}
    assert len({one.key for one in found}) == 3


def test_periods_of_a_recurrence_that_have_not_begun_are_to_come_and_a_formula_has_no_amount() -> None:
    given = world()
    monthly = {"kind": "recurrence", "every": "month", "first": day("2024-01-01", "2024-01-31", "month")}
    given.commits("shells", terms(goods("9", "shell"), monthly, "gb", "de", "fr"))
    formula = {"kind": "formula", "percent": "0.25", "of": "gross domestic product", "currency": "EUR"}
    given.commits("share", terms(formula, yearly("2024-01-01", "2024-12-31"), "fr"))
    found = coming(given, "2024-10-15", 90)
    ours = [(str(one.on), one.amount.amount) for one in found if one.parties == ("gb",) and one.amount is not None]
    assert ours == [("2024-10-31", "3"), ("2024-11-30", "3"), ("2024-12-31", "3")]
    assert [(one.id, one.amount) for one in found if one.unit == "EUR"] == [("share", None)]
    assert len({one.key for one in found}) == len(found) == 10


def test_two_parts_on_one_day_are_two_items() -> None:
    given = world()
    parts = [{"due": day("2024-06-30"), "amount": amount} for amount in ("4", "6")]
    given.commits("twice", terms(goods("10"), {"kind": "tranches", "tranches": parts}))
    found = coming(given, "2024-06-01")
    assert [(one.part, one.amount.amount) for one in found if one.amount is not None] == [(1, "4"), (2, "6")]
    assert found[0].key != found[1].key


def test_what_would_fall_due_after_the_text_has_ended_is_not_to_come_but_the_end_is() -> None:
    given = world()
    given.today = datetime.fromisoformat("2026-02-10T09:00:00+00:00")
    given.act("gb", "instrument.withdrawal_notified", instrument="pact", occurred=day("2026-02-10"))
    given.commits("before", terms(goods("1"), once("2027-01-01", "2027-02-09")), on="2026-01-10")
    given.commits("on-the-day", terms(goods("1"), once("2027-01-01", "2027-02-10")), on="2026-01-10")
    given.commits("of-another", terms(goods("1"), once("2027-01-01", "2027-02-10"), "de"), on="2026-01-10")
    assert shown(coming(given, "2027-01-20", 30)) == [
        ("obligation_due", "before", "2027-02-09"),
        ("withdrawal", "pact", "2027-02-10"),
        ("obligation_due", "of-another", "2027-02-10"),
    ]
    assert Coming.WITHDRAWAL in {one.kind for one in coming(given, "2027-02-09", 1)}
    assert Coming.WITHDRAWAL not in {one.kind for one in coming(given, "2027-02-10", 1)}
    given.act("gb", "instrument.withdrawal_revoked", instrument="pact", occurred=day("2026-02-10"))
    assert Coming.WITHDRAWAL not in {one.kind for one in coming(given, "2027-01-20", 30)}


def test_the_end_of_a_term_concerns_all_whom_the_text_binds() -> None:
    given = Ledger()
    given.registered(signed=None, term={"until": "2026-12-31"})
    for party in ("ua", "gb", "de"):
        given.act(party, "instrument.signed", instrument="pact", occurred=day("2024-01-01"))
    (one,) = coming(given, "2026-12-31", 1)
    assert (one.kind, str(one.on), one.parties) == ("term_ends", "2027-01-01", ("ua", "gb", "de"))
    assert coming(given, "2026-12-30", 1) == ()
    assert coming(given, "2027-01-01") == ()


def test_a_term_in_years_ends_for_each_party_by_itself() -> None:
    given = Ledger()
    given.registered(signed=None, term={"years": 2})
    given.act("gb", "instrument.signed", instrument="pact", occurred=day("2024-02-29"))
    given.act("de", "instrument.signed", instrument="pact", occurred=day("2024-03-01"))
    found = coming(given, "2026-02-20", 30)
    assert [(one.parties, str(one.on)) for one in found] == [(("gb",), "2026-02-28"), (("de",), "2026-03-01")]


@pytest.mark.parametrize("party", ["ua", "fr"])
def test_a_requirement_is_to_come_until_it_is_met(party: str) -> None:
    given = world()
    needed_by = day("2024-04-01", "2024-06-30", "quarter")
    title = {"en": "Howitzers"}
    need = {"category": "artillery", "unit": "howitzer", "quantity": "20", "needed_by": needed_by, "title": title}
    given.act("ua", "requirement.stated", requirement="r-1", occurred=day("2024-01-05"), **need)
    (one,) = coming(given, "2024-06-30", 1)
    assert (one.kind, one.id, one.parties, one.days) == ("requirement_needed", "r-1", ("ua",), 0)
    assert one.when is not None
    assert (one.when.precision, one.amount is not None) == ("quarter", True)
    assert (party in one.parties) == (party == "ua")
    assert coming(given, "2024-07-01") == ()
    given.act("ua", "requirement.met", requirement="r-1", occurred=day("2024-06-01"))
    assert coming(given, "2024-06-01") == ()
    assert len(coming(given, "2024-05-31")) == 1


def test_a_sunset_is_to_come_until_its_instant_and_a_renewal_moves_it() -> None:
    given = signed_world()
    sunset = {"kind": "sunset", "expires_at": "2026-07-31T00:00:00Z"}
    given.at(AT_NOON).adopts(default_rule=sunset, effective_at="2026-05-01T00:00:00Z")
    for instant, is_there in (
        *((AT_NOON, True), ("2026-07-30T23:59:59+00:00", True)),
        *(("2026-07-31T00:00:00+00:00", False), ("2026-04-30T00:00:00+00:00", False)),
    ):
        assert bool(at(given, instant)) == is_there, instant
    renewed = given.admit("gb", "measure.renewed", measure="m-1", expires_at="2027-01-31T00:00:00Z")
    assert at(given, AT_NOON) == ()
    (one,) = at(given, "2026-12-01T00:00:00+00:00")
    assert (one.kind, one.on, one.parties, one.measure_parts) == (
        *("measure_renewal", date(2027, 1, 31), ("gb",), ("oil", "banks")),
    )
    assert renewed in one.events


def test_an_easing_with_an_end_is_to_come_once_for_all_its_parts_and_not_without_an_end() -> None:
    given = signed_world()
    given.at(AT_NOON).adopts()
    given.adopts("m-2")
    given.admit("gb", "measure.eased", measure="m-2", parts=["banks"])
    assert at(given, AT_NOON) == ()
    until = "2026-08-01T00:00:00Z"
    other = given.admit("gb", "measure.eased", measure="m-1", parts=["oil", "banks"], until=until)
    suspended = given.admit("gb", "measure.suspended", measure="m-1", until="2026-07-01T12:00:00Z")
    found = at(given, AT_NOON)
    assert [(one.kind, one.at is not None and one.at.isoformat(), one.measure_parts, one.events) for one in found] == [
        ("relief_ends", "2026-07-01T12:00:00+00:00", ("oil", "banks"), (suspended,)),
        ("relief_ends", "2026-08-01T00:00:00+00:00", ("oil", "banks"), (other,)),
    ]
    assert len(at(given, AT_NOON, 30)) == 1
    assert len(at(given, "2026-06-01T11:59:59+00:00", 30)) == 0
    assert len(at(given, "2026-07-01T12:00:00+00:00")) == 1


def test_an_announced_return_is_to_come_instead_of_the_end_of_the_easing() -> None:
    given = signed_world()
    given.at(AT_NOON).adopts(default_rule={"kind": "snapback", "after_days": 30, "ends_at": "2026-08-01T00:00:00Z"})
    given.admit("gb", "measure.eased", measure="m-1", parts=["oil"], until="2026-12-31T00:00:00Z")
    assert [one.kind for one in at(given, AT_NOON)] == ["snapback_ends"]
    notified, reinstated = given.attacked()
    found = at(given, AT_NOON)
    assert [(one.kind, one.measure_parts) for one in found] == [
        ("reinstatement", ("oil",)),
        ("snapback_ends", ("oil", "banks")),
    ]
    assert instants(found, Coming.REINSTATEMENT) == ["2026-07-02T00:00:00+00:00"]
    assert set(found[0].events) == {notified, reinstated}
    assert Coming.REINSTATEMENT in {one.kind for one in at(given, "2026-07-01T23:59:59.999999+00:00", 1)}
    assert Coming.REINSTATEMENT not in {one.kind for one in at(given, "2026-07-02T00:00:00+00:00")}


def test_deadlines_are_to_come_until_the_instant_itself_for_those_who_have_not_acted() -> None:
    given = signed_world(
        clock={"basis": "notification_received", "convene_within_hours": 24, "decide_within_hours": 72}
    )
    given.at(AT_NOON).attacked()
    found = at(given, AT_NOON)
    assert [(one.kind, one.id, one.parties) for one in found] == [
        ("convene_by", "attack.pact", ("gb", "de", "fr")),
        ("decide_by", "attack.pact", ("gb", "de", "fr")),
    ]
    assert instants(found, Coming.CONVENE_BY) == ["2026-06-02T12:00:00+00:00"]
    assert len(at(given, "2026-06-02T12:00:00+00:00")) == 2
    assert [one.kind for one in at(given, "2026-06-02T12:00:00.000001+00:00")] == ["decide_by"]
    assert len(at(given, AT_NOON, 1)) == 1
    given.at("2026-06-01T14:00:00+00:00")
    convened = {"convened_at": "2026-06-01T13:00:00Z", "level": "ministers"}
    given.admit("gb", "consultation.convened", consultation="attack.pact", **convened)
    given.admit(
        "de",
        "decision.declined",
        consultation="attack.pact",
        decided_at="2026-06-01T13:30:00Z",
        statement="Nothing more",
    )
    after = at(given, "2026-06-01T14:00:00+00:00")
    assert [(one.kind, one.parties) for one in after] == [("decide_by", ("gb", "fr"))]
    assert len(at(given, AT_NOON)) == 2
    assert at(given, "2026-06-01T11:59:59+00:00") == ()
    assert at(given, "2026-06-04T12:00:00.000001+00:00") == ()


def test_a_mandate_with_an_end_expires_unless_it_was_revoked() -> None:
    given = signed_world()
    given.at(AT_NOON).grants("gb", "defence", valid_until="2026-07-01T00:00:00Z")
    given.grants("gb", "for-ever")
    (one,) = at(given, AT_NOON)
    assert (one.kind, one.about, one.id, one.parties, one.days) == (
        *("mandate_expires", "authority", "gb/defence", ("gb",), 30),
    )
    assert len(at(given, "2026-06-30T23:59:59+00:00", 1)) == 1
    assert at(given, "2026-07-01T00:00:00+00:00") == ()
    given.admit("gb", "authority.revoked", revoked="gb/defence", reason="left_office")
    assert at(given, AT_NOON) == ()


def test_the_soonest_comes_first_and_a_change_of_a_day_before_what_is_due_on_it() -> None:
    given = Ledger()
    given.registered(signed="2024-01-01", term={"until": "2024-06-29"})
    given.registered("other")
    given.commits("later", terms(goods("1"), once("2024-01-01", "2024-07-01")), instrument="other")
    given.commits("due", terms(goods("1"), once("2024-01-01", "2024-06-30")), instrument="other")
    assert shown(coming(given, "2024-06-01")) == [
        ("term_ends", "pact", "2024-06-30"),
        ("obligation_due", "due", "2024-06-30"),
        ("obligation_due", "later", "2024-07-01"),
    ]
