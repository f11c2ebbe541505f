"""Folders of tiles and zips of them, honest and not: what is proved, what is a lie, what stays undecided."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledger.audit import tile_zip
from ledger.audit.audit import Pins
from ledger.audit.findings import Lie, Verdict
from ledger.cli.main import app
from ledger.log.entry import ENTRY_BYTES_MAX
from tests.acts import Founding, founding, log_key
from tests.audit.logs import Log, checkpoint_over, log_of
from tests.audit.tile_folders import Files, bundle, folder_of, report_on, written, zipped

SIZES = (1, 2, 255, 256, 257, 300)
LARGEST = SIZES[-1]


@pytest.fixture(scope="module")
def made() -> Founding:
    return founding()


@pytest.fixture(scope="module")
def log(made: Founding) -> Log:
    raws = list(made.raws)
    raws += [made.depositary.renaming(f"Name {number}", subject="gb") for number in range(LARGEST - len(raws))]
    return log_of(raws, made.log_signer)


@pytest.fixture(scope="module")
def files(log: Log) -> Files:
    return folder_of(log)


@pytest.fixture
def small(made: Founding) -> Files:
    """The folder of the five entries of the founding."""
    return folder_of(log_of(made.raws, made.log_signer))


Packing = Callable[[Files, Path], Path]


def as_folder(files: Files, place: Path) -> Path:
    return written(files, place / "tiles")


def as_zip(files: Files, place: Path) -> Path:
    return zipped(files, place / "tiles.zip")


def as_packed_zip(files: Files, place: Path) -> Path:
    return zipped(files, place / "packed.zip", zipfile.ZIP_DEFLATED)


PACKINGS = [as_folder, as_zip, as_packed_zip]


@pytest.mark.parametrize("pack", PACKINGS)
@pytest.mark.parametrize("size", SIZES)
def test_an_honest_copy_is_accepted_with_every_file_compared(
    log: Log, made: Founding, pack: Packing, size: int, tmp_path: Path
) -> None:
    entries = log.entries[:size]
    part = Log(entries, checkpoint_over(entries, made.log_signer))
    files = folder_of(part)
    report = report_on(pack(files, tmp_path), Pins((made.log_signer.vkey,)))
    assert (report.verdict, report.tree_size) == (Verdict.VALID, size), report
    assert report.proved[-1].what == "tiles"
    assert report.proved[-1].count == len(files) - 1
    assert not any("not read" in assumed for assumed in report.assumed)


@pytest.mark.parametrize("pack", PACKINGS)
def test_what_was_there_before_is_compared_too(log: Log, pack: Packing, tmp_path: Path) -> None:
    files = folder_of(log, 1, 2, 255, 256, 257)
    report = report_on(pack(files, tmp_path))
    assert (report.verdict, report.proved[-1].count) == (Verdict.VALID, len(files) - 1)


@pytest.mark.parametrize("pack", PACKINGS)
@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"])
def test_a_wrong_tile_is_found_and_named(files: Files, pack: Packing, path: str, tmp_path: Path) -> None:
    wrong = bytearray(files[path])
    wrong[17] ^= 1
    report = report_on(pack({**files, path: bytes(wrong)}, tmp_path))
    assert report.finding is not None
    assert (report.finding.lie, report.finding.place) == (Lie.TILE_WRONG, f"{path}, byte 17")
    assert report.finding.evidence["derived"] == files[path].hex()


@pytest.mark.parametrize("pack", PACKINGS)
@pytest.mark.parametrize("path", ["tile/0/000.p/3", "tile/entries/000.p/3", "tile/1/000.p/1", "tile/0/001.p/2"])
def test_a_partial_file_that_is_not_the_beginning_of_the_whole_is_found(
    files: Files, pack: Packing, path: str, tmp_path: Path
) -> None:
    report = report_on(pack({**files, path: bytes(32)}, tmp_path))
    assert report.finding is not None
    assert report.finding.lie is Lie.TILE_WRONG
    assert report.finding.place.startswith(f"{path}, byte ")


@pytest.mark.parametrize("pack", PACKINGS)
@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000", "tile/1/000.p/1", "tile/entries/000", "tile/0/001.p/44"])
def test_a_missing_file_leaves_it_undecided(files: Files, pack: Packing, path: str, tmp_path: Path) -> None:
    report = report_on(pack({name: raw for name, raw in files.items() if name != path}, tmp_path))
    assert (report.verdict, report.exit_code) == (Verdict.UNDECIDED, 3), report
    assert report.reason is not None
    assert path in report.reason


@pytest.mark.parametrize("pack", PACKINGS)
def test_strangers_are_named_and_not_read(files: Files, pack: Packing, tmp_path: Path) -> None:
    strangers = {
        "notes.txt": b"hello",
        "tile/0/001": bytes(8192),
        "tile/0/001.p/45": bytes(45 * 32),
        "tile/0/1": b"",
        "tile/2/000.p/1": bytes(32),
        "tile/entries/x000/000": b"",
        "tile/0/000.p/03": bytes(96),
        "tile/0/000.p/999": b"",
        "tile/entries/000.p/256": b"",
    }
    report = report_on(pack({**files, **strangers}, tmp_path))
    (told,) = [assumed for assumed in report.assumed if "not read" in assumed]
    assert report.verdict is Verdict.VALID
    assert all(repr(name) in told for name in strangers)
    assert told.count("'") == 2 * len(strangers)


def test_many_strangers_are_counted(small: Files, tmp_path: Path) -> None:
    report = report_on(as_folder({**small, **{f"x{number}": b"" for number in range(50)}}, tmp_path))
    assert any("and 40 more" in assumed for assumed in report.assumed)


@pytest.mark.parametrize("pack", PACKINGS)
def test_other_entries_under_the_same_checkpoint_are_a_lie(log: Log, pack: Packing, tmp_path: Path) -> None:
    entries = [*log.entries[:-1], log.entries[-1].replace(b'"position":300', b'"position":301')]
    report = report_on(pack(folder_of(log.with_entries(entries)), tmp_path))
    assert report.finding is not None
    assert report.finding.lie is Lie.POSITION_WRONG
    assert report.finding.place.startswith("tile/entries/001.p/44, byte ")


@pytest.mark.parametrize("pack", PACKINGS)
@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw[:-1],
        lambda raw: raw + b"\0",
        lambda raw: b"\0\0" + raw,
        lambda raw: raw + bundle([b"{}"]),
        lambda raw: b"\xff\xff",
        lambda raw: b"",
    ],
)
def test_a_bundle_of_another_form_is_malformed(
    small: Files, pack: Packing, change: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = "tile/entries/000.p/5"
    report = report_on(pack({**small, path: change(small[path])}, tmp_path))
    assert report.finding is not None
    assert (report.finding.lie, report.finding.place.partition(",")[0]) == (Lie.EXPORT_MALFORMED, path)


def test_another_logs_checkpoint_is_not_enough(small: Files, made: Founding, tmp_path: Path) -> None:
    stranger = log_key()
    other = checkpoint_over([b"x"] * 5, stranger)
    assert report_on(as_folder({**small, "checkpoint": other}, tmp_path)).exit_code == 1


def test_a_folder_is_not_taken_for_an_export_nor_an_export_for_a_folder(small: Files, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert report_on(tmp_path / "empty").exit_code == 3
    folder = written({**small, "entries.ndjson": b""}, tmp_path / "both")
    assert report_on(folder).exit_code == 1


def test_a_pipe_or_a_device_in_the_place_of_a_tile_is_not_read(small: Files, tmp_path: Path) -> None:
    folder = as_folder(small, tmp_path)
    tile = folder / "tile/0/000.p/5"
    tile.unlink()
    os.mkfifo(tile)
    assert report_on(folder).exit_code == 3
    tile.unlink()
    tile.symlink_to("/dev/zero")
    assert report_on(folder).exit_code == 3


def test_the_command_reads_a_folder_and_a_zip(small: Files, tmp_path: Path) -> None:
    for packed in (as_folder(small, tmp_path), as_zip(small, tmp_path)):
        done = CliRunner().invoke(app, ["audit", str(packed)])
        assert done.exit_code == 0, done.output
        assert "proved   tiles" in done.stdout


# Zips that were made to harm.


@pytest.mark.parametrize(
    "name",
    [
        "../checkpoint",
        "tile/../../etc/passwd",
        "/etc/passwd",
        "tile//0",
        "./checkpoint",
        "tile\\0",
        "a" * 256,
        "..",
        "/",
        "tile/0/./000",
    ],
)
def test_a_name_that_leads_elsewhere_is_a_lie(small: Files, name: str, tmp_path: Path) -> None:
    report = report_on(as_zip({**small, name: b"x"}, tmp_path))
    assert report.finding is not None
    assert report.finding.lie is Lie.EXPORT_MALFORMED


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["checkpoint", "tile/0/000.p/5", "notes"])
def test_a_name_that_stands_twice_is_a_lie(small: Files, name: str, tmp_path: Path) -> None:
    file = as_zip({**small, "notes": b""}, tmp_path)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, b"another")
    report = report_on(file)
    assert report.finding is not None
    assert (report.finding.lie, report.finding.place) == (Lie.EXPORT_MALFORMED, name)


def test_a_bomb_is_read_no_further_than_the_file_may_be_long(small: Files, tmp_path: Path) -> None:
    bomb = bytes(16 * 1024 * 1024)
    for path in ("tile/0/000.p/5", "tile/0/000.p/2", "tile/entries/000.p/5", "checkpoint"):
        file = as_packed_zip({**small, path: bomb}, tmp_path)
        assert file.stat().st_size < 1024 * 1024
        assert report_on(file).exit_code == 1, path


def test_a_size_that_the_archive_lies_about_is_found(small: Files, tmp_path: Path) -> None:
    path = "tile/0/000.p/5"
    file = as_packed_zip(small, tmp_path)
    raw = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        member = archive.getinfo(path)
    place = raw.rindex(path.encode()) - 22
    assert int.from_bytes(raw[place : place + 4], "little") == member.file_size == 160
    for claimed in (159, 161, 2**31):
        file.write_bytes(raw[:place] + claimed.to_bytes(4, "little") + raw[place + 4 :])
        assert report_on(file).exit_code == 1, claimed


def test_files_that_lie_over_each_other_are_found(small: Files, tmp_path: Path) -> None:
    file = as_zip(small, tmp_path)
    raw = bytearray(file.read_bytes())
    path = b"tile/entries/000.p/5"
    # The directory's record of the bundle says that it takes a byte more than there is before the next file.
    place = raw.rindex(path) - 26
    packed = int.from_bytes(raw[place : place + 4], "little")
    raw[place : place + 4] = (packed + 1).to_bytes(4, "little")
    file.write_bytes(raw)
    report = report_on(file)
    assert report.finding is not None
    assert report.finding.lie is Lie.EXPORT_MALFORMED


@pytest.mark.parametrize("cut", [1, 22, 100, 2000])
def test_an_archive_that_is_cut_off_leaves_it_undecided(small: Files, cut: int, tmp_path: Path) -> None:
    file = as_zip(small, tmp_path)
    raw = file.read_bytes()
    file.write_bytes(raw[:-cut])
    assert report_on(file).exit_code == 3
    file.write_bytes(raw + b"x")
    assert report_on(file).exit_code == 3


@pytest.mark.parametrize("raw", [b"", b"PK\5\6", b"PK\5\6" + bytes(18), b"x" * 5000, b"PK\3\4" + bytes(100)])
def test_what_is_no_archive_leaves_it_undecided(raw: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    file.write_bytes(raw)
    assert report_on(file).exit_code == 3
    assert report_on(tmp_path / "absent.zip").exit_code == 3


def test_more_files_than_are_read_leave_it_undecided(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = as_zip(small, tmp_path)
    assert report_on(file).exit_code == 0
    monkeypatch.setattr(tile_zip, "MEMBERS_MAX", len(small) - 1)
    report = report_on(file)
    assert (report.exit_code, "at most" in str(report.reason)) == (3, True)
    monkeypatch.undo()
    monkeypatch.setattr(tile_zip, "DIRECTORY_BYTES_MAX", 100)
    assert report_on(file).exit_code == 3


@pytest.mark.slow
def test_a_large_archive_says_so_in_its_64_bit_record(small: Files, tmp_path: Path) -> None:
    file = as_zip({**small, **{f"x{number}": b"" for number in range(66_000)}}, tmp_path)
    assert report_on(file).exit_code == 0
    raw = bytearray(file.read_bytes())
    # The number of files in the record of 64 bits; the other one can only say that it has not enough room.
    place = raw.rindex(b"PK\6\6") + 32
    raw[place : place + 8] = (2**40).to_bytes(8, "little")
    file.write_bytes(raw)
    report = report_on(file)
    assert (report.exit_code, str(2**40) in str(report.reason)) == (3, True)


def test_an_encrypted_or_strangely_packed_file_leaves_it_undecided(small: Files, tmp_path: Path) -> None:
    assert report_on(zipped(small, tmp_path / "bz2.zip", zipfile.ZIP_BZIP2)).exit_code == 3
    file = as_zip(small, tmp_path)
    raw = bytearray(file.read_bytes())
    place = raw.rindex(b"tile/entries/000.p/5") - 46 + 8
    raw[place] |= 1
    file.write_bytes(raw)
    assert report_on(file).exit_code == 3


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000.p/5", "tile/entries/000.p/5"])
def test_a_changed_byte_within_a_zip_is_found(small: Files, path: str, tmp_path: Path) -> None:
    file = as_zip(small, tmp_path)
    raw = file.read_bytes()
    begin = raw.index(small[path])
    step = 61 if "entries" in path else 1
    for at in range(begin, begin + len(small[path]), step):
        file.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :])
        assert report_on(file).exit_code == 1, at


def test_the_longest_entries_fit_into_a_bundle(tmp_path: Path) -> None:
    """An entry that only lies about its length is an entry's lie, not the archive's."""
    files = {"checkpoint": checkpoint_over([b"x" * ENTRY_BYTES_MAX], log_key())}
    files |= {"tile/entries/000.p/1": bundle([b"x" * ENTRY_BYTES_MAX]), "tile/0/000.p/1": bytes(32)}
    report = report_on(as_zip(files, tmp_path))
    assert report.finding is not None
    assert report.finding.lie is Lie.ENTRY_MALFORMED
