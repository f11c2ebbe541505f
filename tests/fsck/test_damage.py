"""One damage to each column of each table, and to its rows: each is found at its place, and nothing where none is.

The judge of a damage is its own place: a finding in the damaged table whose key names the damaged row.
"""

from collections.abc import Callable, Sequence
from itertools import zip_longest

import psycopg
import pytest

from ledger.audit.auditor import Auditor
from ledger.audit.findings import Verdict
from ledger.audit.source import Line
from ledger.fsck.findings import Level, Report
from ledger.store.errors import UnknownSchema
from ledger.store.log import StoredLog
from tests.fsck import damages
from tests.fsck.conftest import ENTRIES, check, columns
from tests.fsck.damages import KEYS, Column, damaged, key_of, rows_of, undo

UNSEEN = {("conflicts", "recorded_at")}
"""Nothing else says when evidence came; only that it came after the act it conflicts with."""

ELSEWHERE = {("projection_generations", "generation"): "projection_rows"}
"""Where damage shows in another table than its own."""


def found_at(report: Report, table: str, *keys: str) -> bool:
    return any(one.table == table and all(key in one.key for key in keys) for one in report.findings)


def middle(url: str, table: str) -> tuple[object, ...]:
    with psycopg.connect(url) as connection:
        rows = rows_of(connection, table)
    return rows[len(rows) // 2]


def test_nothing_is_found_where_nothing_was_done(world: str) -> None:
    report = check(world)
    assert (report.verdict, report.findings) == (Verdict.VALID, ())
    assert report.tree_size is not None
    assert report.tree_size >= ENTRIES
    checked = {one.what: one.count for one in report.checked}
    assert checked["entries"] == checked["rules"] == report.tree_size
    assert checked["evidence"] >= 3
    assert min(checked["hashes"], checked["projections"]) > report.tree_size


ALONE = ("entries", "projection_generations")
"""Tables from which others follow, or to whose rows others belong."""


def damage_columns(world: str, damaged_columns: Sequence[Column]) -> Report:
    """Damage columns of different tables at once, check that each is found, and put everything back."""
    for column in damaged_columns:
        with damaged(world, column.table) as connection:
            assert damages.edit(connection, column, middle(world, column.table)), column
    report = check(world)
    for column in damaged_columns:
        undo(world, column.table)
    for column in damaged_columns:
        place = ELSEWHERE.get((column.table, column.name), column.table)
        key = "" if place != column.table else key_of(column.table, middle(world, column.table))
        assert found_at(report, place, key), f"{column}: {report.findings}"
    assert len(report.findings) <= sum(map(spread, damaged_columns)), report.findings
    return report


def test_every_column_that_is_changed_is_found(world: str) -> None:
    """Of the tables that no other rests on, one column each at once."""
    of_entries = columns(world, "entries")
    tried = [damage_columns(world, [one]) for one in of_entries if one.is_key or one.name == "state"]
    tried.append(beside_the_bytes(world, [one for one in of_entries if not one.is_key and one.name != "state"]))
    generations = columns(world, "projection_generations")
    tried += [damage_columns(world, [column]) for column in generations if not only_informs(column)]
    others = [[one for one in columns(world, table) if seen(one)] for table in KEYS if table not in ALONE]
    tried += [damage_columns(world, [one for one in several if one is not None]) for several in zip_longest(*others)]
    assert {report.exit_code for report in tried} == {1}
    assert len(of_entries) + len(generations) + sum(map(len, others)) >= 50
    assert check(world).findings == ()


def beside_the_bytes(world: str, damaged_columns: Sequence[Column]) -> Report:
    """Damage each column of entries in another entry, all at once: nothing rests on what stands beside the bytes."""
    places = {column: (20 + 30 * number,) for number, column in enumerate(damaged_columns)}
    with damaged(world, "entries") as connection:
        for column, row in places.items():
            assert damages.edit(connection, column, row), column
    report = check(world)
    undo(world, "entries")
    for column, (position,) in places.items():
        assert found_at(report, "entries", str(position), column.name), f"{column}: {report.findings}"
    return report


def test_negative_control_an_audit_of_the_bytes_misses_a_changed_column(world: str) -> None:
    with damaged(world, "entries") as connection:
        assert damages.edit(connection, Column("entries", "authority", "text"), (50,))
    with StoredLog(world) as log:
        lines = [Line(raw, "entries", 0) for raw in log.entries(0, 2 * ENTRIES)]
    assert len(list(Auditor().follow(lines))) == len(lines)
    assert found_at(check(world), "entries", "50, authority")
    undo(world, "entries")


@pytest.mark.slow
@pytest.mark.parametrize("table", list(KEYS))
def test_every_column_that_is_changed_alone_is_found(world: str, table: str) -> None:
    for column in filter(seen, columns(world, table)):
        report = damage_columns(world, [column])
        assert report.exit_code == (0 if only_informs(column) else 1), f"{column}: {report.counts}"


def seen(column: Column) -> bool:
    return (column.table, column.name) not in UNSEEN


def only_informs(column: Column) -> bool:
    """Rows of another version are not wrong, but nothing can be said of them."""
    return (column.table, column.name) == ("projection_generations", "version")


def spread(column: Column) -> int:
    """Return how many findings one damage may make: what rests on it is not reported again and again."""
    return 1_000 if column.table == "projection_generations" else 4


Do = Callable[[psycopg.Connection, str, tuple[object, ...], str], None]


def drop(connection: psycopg.Connection, table: str, row: tuple[object, ...], url: str) -> None:
    damages.delete(connection, table, row)


def add(connection: psycopg.Connection, table: str, row: tuple[object, ...], url: str) -> None:
    damages.insert(connection, table, row, columns(url, table))


def exchange(connection: psycopg.Connection, table: str, row: tuple[object, ...], url: str) -> None:
    rows = rows_of(connection, table)
    damages.swap(connection, table, row, rows[rows.index(row) - 1])


def empty(connection: psycopg.Connection, table: str, row: tuple[object, ...], url: str) -> None:
    connection.execute(f"TRUNCATE {table}".encode())


ONE_ROW = {"head", "projection_generations"}
SWAPPED = [table for table in KEYS if table not in ONE_ROW]
COUNTED = [table for table in KEYS if table != "conflicts"]
"""Evidence is not counted anywhere: a piece that is gone is not missed."""

ROW_DAMAGES: list[tuple[Do, list[str]]] = [
    (drop, COUNTED),
    (add, [table for table in KEYS if table not in ONE_ROW]),
    (exchange, SWAPPED),
    (empty, COUNTED),
]
EACH = [(do, table) for do, tables in ROW_DAMAGES for table in tables]


def damage_rows(world: str, do: Do, *tables: str) -> None:
    """Damage rows of different tables at once, check that each is found, and put everything back."""
    rows = {table: middle(world, table) if do is not exchange or table != "tiles" else (0, 1) for table in tables}
    for table, row in rows.items():
        with damaged(world, table) as connection:
            do(connection, table, row, world)
    report = check(world)
    for table in tables:
        undo(world, table)
    assert report.exit_code in (1, 3)
    for table, row in rows.items():
        place = "projection_rows" if table == "projection_generations" else table
        key = "" if place != table or do in (add, empty) else key_of(table, row)
        assert found_at(report, place, key), f"{table}: {report.findings}"


@pytest.mark.parametrize(("do", "tables"), ROW_DAMAGES, ids=[do.__name__ for do, _ in ROW_DAMAGES])
def test_every_damage_to_rows_is_found(world: str, do: Do, tables: list[str]) -> None:
    """Of the tables that no other rests on, all at once."""
    for alone in ALONE:
        if alone in tables:
            damage_rows(world, do, alone)
    damage_rows(world, do, *(table for table in tables if table not in ALONE))


@pytest.mark.slow
@pytest.mark.parametrize(("do", "table"), EACH, ids=lambda one: one if isinstance(one, str) else one.__name__)
def test_every_damage_to_rows_of_one_table_is_found(world: str, do: Do, table: str) -> None:
    damage_rows(world, do, table)


def test_a_piece_of_evidence_that_is_gone_is_not_missed(world: str) -> None:
    """The limit that docs/fsck.md states."""
    with damaged(world, "conflicts") as connection:
        damages.delete(connection, "conflicts", middle(world, "conflicts"))
    report = check(world)
    undo(world, "conflicts")
    assert report.verdict is Verdict.VALID


def test_only_the_first_is_reported_where_only_the_first_is_wanted(world: str) -> None:
    with damaged(world, "entries") as connection:
        for position in (40, 90, 290):
            assert damages.edit(connection, Column("entries", "topic", "text"), (position,))
    first, every = check(world, only_first=True), check(world)
    undo(world, "entries")
    assert [one.key for one in first.findings] == ["40, topic"]
    assert [one.key for one in every.findings] == ["40, topic", "90, topic", "290, topic"]


def test_after_an_entry_that_was_changed_bytes_are_still_checked_and_rules_are_not(world: str) -> None:
    with damaged(world, "entries") as connection:
        for column, position in ((("state", "bytea"), 60), (("topic", "text"), 200), (("state", "bytea"), 280)):
            assert damages.edit(connection, Column("entries", *column), (position,))
    report = check(world)
    undo(world, "entries")
    found = {(one.kind.value, one.table, one.key) for one in report.findings if one.level is not Level.NOTE}
    assert found == {
        ("bytes_changed", "entries", "60"),
        ("column_wrong", "entries", "200, topic"),
        ("bytes_changed", "entries", "280"),
    }
    assert any(one.kind == "not_checked" and one.table == "streams" for one in report.findings)
    rules = next(one.count for one in report.checked if one.what == "rules")
    assert rules == 59


@pytest.mark.parametrize("table", ["entries", "tiles"])
def test_a_guard_that_was_left_off_is_found(world: str, table: str) -> None:
    with psycopg.connect(world) as connection:
        damages.unguarded(connection, table)
    report = check(world)
    with psycopg.connect(world) as connection:
        damages.guarded(connection, table)
    assert found_at(report, table, "trigger")
    assert report.exit_code == 1
    assert check(world).verdict is Verdict.VALID


def test_a_guard_that_was_made_toothless_is_found(world: str) -> None:
    with psycopg.connect(world) as connection:
        row = connection.execute("SELECT pg_get_functiondef('refuse_change'::regproc)").fetchone()
        assert row is not None
        toothless = (
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        )
        connection.execute(toothless)
    report = check(world)
    with psycopg.connect(world) as connection:
        connection.execute(row[0].encode())
    assert found_at(report, "pg_proc", "refuse_change")


def test_a_table_of_somebody_else_is_named(world: str) -> None:
    with psycopg.connect(world) as connection:
        connection.execute("CREATE TABLE notes (note text)")
    report = check(world)
    with psycopg.connect(world) as connection:
        connection.execute("DROP TABLE notes")
    assert found_at(report, "notes")
    assert report.exit_code == 0


def test_tables_of_another_step_are_not_judged(world: str) -> None:
    with psycopg.connect(world) as connection:
        connection.execute("UPDATE schema_steps SET step = step + 100")
    with pytest.raises(UnknownSchema):
        check(world)
    with psycopg.connect(world) as connection:
        connection.execute("UPDATE schema_steps SET step = step - 100")


def test_steps_that_are_missing_below_the_last_are_found(world: str) -> None:
    with psycopg.connect(world) as connection:
        connection.execute("INSERT INTO schema_steps (step) VALUES (0)")
    report = check(world)
    with psycopg.connect(world) as connection:
        connection.execute("DELETE FROM schema_steps WHERE step = 0")
    assert found_at(report, "schema_steps", "step")
