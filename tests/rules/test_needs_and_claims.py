"""Requirements, rates and observations: who may say what, once, and what is made of it."""

from decimal import Decimal

import pytest

from ledger.events.refusals import Refusal
from ledger.rules.compact import history
from ledger.rules.observations import Observation, observation
from ledger.rules.rates import Quoted, converted, quoted
from ledger.rules.requirements import Requirement, requirement
from tests.acts import admission, principal
from tests.world import Fields, World, day, signed_world

SOURCE = {"title": "Reference rates", "released_on": "2026-05-29"}
NEED: Fields = {"title": {"en": "Howitzers"}, "category": "artillery", "quantity": "120", "unit": "howitzer"}


@pytest.fixture
def world() -> World:
    """A world with an observer, `obs`."""
    made = signed_world()
    desk = principal("obs")
    made.submit(admission(made.desks["depositary"], desk, "observer"))
    made.desks["obs"] = desk
    return made


def needed(world: World) -> Requirement:
    found = requirement(history(world.compact, "requirement", "r-1"))
    assert found is not None
    return found


def test_a_requirement_is_the_beneficiarys_own_from_the_statement_until_it_is_met(world: World) -> None:
    revised = {"requirement": "r-1", "quantity": "90"}
    assert world.refuse("gb", "requirement.stated", requirement="r-1", **NEED) == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("ua", "requirement.revised", **revised) == Refusal.REFERENCE_UNKNOWN
    world.admit("ua", "requirement.stated", requirement="r-1", needed_by=day("2026-12-31"), **NEED)
    assert world.refuse("ua", "requirement.stated", requirement="r-1", **NEED) == Refusal.ALREADY_EXISTS
    assert world.refuse("gb", "requirement.revised", **revised) == Refusal.SIGNER_NOT_ENTITLED
    assert (needed(world).quantity, needed(world).needed_by is None) == ("120", False)
    world.admit("ua", "requirement.revised", **revised)
    assert (needed(world).quantity, needed(world).needed_by, needed(world).met_on) == ("90", None, None)
    assert world.refuse("gb", "requirement.met", requirement="r-1") == Refusal.SIGNER_NOT_ENTITLED
    world.admit("ua", "requirement.met", requirement="r-1")
    assert needed(world).met_on is not None
    assert world.refuse("ua", "requirement.revised", **revised) == Refusal.ALREADY_ENDED
    assert world.refuse("ua", "requirement.met", requirement="r-1") == Refusal.ALREADY_ENDED


def test_a_mandate_for_other_categories_does_not_state_a_requirement(world: World) -> None:
    world.grants("ua", "navy", {"events": ["requirement.*"], "categories": ["naval"]})
    assert world.refuse("ua/navy", "requirement.stated", requirement="r-1", **NEED) == Refusal.OUT_OF_SCOPE
    world.admit("ua/navy", "requirement.stated", requirement="r-1", **NEED | {"category": "naval"})
    world.admit("ua", "requirement.stated", requirement="r-2", **NEED)
    assert world.refuse("ua/navy", "requirement.met", requirement="r-2") == Refusal.OUT_OF_SCOPE


def published(on: str, **rates: str) -> Fields:
    listed = [{"currency": currency, "rate": rate} for currency, rate in rates.items()]
    return {"series": "ecb", "source": SOURCE, "on": on, "base": "EUR", "rates": listed}


def rate(world: World, currency: str, on: str) -> Quoted | None:
    return quoted(world.compact, "ecb", currency, "EUR", world.at(on).now.date())


def test_case_17_a_weekend_converts_by_the_friday_and_never_by_a_later_day(world: World) -> None:
    friday = world.admit("obs", "rates.published", **published("2026-05-29", GBP="0.8650", SEK="11.0"))
    world.at("2026-06-02").admit("depositary", "rates.published", **published("2026-06-01", GBP="0.9000"))
    for on in ("2026-05-29", "2026-05-30", "2026-05-31"):
        found = rate(world, "GBP", on)
        assert found is not None
        assert (str(found.on), found.units, found.event_id) == ("2026-05-29", Decimal("0.8650"), friday)
        assert found.source == "Reference rates"
    monday = rate(world, "GBP", "2026-06-01")
    assert monday is not None
    assert converted(Decimal("100.00"), monday) == Decimal("111.11")
    # Monday has none for SEK: the Friday's is still the last that was published.
    sek = rate(world, "SEK", "2026-06-01")
    assert sek is not None
    assert str(sek.on) == "2026-05-29"
    assert rate(world, "GBP", "2026-05-28") is None
    assert rate(world, "GBP", "2026-08-01") is None
    assert rate(world, "USD", "2026-06-01") is None


def test_case_17_a_retired_currency_converts_by_its_irrevocable_rate(world: World) -> None:
    kuna = rate(world, "HRK", "2026-05-30")
    assert kuna is not None
    assert (kuna.rule, kuna.units, str(kuna.on)) == ("irrevocable", Decimal("7.53450"), "2023-01-01")
    assert converted(Decimal("7534.50"), kuna) == Decimal("1000.00")
    assert rate(world, "HRK", "2022-12-30") is None
    assert quoted(world.compact, "ecb", "HRK", "GBP", world.now.date()) is None
    euro = rate(world, "EUR", "2026-05-30")
    assert euro is not None
    assert converted(Decimal("5.00"), euro) == Decimal("5.00")


def test_rates_are_published_once_a_day_in_codes_of_that_day_by_those_who_may(world: World) -> None:
    sound = published("2026-05-29", GBP="0.8650")
    for desk in ("gb", "ua"):
        assert world.refuse(desk, "rates.published", **sound) == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("obs", "rates.published", **published("2026-05-29", HRK="7.5")) == Refusal.CODE_UNKNOWN
    assert world.refuse("obs", "rates.published", **published("2026-05-29", EUR="1.0")) == Refusal.ALREADY_EXISTS
    assert world.refuse("obs", "rates.published", **published("2026-06-09", GBP="0.9")) == Refusal.FUTURE_FACT
    first = world.admit("obs", "rates.published", **sound)
    assert world.refuse("depositary", "rates.published", **sound) == Refusal.ALREADY_EXISTS
    corrected = {"act": first, "field": "/rates/0/rate", "old": "0.8650", "new": "0.8560", "reason": "Digits turned."}
    world.admit("obs", "act.corrected", **corrected)
    found = rate(world, "GBP", "2026-05-31")
    assert found is not None
    assert found.units == Decimal("0.8560")
    other_day = {"act": first, "field": "/on", "old": "2026-05-29", "new": "2026-05-28", "reason": "Another day."}
    assert world.at("2026-06-01").refuse("obs", "act.corrected", **other_day) == Refusal.FIELD_NOT_CORRECTABLE


def claim(**changed: object) -> Fields:
    return {
        "observation": "o-1",
        "about": "United Kingdom",
        "party_id": "gb",
        "claim": "committed",
        "level": "activity_total",
        "release": "tracker-1",
        "activity": "GB-1",
        "line": 1,
        "category": "artillery",
        "source": SOURCE,
        "row": 1,
        "sum": {"amount": "1.5", "currency": "HRK"},
        **changed,
    }


def observed(world: World) -> Observation:
    found = observation(history(world.compact, "observation", "o-1"))
    assert found is not None
    return found


def test_a_claim_is_an_observers_until_the_party_that_it_is_about_adopts_it(world: World) -> None:
    assert world.refuse("gb", "observation.recorded", **claim()) == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("obs", "observation.recorded", **claim(party_id="xx")) == Refusal.REFERENCE_UNKNOWN
    unknown = {"amount": "1", "currency": "XQQ"}
    assert world.refuse("obs", "observation.recorded", **claim(sum=unknown)) == Refusal.CODE_UNKNOWN
    adopted = {"observation": "o-1"}
    assert world.refuse("gb", "observation.adopted", **adopted) == Refusal.REFERENCE_UNKNOWN
    world.admit("obs", "observation.recorded", **claim())
    assert world.refuse("obs", "observation.recorded", **claim()) == Refusal.ALREADY_EXISTS
    for desk in ("obs", "de", "ua"):
        assert world.refuse(desk, "observation.adopted", **adopted) == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("gb", "observation.adopted", **adopted, commitment="c-1") == Refusal.REFERENCE_UNKNOWN
    assert observed(world).adopted_by is None
    world.commits("c-1")
    world.admit("gb", "observation.adopted", **adopted, commitment="c-1")
    assert (observed(world).adopted_by, observed(world).commitment) == ("gb", "c-1")
    assert world.refuse("gb", "observation.adopted", **adopted) == Refusal.ALREADY_EXISTS


def test_a_claim_about_nobody_of_this_ledger_is_adopted_by_nobody(world: World) -> None:
    world.admit("obs", "observation.recorded", **claim(party_id=None))
    assert world.refuse("gb", "observation.adopted", observation="o-1") == Refusal.SIGNER_NOT_ENTITLED
