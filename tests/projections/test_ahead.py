"""Reading ahead of the fold: workers say what this process says, errors are those of one core, keys are compared."""

from collections.abc import Iterator, Sequence

import pytest

from ledger.log.entry import Entry, build_entry, parse_entry
from ledger.rules.compact import Authority
from ledger.rules.memory import MemoryCompact
from ledger.signing.dsse import parse
from ledger.signing.verify import verified_elsewhere
from ledger.signing.workers import Workers
from projections.ahead import Ahead
from projections.folding import Batch, LogCorrupt, Parsed, Place, fold, parsed, readmitted
from tests.acts import founding, principal
from tests.audit.histories import History
from tests.projections.folded import ListedLog

SIZE = 7
ALONE = 20


@pytest.fixture(scope="module")
def raws() -> tuple[bytes, ...]:
    return History(5).run(80).entries


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1) as found:
        yield found


def folded(raws: Sequence[bytes], workers: Workers, alone: int = ALONE) -> tuple[list[Batch], list[Parsed]]:
    """Fold a log as a rebuild does, in memory. Return the batches, and the items as they were handed over."""
    compact, place = MemoryCompact(), Place()
    ahead = Ahead(ListedLog(raws), workers, SIZE, alone=alone)
    batches, items = [], []
    for run in ahead.runs():
        batch = fold(compact, place, run)
        ahead.learn(batch)
        compact.changes.update(batch.states)
        compact.located.update({act.event_id: act.stream for act in batch.acts})
        place = batch.after
        batches.append(batch)
        items += run
    return batches, items


def forged(raws: Sequence[bytes]) -> list[bytes]:
    """Return a log whose last entry holds the last act under a signature that is none."""
    last = parse_entry(raws[-1])
    at = last.envelope.rindex(b'"sig":"') + 10
    other = b"A" if last.envelope[at : at + 1] != b"A" else b"B"
    envelope = last.envelope[:at] + other + last.envelope[at + 1 :]
    return [*raws[:-1], build_entry(last.position, last.recorded_at, last.previous, envelope).raw]


def test_what_workers_checked_folds_to_the_same_rows(raws: tuple[bytes, ...], workers: Workers) -> None:
    batches, items = folded(raws, workers)
    alone = fold(MemoryCompact(), Place(), parsed(Place(), raws))
    assert [row for batch in batches for row in batch.rows] == list(alone.rows)
    assert [act for batch in batches for act in batch.acts] == list(alone.acts)
    assert batches[-1].after == alone.after
    assert len(batches) > ALONE // SIZE + 2
    # The keys went along: only what came from an office that had not acted before is verified here.
    told = [item.verified is not None for item in items[ALONE + 2 * SIZE :]]
    assert sum(told) > len(told) / 2


@pytest.mark.parametrize("alone", [0, ALONE, 1_000])
def test_a_forged_signature_is_corruption_at_its_own_entry(
    raws: tuple[bytes, ...], workers: Workers, alone: int
) -> None:
    with pytest.raises(LogCorrupt, match="signature") as refused:
        folded(forged(raws), workers, alone)
    assert refused.value.position == len(raws)


def test_what_comes_before_a_broken_chain_is_folded_first(raws: tuple[bytes, ...], workers: Workers) -> None:
    ahead = Ahead(ListedLog([*raws[:40], *raws[41:]]), workers, SIZE, alone=0)
    runs = ahead.runs()
    seen = [item.entry.position for _ in range(6) for item in next(runs)]
    assert seen == list(range(1, 41))
    with pytest.raises(LogCorrupt, match="entry 41: expected position 41, got 42"):
        next(runs)


def test_what_came_since_is_yielded_by_the_next_call(raws: tuple[bytes, ...], workers: Workers) -> None:
    log = ListedLog(list(raws[:30]))
    ahead = Ahead(log, workers, SIZE, alone=0)
    first = [item.entry.position for run in ahead.runs() for item in run]
    assert isinstance(log.raws, list)
    log.raws.extend(raws[30:])
    assert first + [item.entry.position for run in ahead.runs() for item in run] == list(range(1, len(raws) + 1))


def test_a_worker_is_believed_only_where_its_keys_are_those_in_force() -> None:
    made = founding()
    compact = MemoryCompact()
    for item in parsed(Place(), entries_of(made.raws)):
        compact.apply(readmitted(compact, item), item.entry.position, item.entry.recorded_at)
    office = made.offices["gb"]
    raw = forged(entries_of([*made.raws, office.renaming()]))[-1]
    entry = parse_entry(raw)
    envelope = parse(entry.envelope)
    state = compact.get(f"authority/{office.authority}")
    assert isinstance(state, Authority)
    verified = verified_elsewhere(envelope)
    # By the keys in force, the worker is believed, even though this signature is none: it is part of this program.
    assert readmitted(compact, Parsed(entry, envelope, verified, state.keys)).verified is verified
    for keys in (principal("gb").keys, None):
        with pytest.raises(LogCorrupt, match="signature"):
            readmitted(compact, Parsed(entry, envelope, verified, keys))


def entries_of(envelopes: Sequence[bytes]) -> list[bytes]:
    """Return envelopes as entries, recorded when every act says it was issued."""
    found: list[Entry] = []
    for envelope in envelopes:
        previous = found[-1].sha256 if found else "0" * 64
        found.append(build_entry(len(found) + 1, parse(envelope).event.issued_at, previous, envelope))
    return [entry.raw for entry in found]
