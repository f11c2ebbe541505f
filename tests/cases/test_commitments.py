"""The numbered cases about commitments: what is owed changes only as its own rules allow."""

from fractions import Fraction
from hashlib import sha256

import pytest

from ledger.events.canonical import canonical_bytes
from ledger.events.refusals import Refusal
from ledger.events.values import share_of
from tests.cases.figures import owed
from tests.world import PACT, Fields, World, day, goods, money, once, signed_world, terms, yearly


@pytest.fixture
def world() -> World:
    return signed_world()


def test_case_01_a_lowering_amendment_waits_for_the_beneficiary(world: World) -> None:
    world.commits()
    lowering = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("60.00")))
    assert world.pending_on(lowering) == ("ua",)
    assert world.amount("c-1") == "100.00"
    figures = owed(world, "gb", "c-1", "2026-06-01")
    assert figures.committed is not None
    assert figures.committed.amount == "100.00"
    world.admit("ua", "consent.given", act=lowering)
    assert world.amount("c-1") == "60.00"
    assert world.pending_on(lowering) == ()


def test_case_01_refused_by_the_beneficiary_the_old_figure_stands_for_good(world: World) -> None:
    world.commits()
    lowering = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("60.00")))
    world.admit("ua", "consent.refused", act=lowering)
    assert world.refuse("ua", "consent.given", act=lowering) == Refusal.NOT_PENDING
    assert world.amount("c-1") == "100.00"


def test_case_01_the_obligor_does_not_agree_in_the_name_of_the_beneficiary(world: World) -> None:
    world.commits()
    lowering = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("60.00")))
    assert world.refuse("gb", "consent.given", act=lowering) == Refusal.CONSENT_NOT_ASKED
    assert world.amount("c-1") == "100.00"


def test_case_01_lowered_below_what_was_delivered_nothing_remains_and_never_less(world: World) -> None:
    world.commits()
    world.delivers(lines=[{"line": 1, "object": money("80.00")}])
    lowering = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("60.00")))
    world.admit("ua", "consent.given", act=lowering)
    figures = owed(world, "gb", "c-1", "2026-06-02")
    assert figures.open is not None
    assert figures.open.amount == "0.00"
    assert figures.delivered is not None
    assert figures.delivered.amount == "80.00"


def test_case_02_raising_needs_only_the_obligor(world: World) -> None:
    world.commits()
    raising = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("250.00")))
    assert world.pending_on(raising) == ()
    assert world.amount("c-1") == "250.00"


def test_case_02_nobody_raises_what_another_owes(world: World) -> None:
    world.commits()
    refusal = world.refuse("de", "commitment.amended", commitment="c-1", terms=terms(money("250.00")))
    assert refusal == Refusal.SIGNER_NOT_ENTITLED


def test_case_11_a_joint_commitment_takes_effect_when_all_three_have_agreed(world: World) -> None:
    thirds = terms(money("92000000.00", "EUR"), "gb", "de", "fr")
    fields = {"commitment": "zuzana-2", "instrument": PACT, "title": {"en": "Howitzers"}, "terms": thirds}
    made = world.admit("gb", "commitment.made", **fields)
    assert world.pending_on(made) == ("de", "fr")
    world.admit("de", "consent.given", act=made)
    assert world.commitment_or_none("zuzana-2") is None
    world.admit("fr", "consent.given", act=made)
    shares = [share_of(obligor.share) for obligor in world.commitment("zuzana-2").terms.obligors]
    assert shares == [Fraction(1, 3)] * 3
    parts = [owed(world, party, "zuzana-2", "2026-06-01").committed for party in ("gb", "de", "fr")]
    assert [part.amount for part in parts if part is not None] == ["30666666.67", "30666666.67", "30666666.66"]


def test_case_11_shares_that_do_not_sum_to_the_whole_are_refused(world: World) -> None:
    short = terms(goods("16"), "gb", "de", "fr")
    short["obligors"][0]["share"] = "1/4"
    fields = {"commitment": "zuzana-2", "instrument": PACT, "title": {"en": "Howitzers"}, "terms": short}
    assert world.refuse("gb", "commitment.made", **fields) == Refusal.SHARES_DO_NOT_SUM


def test_case_13_a_part_is_counted_in_its_envelope(world: World) -> None:
    world.commits("envelope", terms(money("100.00")))
    part = terms(money("40.00"), part_of={"commitment": "envelope", "basis": "stated"})
    world.commits("part", part)
    assert world.commitment("part").terms.part_of is not None
    assert owed(world, "gb", "part", "2026-06-01").counted_in == "envelope"


def test_case_13_parts_above_their_envelope_are_refused(world: World) -> None:
    world.commits("envelope", terms(money("100.00")))
    nested = {"part_of": {"commitment": "envelope", "basis": "stated"}}
    world.commits("first", terms(money("60.00"), **nested))
    fields = {"commitment": "second", "instrument": PACT, "title": {"en": "Second"}}
    refusal = world.refuse("gb", "commitment.made", **fields, terms=terms(money("40.01"), **nested))
    assert refusal == Refusal.CHILD_ABOVE_PARENT
    world.admit("gb", "commitment.made", **fields, terms=terms(money("40.00"), **nested))
    raised = terms(money("60.01"), **nested)
    assert world.refuse("gb", "commitment.amended", commitment="first", terms=raised) == Refusal.CHILD_ABOVE_PARENT


def test_case_13_an_envelope_is_not_lowered_below_its_parts(world: World) -> None:
    world.commits("envelope", terms(money("100.00")))
    world.commits("part", terms(money("60.00"), part_of={"commitment": "envelope", "basis": "stated"}))
    below = terms(money("59.99"))
    assert world.refuse("gb", "commitment.amended", commitment="envelope", terms=below) == Refusal.CHILD_ABOVE_PARENT


FORMULA = {"kind": "formula", "percent": "0.25", "of": "gross domestic product", "currency": "EUR"}
YEAR_2025 = {"first": "2025-01-01", "last": "2025-12-31", "precision": "year"}
STATISTICS = {"title": "National accounts", "released_on": "2026-03-01"}


def resolves(world: World, amount: str = "100.00", **changed: object) -> str:
    fields: dict[str, object] = {"period": YEAR_2025, "amount": amount, "currency": "EUR", "source": STATISTICS}
    return world.admit("gb", "commitment.resolved", commitment="gdp", **{**fields, **changed})


def test_case_14_a_formula_is_indeterminate_until_its_period_is_resolved(world: World) -> None:
    world.commits("gdp", terms(FORMULA, schedule=yearly(2025)))
    assert world.commitment("gdp").resolutions == ()
    resolves(world)
    (resolved,) = world.commitment("gdp").resolutions
    assert (str(resolved.amount), resolved.currency) == ("100.00", "EUR")


def test_case_14_a_period_is_resolved_once_and_as_the_schedule_has_it(world: World) -> None:
    world.commits("gdp", terms(FORMULA, schedule=yearly(2025)))
    fields = {"commitment": "gdp", "amount": "100.00", "currency": "EUR", "source": STATISTICS}
    half = {"first": "2025-01-01", "last": "2025-06-30", "precision": "half_year"}
    assert world.refuse("gb", "commitment.resolved", **fields, period=half) == Refusal.DATES_DISORDERED
    resolves(world)
    assert world.refuse("gb", "commitment.resolved", **fields, period=YEAR_2025) == Refusal.PERIOD_ALREADY_RESOLVED


def test_case_16_a_closed_year_is_not_revalued_without_the_beneficiary(world: World) -> None:
    world.commits("gdp", terms(FORMULA, schedule=yearly(2025)))
    resolved = resolves(world)
    change = {"field": "/amount", "old": "100.00", "new": "90.00", "reason": "Revised statistics"}
    lowering = world.admit("gb", "act.corrected", act=resolved, **change)
    assert world.pending_on(lowering) == ("ua",)
    assert str(world.commitment("gdp").resolutions[0].amount) == "100.00"
    world.admit("ua", "consent.refused", act=lowering)
    assert str(world.commitment("gdp").resolutions[0].amount) == "100.00"


def test_case_16_a_closed_year_is_not_resolved_again_by_newer_statistics(world: World) -> None:
    world.commits("gdp", terms(FORMULA, schedule=yearly(2025)))
    resolves(world)
    newer = {"commitment": "gdp", "period": YEAR_2025, "currency": "EUR"}
    newer |= {"source": {"title": "Revised accounts", "released_on": "2026-05-30"}}
    for amount in ("90.00", "110.00"):
        assert world.refuse("gb", "commitment.resolved", **newer, amount=amount) == Refusal.PERIOD_ALREADY_RESOLVED
    assert [str(one.amount) for one in world.commitment("gdp").resolutions] == ["100.00"]


def test_case_17_a_retired_currency_stays_valid_at_its_date(world: World) -> None:
    kuna = terms(money("100.00", "HRK"))
    world.commits("kuna", kuna, occurred=day("2022-12-31"))
    fields = {"commitment": "late", "instrument": PACT, "title": {"en": "Kuna"}, "terms": kuna}
    assert world.refuse("gb", "commitment.made", **fields, occurred=day("2023-01-01")) == Refusal.CODE_UNKNOWN


def test_case_18_a_code_is_known_only_in_its_interval(world: World) -> None:
    codes = [{"code": "SCG", "since": "2003-02-04", "until": "2006-06-03"}]
    world.admit("de", "party.renamed", subject="de", codes=codes)
    assert world.party("de").codes[-1].code == "SCG"
    codes = [{"code": "SCG", "since": "2006-06-03", "until": "2003-02-04"}]
    assert world.refuse("de", "party.renamed", subject="de", codes=codes) == Refusal.DATES_DISORDERED


def test_case_24_a_cap_keeps_its_period_without_the_beneficiary_agreeing_to_another(world: World) -> None:
    world.commits("cap", terms(bound="cap", schedule=once("2026-01-01", "2026-12-31")))
    earlier = terms(money("500.00"), bound="cap", schedule=once("2025-01-01", "2025-12-31"))
    amended = world.admit("gb", "commitment.amended", commitment="cap", terms=earlier)
    assert world.pending_on(amended) == ("ua",)
    lapsed = owed(world, "gb", "cap", "2027-01-01")
    assert lapsed.lapsed is not None
    assert lapsed.lapsed.amount == "100.00"
    assert lapsed.overdue is None or lapsed.overdue.amount == "0.00"


def sealed(value: Fields, salt: str) -> Fields:
    """Return what stands in an act in place of a confidential value."""
    digest = sha256(bytes.fromhex(salt) + canonical_bytes(value)).hexdigest()
    return {"kind": "undisclosed", "confidential": {"salted_sha256": digest}}


def test_case_33_an_undisclosed_commitment_counts_and_is_opened_later_by_whoever_sealed_it(world: World) -> None:
    salt, secret = "5f" * 32, goods("3", "satellite")
    made = world.commits("secret", terms(sealed(secret, salt), category="intelligence"))
    assert owed(world, "gb", "secret", "2026-06-01").kind == "undisclosed"
    opened = {"act": made, "field": "/terms/object", "salt": salt, "value": secret}
    opening = world.admit("gb", "act.disclosed", **opened)
    # What was promised was fixed when it was signed: nobody has to agree.
    assert world.pending_on(opening) == ()
    assert world.amount("secret") == "3"
    figures = owed(world, "gb", "secret", "2026-06-01")
    assert (figures.kind, figures.unit) == ("goods", "satellite")


def test_case_33_nothing_else_is_opened_than_what_was_sealed(world: World) -> None:
    salt, secret = "5f" * 32, goods("3", "satellite")
    made = world.commits("secret", terms(sealed(secret, salt), category="intelligence"))
    opened = {"act": made, "field": "/terms/object", "salt": salt, "value": secret}
    for another in ({"value": goods("2", "satellite")}, {"salt": "a0" * 32}):
        assert world.refuse("gb", "act.disclosed", **opened | another) == Refusal.DISCLOSURE_DIFFERS
    assert world.refuse("ua", "act.disclosed", **opened) == Refusal.SIGNER_NOT_ENTITLED
    assert owed(world, "gb", "secret", "2026-06-01").kind == "undisclosed"


def test_case_33_by_a_correction_a_secret_is_replaced_only_with_the_beneficiary(world: World) -> None:
    secret = sealed(goods("3", "satellite"), "5f" * 32)
    made = world.commits("secret", terms(secret, category="intelligence"))
    change = {"field": "/terms/object", "old": secret, "new": goods("3", "satellite"), "reason": "Opened"}
    # A correction proves nothing: whether it says what was promised is for the beneficiary to say.
    assert world.pending_on(world.admit("gb", "act.corrected", act=made, **change)) == ("ua",)


def test_case_33_another_secret_is_not_put_in_its_place_by_the_obligor_alone(world: World) -> None:
    sealed = {"kind": "undisclosed", "confidential": {"salted_sha256": "ab" * 32}}
    world.commits("secret", terms(sealed))
    other = {"kind": "undisclosed", "confidential": {"salted_sha256": "cd" * 32}}
    swapped = world.admit("gb", "commitment.amended", commitment="secret", terms=terms(other))
    assert world.pending_on(swapped) == ("ua",)


def test_case_35_a_correction_of_a_correction_is_read_through(world: World) -> None:
    made = world.commits()
    change = {"field": "/terms/object/amount", "old": "100.00", "new": "120.00", "reason": "A slip"}
    first = world.admit("gb", "act.corrected", act=made, **change)
    assert world.amount("c-1") == "120.00"
    again = {"field": "/new", "old": "120.00", "new": "130.00", "reason": "A slip in the slip"}
    second = world.admit("gb", "act.corrected", act=first, **again)
    assert (world.pending_on(second), world.amount("c-1")) == ((), "130.00")
    figures = owed(world, "gb", "c-1", "2026-06-01")
    assert figures.committed is not None
    assert figures.committed.amount == "130.00"


def test_case_35_a_correction_of_a_correction_that_lowers_waits_as_an_amendment_would(world: World) -> None:
    made = world.commits()
    change = {"field": "/terms/object/amount", "old": "100.00", "new": "120.00", "reason": "A slip"}
    first = world.admit("gb", "act.corrected", act=made, **change)
    again = {"field": "/new", "old": "120.00", "new": "20.00", "reason": "A slip in the slip"}
    assert world.pending_on(world.admit("gb", "act.corrected", act=first, **again)) == ("ua",)
    wrong = {**again, "old": "100.00"}
    assert world.refuse("gb", "act.corrected", act=first, **wrong) == Refusal.OLD_VALUE_DIFFERS
    assert world.amount("c-1") == "120.00"


def test_case_36_two_commitments_are_merged_and_the_old_id_resolves(world: World) -> None:
    world.commits("one", terms(money("100.00")))
    world.commits("two", terms(money("50.00")))
    merged = world.admit("gb", "commitment.merged", commitment="one", absorbed=["two"], terms=terms(money("150.00")))
    assert world.pending_on(merged) == ("ua",)
    assert world.commitment("two").state == "open"
    world.admit("ua", "consent.given", act=merged)
    assert (world.commitment("two").state, world.commitment("two").became) == ("merged", "one")
    assert (world.amount("one"), world.commitment("one").absorbed) == ("150.00", ("two",))


def test_case_36_what_was_merged_is_acted_on_no_more(world: World) -> None:
    world.commits("one", terms(money("100.00")))
    world.commits("two", terms(money("50.00")))
    merged = world.admit("gb", "commitment.merged", commitment="one", absorbed=["two"], terms=terms(money("150.00")))
    world.admit("ua", "consent.given", act=merged)
    assert world.refuse("gb", "commitment.amended", commitment="two", terms=terms()) == Refusal.ALREADY_ENDED
    again = {"commitment": "one", "absorbed": ["two"], "terms": terms()}
    assert world.refuse("gb", "commitment.merged", **again) == Refusal.ALREADY_ENDED


def test_case_37_money_is_converted_into_ten_howitzers(world: World) -> None:
    world.commits("cash", terms(money("40000000.00", "EUR")))
    fields = {"into": "guns", "instrument": PACT, "title": {"en": "Guns"}, "terms": terms(goods("10"))}
    converted = world.admit("ua", "commitment.converted", commitment="cash", agreed_on="2026-05-20", **fields)
    assert world.pending_on(converted) == ("gb",)
    assert world.commitment_or_none("guns") is None
    world.admit("gb", "consent.given", act=converted)
    assert (world.commitment("cash").state, world.commitment("cash").became) == ("converted", "guns")
    assert (world.amount("guns"), world.commitment("guns").made_on.isoformat()) == ("10", "2026-05-20")


def test_case_37_nothing_is_converted_into_a_commitment_that_is_there(world: World) -> None:
    world.commits("cash")
    world.commits("guns", terms(goods("5")))
    fields = {"into": "guns", "instrument": PACT, "title": {"en": "Guns"}, "terms": terms(goods("10"))}
    assert world.refuse("gb", "commitment.converted", commitment="cash", **fields) == Refusal.ALREADY_EXISTS
