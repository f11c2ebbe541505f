"""The numbered cases about sanctions: what silence does, and what a notified aggression brings back."""

from datetime import UTC, datetime

import pytest

from ledger.events.refusals import Refusal
from tests.acts import founding
from tests.world import World

ADOPTED = "2025-01-20T00:00:00+00:00"
NOTIFIED = "2025-08-28T14:05:30+00:00"
BEFORE, EFFECTIVE, AFTER = (f"2025-09-{day}+00:00" for day in ("27T23:59:59", "28T00:00:00", "28T00:00:01"))
THIRTY_DAYS = {"kind": "snapback", "after_days": 30, "ends_at": "2025-10-18T00:00:00Z"}


@pytest.fixture
def world() -> World:
    """A ledger that was founded long enough ago for the acts of 2025 to be recorded when they were made."""
    founded = datetime(2024, 12, 1, tzinfo=UTC)
    return World(founding(issued_at=founded), now=founded)


def standings(world: World, at: str | None = None, measure: str = "m-1") -> dict[str, str]:
    return {one.part: one.standing for one in world.measure(measure, at).parts}


def test_case_28_an_aggression_brings_back_what_was_eased_and_nothing_else(world: World) -> None:
    world.at("2026-01-01").adopts("m-1")
    world.adopts("untouched")
    world.at("2026-02-01").admit("gb", "measure.eased", measure="m-1", parts=["oil"])
    assert standings(world) == {"oil": "eased", "banks": "in_force"}
    assert world.measure().state == "in_part"
    notified, reinstated = world.at("2026-03-01").attacked()
    assert standings(world) == {"oil": "in_force", "banks": "in_force"}
    assert standings(world, "2026-03-01T11:59:59+00:00") == {"oil": "eased", "banks": "in_force"}
    (back,) = world.measure().act_pending
    assert (back.event_id, back.cause, back.parts) == (reinstated, notified, ("oil",))
    assert world.measure("untouched").reinstatements == ()


def test_case_28_a_measure_that_is_partly_eased_and_suspended_comes_back_whole_and_its_act_follows(
    world: World,
) -> None:
    world.at("2026-01-01").adopts()
    world.at("2026-02-01").admit("gb", "measure.eased", measure="m-1", parts=["oil"])
    world.admit("gb", "measure.suspended", measure="m-1", until="2027-01-01T00:00:00Z")
    assert (world.measure().state, world.measure(at="2027-01-01T00:00:00+00:00").state) == ("suspended", "in_part")
    _, reinstated = world.at("2026-03-01").attacked()
    assert world.measure().state == "in_force"
    published = {"measure": "m-1", "reinstatement": reinstated, "legal_act": "Regulation 2"}
    assert world.refuse("de", "measure.act_published", **published) == Refusal.SIGNER_NOT_ENTITLED
    unknown = published | {"reinstatement": world.order[0]}
    assert world.refuse("gb", "measure.act_published", **unknown) == Refusal.REFERENCE_UNKNOWN
    world.at("2026-03-04").admit("gb", "measure.act_published", **published)
    assert world.measure().act_pending == ()
    assert len(world.measure(at="2026-03-03T00:00:00+00:00").act_pending) == 1
    assert world.refuse("gb", "measure.act_published", **published) == Refusal.ALREADY_EXISTS


def test_case_28_nobody_makes_a_reinstatement_by_hand(world: World) -> None:
    adopted = world.at("2026-06-01").adopts()
    by_hand = {"measure": "m-1", "cause": adopted, "parts": ["oil"], "effective_at": "2026-06-01T12:00:00Z"}
    for desk in ("gb", "ua", "depositary"):
        assert world.refuse(desk, "measure.reinstated", **by_hand) == Refusal.SERVICE_KEY_ONLY


def test_the_snapback_of_2025_at_each_instant(world: World) -> None:
    world.at(ADOPTED).adopts(default_rule=THIRTY_DAYS)
    world.at("2025-01-21").admit("gb", "measure.suspended", measure="m-1")
    assert world.measure().is_armed
    _, reinstated = world.at(NOTIFIED).attacked(kind="breach")
    assert [one.event_id for one in world.measure().announced] == [reinstated]
    assert world.measure().act_pending == ()
    assert [world.measure(at=at).state for at in (BEFORE, EFFECTIVE, AFTER)] == ["suspended", "in_force", "in_force"]
    assert [one.event_id for one in world.measure(at=AFTER).act_pending] == [reinstated]


def test_the_last_notification_before_the_end_of_snapback_counts_and_the_next_does_not(world: World) -> None:
    for measure in ("first", "second"):
        world.at(ADOPTED).adopts(measure, default_rule=THIRTY_DAYS)
    world.at("2025-01-21").admit("gb", "measure.suspended", measure="first")
    # Effective at 00:00 of 17 October, a day before the end.
    assert len(world.at("2025-09-16T23:59:59+00:00").attacked("in-time")) == 2
    world.admit("gb", "measure.suspended", measure="second")
    assert len(world.at("2025-09-17T00:00:00+00:00").attacked("too-late")) == 1
    assert not world.measure("second").is_armed
    assert standings(world, "2026-01-01T00:00:00+00:00", "second") == {"oil": "suspended", "banks": "suspended"}


def test_a_second_trigger_changes_nothing_whether_the_first_has_taken_effect_or_is_to(world: World) -> None:
    world.at(ADOPTED).adopts(default_rule=THIRTY_DAYS)
    world.at("2025-01-21").admit("gb", "measure.eased", measure="m-1", parts=["oil"])
    assert len(world.at(NOTIFIED).attacked("first")) == 2
    assert len(world.at("2025-09-01").attacked("second")) == 1
    assert len(world.at("2025-09-16").attacked("third")) == 1
    assert len(world.measure().reinstatements) == 1


def test_what_is_eased_anew_comes_back_anew(world: World) -> None:
    world.at("2026-06-01").adopts()
    world.admit("gb", "measure.eased", measure="m-1", parts=["oil"])
    world.at("2026-06-02").attacked("first")
    world.at("2026-06-03").admit("gb", "measure.eased", measure="m-1", parts=["oil", "banks"])
    assert standings(world) == {"oil": "eased", "banks": "eased"}
    world.at("2026-06-04").attacked("second")
    assert [one.parts for one in world.measure().reinstatements] == [("oil",), ("oil", "banks")]
    assert world.measure().state == "in_force"


def test_an_easing_that_was_to_begin_later_never_begins(world: World) -> None:
    world.at("2026-06-01").adopts()
    world.admit("gb", "measure.eased", measure="m-1", parts=["oil"], effective_at="2026-09-01T00:00:00Z")
    assert standings(world, "2026-09-02T00:00:00+00:00")["oil"] == "eased"
    world.at("2026-08-01").attacked()
    assert standings(world, "2026-09-02T00:00:00+00:00")["oil"] == "in_force"


def test_what_was_added_stays_and_what_was_lifted_returns_only_if_the_rule_says_so(world: World) -> None:
    world.at("2026-06-01").adopts("stays-lifted")
    world.adopts("returns", default_rule={"kind": "snapback", "returns_lifted": True})
    for measure in ("stays-lifted", "returns"):
        world.admit("gb", "measure.lifted", measure=measure, parts=["oil"])
    world.at("2026-06-02").adopts("added")
    notified = world.at("2026-06-03").attacked()
    assert len(notified) == 2
    assert standings(world, None, "stays-lifted") == {"oil": "lifted", "banks": "in_force"}
    assert standings(world, None, "returns") == {"oil": "in_force", "banks": "in_force"}
    assert world.measure("added").state == "in_force"


def test_contestation_is_shown_and_stops_nothing(world: World) -> None:
    world.at("2026-06-01").adopts()
    world.admit("gb", "measure.eased", measure="m-1", parts=["oil"])
    _, reinstated = world.at("2026-06-02").attacked()
    contested = {"measure": "m-1", "statement": "No ground for it."}
    assert (
        world.refuse("fr", "measure.contested", **contested, reinstatement=world.order[0]) == Refusal.REFERENCE_UNKNOWN
    )
    world.admit("fr", "measure.contested", **contested, reinstatement=reinstated)
    assert world.measure().state == "in_force"
    assert world.measure().reinstatements[0].contested_by == ("fr",)


def test_case_29_a_sunset_and_a_snapback_on_one_day(world: World) -> None:
    world.at(ADOPTED).adopts("lapses", default_rule={"kind": "sunset", "expires_at": "2025-09-28T00:00:00Z"})
    world.adopts("returns", default_rule=THIRTY_DAYS)
    world.admit("gb", "measure.suspended", measure="returns")
    assert len(world.at(NOTIFIED).attacked()) == 2
    states = {at: (world.measure("lapses", at).state, world.measure("returns", at).state) for at in (BEFORE, EFFECTIVE)}
    assert states == {BEFORE: ("in_force", "suspended"), EFFECTIVE: ("lapsed", "in_force")}


def test_case_29_what_lapsed_on_that_day_is_not_renewed_after_it(world: World) -> None:
    world.at(ADOPTED).adopts(default_rule={"kind": "sunset", "expires_at": "2025-09-28T00:00:00Z"})
    renewed = {"measure": "m-1", "expires_at": "2026-03-28T00:00:00Z"}
    assert world.at(EFFECTIVE).refuse("gb", "measure.renewed", **renewed) == Refusal.ALREADY_ENDED
    world.admit("gb", "measure.renewed", **renewed, effective_at="2025-09-27T23:59:59Z")
    assert world.measure().state == "in_force"


def test_case_29_a_snapback_that_ends_at_the_instant_of_return_returns_nothing(world: World) -> None:
    world.at(ADOPTED).adopts(default_rule=THIRTY_DAYS | {"ends_at": "2025-09-28T00:00:00Z"})
    world.admit("gb", "measure.suspended", measure="m-1")
    assert len(world.at(NOTIFIED).attacked()) == 1
    assert world.measure(at=AFTER).state == "suspended"


def test_case_29_an_aggression_brings_back_neither_a_sunset_nor_an_until(world: World) -> None:
    world.at("2026-06-01").adopts("sunset", default_rule={"kind": "sunset", "expires_at": "2027-01-31T00:00:00Z"})
    world.adopts("until", default_rule={"kind": "until", "condition": {"en": "reparations are paid"}})
    for measure in ("sunset", "until"):
        world.admit("gb", "measure.eased", measure=measure, parts=["oil"])
    assert len(world.attacked()) == 1
    assert not world.measure("sunset").is_armed
    assert [standings(world, None, one)["oil"] for one in ("sunset", "until")] == ["eased", "eased"]


def test_a_sunset_lapses_in_silence_and_is_renewed_before_that_only(world: World) -> None:
    world.at("2026-06-01").adopts(default_rule={"kind": "sunset", "expires_at": "2026-07-31T00:00:00Z"})
    renewed = {"measure": "m-1", "expires_at": "2027-01-31T00:00:00Z"}
    assert world.refuse("gb", "measure.renewed", **renewed | {"expires_at": "2026-07-31T00:00:00Z"}) == (
        Refusal.DATES_DISORDERED
    )
    world.at("2026-07-30").admit("gb", "measure.renewed", **renewed)
    last, over = "2027-01-30T23:59:59+00:00", "2027-01-31T00:00:00+00:00"
    assert (world.measure(at=last).state, world.measure(at=over).state) == ("in_force", "lapsed")
    again = {"measure": "m-1", "expires_at": "2027-07-31T00:00:00Z"}
    assert world.at("2027-02-01").refuse("gb", "measure.renewed", **again) == Refusal.ALREADY_ENDED
    assert world.refuse("gb", "measure.eased", measure="m-1", parts=["oil"]) == Refusal.ALREADY_ENDED
    # The act of law was in time, and is recorded late.
    world.admit("gb", "measure.renewed", **again, effective_at="2027-01-30T00:00:00Z")
    assert world.measure().state == "in_force"


def test_lifting_before_the_exit_conditions_are_met_is_admitted_and_shown_as_a_departure(world: World) -> None:
    conditions = [{"condition": key, "what": {"en": key}} for key in ("withdrawal", "reparations")]
    world.at("2026-06-01").adopts(
        default_rule={"kind": "until", "condition": {"en": "both"}}, exit_conditions=conditions
    )
    lifted = {"measure": "m-1", "parts": ["oil"], "met": ["withdrawal"]}
    assert world.refuse("gb", "measure.lifted", **lifted | {"met": ["peace"]}) == Refusal.REFERENCE_UNKNOWN
    world.admit("gb", "measure.lifted", **lifted)
    (departure,) = world.measure().departures
    assert (departure.part, departure.unmet) == ("oil", ("reparations",))
    world.admit("gb", "measure.lifted", measure="m-1", parts=["banks"], met=["withdrawal", "reparations"])
    assert [one.part for one in world.measure().departures] == ["oil"]
    assert world.measure().state == "lifted"
    assert world.refuse("gb", "measure.lifted", measure="m-1") == Refusal.ALREADY_ENDED
