"""No false alarm: random clean histories, whole and cut anywhere, are accepted, with their figures."""

from pathlib import Path

import pytest

from ledger.audit.audit import Pins
from ledger.audit.findings import Lie, Verdict
from projections.audit import projections_bytes, write_projections
from tests.audit.histories import History
from tests.audit.logs import Log, audited, checkpoint_over, exported, lie_of
from tests.audit.ten_entries import report_of


def check(seed: int, directory: Path) -> None:
    """Audit one history whole, as an export with figures, and cut at every seventh entry."""
    history = History(seed)
    log = history.run(60)
    signer = history.founding.log_signer
    assert audited(log).checkpoint.tree_size == len(log.entries)
    export = exported(log, directory).directory
    assert write_projections(export).verdict is Verdict.VALID
    assert report_of(export).verdict is Verdict.VALID
    for size in range(1, len(log.entries), 7):
        begun = Log(log.entries[:size], checkpoint_over(log.entries[:size], signer))
        assert audited(begun).checkpoint.tree_size == size
        assert audited(log, Pins(since=begun.note)).proved[-1].count == size


@pytest.mark.parametrize("seed", range(12))
def test_a_clean_random_history_is_accepted_wherever_it_is_cut(seed: int, tmp_path: Path) -> None:
    check(seed, tmp_path / "export")


@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(10))
def test_a_thousand_clean_histories_are_accepted(hundred: int, tmp_path: Path) -> None:
    for seed in range(100 * hundred + 1_000, 100 * hundred + 1_100):
        check(seed, tmp_path / f"export-{seed}")


def test_the_histories_hold_what_they_are_meant_to_try() -> None:
    """Otherwise a clean audit of them would say little."""
    types = set()
    for seed in range(12):
        history = History(seed)
        history.run(60)
        types |= {event_type for event_type, _ in history.kinds()}
    wanted = {"commitment.made", "commitment.amended", "consent.given", "delivery.acknowledged", "authority.revoked"}
    assert wanted <= types


@pytest.mark.parametrize("seed", range(4))
def test_any_entry_left_out_of_a_history_is_missed(seed: int) -> None:
    log = History(seed).run(40)
    for left_out in range(len(log.entries)):
        entries = log.entries[:left_out] + log.entries[left_out + 1 :]
        assert lie_of(log.with_entries(entries)).lie in (Lie.POSITION_WRONG, Lie.TREE_SIZE_WRONG)


def test_the_same_log_gives_the_same_figures() -> None:
    log = History(3).run(60)
    assert projections_bytes(audited(log)) == projections_bytes(audited(log))
