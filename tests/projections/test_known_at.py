"""Every answer as known at every earlier tree size: the rows in the database say what a fold of the log to it says.

A long random history with something of everything in it is folded into rows once; the oracle is folded in memory, and
what it held at each tree size is kept. The states and every way to select them are compared at each tree size, and each
answer at every sixth of them; the slow test asks for every answer at each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ledger.log.entry import parse_entry
from ledger.rules.memory import MemoryCompact
from projections.folding import ActRow, Place, fold, parsed, readmitted
from projections.models import ReadModels
from projections.obligations import every_obligation
from projections.reading import Known
from projections.rebuild import rebuild
from projections.rows import MemoryRows, Rows
from projections.stored_rows import FeedFilter
from tests.model.signed import signed_log
from tests.model.walker import Tally, Walker
from tests.model.walks import begin, evenly, seeded, step
from tests.postgres import fresh_database
from tests.projections.every_answer import ANSWERS, Asked
from tests.projections.folded import KINDS, ListedLog, check_rows, tree_sizes

STEPS = 200
SHARED_BY = 6
"""At each tree size every sixth answer is asked for, beginning with another one each time; at the last size, all."""


@dataclass(frozen=True)
class Ledger:
    """A log, its rows in the database, and the oracle: rows at each tree size, and the acts in order."""

    raws: tuple[bytes, ...]
    dsn: str
    models: ReadModels
    folded: tuple[MemoryRows, ...]
    acts: tuple[ActRow, ...]

    @property
    def days(self) -> list[date]:
        """Days to ask about: while the acts were recorded, and what was to come."""
        first, last = (parse_entry(self.raws[index]).recorded_at.date() for index in (0, -1))
        return [first + (last - first) * part // 4 for part in (1, 2, 3, 4)] + [last + timedelta(days=300)]


def _matches(act: ActRow, wanted: FeedFilter) -> bool:
    is_type = wanted.type in (None, act.type, f"{act.type.partition('.')[0]}.*")
    beyond = (wanted.after or 0) - act.position if wanted.descending else act.position - (wanted.after or 0)
    return (
        is_type
        and (wanted.after is None or beyond > 0)
        and (wanted.party is None or wanted.party in act.parties)
        and (wanted.instrument is None or act.instrument == wanted.instrument)
        and (wanted.stream is None or act.stream == wanted.stream)
    )


def _feed(acts: tuple[ActRow, ...], wanted: FeedFilter) -> list[ActRow]:
    found = [act for act in acts if _matches(act, wanted)]
    return (found[::-1] if wanted.descending else found)[: wanted.limit]


def walked(seed: int) -> tuple[bytes, ...]:
    """Return the signed log of a random history with something of everything."""
    walker = Walker(seeded(seed, 0), Tally())
    begin(walker)
    for _ in range(STEPS):
        step(walker, evenly())
    return signed_log(walker)


def oracle(raws: tuple[bytes, ...]) -> tuple[MemoryRows, ...]:
    """Fold a log in memory, and return what was known at each tree size, from none on."""
    compact = MemoryCompact()
    folded = [MemoryRows({}, 0, None)]
    for item in parsed(Place(), raws):
        position, recorded_at = item.entry.position, item.entry.recorded_at
        compact.apply(readmitted(compact, item), position, recorded_at)
        folded.append(MemoryRows(dict(compact.changes), position, recorded_at))
    return tuple(folded)


@contextmanager
def opened(server: str, seed: int) -> Iterator[Ledger]:
    """Fold a history into the rows of a database of its own."""
    raws = walked(seed)
    with fresh_database(server) as dsn:
        rebuild(ListedLog(raws), dsn, lambda _: None)
        models = ReadModels(dsn)
        try:
            yield Ledger(raws, dsn, models, oracle(raws), fold(MemoryCompact(), Place(), parsed(Place(), raws)).acts)
        finally:
            models.close()


@pytest.fixture(scope="module", params=[13, 23])
def ledger(request: pytest.FixtureRequest, postgres_server: str) -> Iterator[Ledger]:
    with opened(postgres_server, request.param) as found:
        yield found


def differing(ledger: Ledger, size: int, names: list[str], as_of: date, stored: Rows | None = None) -> list[str]:
    """Return which of these answers the database gives otherwise than the oracle, at a tree size and a day."""
    fresh, acts = ledger.folded[size], ledger.acts[:size]
    at = datetime.combine(as_of, time(12), UTC)
    with ledger.models.at(size) as rows:
        mine = stored or rows
        one = Asked(mine, Known(mine, as_of, at), lambda wanted: list(rows.feed(wanted)))
        other = Asked(fresh, Known(fresh, as_of, at), lambda wanted: _feed(acts, wanted))
        return [name for name in names if ANSWERS[name](one) != ANSWERS[name](other)]


def check_every_row(ledger: Ledger) -> None:
    check_rows(ledger.dsn, ledger.raws, [len(ledger.raws)])
    for size in tree_sizes(ledger.raws):
        fresh = ledger.folded[size]
        with ledger.models.at(size) as rows:
            assert (rows.known_at, rows.recorded_at) == (fresh.known_at, fresh.recorded_at)
            for kind in KINDS:
                assert rows.of_kind(kind) == fresh.of_kind(kind), (size, kind)


def test_every_row_at_every_tree_size_is_what_a_fold_to_it_holds(ledger: Ledger) -> None:
    check_every_row(ledger)


@settings(max_examples=2, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_every_row_of_any_history_is_what_a_fold_to_its_tree_size_holds(postgres_server: str, seed: int) -> None:
    with opened(postgres_server, seed) as ledger:
        check_every_row(ledger)


def test_each_answer_at_earlier_tree_sizes_is_that_of_a_fold_to_them(ledger: Ledger) -> None:
    names, days = list(ANSWERS), ledger.days
    for size in tree_sizes(ledger.raws):
        chosen = names if size == len(ledger.raws) else names[size % SHARED_BY :: SHARED_BY]
        as_of = days[size % len(days)]
        assert differing(ledger, size, chosen, as_of) == [], (size, as_of)


@pytest.mark.slow
@settings(max_examples=4, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_every_answer_at_every_tree_size_is_that_of_a_fold_to_it(postgres_server: str, seed: int) -> None:
    with opened(postgres_server, seed) as ledger:
        for size in tree_sizes(ledger.raws):
            as_of = Random(size).choice(ledger.days)
            assert differing(ledger, size, list(ANSWERS), as_of) == [], (seed, size, as_of)


def test_a_fold_that_stops_one_entry_earlier_is_told_apart(ledger: Ledger) -> None:
    """The comparison can fail: what was known one act before differs in some answer, for most acts."""
    sizes = tree_sizes(ledger.raws)[20::4]
    apart = [
        size
        for size in sizes
        if differing(ledger, size, ["selections", "commitment", "delivery"], ledger.days[-1], ledger.folded[size - 1])
    ]
    assert len(apart) > len(sizes) / 2


def test_the_history_has_something_of_every_kind(ledger: Ledger) -> None:
    last = ledger.folded[-1]
    assert [kind for kind in KINDS if not last.of_kind(kind)] == []
    assert len({act.type for act in ledger.acts}) > 35
    assert every_obligation(Known(last, ledger.days[-1]))
