"""The real PostgreSQL that tests use: an embedded one, or the server that TEST_DATABASE_URL names.

Each test gets an empty database of its own, dropped afterwards with every connection to it, so no test sees what
another wrote. The role in TEST_DATABASE_URL must be allowed to create databases.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.store.embedded import EmbeddedPostgres

NAMED_SERVER = "TEST_DATABASE_URL"


@contextmanager
def running_server() -> Iterator[str]:
    """Yield the connection string of a server, whose own database is only used to create others."""
    named = os.environ.get(NAMED_SERVER)
    if named:
        yield named
        return
    directory = Path(tempfile.mkdtemp(prefix="ledger-test-postgres-"))
    try:
        with EmbeddedPostgres(directory) as server:
            yield server.dsn
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def fresh_database(server: str, encoding: str = "UTF8") -> Iterator[str]:
    """Yield the connection string of a new, empty database on `server`; drop it afterwards, whoever is connected."""
    name = f"ledger_test_{os.getpid()}_{secrets.token_hex(4)}"
    _run(
        server,
        sql.SQL(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"
        ).format(sql.Identifier(name), encoding),
    )
    try:
        yield make_conninfo(server, dbname=name)
    finally:
        _run(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def ask(database_url: str, query: str, *parameters: object) -> object:
    """Return the first column of the first row."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query, parameters).fetchone()
    assert row is not None
    return row[0]


def _run(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
