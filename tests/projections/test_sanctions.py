"""Measures at an instant: one second before and after each change, with what is announced and what was lifted early."""

from itertools import pairwise

import pytest

from projections.reading import Known
from projections.rows import MemoryRows
from projections.sanctions import measures
from tests.acts import admission, principal
from tests.projections.instants import known, measure
from tests.world import Fields, World, signed_world

SUNSET = {"kind": "sunset", "expires_at": "2026-07-31T00:00:00Z"}
LATER = {"kind": "snapback", "after_days": 30}
CONDITIONS = [
    {"condition": "ceasefire", "what": {"en": "a lasting ceasefire"}},
    {"condition": "prisoners", "what": {"en": "every prisoner returned"}},
]


@pytest.fixture
def world() -> World:
    return signed_world()


def standings(world: World, at: str | None = None) -> dict[str, str]:
    return {one.part: one.standing for one in measure(world, at).parts}


def test_what_is_adopted_for_later_is_announced_until_it_begins(world: World) -> None:
    adopted = world.adopts(effective_at="2026-07-01T00:00:00Z")
    before, after = (measure(world, f"2026-{at}+00:00") for at in ("06-30T23:59:59", "07-01T00:00:00"))
    assert (before.state, before.is_in_force, after.state, after.is_in_force) == ("not_yet", False, "in_force", True)
    (change,) = before.announced
    assert (change.kind, change.event, change.effective_at) == ("adopted", adopted, before.in_force_since)
    assert after.announced == ()
    assert [one.events for one in after.parts] == [(adopted,), (adopted,)]


def test_a_part_that_is_eased_names_the_act_and_the_end_and_is_in_force_again_after_it(world: World) -> None:
    world.adopts()
    eased = world.admit("gb", "measure.eased", measure="m-1", parts=["oil"], until="2026-07-01T00:00:00Z")
    page = measure(world)
    oil, banks = page.parts
    assert (page.state, page.is_in_force) == ("in_part", True)
    assert (oil.standing, oil.since, oil.events) == ("eased", world.now, (eased,))
    assert (banks.standing, banks.since, eased in banks.events) == ("in_force", None, False)
    assert standings(world, "2026-06-30T23:59:59+00:00") == {"oil": "eased", "banks": "in_force"}
    assert measure(world, "2026-07-01T00:00:00+00:00").state == "in_force"


def test_an_aggression_brings_back_at_once_and_the_legal_act_is_pending_until_it_is_published(world: World) -> None:
    world.adopts()
    world.admit("gb", "measure.suspended", measure="m-1")
    cause, reinstatement = world.at("2026-06-10T03:00:00+00:00").attacked()
    assert measure(world, "2026-06-10T02:59:59+00:00").state == "suspended"
    page = measure(world)
    (back,) = page.reinstated
    assert (page.state, page.act_pending, back.act_pending) == ("in_force", True, True)
    assert (back.cause, back.event, back.events) == (cause, reinstatement, (cause, reinstatement))
    assert (back.parts, back.effective_at) == (("oil", "banks"), world.now)
    assert reinstatement in page.parts[0].events
    published = world.at("2026-06-11").admit(
        "gb", "measure.act_published", measure="m-1", reinstatement=reinstatement, legal_act="Regulation 2"
    )
    (back,) = measure(world).reinstated
    assert (measure(world).act_pending, back.legal_act, back.events[-1]) == (False, "Regulation 2", published)
    assert measure(world, "2026-06-11T11:59:59+00:00").act_pending


def test_what_comes_back_after_thirty_days_is_announced_and_takes_effect_at_midnight(world: World) -> None:
    world.adopts(default_rule=LATER)
    world.admit("gb", "measure.eased", measure="m-1", parts=["banks"])
    _, reinstatement = world.at("2026-08-28T15:30:00+00:00").attacked()
    last, first = (measure(world, f"2026-09-{at}+00:00") for at in ("27T23:59:59", "28T00:00:00"))
    assert (last.state, last.reinstated, last.act_pending) == ("in_part", (), False)
    (change,) = last.announced
    assert (change.kind, change.parts, change.event) == ("reinstated", ("banks",), reinstatement)
    assert (first.state, first.announced, [one.event for one in first.reinstated]) == ("in_force", (), [reinstatement])


def test_an_easing_that_the_return_overtakes_is_not_announced_any_more(world: World) -> None:
    world.adopts(default_rule=LATER)
    world.admit("gb", "measure.eased", measure="m-1", parts=["oil"], effective_at="2026-07-05T00:00:00Z")
    assert [one.kind for one in measure(world).announced] == ["eased"]
    world.at("2026-06-02").attacked()
    assert [one.kind for one in measure(world).announced] == ["reinstated"]


def test_contesting_is_shown_and_stops_nothing(world: World) -> None:
    world.adopts()
    world.admit("gb", "measure.suspended", measure="m-1")
    _, reinstatement = world.at("2026-06-10").attacked()
    contested = {"measure": "m-1", "reinstatement": reinstatement, "statement": "Not so."}
    event = world.at("2026-06-12").admit("fr", "measure.contested", **contested)
    (back,) = measure(world).reinstated
    assert (back.contested_by, back.events[-1], measure(world).state) == (("fr",), event, "in_force")
    assert measure(world, "2026-06-12T11:59:59+00:00").reinstated[0].contested_by == ()
    assert [page.measure for page in measures(known(world), "fr")] == []


def test_a_sunset_shows_when_its_renewal_is_due_and_lapses_without_an_act(world: World) -> None:
    world.adopts(default_rule=SUNSET)
    last, first = (measure(world, f"2026-07-{at}+00:00") for at in ("30T23:59:59", "31T00:00:00"))
    assert (last.state, last.renewal_due, last.lapsed_at) == ("in_force", world.instant("2026-07-31T00:00:00Z"), None)
    assert (first.state, first.renewal_due, first.lapsed_at) == ("lapsed", None, last.renewal_due)
    assert (first.is_in_force, last.snapback_armed) == (False, False)
    renewed = {"measure": "m-1", "expires_at": "2027-01-31T00:00:00Z", "effective_at": "2026-07-15T00:00:00Z"}
    event = world.admit("gb", "measure.renewed", **renewed)
    announced = measure(world, "2026-07-14T23:59:59+00:00")
    assert [(one.kind, one.event) for one in announced.announced] == [("renewed", event)]
    assert announced.renewal_due == last.renewal_due
    assert event not in announced.events
    after = measure(world, "2026-07-31T00:00:00+00:00")
    assert (after.state, after.renewal_due) == ("in_force", world.instant("2027-01-31T00:00:00Z"))
    assert event in after.events
    assert after.announced == ()
    world.admit("gb", "measure.lifted", measure="m-1")
    assert (measure(world).renewal_due, measure(world).lapsed_at) == (None, None)


def test_lifting_before_the_conditions_are_met_is_a_departure_from_then_on(world: World) -> None:
    world.adopts(exit_conditions=CONDITIONS, default_rule={"kind": "until", "condition": {"en": "peace"}})
    lifting: Fields = {"parts": ["oil"], "met": ["ceasefire"], "reason": "A first step."}
    event = world.admit("gb", "measure.lifted", measure="m-1", effective_at="2026-06-20T00:00:00Z", **lifting)
    before, after = (measure(world, f"2026-06-{at}+00:00") for at in ("19T23:59:59", "20T00:00:00"))
    assert before.departures == ()
    assert [(one.kind, one.parts) for one in before.announced] == [("lifted", ("oil",))]
    assert [one.is_met for one in before.exit_conditions] == [False, False]
    (departure,) = after.departures
    assert (departure.parts, departure.unmet, departure.event) == (("oil",), ("prisoners",), event)
    assert departure.reason == "A first step."
    assert [(one.condition, one.is_met) for one in after.exit_conditions] == [("ceasefire", True), ("prisoners", False)]
    assert after.exit_conditions[0].events == (event,)
    assert (after.state, after.snapback_armed) == ("in_part", False)


def test_lifting_after_the_conditions_are_met_is_none(world: World) -> None:
    world.adopts(exit_conditions=CONDITIONS)
    world.admit("gb", "measure.lifted", measure="m-1", met=["ceasefire", "prisoners"])
    page = measure(world)
    assert (page.state, page.is_in_force, page.departures) == ("lifted", False, ())
    world.at("2026-06-10").attacked()
    assert (measure(world).reinstated, measure(world).announced) == ((), ())


def test_a_snapback_is_armed_until_its_end(world: World) -> None:
    world.adopts(default_rule={"kind": "snapback", "ends_at": "2026-10-18T00:00:00Z"})
    armed = [measure(world, f"2026-10-{at}+00:00").snapback_armed for at in ("17T23:59:59", "18T00:00:00")]
    assert armed == [True, False]


def test_a_correction_is_read_and_stands_behind_what_it_corrects(world: World) -> None:
    adopted = world.adopts()
    corrected = {"act": adopted, "field": "/legal_act", "old": "Regulation 1", "new": "Regulation 10", "reason": "Typo"}
    correction = world.at("2026-06-02").admit("gb", "act.corrected", **corrected)
    page, earlier = measure(world), measure(world, "2026-06-01T12:00:00+00:00")
    assert (page.legal_act, page.events) == ("Regulation 10", (adopted, correction))
    assert [moment.type for moment in page.timeline] == ["measure.adopted", "act.corrected"]
    # What is known to have been wrong is read rightly at every instant; what was done later was not done by then.
    assert (earlier.legal_act, earlier.events) == ("Regulation 10", (adopted, correction))
    assert [moment.type for moment in earlier.timeline] == ["measure.adopted"]


def test_the_timeline_has_what_was_done_by_the_instant_and_what_was_announced(world: World) -> None:
    world.adopts()
    world.at("2026-06-02").admit("gb", "measure.eased", measure="m-1", parts=["oil"])
    world.at("2026-06-03").admit("gb", "measure.lifted", measure="m-1", effective_at="2026-08-01T00:00:00Z")
    found = [len(measure(world, f"2026-06-0{at}+00:00").timeline) for at in ("2T11:59:59", "2T12:00:00", "3T12:00:00")]
    assert found == [1, 2, 3]


def test_the_list_goes_by_party_programme_and_id(world: World) -> None:
    newcomer = principal("eu")
    world.submit(admission(world.desks["depositary"], newcomer, "sanctions_guarantor"))
    world.desks["eu"] = newcomer
    adopted = (("gb", "GB-B", "m-a"), ("gb", "GB-A", "m-z"), ("gb", "GB-A", "m-c"), ("eu", "EU-RUS", "m-q"))
    for desk, programme, name in adopted:
        world.adopts(name, desk=desk, programme=programme)
    listed = list(measures(known(world)))
    assert [one.measure for one in listed] == ["m-q", "m-c", "m-z", "m-a"]
    assert all((a.party, a.programme, a.measure) < (b.party, b.programme, b.measure) for a, b in pairwise(listed))
    assert [one.measure for one in measures(known(world), "eu")] == ["m-q"]


def test_every_event_that_is_named_is_in_the_ledger(world: World) -> None:
    world.adopts()
    world.admit("gb", "measure.suspended", measure="m-1")
    world.at("2026-06-10").attacked()
    page = measure(world)
    named = {*page.events, *(event for part in page.parts for event in part.events), *page.reinstated[0].events}
    assert len(named) == 4
    assert all(world.compact.locate(event) is not None for event in named)


def test_a_question_about_a_day_is_about_its_last_microsecond(world: World) -> None:
    world.adopts(effective_at="2026-06-10T23:59:59.999999Z")
    rows = known(world).rows
    assert isinstance(rows, MemoryRows)
    days = [world.instant(f"2026-06-{at}T00:00:00+00:00").date() for at in ("09", "10")]
    states = [next(measures(Known(rows, day))).state for day in days]
    assert states == ["not_yet", "in_force"]
