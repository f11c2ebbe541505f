"""What is remembered is what would be worked out again, and never more than it may weigh. The oracle is a dict."""

from collections.abc import Callable
from random import Random

import msgspec
import pytest

from ledger.rules.history import ACTS_KEPT_MAX, Act, History, kept
from ledger.rules.remembered import Remembered
from tests.world import World, signed_world


@pytest.mark.parametrize("seed", range(5))
def test_what_is_remembered_is_what_was_kept_last_and_weighs_no_more_than_it_may(seed: int) -> None:
    random = Random(seed)
    some, oracle, weights = Remembered[int, int](100), dict[int, int](), dict[int, int]()
    hits = 0
    for _ in range(3_000):
        key = random.randrange(80)
        if random.random() < 0.5:
            found = some.get(key)
            assert found is None or found == (oracle[key], weights[key])
            hits += found is not None
        else:
            oracle[key], weights[key] = random.random().__hash__(), random.choice((1, 5, 30))
            some.keep(key, oracle[key], weights[key])
        held = [found for one in range(80) if (found := some._newer.get(one) or some._older.get(one))]
        assert sum(weight for _, weight in held) <= 2 * (100 + 30)
    assert hits > 100
    assert len(some) < 80


def test_a_key_that_is_asked_for_stays() -> None:
    some = Remembered[str, int](10)
    some.keep("asked", 1, 1)
    some.keep("not asked", 2, 1)
    for number in range(100):
        some.keep(str(number), number, 1)
        assert some.get("asked") == (1, 1)
    assert some.get("not asked") is None


@pytest.fixture(scope="module")
def world() -> World:
    made = signed_world()
    made.commits()
    return made


def counted(asked: list[History | None]) -> Callable[[History | None], int]:
    def view(record: History | None) -> int:
        asked.append(record)
        return len(record.acts) if record is not None else 0

    return kept(view)


def test_a_view_is_made_once_of_equal_histories_and_anew_of_a_changed_one(world: World) -> None:
    state = next(one for name, one in world.compact.changes.items() if name.startswith("commitment/"))
    history: History = state.history  # type: ignore[union-attr]
    again = msgspec.json.decode(msgspec.json.encode(history), type=History)
    asked: list[History | None] = []
    view = counted(asked)
    assert [view(history), view(again), view(history), view(None), view(None)] == [len(history.acts)] * 3 + [0, 0]
    assert len(asked) == 2
    contested = msgspec.structs.replace(history.acts[0], contested=True)
    assert view(msgspec.structs.replace(history, acts=(contested, *history.acts[1:]))) == len(history.acts)
    assert len(asked) == 3


def test_long_histories_are_remembered_in_smaller_number(world: World) -> None:
    state = next(one for name, one in world.compact.changes.items() if name.startswith("commitment/"))
    act: Act = state.history.acts[0]  # type: ignore[union-attr]
    for length, expected in ((ACTS_KEPT_MAX, 0), (1, 20)):
        histories = [History(stream=f"commitment/c-{number}", acts=(act,) * length) for number in range(20)]
        asked: list[History | None] = []
        view = counted(asked)
        for history in (*histories, *histories):
            view(history)
        assert 40 - len(asked) == expected
