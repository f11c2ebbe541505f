"""A batch asks the database a few times, however many acts it has: one by one, a long log waits more than it folds."""

from collections.abc import Iterator
from typing import Any, Final

import psycopg
import pytest

from projections import stored_state
from projections.generations import Generation, begin
from projections.progress import Progress
from projections.tables import create_tables
from tests.projections.test_recent_rows import dumped, remembered
from tests.projections.world import World, goods, once, terms

DELIVERIES: Final = 30
STATEMENTS_MAX: Final = 12


class Counting(psycopg.Connection[Any]):
    """A connection that counts what it is asked; COPY is not counted."""

    asked = 0

    def execute(self, *args: Any, **named: Any) -> psycopg.Cursor[Any]:
        self.asked += 1
        return super().execute(*args, **named)


@pytest.fixture(scope="module")
def world() -> World:
    """A log that ends with a batch in which every delivery, each under a commitment of its own, is acknowledged."""
    world = World()
    world.registered()
    for number in range(DELIVERIES):
        world.commits(f"c-{number}", terms(goods("10"), once("2024-01-01", "2024-12-31")))
        world.delivers(f"d-{number}", f"c-{number}", goods("2"))
    for number in range(DELIVERIES):
        world.says("acknowledged", f"d-{number}", "1")
    return world


@pytest.fixture
def connection(database_url: str) -> Iterator[Counting]:
    with Counting.connect(database_url, autocommit=True) as connection:
        create_tables(connection)
        yield connection


@pytest.mark.parametrize("admitted_here", [False, True])
def test_acts_on_deliveries_are_folded_in_few_statements(
    world: World, connection: Counting, admitted_here: bool
) -> None:
    """By a process that has just started: nothing of what was recorded before is in its memory."""
    raws = [entry.raw for entry in world.entries]
    recent = remembered(raws, len(raws) - DELIVERIES) if admitted_here else None
    generation = begin(connection, "building")
    assert generation is not None
    before = Progress(connection, generation)
    assert before.advance(raws[:-DELIVERIES])
    progress = Progress(connection, Generation(generation.number, generation.version, before.place), recent)
    connection.asked = 0
    assert progress.advance(raws[-DELIVERIES:])
    assert 0 < connection.asked < STATEMENTS_MAX
    row = connection.execute(
        "SELECT array_agg(DISTINCT instrument), count(*) FROM projection_acts WHERE generation = %s AND position > %s",
        [generation.number, before.place.position],
    ).fetchone()
    assert row == (["pact"], DELIVERIES)


@pytest.mark.parametrize("admitted_here", [False, True])
def test_rows_are_the_same_with_next_to_no_memory(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch, admitted_here: bool
) -> None:
    """Almost everything is read again for each batch."""
    raws = [entry.raw for entry in world.entries]
    recent = remembered(raws) if admitted_here else None
    expected = dumped(database_url, raws, None, len(raws))
    monkeypatch.setattr(stored_state, "STATES_MAX", 12)
    monkeypatch.setattr(stored_state, "LINKS_MAX", 1)
    assert dumped(database_url, raws, recent, 2) == expected
