"""Lines of witnesses that are kept under checkpoints: with their keys each is verified, without them its form is."""

from collections.abc import Iterator

import psycopg
import pytest

from ledger.fsck.findings import Report
from ledger.fsck.fsck import Known
from ledger.log.cosignature import Cosigner, cosignature_line, ed25519_cosigner, mldsa44_cosigner
from ledger.log.note import parse_note
from tests.fsck.conftest import check
from tests.fsck.worlds import record
from tests.postgres import fresh_database

TABLE = """
    CREATE TABLE IF NOT EXISTS cosignatures (
        tree_size bigint NOT NULL, key text NOT NULL, cosigned_at bigint NOT NULL, line bytea NOT NULL,
        PRIMARY KEY (key, tree_size)
    )"""
TIME = 1_770_000_000
WITNESSES: list[Cosigner] = [
    ed25519_cosigner("witness-1.example", bytes([1] * 32)),
    mldsa44_cosigner("witness-2.example", bytes([2] * 32)),
]
KNOWN = Known(witnesses=[one.vkey for one in WITNESSES])


def name_of(witness: Cosigner) -> str:
    return f"{witness.vkey.name}+{witness.vkey.key_id.hex()}"


@pytest.fixture(scope="module")
def cosigned(postgres_server: str) -> Iterator[tuple[str, list[int]]]:
    """A ledger of which two witnesses have cosigned three checkpoints, and the sizes of these."""
    with fresh_database(postgres_server) as url:
        record(url, 12, seed=61)
        with psycopg.connect(url) as connection:
            connection.execute(TABLE)
            rows = connection.execute("SELECT tree_size, note FROM checkpoints ORDER BY tree_size LIMIT 3").fetchall()
            for size, note in rows:
                text = parse_note(note).text
                for one in WITNESSES:
                    values = [size, name_of(one), TIME, cosignature_line(one, text, TIME)]
                    connection.execute("INSERT INTO cosignatures VALUES (%s, %s, %s, %s)", values)
        yield url, [size for size, _ in rows]


def changed(url: str, change: str, size: int, known: Known = KNOWN) -> list[tuple[str, str]]:
    """Change the line of the first witness under one size, return what is found, and put it back."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("ALTER TABLE cosignatures DISABLE TRIGGER USER")
        connection.execute("CREATE TABLE kept AS TABLE cosignatures")
        connection.execute(f"{change} WHERE tree_size = %s AND key = %s".encode(), [size, name_of(WITNESSES[0])])
    report = check(url, known=known)
    with psycopg.connect(url) as connection:
        connection.execute("TRUNCATE cosignatures")
        connection.execute("INSERT INTO cosignatures SELECT * FROM kept")
        connection.execute("DROP TABLE kept")
        connection.execute("ALTER TABLE cosignatures ENABLE TRIGGER USER")
    # Triggers that were off, and the copy, are named too.
    return [
        (one.kind.value, one.key) for one in report.findings if one.table == "cosignatures" and " under " in one.key
    ]


def counted(report: Report) -> tuple[int, str]:
    (checked,) = [one for one in report.checked if one.what == "cosignatures"]
    return checked.count, checked.detail


def test_true_lines_are_accepted_and_counted(cosigned: tuple[str, list[int]]) -> None:
    url, _ = cosigned
    with_keys, without = check(url, known=KNOWN), check(url)
    assert (with_keys.findings, without.findings) == ((), ())
    assert counted(with_keys)[0] == counted(without)[0] == 6
    assert " 6 verified" in counted(with_keys)[1]
    assert " 0 verified" in counted(without)[1]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE cosignatures SET cosigned_at = cosigned_at + 1", "column_wrong"),
        ("UPDATE cosignatures SET key = 'x' || key", "column_wrong"),
        ("UPDATE cosignatures SET line = line || line", "checkpoint_not_signed"),
        ("UPDATE cosignatures SET line = 'no line'", "checkpoint_not_signed"),
        ("UPDATE cosignatures SET tree_size = 1000000", "row_extra"),
    ],
)
def test_a_line_of_another_form_is_found_without_its_key(
    cosigned: tuple[str, list[int]], change: str, kind: str
) -> None:
    url, sizes = cosigned
    found = changed(url, change, sizes[1], Known())
    assert [one for one, _ in found] == [kind]
    assert name_of(WITNESSES[0]) in found[0][1]


def test_a_line_over_another_checkpoint_is_found_with_its_key_alone(cosigned: tuple[str, list[int]]) -> None:
    url, sizes = cosigned
    other = f"(SELECT line FROM kept WHERE tree_size = {sizes[0]} AND key = cosignatures.key)"
    change = f"UPDATE cosignatures SET line = {other}"
    assert changed(url, change, sizes[1], Known()) == []
    assert changed(url, change, sizes[1]) == [
        ("checkpoint_not_signed", f"{name_of(WITNESSES[0])} under {sizes[1]}"),
    ]
