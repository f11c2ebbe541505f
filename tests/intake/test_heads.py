"""A database that was put back is found before anything is published from it, and what it lost can be brought back."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledger.audit.audit import Pins
from ledger.audit.export import ExportDirectory, write_export
from ledger.audit.findings import Lie, LieFound, Undecidable
from ledger.audit.restoring import Restored, restore
from ledger.cli.main import app
from ledger.intake.errors import SealingFailed
from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.store.errors import HeadsUnreadable, LogRolledBack, StoreInconsistent
from ledger.store.heads import SLOT_BYTES, HeadStore, heads_in
from ledger.store.log import StoredLog
from tests.acts import Founding, founding
from tests.audit.logs import Log, audited, lie_of
from tests.audit.tile_folders import folder_of, written, zipped
from tests.intake.test_crashes import FailingModule
from tests.postgres import fresh_database, put_back


@dataclass(frozen=True)
class Place:
    """A database and a head store, and the acts that found a ledger there."""

    database_url: str
    heads: HeadStore
    acts: Founding

    @contextmanager
    def running(self, *, watched: bool = True) -> Iterator[tuple[Intake, StoredLog]]:
        """Yield the ledger as a process that is started now; without its heads if it is not `watched`."""
        with StoredLog(self.database_url) as log:
            heads = self.heads if watched else None
            yield Intake(log, self.acts.origin, [self.acts.log_signer], self.acts.service, heads=heads), log

    def submit(self, *raws: bytes) -> list[Sealed]:
        with self.running() as (intake, _):
            outcomes = intake.submit(raws)
        assert all(isinstance(one, Sealed) for one in outcomes), outcomes
        return [one for one in outcomes if isinstance(one, Sealed)]

    def renamed(self, *names: str) -> list[Sealed]:
        """Have gb record acts, each in a batch of its own."""
        return [one for name in names for one in self.submit(self.acts.offices["gb"].renaming(name))]

    def exported(self, directory: Path) -> ExportDirectory:
        with StoredLog(self.database_url) as log:
            note = log.checkpoint()
            assert note is not None
            write_export(directory, log.entries(0, 1000), note)
        return ExportDirectory(directory)

    def restored(self, copy: ExportDirectory) -> Restored:
        with StoredLog(self.database_url) as log:
            return restore(log, copy, self.heads.newest(), lambda followed: None)


@pytest.fixture
def place(postgres_server: str, tmp_path: Path) -> Iterator[Place]:
    """A founded ledger of five entries."""
    acts = founding()
    with (
        fresh_database(postgres_server) as url,
        closing(HeadStore(tmp_path / "heads", acts.origin)) as heads,
    ):
        made = Place(url, heads, acts)
        made.submit(*acts.raws)
        yield made


@pytest.fixture
def backup(place: Place, postgres_server: str) -> Iterator[Place]:
    """The same ledger with its database as it was after five entries; two more were recorded and published since."""
    with put_back(postgres_server, place.database_url) as url:
        place.renamed("Britain", "Great Britain")
        yield replace(place, database_url=url)


def kept_size(heads: HeadStore) -> int:
    kept = heads.newest()
    return kept.checkpoint.tree_size if kept is not None else 0


def test_every_batch_passes_through_the_head_store(place: Place) -> None:
    assert kept_size(place.heads) == 5
    (sealed,) = place.renamed("Britain")
    assert kept_size(place.heads) == 6
    kept = place.heads.newest()
    assert kept is not None
    assert sealed.receipt.endswith(kept.note)


def test_a_database_that_was_put_back_is_refused_at_start(backup: Place) -> None:
    with pytest.raises(LogRolledBack, match=r"expected the log of 7 entries.* holds a shorter log"), backup.running():
        pass


def test_an_empty_database_is_refused_at_start(place: Place, postgres_server: str) -> None:
    with fresh_database(postgres_server) as url:
        empty = replace(place, database_url=url)
        with pytest.raises(LogRolledBack, match="a shorter log"), empty.running():
            pass


def test_control_without_heads_a_second_history_is_signed_which_a_receipt_shows(
    place: Place, backup: Place, tmp_path: Path
) -> None:
    with backup.running(watched=False) as (intake, _):
        gb = place.acts.offices["gb"]
        gb.sequence, gb.previous = 0, "0" * 64
        (other,) = intake.submit([place.acts.offices["de"].renaming("In another history")])
        assert isinstance(other, Sealed)
        (more,) = intake.submit([place.acts.offices["fr"].renaming("In another history")])
        assert isinstance(more, Sealed)
    true = place.exported(tmp_path / "true")
    forked = backup.exported(tmp_path / "forked")
    audited(forked)
    assert lie_of(forked, Pins(since=true.checkpoint())).lie is Lie.HISTORY_REWRITTEN


def test_a_database_put_back_under_a_running_process_publishes_nothing(place: Place, postgres_server: str) -> None:
    with put_back(postgres_server, place.database_url) as url:
        restored = replace(place, database_url=url)
        with restored.running() as (intake, log):
            place.renamed("Britain", "Great Britain")
            with pytest.raises(LogRolledBack):
                intake.submit([place.acts.offices["de"].renaming()])
            assert log.head().tree_size == 6
            assert log.checkpoint(6) is None
            with pytest.raises(LogRolledBack):
                intake.submit([place.acts.offices["fr"].renaming()])
    assert kept_size(place.heads) == 7


def test_another_history_of_the_same_length_is_refused(place: Place, backup: Place) -> None:
    with backup.running(watched=False) as (intake, _):
        for party in ("de", "fr"):
            assert isinstance(intake.submit([place.acts.offices[party].renaming()])[0], Sealed)
    with pytest.raises(LogRolledBack, match="another history"), backup.running():
        pass


def test_a_crash_between_commit_and_head_is_moved_forward_at_the_next_start(place: Place) -> None:
    module = FailingModule(place.acts.log_signer, failures=1)
    with StoredLog(place.database_url) as log:
        intake = Intake(log, place.acts.origin, [module], place.acts.service, heads=place.heads)
        with pytest.raises(SealingFailed):
            intake.submit([place.acts.offices["gb"].renaming()])
    assert kept_size(place.heads) == 5
    with place.running():
        assert kept_size(place.heads) == 6


def test_a_head_store_that_was_lost_begins_again_with_what_the_database_holds(place: Place, tmp_path: Path) -> None:
    with closing(HeadStore(tmp_path / "another", place.acts.origin)) as heads:
        with replace(place, heads=heads).running():
            pass
        assert kept_size(heads) == 5


# Restoring.


def test_what_was_lost_comes_back_to_the_byte(place: Place, backup: Place, tmp_path: Path) -> None:
    copy = place.exported(tmp_path / "copy")
    restored = backup.restored(copy)
    assert (restored.before, restored.after) == (5, 7)
    with backup.running() as (_, log), StoredLog(place.database_url) as first:
        assert log.entries(0, 100) == first.entries(0, 100)
        assert log.head() == first.head()
        assert log.checkpoint() == first.checkpoint()
    (after,) = backup.renamed("And on")
    assert after.position == 8
    audited(backup.exported(tmp_path / "restored"), Pins(since=copy.checkpoint()))


def test_everything_comes_back_into_an_empty_database(place: Place, postgres_server: str, tmp_path: Path) -> None:
    place.renamed("Britain")
    copy = place.exported(tmp_path / "copy")
    with fresh_database(postgres_server) as url:
        empty = replace(place, database_url=url)
        restored = empty.restored(copy)
        assert (restored.before, restored.after) == (0, 6)
        with empty.running() as (_, log), StoredLog(place.database_url) as first:
            assert log.entries(0, 100) == first.entries(0, 100)
        assert empty.restored(copy).before == 6


def test_a_copy_that_ends_too_early_is_no_help(place: Place, postgres_server: str, tmp_path: Path) -> None:
    short = place.exported(tmp_path / "short")
    place.renamed("Britain")
    with fresh_database(postgres_server) as url:
        empty = replace(place, database_url=url)
        with pytest.raises(Undecidable, match="ends at 5 entries; 6 were published"):
            empty.restored(short)
        with StoredLog(url) as log:
            assert log.head().tree_size == 0


def test_a_copy_of_another_history_is_refused(place: Place, backup: Place, tmp_path: Path) -> None:
    with backup.running(watched=False) as (intake, _):
        for party in ("de", "fr"):
            assert isinstance(intake.submit([place.acts.offices[party].renaming()])[0], Sealed)
    forked = backup.exported(tmp_path / "forked")
    with pytest.raises(LieFound) as found:
        place.restored(forked)
    assert found.value.finding.lie is Lie.HISTORY_REWRITTEN


def test_a_database_with_another_history_is_not_mixed_with_the_copy(
    place: Place, backup: Place, tmp_path: Path
) -> None:
    copy = place.exported(tmp_path / "copy")
    with backup.running(watched=False) as (intake, log):
        assert isinstance(intake.submit([place.acts.offices["de"].renaming()])[0], Sealed)
        before = log.entries(0, 100)
    with pytest.raises(StoreInconsistent, match="expected entry 6 of the copy in the database"):
        backup.restored(copy)
    with StoredLog(backup.database_url) as log:
        assert log.entries(0, 100) == before


# The file.


def test_a_write_that_was_cut_short_costs_the_older_slot_only(place: Place) -> None:
    (sixth,) = place.renamed("Britain")
    place.renamed("Great Britain")
    raw = bytearray(place.heads.path.read_bytes())
    newest = place.heads.newest()
    assert newest is not None
    raw[newest.slot * SLOT_BYTES + 100] ^= 1
    place.heads.path.write_bytes(raw)
    kept = place.heads.newest()
    assert kept is not None
    assert (kept.checkpoint.tree_size, kept.slot) == (6, 1 - newest.slot)
    assert sixth.receipt.endswith(kept.note)
    with place.running():
        assert kept_size(place.heads) == 7


def test_two_damaged_slots_stop_the_ledger(place: Place) -> None:
    place.renamed("Britain")
    raw = bytearray(place.heads.path.read_bytes())
    for slot in (0, 1):
        raw[slot * SLOT_BYTES + 100] ^= 1
    place.heads.path.write_bytes(raw)
    with pytest.raises(HeadsUnreadable, match="both of its slots are damaged"), place.running():
        pass


def test_heads_of_another_log_in_the_place_of_this_ones_stop_the_ledger(place: Place, tmp_path: Path) -> None:
    with closing(HeadStore(tmp_path / "heads", "elsewhere.example/x")) as other:
        other.path.write_bytes(place.heads.path.read_bytes())
        with pytest.raises(HeadsUnreadable, match="expected a head of elsewhere"):
            other.newest()


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(HeadsUnreadable, match="expected a directory for tree heads"):
        HeadStore(tmp_path / "file" / "heads", "ledger.example/x")


def test_the_heads_of_a_directory_are_listed(place: Place, tmp_path: Path) -> None:
    (kept,) = heads_in(tmp_path / "heads")
    assert kept.checkpoint.origin == place.acts.origin


# The commands.


def test_the_command_brings_back_what_was_lost_and_says_what_was_kept(
    place: Place, backup: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = place.exported(tmp_path / "copy")
    monkeypatch.setenv("DATABASE_URL", backup.database_url)
    monkeypatch.setenv("LEDGER_DATA", str(tmp_path))
    shown = CliRunner().invoke(app, ["heads"])
    assert (shown.exit_code, shown.stdout) == (0, copy.checkpoint().decode() + "\n")
    done = CliRunner().invoke(app, ["restore", str(copy.directory)])
    assert (done.exit_code, done.stdout) == (0, "restored: 2 entries, 7 in all\n")
    with backup.running() as (_, log):
        assert log.head().tree_size == 7
    monkeypatch.setenv("LEDGER_DATA", str(tmp_path / "elsewhere"))
    assert CliRunner().invoke(app, ["heads"]).exit_code == 3


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_the_command_takes_the_tiles_of_a_mirror(
    place: Place, backup: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    copy = place.exported(tmp_path / "copy")
    raws = tuple(line.raw for line in copy.entries(7))
    files = folder_of(Log(raws, copy.checkpoint()))
    named = written(files, tmp_path / "mirror") if form == "folder" else zipped(files, tmp_path / "mirror.zip")
    monkeypatch.setenv("DATABASE_URL", backup.database_url)
    monkeypatch.setenv("LEDGER_DATA", str(tmp_path))
    done = CliRunner().invoke(app, ["restore", str(named)])
    assert (done.exit_code, done.stdout) == (0, "restored: 2 entries, 7 in all\n")
    with backup.running() as (_, log):
        assert log.entries(0, 100) == list(raws)


def test_the_command_restores_nothing_from_a_false_copy(
    place: Place, backup: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = place.exported(tmp_path / "copy")
    entries = copy.directory / "entries.ndjson"
    changed = bytearray(entries.read_bytes())
    changed[len(changed) // 2] ^= 1
    entries.write_bytes(changed)
    monkeypatch.setenv("DATABASE_URL", backup.database_url)
    monkeypatch.setenv("LEDGER_DATA", str(tmp_path))
    done = CliRunner().invoke(app, ["restore", str(copy.directory)])
    assert done.exit_code == 1
    assert "Nothing was restored" in done.stderr
    with StoredLog(backup.database_url) as log:
        assert log.head().tree_size == 5
