"""The snapback of 2025, act by act: the right state at each instant, one second before and one second after it."""

import csv
from datetime import UTC, datetime, timedelta

import pytest

from ledger.events.refusals import Refusal
from ledger.rules.compact import history
from ledger.rules.measures import MeasureState
from tests.cases.snapback_2025 import Played
from tests.conftest import SHARED, needs_shared
from tests.world import World

MEASURE = "un-sc1737"
SIX = ("1696", "1737", "1747", "1803", "1835", "1929")
END = "2025-12-31T00:00:00+00:00"
SECOND = timedelta(seconds=1)

ADOPTION = datetime(2015, 7, 20, tzinfo=UTC)
IMPLEMENTATION_DAY = datetime(2016, 1, 16, tzinfo=UTC)
NOTIFICATION = datetime(2025, 8, 28, 12, tzinfo=UTC)
RETURN = datetime(2025, 9, 28, tzinfo=UTC)
TERMINATION_DAY = datetime(2025, 10, 18, tzinfo=UTC)


@pytest.fixture
def played() -> Played:
    return Played()


def around(world: World, instant: datetime, measure: str = MEASURE) -> list[MeasureState]:
    """Return the state one second before an instant, at it, and one second after."""
    return [world.measure(measure, at.isoformat()).state for at in (instant - SECOND, instant, instant + SECOND)]


@needs_shared
def test_every_row_of_the_timeline_is_an_act_or_said_to_be_none(played: Played) -> None:
    path = SHARED / "data" / "sanctions" / "timeline_real_events.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["regime"] == "UN-SC1737"]
    acts, none = played.tables["act"], played.tables["no_act"]
    said = {act["at"].date().isoformat() for act in acts} | {one["on"].isoformat() for one in none}
    assert said == {row["date"] for row in rows}
    for row in rows:
        here = [act for act in acts if act["at"].date().isoformat() == row["date"]]
        titles = {"; ".join(item["title"] for item in act["evidence"]) for act in here}
        titles |= {one["source"] for one in none if one["on"].isoformat() == row["date"]}
        assert titles == {row["source"]}
        notes = [act["note"]["en"] for act in here]
        assert all(note.endswith(f"Confidence: {row['confidence']}.") for note in notes)


def test_the_state_at_each_instant_one_second_before_and_after(played: Played) -> None:
    world = played.until(END)
    assert around(world, ADOPTION) == ["not_yet", "in_force", "in_force"]
    assert around(world, IMPLEMENTATION_DAY) == ["in_force", "lifted", "lifted"]
    assert around(world, NOTIFICATION) == ["lifted"] * 3
    assert around(world, RETURN) == ["lifted", "in_force", "in_force"]
    assert around(world, TERMINATION_DAY) == ["in_force"] * 3


def test_what_was_known_before_the_notification_announced_nothing(played: Played) -> None:
    world = played.until((NOTIFICATION - SECOND).isoformat())
    assert world.measure(MEASURE, RETURN.isoformat()).state == "lifted"
    assert world.measure(MEASURE).announced == ()
    world = played.until(NOTIFICATION.isoformat())
    (announced,) = world.measure(MEASURE).announced
    assert (announced.effective_at, announced.parts) == (RETURN, SIX)
    assert world.measure(MEASURE).act_pending == ()
    assert world.measure(MEASURE, RETURN.isoformat()).act_pending == (announced,)


def test_it_is_the_service_key_that_brings_them_back_with_the_notification_as_the_cause(played: Played) -> None:
    world = played.until(NOTIFICATION.isoformat())
    notified, reinstated = (world.act(one).event for one in world.order[-2:])
    assert (notified.type, reinstated.type) == ("aggression.notified", "measure.reinstated")
    assert getattr(reinstated, "cause", None) == notified.id
    assert reinstated.authority == "depositary/service"


@pytest.mark.parametrize("hour", ["00:00:00", "23:59:59.999999"])
def test_the_hour_of_the_notification_moves_nothing(played: Played, hour: str) -> None:
    *before, notification, first, second, third = played.tables["act"]
    moved = {**notification, "at": datetime.fromisoformat(f"2025-08-28T{hour}+00:00")}
    world = Played({**played.tables, "act": [*before, moved, first, second, third]}).until(END)
    assert around(world, RETURN) == ["lifted", "in_force", "in_force"]


def test_the_attempt_of_2020_is_refused_and_leaves_nothing(played: Played) -> None:
    world = played.until("2020-08-21T00:00:00+00:00")
    assert [act["refused"] for act in played.tables["act"] if "refused" in act] == [Refusal.SIGNER_NOT_ENTITLED]
    assert history(world.compact, "crisis", "attempt-2020") is None
    assert world.measure(MEASURE, END).state == "lifted"
    assert world.measure(MEASURE).reinstatements == ()


def test_the_contestation_of_termination_day_is_recorded_and_stops_nothing(played: Played) -> None:
    before = played.until((TERMINATION_DAY - SECOND).isoformat()).measure(MEASURE)
    assert before.reinstatements[0].contested_by == ()
    world = played.until(END)
    assert world.measure(MEASURE).reinstatements[0].contested_by == ("ir", "ru", "cn")
    assert world.measure(MEASURE).state == "in_force"
    assert world.measure(MEASURE).act_pending == world.measure(MEASURE).reinstatements


def test_the_rule_is_armed_as_long_as_thirty_days_end_before_termination_day(played: Played) -> None:
    """Counted days end at 00:00: what is notified on 17 September would take effect on 18 October: nothing returns."""
    world = played.until((NOTIFICATION - SECOND).isoformat())
    disarmed = datetime(2025, 9, 17, tzinfo=UTC)
    armed = [world.measure(MEASURE, at.isoformat()).is_armed for at in (disarmed - SECOND, disarmed)]
    assert armed == [True, False]
    late = {"crisis": "late", "kind": "breach", "description": {"en": "Too late"}}
    world.now = disarmed
    world.admit("e3", "aggression.notified", **late)
    assert around(world, TERMINATION_DAY) == ["lifted"] * 3


def test_a_sunset_ends_and_another_was_renewed_on_the_day_on_which_the_snapback_takes_effect() -> None:
    """The Union's six-monthly measures beside the Security Council's: one instant, three answers."""
    played = Played(more=("eu",))
    world = played.until("2025-08-01T00:00:00+00:00")
    text = {
        "programme": "EU-IRN",
        "title": {"en": "A measure that lapses in silence"},
        "types": ["asset_freeze"],
        "targets": ["Iran (ir)"],
        "legal_act": "An act made up for this test",
        "default_rule": {"kind": "sunset", "expires_at": "2025-09-28T00:00:00Z"},
        "parts": [{"part": "assets", "what": {"en": "assets"}}],
    }
    for measure in ("lapses", "renewed"):
        world.admit("eu", "measure.adopted", measure=measure, **text)
    world = played.until("2025-09-27T23:59:59+00:00")
    world.admit("eu", "measure.renewed", measure="renewed", expires_at="2026-03-28T00:00:00Z")
    world = played.until(END)
    assert around(world, RETURN) == ["lifted", "in_force", "in_force"]
    assert around(world, RETURN, "lapses") == ["in_force", "lapsed", "lapsed"]
    assert around(world, RETURN, "renewed") == ["in_force"] * 3
    late = {"measure": "lapses", "expires_at": "2026-03-28T00:00:00Z"}
    assert world.refuse("eu", "measure.renewed", **late) == Refusal.ALREADY_ENDED
