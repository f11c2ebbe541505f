"""Measures: each sanctioning party for its own, and what does not fit what the measure is when an act takes effect."""

import pytest

from ledger.events.refusals import Refusal
from tests.acts import admission, principal
from tests.world import World, signed_world


@pytest.fixture
def world() -> World:
    return signed_world()


def test_whoever_sanctions_adopts_and_nobody_else(world: World) -> None:
    desk = principal("kr")
    world.submit(admission(world.desks["depositary"], desk, "sanctions_guarantor"))
    world.desks["kr"] = desk
    world.adopts("kr-1", desk="kr")
    world.adopts("gb-1")
    sound = world.measure("gb-1").adopted
    fields = {name: getattr(sound, name) for name in ("programme", "title", "types", "targets", "legal_act", "parts")}
    fields |= {"default_rule": sound.default_rule}
    for desk_name in ("ua", "depositary"):
        refusal = world.refuse(desk_name, "measure.adopted", measure="m-2", **fields)
        assert refusal == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("gb", "measure.adopted", measure="kr-1", **fields) == Refusal.ALREADY_EXISTS
    twice = fields | {"parts": (*sound.parts, sound.parts[0])}
    assert world.refuse("gb", "measure.adopted", measure="m-2", **twice) == Refusal.ALREADY_EXISTS
    over = fields | {"default_rule": {"kind": "sunset", "expires_at": "2026-06-01T12:00:00Z"}}
    assert world.refuse("gb", "measure.adopted", measure="m-2", **over) == Refusal.DATES_DISORDERED


def test_another_partys_measure_is_not_acted_on(world: World) -> None:
    world.adopts()
    assert world.refuse("de", "measure.eased", measure="m-1", parts=["oil"]) == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("de", "measure.suspended", measure="m-1") == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("ua", "measure.lifted", measure="m-1") == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("gb", "measure.eased", measure="m-2", parts=["oil"]) == Refusal.REFERENCE_UNKNOWN


def test_a_part_is_eased_once_and_only_while_it_is_in_force(world: World) -> None:
    world.adopts()
    eased = {"measure": "m-1", "parts": ["oil"]}
    assert world.refuse("gb", "measure.eased", measure="m-1", parts=["gas"]) == Refusal.REFERENCE_UNKNOWN
    assert world.refuse("gb", "measure.eased", measure="m-1", parts=["oil", "oil"]) == Refusal.ALREADY_EXISTS
    assert world.refuse("gb", "measure.eased", **eased, until="2026-06-01T12:00:00Z") == Refusal.DATES_DISORDERED
    early = {"effective_at": "2026-05-31T00:00:00Z"}
    assert world.refuse("gb", "measure.eased", **eased, **early) == Refusal.DATES_DISORDERED
    world.admit("gb", "measure.eased", **eased, until="2026-07-01T00:00:00Z")
    assert world.refuse("gb", "measure.eased", **eased) == Refusal.WRONG_STATE
    world.admit("gb", "measure.eased", **eased, effective_at="2026-07-01T00:00:00Z")
    world.admit("gb", "measure.lifted", **eased)
    assert world.refuse("gb", "measure.eased", **eased) == Refusal.ALREADY_ENDED


def test_a_measure_is_suspended_once_and_renewed_only_if_it_would_lapse(world: World) -> None:
    world.adopts()
    assert world.refuse("gb", "measure.suspended", measure="m-1", until="2026-06-01T00:00:00Z") == (
        Refusal.DATES_DISORDERED
    )
    world.admit("gb", "measure.suspended", measure="m-1")
    assert world.refuse("gb", "measure.suspended", measure="m-1") == Refusal.WRONG_STATE
    renewed = {"measure": "m-1", "expires_at": "2027-01-01T00:00:00Z"}
    assert world.refuse("gb", "measure.renewed", **renewed) == Refusal.WRONG_STATE


def test_what_is_adopted_for_later_is_not_yet_in_force(world: World) -> None:
    world.adopts(effective_at="2026-07-01T00:00:00Z")
    states = [world.measure(at=f"2026-{day}+00:00").state for day in ("06-30T23:59:59", "07-01T00:00:00")]
    assert states == ["not_yet", "in_force"]
    assert world.refuse("gb", "measure.suspended", measure="m-1") == Refusal.DATES_DISORDERED
