"""The tables: made once by whoever comes first, and closed to everybody who would rewrite what they hold."""

import secrets
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger.intake.intake import Intake
from ledger.signing.dsse import parse
from ledger.store.application import EntryDatastore
from ledger.store.database import grant_to, migrate
from ledger.store.errors import UnknownSchema, UnsafeServer
from ledger.store.head import EMPTY
from ledger.store.log import StoredLog
from ledger.store.recorder import EntryRecorder
from ledger.store.schema import MIGRATIONS
from tests.intake.ledgers import Ledger, found
from tests.postgres import ask

WRITTEN_ONCE = ("entries", "checkpoints", "conflicts")
COLUMNS = ("topic", "note", "envelope")
KEPT = ("head", "tiles", "streams")

ENTRY = (
    "INSERT INTO entries (notification_id, originator_id, originator_version, topic, state, payload_sha256, authority,"
    " recorded_at, stream, sealed_size, pending_on) SELECT {position}, gen_random_uuid(), 1, topic, state,"
    " payload_sha256, authority, recorded_at, stream, 1000, pending_on FROM entries LIMIT 1"
)

REWRITES = [
    *(f"UPDATE {table} SET {column} = {column}" for table, column in zip(WRITTEN_ONCE, COLUMNS, strict=True)),
    *(f"DELETE FROM {table}" for table in WRITTEN_ONCE + KEPT),
    *(f"TRUNCATE {table}" for table in WRITTEN_ONCE + KEPT),
    "TRUNCATE entries, head, tiles, streams, checkpoints, conflicts",
]

# Of a log of five entries: gaps, steps back, other trees.
CONTRADICTIONS = [
    "UPDATE head SET tree_size = 4",
    "UPDATE head SET tree_size = 6",
    "UPDATE head SET root = decode(repeat('00', 32), 'hex')",
    "UPDATE head SET tree_size = 6, recorded_at = recorded_at - interval '1 second'",
    "UPDATE tiles SET hashes = substr(hashes, 1, 32)",
    "UPDATE tiles SET hashes = decode(repeat('00', 160), 'hex')",
    "UPDATE tiles SET index = index + 1",
    "INSERT INTO head (only_row, tree_size, root, last_sha256) SELECT false, 0, root, last_sha256 FROM head",
    "INSERT INTO head (only_row, tree_size, root, last_sha256) SELECT true, 0, root, last_sha256 FROM head",
    ENTRY.format(position=7),
    ENTRY.format(position=5),
    ENTRY.format(position=0),
    ENTRY.format(position="6").replace("1000", "5"),
]


@pytest.fixture
def judged(stored_log: StoredLog, database_url: str) -> Iterator[Ledger]:
    """A ledger of five entries and a conflict; judged by the oracle when the test is over."""
    ledger = found(stored_log, database_url)
    other = ledger.depositary.proposed("party.renamed", event_id=parse(ledger.founding.raws[0]).event.id, subject="gb")
    ledger.submit(other)
    yield ledger
    ledger.check()


def test_a_migration_makes_an_empty_log_and_leaves_a_full_one_alone(empty_database_url: str) -> None:
    migrate(empty_database_url)
    with StoredLog(empty_database_url) as log:
        assert log.head() == EMPTY
        ledger = found(log, empty_database_url)
        before = log.head()
        migrate(empty_database_url)
        assert log.head() == before
        assert ledger.check() == 5


def test_migrations_at_the_same_time_make_one_log(empty_database_url: str) -> None:
    began = threading.Barrier(6)

    def start(_: int) -> None:
        began.wait()
        migrate(empty_database_url)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(start, range(6)))
    assert ask(empty_database_url, "SELECT count(*) FROM head") == 1
    assert ask(empty_database_url, "SELECT count(*) FROM schema_steps") == len(MIGRATIONS)


def test_a_log_without_tables_is_refused(empty_database_url: str) -> None:
    with pytest.raises(UnknownSchema, match="migrate first"):
        StoredLog(empty_database_url)


def test_tables_of_a_newer_version_are_left_alone(database_url: str) -> None:
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO schema_steps VALUES (99)")
    with pytest.raises(UnknownSchema, match="found step 99"):
        migrate(database_url)
    with pytest.raises(UnknownSchema, match="found step 99"):
        StoredLog(database_url)


@pytest.mark.parametrize("mode", ["origin", "replica"])
def test_the_database_itself_refuses_to_rewrite(judged: Ledger, mode: str) -> None:
    with psycopg.connect(judged.database_url) as connection:
        # Ordinary triggers do not fire in the mode that replication uses.
        connection.execute(f"SET session_replication_role = {mode}".encode())
        assert passing(connection, REWRITES + CONTRADICTIONS) == []


def passing(connection: psycopg.Connection[Any], statements: Sequence[str]) -> list[str]:
    """Return the statements that the database carries out, each by itself and undone again."""
    passed = []
    for statement in statements:
        with suppress(psycopg.Error), connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
            passed.append(statement)
    return passed


def test_what_the_log_itself_writes_passes(judged: Ledger) -> None:
    """Otherwise the statements above might fail for another reason than being forbidden."""
    allowed = [
        ENTRY.format(position=6),
        "UPDATE tiles SET hashes = hashes || decode(repeat('00', 32), 'hex')",
    ]
    with psycopg.connect(judged.database_url) as connection:
        assert passing(connection, allowed) == allowed


def test_the_owner_has_given_up_the_privilege_to_rewrite(judged: Ledger) -> None:
    acl = "SELECT string_agg(relacl::text, ' ') FROM pg_class WHERE relname IN ('entries', 'checkpoints', 'conflicts')"
    privileges = [entry.partition("=")[2].partition("/")[0] for entry in str(ask(judged.database_url, acl)).split(" ")]
    assert privileges
    assert not any(letter in held for held in privileges for letter in "wdD")


def test_a_role_that_may_append_may_do_no_more(judged: Ledger) -> None:
    role = f"appender_{secrets.token_hex(4)}"
    with psycopg.connect(judged.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role}".encode())
        try:
            grant_to(judged.database_url, role)
            as_role = make_conninfo(judged.database_url, options=f"-c role={role}")
            with StoredLog(as_role) as log:
                intake = Intake(log, judged.founding.origin, [judged.founding.log_signer], judged.founding.service)
                judged.keep(intake.submit([judged.office("gb").renaming()]))
            migrate(as_role)
            with psycopg.connect(as_role) as own:
                assert passing(own, ["DROP TABLE entries", "ALTER TABLE entries DISABLE TRIGGER ALL", *REWRITES]) == []
        finally:
            connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


@pytest.mark.parametrize("setting", ["synchronous_commit = off", "synchronous_commit = local"])
def test_a_database_that_does_not_wait_for_its_disk_is_refused(database_url: str, setting: str) -> None:
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute(f'ALTER DATABASE "{connection.info.dbname}" SET {setting}'.encode())
    with pytest.raises(UnsafeServer):
        StoredLog(database_url)
    with pytest.raises(UnsafeServer):
        migrate(database_url)


@pytest.mark.parametrize("name", ["POSTGRES_ENABLE_DB_FUNCTIONS", "LEDGERAPPLICATION_POSTGRES_ENABLE_DB_FUNCTIONS"])
def test_inserts_without_the_lock_are_refused(database_url: str, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    migrate(database_url)
    monkeypatch.setenv(name, "n")
    StoredLog(database_url).close()
    monkeypatch.setenv(name, "y")
    with pytest.raises(UnsafeServer, match=name):
        StoredLog(database_url)


def test_a_datastore_that_inserts_without_the_lock_is_refused(database_url: str) -> None:
    datastore = EntryDatastore(database_url, pool_size_max=1, enable_db_functions=True)
    with pytest.raises(UnsafeServer, match="POSTGRES_ENABLE_DB_FUNCTIONS"):
        EntryRecorder(datastore)
    datastore.close()
