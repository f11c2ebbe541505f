"""Damage done to the tables by whoever owns the database server: triggers off, one change, triggers on again.

A damage says where it must be found: a table, and what the key of a finding there has in it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.sql import SQL, Identifier

KEYS = {
    "entries": ("notification_id",),
    "head": ("only_row",),
    "tiles": ("level", "index"),
    "streams": ("name",),
    "checkpoints": ("tree_size",),
    "conflicts": ("event_id", "payload_sha256"),
    "projection_generations": ("generation",),
    "projection_rows": ("generation", "stream", "from_position"),
    "projection_acts": ("generation", "position"),
}
SAVED = "saved"


@dataclass(frozen=True)
class Column:
    """A column of a table, and how a value of its type is changed. `{}` is the column."""

    table: str
    name: str
    type: str

    @property
    def change(self) -> str:
        match self.type:
            case "bytea":
                return "set_byte({}, length({}) / 2, get_byte({}, length({}) / 2) # 4)"
            case "text":
                return "coalesce({}, '') || 'x'"
            case "timestamp with time zone":
                return "{} + interval '1 second'"
            case "ARRAY":
                return "array_append({}, 'zz')"
            case "smallint" | "integer" | "bigint":
                # A key that nothing else has.
                return "{} + 20" if self.name == "level" else "{} + 100000" if self.is_key else "coalesce({}, 0) + 1"
            case _:
                raise AssertionError(f"no change for {self}")

    @property
    def is_key(self) -> bool:
        return self.name in KEYS[self.table]


def prepare(database_url: str) -> None:
    """Drop what forbids damage beside the triggers, and keep a copy of every table."""
    with psycopg.connect(database_url) as connection:
        for table, name in connection.execute(
            "SELECT relname, conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid"
            " WHERE contype = 'c' AND relnamespace = 'public'::regnamespace"
        ).fetchall():
            _run(connection, "ALTER TABLE {} DROP CONSTRAINT {}", table, name)
        connection.execute("ALTER TABLE projection_generations ALTER COLUMN generation DROP IDENTITY")
        _run(connection, "CREATE SCHEMA {}", SAVED)
        for table in KEYS:
            connection.execute(
                SQL("CREATE TABLE {} AS TABLE {}").format(Identifier(SAVED, table), Identifier("public", table))
            )


@contextmanager
def damaged(database_url: str, table: str) -> Iterator[psycopg.Connection]:
    """Yield a connection that may damage a table; after the block the damage is there, and after the test undone."""
    with psycopg.connect(database_url) as connection:
        unguarded(connection, table)
        yield connection
        guarded(connection, table)


def undo(database_url: str, table: str) -> None:
    """Put back what stood in a table."""
    with damaged(database_url, table) as connection:
        names = Identifier(SAVED, table), Identifier("public", table)
        connection.execute(SQL("TRUNCATE {}").format(names[1]))
        connection.execute(SQL("INSERT INTO {} SELECT * FROM {}").format(names[1], names[0]))


def unguarded(connection: psycopg.Connection, table: str) -> None:
    _run(connection, "ALTER TABLE {} DISABLE TRIGGER USER", table)


def guarded(connection: psycopg.Connection, table: str) -> None:
    triggers = connection.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [f"public.{table}"]
    )
    for (name,) in triggers.fetchall():
        _run(connection, "ALTER TABLE {} ENABLE ALWAYS TRIGGER {}", table, name)


def key_of(table: str, row: Sequence[Any]) -> str:
    """Return how findings name a row, given the values of its key."""
    match table:
        case "tiles":
            return f"{row[0]}/{row[1]}"
        case "head":
            return ""
        case "conflicts":
            return str(row[0])
        case "projection_rows":
            return f"{row[0]}, {row[1]} from {row[2]}"
        case "projection_acts":
            return f"{row[0]}, {row[1]}"
        case _:
            return str(row[0])


def rows_of(connection: psycopg.Connection, table: str) -> list[tuple[Any, ...]]:
    """Return the keys of all rows, in order."""
    keys = SQL(", ").join(map(Identifier, KEYS[table]))
    return connection.execute(SQL("SELECT {} FROM {} ORDER BY {}").format(keys, Identifier(table), keys)).fetchall()


def edit(connection: psycopg.Connection, column: Column, row: Sequence[Any]) -> bool:
    """Change one column of one row. Return whether anything changed."""
    value = SQL(column.change.replace("{}", "{c}")).format(c=Identifier(column.name))
    condition = where(column.table)
    before = connection.execute(_select(column.table, condition), row).fetchone()
    connection.execute(
        SQL("UPDATE {} SET {} = {} WHERE {}").format(
            Identifier(column.table), Identifier(column.name), value, condition
        ),
        list(row),
    )
    return connection.execute(_select(column.table, condition), row).fetchone() != before


def delete(connection: psycopg.Connection, table: str, row: Sequence[Any]) -> None:
    connection.execute(SQL("DELETE FROM {} WHERE {}").format(Identifier(table), where(table)), list(row))


def insert(connection: psycopg.Connection, table: str, row: Sequence[Any], columns: Sequence[Column]) -> None:
    """Insert a copy of a row under another key."""
    values = []
    for column in columns:
        is_other = column.is_key or column.name in ("originator_id", "event_id")
        text = column.change if is_other and column.name not in ("generation", "level") else "{}"
        values.append(SQL(text.replace("{}", "{c}")).format(c=Identifier(column.name)))
    connection.execute(
        SQL("INSERT INTO {t} SELECT {values} FROM {t} WHERE {condition}").format(
            t=Identifier(table), values=SQL(", ").join(values), condition=where(table)
        ),
        list(row),
    )


def swap(connection: psycopg.Connection, table: str, row: Sequence[Any], other: Sequence[Any]) -> None:
    """Give two rows each other's values, their keys left out."""
    names = [
        name
        for (name,) in connection.execute(
            "SELECT column_name::text FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position",
            [table],
        )
        # Unique by itself: swapped with the key it would make the row the other one.
        if name not in (*KEYS[table], "originator_id", "event_id")
    ]
    select = SQL("SELECT {} FROM {} WHERE {}").format(
        SQL(", ").join(map(Identifier, names)), Identifier(table), where(table)
    )
    values = [connection.execute(select, list(one)).fetchone() for one in (row, other)]
    assert values[0] != values[1]
    update = SQL("UPDATE {} SET {} WHERE {}").format(
        Identifier(table),
        SQL(", ").join(SQL("{} = %s").format(Identifier(name)) for name in names),
        where(table),
    )
    for one, given in zip((row, other), reversed(values), strict=True):
        connection.execute(update, [*(given or ()), *one])


def where(table: str) -> sql.Composed:
    return SQL(" AND ").join(SQL("{} = %s").format(Identifier(key)) for key in KEYS[table])


def _select(table: str, condition: sql.Composed) -> sql.Composed:
    return SQL("SELECT * FROM {} WHERE {}").format(Identifier(table), condition)


def _run(connection: psycopg.Connection, query: str, *names: str) -> None:
    connection.execute(SQL(query).format(*map(Identifier, names)))
