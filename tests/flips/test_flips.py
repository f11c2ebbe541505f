"""Changed bits of a longer export: all are found, the quick judge says what the whole audit says, and work resumes.

The negative control is a judge that looks neither at the chain, nor at signatures, nor at the tree.
"""

from collections import Counter
from pathlib import Path

import pytest

from ledger.audit.auditor import Auditor
from ledger.audit.export import CHECKPOINT, ENTRIES
from ledger.audit.source import Line
from ledger.events.stages import Envelope, Verified
from ledger.log.entry import Entry
from tests.audit.ten_entries import report_of
from tests.flips.__main__ import main
from tests.flips.exports import history_of, make_export
from tests.flips.judge import Judge, bits
from tests.flips.parts import Part, run, tried

ENTRIES_MADE = 40
STEP = 67
"""Every so many bytes, all eight bits: about a thousand changes to each entry's eight thousand."""


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("flips") / "export"
    make_export(directory, ENTRIES_MADE, seed=4)
    return directory


def judge_of(directory: Path, auditor: Auditor | None = None) -> Judge:
    read = (directory / ENTRIES).read_bytes(), (directory / CHECKPOINT).read_bytes()
    return Judge(*read, auditor or Auditor())


def test_changed_bits_all_over_are_found(export: Path) -> None:
    judge = judge_of(export)
    done = [tried(judge, entry, STEP) for entry in range(len(judge) + 1)]
    assert [one.missed for one in done] == [[]] * (ENTRIES_MADE + 1)
    size = sum((export / name).stat().st_size for name in (ENTRIES, CHECKPOINT))
    assert sum(one.flips for one in done) >= 8 * size // STEP
    assert len({lie for one in done for lie in one.lies}) >= 8


def test_the_quick_judge_says_what_the_whole_audit_says(export: Path) -> None:
    """Line feeds included: a line that is cut in two, or joined with the next."""
    path = export / ENTRIES
    raw = path.read_bytes()
    judge = judge_of(export)
    lies: Counter[str] = Counter()
    begin = 0
    try:
        for entry, line in enumerate(raw.splitlines(keepends=True)):
            judge.advance(entry)
            every = list(bits(line))
            with_feeds = [one for one in every if one.count(b"\n") != 1]
            for changed in [*every[entry::1237], *with_feeds[entry % 7 :: 211], *every[-8:-5]]:
                path.write_bytes(raw[:begin] + changed + raw[begin + len(line) :])
                whole, quick = report_of(export).finding, judge.of_line(changed)
                assert whole is not None, f"entry {entry + 1}: missed"
                assert quick is not None, f"entry {entry + 1}: missed by the quick judge alone"
                assert (quick.lie, quick.position, quick.expected) == (whole.lie, whole.position, whole.expected)
                lies[quick.lie] += 1
            begin += len(line)
    finally:
        path.write_bytes(raw)
    assert lies.total() > 300
    assert {"export_malformed", "entry_malformed", "chain_broken", "envelope_invalid", "signature_invalid"} <= set(lies)


class Tolerant(Auditor):
    """Looks neither at what an entry names as the one before, nor at signatures."""

    def check_chain(self, line: Line, entry: Entry) -> None:
        """Believe it."""

    def verified(self, line: Line, envelope: Envelope) -> Verified:
        return Verified(envelope)


class WithoutTree(Judge):
    """Judges the entries alone."""

    def whole(self, changed: bytes) -> None:
        """Compare no root and read no checkpoint."""


def test_negative_control_without_chain_signatures_and_tree_changed_bits_are_missed(export: Path) -> None:
    log = (export / ENTRIES).read_bytes(), (export / CHECKPOINT).read_bytes()
    tolerant, strict = WithoutTree(*log, Tolerant()), Judge(*log, Auditor())
    missed = 0
    for entry in range(1, ENTRIES_MADE + 1, 6):
        missed += len(tried(tolerant, entry, 11).missed)
        assert tried(strict, entry, 11).missed == []
    assert missed > 100


def test_work_is_divided_without_a_gap_and_taken_up_where_it_ended(tmp_path: Path) -> None:
    make_export(tmp_path / "export", 9, seed=2)
    parts = [Part(tmp_path / "export", number, 5) for number in range(1, 6)]
    assert [entry for part in parts for entry in part.entries(9)] == list(range(10))
    part = parts[4]
    whole = run(part, print)
    assert [one.entry for one in whole] == list(part.entries(9))
    assert sum(one.flips for one in whole) == 8 * sum(
        len(line) for line in (tmp_path / "export" / ENTRIES).read_bytes().splitlines(keepends=True)[7:]
    )
    first, second, *_ = part.results.read_bytes().splitlines(keepends=True)
    part.results.write_bytes(first + second[:20])
    assert run(part, print) == whole


def test_a_missed_change_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_export(tmp_path / "export", 7, seed=3)
    results = Part(tmp_path / "export", 1, 8).results
    assert main([str(tmp_path / "export"), "--part", "1/8"]) == 0
    assert "0 missed" in capsys.readouterr().out
    results.write_bytes(results.read_bytes().replace(b'"missed":[]', b'"missed":[17]'))
    assert main([str(tmp_path / "export"), "--part", "1/8"]) == 1
    assert "MISSED  bit 1 of byte 2 of entry 0" in capsys.readouterr().out


def test_an_export_is_as_long_as_it_was_asked_to_be() -> None:
    assert len(history_of(33, seed=1).entries) == 33
