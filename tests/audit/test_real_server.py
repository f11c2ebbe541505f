"""The auditor judges the real thing: a served ledger on PostgreSQL, its export, its rows rebuilt."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from ledger.audit.audit import Pins
from ledger.audit.export import write_export
from ledger.audit.findings import Lie, Verdict
from ledger.cli.main import app
from ledger.client.connection import Connection
from ledger.client.http import LedgerClient
from ledger.client.source import LedgerUrl
from ledger.log.note import format_vkey
from ledger.store.log import StoredLog
from tests.acts import Founding, founding
from tests.api.served import Served, found, passing_ledger, served, settings_for
from tests.audit.histories import History
from tests.audit.logs import audited, lie_of
from tests.audit.ten_entries import report_of
from tests.postgres import fresh_database


@pytest.fixture(scope="module")
def made() -> Founding:
    return founding()


@pytest.fixture(scope="module")
def ledger(postgres_server: str, made: Founding) -> Iterator[Served]:
    """A served ledger of some renamings in several batches."""
    with passing_ledger(postgres_server, made) as one:
        for number in range(6):
            assert one.batch([made.offices[party].renaming(f"Name {number}") for party in ("gb", "de")]).is_success
        yield one


def test_a_served_ledger_is_accepted(ledger: Served, made: Founding) -> None:
    pins = Pins((made.log_signer.vkey,))
    with Connection(ledger.url) as connection:
        result = audited(LedgerUrl(LedgerClient(connection)), pins)
    assert result.checkpoint.tree_size == ledger.tree_size() == 17
    assert result.assumed == ()


def test_a_checkpoint_of_before_is_the_beginning_of_what_is_served_now(ledger: Served, made: Founding) -> None:
    before = ledger.get("/v1/checkpoint").content
    assert ledger.post(made.offices["fr"].renaming("Later")).is_success
    with Connection(ledger.url) as connection:
        result = audited(LedgerUrl(LedgerClient(connection)), Pins(since=before))
    assert result.proved[-1].count == result.checkpoint.tree_size - 1


def test_the_stored_log_exported_is_accepted(ledger: Served, tmp_path: Path) -> None:
    with StoredLog(ledger.settings.database_url) as log:
        note = log.checkpoint()
        assert note is not None
        write_export(tmp_path / "export", log.entries(0, 1000), note)
    assert report_of(tmp_path / "export").verdict is Verdict.VALID


def test_rebuild_ends_at_the_head_of_the_log(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", ledger.settings.database_url)
    done = CliRunner().invoke(app, ["rebuild"])
    assert done.exit_code == 0, done.output
    assert done.stdout == f"rebuilt from {ledger.tree_size()} entries\n"


def rewrite(database_url: str, position: int) -> None:
    """Change one stored entry, as whoever owns the database server can: it switches the trigger off that forbids it."""
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE entries DISABLE TRIGGER ALL")
        row = connection.execute("SELECT state FROM entries WHERE notification_id = %s", [position]).fetchone()
        assert row is not None
        changed = bytes(row[0]).replace(b'"recorded_at":"2', b'"recorded_at":"1')
        connection.execute("UPDATE entries SET state = %s WHERE notification_id = %s", [changed, position])


def test_an_entry_rewritten_in_the_database_is_found_by_audit_and_rebuild(
    postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = founding()
    with (
        fresh_database(postgres_server) as url,
        served(settings_for(made, url, tmp_path)) as one,
        Connection(one.url) as connection,
    ):
        found(one, made)
        source = LedgerUrl(LedgerClient(connection))
        assert audited(source).checkpoint.tree_size == 5
        rewrite(url, 3)
        assert (lie_of(source).lie, lie_of(source).position) == (Lie.TIME_REVERSED, 3)
        monkeypatch.setenv("DATABASE_URL", url)
        assert CliRunner().invoke(app, ["rebuild"]).exit_code == 1


def test_rebuild_without_a_database_is_undecided(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", f"host={tmp_path} dbname=nowhere connect_timeout=1")
    assert CliRunner().invoke(app, ["rebuild"]).exit_code == 3


def test_a_served_ledger_with_its_figures_is_accepted_by_the_command(postgres_server: str, tmp_path: Path) -> None:
    """A random history, submitted act by act over HTTP; every guarantor's obligations are compared."""
    history = History(5)
    history.run(60)
    made = history.founding
    with (
        fresh_database(postgres_server) as url,
        served(settings_for(made, url, tmp_path)) as one,
    ):
        answers = one.batch(history.recorder.envelopes).text.splitlines()
        assert {json.loads(answer)["outcome"] for answer in answers} == {"admitted"}
        done = CliRunner().invoke(app, ["audit", one.url, "--vkey", format_vkey(made.log_signer.vkey)])
        assert done.exit_code == 0, done.output
        assert "proved   obligations" in done.stdout
