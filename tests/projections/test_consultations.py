"""Crises and consultations at an instant: the clock, who answered, who is late, and what has passed without an act."""

import pytest

from ledger.events.refusals import Refusal
from projections.consultations import mergers
from tests.projections.instants import consultation, consultation_or_none, crisis, crisis_or_none, known
from tests.world import PACT, Fields, World, day, signed_world

CLOCK = {"basis": "notification_received", "convene_within_hours": 24, "decide_within_hours": 72}
ATTACK = f"attack.{PACT}"


@pytest.fixture
def world() -> World:
    """A pact with a clock, and an attack notified at the beginning of 10 June."""
    made = signed_world(clock=CLOCK)
    made.at("2026-06-10T00:00:00+00:00").attacked()
    return made


def decides(world: World, desk: str, at: str, consultation_id: str = ATTACK) -> str:
    said: Fields = {"consultation": consultation_id, "decided_at": at, "decisions": ["sanctions"]}
    return world.admit(desk, "decision.taken", statement=f"{desk} helps.", **said)


def convenes(world: World, desk: str, at: str, consultation_id: str = ATTACK) -> str:
    meeting = {"consultation": consultation_id, "convened_at": at, "level": "ministers"}
    return world.admit(desk, "consultation.convened", **meeting)


def test_a_clock_that_nobody_answers_passes_both_deadlines_by_itself(world: World) -> None:
    size = world.size
    instants = ("10T23:59:59", "11T00:00:00", "11T00:00:01", "13T00:00:00", "13T00:00:01")
    pages = [consultation(world, f"2026-06-{at}+00:00") for at in instants]
    assert [one.convening for one in pages] == ["awaited", "awaited", "missed", "missed", "missed"]
    assert [one.convene_seconds_left for one in pages[:3]] == [1, 0, -1]
    assert [one.decide_seconds_left for one in pages[3:]] == [0, -1]
    assert [one.missed for one in pages] == [(), (), (), (), ("gb", "de", "fr")]
    assert [one.silent for one in pages] == [("gb", "de", "fr")] * 5
    assert world.size == size


def test_a_part_of_a_second_is_not_rounded_away(world: World) -> None:
    before, after = (consultation(world, f"2026-06-{at}+00:00") for at in ("10T23:59:59.5", "11T00:00:00.5"))
    assert (before.convene_seconds_left, before.convening) == (0, "awaited")
    assert (after.convene_seconds_left, after.convening) == (-1, "missed")


def test_each_guarantor_has_an_answer_of_its_own_and_its_own_lateness(world: World) -> None:
    world.at("2026-06-14T00:00:00+00:00")
    convened = convenes(world, "gb", "2026-06-11T00:00:00Z")
    joined = world.admit(
        "gb", "consultation.joined", consultation=ATTACK, joined_at="2026-06-11T01:00:00Z", level="experts"
    )
    decided = decides(world, "gb", "2026-06-13T00:00:00Z")
    declined = {"consultation": ATTACK, "decided_at": "2026-06-13T00:00:01Z", "statement": "Nothing more."}
    world.admit("de", "decision.declined", **declined)
    page = consultation(world)
    gb, de, fr = page.answers
    assert (gb.standing, gb.is_late, gb.is_missed, gb.events) == ("decided", False, False, (convened, joined, decided))
    assert (gb.decisions, gb.statements, gb.joined_at) == (
        ("sanctions",),
        ("gb helps.",),
        world.instant("2026-06-11T01:00:00Z"),
    )
    assert (de.standing, de.is_late, de.is_missed, de.statements) == ("declined", True, False, ("Nothing more.",))
    assert (fr.standing, fr.is_late, fr.is_missed, fr.events) == ("silent", False, True, ())
    assert (page.late, page.missed, page.silent) == (("de",), ("fr",), ("fr",))
    earlier = consultation(world, "2026-06-11T00:59:59+00:00")
    assert [one.standing for one in earlier.answers] == ["convened", "silent", "silent"]
    assert earlier.silent == ("de", "fr")
    at_the_deadline = consultation(world, "2026-06-13T00:00:00+00:00")
    assert [one.standing for one in at_the_deadline.answers] == ["decided", "silent", "silent"]
    assert at_the_deadline.missed == ()


@pytest.mark.parametrize(("at", "convening"), [("11T00:00:00", "convened"), ("11T00:00:01", "convened_late")])
def test_a_convening_at_the_deadline_is_in_time_and_one_second_after_it_late(
    world: World, at: str, convening: str
) -> None:
    event = convenes(world.at("2026-06-12"), "fr", f"2026-06-{at}Z")
    page = consultation(world)
    (meeting,) = page.convenings
    assert (page.convening, page.convened_at, meeting.event) == (convening, meeting.convened_at, event)
    assert meeting.is_late == (convening == "convened_late")


def test_without_a_deadline_for_decisions_nobody_misses_one() -> None:
    world = signed_world(clock={"basis": "request_received", "convene_within_hours": 24})
    world.at("2026-06-10T00:00:00+00:00").attacked()
    page = consultation(world, "2036-06-10T00:00:00+00:00")
    assert (page.decide_by, page.decide_seconds_left, page.missed) == (None, None, ())
    assert page.convening == "missed"


def test_there_is_no_consultation_before_its_clock_runs(world: World) -> None:
    assert consultation_or_none(world, "2026-06-09T23:59:59+00:00", ATTACK) is None
    assert consultation_or_none(world, None, f"other.{PACT}") is None
    assert crisis_or_none(world, "2026-06-09T23:59:59+00:00") is None
    assert crisis(world, "2026-06-10T00:00:00+00:00").consultations[0].consultation == ATTACK


def test_a_clock_from_the_attack_runs_before_the_notification_was_received() -> None:
    world = signed_world(clock=CLOCK | {"basis": "attack"})
    world.adopts()
    world.admit("gb", "measure.suspended", measure="m-1")
    world.at("2026-06-10").attacked(began_at="2026-06-10T03:00:00Z")
    page = consultation(world, "2026-06-10T03:00:00+00:00")
    assert (page.basis, page.t0) == ("attack", world.instant("2026-06-10T03:00:00Z"))
    found = crisis(world, "2026-06-10T11:59:59+00:00")
    assert ([one.consultation for one in found.consultations], found.reinstated) == ([ATTACK], ())
    assert [one.measure for one in crisis(world, "2026-06-10T12:00:00+00:00").reinstated] == ["m-1"]


def test_case_30_the_second_attack_has_a_clock_of_its_own_and_merging_keeps_both(world: World) -> None:
    world.at("2026-06-11T00:00:00+00:00").attacked("second")
    second = f"second.{PACT}"
    clocks = [
        (one.t0, one.convene_by, one.decide_by) for one in (consultation(world), consultation(world, None, second))
    ]
    assert clocks[0] != clocks[1]
    assert world.refuse("gb", "consultation.merged", consultation=second, into=ATTACK) == Refusal.SIGNER_NOT_ENTITLED
    merging = world.at("2026-06-11T06:00:00+00:00").admit("ua", "consultation.merged", consultation=second, into=ATTACK)
    one, two = consultation(world), consultation(world, None, second)
    assert ((one.state, one.merged), (two.state, two.merged_into)) == (("open", (second,)), ("merged", ATTACK))
    assert [(page.t0, page.convene_by, page.decide_by) for page in (one, two)] == clocks
    assert merging in two.events
    before = known(world, "2026-06-11T05:59:59+00:00")
    assert mergers(before) == {}
    assert consultation(world, "2026-06-11T05:59:59+00:00", second).state == "open"
    missed = (
        consultation(world, "2026-06-14T00:00:00+00:00", second),
        consultation(world, "2026-06-14T00:00:01+00:00", second),
    )
    assert [len(page.missed) for page in missed] == [0, 3]


def test_what_was_missed_stays_missed_when_the_consultation_is_closed(world: World) -> None:
    closing = world.at("2026-06-14").admit("ua", "consultation.closed", consultation=ATTACK, reason="Answered.")
    page = consultation(world)
    assert (page.state, page.closed_because, page.closed_at) == ("closed", "Answered.", world.now)
    assert page.missed == ("gb", "de", "fr")
    assert closing in page.events
    assert consultation(world, "2026-06-14T11:59:59+00:00").state == "open"


def test_a_crisis_shows_what_it_forced_and_nothing_that_another_forced(world: World) -> None:
    world.adopts(default_rule={"kind": "snapback", "after_days": 30})
    world.admit("gb", "measure.eased", measure="m-1", parts=["oil"])
    cause, opened, back = world.at("2026-06-20").attacked("attack-2", kind="escalation")
    page = crisis(world, None, "attack-2")
    assert (page.kind, page.received_at, page.events) == ("escalation", world.now, (cause,))
    assert [(one.consultation, one.event) for one in page.consultations] == [(f"attack-2.{PACT}", opened)]
    (returning,) = page.reinstated
    assert (returning.measure, returning.parts, returning.event) == ("m-1", ("oil",), back)
    assert (returning.in_effect, returning.act_pending) == (False, False)
    last, first = (crisis(world, f"2026-07-{at}+00:00", "attack-2") for at in ("20T23:59:59", "21T00:00:00"))
    assert [page.reinstated[0].in_effect for page in (last, first)] == [False, True]
    assert first.reinstated[0].act_pending
    first_attack = crisis(world)
    assert (first_attack.reinstated, [one.consultation for one in first_attack.consultations]) == ((), [ATTACK])


def test_a_notification_that_is_repudiated_is_shown_with_what_it_forced(world: World) -> None:
    world.adopts()
    world.admit("gb", "measure.suspended", measure="m-1")
    world.grants("ua", "mission")
    world.at("2026-06-20")
    notified = {"crisis": "forged", "kind": "threat", "description": {"en": "A threat"}}
    event = world.admit("ua/mission", "aggression.notified", **notified)
    stolen: Fields = {"reason": "compromised", "contested_since": "2026-06-20T00:00:00Z"}
    world.admit("ua", "authority.revoked", revoked="ua/mission", **stolen)
    assert not crisis(world, None, "forged").is_repudiated
    world.admit("ua", "act.repudiated", act=event, reason="Not ours")
    page = crisis(world, None, "forged")
    assert (page.is_repudiated, page.kind, page.received_at) == (True, "threat", world.now)
    assert [one.consultation for one in page.consultations] == [f"forged.{PACT}"]
    assert [one.measure for one in page.reinstated] == ["m-1"]
    assert [moment.type for moment in page.timeline] == ["aggression.notified", "act.repudiated"]
    assert page.timeline[0].standing == "repudiated"


def test_a_second_trigger_brings_nothing_back_again(world: World) -> None:
    world.adopts()
    world.admit("gb", "measure.suspended", measure="m-1")
    world.at("2026-06-20").attacked("second")
    world.at("2026-06-21").attacked("third")
    assert [len(crisis(world, None, one).reinstated) for one in ("attack", "second", "third")] == [0, 1, 0]


def test_only_who_is_bound_has_to_answer(world: World) -> None:
    world.registers("bilateral", parties=["ua", "de"], profile={"effect": "on_signature", "clock": CLOCK})
    world.admit("de", "instrument.signed", instrument="bilateral", occurred=day("2026-03-01"))
    world.at("2026-06-20").attacked("second")
    pages = [consultation(world, None, f"second.{one}") for one in ("bilateral", PACT)]
    assert [page.guarantors for page in pages] == [("de",), ("gb", "de", "fr")]
    assert [page.instrument for page in pages] == ["bilateral", PACT]


def test_every_event_that_is_named_is_in_the_ledger_and_is_in_the_timeline(world: World) -> None:
    world.at("2026-06-11")
    convenes(world, "gb", "2026-06-10T20:00:00Z")
    decides(world, "de", "2026-06-10T22:00:00Z")
    page = consultation(world)
    assert page.events[0] == page.cause
    assert {moment.event for moment in page.timeline} == set(page.events[1:])
    assert all(world.compact.locate(event) is not None for event in page.events)
    early = consultation(world, "2026-06-10T21:59:59+00:00")
    assert [moment.type for moment in early.timeline] == ["consultation.opened", "consultation.convened"]
