"""Random edits by seed: several rows of one table at once, any column, all found unless the edit changed nothing."""

from random import Random

import pytest

from tests.fsck import damages
from tests.fsck.conftest import check, columns
from tests.fsck.damages import KEYS, Column, damaged, key_of, rows_of, undo
from tests.fsck.test_damage import found_at, seen

EDITS = 6


def random_edits(world: str, table: str, seed: int) -> int:
    """Edit rows of a table at random and check that each edit is found. Return how many were made."""
    random = Random(f"{table} {seed}")
    # What follows from an entry cannot be asked behind one whose bytes are not to be believed.
    edited = [one for one in columns(world, table) if seen(one) and not one.is_key and one.name != "state"]
    if table != "entries":
        edited += [one for one in columns(world, table) if one.name == "state"]
    made: list[tuple[Column, tuple[object, ...]]] = []
    with damaged(world, table) as connection:
        rows = rows_of(connection, table)
        for row in random.sample(rows, min(EDITS, len(rows))):
            column = random.choice(edited)
            if damages.edit(connection, column, row):
                made.append((column, row))
    report = check(world)
    undo(world, table)
    for column, row in made:
        assert found_at(report, table, key_of(table, row)), f"{column} of {row}: {report.findings}"
    return len(made)


@pytest.mark.parametrize("table", ["entries", "streams", "checkpoints", "projection_rows"])
def test_random_edits_are_found(world: str, table: str) -> None:
    assert random_edits(world, table, 1) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("table", list(KEYS))
def test_many_random_edits_are_found(world: str, table: str) -> None:
    assert sum(random_edits(world, table, seed) for seed in range(40)) >= 40


def test_entries_whose_bytes_were_changed_at_random_are_each_named(world: str) -> None:
    random = Random(5)
    state = Column("entries", "state", "bytea")
    with damaged(world, "entries") as connection:
        rows = random.sample(rows_of(connection, "entries"), 12)
        assert all(damages.edit(connection, state, row) for row in rows)
    report = check(world)
    undo(world, "entries")
    named = {one.key for one in report.findings if one.kind == "bytes_changed"}
    assert named == {str(row[0]) for row in rows}


@pytest.mark.slow
def test_hashes_of_tiles_that_were_changed_are_each_named(world: str) -> None:
    random = Random(6)
    for _ in range(60):
        with damaged(world, "tiles") as connection:
            tile, size = random.choice(
                connection.execute("SELECT array[level, index], length(hashes) FROM tiles").fetchall()
            )
            at = random.randrange(size)
            connection.execute(
                "UPDATE tiles SET hashes = set_byte(hashes, %s, get_byte(hashes, %s) # %s)"
                " WHERE level = %s AND index = %s",
                [at, at, 1 << random.randrange(8), *tile],
            )
        report = check(world)
        undo(world, "tiles")
        assert [(one.table, one.key) for one in report.findings] == [("tiles", f"{tile[0]}/{tile[1]} hash {at // 32}")]
