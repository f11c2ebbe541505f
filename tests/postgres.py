"""The real PostgreSQL that tests use: an embedded one, or the server that TEST_DATABASE_URL names.

Each test gets a database of its own, dropped afterwards with every connection to it, so no test sees what another
wrote. The role in TEST_DATABASE_URL must be allowed to create databases.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.store.database import migrate
from ledger.store.embedded import EmbeddedPostgres
from tests.places import passing_directory

NAMED_SERVER = "TEST_DATABASE_URL"
# Every test that writes much waits for the same server: it must not fill the memory with its own log.
SETTINGS = {"max_wal_size": "160MB"}
EMPTY = "TEMPLATE template0 ENCODING {} LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"
COPY = "TEMPLATE {} STRATEGY FILE_COPY"


@contextmanager
def running_server(within: Path | None = None) -> Iterator[str]:
    """Yield the connection string of a server, whose own database is only used to create others.

    `within` is where its data are to be; without it, they are in memory if there is room.
    """
    with ExitStack() as opened:
        server = os.environ.get(NAMED_SERVER)
        if not server:
            server = opened.enter_context(
                EmbeddedPostgres(opened.enter_context(passing_directory(within)), settings=SETTINGS)
            ).dsn
            _make_connecting_cheap(server)
        try:
            yield server
        finally:
            _drop(server, _name_of_template())
            _administrator(server).close()
            _administrator.cache_clear()
            _template.cache_clear()


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """Yield the connection string of a new database with the tables of the ledger and nothing in them; drop it then."""
    with _created(server, sql.SQL(COPY).format(sql.Identifier(_template(server)))) as url:
        yield url


@contextmanager
def empty_database(server: str, encoding: str = "UTF8") -> Iterator[str]:
    """Yield the connection string of a new database without any table; drop it then."""
    with _created(server, sql.SQL(EMPTY).format(encoding)) as url:
        yield url


@contextmanager
def put_back(server: str, database_url: str) -> Iterator[str]:
    """Yield a copy of a database as it is now, as a backup is; nobody may be connected to it. Drop it then."""
    name = str(conninfo_to_dict(database_url)["dbname"])
    with _created(server, sql.SQL(COPY).format(sql.Identifier(name))) as url:
        yield url


def ask(database_url: str, query: str, *parameters: object) -> object:
    """Return the first column of the first row."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query, parameters).fetchone()
    assert row is not None
    return row[0]


@contextmanager
def _created(server: str, how: sql.Composed) -> Iterator[str]:
    name = f"ledger_test_{os.getpid()}_{secrets.token_hex(4)}"
    _administrator(server).execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), how))
    try:
        yield make_conninfo(server, dbname=name)
    finally:
        _drop(server, name)


def _drop(server: str, name: str) -> None:
    """Drop a database, whoever is connected."""
    _administrator(server).execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@cache
def _administrator(server: str) -> psycopg.Connection:
    """Return the connection on which databases are made and dropped."""
    return psycopg.connect(server, autocommit=True)


@cache
def _template(server: str) -> str:
    """Return the name of a database with the tables of the ledger, of which the others are copies."""
    name = _name_of_template()
    created = sql.SQL(EMPTY).format("UTF8")
    _administrator(server).execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), created))
    migrate(make_conninfo(server, dbname=name))
    return name


def _name_of_template() -> str:
    return f"ledger_test_{os.getpid()}_template"


def _make_connecting_cheap(server: str) -> None:
    """Set the same password again, hashed once and not thousands of times: tests connect thousands of times."""
    passfile = Path(str(conninfo_to_dict(server)["passfile"]))
    password = passfile.read_text(encoding="utf-8").strip().rpartition(":")[2]
    _administrator(server).execute("SET scram_iterations = 1")
    _administrator(server).execute(sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}").format(password))
