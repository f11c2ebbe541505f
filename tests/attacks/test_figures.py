"""Attacks on what is said about the log: the figures that everybody reads."""

from pathlib import Path

from ledger.audit.export import PROJECTIONS, add_file
from tests.attacks.table import shows
from tests.audit.ten_entries import report_of, ten_entry_export


@shows(
    "lie in a projection",
    does="one figure of a guarantor is stated a little higher than it follows from its acts",
    found_by="`gledger audit`",
    evidence="none: every figure is derived again from the entries",
    says="projection_wrong",
)
def test_a_figure_stated_too_high(tmp_path: Path) -> str:
    export = ten_entry_export(tmp_path / "export")
    assert report_of(export.directory).exit_code == 0
    stated = export.projections()
    assert stated is not None
    forged = stated.replace(b'"acknowledged":{"amount":"2"', b'"acknowledged":{"amount":"3"', 1)
    assert forged != stated
    add_file(export.directory, PROJECTIONS, forged)
    finding = report_of(export.directory).finding
    assert finding is not None
    return finding.lie
