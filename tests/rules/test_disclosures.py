"""A confidential value is opened by whoever sealed it, as what was sealed and as nothing else, and nobody is asked."""

from hashlib import sha256

import pytest

from ledger.events.canonical import canonical_bytes
from ledger.events.corrections import salted_sha256
from ledger.events.refusals import Refusal, Rejected
from ledger.events.terms import GoodsObject
from projections.reading import Known
from projections.rows import MemoryRows
from tests.cases.figures import owed
from tests.world import PACT, Fields, World, day, goods, money, signed_world, terms

SALT = "5f" * 32
OTHER_SALT = "a0" * 64
SECRET = goods("3", "satellite")
NESTED: Fields = {"part_of": {"commitment": "envelope", "basis": "stated"}}


def sealed(value: Fields, salt: str = SALT) -> Fields:
    """Return what stands in an act in place of a value."""
    digest = sha256(bytes.fromhex(salt) + canonical_bytes(value)).hexdigest()
    return {"kind": "undisclosed", "confidential": {"salted_sha256": digest}}


def opened(act: str, value: Fields, salt: str = SALT) -> Fields:
    return {"act": act, "field": "/terms/object", "salt": salt, "value": value}


@pytest.fixture
def world() -> World:
    return signed_world()


def kind(world: World, commitment_id: str = "secret") -> str:
    return str(world.commitment(commitment_id).terms.object.__struct_config__.tag)


def test_the_digest_is_over_the_bytes_of_the_salt_and_then_the_canonical_value() -> None:
    value = GoodsObject(quantity="3", unit="radar satellite")
    salt = bytes(range(32))
    written = b'{"kind":"goods","quantity":"3","unit":"radar satellite"}'
    assert salted_sha256(salt, value) == sha256(salt + written).hexdigest()
    assert salted_sha256(salt, value) == "fc1298d0b8aec01d651944e52e140b441f9684e0e517c229445479cd0effdc36"
    assert salted_sha256.__doc__ is not None
    assert f"digest {salted_sha256(salt, value)}" in salted_sha256.__doc__


def test_a_value_that_is_not_what_was_sealed_is_refused_and_says_which_digest_it_has(world: World) -> None:
    made = world.commits("secret", terms(sealed(SECRET)))
    for value, salt in ((goods("4", "satellite"), SALT), (SECRET, OTHER_SALT), (money("3.00"), SALT)):
        assert world.refuse("gb", "act.disclosed", **opened(made, value, salt)) == Refusal.DISCLOSURE_DIFFERS
    assert kind(world) == "undisclosed"


def test_what_was_opened_is_not_opened_again_and_what_is_open_was_never_sealed(world: World) -> None:
    made = world.commits("secret", terms(sealed(SECRET)))
    world.admit("gb", "act.disclosed", **opened(made, SECRET))
    assert world.refuse("gb", "act.disclosed", **opened(made, SECRET)) == Refusal.ALREADY_EXISTS
    assert world.refuse("gb", "act.disclosed", **opened(made, goods("4"))) == Refusal.ALREADY_EXISTS
    plain = world.commits("plain")
    assert world.refuse("gb", "act.disclosed", **opened(plain, money("100.00"))) == Refusal.REFERENCE_UNKNOWN
    unsaid = world.commits("unsaid", terms({"kind": "undisclosed"}))
    assert world.refuse("gb", "act.disclosed", **opened(unsaid, SECRET)) == Refusal.REFERENCE_UNKNOWN
    elsewhere = world.commits("elsewhere", terms(sealed(SECRET)))
    at_conditions = {**opened(elsewhere, SECRET), "field": "/terms/conditions"}
    assert world.refuse("gb", "act.disclosed", **at_conditions) == Refusal.REFERENCE_UNKNOWN
    without_terms = opened(world.order[0], SECRET)
    assert world.refuse("depositary", "act.disclosed", **without_terms) == Refusal.REFERENCE_UNKNOWN
    unknown = opened("019a3c5e-7b1a-7c3d-8e4f-0123456789ab", SECRET)
    assert world.refuse("gb", "act.disclosed", **unknown) == Refusal.REFERENCE_UNKNOWN


@pytest.mark.parametrize("salt", ["5f" * 31, "5f" * 65, "5f" * 32 + "5", "5F" * 32, ""])
def test_a_salt_that_could_be_guessed_or_has_no_one_form_is_malformed(world: World, salt: str) -> None:
    with pytest.raises(Rejected) as caught:
        world.refuse("gb", "act.disclosed", **opened("019a3c5e-7b1a-7c3d-8e4f-0123456789ab", SECRET, salt))
    assert caught.value.refused.refusal == Refusal.EVENT_MALFORMED


@pytest.mark.parametrize("value", [{"kind": "undisclosed"}, goods("3.0"), money("3"), {"kind": "goods"}])
def test_a_value_that_no_act_could_hold_is_malformed(world: World, value: Fields) -> None:
    with pytest.raises(Rejected) as caught:
        world.refuse("gb", "act.disclosed", **opened("019a3c5e-7b1a-7c3d-8e4f-0123456789ab", value))
    assert caught.value.refused.refusal == Refusal.EVENT_MALFORMED


def test_nobody_opens_what_another_party_sealed(world: World) -> None:
    made = world.commits("secret", terms(sealed(SECRET)))
    for desk in ("ua", "de", "depositary"):
        assert world.refuse(desk, "act.disclosed", **opened(made, SECRET)) == Refusal.SIGNER_NOT_ENTITLED


def test_a_mandate_opens_no_more_than_it_reaches(world: World) -> None:
    hidden = world.commits("secret", terms(sealed(money("500.00"))))
    missiles = world.commits("missiles", terms(sealed(SECRET), category="air_defence"))
    world.grants("gb", "capped", {"events": ["act.*"], "cap": {"amount": "499.99", "currency": "GBP"}})
    world.grants("gb", "guns", {"events": ["act.*"], "categories": ["artillery"]})
    world.grants("gb", "able", {"events": ["act.disclosed"], "cap": {"amount": "500.00", "currency": "GBP"}})
    assert world.refuse("gb/capped", "act.disclosed", **opened(hidden, money("500.00"))) == Refusal.OVER_CAP
    assert world.refuse("gb/guns", "act.disclosed", **opened(missiles, SECRET)) == Refusal.OUT_OF_SCOPE
    world.admit("gb/able", "act.disclosed", **opened(hidden, money("500.00")))


def test_a_code_that_was_none_on_the_day_of_the_act_is_no_value_of_it(world: World) -> None:
    late = world.commits("late", terms(sealed(money("100.00", "HRK"))), occurred=day("2023-01-01"))
    in_time = world.commits("in-time", terms(sealed(money("100.00", "HRK"))), occurred=day("2022-12-31"))
    assert world.refuse("gb", "act.disclosed", **opened(late, money("100.00", "HRK"))) == Refusal.CODE_UNKNOWN
    world.admit("gb", "act.disclosed", **opened(in_time, money("100.00", "HRK")))


def test_what_is_opened_fits_into_its_envelope_which_is_raised_first_or_left(world: World) -> None:
    world.commits("envelope")
    made = world.commits("secret", terms(sealed(money("100.01")), **NESTED))
    opening = opened(made, money("100.01"))
    assert world.refuse("gb", "act.disclosed", **opening) == Refusal.CHILD_ABOVE_PARENT
    raised = world.admit("gb", "commitment.amended", commitment="envelope", terms=terms(money("100.01")))
    assert world.pending_on(raised) == ()
    world.admit("gb", "act.disclosed", **opening)
    assert owed(world, "gb", "secret", "2026-06-01").counted_in == "envelope"
    left = world.commits("left", terms(sealed(money("900.00")), **NESTED))
    assert world.refuse("gb", "act.disclosed", **opened(left, money("900.00"))) == Refusal.CHILD_ABOVE_PARENT
    outside = world.admit("gb", "commitment.amended", commitment="left", terms=terms(sealed(money("900.00"))))
    assert world.pending_on(outside) == ()
    world.admit("gb", "act.disclosed", **opened(outside, money("900.00")))


def test_what_has_ended_needs_no_room_in_an_envelope_any_more(world: World) -> None:
    world.commits("envelope")
    made = world.commits("secret", terms(sealed(money("900.00")), **NESTED))
    opening = opened(made, money("900.00"))
    assert world.refuse("gb", "act.disclosed", **opening) == Refusal.CHILD_ABOVE_PARENT
    world.admit("ua", "commitment.waived", commitment="secret", reason="No longer needed")
    world.admit("gb", "act.disclosed", **opening)
    assert world.amount("secret") == "900.00"


def test_an_envelope_that_is_opened_holds_its_parts(world: World) -> None:
    made = world.commits("envelope", terms(sealed(money("100.00"))))
    world.commits("part", terms(money("100.01"), **NESTED))
    assert world.refuse("gb", "act.disclosed", **opened(made, money("100.00"))) == Refusal.CHILD_ABOVE_PARENT
    other = world.commits("other", terms(sealed(money("1.00", "EUR")), **NESTED))
    assert world.refuse("gb", "act.disclosed", **opened(made, money("200.00"))) == Refusal.DISCLOSURE_DIFFERS
    world.admit("gb", "act.disclosed", **opened(other, money("1.00", "EUR")))
    assert world.refuse("gb", "act.disclosed", **opened(made, money("100.00"))) == Refusal.UNIT_MISMATCH


def test_only_the_version_that_is_named_opens(world: World) -> None:
    made = world.commits("secret", terms(sealed(SECRET)), occurred=day("2026-03-01"))
    later = terms(sealed(goods("5", "satellite"), OTHER_SALT))
    amended = world.admit("gb", "commitment.amended", commitment="secret", terms=later)
    world.admit("ua", "consent.given", act=amended)
    world.admit("gb", "act.disclosed", **opened(made, SECRET))
    assert kind(world) == "undisclosed"
    assert str(world.commitment("secret", "2026-03-02").terms.object) == str(GoodsObject("3", "satellite"))
    assert world.refuse("gb", "act.disclosed", **opened(amended, SECRET)) == Refusal.DISCLOSURE_DIFFERS
    world.admit("gb", "act.disclosed", **opened(amended, goods("5", "satellite"), OTHER_SALT))
    assert world.amount("secret") == "5"


def test_terms_that_were_replaced_need_no_room_in_an_envelope_any_more(world: World) -> None:
    world.commits("envelope")
    made = world.commits("secret", terms(sealed(money("900.00")), **NESTED), occurred=day("2026-03-01"))
    amended = world.admit("gb", "commitment.amended", commitment="secret", terms=terms(money("90.00"), **NESTED))
    world.admit("ua", "consent.given", act=amended)
    world.admit("gb", "act.disclosed", **opened(made, money("900.00")))
    assert (world.amount("secret"), kind(world)) == ("90.00", "money")


def test_what_ended_or_stands_under_a_text_that_ended_is_opened_all_the_same(world: World) -> None:
    made = world.commits("secret", terms(sealed(SECRET)))
    other = world.commits("other", terms(sealed(SECRET)))
    world.admit("ua", "commitment.waived", commitment="secret", reason="No longer needed")
    world.admit("gb", "act.disclosed", **opened(made, SECRET))
    ended = world.admit("gb", "instrument.terminated", instrument=PACT, reason="replaced")
    for desk in ("ua", "de", "fr"):
        world.admit(desk, "consent.given", act=ended)
    world.admit("gb", "act.disclosed", **opened(other, SECRET))
    assert (world.amount("secret"), world.amount("other")) == ("3", "3")


def test_a_proposal_is_opened_when_it_has_taken_effect_and_one_that_was_refused_never(world: World) -> None:
    world.commits("secret", terms(sealed(SECRET)))
    swap = {"commitment": "secret", "terms": terms(sealed(goods("2", "satellite")))}
    proposals = [world.admit("gb", "commitment.amended", **swap) for _ in range(2)]
    for one in proposals:
        assert world.refuse("gb", "act.disclosed", **opened(one, goods("2", "satellite"))) == Refusal.WRONG_STATE
    world.admit("ua", "consent.refused", act=proposals[0])
    world.admit("ua", "consent.given", act=proposals[1])
    assert world.refuse("gb", "act.disclosed", **opened(proposals[0], goods("2", "satellite"))) == Refusal.WRONG_STATE
    world.admit("gb", "act.disclosed", **opened(proposals[1], goods("2", "satellite")))
    assert world.amount("secret") == "2"


def compromised(world: World, office: str) -> None:
    lost = {"reason": "compromised", "contested_since": "2026-06-01T00:00:00Z"}
    world.admit("gb", "authority.revoked", revoked=office, **lost)


def test_a_contested_act_is_opened_and_a_repudiated_one_is_not(world: World) -> None:
    world.grants("gb", "defence")
    fields = {"instrument": PACT, "title": {"en": "Secret"}, "terms": terms(sealed(SECRET))}
    one, two = (world.admit("gb/defence", "commitment.made", commitment=name, **fields) for name in ("one", "two"))
    compromised(world, "gb/defence")
    world.admit("gb", "act.disclosed", **opened(one, SECRET))
    assert world.amount("one") == "3"
    world.admit("gb", "act.repudiated", act=two, reason="Not ours")
    assert world.refuse("gb", "act.disclosed", **opened(two, SECRET)) == Refusal.WRONG_STATE


def test_an_opening_that_is_repudiated_opens_no_more_and_the_party_may_open_it_itself(world: World) -> None:
    made = world.commits("secret", terms(sealed(SECRET)))
    world.grants("gb", "press", {"events": ["act.disclosed"]})
    leaked = world.admit("gb/press", "act.disclosed", **opened(made, SECRET))
    compromised(world, "gb/press")
    assert (world.act(leaked).contested, world.amount("secret")) == (True, "3")
    world.admit("gb", "act.repudiated", act=leaked, reason="Stolen")
    assert kind(world) == "undisclosed"
    world.admit("gb", "act.disclosed", **opened(made, SECRET))
    assert world.amount("secret") == "3"


def test_a_digest_that_was_corrected_is_opened_as_corrected_and_falls_back_with_the_correction(world: World) -> None:
    made = world.commits("secret", terms(sealed(SECRET)))
    world.grants("gb", "clerk", {"events": ["act.corrected"]})
    change = {"field": "/terms/object", "old": sealed(SECRET), "new": sealed(goods("4")), "reason": "A slip"}
    corrected = world.admit("gb/clerk", "act.corrected", act=made, **change)
    assert world.pending_on(corrected) == ("ua",)
    world.admit("ua", "consent.given", act=corrected)
    assert world.refuse("gb", "act.disclosed", **opened(made, SECRET)) == Refusal.DISCLOSURE_DIFFERS
    world.admit("gb", "act.disclosed", **opened(made, goods("4")))
    assert world.amount("secret") == "4"
    compromised(world, "gb/clerk")
    world.admit("gb", "act.repudiated", act=corrected, reason="Not ours")
    # The value belonged to the digest that was put in; the one that stands now is still sealed.
    assert kind(world) == "undisclosed"
    world.admit("gb", "act.disclosed", **opened(made, SECRET))
    assert world.amount("secret") == "3"


def test_a_disclosed_value_is_corrected_as_any_other_is(world: World) -> None:
    made = world.commits("secret", terms(sealed(money("100.00"))))
    opening = world.admit("gb", "act.disclosed", **opened(made, money("100.00")))
    change = {"field": "/terms/object/amount", "old": "100.00", "reason": "A slip"}
    raised = world.admit("gb", "act.corrected", act=made, **change, new="120.00")
    assert (world.pending_on(raised), world.amount("secret")) == ((), "120.00")
    lowered = world.admit("gb", "act.corrected", act=made, **change | {"old": "120.00"}, new="80.00")
    assert (world.pending_on(lowered), world.amount("secret")) == (("ua",), "120.00")
    hidden = {"field": "/terms/object", "old": money("120.00"), "new": sealed(SECRET), "reason": "Secret again"}
    assert world.pending_on(world.admit("gb", "act.corrected", act=made, **hidden)) == ("ua",)
    for field, old, new in (("/salt", SALT, OTHER_SALT), ("/value/amount", "100.00", "120.00")):
        itself = {"act": opening, "field": field, "old": old, "new": new, "reason": "A slip"}
        assert world.refuse("gb", "act.corrected", **itself) == Refusal.FIELD_NOT_CORRECTABLE


def test_a_correction_that_waited_is_refused_once_the_value_is_out(world: World) -> None:
    made = world.commits("secret", terms(sealed(SECRET)))
    change = {"field": "/terms/object", "old": sealed(SECRET), "new": goods("1", "satellite"), "reason": "Opened"}
    waiting = world.admit("gb", "act.corrected", act=made, **change)
    world.admit("gb", "act.disclosed", **opened(made, SECRET))
    assert world.refuse("ua", "consent.given", act=waiting) == Refusal.OLD_VALUE_DIFFERS
    assert world.amount("secret") == "3"


def test_after_the_opening_an_amendment_is_compared_with_what_was_opened(world: World) -> None:
    made = world.commits("secret", terms(sealed(SECRET)))
    fields = {"commitment": "secret", "terms": terms(goods("4", "satellite"))}
    assert world.pending_on(world.admit("gb", "commitment.amended", **fields)) == ("ua",)
    world.admit("gb", "act.disclosed", **opened(made, SECRET))
    assert world.pending_on(world.admit("gb", "commitment.amended", **fields)) == ()


def test_a_conversion_is_judged_by_the_day_on_which_it_was_agreed(world: World) -> None:
    for name in ("early", "late"):
        world.commits(name, terms(money("40.00")), occurred=day("2022-06-01"))
    kuna = money("100.00", "HRK")
    converted = {}
    for name, agreed in (("early", "2022-12-31"), ("late", "2023-01-01")):
        fields = {"into": f"{name}-kuna", "instrument": PACT, "title": {"en": "x"}, "terms": terms(sealed(kuna))}
        converted[name] = world.admit("gb", "commitment.converted", commitment=name, agreed_on=agreed, **fields)
        world.admit("ua", "consent.given", act=converted[name])
    assert world.refuse("gb", "act.disclosed", **opened(converted["late"], kuna)) == Refusal.CODE_UNKNOWN
    world.admit("gb", "act.disclosed", **opened(converted["early"], kuna))


def test_a_conversion_into_something_secret_is_opened_where_it_went(world: World) -> None:
    world.commits("cash", terms(money("40.00")))
    fields = {"into": "guns", "instrument": PACT, "title": {"en": "Guns"}, "terms": terms(sealed(SECRET))}
    converted = world.admit("gb", "commitment.converted", commitment="cash", **fields)
    world.admit("ua", "consent.given", act=converted)
    world.grants("gb", "press", {"events": ["act.disclosed"]})
    leaked = world.admit("gb/press", "act.disclosed", **opened(converted, SECRET))
    assert (world.amount("guns"), world.commitment("cash").state) == ("3", "converted")
    compromised(world, "gb/press")
    world.admit("gb", "act.repudiated", act=leaked, reason="Stolen")
    assert kind(world, "guns") == "undisclosed"


def test_deliveries_under_what_was_secret_count_once_it_is_open_in_its_unit_only(world: World) -> None:
    made = world.commits("secret", terms(sealed(SECRET)))
    world.delivers("d-1", "secret", lines=[{"line": 1, "object": goods("2", "satellite")}])
    world.delivers("d-2", "secret", lines=[{"line": 1, "object": goods("7", "antenna")}])
    assert owed(world, "gb", "secret", "2026-06-01").delivered is None
    world.admit("gb", "act.disclosed", **opened(made, SECRET))
    figures = owed(world, "gb", "secret", "2026-06-01")
    assert figures.delivered is not None
    assert figures.open is not None
    assert (figures.delivered.amount, figures.open.amount, figures.unit) == ("2", "1", "satellite")
    fields = {"delivery": "d-3", "commitment": "secret", "milestone": "handed_over", "occurred": day("2026-05-01")}
    lines = [{"line": 1, "object": goods("1", "antenna")}]
    assert world.refuse("gb", "delivery.recorded", **fields, lines=lines) == Refusal.UNIT_MISMATCH


def test_what_was_known_before_the_opening_stays_undisclosed_and_the_figure_rests_on_it(world: World) -> None:
    made = world.commits("secret", terms(sealed(SECRET)))
    earlier = dict(world.compact.changes)
    opening = world.admit("gb", "act.disclosed", **opened(made, SECRET))
    known = Known(MemoryRows(earlier, world.size - 1, world.now), world.now.date())
    then = known.commitment("secret")
    assert then is not None
    assert then.view.terms.object.__struct_config__.tag == "undisclosed"
    committed = owed(world, "gb", "secret", "2026-06-01").committed
    assert committed is not None
    assert {made, opening} <= set(committed.events)
