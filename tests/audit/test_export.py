"""The format of an export, read strictly and written whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.audit.export import CHECKPOINT, ENTRIES, PROJECTIONS, ExportDirectory, write_export
from ledger.audit.findings import Lie, LieFound, Undecidable, Verdict
from ledger.log.entry import ENTRY_BYTES_MAX
from tests.acts import founding
from tests.audit.logs import Log, audited, exported, lie_of, log_of
from tests.audit.ten_entries import report_of, ten_entry_export


@pytest.fixture
def log() -> Log:
    founded = founding()
    return log_of(founded.raws, founded.log_signer)


@pytest.fixture
def export(log: Log, tmp_path: Path) -> ExportDirectory:
    return exported(log, tmp_path / "export")


def test_what_was_written_is_read_back(log: Log, export: ExportDirectory) -> None:
    assert [line.raw for line in export.entries(5)] == list(log.entries)
    assert export.checkpoint() == log.note
    assert audited(export).checkpoint.tree_size == 5
    assert sorted(path.name for path in export.directory.iterdir()) == [CHECKPOINT, ENTRIES]


def test_a_line_says_where_it_began(log: Log, export: ExportDirectory) -> None:
    raw = (export.directory / ENTRIES).read_bytes()
    for line in export.entries(5):
        assert raw[line.offset :].startswith(line.raw + b"\n")


@pytest.mark.parametrize("content", [b"\n", b"\n\n", b"{}\n\n{}\n", b"{}", b"{}\n{}", b"x" * (ENTRY_BYTES_MAX + 2)])
def test_lines_in_another_form_are_refused(export: ExportDirectory, content: bytes) -> None:
    (export.directory / ENTRIES).write_bytes(content)
    with pytest.raises(LieFound) as found:
        list(export.entries(1))
    assert found.value.finding.lie is Lie.EXPORT_MALFORMED
    assert ENTRIES in found.value.finding.place


def test_a_carriage_return_before_the_line_feed_is_no_entry(log: Log, export: ExportDirectory) -> None:
    (export.directory / ENTRIES).write_bytes(b"".join(raw + b"\r\n" for raw in log.entries))
    assert lie_of(export).lie is Lie.ENTRY_MALFORMED


def test_a_file_without_line_feeds_is_not_read_into_memory(export: ExportDirectory) -> None:
    with (export.directory / ENTRIES).open("wb") as file:
        file.truncate(1 << 34)
    assert lie_of(export).lie is Lie.EXPORT_MALFORMED


@pytest.mark.parametrize("name", [ENTRIES, CHECKPOINT])
def test_a_missing_file_leaves_the_audit_undecided(export: ExportDirectory, name: str) -> None:
    (export.directory / name).unlink()
    with pytest.raises(Undecidable, match=name):
        audited(export)


def test_an_empty_or_absent_directory_is_not_a_clean_audit(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "absent"):
        report = report_of(tmp_path / name)
        assert (report.verdict, report.exit_code) == (Verdict.UNDECIDED, 3)


def test_an_export_without_figures_says_so(export: ExportDirectory) -> None:
    report = report_of(export.directory)
    assert report.verdict is Verdict.VALID
    assert any(PROJECTIONS in assumed for assumed in report.assumed)
    assert not any(proved.what == "obligations" for proved in report.proved)


def test_figures_renamed_away_are_not_silently_accepted(tmp_path: Path) -> None:
    directory = ten_entry_export(tmp_path / "export").directory
    (directory / PROJECTIONS).rename(directory / "projection.json")
    report = report_of(directory)
    assert any("projection.json" in assumed for assumed in report.assumed)
    assert any(f"no {PROJECTIONS}" in assumed for assumed in report.assumed)


def test_an_export_is_not_written_over_another(log: Log, export: ExportDirectory) -> None:
    with pytest.raises(FileExistsError):
        write_export(export.directory, log.entries, log.note)
    assert audited(export).checkpoint.tree_size == 5


@pytest.mark.parametrize("raw", [b"", b"{}\n", b"{\n}"])
def test_an_entry_that_is_not_one_line_is_not_written(log: Log, tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(ValueError, match="one line"):
        write_export(tmp_path / "export", [*log.entries, raw], log.note)
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_is_cut_short_leaves_nothing(log: Log, tmp_path: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield from log.entries[:3]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        write_export(tmp_path / "export", breaking(), log.note)
    assert list(tmp_path.iterdir()) == []
