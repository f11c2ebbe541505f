"""All guarantors together: each unit once, with and without the EU, and in one currency by named rates."""

import pytest

from projections.conversion import Exchange, last_publication
from projections.counting import HEADLINES
from projections.figures import Figure
from projections.reading import Known
from projections.summary import summaries, summary_of
from projections.totals import Institutions, Totals, TotalsLine, totals
from tests.projections.union import admit_organisation, publish, published_rates, with_union
from tests.projections.world import Fields, World, day, goods, money, once, terms, world, yearly

YEAR = once("2024-01-01", "2024-12-31")


def line(found: Totals, unit: str, category: str = "artillery") -> TotalsLine:
    (one,) = [one for one in found.lines if (one.category, one.unit) == (category, unit)]
    return one


def headline(one: TotalsLine) -> list[str]:
    return [getattr(one, name).amount for name in HEADLINES]


def of(given: World, as_of: str = "2025-01-01", eu_institutions: Institutions = "with") -> Totals:
    return totals(given.known(as_of), eu_institutions)


def into_euro(given: World, as_of: str, currency: str = "EUR", series: str = "ecb") -> Totals:
    known = given.known(as_of)
    return totals(known, "with", Exchange(known, currency, series, known.as_of))


def inside(envelope: str) -> Fields:
    return {"part_of": {"commitment": envelope, "basis": "stated"}}


def paid_back(given: World, delivery: str, amount: str, **fields: object) -> str:
    """Have the Union record money by which it reimburses the delivery `sent`."""
    return given.act(
        "eu",
        "delivery.recorded",
        delivery=delivery,
        milestone="handed_over",
        lines=[{"line": 1, "object": money(amount)}],
        occurred=day("2024-07-01"),
        reimburses="sent",
        **fields,
    )


def test_units_of_a_joint_commitment_are_counted_once() -> None:
    given = world()
    made = given.commits("joint", terms(goods("16", "howitzer"), YEAR, "gb", "de", "fr"))
    two = given.delivers("two", "joint", goods("2", "howitzer"))
    found = of(given)
    howitzers = line(found, "howitzer")
    assert headline(howitzers) == ["16", "2", "0", "14"]
    assert (howitzers.guarantors, howitzers.commitments, found.commitments) == (("de", "fr", "gb"), ("joint",), 1)
    assert howitzers.delivered.events == (two,)
    assert made in howitzers.committed.events


def test_case_12_the_union_beside_its_members_is_counted_once_and_can_be_left_out() -> None:
    given = world(with_union)
    given.commits("of-member", terms(money("100.00"), YEAR))
    given.commits("of-union", terms(money("500.00"), YEAR, "eu"))
    given.commits("of-both", terms(money("30.00"), YEAR, "eu", "de"))
    whole, members = of(given), of(given, eu_institutions="without")
    assert whole.institutions == members.institutions == ("eu",)
    assert headline(line(whole, "EUR")) == ["630.00", "0.00", "0.00", "630.00"]
    assert headline(line(members, "EUR")) == ["115.00", "0.00", "0.00", "115.00"]
    assert line(members, "EUR").guarantors == ("de", "gb")
    assert (whole.commitments, members.commitments) == (3, 2)


def test_case_12_a_part_within_the_unions_envelope_is_counted_in_it_and_stays_where_the_union_is_left_out() -> None:
    given = world(with_union)
    given.commits("facility", terms(money("500.00"), YEAR, "eu"))
    offered = terms(money("40.00"), YEAR, **inside("facility"))
    part = given.act(
        "gb",
        "commitment.made",
        commitment="share",
        instrument="pact",
        title={"en": "share"},
        terms=offered,
        occurred=day("2024-01-10"),
    )
    assert line(of(given), "EUR").committed.amount == "500.00"
    given.act("eu", "consent.given", act=part, occurred=day("2024-01-11"))
    given.delivers("some", "share", money("25.00"))
    assert headline(line(of(given), "EUR")) == ["500.00", "25.00", "0.00", "475.00"]
    assert headline(line(of(given, eu_institutions="without"), "EUR")) == ["40.00", "25.00", "0.00", "15.00"]
    # What the member owes is in its own summary, although the envelope is somebody else's.
    assert [one.committed.amount for one in summary_of(given.known("2025-01-01"), "gb").lines] == ["40.00"]
    assert [one.committed.amount for one in summary_of(given.known("2025-01-01"), "eu").lines] == ["500.00"]


def test_case_12_a_reimbursement_is_beside_and_no_second_delivery() -> None:
    given = world(with_union)
    given.commits("of-member", terms(money("100.00"), YEAR))
    given.commits("fund", terms(money("60.00"), YEAR, "eu"))
    sent = given.delivers("sent", "of-member", money("80.00"))
    given.says("acknowledged", "sent", "80.00")
    linked = paid_back(given, "back", "50.00", commitment="fund")
    given.says("acknowledged", "back", "50.00")
    given.act("eu", "delivery.recorded", **_gift("gift", "7.00"))
    paid_back(given, "back-again", "5.00", category="artillery")
    euro = line(of(given), "EUR")
    assert headline(euro) == ["160.00", "80.00", "80.00", "30.00"]
    assert (euro.reimbursements.amount, euro.voluntary.amount) == ("55.00", "7.00")
    assert (linked in euro.reimbursements.events, linked in euro.delivered.events) == (True, False)
    assert euro.delivered.events == (sent,)
    # In the Union's own summary the reimbursement fulfils what it was paid under, and is shown as what it is.
    (own,) = summary_of(given.known("2025-01-01"), "eu").lines
    assert (own.delivered.amount, own.overdue.amount, own.reimbursements.amount) == ("50.00", "10.00", "55.00")


def _gift(delivery: str, amount: str) -> Fields:
    return {
        "delivery": delivery,
        "category": "artillery",
        "milestone": "handed_over",
        "lines": [{"line": 1, "object": money(amount)}],
        "occurred": day("2024-07-02"),
    }


def test_what_is_voluntary_is_neither_delivered_nor_acknowledged_of_a_promise() -> None:
    given = world()
    given.commits("owed", terms(money("100.00"), YEAR))
    given.act("fr", "delivery.recorded", **_gift("gift", "7.00"))
    given.says("acknowledged", "gift", "6.00")
    euro = line(of(given), "EUR")
    assert headline(euro) == ["100.00", "0.00", "0.00", "100.00"]
    assert (euro.voluntary.amount, euro.voluntary_acknowledged.amount) == ("7.00", "6.00")
    (own,) = summary_of(given.known("2025-01-01"), "fr").lines
    assert (own.acknowledged.amount, own.voluntary_acknowledged.amount) == ("0.00", "6.00")


def test_an_organisation_without_the_unions_code_is_no_institution_of_it_and_neither_is_a_state_with_it() -> None:
    given = world(World.registered)
    admit_organisation(given, "alliance")
    admit_organisation(given, "bank", {"code": "EUE", "since": "2024-06-01", "until": "2024-06-30"})
    given.registered("other")
    given.commits("shelter", terms(goods("3", "shelter"), YEAR, "alliance"), instrument="other")
    given.commits("loan", terms(money("9.00"), YEAR, "bank"), instrument="other")
    for as_of, institutions in (
        *(("2024-05-31", ()), ("2024-06-01", ("bank",))),
        *(("2024-06-30", ("bank",)), ("2024-07-01", ())),
    ):
        found = of(given, as_of, "without")
        assert found.institutions == institutions
        assert [one.unit for one in found.lines] == (["shelter"] if institutions else ["EUR", "shelter"])


def test_lapsed_suspended_disputed_and_undisclosed_stand_beside_in_totals_and_in_summaries() -> None:
    given = world()
    given.commits("cap", terms(money("50.00"), YEAR, bound="cap"))
    given.commits("tanks", terms(goods("10"), once("2024-01-01", "2026-12-31"), "de"))
    hidden = {"kind": "undisclosed", "confidential": {"salted_sha256": "ab" * 32}}
    given.commits("secret", terms(hidden, YEAR, "gb", "fr", category="intelligence"))
    given.commits("formula", terms(_formula(), yearly("2024-01-01", "2024-12-31"), "fr"))
    given.delivers("four", "tanks", goods("4"), party="de")
    given.says("disputed", "four", "1", grounds="not_received")
    given.act("de", "instrument.suspended", instrument="pact", grounds="A dispute", occurred=day("2024-08-01"))
    found = of(given)
    euro, tanks = line(found, "EUR"), line(found, "tank")
    assert (euro.lapsed.amount, euro.overdue.amount, euro.indeterminate) == ("50.00", "0.00", 2)
    assert (tanks.suspended.amount, tanks.disputed.amount, tanks.delivered.amount) == ("6", "1", "4")
    assert (found.undisclosed, found.undisclosed_commitments, found.indeterminate) == (1, ("secret",), 1)
    summed = summaries(given.known("2025-01-01"))
    assert [one.undisclosed for one in summed] == [0, 1, 1]
    (own,) = next(one for one in summed if one.guarantor == "de").lines
    assert (own.suspended, own.disputed) == (tanks.suspended, tanks.disputed)


def _formula() -> Fields:
    return {"kind": "formula", "percent": "0.25", "of": "gross domestic product", "currency": "EUR"}


def test_what_is_not_in_effect_is_counted_as_such_and_in_no_figure() -> None:
    given = World()
    given.registered(signed=None)
    given.commits("unsigned", terms(money("100.00"), YEAR))
    found = of(given)
    assert headline(line(found, "EUR")) == ["0.00"] * 4
    assert (found.commitments, found.not_in_effect, found.pending) == (1, 1, 0)


def test_totals_are_the_sums_of_the_summaries_where_no_envelope_and_no_reimbursement_lies_between() -> None:
    given = world()
    given.commits("joint", terms(money("92000000.00"), YEAR, "gb", "de", "fr"))
    given.commits("alone", terms(money("0.01"), YEAR, "fr"))
    given.delivers("some", "joint", money("1000000.01"))
    euro = line(of(given), "EUR")
    for name in HEADLINES:
        shown: list[Figure] = [
            getattr(one, name) for each in summaries(given.known("2025-01-01")) for one in each.lines
        ]
        assert sum(int(one.amount.replace(".", "")) for one in shown) == int(
            getattr(euro, name).amount.replace(".", "")
        )


def test_the_published_rates_of_31_may_2024_give_the_known_amounts_in_euro() -> None:
    given = world()
    publish(given, "2024-05-31", **published_rates("2024-05-31"))
    given.commits("sweden", terms(money("75000000000.00", "SEK"), YEAR))
    given.commits("iceland", terms(money("4000000000", "ISK"), YEAR, "de"))
    found = into_euro(given, "2024-05-31")
    amounts = {one.unit: one.converted.committed.amount for one in found.lines if one.converted is not None}
    assert amounts == {"SEK": "6566850538.48", "ISK": "26827632.46"}
    assert found.converted[-1].committed.amount == "6593678170.94"
    assert found.without_rate == ()


def test_case_17_on_a_weekend_the_friday_converts_and_each_line_names_its_rate() -> None:
    given = world()
    friday = publish(given, "2024-05-31", SEK="11.421", GBP="0.85365")
    publish(given, "2024-06-03", SEK="11.4035", GBP="0.85175")
    made = given.commits("sweden", terms(money("114.21", "SEK"), YEAR))
    for as_of in ("2024-06-01", "2024-06-02"):
        found = into_euro(given, as_of)
        converted = line(found, "SEK").converted
        assert converted is not None
        assert (converted.committed.amount, converted.rate.event, str(converted.rate.on)) == (
            *("10.00", friday, "2024-05-31"),
        )
        assert (converted.rate.rule, converted.rate.series) == ("published_on_or_before", "ecb")
        assert {made, friday} <= set(converted.committed.events)
        assert converted.delivered == Figure("0.00")
        assert str(found.rates_on) == as_of
    monday = line(into_euro(given, "2024-06-03"), "SEK").converted
    assert monday is not None
    assert (str(monday.rate.on), monday.committed.amount) == ("2024-06-03", "10.02")
    # The original stays the first figure, whatever it is shown in.
    assert line(into_euro(given, "2024-06-03"), "SEK").committed.amount == "114.21"


def test_case_17_a_retired_currency_converts_by_its_irrevocable_rate_from_its_day_on() -> None:
    given = World()
    given.registered(signed="2022-01-01")
    publish(given, "2022-12-30", HRK="7.5365")
    given.commits("croatia", terms(money("7534.50", "HRK"), once("2022-01-01", "2022-12-31")), on="2022-06-01")
    before, after = into_euro(given, "2022-12-31"), into_euro(given, "2023-01-01")
    old, new = line(before, "HRK").converted, line(after, "HRK").converted
    assert old is not None
    assert new is not None
    assert (old.rate.rule, old.committed.amount) == ("published_on_or_before", "999.73")
    assert (new.rate.rule, new.committed.amount, new.rate.event, new.rate.series) == (
        *("irrevocable", "1000.00", None, None),
    )
    later = line(into_euro(given, "2024-06-01"), "HRK").converted
    assert later is not None
    assert later.rate == new.rate


def test_a_currency_without_rate_is_named_and_is_in_no_sum() -> None:
    given = world()
    publish(given, "2024-05-31", SEK="10.000")
    given.commits("sweden", terms(money("100.00", "SEK"), YEAR))
    given.commits("japan", terms(money("100", "JPY"), YEAR, "de", category="naval"))
    given.commits("euro", terms(money("5.00"), YEAR, "fr"))
    given.commits("tanks", terms(goods("10"), YEAR, "fr"))
    found = into_euro(given, "2024-06-01")
    assert line(found, "JPY", "naval").converted is None
    assert line(found, "tank").converted is None
    assert found.without_rate == ("JPY",)
    sums = {one.category: (one.committed.amount, one.currencies, one.without_rate) for one in found.converted}
    assert sums == {
        "artillery": ("15.00", ("EUR", "SEK"), ()),
        "naval": ("0.00", (), ("JPY",)),
        None: ("15.00", ("EUR", "SEK"), ("JPY",)),
    }


@pytest.mark.parametrize(
    ("as_of", "currency", "series"),
    [
        ("2024-05-30", "EUR", "ecb"),  # the day before the only publication
        ("2024-07-02", "EUR", "ecb"),  # a publication of 32 days ago is none
        ("2024-06-01", "SEK", "ecb"),  # nothing is crossed or turned round
        ("2024-06-01", "EUR", "boe"),
    ],
)
def test_no_rate_is_guessed(as_of: str, currency: str, series: str) -> None:
    given = world()
    publish(given, "2024-05-31", GBP="0.85365", SEK="11.421")
    given.commits("pounds", terms(money("100.00", "GBP"), YEAR))
    found = into_euro(given, as_of, currency, series)
    assert line(found, "GBP").converted is None
    assert found.without_rate == ("GBP",)


def test_a_publication_of_31_days_ago_is_the_last_one_also_across_a_whole_month() -> None:
    given = world()
    publish(given, "2025-01-29", GBP="0.8000")
    known = given.known("2025-03-01")
    found = Exchange(known, "EUR", "ecb", known.as_of).of("80.00", "GBP")
    assert found is not None
    assert (found.converted.amount, str(found.rate.on)) == ("100.00", "2025-01-29")
    late = given.known("2025-03-02")
    assert Exchange(late, "EUR", "ecb", late.as_of).of("80.00", "GBP") is None
    assert last_publication(late, "ecb", late.as_of) is None


def test_a_corrected_publication_is_read_as_corrected_and_names_its_correction() -> None:
    given = world()
    first = publish(given, "2024-05-31", GBP="0.8650")
    known_before: Known = given.known("2024-06-01")
    corrected = given.act(
        "depositary", "act.corrected", act=first, field="/rates/0/rate", old="0.8650", new="0.8000", reason="Digits"
    )
    given.commits("pounds", terms(money("80.00", "GBP"), YEAR))
    converted = line(into_euro(given, "2024-06-01"), "GBP").converted
    assert converted is not None
    assert (converted.committed.amount, converted.rate.units) == ("100.00", "0.8000")
    assert {first, corrected} <= set(converted.committed.events)
    shown = last_publication(given.known("2024-06-01"), "ecb", known_before.as_of)
    assert shown is not None
    assert (shown.rates[0].rate, set(shown.events)) == ("0.8000", {first, corrected})
    before = last_publication(known_before, "ecb", known_before.as_of)
    assert before is not None
    assert (before.rates[0].rate, before.events) == ("0.8650", (first,))


def test_the_largest_sums_convert_by_the_smallest_rates() -> None:
    given = world()
    publish(given, "2024-05-31", IDR="0.00000001")
    given.commits("rupiah", terms(money("999999999999999999.00", "IDR"), YEAR))
    converted = line(into_euro(given, "2024-06-01"), "IDR").converted
    assert converted is not None
    assert converted.committed.amount == "99999999999999999900000000.00"
