"""Killed between the steps of a seal, and a database put back row by row by a superuser: what the head store knows."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.store.errors import HeadsUnreadable, LogRolledBack
from ledger.store.heads import HeadStore
from ledger.store.log import StoredLog
from tests.acts import Founding, founding
from tests.intake.killed import Moment, submit_and_die

TABLES = ("entries", "head", "tiles", "streams", "checkpoints")


@dataclass(frozen=True)
class Place:
    """A ledger of five entries whose processes come and go."""

    database_url: str
    directory: Path
    acts: Founding

    def submit(self, *raws: bytes, watched: bool = True) -> list[Sealed]:
        with StoredLog(self.database_url) as log, closing(HeadStore(self.directory, self.acts.origin)) as heads:
            outcomes = self._intake(log, heads if watched else None).submit(raws)
        assert all(isinstance(one, Sealed) for one in outcomes), outcomes
        return [one for one in outcomes if isinstance(one, Sealed)]

    def kept_size(self) -> int:
        with closing(HeadStore(self.directory, self.acts.origin)) as heads:
            kept = heads.newest()
        return kept.checkpoint.tree_size if kept is not None else 0

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        with psycopg.connect(self.database_url) as connection:
            return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}

    def put_back(self, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        """Do what a superuser can: switch the triggers off, and make every table what it was."""
        with psycopg.connect(self.database_url) as connection:
            for table, was in rows.items():
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
                connection.execute(f"DELETE FROM {table}")
                places = ", ".join(["%s"] * len(was[0]))
                connection.cursor().executemany(f"INSERT INTO {table} VALUES ({places})", was)

    def _intake(self, log: StoredLog, heads: HeadStore | None) -> Intake:
        return Intake(log, self.acts.origin, [self.acts.log_signer], self.acts.service, heads=heads)


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Place:
    acts = founding()
    made = Place(database_url, tmp_path / "heads", acts)
    made.submit(*acts.raws)
    return made


@pytest.mark.parametrize(("dies", "kept"), [("before", 5), ("after", 6)])
def test_killed_between_commit_and_receipt_the_same_bytes_get_the_receipt(
    place: Place, dies: Moment, kept: int
) -> None:
    raw = place.acts.offices["gb"].renaming()
    submit_and_die(place.database_url, place.acts, place.directory, raw, dies)
    assert place.kept_size() == kept
    with StoredLog(place.database_url) as log:
        assert (log.head().tree_size, log.checkpoint(6)) == (6, None), "committed, and given to nobody"
    (sealed,) = place.submit(raw)
    assert (sealed.position, sealed.duplicate, place.kept_size()) == (6, True, 6)
    (following,) = place.submit(place.acts.offices["de"].renaming())
    assert (following.position, place.kept_size()) == (7, 7)


def test_rows_that_a_superuser_put_back_are_noticed(place: Place) -> None:
    before = place.rows()
    place.submit(place.acts.offices["gb"].renaming())
    place.put_back(before)
    other = place.acts.offices["de"].renaming()
    with pytest.raises(LogRolledBack, match="expected the log of 6 entries"):
        place.submit(other)
    (second,) = place.submit(other, watched=False)
    assert second.position == 6, "without the head store another entry 6 is signed"


def test_with_its_file_moved_away_nothing_is_published(place: Place, tmp_path: Path) -> None:
    with StoredLog(place.database_url) as log, closing(HeadStore(place.directory, place.acts.origin)) as heads:
        intake = place._intake(log, heads)
        heads.path.rename(tmp_path / "moved")
        with pytest.raises(HeadsUnreadable, match="removed or replaced"):
            intake.submit([place.acts.offices["gb"].renaming()])
        assert log.checkpoint(6) is None
        (tmp_path / "moved").rename(heads.path)
        assert intake.checkpoint() is not None
    assert place.kept_size() == 6


def test_a_head_store_that_begins_anew_beside_entries_is_told(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    (kept,) = place.directory.iterdir()
    kept.unlink()
    place.submit(place.acts.offices["gb"].renaming())
    assert "heads_begin_anew" in capfd.readouterr().err
    place.submit(place.acts.offices["de"].renaming())
    assert "heads_begin_anew" not in capfd.readouterr().err
