"""State that lies in temporary files is the state that memory would hold: to the byte, for every question of the rules.

The oracle is `MemoryCompact`, folded beside it; of the records it is a dict.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from random import Random

import pytest

from ledger.audit.audit import Pins, audit
from ledger.audit.auditor import Auditor
from ledger.audit.findings import LieFound, Undecidable
from ledger.audit.folded import Folded
from ledger.audit.records import Records
from ledger.events.canonical import canonical_bytes
from ledger.rules.compact import encode_state
from ledger.rules.memory import MemoryCompact
from projections.audited_file import guarantors_of, known_from, obligations_answer, projections_bytes
from projections.folded_rows import FoldedRows, rows_at
from projections.rows import MemoryRows
from projections.summary import summaries
from tests.audit.histories import History
from tests.audit.logs import Log, LogSource, audited, lie_of

KINDS = ("ledger", "party", "authority", "instrument", "commitment", "delivery", "nothing")


@pytest.fixture(scope="module", params=range(3))
def log(request: pytest.FixtureRequest) -> Log:
    return History(100 + request.param).run(150)


def small() -> Folded:
    """Return a state that settles after every few entries and keeps next to nothing decoded."""
    return Folded(changed_bytes_max=5_000, kept_bytes_max=2_000)


def test_a_settled_state_answers_as_one_in_memory(log: Log) -> None:
    settled, memory = Auditor(small()), Auditor(MemoryCompact())
    every: set[str] = set()
    for one, other in zip(
        settled.follow(LogSource(log).entries(0)), memory.follow(LogSource(log).entries(0)), strict=True
    ):
        assert one == other
        event = one.admitted.verified.event
        assert settled.compact.located[event.id] == memory.compact.locate(event.id)
        every |= memory.compact.changes.keys()
        stream = max(every, key=hash)
        assert settled.compact.get(stream) == memory.compact.get(stream)
    assert isinstance(settled.compact, Folded)
    assert settled.compact.is_settled
    encoded = {stream: encode_state(state) for stream, state in memory.compact.changes.items()}
    assert {stream: encode_state(state) for stream, state in settled.compact.every()} == encoded
    assert {stream: encode_state(settled.compact.get(stream)) for stream in encoded} == encoded  # type: ignore[arg-type]
    for event_id, stream in memory.compact.located.items():
        assert settled.compact.locate(event_id) == stream
    assert settled.compact.locate("019a3c5e-7b1a-7c3d-8e4f-0123456789ab") is None
    for authority, at in product(memory.authorities, times_of(log)):
        assert settled.compact.acts_since(authority, at) == memory.compact.acts_since(authority, at)
    assert settled.compact.get("party/nobody") is None


def times_of(log: Log) -> list[datetime]:
    """Return every fifth time of an entry, and times just beside."""
    times = [entry.recorded_at for entry in log.entries_of()[::5]]
    return [at + microseconds * timedelta(microseconds=1) for at in times for microseconds in (-1, 0, 1)]


def test_an_audit_on_settled_state_proves_and_finds_the_same(log: Log) -> None:
    assert audited(log, auditor=Auditor(small())).proved == audited(log).proved
    random = Random(5)
    for _ in range(12):
        at, bit = random.randrange(len(log.entries)), 1 << random.randrange(7)
        raw = bytearray(log.entries[at])
        raw[random.randrange(len(raw))] ^= bit
        lying = log.with_entries([*log.entries[:at], bytes(raw), *log.entries[at + 1 :]])
        with pytest.raises(LieFound) as lie:
            audited(lying, auditor=Auditor(small()))
        assert lie.value.finding == lie_of(lying)
    twice = log.with_entries([*log.entries, log.entries[3]])
    with pytest.raises(LieFound):
        audited(twice, auditor=Auditor(small()))


def test_rows_of_settled_state_are_those_of_memory(log: Log) -> None:
    settled, memory = audited(log, auditor=Auditor(small())), audited(log, auditor=Auditor(MemoryCompact()))
    rows = rows_at(settled.compact, 7, settled.recorded_at)
    expected = MemoryRows(memory.compact.changes, 7, memory.recorded_at)
    assert isinstance(rows, FoldedRows)
    assert (rows.known_at, rows.recorded_at) == (7, memory.recorded_at)
    names = list(memory.compact.changes)
    assert rows.states([*names, "party/nobody"]) == expected.states(names)
    ids = sorted({name.partition("/")[2] for name in names})
    for kind in KINDS:
        every = expected.of_kind(kind)
        assert list(rows.of_kind(kind).items()) == list(every.items())
        for after, limit in product(["", *list(every)[::3]], [None, 0, 1, 5]):
            assert list(rows.of_kind(kind, after, limit)) == list(expected.of_kind(kind, after, limit))
        for one in ids:
            assert list(rows.of_party(kind, one).items()) == list(expected.of_party(kind, one).items())
            assert list(rows.of_instrument(kind, one)) == list(expected.of_instrument(kind, one))
        for some in (ids, ids[::2], []):
            assert list(rows.of_commitments(kind, some)) == list(expected.of_commitments(kind, some))


def test_the_figures_in_parts_are_the_canonical_bytes_of_the_whole(log: Log) -> None:
    memory = audited(log, auditor=Auditor(MemoryCompact()))
    known = known_from(memory)
    assert guarantors_of(known) == [one.guarantor for one in summaries(known)]
    content = {
        "origin": memory.checkpoint.origin,
        "known_at": memory.checkpoint.tree_size,
        "root": memory.checkpoint.root.hex(),
        "as_of": known.as_of.isoformat(),
        "obligations": {party: obligations_answer(known, party) for party in guarantors_of(known)},
    }
    assert projections_bytes(memory) == canonical_bytes(content)
    assert projections_bytes(audited(log, auditor=Auditor(small()))) == canonical_bytes(content)


@pytest.mark.parametrize("seed", range(4))
def test_records_are_a_dict(seed: int) -> None:
    random = Random(seed)
    records, oracle = Records(dead_bytes_min=20_000), dict[str, bytes]()
    for _ in range(120):
        names = random.sample(range(3_000), random.randrange(60))
        batch = {f"delivery/ж{name}": random.randbytes(random.choice((0, 1, 90, 4_080, 9_000))) for name in names}
        records.put(batch.items())
        oracle.update(batch)
        for name in random.sample(range(3_000), 20):
            assert records.get(f"delivery/ж{name}") == oracle.get(f"delivery/ж{name}")
    assert dict(records.items()) == oracle
    assert len(records) == len(oracle)
    assert [records.at(place) for place in records.put(oracle.items())] == list(oracle.items())


def test_the_file_does_not_grow_with_what_is_dead() -> None:
    """Negative control: with no limit to what is dead it does."""
    sizes = []
    for dead_bytes_min in (50_000, 1 << 40):
        records = Records(dead_bytes_min)
        for turn in range(200):
            records.put((str(name), bytes([turn]) * 1_000) for name in range(10))
        assert all(body == bytes([199]) * 1_000 for _, body in records.items())
        sizes.append(records.file_bytes)
    assert sizes[0] < 150_000 < 2_000_000 <= sizes[1]


def test_the_file_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    records = Records()
    records.put([("a", b"1")])
    assert list(tmp_path.iterdir()) == []
    assert records.get("a") == b"1"


def test_where_there_is_no_room_nothing_is_decided_and_the_reason_says_what_to_do(log: Log) -> None:
    with no_file_above(20_000), pytest.raises(Undecidable, match="TMPDIR"):
        audit(LogSource(log), Pins(), Auditor(small()), lambda followed: None)


@contextmanager
def no_file_above(size_bytes: int) -> Iterator[None]:
    """Let the system refuse to make a file larger, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
