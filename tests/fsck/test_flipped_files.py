"""Bits flipped in the files of a stopped PostgreSQL: found, refused by PostgreSQL itself, or of no consequence.

What is of no consequence is told without the check: every table is read and compared with what it held before.
"""

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from ledger.audit.findings import Verdict
from ledger.store.database import migrate
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.errors import StoreError
from ledger.store.unprivileged import EmbeddedPostgresError
from tests.fsck.conftest import check
from tests.fsck.damages import KEYS
from tests.fsck.worlds import record
from tests.places import copied, passing_directory

FLIPS = 40
XACT_BYTES_USED = 256
"""Two bits for each of the first thousand transactions; the rest of the file is not written yet."""

READING_ON = {"ignore_checksum_failure": "on"}
"""PostgreSQL hands out pages whose checksum fails, so that the check has to find by itself what is wrong in them."""


@pytest.fixture(scope="module")
def stopped(made_cluster: Path) -> Iterator[tuple[Path, list[str]]]:
    """A stopped PostgreSQL that holds a ledger, and the files of its tables and indexes."""
    with passing_directory() as place:
        with EmbeddedPostgres(copied(made_cluster, place / "made")) as postgres:
            migrate(postgres.dsn)
            record(postgres.dsn, 300, seed=51)
            with psycopg.connect(postgres.dsn) as connection:
                files = connection.execute(
                    "SELECT pg_relation_filepath(oid) FROM pg_class WHERE relkind IN ('r', 'i', 't') AND oid >= 16384"
                    " AND relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace)"
                ).fetchall()
        yield place / "made", [name for (name,) in files]


def contents(dsn: str) -> str:
    """Return a digest of every row of every table, in any order."""
    digest = sha256()
    with psycopg.connect(dsn) as connection:
        connection.execute("SET enable_indexscan = off")
        for table in KEYS:
            rows = connection.execute(SQL("SELECT * FROM {}").format(Identifier(table))).fetchall()
            digest.update(repr((table, sorted(map(repr, rows)))).encode())
    return digest.hexdigest()


def flip(cluster: Path, files: list[str], random: Random) -> str:
    """Flip one bit of one file that is not empty, and say where."""
    chosen = random.choice([one for name in files for one in [cluster / name] if one.stat().st_size])
    raw = bytearray(chosen.read_bytes())
    at = random.randrange(len(raw) if chosen.parent.name != "pg_xact" else XACT_BYTES_USED)
    raw[at] ^= 1 << random.randrange(8)
    chosen.write_bytes(raw)
    return f"byte {at} of {chosen.relative_to(cluster)}"


def verdict_on(directory: Path, whole: str, settings: dict[str, str], where: str) -> str:
    """Return how a flip was noticed. Fails if it changed what is stored and was not."""
    try:
        with EmbeddedPostgres(directory, settings=settings) as postgres:
            report = check(postgres.dsn)
            if report.verdict is not Verdict.VALID:
                return "found"
            assert contents(postgres.dsn) == whole, f"{where}: not the same, and the check found nothing"
            return "of no consequence"
    except (EmbeddedPostgresError, StoreError, psycopg.Error):
        return "refused by PostgreSQL"


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, READING_ON], ids=["checksums", "reading on"])
@pytest.mark.parametrize("what", ["tables", "pg_xact"])
def test_flipped_bits_are_found_or_refused_or_of_no_consequence(
    stopped: tuple[Path, list[str]], what: str, settings: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    made, tables = stopped
    random = Random(f"{what} {settings}")
    noticed: Counter[str] = Counter()
    with passing_directory() as place:
        with EmbeddedPostgres(copied(made, place / "whole")) as postgres:
            whole = contents(postgres.dsn)
        files = tables if what == "tables" else ["pg_xact/0000"]
        for number in range(FLIPS if what == "tables" else FLIPS // 3):
            directory = copied(made, place / str(number))
            where = flip(directory / "cluster", files, random)
            noticed[verdict_on(directory, whole, settings, where)] += 1
            shutil.rmtree(directory)
    with capsys.disabled():
        sys.stderr.write(f"\n{what}, {settings or 'checksums'}: {dict(noticed)}\n")
    if what == "tables":
        assert noticed["found"] > 0
