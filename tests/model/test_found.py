"""What long walks have found: where the ledger said something else than its rules, each cut down to a few acts."""

from datetime import date
from typing import Any

import pytest

from ledger.events.refusals import Refusal
from projections.coverage import coverage
from projections.reading import Known
from projections.rows import MemoryRows
from tests.cases.figures import owed
from tests.world import Fields, World, day, goods, money, once, signed_world, terms, yearly


@pytest.fixture
def world() -> World:
    return signed_world()


def endless(every: str, first: str, last: str) -> Fields:
    return {"kind": "recurrence", "every": every, "first": day(first, last)}


def line(amount: str) -> list[Fields]:
    return [{"line": 1, "amount": amount}]


def lost(world: World, desk: str) -> None:
    """Have a party revoke an office of its own as compromised since the beginning of the test."""
    party = desk.partition("/")[0]
    fields = {"reason": "compromised", "contested_since": "2026-06-01T00:00:00Z"}
    world.admit(party, "authority.revoked", revoked=desk, **fields)


def test_corrected_lines_reopen_the_acknowledgement_on_days_before_the_correction_as_well(world: World) -> None:
    world.commits("c-1", terms(goods("80")), occurred=day("2026-04-01"))
    recorded = world.delivers(lines=[{"line": 1, "object": goods("20")}])
    world.admit("ua", "delivery.acknowledged", delivery="d-1", lines=line("20"), occurred=day("2026-05-02"))
    change = {"field": "/lines/0/object/quantity", "old": "20", "new": "18", "reason": "Two were never loaded"}
    world.admit("gb", "act.corrected", act=recorded, occurred=day("2026-05-20"), **change)
    figures = owed(world, "gb", "c-1", "2026-05-10")
    amounts = [one.amount for one in (figures.delivered, figures.acknowledged, figures.unanswered) if one is not None]
    assert amounts == ["18", "0", "18"]


def test_a_correction_of_lines_that_came_later_reopens_nothing_on_the_days_before_them(world: World) -> None:
    world.commits("c-1", terms(goods("80")), occurred=day("2026-04-01"))
    world.delivers(lines=[{"line": 1, "object": goods("20")}], occurred=day("2026-04-10"))
    world.admit("ua", "delivery.acknowledged", delivery="d-1", lines=line("20"), occurred=day("2026-04-12"))
    lines = [{"line": 1, "object": goods("15")}]
    counted = {"delivery": "d-1", "lines": lines, "reason": "Counted again", "occurred": day("2026-05-10")}
    later = world.admit("gb", "delivery.corrected", **counted)
    change = {"field": "/lines/0/object/quantity", "old": "15", "new": "16", "reason": "A slip"}
    world.admit("gb", "act.corrected", act=later, **change)
    accepted = [owed(world, "gb", "c-1", as_of).acknowledged for as_of in ("2026-04-30", "2026-06-01")]
    assert [one.amount for one in accepted if one is not None] == ["20", "0"]


def test_a_part_without_end_is_within_its_whole_in_the_years_to_come_as_well(world: World) -> None:
    """Forty a quarter from July on are less than a hundred this year, and more in every other."""
    world.commits("whole", terms(goods("100"), schedule=yearly(2027)))
    nested = {"part_of": {"commitment": "whole", "basis": "stated"}}
    fields: Fields = {"commitment": "part", "instrument": "pact", "title": {"en": "Part"}}
    quarterly = endless("quarter", "2027-07-01", "2027-09-30")
    above = terms(goods("40"), schedule=quarterly, **nested)
    assert world.refuse("gb", "commitment.made", **fields, terms=above) == Refusal.CHILD_ABOVE_PARENT
    world.admit("gb", "commitment.made", **fields, terms=terms(goods("25"), schedule=quarterly, **nested))


def test_what_falls_due_between_two_periods_of_its_whole_is_in_the_one_before(world: World) -> None:
    world.commits("whole", terms(goods("100"), schedule=endless("year", "2027-01-01", "2027-11-30")))
    nested = {"part_of": {"commitment": "whole", "basis": "stated"}}
    world.commits("first", terms(goods("60"), schedule=once("2027-06-01", "2027-06-30"), **nested))
    fields: Fields = {"commitment": "second", "instrument": "pact", "title": {"en": "Second"}}
    between = terms(goods("60"), schedule=once("2027-12-01", "2027-12-15"), **nested)
    assert world.refuse("gb", "commitment.made", **fields, terms=between) == Refusal.CHILD_ABOVE_PARENT
    later = terms(goods("60"), schedule=once("2028-06-01", "2028-06-30"), **nested)
    world.admit("gb", "commitment.made", **fields, terms=later)


def test_a_proposal_that_a_thief_withdrew_waits_again(world: World) -> None:
    world.grants("gb", "defence")
    joint: Fields = {"commitment": "joint", "instrument": "pact", "title": {"en": "Joint"}}
    made = world.admit("gb", "commitment.made", **joint, terms=terms(None, "gb", "de"))
    withdrawn = world.admit("gb/defence", "consent.withdrawn", act=made)
    assert world.standing(made) == "refused"
    assert world.refuse("de", "consent.given", act=made) == Refusal.NOT_PENDING
    lost(world, "gb/defence")
    world.admit("gb", "act.repudiated", act=withdrawn, reason="Not ours")
    assert world.pending_on(made) == ("de",)
    world.admit("de", "consent.given", act=made)
    assert world.standing(made) == "effective"


def test_a_consent_that_a_thief_gave_can_be_given_anew_whatever_was_done_meanwhile(world: World) -> None:
    world.grants("de", "defence")
    joint: Fields = {"commitment": "joint", "instrument": "pact", "title": {"en": "Joint"}}
    made = world.admit("gb", "commitment.made", **joint, terms=terms(None, "gb", "de"))
    given = world.admit("de/defence", "consent.given", act=made)
    world.admit("ua", "commitment.waived", commitment="joint", amount="10.00", reason="Agreed")
    lost(world, "de/defence")
    world.admit("de", "act.repudiated", act=given, reason="Not ours")
    assert world.pending_on(made) == ("de",)
    assert world.refuse("gb", "commitment.made", **joint, terms=terms()) == Refusal.ALREADY_EXISTS
    world.admit("de", "consent.given", act=made)
    assert world.amount("joint") == "100.00"


def test_a_correction_is_judged_by_what_was_in_effect_when_the_act_was_recorded(world: World) -> None:
    world.commits("c-1", terms(money("100.00")))
    waiting = world.admit(
        "gb", "commitment.amended", commitment="c-1", terms=terms(money("900.00"), phase="on_activation")
    )
    assert world.pending_on(waiting) == ("ua",)
    raised = world.admit(
        "gb", "commitment.amended", commitment="c-1", terms=terms(money("200.00")), occurred=day("2026-05-01")
    )
    world.admit("ua", "consent.given", act=waiting)
    # Nine hundred came into effect later: two hundred raised a hundred then, and do so a week earlier too.
    change = {"field": "/occurred", "old": day("2026-05-01"), "new": day("2026-04-24"), "reason": "A slip"}
    assert world.pending_on(world.admit("gb", "act.corrected", act=raised, **change)) == ()


def covered(world: World, as_of: str) -> dict[str, Any]:
    rows = MemoryRows(dict(world.compact.changes), world.size, world.now)
    (one,) = coverage(Known(rows, date.fromisoformat(as_of)))
    return {name: getattr(one, name).amount for name in ("delivered", "acknowledged")}


@pytest.mark.parametrize(("liability", "milestone"), [("several", "in_transit"), ("joint", "handed_over")])
def test_a_reimbursement_is_in_no_acknowledged_total(world: World, liability: str, milestone: str) -> None:
    """Neither while it is under way, nor where it is credited to several obligors."""
    world.commits("c-1", terms(money("100.00"), "gb", "de", liability=liability))
    world.delivers("sent", lines=[{"line": 1, "object": money("30.00")}])
    paid = [{"line": 1, "object": money("30.00")}]
    world.delivers("paid-back", lines=paid, milestone=milestone, reimburses="sent")
    world.admit("ua", "delivery.acknowledged", delivery="paid-back", lines=line("20.00"))
    assert covered(world, "2026-06-02") == {"delivered": "30.00", "acknowledged": "0.00"}
    world.admit("ua", "delivery.acknowledged", delivery="sent", lines=line("7.00"))
    assert covered(world, "2026-06-02") == {"delivered": "30.00", "acknowledged": "7.00"}


@pytest.mark.parametrize("field", ["/lines/0/amount", "/occurred"])
def test_what_was_acknowledged_of_a_repudiated_delivery_is_not_corrected_any_more(world: World, field: str) -> None:
    world.commits("c-1", terms(money("100.00")))
    world.grants("gb", "defence")
    given = world.delivers(desk="gb/defence", lines=[{"line": 1, "object": money("30.00")}])
    said = world.admit("ua", "delivery.acknowledged", delivery="d-1", lines=line("20.00"), occurred=day("2026-06-01"))
    lost(world, "gb/defence")
    world.admit("gb", "act.repudiated", act=given, reason="Not ours")
    old, new = ("20.00", "25.00") if field.startswith("/lines") else (day("2026-06-01"), day("2026-05-31"))
    change = {"field": field, "old": old, "new": new, "reason": "A slip"}
    assert world.refuse("ua", "act.corrected", act=said, **change) == Refusal.REFERENCE_UNKNOWN


def test_a_release_in_one_currency_releases_nothing_in_another(world: World) -> None:
    world.commits("c-1", terms(money("100.00")))
    world.admit("ua", "commitment.waived", commitment="c-1", amount="32.33", reason="No longer needed")
    assert figure(world, "released") == "32.33"
    krona = terms({"kind": "money", "amount": "9000", "currency": "ISK"})
    # Dated before the release as well: what was said of pounds was said of pounds.
    earlier = world.admit("gb", "commitment.amended", commitment="c-1", terms=krona, occurred=day("2026-05-01"))
    world.admit("ua", "consent.given", act=earlier)
    assert (figure(world, "released"), figure(world, "committed")) == ("0", "9000")


def test_a_release_stands_where_its_currency_is_repudiated_but_releases_nothing(world: World) -> None:
    world.grants("gb", "defence")
    world.commits("c-1", terms({"kind": "money", "amount": "9000", "currency": "ISK"}))
    pounds = world.admit("gb/defence", "commitment.amended", commitment="c-1", terms=terms(money("100.00")))
    world.admit("ua", "consent.given", act=pounds)
    world.admit("ua", "commitment.waived", commitment="c-1", amount="32.33", reason="No longer needed")
    lost(world, "gb/defence")
    world.admit("gb", "act.repudiated", act=pounds, reason="Not ours")
    assert (figure(world, "released"), figure(world, "committed")) == ("0", "9000")


def figure(world: World, name: str) -> str:
    return str(getattr(owed(world, "gb", "c-1", "2026-06-20"), name).amount)
