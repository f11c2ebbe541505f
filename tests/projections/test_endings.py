"""What ends, is suspended, moved on or survives: arrears, notices, mergers, conversions, accession."""

from projections.obligations import obligations_of
from projections.overdue import overdue
from projections.summary import summary_of
from tests.projections.world import day, figures, goods, money, once, terms, world, yearly

RECORDED_ON = "2026-02-01"


def test_case_21_what_falls_due_before_a_withdrawal_stays_due_and_the_rest_does_not() -> None:
    given = world()
    given.commits("arrears", terms(money("100.00"), once("2024-01-01", "2026-12-31")))
    given.commits("later", terms(money("70.00"), once("2024-01-01", "2028-12-31")))
    given.delivers("some", "later", money("10.00"))
    notice = given.act("gb", "instrument.withdrawal_notified", instrument="pact")
    running = given.owes("later", "2027-01-31")
    assert (running.state, str(running.effect.until)) == ("in_effect", "2027-02-01")
    ended = given.owes("later", "2027-02-01")
    assert (ended.state, ended.effect.ended_by) == ("withdrawn", "withdrawal")
    assert {name: figures(ended).get(name) for name in ("promised", "committed", "released", "open")} == {
        "promised": "70.00",
        "committed": "10.00",
        "released": "60.00",
        "open": None,
    }
    assert ended.released is not None
    assert notice in ended.released.events
    arrears = given.owes("arrears", "2027-02-01")
    assert (arrears.state, figures(arrears)["overdue"]) == ("withdrawn", "100.00")
    assert [one.commitment for one in overdue(given.known("2027-03-01"))] == ["arrears"]
    assert given.owes("arrears", "2027-02-01", "gb").effect.until is not None


def test_case_21_a_notice_that_was_revoked_in_time_ends_nothing() -> None:
    given = world()
    given.commits("later", terms(money("70.00"), once("2024-01-01", "2028-12-31")))
    given.act("gb", "instrument.withdrawal_notified", instrument="pact")
    before = given.rows()
    given.act("gb", "instrument.withdrawal_revoked", instrument="pact")
    assert given.owes("later", "2027-06-01").state == "in_effect"
    # As it was known before the revocation, the notice would have taken effect.
    known_before = type(given.known("2027-06-01"))(before, given.known("2027-06-01").as_of)
    assert obligations_of(known_before, "gb")[0].state == "withdrawn"


def test_a_recurrence_stops_with_the_text_and_its_arrears_survive() -> None:
    given = world()
    given.commits("yearly", terms(money("100.00"), yearly("2025-01-01", "2025-12-31")))
    given.act("gb", "instrument.withdrawal_notified", instrument="pact")
    owed = given.owes("yearly", "2030-01-01")
    assert [part.state for part in owed.parts] == ["overdue", "overdue", "released"]
    assert (figures(owed)["overdue"], owed.next_due) == ("200.00", None)


def test_case_22_an_acknowledgement_after_a_withdrawal_counts() -> None:
    given = world()
    given.commits("gone", terms(goods("20", "M113"), once("2024-01-01", "2024-12-31")))
    given.delivers("some", "gone", goods("12", "M113"))
    asked = given.act("gb", "commitment.withdrawn", commitment="gone", reason="budget", occurred=day("2024-09-01"))
    given.act("ua", "consent.given", act=asked)
    given.says("acknowledged", "some", "12", on="2025-02-01")
    owed = given.owes("gone", "2025-03-01")
    assert (owed.state, figures(owed)["acknowledged"], figures(owed)["committed"]) == ("withdrawn", "12", "12")


def test_case_23_a_suspension_moves_no_due_date_by_itself_and_is_told_beside() -> None:
    given = world()
    given.commits("in", terms(money("100.00"), once("2024-01-01", "2024-06-30")))
    given.commits("before", terms(money("50.00"), once("2024-01-01", "2024-03-31")))
    given.act("gb", "instrument.suspended", instrument="pact", grounds="inspection", occurred=day("2024-05-01"))
    owed = given.owes("in", "2024-07-01")
    assert (owed.state, figures(owed)["overdue"], figures(owed)["suspended"]) == ("suspended", "100.00", "100.00")
    assert figures(owed)["overdue_in_suspension"] == "100.00"
    assert "overdue_in_suspension" not in figures(given.owes("before", "2024-07-01"))
    given.act("gb", "instrument.resumed", instrument="pact", occurred=day("2024-08-01"))
    resumed = given.owes("in", "2024-08-01")
    assert (resumed.state, figures(resumed).get("suspended")) == ("in_effect", None)
    assert figures(resumed)["overdue_in_suspension"] == "100.00"


def test_case_23_due_dates_move_where_the_text_says_so() -> None:
    given = world(lambda made: made.registered(suspension_moves_due_dates=True))
    given.commits("in", terms(money("100.00"), once("2024-01-01", "2024-06-30")))
    given.commits("before", terms(money("50.00"), once("2024-01-01", "2024-03-31")))
    given.act("gb", "instrument.suspended", instrument="pact", grounds="inspection", occurred=day("2024-05-01"))
    held_back = given.owes("in", "2024-07-15")
    assert ([part.state for part in held_back.parts], figures(held_back).get("overdue")) == (["deferred"], None)
    assert figures(given.owes("before", "2024-07-15"))["overdue"] == "50.00"
    given.act("gb", "instrument.resumed", instrument="pact", occurred=day("2024-08-01"))
    assert "overdue" not in figures(given.owes("in", "2024-09-30"))
    assert str(given.owes("in", "2024-10-01").overdue_since) == "2024-10-01"


def test_case_34_a_reservation_is_shown_with_the_objections_to_it() -> None:
    given = world()
    given.commits("reserved", terms(money("100.00"), once("2024-01-01", "2024-06-30")))
    given.commits("other", terms(money("100.00"), once("2024-01-01", "2024-06-30"), "de"))
    reserved = given.act("gb", "instrument.reserved", instrument="pact", text="not in May", commitments=["reserved"])
    given.act("ua", "instrument.objected", instrument="pact", reservation=reserved, text="it is")
    (shown,) = given.owes("reserved", "2026-06-01").reservations
    assert (shown.event, shown.objections) == (reserved, ("ua",))
    assert given.owes("other", "2026-06-01", "de").reservations == ()


def test_case_36_a_merger_carries_deliveries_over_and_counts_them_once() -> None:
    given = world()
    given.commits("one", terms(money("100.00"), once("2024-01-01", "2024-12-31")))
    given.commits("two", terms(money("50.00"), once("2024-01-01", "2024-12-31")))
    given.delivers("d-one", "one", money("30.00"))
    given.delivers("d-two", "two", money("20.00"))
    merged = terms(money("150.00"), once("2024-01-01", "2025-12-31"))
    asked = given.act(
        "gb", "commitment.merged", commitment="one", absorbed=["two"], terms=merged, occurred=day("2024-10-01")
    )
    assert given.owes("two", "2025-01-01").state == "in_effect"
    given.act("ua", "consent.given", act=asked, occurred=day("2024-10-02"))
    whole, old = given.owes("one", "2025-01-01"), given.owes("two", "2025-01-01")
    assert (figures(whole)["committed"], figures(whole)["delivered"], whole.absorbed) == ("150.00", "50.00", ("two",))
    assert (old.state, old.became, figures(old)["released"]) == ("merged", "one", "30.00")
    (line,) = summary_of(given.known("2025-01-01"), "gb").lines
    assert (line.committed.amount, line.delivered.amount) == ("150.00", "50.00")


def test_case_37_money_converted_into_howitzers_keeps_what_was_paid() -> None:
    given = world()
    given.commits("money", terms(money("100.00"), once("2024-01-01", "2024-12-31")))
    given.delivers("paid", "money", money("40.00"))
    asked = given.act(
        "gb",
        "commitment.converted",
        commitment="money",
        into="howitzers",
        instrument="pact",
        title={"en": "ten howitzers"},
        terms=terms(goods("10", "howitzer"), once("2024-01-01", "2025-12-31")),
        occurred=day("2024-07-01"),
    )
    given.act("ua", "consent.given", act=asked, occurred=day("2024-07-02"))
    given.delivers("guns", "howitzers", goods("3", "howitzer"), on="2024-09-01")
    old, new = given.owes("money", "2025-01-01"), given.owes("howitzers", "2025-01-01")
    assert (old.state, old.became) == ("converted", "howitzers")
    assert (figures(old)["committed"], figures(old)["delivered"], figures(old)["released"]) == (
        "40.00",
        "40.00",
        "60.00",
    )
    assert (figures(new)["committed"], figures(new)["delivered"], figures(new)["open"]) == ("10", "3", "7")
    lines = {line.unit: line for line in summary_of(given.known("2025-01-01"), "gb").lines}
    assert (lines["EUR"].delivered.amount, lines["howitzer"].delivered.amount) == ("40.00", "3")


def test_case_40_accession_ends_a_text_in_part_and_marks_what_survives() -> None:
    given = world(lambda made: made.registered(accession_ends="part", survives_accession=["intelligence"]))
    given.commits("guns", terms(money("100.00"), once("2024-01-01", "2028-12-31")))
    lasting = terms(money("50.00"), once("2024-01-01", "2028-12-31"), category="intelligence")
    given.commits("satellites", lasting)
    ended = given.act("ua", "instrument.terminated", instrument="pact", reason="accession", occurred=day("2025-06-01"))
    for party in ("gb", "de", "fr"):
        given.act(party, "consent.given", act=ended, occurred=day("2025-06-01"))
    guns, satellites = given.owes("guns", "2026-06-01"), given.owes("satellites", "2026-06-01")
    assert (guns.state, figures(guns)["released"], guns.effect.survives_accession) == ("terminated", "100.00", False)
    assert (satellites.state, satellites.effect.survives_accession) == ("in_effect", True)


def test_case_1_a_lowering_amendment_waits_and_then_counts_but_never_below_what_was_delivered() -> None:
    given = world()
    given.commits("lowered", terms(money("100.00"), once("2024-01-01", "2024-12-31")))
    given.delivers("most", "lowered", money("80.00"))
    lower = terms(money("60.00"), once("2024-01-01", "2024-12-31"))
    asked = given.act("gb", "commitment.amended", commitment="lowered", terms=lower, occurred=day("2024-08-01"))
    waiting = given.owes("lowered", "2024-09-01")
    assert figures(waiting)["committed"] == "100.00"
    assert [(one.event, one.changes, one.proposed) for one in waiting.pending] == [(asked, ("lowers",), "60.00 EUR")]
    given.act("ua", "consent.given", act=asked, occurred=day("2024-08-15"))
    owed = given.owes("lowered", "2025-01-01")
    assert (owed.state, owed.pending) == ("fulfilled", ())
    assert (figures(owed)["committed"], figures(owed).get("open"), figures(owed)["beyond_commitment"]) == (
        "60.00",
        None,
        "20.00",
    )


def test_case_2_raising_needs_nobody() -> None:
    given = world()
    given.commits("raised", terms(money("100.00"), once("2024-01-01", "2024-12-31")))
    more = terms(money("150.00"), once("2024-01-01", "2024-12-31"))
    given.act("gb", "commitment.amended", commitment="raised", terms=more, occurred=day("2024-08-01"))
    assert figures(given.owes("raised", "2024-07-31"))["committed"] == "100.00"
    assert figures(given.owes("raised", "2024-08-01"))["committed"] == "150.00"


def test_a_period_that_had_ended_stays_as_it_fell_due_when_a_recurrence_is_raised() -> None:
    given = world()
    given.commits("yearly", terms(money("100.00"), yearly("2024-01-01", "2024-12-31")))
    more = terms(money("150.00"), yearly("2024-01-01", "2024-12-31"))
    given.act("gb", "commitment.amended", commitment="yearly", terms=more, occurred=day("2025-03-01"))
    owed = given.owes("yearly", "2026-06-01")
    assert [part.amount.amount for part in owed.parts if part.amount is not None] == ["100.00", "150.00", "150.00"]


def test_case_7_a_duplicate_and_a_voided_delivery_count_for_nothing() -> None:
    given = world()
    given.commits("m113", terms(goods("80", "M113"), once("2024-01-01", "2024-12-31")))
    given.delivers("first", "m113", goods("20", "M113"))
    given.delivers("again", "m113", goods("20", "M113"))
    given.delivers("never", "m113", goods("5", "M113"))
    assert figures(given.owes("m113", "2024-12-31"))["delivered"] == "45"
    given.act("gb", "delivery.marked_duplicate", delivery="again", duplicate_of="first", occurred=day("2024-07-01"))
    given.act("gb", "delivery.voided", delivery="never", reason="it was not", occurred=day("2024-07-01"))
    assert figures(given.owes("m113", "2024-12-31"))["delivered"] == "20"
    assert figures(given.owes("m113", "2024-06-30"))["delivered"] == "45"


def test_case_12_a_reimbursement_is_no_second_delivery() -> None:
    given = world()
    given.commits("shells", terms(goods("100", "shell"), once("2024-01-01", "2024-12-31")))
    given.delivers("sent", "shells", goods("100", "shell"))
    given.act(
        "de",
        "delivery.recorded",
        delivery="paid-back",
        category="artillery",
        milestone="handed_over",
        lines=[{"line": 1, "object": money("30.00")}],
        reimburses="sent",
        occurred=day("2024-08-01"),
    )
    (line,) = summary_of(given.known("2025-01-01"), "de").lines
    assert (line.reimbursements.amount, line.delivered.amount, line.voluntary.amount) == ("30.00", "0.00", "0.00")


def test_a_correction_of_an_acknowledged_delivery_reopens_the_acknowledgement() -> None:
    given = world()
    given.commits("m113", terms(goods("80", "M113"), once("2024-01-01", "2024-12-31")))
    given.delivers("first", "m113", goods("20", "M113"))
    given.says("acknowledged", "first", "20")
    lines = [{"line": 1, "object": goods("18", "M113")}]
    corrected = given.act(
        "gb", "delivery.corrected", delivery="first", lines=lines, reason="two were late", occurred=day("2024-09-01")
    )
    owed = given.owes("m113", "2024-10-01")
    assert (figures(owed)["delivered"], figures(owed).get("acknowledged")) == ("18", None)
    assert owed.delivered is not None
    assert corrected in owed.delivered.events
    assert figures(given.owes("m113", "2024-08-01"))["acknowledged"] == "20"
