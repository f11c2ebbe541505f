"""No false alarm: random clean histories, whole and cut anywhere, are accepted, with their figures."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from ledger.audit.audit import Pins
from ledger.audit.findings import Lie, Verdict
from ledger.log.cosignature import Cosigner, cosignature_line, ed25519_cosigner, mldsa44_cosigner
from projections.audit import write_projections
from projections.audited_file import projections_bytes
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


STEPS = [timedelta(0), timedelta(microseconds=1), timedelta(seconds=3), timedelta(hours=7), timedelta(days=20)]
CUTS = 3


def witnesses_of(random: Random) -> list[Cosigner]:
    """Return up to three witnesses, of either kind of key."""
    every: list[Callable[[str, bytes], Cosigner]] = [ed25519_cosigner, ed25519_cosigner, mldsa44_cosigner]
    kinds = random.choices(every, k=random.randint(0, 3))
    return [kind(f"witness-{number}.example", random.randbytes(32)) for number, kind in enumerate(kinds)]


def cosigned(log: Log, witnesses: Sequence[Cosigner], random: Random) -> Log:
    """Return the log with a line of each witness, in any order, before and after the log's own."""
    text, _, own = log.note.rpartition(b"\n\n")
    lines = [own, *(cosignature_line(one, text + b"\n", random.getrandbits(40)) for one in witnesses)]
    random.shuffle(lines)
    return replace(log, note=text + b"\n\n" + b"".join(lines))


def check_varied(seed: int, directory: Path) -> int:
    """Audit one history of random length and pace, cosigned by random witnesses some of which are pinned.

    Returns how many audits were made.
    """
    random = Random(seed)
    history = History(seed, random.choice(STEPS))
    whole = history.run(random.randint(1, 110))
    witnesses = witnesses_of(random)
    log = cosigned(whole, witnesses, random)
    pinned = tuple(one.vkey for one in witnesses if random.random() < 0.5)
    result = audited(log, Pins(vkeys=pinned))
    assert result.checkpoint.tree_size == len(log.entries)
    strangers = [one.vkey.name for one in witnesses if one.vkey not in pinned]
    assert all(any(name in assumed for assumed in result.assumed) for name in strangers)
    export = exported(whole, directory).directory
    assert write_projections(export).verdict is Verdict.VALID
    assert report_of(export).verdict is Verdict.VALID
    for _ in range(CUTS):
        size = random.randint(1, len(log.entries))
        begun = Log(log.entries[:size], checkpoint_over(log.entries[:size], history.founding.log_signer))
        assert audited(begun).checkpoint.tree_size == size
        assert audited(log, Pins(vkeys=pinned, since=begun.note)).checkpoint.tree_size == len(log.entries)
    return 3 + 2 * CUTS


@pytest.mark.parametrize("seed", range(8))
def test_a_clean_history_of_any_length_pace_and_witnesses_is_accepted(seed: int, tmp_path: Path) -> None:
    assert check_varied(seed, tmp_path / "export") == 9


@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(10))
def test_a_thousand_clean_histories_are_accepted(hundred: int, tmp_path: Path) -> None:
    """Nine audits of each, without a false alarm."""
    seeds = range(100 * hundred + 1_000, 100 * hundred + 1_100)
    assert sum(check_varied(seed, tmp_path / f"export-{seed}") for seed in seeds) == 900


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
