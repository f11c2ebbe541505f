"""What this process admitted itself is not proved again, and the rows are the same to the byte."""

from collections.abc import Sequence

import psycopg
import pytest

from ledger.intake.recent import Recent
from ledger.rules.memory import MemoryCompact
from projections.folding import LogCorrupt, Place, parsed, readmitted
from projections.generations import begin
from projections.progress import Progress
from projections.tables import create_tables
from tests.audit.histories import History
from tests.projections.test_ahead import forged

DUMPED = (
    "SELECT stream, from_position, until_position, kind, parties, instrument, commitment, state FROM projection_rows"
    " WHERE generation = %s ORDER BY stream, from_position",
    "SELECT * FROM projection_acts WHERE generation = %s ORDER BY position",
    "SELECT position, last_sha256, recorded_at FROM projection_generations WHERE generation = %s",
)


@pytest.fixture(scope="module")
def raws() -> tuple[bytes, ...]:
    return History(9).run(60).entries


def remembered(raws: Sequence[bytes], first: int = 0) -> Recent:
    """Return what a process that admitted the entries from number `first` on remembers."""
    recent, compact = Recent(), MemoryCompact()
    for item in parsed(Place(), raws):
        admitted = readmitted(compact, item)
        compact.apply(admitted, item.entry.position, item.entry.recorded_at)
        if item.entry.entry_index >= first:
            recent.offer([item.entry], [admitted])
    return recent


def dumped(dsn: str, raws: Sequence[bytes], recent: Recent | None, size: int) -> list[list[tuple[object, ...]]]:
    """Fold a log in batches into a generation of its own, and return all its rows without its number."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        create_tables(connection)
        generation = begin(connection, "building")
        assert generation is not None
        progress = Progress(connection, generation, recent)
        for at in range(0, len(raws), size):
            assert progress.advance(raws[at : at + size])
        found = [connection.execute(query.encode(), [generation.number]).fetchall() for query in DUMPED]
        return [found[0], [row[1:] for row in found[1]], found[2]]


@pytest.mark.parametrize("first", [0, 25])
def test_rows_are_the_same_to_the_byte(raws: tuple[bytes, ...], database_url: str, first: int) -> None:
    expected = dumped(database_url, raws, None, 10)
    assert dumped(database_url, raws, remembered(raws, first), 7) == expected
    assert dumped(database_url, raws, Recent(), len(raws)) == expected
    assert len(expected[1]) == len(raws)


def test_what_is_remembered_is_believed_and_nothing_else(raws: tuple[bytes, ...], database_url: str) -> None:
    """The control: without the memory the same bytes are refused, so it was the memory that let them through."""
    false = forged(raws)
    recent = remembered(raws)
    with pytest.raises(LogCorrupt):
        dumped(database_url, false, recent, 10)
    act = parsed(Place(), false)[-1]
    true = recent.admitted(parsed(Place(), raws)[-1].entry.sha256)
    assert true is not None
    recent.offer([act.entry], [true])
    assert dumped(database_url, false, recent, 10)[:2] == dumped(database_url, raws, None, 10)[:2]
