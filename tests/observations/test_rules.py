"""Who may replace a claim by a later reading of it, and what a party can adopt then."""

import pytest

from ledger.events.refusals import Refusal
from ledger.rules.compact import history
from ledger.rules.observations import Observation, observation
from tests.acts import admission, principal
from tests.world import Fields, World, signed_world


@pytest.fixture
def world() -> World:
    """A world with two observers."""
    made = signed_world()
    for name in ("obs", "watch"):
        desk = principal(name)
        made.submit(admission(made.desks["depositary"], desk, "observer"))
        made.desks[name] = desk
    return made


def claim(name: str, **changed: object) -> Fields:
    return {
        "observation": name,
        "about": "United Kingdom",
        "party_id": "gb",
        "claim": "committed",
        "level": "in_kind_item",
        "release": "tracker-1",
        "activity": "GB-1",
        "line": 1,
        "category": "artillery",
        "source": {"title": "A public tracker"},
        "row": 7,
        "quantity": {"status": "disclosed", "item": "howitzer", "quantity": "20"},
        **changed,
    }


def found(world: World, name: str) -> Observation:
    view = observation(history(world.compact, "observation", name))
    assert view is not None
    return view


def test_a_later_reading_stands_in_both_streams_and_changes_neither(world: World) -> None:
    world.admit("obs", "observation.recorded", **claim("o-1"))
    second = world.admit("obs", "observation.recorded", **claim("o-2", replaces="o-1", row=9))
    assert (found(world, "o-1").replaced_by, found(world, "o-1").replaced_in) == ("o-2", second)
    assert found(world, "o-1").recorded.row == 7
    assert (found(world, "o-2").id, found(world, "o-2").replaced_by) == ("o-2", None)
    assert found(world, "o-2").recorded.row == 9


def test_a_claim_is_replaced_once_by_its_own_observer_and_by_the_same_claim_only(world: World) -> None:
    world.admit("obs", "observation.recorded", **claim("o-1"))
    recorded = "observation.recorded"
    assert world.refuse("obs", recorded, **claim("o-2", replaces="o-9")) == Refusal.REFERENCE_UNKNOWN
    assert world.refuse("obs", recorded, **claim("o-2", replaces="o-2")) == Refusal.REFERENCE_UNKNOWN
    assert world.refuse("watch", recorded, **claim("o-2", replaces="o-1")) == Refusal.SIGNER_NOT_ENTITLED
    for changed in ({"claim": "delivered"}, {"level": "activity_total"}, {"release": "tracker-2"}, {"line": 2}):
        assert world.refuse("obs", recorded, **claim("o-2", replaces="o-1", **changed)) == Refusal.WRONG_STATE
    world.admit("obs", recorded, **claim("o-2", replaces="o-1"))
    assert world.refuse("obs", recorded, **claim("o-3", replaces="o-1")) == Refusal.ALREADY_EXISTS
    world.admit("obs", recorded, **claim("o-3", replaces="o-2"))


def test_only_the_newest_reading_can_be_adopted(world: World) -> None:
    world.admit("obs", "observation.recorded", **claim("o-1"))
    world.admit("obs", "observation.recorded", **claim("o-2", replaces="o-1"))
    assert world.refuse("gb", "observation.adopted", observation="o-1") == Refusal.WRONG_STATE
    world.admit("gb", "observation.adopted", observation="o-2")
    assert (found(world, "o-1").adopted_by, found(world, "o-2").adopted_by) == (None, "gb")


def test_an_adoption_is_of_the_reading_that_was_adopted(world: World) -> None:
    world.admit("obs", "observation.recorded", **claim("o-1"))
    world.admit("gb", "observation.adopted", observation="o-1")
    world.admit("obs", "observation.recorded", **claim("o-2", replaces="o-1"))
    assert (found(world, "o-1").adopted_by, found(world, "o-2").adopted_by) == ("gb", None)


def test_what_a_claim_replaces_cannot_be_corrected(world: World) -> None:
    world.admit("obs", "observation.recorded", **claim("o-1"))
    second = world.admit("obs", "observation.recorded", **claim("o-2", replaces="o-1"))
    correction = {"act": second, "field": "/replaces", "old": "o-1", "new": "o-3", "reason": "Another one."}
    assert world.refuse("obs", "act.corrected", **correction) == Refusal.FIELD_NOT_CORRECTABLE
    row = {"act": second, "field": "/row", "old": 7, "new": 8, "reason": "Counted again."}
    world.admit("obs", "act.corrected", **row)
    assert found(world, "o-2").recorded.row == 8
