"""Connections to the database of the log, and its tables.

Every connection that comes from here waits for a lock only so long, does not hold one while idle for long, and sees
what was committed before each of its statements.
"""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Final, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import RowFactory, TupleRow, tuple_row
from psycopg_pool import ConnectionPool, PoolTimeout

from ledger.log.entry import GENESIS_PREVIOUS
from ledger.log.tree import EMPTY_ROOT
from ledger.store.errors import StoreInconsistent, StoreUnavailable, UnknownSchema, UnsafeServer
from ledger.store.schema import MIGRATION_LOCK, MIGRATIONS

POOL_SIZE_MAX: Final = 8
POOL_WAIT_SECONDS_MAX: Final = 10.0
"""How long somebody waits for a connection while all are in use."""

AWAY_WAIT_SECONDS_MAX: Final = 1.0
"""How long somebody waits for a connection while there is no database to connect to."""

RECONNECT_SECONDS_MAX: Final = 0.4
"""How long a pool goes on connecting unasked. Whoever wants a connection next makes it try again at once."""

CONNECT_SECONDS_MAX: Final = 10
POOL_CONNECT_SECONDS_MAX: Final = 3
LOCK_SECONDS_MAX: Final = 20
IDLE_IN_TRANSACTION_SECONDS_MAX: Final = 60
MIGRATION_SECONDS_MAX: Final = 300

AGAIN: Final = "Submit the same bytes again: what was recorded is then answered with its first receipt."


def configure(connection: psycopg.Connection[object]) -> None:
    """Prepare a new connection: autocommit, read committed, bounded waits, text as UTF-8 whatever the database has."""
    connection.autocommit = True
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    connection.execute(
        sql.SQL(
            "SET client_encoding = 'UTF8'; SET timezone = 'UTC';"
            " SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}"
        ).format(f"{LOCK_SECONDS_MAX}s", f"{IDLE_IN_TRANSACTION_SECONDS_MAX}s")
    )


Row = TypeVar("Row")


class Pool(ConnectionPool[psycopg.Connection[Row]]):
    """Connections in autocommit mode. Without a database it says so soon, and with it again it is there at once.

    The library's own pool looks for a lost server ever more rarely, and lets everybody wait as if it were only busy.
    """

    def __init__(self, dsn: str, *, size_max: int, row_factory: RowFactory[Row]) -> None:
        self._away = Event()
        super().__init__(
            dsn,
            connection_class=psycopg.Connection[Row],
            kwargs={"row_factory": row_factory, "connect_timeout": POOL_CONNECT_SECONDS_MAX},
            min_size=1,
            max_size=size_max,
            timeout=POOL_WAIT_SECONDS_MAX,
            reconnect_timeout=RECONNECT_SECONDS_MAX,
            reconnect_failed=lambda _: self._away.set(),
            configure=self._prepare,
            check=self._check,
            open=True,
        )

    def getconn(self, timeout: float | None = None) -> psycopg.Connection[Row]:
        """Return a connection that nobody has closed, as far as is known here. Raises PoolTimeout."""
        give_up = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            left = give_up - time.monotonic()
            try:
                return super().getconn(min(left, AWAY_WAIT_SECONDS_MAX))
            except PoolTimeout:
                if self._away.is_set() or left <= AWAY_WAIT_SECONDS_MAX:
                    raise

    def _prepare(self, connection: psycopg.Connection[Row]) -> None:
        configure(connection)
        self._away.clear()

    def _check(self, connection: psycopg.Connection[Row]) -> None:
        # A server that ended, restarted or shut this one out has said so, or closed it: there is something to read.
        # To ask each time costs 220 of the 4,000 us of a lone act, twice.
        if not select.select([connection], [], [], 0)[0]:
            return
        try:
            self.check_connection(connection)
        except psycopg.Error:
            # The server has restarted, most likely: the others are as dead, and each would cost somebody a wait.
            self.drain()
            raise


def open_pool(dsn: str, *, size_max: int = POOL_SIZE_MAX) -> Pool[TupleRow]:
    """Return an open pool of connections in autocommit mode; the caller closes it."""
    return Pool(dsn, size_max=size_max, row_factory=tuple_row)


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn what the driver raises into errors of the store, without what it may hold of somebody's data."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
        raise StoreUnavailable(f"The database did not do it: {_said(error)}. {AGAIN}") from error
    except psycopg.Error as error:
        raise StoreInconsistent(f"The database refused it: {_said(error)}") from error


def _said(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error).partition("\n")[0]
    return f"{type(error).__name__}: {said}"


def migrate(dsn: str) -> None:
    """Bring the tables to this version; at once if they are. Safe from several processes at the same time.

    Raises UnknownSchema if a newer version made them, UnsafeServer if the server would lose what it has confirmed,
    StoreUnavailable, and StoreInconsistent if the role may not create tables or something else bears their names.
    """
    with database_errors(), psycopg.connect(dsn, connect_timeout=CONNECT_SECONDS_MAX, autocommit=True) as connection:
        configure(connection)
        check_durable(connection.cursor())
        connection.execute(f"SET lock_timeout = '{MIGRATION_SECONDS_MAX}s'")
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
            # Locked until this transaction ends: whoever comes second finds everything done.
            step = _step(connection)
            if step > len(MIGRATIONS):
                raise UnknownSchema(f"expected tables of step {len(MIGRATIONS)} or earlier, found step {step}")
            for number, migration in enumerate(MIGRATIONS[step:], step + 1):
                connection.execute(migration)
                connection.execute("INSERT INTO public.schema_steps (step) VALUES (%s)", [number])
            if step == 0:
                _lay_foundation(connection)


def _step(connection: psycopg.Connection[TupleRow]) -> int:
    # Asked first, because a role that may not create tables may still find everything done.
    if connection.execute("SELECT to_regclass('public.schema_steps')").fetchone() == (None,):
        connection.execute("CREATE TABLE public.schema_steps (step integer PRIMARY KEY)")
    row = connection.execute("SELECT coalesce(max(step), 0) FROM public.schema_steps").fetchone()
    assert row is not None
    return int(row[0])


def _lay_foundation(connection: psycopg.Connection[TupleRow]) -> None:
    """Write the head of the empty log, the only row that `head` ever has."""
    connection.execute(
        "INSERT INTO public.head (only_row, tree_size, root, last_sha256) VALUES (true, 0, %s, %s)",
        [EMPTY_ROOT, bytes.fromhex(GENESIS_PREVIOUS)],
    )


def check_migrated(cursor: psycopg.Cursor[TupleRow]) -> None:
    """Raise UnknownSchema unless the tables are those of this version."""
    try:
        row = cursor.execute("SELECT max(step) FROM public.schema_steps").fetchone()
    except psycopg.errors.UndefinedTable:
        raise UnknownSchema("expected the tables of the ledger, found none: migrate first") from None
    if row is None or row[0] != len(MIGRATIONS):
        raise UnknownSchema(f"expected tables of step {len(MIGRATIONS)}, found step {row and row[0]}: migrate first")


def check_durable(cursor: psycopg.Cursor[TupleRow]) -> None:
    """Raise UnsafeServer unless the server keeps what it has confirmed, through a loss of power too."""
    row = cursor.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')").fetchone()
    assert row is not None
    require_durable(*row)


def require_durable(fsync: str, synchronous_commit: str) -> None:
    """Raise UnsafeServer for settings under which a confirmed commit may be lost, here or on a standby."""
    if fsync == "off" or synchronous_commit in ("off", "local"):
        raise UnsafeServer(
            f"expected fsync 'on' and synchronous_commit 'on' or stronger, got '{fsync}' and '{synchronous_commit}': "
            "a receipt could outlive its entry"
        )


def grant_to(dsn: str, role: str) -> None:
    """Let the existing `role` append and read, and nothing else, so that a service need not be the tables' owner."""
    statements = sql.SQL(
        "GRANT USAGE ON SCHEMA public TO {role};"
        "GRANT SELECT, INSERT ON public.entries, public.checkpoints, public.conflicts TO {role};"
        "GRANT SELECT, INSERT, UPDATE ON public.tiles, public.streams, public.cosignatures TO {role};"
        "GRANT SELECT, UPDATE ON public.head TO {role};"
        "GRANT SELECT ON public.schema_steps TO {role};"
    ).format(role=sql.Identifier(role))
    with database_errors(), psycopg.connect(dsn, connect_timeout=CONNECT_SECONDS_MAX) as connection:
        connection.execute(statements)
