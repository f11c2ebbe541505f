"""How rows get into their tables: COPY says what the structs do, and no batch reads a generation through."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import psycopg
import pytest

from ledger.rules.compact import Index, encode_state
from projections.copied import copy_acts, copy_rows
from projections.folding import ActRow, Batch, Place, RowVersion
from projections.generations import Generation, begin, let_plan, write
from projections.links import Links
from projections.stored_rows import act_row
from projections.stored_state import StoredState
from projections.tables import create_tables

AT: Final = datetime(2026, 11, 24, 8, 25, 28, 123, tzinfo=UTC)
ROWS_BEFORE: Final = 2_000
READ_MAX: Final = 50
NO_LINKS: Final = Links()


def act(position: int, **differing: object) -> ActRow:
    fields = dict.fromkeys(("event_id", "type", "party", "authority", "payload_sha256", "stream"), f"é/{position}")
    rest = {"recorded_at": AT, "sequence": 2**40, "parties": (), "instrument": None, "pending_on": ()}
    return ActRow(position=position, **{**fields, **rest, **differing})  # type: ignore[arg-type]


def version(stream: str, position: int, links: Links = NO_LINKS) -> RowVersion:
    return RowVersion(stream, position, links, Index(names=(stream,)))


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        create_tables(connection)
        yield connection


def test_what_is_copied_is_read_back_the_same(connection: psycopg.Connection) -> None:
    """Empty, one, several; null; letters of more than one byte; before and after the year from which time counts."""
    acts = [
        act(1),
        act(2, parties=("gb",), instrument="gb-2026", recorded_at=datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC)),
        act(3, parties=("gb", "ua", "Ґ"), pending_on=("ua",), instrument=""),
    ]
    copy_acts(connection, 7, acts)
    columns = ", ".join(ActRow.__struct_fields__)
    query = f"SELECT {columns} FROM projection_acts WHERE generation = 7 ORDER BY position"
    assert [act_row(row) for row in connection.execute(query.encode())] == acts

    rows = [
        version("party/gb", 1, Links(("gb",))),
        version("delivery/д-1", 2, Links(("gb", "ua"), "gb-2026", "c-1")),
        version("ledger", 2**50),
    ]
    copy_rows(connection, 7, rows, [None, 2**41, None])
    found = connection.execute(
        "SELECT stream, from_position, until_position, kind, parties, instrument, commitment, state"
        " FROM projection_rows WHERE generation = 7 ORDER BY from_position"
    ).fetchall()
    assert found == [
        ("party/gb", 1, None, "party", ["gb"], None, None, encode_state(rows[0].state)),
        ("delivery/д-1", 2, 2**41, "delivery", ["gb", "ua"], "gb-2026", "c-1", encode_state(rows[1].state)),
        ("ledger", 2**50, None, "ledger", [], None, None, encode_state(rows[2].state)),
    ]


@pytest.fixture
def building(connection: psycopg.Connection) -> Generation:
    """A generation of many rows of which the statistics know nothing, beside one of as many that they know."""
    for table in ("projection_rows", "projection_acts"):
        connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)".encode())
    older, newer = begin(connection, "serving"), begin(connection, "building")
    assert older is not None
    assert newer is not None
    for generation in (older, newer):
        batch = Batch(
            Place(),
            Place(ROWS_BEFORE, "a" * 64, AT),
            tuple(version(f"party/p{at}", at) for at in range(1, ROWS_BEFORE + 1)),
            tuple(act(at) for at in range(1, ROWS_BEFORE + 1)),
            {},
            frozenset(),
        )
        assert write(connection, generation.number, batch)
        if generation is older:
            connection.execute("ANALYZE projection_rows, projection_acts")
    return Generation(newer.number, newer.version, batch.after)


def read(connection: psycopg.Connection, table: str) -> int:
    """Return how many entries of the indexes of a table were read so far."""
    connection.execute("SELECT pg_stat_force_next_flush()")
    query = "SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE relname = %s"
    (count,) = connection.execute(query, [table]).fetchone() or (0,)
    return int(count)


def test_what_a_batch_replaces_is_found_without_reading_the_generation(
    connection: psycopg.Connection, building: Generation
) -> None:
    """The control: joined, as one would write it, the same replacement reads every row of the generation."""
    before = read(connection, "projection_rows")
    after = Place(ROWS_BEFORE + 2, "b" * 64, AT)
    rows = tuple(version(f"party/p{at}", ROWS_BEFORE + at) for at in (1, 2))
    batch = Batch(building.place, after, rows, (), {}, frozenset(row.stream for row in rows))
    assert write(connection, building.number, batch)
    assert read(connection, "projection_rows") - before < READ_MAX
    replaced = connection.execute(
        "SELECT stream, until_position FROM projection_rows WHERE until_position IS NOT NULL AND generation = %s",
        [building.number],
    ).fetchall()
    assert sorted(replaced) == [("party/p1", ROWS_BEFORE + 1), ("party/p2", ROWS_BEFORE + 2)]

    before = read(connection, "projection_rows")
    connection.execute(
        """
        UPDATE projection_rows AS old SET until_position = new.position
        FROM unnest(%s::text[], %s::bigint[]) AS new (stream, position)
        WHERE old.generation = %s AND old.stream = new.stream AND old.until_position IS NULL""",
        [["party/p3", "party/p4"], [ROWS_BEFORE + 3, ROWS_BEFORE + 4], building.number],
    )
    assert read(connection, "projection_rows") - before >= ROWS_BEFORE


def test_an_act_is_located_without_reading_the_generation_once_the_planner_knows_of_it(
    connection: psycopg.Connection, building: Generation
) -> None:
    """The control: before that it reads them all."""
    wanted = [f"é/{at}" for at in (5, 700, 1_999)]

    def located() -> int:
        before = read(connection, "projection_acts")
        state = StoredState(connection, building.number, building.place.position)
        state.fetch_located([*wanted, "unknown"])
        assert [state.locate(one) for one in (*wanted, "unknown")] == [*wanted, None]
        return read(connection, "projection_acts") - before

    assert located() >= ROWS_BEFORE
    let_plan(connection)
    assert located() < READ_MAX
