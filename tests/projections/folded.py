"""Logs to fold, and the two ways to fold them: afresh in memory, and into rows of a database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import psycopg

from ledger.log.entry import parse_entry
from ledger.rules.memory import MemoryCompact
from projections.folding import Place, fold, parsed
from projections.models import ReadModels
from projections.rows import MemoryRows, Rows, States

KINDS = (
    *("ledger", "party", "authority", "instrument", "commitment", "delivery", "requirement", "measure"),
    *("crisis", "consultation", "rates", "observation"),
)
AS_OF = date(2026, 8, 1)


@dataclass(frozen=True)
class ListedLog:
    """Entries as a list, read as a stored log is."""

    raws: Sequence[bytes]

    def entries(self, after: int, limit: int) -> list[bytes]:
        return list(self.raws[after : after + limit])


def afresh(raws: Sequence[bytes]) -> MemoryRows:
    """Fold entries from the first on, in memory, one batch: the oracle."""
    compact = MemoryCompact()
    batch = fold(compact, Place(), parsed(Place(), raws))
    return MemoryRows(batch.states, batch.after.position, batch.after.recorded_at)


def states_of(rows: Rows) -> States:
    """Return every state that rows hold."""
    return {name: state for kind in KINDS for name, state in rows.of_kind(kind).items()}


@contextmanager
def models_of(dsn: str) -> Iterator[ReadModels]:
    models = ReadModels(dsn)
    try:
        yield models
    finally:
        models.close()


def check_rows(dsn: str, raws: Sequence[bytes], sizes: Sequence[int] | None = None) -> None:
    """Fail unless the serving rows are exactly those of `raws`: at each of `sizes`, and without gap or overlap."""
    with models_of(dsn) as models:
        for size in sizes if sizes is not None else (len(raws),):
            with models.at(size) as rows:
                expected = afresh(raws[:size])
                assert (rows.known_at, rows.recorded_at) == (expected.known_at, expected.recorded_at)
                assert states_of(rows) == states_of(expected)
    with psycopg.connect(dsn) as connection:
        positions = connection.execute(
            """
            SELECT position FROM projection_acts JOIN projection_generations USING (generation, position)
            WHERE status = 'serving'"""
        ).fetchall()
        assert positions == [(len(raws),)]
        acts = connection.execute(
            """
            SELECT a.position, a.event_id FROM projection_acts AS a JOIN projection_generations AS g USING (generation)
            WHERE status = 'serving' ORDER BY a.position"""
        ).fetchall()
        assert [position for position, _ in acts] == list(range(1, len(raws) + 1))
        gaps = connection.execute(
            """
            SELECT stream, until_position, next FROM (
                SELECT stream, until_position,
                    lead(from_position) OVER (PARTITION BY generation, stream ORDER BY from_position) AS next
                FROM projection_rows) AS versions
            WHERE until_position IS DISTINCT FROM next"""
        ).fetchall()
        assert gaps == []


def tree_sizes(raws: Sequence[bytes]) -> list[int]:
    """Return every tree size that `raws` had."""
    return [0, *(parse_entry(raw).position for raw in raws)]
