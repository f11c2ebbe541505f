"""Generations of rows: their place in the log, and how a batch is written to one exactly once.

A batch moves the place by compare-and-set in the transaction that writes its rows. So of two followers that folded the
same entries one writes them and the other is told that it lost; rows and place never differ.
"""

from dataclasses import dataclass
from typing import Final, Literal

import psycopg

from ledger.log.entry import GENESIS_PREVIOUS
from projections.copied import copy_acts, copy_rows
from projections.folding import Batch, Place
from projections.tables import VERSION

_SELECT: Final = "SELECT generation, version, position, last_sha256, recorded_at FROM projection_generations"


@dataclass(frozen=True, slots=True)
class Generation:
    """A set of rows and how far it was folded. `version` is that of the rows' shape."""

    number: int
    version: int
    place: Place


def serving(connection: psycopg.Connection) -> Generation | None:
    """Return the generation that answers are read from, or None before the first."""
    return _generation(connection.execute(f"{_SELECT} WHERE status = 'serving'".encode()).fetchone())


def numbered(connection: psycopg.Connection, number: int) -> Generation | None:
    """Return a generation by its number; None if it is gone."""
    return _generation(connection.execute(f"{_SELECT} WHERE generation = %s".encode(), [number]).fetchone())


def _generation(row: tuple[object, ...] | None) -> Generation | None:
    if row is None:
        return None
    number, version, *place = row
    return Generation(number, version, Place(*place))  # type: ignore[arg-type]


def begin(connection: psycopg.Connection, status: Literal["serving", "building"]) -> Generation | None:
    """Add an empty generation; None where another became the serving one at the same moment."""
    row = connection.execute(
        """
        INSERT INTO projection_generations (version, status, last_sha256) VALUES (%s, %s, %s)
        ON CONFLICT DO NOTHING RETURNING generation""",
        [VERSION, status, GENESIS_PREVIOUS],
    ).fetchone()
    return Generation(row[0], VERSION, Place()) if row is not None else None


def write(connection: psycopg.Connection, number: int, batch: Batch) -> bool:
    """Write a batch and move the place, in one transaction. False, and nothing written, if the place had moved."""
    with connection.transaction():
        moved = connection.execute(
            """
            UPDATE projection_generations SET position = %s, last_sha256 = %s, recorded_at = %s
            WHERE generation = %s AND position = %s AND last_sha256 = %s AND status <> 'retired'""",
            [
                batch.after.position,
                batch.after.last_sha256,
                batch.after.recorded_at,
                number,
                batch.before.position,
                batch.before.last_sha256,
            ],
        )
        is_first = moved.rowcount == 1
        if is_first:
            _write_rows(connection, number, batch)
            copy_acts(connection, number, batch.acts)
        # Otherwise somebody else wrote these entries: what was folded here is the same and is let go.
    return is_first


def _write_rows(connection: psycopg.Connection, number: int, batch: Batch) -> None:
    first: dict[str, int] = {}
    until: list[int | None] = [None] * len(batch.rows)
    following: dict[str, int] = {}
    for index in range(len(batch.rows) - 1, -1, -1):
        row = batch.rows[index]
        until[index] = following.get(row.stream)
        following[row.stream] = first[row.stream] = row.from_position
    connection.execute(
        """
        UPDATE projection_rows AS old SET until_position = new.position
        FROM unnest(string_to_array(%s, E'\\n'), string_to_array(%s, E'\\n')::bigint[]) AS new (stream, position)
        CROSS JOIN LATERAL (
            SELECT ctid FROM projection_rows WHERE generation = %s AND stream = new.stream
            ORDER BY from_position DESC LIMIT 1
        ) AS newest
        WHERE old.ctid = newest.ctid""",
        # One look into the index for each, whatever is planned. As a join it read the whole generation for each batch
        # of a rebuild, of which the statistics know nothing yet: 60 of 90 us an entry up to 100,000, more with each.
        # Names hold no line feed, and the driver builds arrays element by element.
        ["\n".join(batch.replaced), "\n".join(str(first[stream]) for stream in batch.replaced), number],
    )
    copy_rows(connection, number, batch.rows, until)


def let_plan(connection: psycopg.Connection) -> None:
    """Tell PostgreSQL that a new generation has rows, as soon as there are some thousands of them.

    Until its statistics say so it takes every index to find them all at once: it read the whole generation where it was
    asked for a few acts, with every batch of a rebuild.
    """
    connection.execute("ANALYZE projection_rows (generation), projection_acts (generation)")


def switch(connection: psycopg.Connection, number: int) -> bool:
    """Let generation `number` serve instead of the one that does. False, and nothing changed, if it is behind that one.

    Readers see the one or the other, never a mixture: each answer is read from one snapshot.
    """
    with connection.transaction():
        # The place of the old one is locked, so its follower waits and then finds it retired.
        old = connection.execute(
            "SELECT generation, position FROM projection_generations WHERE status = 'serving' FOR UPDATE"
        ).fetchone()
        new = numbered(connection, number)
        is_level = new is not None and (old is None or new.place.position >= old[1])
        if is_level:
            connection.execute("UPDATE projection_generations SET status = 'retired' WHERE status = 'serving'")
            connection.execute("UPDATE projection_generations SET status = 'serving' WHERE generation = %s", [number])
    return is_level


def remove(connection: psycopg.Connection, status: Literal["retired", "building"]) -> None:
    """Remove every generation of that status, with its rows. Who reads from one of them finishes undisturbed."""
    with connection.transaction():
        found = connection.execute(
            "SELECT generation FROM projection_generations WHERE status = %s FOR UPDATE", [status]
        ).fetchall()
        numbers = [row[0] for row in found]
        for table in ("projection_rows", "projection_acts", "projection_generations"):
            connection.execute(f"DELETE FROM {table} WHERE generation = ANY(%s)".encode(), [numbers])
