"""What the rules force: nothing comes between, nothing else is accepted, and nobody else decides what it is."""

import msgspec
import pytest

from ledger.events.canonical import canonical_bytes
from ledger.events.refusals import Refusal, Refused
from ledger.events.registry import decode
from ledger.events.stages import Admitted
from ledger.rules.compact import CLOCKS, LEDGER, SNAPBACK, indexed, opened
from ledger.rules.forced import forced_payload, next_due
from ledger.rules.memory import Overlay
from ledger.signing.signer import sign_payload
from tests.acts import new_id
from tests.world import PACT, Fields, World, signed_world

CLOCK = {"basis": "notification_received", "convene_within_hours": 24}
NOTIFIED: Fields = {"crisis": "attack", "kind": "armed_attack", "description": {"en": "An attack"}}


@pytest.fixture
def world() -> World:
    """An attack is notified, and nothing of what it forces has followed yet."""
    made = signed_world(clock=CLOCK)
    made.adopts()
    made.admit("gb", "measure.eased", measure="m-1", parts=["oil"])
    raw = sign_payload(made.payload("ua", "aggression.notified", NOTIFIED), made.desks["ua"].signers)
    assert isinstance(made.alone(raw), Admitted)
    return made


def by_service(world: World, payload: bytes) -> Admitted | Refused:
    return world.alone(sign_payload(payload, [world.founded.service]))


def changed(payload: bytes, **fields: object) -> bytes:
    return canonical_bytes(msgspec.json.decode(payload) | fields)


def test_the_queue_is_worked_off_in_order_and_then_empty(world: World) -> None:
    types = []
    while next_due(world.compact) is not None:
        payload = forced_payload(world.compact)
        types.append(decode(payload).type)
        assert isinstance(by_service(world, payload), Admitted)
    assert types == ["consultation.opened", "measure.reinstated"]
    ledger = opened(world.compact)
    assert ledger is not None
    assert ledger.forced == ()


def test_as_long_as_something_is_forced_nothing_else_is_admitted(world: World) -> None:
    names = [{"language": "en", "name": "Another"}]
    assert world.refuse("gb", "party.renamed", subject="gb", names=names) == Refusal.WRONG_STATE
    assert world.refuse("ua", "aggression.notified", **NOTIFIED | {"crisis": "second"}) == Refusal.WRONG_STATE


@pytest.mark.parametrize(
    "change",
    [
        {"t0": "2026-06-01T11:59:59Z"},
        {"convene_by": "2026-06-02T12:00:01Z"},
        {"guarantors": ["gb", "de"]},
        {"id": new_id()},
        {"issued_at": "2026-06-01T12:00:01Z"},
        {"note": {"en": "A remark."}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_forced_is_the_same_to_the_byte(world: World, change: Fields) -> None:
    outcome = by_service(world, changed(forced_payload(world.compact), **change))
    assert isinstance(outcome, Refused)
    assert outcome.refusal == Refusal.WRONG_STATE
    assert "consultation.opened of pact" in outcome.expected


def test_what_is_forced_is_recorded_at_the_time_of_its_cause(world: World) -> None:
    payload = forced_payload(world.compact)
    later = world.at("2026-06-02")
    assert isinstance(by_service(later, payload), Refused)


def test_the_second_does_not_come_before_the_first(world: World) -> None:
    ahead = Overlay(world.compact)
    first = forced_payload(world.compact)
    ledger = opened(world.compact)
    assert ledger is not None
    ahead.changes[LEDGER] = msgspec.structs.replace(ledger, forced=ledger.forced[::-1])
    second = forced_payload(ahead)
    assert isinstance(by_service(world, second), Refused)
    assert isinstance(by_service(world, first), Admitted)


def test_nothing_more_is_signed_by_the_service_key_once_all_has_followed(world: World) -> None:
    one = forced_payload(world.compact)
    while next_due(world.compact) is not None:
        by_service(world, forced_payload(world.compact))
    again = changed(one, id=new_id(), consultation=f"attack2.{PACT}")
    outcome = by_service(world, again)
    assert isinstance(outcome, Refused)
    assert outcome.refusal in (Refusal.SERVICE_KEY_ONLY, Refusal.SEQUENCE_MISMATCH)
    service = world.authority("depositary/service")
    next_in_chain = changed(again, sequence=service.sequence + 1, previous=service.previous)
    outcome = by_service(world, next_in_chain)
    assert isinstance(outcome, Refused)
    assert outcome.refusal == Refusal.SERVICE_KEY_ONLY


def test_the_id_of_what_is_forced_follows_from_the_cause_and_passes_over_one_that_is_taken(world: World) -> None:
    payload = forced_payload(world.compact)
    event = decode(payload)
    assert forced_payload(world.compact) == payload
    world.compact.located[event.id] = "party/gb"
    other = decode(forced_payload(world.compact))
    assert other.id != event.id
    assert other.id[:13] == event.id[:13]


def test_an_aggression_that_concerns_nothing_forces_nothing() -> None:
    world = signed_world()
    world.adopts()
    assert len(world.attacked()) == 1
    assert next_due(world.compact) is None


def test_texts_that_come_to_have_a_clock_and_measures_that_snap_back_are_found() -> None:
    world = signed_world()
    assert indexed(world.compact, CLOCKS) == ()
    profile = {"effect": "on_signature", "clock": CLOCK}
    amended = world.admit("gb", "instrument.amended", instrument=PACT, profile=profile)
    assert indexed(world.compact, CLOCKS) == ()
    for desk in ("ua", "de", "fr"):
        world.admit(desk, "consent.given", act=amended)
    world.registers("a-text", profile=profile)
    assert indexed(world.compact, CLOCKS) == ("a-text", PACT)
    world.adopts("until", default_rule={"kind": "until", "condition": {"en": "peace"}})
    world.adopts("z-measure")
    world.adopts("a-measure")
    assert indexed(world.compact, SNAPBACK) == ("a-measure", "z-measure")
