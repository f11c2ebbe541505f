"""`gledger fsck`: what it says and how it ends; on a running ledger, on a stopped one, and where there is none."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from ledger.cli.main import app
from ledger.store.database import migrate
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.log import StoredLog
from tests.acts import log_key
from tests.audit.logs import checkpoint_over
from tests.fsck import damages
from tests.fsck.conftest import has_checksums
from tests.fsck.damages import Column, damaged, undo
from tests.fsck.worlds import record
from tests.places import copied, passing_directory


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["fsck", *arguments])


@pytest.fixture
def named(world: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The database of the module, named to the command."""
    monkeypatch.setenv("DATABASE_URL", world)
    return world


def test_a_sound_database(named: str) -> None:
    done = run()
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].startswith("sound: ")
    setting = "on" if has_checksums(named) else "off"
    assert f"data_checksums {setting}, 0 failures" in done.stdout


def test_damage_is_said_with_table_key_expected_and_got(named: str) -> None:
    with damaged(named, "entries") as connection:
        for position in (30, 31):
            assert damages.edit(connection, Column("entries", "topic", "text"), (position,))
    first, every, as_json = run(), run("--all"), run("--all", "--json")
    undo(named, "entries")
    assert (first.exit_code, every.exit_code, as_json.exit_code) == (1, 1, 1)
    assert "DAMAGE   column_wrong in entries, 30, topic" in first.stdout
    assert "30, topic" in every.stdout
    assert "31, topic" not in first.stdout
    assert "31, topic" in every.stdout
    report = json.loads(as_json.stdout)
    damage = [one for one in report["findings"] if one["kind"] != "checksums_off"]
    assert [one["key"] for one in damage] == ["30, topic", "31, topic"]
    assert damage[0]["got"] == f"{damage[0]['expected'][:-1]}x'"
    noted = {} if has_checksums(named) else {"note: checksums_off": 1}
    assert report["counts"] == {"damage: column_wrong": 2, **noted}
    assert report["verdict"] == "invalid"


def test_a_checkpoint_that_is_missing_is_undecided(named: str) -> None:
    """A crash between commit and sealing leaves the same."""
    with damaged(named, "checkpoints") as connection:
        connection.execute("DELETE FROM checkpoints WHERE tree_size = (SELECT min(tree_size) FROM checkpoints)")
    done = run()
    undo(named, "checkpoints")
    assert done.exit_code == 3
    assert "MISSING  checkpoint_missing in checkpoints" in done.stdout


def test_older_tree_heads_are_compared(named: str, tmp_path: Path) -> None:
    with StoredLog(named) as log:
        raws = log.entries(0, 400)
    kept, other, larger = tmp_path / "kept", tmp_path / "other", tmp_path / "larger"
    kept.write_bytes(checkpoint_over(raws[:270], log_key()))
    other.write_bytes(checkpoint_over([*raws[:269], b"{}"], log_key()))
    larger.write_bytes(checkpoint_over([*raws, b"{}"], log_key()))
    assert run("--since", str(kept)).exit_code == 0
    rewritten = run("--since", str(kept), "--since", str(other))
    assert rewritten.exit_code == 1
    assert "history_rewritten in entries, 1 to 270" in rewritten.stdout
    rolled_back = run("--since", str(larger))
    assert rolled_back.exit_code == 1
    assert "history_rewritten in head, tree_size" in rolled_back.stdout
    assert run("--since", str(tmp_path / "none")).exit_code == 3
    (tmp_path / "no-note").write_text("no note")
    assert run("--since", str(tmp_path / "no-note")).exit_code == 2


def test_an_empty_log_is_sound(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    done = run("--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["tree_size"] == 0


def test_tables_that_are_not_there_are_undecided(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    done = run()
    assert done.exit_code == 3
    assert "migrate first" in done.stdout


def test_a_database_that_does_not_answer_is_undecided(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", f"host={tmp_path} dbname=nowhere connect_timeout=1")
    assert run().exit_code == 3


def test_a_directory_without_a_ledger_is_undecided_and_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert run("--data", str(tmp_path / "none")).exit_code == 3
    assert not (tmp_path / "none").exists()


@pytest.fixture
def data(made_cluster: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data directory of a ledger as `gledger up` has it, its server stopped."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with passing_directory() as place:
        (place / "data").mkdir()
        with EmbeddedPostgres(copied(made_cluster, place / "data" / "postgres")) as postgres:
            migrate(postgres.dsn)
            record(postgres.dsn, 12, seed=31)
        yield place / "data"


def test_a_stopped_ledger_is_started_for_the_check_and_a_running_one_is_joined(data: Path) -> None:
    done = run("--data", str(data))
    assert done.exit_code == 0, done.output
    with EmbeddedPostgres(data / "postgres") as postgres:
        done = run("--data", str(data))
        assert done.exit_code == 0, done.output
        with psycopg.connect(postgres.dsn) as connection:
            assert connection.execute("SELECT count(*) FROM entries").fetchone() is not None
        assert postgres.running
    assert EmbeddedPostgres(data / "postgres").running_dsn() is None
