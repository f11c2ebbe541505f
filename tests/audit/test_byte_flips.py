"""Every byte of an export of ten entries, changed one at a time: the audit ends with 1 and says where.

What was judged before is not judged again: an audit takes up at the first line that is another. Every 17th byte is put
to the whole audit as the command makes it, and with `-m slow` every bit. The negative control is an auditor without
chain and tree, which misses what nothing else protects.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path

import pytest

from ledger.audit.audit import Audited, Pins, audit
from ledger.audit.auditor import Auditor, Followed
from ledger.audit.export import CHECKPOINT, ENTRIES, EXPORT_FILES, PROJECTIONS, ExportDirectory
from ledger.audit.findings import Finding, LieFound, Verdict
from ledger.audit.source import Line
from ledger.log.entry import Entry
from ledger.rules.memory import Overlay
from projections.audited_file import check_file
from tests.audit.ten_entries import report_of, ten_entry_export
from tests.places import passing_directory

WHOLE_AUDIT_STEP = 17
"""No multiple of two: all eight bits have their turn."""


@pytest.fixture(scope="module")
def export() -> Iterator[ExportDirectory]:
    with passing_directory() as place:
        yield ten_entry_export(place / "export")


def flips(raw: bytes, first: int, step: int) -> Iterator[tuple[int, bytes]]:
    """Yield an offset and the bytes with one bit of it changed; neighbours differ in which bit."""
    for at in range(first, len(raw), step):
        yield at, raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]


def flipped(path: Path, step: int = 1) -> Iterator[int]:
    """Yield the offsets of a file, each while one bit of its byte is changed in the file itself."""
    raw = path.read_bytes()
    file = os.open(path, os.O_WRONLY)
    try:
        for at in range(0, len(raw), step):
            os.pwrite(file, bytes([raw[at] ^ 1 << at % 8]), at)
            yield at
            os.pwrite(file, raw[at : at + 1], at)
    finally:
        os.close(file)
        path.write_bytes(raw)


def entry_at(raw: bytes, offset: int) -> int:
    """Return the position of the entry in which the byte stands, its line feed included."""
    return raw.count(b"\n", 0, offset) + 1


def check_place(finding: Finding, name: str, raw: bytes, at: int) -> None:
    """Fail unless the finding says where the changed byte is."""
    begins = [0, *accumulate(len(line) for line in raw.splitlines(keepends=True))]
    if name == ENTRIES and finding.position is not None:
        # The entry itself, or the next, which names it. The place is where that entry begins.
        assert finding.position - entry_at(raw, at) in (0, 1), f"byte {at}: {finding}"
        assert finding.place == f"{ENTRIES}, byte {begins[finding.position - 1]}"
    elif name == PROJECTIONS:
        assert finding.place == f"{PROJECTIONS}, byte {at}"
    else:
        # The last entry is bound by the signed root only; its line feed is missed where it stood.
        cut = name == ENTRIES and at == len(raw) - 1
        expected = f"{ENTRIES}, byte {begins[-2]}" if cut else CHECKPOINT
        assert finding.place == expected, f"byte {at} of {name}: {finding}"
        assert name == CHECKPOINT or entry_at(raw, at) == 10


class Resumed(Auditor):
    """An auditor that has judged some entries: it takes them as judged for as long as they are the same bytes."""

    def __init__(self, judged: Sequence[Followed]) -> None:
        super().__init__()
        self._judged = judged
        assert len(list(super().follow(Line(one.entry.raw, "", 0) for one in judged))) == len(judged)
        assert self.tree.tree_size == len(judged)

    def follow(self, lines: Iterable[Line]) -> Iterator[Followed]:
        lines = iter(lines)
        for known, line in zip(self._judged, islice(lines, len(self._judged)), strict=True):
            assert line.raw == known.entry.raw
            yield known
        yield from super().follow(lines)

    def again(self) -> "Resumed":
        """Return another at the same place, which folds what comes without a change to this one."""
        other = object.__new__(Resumed)
        vars(other).update(vars(self), compact=Overlay(self.compact), authorities={**self.authorities}, _leaves=[])
        return other


def audited_by(auditor: Auditor, export: ExportDirectory) -> Audited:
    return audit(export, Pins(), auditor, lambda followed: None)


def test_every_changed_byte_of_the_entries_is_found_and_placed(export: ExportDirectory) -> None:
    raw = (export.directory / ENTRIES).read_bytes()
    judged = list(Auditor().follow(export.entries(10)))
    resumed = [Resumed(judged[:count]) for count in range(10)]
    whole = audited_by(Auditor(), export)
    assert all(audited_by(one.again(), export).proved == whole.proved for one in resumed)
    tried = 0
    for at in flipped(export.directory / ENTRIES):
        with pytest.raises(LieFound) as lie:
            audited_by(resumed[entry_at(raw, at) - 1].again(), export)
        check_place(lie.value.finding, ENTRIES, raw, at)
        tried += 1
    assert tried == len(raw)
    assert audited_by(Auditor(), export).proved == whole.proved


def test_every_changed_byte_of_the_figures_is_found_and_placed(export: ExportDirectory) -> None:
    raw = (export.directory / PROJECTIONS).read_bytes()
    audited = audited_by(Auditor(), export)
    tried = 0
    for at in flipped(export.directory / PROJECTIONS):
        written = export.projections()
        assert written is not None
        with pytest.raises(LieFound) as lie:
            check_file(audited, written)
        check_place(lie.value.finding, PROJECTIONS, raw, at)
        tried += 1
    assert tried == len(raw)
    assert check_file(audited, raw).what == "obligations"


@pytest.mark.parametrize(
    ("name", "step"), [(ENTRIES, WHOLE_AUDIT_STEP), (CHECKPOINT, 1), (PROJECTIONS, WHOLE_AUDIT_STEP)]
)
def test_a_changed_byte_ends_the_whole_audit_with_1(export: ExportDirectory, name: str, step: int) -> None:
    raw = (export.directory / name).read_bytes()
    tried = 0
    for at in flipped(export.directory / name, step):
        report = report_of(export.directory)
        assert report.exit_code == 1, f"byte {at} of {name}: {report}"
        assert report.finding is not None
        check_place(report.finding, name, raw, at)
        tried += 1
    assert tried == len(range(0, len(raw), step))
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
