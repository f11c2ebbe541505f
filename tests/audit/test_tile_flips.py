"""Every byte of a folder of tiles changed, one at a time: the audit ends with 1.

The folder is of ten entries and holds what was there when the log had seven. The negative control is a reader that does
not compare the tiles, which misses them.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.audit.export import CHECKPOINT
from ledger.audit.findings import Lie
from ledger.audit.tile_source import TileSource
from ledger.audit.tile_store import TileDirectory
from ledger.log.tiles import Tile
from tests.audit.logs import Log, audited
from tests.audit.ten_entries import ten_entry_export
from tests.audit.test_byte_flips import flipped
from tests.audit.tile_folders import folder_of, report_on, written
from tests.places import passing_directory

BUNDLE, OLDER_BUNDLE = "tile/entries/000.p/10", "tile/entries/000.p/7"
TILE, OLDER_TILE = "tile/0/000.p/10", "tile/0/000.p/7"
FILES = (CHECKPOINT, TILE, OLDER_TILE, BUNDLE, OLDER_BUNDLE)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with passing_directory() as place:
        export = ten_entry_export(place / "export")
        log = Log(tuple(line.raw for line in export.entries(10)), export.checkpoint())
        files = folder_of(log, 7)
        assert set(files) == set(FILES)
        yield written(files, place / "tiles")


@pytest.mark.parametrize(
    ("name", "step"), [(CHECKPOINT, 1), (TILE, 1), (OLDER_TILE, 1), (BUNDLE, 7), (OLDER_BUNDLE, 29)]
)
def test_a_changed_byte_is_found(folder: Path, name: str, step: int) -> None:
    tried = 0
    for at in flipped(folder / name, step):
        check_found(folder, name, at)
        tried += 1
    assert tried == len(range(0, (folder / name).stat().st_size, step))
    assert report_on(folder).exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", [BUNDLE, OLDER_BUNDLE])
def test_every_changed_byte_of_the_entries_is_found(folder: Path, name: str) -> None:
    for at in flipped(folder / name):
        check_found(folder, name, at)


def check_found(folder: Path, name: str, at: int) -> None:
    report = report_on(folder)
    assert report.exit_code == 1, f"byte {at} of {name}: {report}"
    assert report.finding is not None
    if name in (TILE, OLDER_TILE, OLDER_BUNDLE):
        assert (report.finding.lie, report.finding.place) == (Lie.TILE_WRONG, f"{name}, byte {at}")
        assert "checkpoint" in report.finding.evidence
    elif name == BUNDLE:
        assert report.finding.lie is not Lie.TILE_WRONG
        assert report.finding.place.startswith((BUNDLE, CHECKPOINT)), report.finding


@pytest.mark.parametrize("name", FILES)
def test_every_file_cut_short_or_prolonged_is_found(folder: Path, name: str) -> None:
    path = folder / name
    raw = path.read_bytes()
    for changed in (raw[:-1], raw[1:], raw + b"\n", raw + bytes(32), raw * 2, b""):
        path.write_bytes(changed)
        assert report_on(folder).exit_code == 1, (name, len(changed))
    path.write_bytes(raw)
    assert report_on(folder).exit_code == 0


class WithoutTiles(TileSource):
    """A reader that believes every tile."""

    def _compare_tile(self, tile: Tile) -> None:
        """Believe it."""


def test_negative_control_a_reader_that_compares_no_tile_misses_it(folder: Path) -> None:
    for _ in flipped(folder / TILE, 100):
        source = WithoutTiles(TileDirectory(folder))
        audited(source)
        assert source.compared().what == "tiles"
        assert report_on(folder).exit_code == 1
