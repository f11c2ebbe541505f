"""Rows at an earlier tree size: each way to select them. `test_known_at.py` compares all of them at every size."""

from datetime import timedelta
from itertools import pairwise

import pytest

from ledger.log.entry import parse_entry
from ledger.rules.compact import Authority
from projections.models import ReadModels
from projections.rebuild import rebuild
from projections.stored_rows import FeedFilter, NotKnown, NotServing
from tests.audit.histories import History
from tests.projections.folded import ListedLog, afresh, models_of, states_of


@pytest.fixture(scope="module")
def raws() -> tuple[bytes, ...]:
    return History(7).run(60).entries


@pytest.fixture
def models(database_url: str, raws: tuple[bytes, ...]) -> ReadModels:
    rebuild(ListedLog(raws), database_url, lambda _: None)
    return ReadModels(database_url)


def test_each_selection_in_the_database_equals_the_one_in_memory(models: ReadModels, raws: tuple[bytes, ...]) -> None:
    size = len(raws) - 5
    fresh = afresh(raws[:size])
    with models.at(size) as rows:
        commitments = [name.partition("/")[2] for name in rows.of_kind("commitment")]
        assert commitments
        assert rows.of_kind("commitment", after=f"commitment/{commitments[0]}", limit=2) == fresh.of_kind(
            "commitment", after=f"commitment/{commitments[0]}", limit=2
        )
        for kind in ("commitment", "delivery", "instrument", "authority"):
            assert rows.of_party(kind, "gb") == fresh.of_party(kind, "gb")
        assert rows.of_instrument("commitment", "compact-2026") == fresh.of_instrument("commitment", "compact-2026")
        assert rows.of_commitments("delivery", commitments) == fresh.of_commitments("delivery", commitments)
        assert rows.states(["party/gb", "party/nobody"]) == fresh.states(["party/gb", "party/nobody"])
    models.close()


def test_an_authority_is_read_at_its_place_in_its_own_chain(models: ReadModels, raws: tuple[bytes, ...]) -> None:
    with models.at(3) as early, models.at(None) as late:
        places = []
        for rows in (early, late):
            state = rows.states(["authority/depositary/principal"])["authority/depositary/principal"]
            assert isinstance(state, Authority)
            places.append(state.sequence)
    assert places[0] == 3 < places[1]
    models.close()


def test_an_instant_is_the_last_tree_size_recorded_by_then(models: ReadModels, raws: tuple[bytes, ...]) -> None:
    third = parse_entry(raws[2])
    with models.at(third.recorded_at) as rows:
        assert rows.known_at == 3
    with models.at(third.recorded_at - timedelta(microseconds=1)) as rows:
        assert rows.known_at == 2
    with models.at(parse_entry(raws[0]).recorded_at - timedelta(days=1)) as rows:
        assert (rows.known_at, rows.recorded_at, states_of(rows)) == (0, None, {})
    models.close()


def test_a_tree_size_that_is_not_reached_is_refused(models: ReadModels, raws: tuple[bytes, ...]) -> None:
    with pytest.raises(NotKnown) as refused, models.at(len(raws) + 1):
        pass
    assert refused.value.position == len(raws)
    models.close()


def test_nothing_is_served_before_anything_was_folded(database_url: str) -> None:
    with models_of(database_url) as models, pytest.raises(NotServing), models.at(None):
        pass


def test_the_feed_is_every_act_in_order_and_its_filters_leave_out_the_others(models: ReadModels) -> None:
    with models.at(None) as rows:
        every = rows.feed(FeedFilter(limit=1000))
        assert [act.position for act in every] == list(range(1, rows.known_at + 1))
        assert [act.position for act in rows.feed(FeedFilter(limit=1000, descending=True))] == [
            act.position for act in reversed(every)
        ]
        deliveries = rows.feed(FeedFilter(type="delivery.*", limit=1000))
        assert deliveries == [act for act in every if act.type.startswith("delivery.")]
        assert deliveries
        assert rows.feed(FeedFilter(party="fr", limit=1000)) == [act for act in every if "fr" in act.parties]
        of_compact = rows.feed(FeedFilter(instrument="compact-2026", limit=1000))
        assert {act.type.partition(".")[0] for act in of_compact} >= {"instrument", "commitment", "delivery"}
        pages = [rows.feed(FeedFilter(after=after, limit=7)) for after in range(0, rows.known_at, 7)]
        assert [act for page in pages for act in page] == list(every)
        assert all(one.position < other.position for one, other in pairwise(every))
        assert rows.acts_of([every[4].event_id, "unknown"]) == {every[4].event_id: every[4]}
    models.close()
