"""The numbered cases about deliveries: what is claimed and what is acknowledged stay two figures."""

from decimal import Decimal
from hashlib import sha256

import pytest

from ledger.events.refusals import Refusal, Rejected
from ledger.signing.signer import sign_payload
from tests.acts import admission, principal
from tests.cases.figures import owed
from tests.world import Fields, World, day, goods, money, once, signed_world, terms, tranches


@pytest.fixture
def world() -> World:
    world = signed_world()
    world.commits(
        "m113", terms(goods("80", "M113"), schedule=once("2026-01-01", "2026-12-31")), occurred=day("2026-01-10")
    )
    return world


def vehicles(world: World, delivery_id: str, quantity: str, **fields: object) -> str:
    lines = [{"line": 1, "object": goods(quantity, "M113")}]
    return world.delivers(delivery_id, "m113", lines=lines, **fields)


def line(amount: str) -> list[dict[str, object]]:
    return [{"line": 1, "amount": amount}]


def test_case_03_partial_deliveries_add_up(world: World) -> None:
    vehicles(world, "first", "12")
    vehicles(world, "second", "8")
    figures = owed(world, "gb", "m113", "2026-06-01")
    assert figures.delivered is not None
    assert figures.open is not None
    assert (figures.delivered.amount, figures.open.amount) == ("20", "60")


def test_case_03_a_delivery_in_another_unit_fulfils_nothing(world: World) -> None:
    fields = {"delivery": "other", "commitment": "m113", "milestone": "handed_over", "occurred": day("2026-05-01")}
    for object_ in (goods("12", "BMP-1"), money("12.00")):
        lines = [{"line": 1, "object": object_}]
        assert world.refuse("gb", "delivery.recorded", **fields, lines=lines) == Refusal.UNIT_MISMATCH


def test_case_04_over_delivery_is_admitted_and_shown_as_beyond(world: World) -> None:
    vehicles(world, "all", "90")
    figures = owed(world, "gb", "m113", "2026-06-01")
    assert figures.open is not None
    assert figures.beyond_commitment is not None
    assert (figures.open.amount, figures.beyond_commitment.amount) == ("0", "10")


def test_case_04_more_than_was_claimed_is_not_acknowledged_however_much_was_promised(world: World) -> None:
    vehicles(world, "all", "90")
    world.admit("ua", "delivery.acknowledged", delivery="all", lines=line("85"))
    assert world.refuse("ua", "delivery.acknowledged", delivery="all", lines=line("6")) == Refusal.ABOVE_CLAIMED
    vehicles(world, "few", "1")
    assert world.refuse("ua", "delivery.acknowledged", delivery="few", lines=line("2")) == Refusal.ABOVE_CLAIMED


def test_case_05_a_dispute_leaves_two_figures(world: World) -> None:
    vehicles(world, "first", "20")
    world.admit("ua", "delivery.acknowledged", delivery="first", lines=line("15"))
    world.admit("ua", "delivery.disputed", delivery="first", lines=line("5"), grounds="defective")
    found = world.delivery("first")
    assert (found.claimed, dict(found.acknowledged), dict(found.disputed)) == (
        {1: Decimal(20)},
        {1: Decimal(15)},
        {1: Decimal(5)},
    )
    figures = owed(world, "gb", "m113", "2026-06-01")
    assert figures.delivered is not None
    assert figures.acknowledged is not None
    assert (figures.delivered.amount, figures.acknowledged.amount) == ("20", "15")


def test_case_05_the_obligor_neither_acknowledges_nor_disputes(world: World) -> None:
    vehicles(world, "first", "20")
    for word, more in (("acknowledged", {}), ("disputed", {"grounds": "other"})):
        refusal = world.refuse("gb", f"delivery.{word}", delivery="first", lines=line("5"), **more)
        assert refusal == Refusal.SIGNER_NOT_ENTITLED


def test_case_06_silence_of_the_beneficiary_is_not_acceptance(world: World) -> None:
    vehicles(world, "first", "20")
    world.at("2029-06-01")
    assert dict(world.delivery("first").acknowledged) == {}
    figures = owed(world, "gb", "m113", "2029-06-01")
    assert figures.acknowledged is not None
    assert figures.acknowledged.amount == "0"


def test_case_06_nobody_speaks_where_the_beneficiary_is_silent(world: World) -> None:
    vehicles(world, "first", "20")
    for desk in ("gb", "de", "depositary"):
        refusal = world.refuse(desk, "delivery.acknowledged", delivery="first", lines=line("20"))
        assert refusal == Refusal.SIGNER_NOT_ENTITLED


def test_case_07_the_same_bytes_are_admitted_once(world: World) -> None:
    fields = {"delivery": "d-1", "commitment": "m113", "milestone": "handed_over", "occurred": day("2026-05-01")}
    payload = world.payload("gb", "delivery.recorded", {**fields, "lines": [{"line": 1, "object": goods("5", "M113")}]})
    raw = sign_payload(payload, world.desks["gb"].signers)
    world.submit(raw)
    assert world.refused(raw).refusal == Refusal.SEQUENCE_MISMATCH
    world.desks["gb"].sequence += 1
    world.desks["gb"].previous = sha256(payload).hexdigest()
    lines = [{"line": 1, "object": goods("6", "M113")}]
    assert world.refuse("gb", "delivery.recorded", **fields, lines=lines) == Refusal.ALREADY_EXISTS


def test_case_07_of_a_delivery_filed_by_two_ministries_one_counts(world: World) -> None:
    world.grants("gb", "defence", {"events": ["delivery.*"]})
    world.grants("gb", "trade", {"events": ["delivery.*"]})
    vehicles(world, "defence-1", "20", desk="gb/defence")
    vehicles(world, "trade-1", "20", desk="gb/trade")
    world.admit("gb/trade", "delivery.marked_duplicate", delivery="trade-1", duplicate_of="defence-1")
    assert (world.delivery("trade-1").state, world.delivery("trade-1").duplicate_of) == ("duplicate", "defence-1")
    # Two that refer to each other would leave nothing that counts.
    circle = {"delivery": "defence-1", "duplicate_of": "trade-1"}
    assert world.refuse("gb", "delivery.marked_duplicate", **circle) == Refusal.ALREADY_ENDED
    figures = owed(world, "gb", "m113", "2026-06-01")
    assert figures.delivered is not None
    assert figures.delivered.amount == "20"


def test_case_08_a_back_dated_delivery_is_admitted_at_its_date(world: World) -> None:
    vehicles(world, "old", "5", occurred=day("2022-03-01"))
    assert world.delivery("old", as_of="2022-03-01").claimed == {1: Decimal(5)}


def test_case_08_a_later_milestone_is_not_dated_before_the_earlier_one(world: World) -> None:
    vehicles(world, "old", "5", occurred=day("2022-03-01"), milestone="dispatched")
    advance = {"delivery": "old", "milestone": "handed_over"}
    early = world.refuse("gb", "delivery.advanced", **advance, occurred=day("2022-02-28"))
    assert early == Refusal.DATES_DISORDERED
    world.admit("gb", "delivery.advanced", **advance, occurred=day("2022-03-01"))


def test_case_09_a_future_dated_fact_is_refused(world: World) -> None:
    fields = {"delivery": "d-1", "commitment": "m113", "milestone": "handed_over"}
    lines = [{"line": 1, "object": goods("5", "M113")}]
    for occurred in (day("2026-06-03"), day("2026-05-01", "2026-07-31")):
        refusal = world.refuse("gb", "delivery.recorded", **fields, lines=lines, occurred=occurred)
        assert refusal == Refusal.FUTURE_FACT


def test_case_09_a_day_has_begun_in_the_earliest_zone_before_it_has_in_utc(world: World) -> None:
    world.at("2026-06-01T10:00:00+00:00")
    vehicles(world, "kiribati", "5", occurred=day("2026-06-02"))
    world.at("2026-06-02T09:59:59+00:00")
    fields = {"delivery": "d-2", "commitment": "m113", "milestone": "handed_over", "occurred": day("2026-06-03")}
    lines = [{"line": 1, "object": goods("5", "M113")}]
    assert world.refuse("gb", "delivery.recorded", **fields, lines=lines) == Refusal.FUTURE_FACT


def test_case_10_a_fuzzy_date_stays_an_interval_and_counts_from_its_last_day(world: World) -> None:
    vehicles(world, "fuzzy", "5", occurred=day("2026-04-01", "2026-04-30", "month"))
    reached = world.delivery("fuzzy").reached[0].when
    assert (str(reached.first), str(reached.last), reached.precision) == ("2026-04-01", "2026-04-30", "month")
    before = owed(world, "gb", "m113", "2026-04-29").delivered
    after = owed(world, "gb", "m113", "2026-04-30").delivered
    assert before is not None
    assert after is not None
    assert (before.amount, after.amount) == ("0", "5")


def test_case_10_the_delivery_that_was_surely_there_first_fills_the_part_that_was_due_first(world: World) -> None:
    parts = tranches(("2026-03-31", "5"), ("2026-12-31", "5"))
    world.commits("parts", terms(goods("10", "M113"), schedule=parts), occurred=day("2026-01-10"))
    lines = [{"line": 1, "object": goods("5", "M113")}]
    perhaps = world.delivers("perhaps", "parts", lines=lines, occurred=day("2026-02-01", "2026-05-31"))
    surely = world.delivers("surely", "parts", lines=lines, occurred=day("2026-03-01", "2026-03-31", "month"))
    first, second = owed(world, "gb", "parts", "2026-06-01").parts
    assert (first.delivered.events, second.delivered.events) == ((surely,), (perhaps,))


def test_case_10_an_interval_counts_as_past_when_its_last_day_is_and_is_as_long_as_its_precision(world: World) -> None:
    fields: Fields = {"delivery": "d-1", "commitment": "m113", "milestone": "handed_over"}
    fields |= {"lines": [{"line": 1, "object": goods("5", "M113")}]}
    june = day("2026-06-01", "2026-06-30", "month")
    assert world.refuse("gb", "delivery.recorded", **fields, occurred=june) == Refusal.FUTURE_FACT
    for wrong in (day("2026-04-01", "2026-05-31", "month"), day("2026-04-01", "2026-04-02", "day")):
        with pytest.raises(Rejected) as caught:
            world.refuse("gb", "delivery.recorded", **fields, occurred=wrong)
        assert caught.value.refused.refusal == Refusal.EVENT_MALFORMED


def test_case_15_a_valuation_is_of_a_line_that_is_there_in_a_currency_that_was_one(world: World) -> None:
    fields: Fields = {"delivery": "d-1", "commitment": "m113", "milestone": "handed_over"}
    fields |= {"lines": [{"line": 1, "object": goods("5", "M113")}], "occurred": day("2026-05-01")}
    worth: Fields = {"basis": "replacement", "amount": "1.00", "currency": "EUR"}
    for wrong, code in (({"line": 2}, Refusal.LINE_UNKNOWN), ({"currency": "HRK"}, Refusal.CODE_UNKNOWN)):
        assert world.refuse("gb", "delivery.recorded", **fields, valuations=[worth | wrong]) == code


def test_case_15_three_valuations_coexist_and_change_no_fulfilment(world: World) -> None:
    bases = [("replacement", "9000000.00"), ("net_book", "100000.00"), ("stated_by_source", "2500000.00")]
    valuations = [{"basis": basis, "amount": amount, "currency": "EUR"} for basis, amount in bases]
    vehicles(world, "valued", "20", valuations=valuations)
    assert [one.basis for one in world.delivery("valued").valuations] == [basis for basis, _ in bases]
    figures = owed(world, "gb", "m113", "2026-06-01")
    assert figures.open is not None
    assert figures.open.amount == "60"


def test_case_22_an_acknowledgement_after_the_withdrawal_concerns_the_earlier_act(world: World) -> None:
    vehicles(world, "first", "20")
    withdrawn = world.admit("gb", "commitment.withdrawn", commitment="m113", reason="No more")
    world.admit("ua", "consent.given", act=withdrawn)
    assert world.commitment("m113").state == "withdrawn"
    world.admit("ua", "delivery.acknowledged", delivery="first", lines=line("20"))
    assert dict(world.delivery("first").acknowledged) == {1: Decimal(20)}
    assert world.refuse("gb", "commitment.amended", commitment="m113", terms=terms()) == Refusal.ALREADY_ENDED


def test_case_35_correcting_an_acknowledged_delivery_reopens_the_acknowledgement(world: World) -> None:
    recorded = vehicles(world, "first", "20")
    world.admit("ua", "delivery.acknowledged", delivery="first", lines=line("20"))
    change = {"field": "/lines/0/object/quantity", "old": "20", "new": "18", "reason": "Two were never loaded"}
    corrected = world.admit("gb", "act.corrected", act=recorded, **change)
    assert (world.delivery("first").claimed, dict(world.delivery("first").acknowledged)) == ({1: Decimal(18)}, {})
    again = {"field": "/new", "old": "18", "new": "19", "reason": "One was"}
    world.admit("ua", "delivery.acknowledged", delivery="first", lines=line("18"))
    world.admit("gb", "act.corrected", act=corrected, **again)
    assert (world.delivery("first").claimed, dict(world.delivery("first").acknowledged)) == ({1: Decimal(19)}, {})


def test_case_38_loss_after_the_hand_over_undoes_nothing(world: World) -> None:
    vehicles(world, "first", "20")
    world.admit("ua", "delivery.acknowledged", delivery="first", lines=line("20"))
    lost = {"delivery": "first", "lines": line("5"), "grounds": "not_received"}
    assert world.refuse("ua", "delivery.disputed", **lost) == Refusal.ABOVE_CLAIMED
    assert dict(world.delivery("first").acknowledged) == {1: Decimal(20)}


def test_case_38_no_milestone_is_gone_back_to_after_the_hand_over(world: World) -> None:
    vehicles(world, "first", "20")
    for milestone in ("dispatched", "in_transit", "at_hub", "handed_over"):
        back = {"delivery": "first", "milestone": milestone, "occurred": day("2026-05-20")}
        assert world.refuse("gb", "delivery.advanced", **back) == Refusal.WRONG_STATE


def test_case_12_the_eu_reimburses_what_a_member_delivered_and_delivers_nothing_itself(world: World) -> None:
    union = principal("eu")
    world.submit(admission(world.desks["depositary"], union, "guarantor", "sanctions_guarantor"))
    world.desks["eu"] = union
    vehicles(world, "sent", "20")
    paid = {
        "delivery": "paid-back",
        "category": "artillery",
        "milestone": "handed_over",
        "lines": [{"line": 1, "object": money("30.00", "EUR")}],
        "occurred": day("2026-05-20"),
    }
    assert world.refuse("eu", "delivery.recorded", **paid, reimburses="never-sent") == Refusal.REFERENCE_UNKNOWN
    world.admit("eu", "delivery.recorded", **paid, reimburses="sent")
    assert world.delivery("paid-back").reimburses == "sent"
    assert world.delivery("sent").reimburses is None
    delivered = owed(world, "gb", "m113", "2026-06-01").delivered
    assert delivered is not None
    assert delivered.amount == "20"
