"""An export of ten entries with a commitment, a delivery and a mandate in it, and its audit as the command makes it."""

from pathlib import Path

from ledger.audit.audit import Pins
from ledger.audit.export import ExportDirectory
from ledger.audit.findings import Report, Verdict
from projections.audit import audit_export, write_projections
from tests.acts import founding
from tests.audit.histories import DAY, DUE
from tests.audit.logs import Recorder, exported, log_of

ENTRIES = 10


def ten_entry_export(directory: Path) -> ExportDirectory:
    """Write the export, its figures included."""
    founded = founding(guarantors=("gb",))
    gb, ua, depositary = founded.offices["gb"], founded.beneficiary, founded.depositary
    recorder = Recorder()
    assert [recorder.record(raw) for raw in founded.raws] == [None] * 3
    terms = {
        "category": "artillery",
        "phase": "preventive",
        "legal_character": "legally_binding",
        "bound": "exact",
        "object": {"kind": "goods", "quantity": "14", "unit": "howitzer"},
        "schedule": {"kind": "once", "due": DUE},
        "obligors": [{"party": "gb", "share": "1/1"}],
        "counts_from": "handed_over",
    }
    text = {
        "instrument": "gb-2026",
        "title": {"en": "Agreement", "uk": "Угода"},
        "kind": "bilateral",
        "legal_character": "legally_binding",
        "profile": {"effect": "on_signature"},
        "parties": ["gb", "ua"],
    }
    lines = [{"line": 1, "object": {"kind": "goods", "quantity": "3", "unit": "howitzer"}}]
    made = {"commitment": "gb-1", "instrument": "gb-2026", "title": {"en": "Howitzers"}, "terms": terms}
    delivered = {"delivery": "d-1", "commitment": "gb-1", "milestone": "handed_over", "lines": lines, "occurred": DAY}
    assert recorder.offer(depositary, "instrument.registered", **text)
    assert recorder.offer(gb, "instrument.signed", instrument="gb-2026", occurred=DAY)
    assert recorder.offer(ua, "instrument.signed", instrument="gb-2026", occurred=DAY)
    assert recorder.offer(gb, "commitment.made", **made)
    assert recorder.offer(gb, "delivery.recorded", **delivered)
    assert recorder.offer(ua, "delivery.acknowledged", delivery="d-1", lines=[{"line": 1, "amount": "2"}])
    assert recorder.offer(gb, "party.renamed", subject="gb", names=[{"language": "uk", "name": "Британія"}])
    assert len(recorder.envelopes) == ENTRIES
    export = exported(log_of(recorder.envelopes, founded.log_signer), directory)
    assert write_projections(directory).verdict is Verdict.VALID
    return export


def report_of(directory: Path) -> Report:
    """Return what `gledger audit DIRECTORY` reports."""
    return audit_export(directory, Pins(), lambda followed: None)
