"""Every byte of an export of ten entries, changed one at a time: the audit ends with 1 and says where.

The negative control is an auditor without chain and tree, which misses what nothing else protects.
"""

from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pytest

from ledger.audit.auditor import Auditor
from ledger.audit.export import CHECKPOINT, ENTRIES, EXPORT_FILES, PROJECTIONS, ExportDirectory
from ledger.audit.findings import LieFound, Verdict
from ledger.audit.source import Line
from ledger.log.entry import Entry
from tests.audit.ten_entries import report_of, ten_entry_export

CHUNKS = 12


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> ExportDirectory:
    return ten_entry_export(tmp_path_factory.mktemp("flips") / "export")


def flips(raw: bytes, first: int, step: int) -> Iterator[tuple[int, bytes]]:
    """Yield an offset and the bytes with one bit of it changed; neighbours differ in which bit."""
    for at in range(first, len(raw), step):
        yield at, raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]


def entry_at(raw: bytes, offset: int) -> int:
    """Return the position of the entry in which the byte stands, its line feed included."""
    return raw.count(b"\n", 0, offset) + 1


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("name", EXPORT_FILES)
def test_every_changed_byte_is_found_and_placed(export: ExportDirectory, name: str, chunk: int) -> None:
    path = export.directory / name
    raw = path.read_bytes()
    begins = [0, *accumulate(len(line) for line in raw.splitlines(keepends=True))]
    tried = 0
    try:
        for at, changed in flips(raw, chunk, CHUNKS):
            path.write_bytes(changed)
            report = report_of(export.directory)
            assert report.exit_code == 1, f"byte {at} of {name}: {report}"
            assert report.finding is not None
            place, position = report.finding.place, report.finding.position
            if name == ENTRIES and position is not None:
                # The entry itself, or the next, which names it. The place is where that entry begins.
                assert position - entry_at(raw, at) in (0, 1), f"byte {at}: {report.finding}"
                assert place == f"{ENTRIES}, byte {begins[position - 1]}"
            elif name == PROJECTIONS:
                assert place == f"{PROJECTIONS}, byte {at}"
            else:
                # The last entry is bound by the signed root only; its line feed is missed where it stood.
                cut = name == ENTRIES and at == len(raw) - 1
                expected = f"{ENTRIES}, byte {begins[-2]}" if cut else CHECKPOINT
                assert place == expected, f"byte {at} of {name}: {report.finding}"
                assert name == CHECKPOINT or entry_at(raw, at) == 10
            tried += 1
    finally:
        path.write_bytes(raw)
    assert tried == len(range(chunk, len(raw), CHUNKS))
    assert report_of(export.directory).verdict is Verdict.VALID


class WithoutChain(Auditor):
    """An auditor that does not look at what an entry names as the one before."""

    def check_chain(self, line: Line, entry: Entry) -> None:
        """Believe it."""


def test_negative_control_without_chain_and_tree_changed_bytes_are_missed(export: ExportDirectory) -> None:
    path = export.directory / ENTRIES
    raw = path.read_bytes()
    missed = []
    try:
        for at, changed in flips(raw, 0, 3):
            if not is_outside_the_envelope(raw, at):
                continue
            path.write_bytes(changed)
            try:
                # No checkpoint is read and no root compared: these are the steps over the entries alone.
                assert len(list(WithoutChain().follow(export.entries(10)))) == 10
                missed.append(at)
            except LieFound:
                pass
        # What was missed is found by the whole audit.
        for at in missed[:: len(missed) // 20]:
            path.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :])
            assert report_of(export.directory).exit_code == 1
    finally:
        path.write_bytes(raw)
    assert len(missed) > 40


def is_outside_the_envelope(raw: bytes, at: int) -> bool:
    """Tell whether the byte is in an entry's `position`, `previous` or `recorded_at`."""
    begin = raw.rfind(b"\n", 0, at) + 1
    return at > raw.index(b'},"position":', raw.rfind(b'"signatures"', begin, raw.index(b"\n", begin)))


def report_on(path: Path, raw: bytes, changed: bytes) -> int:
    """Return the exit code of the audit with other bytes in one file, and put the file back."""
    try:
        path.write_bytes(changed)
        return report_of(path.parent).exit_code
    finally:
        path.write_bytes(raw)


@pytest.mark.parametrize("name", EXPORT_FILES)
def test_every_file_cut_short_or_prolonged_by_a_byte_is_found(export: ExportDirectory, name: str) -> None:
    path = export.directory / name
    raw = path.read_bytes()
    for changed in (raw[:-1], raw + b"\n", raw + b" ", b"\n" + raw, b"\xef\xbb\xbf" + raw, raw * 2):
        assert report_on(path, raw, changed) == 1
    assert report_on(path, raw, raw) == 0


@pytest.mark.slow
@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("name", EXPORT_FILES)
def test_every_single_bit_is_found(export: ExportDirectory, name: str, bit: int) -> None:
    path = export.directory / name
    raw = path.read_bytes()
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]
        assert report_on(path, raw, changed) == 1, f"bit {bit} of byte {at} of {name}"
