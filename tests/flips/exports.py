"""The export whose bits are changed: a random history of as many entries as are wanted, sealed by its log."""

from pathlib import Path

from ledger.audit.findings import Verdict
from tests.audit.histories import History
from tests.audit.logs import Log, exported, log_of
from tests.audit.ten_entries import report_of

ACTS_AT_ONCE = 50


def history_of(entries: int, seed: int) -> Log:
    """Return a log of exactly `entries` entries, more than a founding has."""
    history = History(seed)
    while len(history.recorder.envelopes) < entries:
        history.run(ACTS_AT_ONCE)
    recorder = history.recorder
    return log_of(recorder.envelopes[:entries], history.founding.log_signer, recorder.times[:entries])


def make_export(directory: Path, entries: int, seed: int = 1) -> None:
    """Write an export of `entries` entries to `directory`, which an audit accepts."""
    exported(history_of(entries, seed), directory)
    assert report_of(directory).verdict is Verdict.VALID
