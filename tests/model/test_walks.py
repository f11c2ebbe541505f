"""Random histories in which ledger and model say the same; and lies about the ledger, each of which the model sees.

The long walk is `python -m tests.model --steps 1000000`; here are a thousand steps of it, with other numbers each time.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from random import Random
from typing import get_args

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ledger.events.registry import EVENT_TYPES
from ledger.rules.measures import MeasureState
from projections.answers import State
from projections.rows import Rows, States
from tests.model.comparing import compare, compare_at, days_asked, instants_asked
from tests.model.naive.docket import Act, Docket
from tests.model.walker import Divergence, Tally, Walker
from tests.model.walks import begin, drawing, history, seeded, step

UNREACHED = {"ledger.opened", "rules.adopted"}
"""The one opens every ledger, once; of the other there is nothing to adopt yet, so it is always refused."""

WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=10, deadline=None, phases=WITHOUT_SHRINKING)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_a_history_is_told_alike_by_ledger_and_model(seed: int) -> None:
    """Its seed is printed where it is not: `python -m tests.model --seed SEED --history 0` walks it again."""
    history(seeded(seed, 0), Tally(), steps=60)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(random=st.randoms(use_true_random=False))
def test_a_short_history_is_told_alike_whatever_is_drawn(random: Random) -> None:
    """Every single choice is drawn by hypothesis, so a history that is told differently is cut down to what matters."""
    history(random, Tally(), steps=12)


@pytest.mark.slow
def test_a_walk_reaches_every_act_and_every_state() -> None:
    tally, number = Tally(), 0
    while tally.steps < 20_000:
        history(seeded(7, number), tally)
        number += 1
    assert set(tally.admitted) == set(EVENT_TYPES) - UNREACHED
    assert set(get_args(State)) <= set(tally.states)
    assert {f"measure {one}" for one in get_args(MeasureState)} <= set(tally.states)
    assert {f"guarantor {one}" for one in ("silent", "convened", "joined", "decided", "declined")} <= set(tally.states)
    assert min(tally.compared.values()) > 100
    assert sum(tally.refused.values()) > 1000


def test_a_few_hundred_steps_reach_most_acts_and_states() -> None:
    tally = Tally()
    for number in range(12):
        history(seeded(7, number), tally)
    assert len(tally.admitted) > len(EVENT_TYPES) * 2 / 3
    assert len(set(get_args(State)) & set(tally.states)) >= 10
    assert len(tally.refused) > 8
    assert tally.compared["obligations"] > 100


@dataclass(frozen=True)
class Without:
    """Rows in which one stream is missing: a ledger that keeps something to itself."""

    rows: Rows
    hidden: str

    @property
    def known_at(self) -> int:
        return self.rows.known_at

    @property
    def recorded_at(self) -> datetime | None:
        return self.rows.recorded_at

    def _left(self, states: States) -> States:
        return {name: state for name, state in states.items() if name != self.hidden}

    def states(self, streams: Collection[str]) -> States:
        return self._left(self.rows.states(streams))

    def of_kind(self, kind: str, after: str = "", limit: int | None = None) -> States:
        return self._left(self.rows.of_kind(kind, after, limit))

    def of_party(self, kind: str, party: str) -> States:
        return self._left(self.rows.of_party(kind, party))

    def of_instrument(self, kind: str, instrument: str) -> States:
        return self._left(self.rows.of_instrument(kind, instrument))

    def of_commitments(self, kind: str, commitments: Collection[str]) -> States:
        return self._left(self.rows.of_commitments(kind, commitments))


@cache
def _walked(number: int) -> Walker:
    """Return a history that nothing was compared in. Whoever changes it changes a copy."""
    random = seeded(11, number)
    walker = Walker(random, Tally())
    begin(walker)
    draws = drawing(random)
    for _ in range(60):
        step(walker, draws)
    walker.keep()
    return walker


@pytest.mark.parametrize("kind", ["commitment", "delivery", "instrument", "measure", "consultation"])
def test_a_ledger_that_hides_something_is_told_apart(kind: str) -> None:
    seen = asked = 0
    for number in range(5):
        walker = _walked(number)
        rows = walker.rows(walker.kept[-1])
        for name in list(rows.of_kind(kind))[:5]:
            asked += 1
            seen += _differs(walker, Without(rows, name))
    # Not everything shows on every day: a voided delivery, a text under which nothing is owed.
    assert seen >= max(1, asked // 4), (seen, asked)


def _differs(walker: Walker, rows: Rows) -> bool:
    try:
        for as_of in days_asked(walker, 2):
            compare(walker, rows, as_of)
        for at in instants_asked(walker, 2):
            compare_at(walker, rows, at)
    except Divergence:
        return True
    return False


def test_a_figure_that_is_another_is_told_apart() -> None:
    """The model answers from its own list: with the amounts in it changed, it says something else than the ledger."""
    seen = 0
    for number in range(10):
        walker = _walked(number)
        rows, docket = walker.rows(walker.kept[-1]), walker.docket
        walker.docket = docket.copy()
        for act in docket.acts:
            if act.type == "commitment.made" and "amount" in act.payload["terms"]["object"]:
                _replace(walker.docket, act, "987654.00")
        seen += _differs(walker, rows)
        walker.docket = docket
    assert seen >= 3


def _replace(docket: Docket, old: Act, amount: str) -> None:
    terms = old.payload["terms"]
    promised = {**terms["object"], "amount": amount}
    new = Act(old.position, old.recorded_at, {**old.payload, "terms": {**terms, "object": promised}}, old.asked)
    docket.acts[old.position - 1] = docket.by_id[old.id] = new
    for acts in docket.about.values():
        acts[:] = [new if act is old else act for act in acts]


def test_a_divergence_tells_the_whole_history() -> None:
    walker = _walked(1)
    told = str(walker.divergence("this", "that"))
    assert told.count("\n") > 60
    assert "instrument.signed" in told
    assert told.endswith("ledger: this\nmodel:  that")
