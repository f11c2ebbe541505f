"""The entries behind an answer, found in the read models: as few as the answer follows from, and no fewer.

An answer rests on the streams that it reads, and each entry that changed one of them on the streams that the rules read
to decide it, as they were before it. So it is followed back until nothing new is read.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from ledger.log.entry import Entry, parse_entry
from ledger.rules.compact import LEDGER
from projections.explained import Replay, answer_to, replayed
from projections.explanation import ENTRIES_MAX, Question
from projections.rows import MemoryRows, Rows, States
from projections.stored_rows import FeedFilter, StoredRows

LEDGER_ACTS_MAX = 1_000

ReadEntries = Callable[[Collection[int]], Mapping[int, bytes]]


class TooMuch(Exception):
    """An answer behind which there are more entries than one explanation may hold."""


class NothingThere(Exception):
    """There is nothing by this name to answer about."""


@dataclass
class _Traced:
    """Rows that remember which streams were read."""

    rows: Rows
    streams: set[str] = field(default_factory=set)

    @property
    def known_at(self) -> int:
        return self.rows.known_at

    @property
    def recorded_at(self) -> None:
        """Nothing that is explained depends on it, and whoever verifies may not have the entry that tells."""

    def states(self, streams: Collection[str]) -> States:
        self.streams |= set(streams)
        return self.rows.states(streams)

    def of_kind(self, kind: str, after: str = "", limit: int | None = None) -> States:
        return self._noted(self.rows.of_kind(kind, after, limit))

    def of_party(self, kind: str, party: str) -> States:
        return self._noted(self.rows.of_party(kind, party))

    def of_instrument(self, kind: str, instrument: str) -> States:
        return self._noted(self.rows.of_instrument(kind, instrument))

    def of_commitments(self, kind: str, commitments: Collection[str]) -> States:
        return self._noted(self.rows.of_commitments(kind, commitments))

    def _noted(self, states: States) -> States:
        self.streams |= states.keys()
        return states


@dataclass(frozen=True, slots=True)
class Behind:
    """An answer in canonical JSON, and the entries that it follows from, in the order of their positions."""

    answer: bytes
    entries: tuple[Entry, ...]


def behind(asked: Question, rows: StoredRows, origin: str, read_entries: ReadEntries) -> Behind:
    """Return the answer to a question and what is behind it. Raises NothingThere, TooMuch.

    What is returned was verified as anybody verifies it: the answer follows from the entries.
    """
    traced = _Traced(rows)
    answer = answer_to(traced, asked)
    if answer is None:
        raise NothingThere
    # Each stream with the position up to which, that one excluded, what changed it is needed. The ledger's own is
    # needed by every decision: it opens with the first entry.
    needed = {LEDGER: asked.known_at + 1, **dict.fromkeys(traced.streams, asked.known_at + 1)}
    entries: dict[int, Entry] = {}
    while True:
        _read(_changed(rows, needed), entries, read_entries)
        replay = replayed((entries[position] for position in sorted(entries)), origin)
        further = _further(rows, replay)
        grown = {stream: until for stream, until in further.items() if until > needed.get(stream, 0)}
        if not grown:
            break
        needed |= grown
    assert not replay.refused, replay.refused
    assert not replay.unsigned, replay.unsigned
    assert answer_to(MemoryRows(replay.given.changes, asked.known_at, None), asked) == answer
    return Behind(answer, tuple(entries[position] for position in sorted(entries)))


def _changed(rows: StoredRows, needed: Mapping[str, int]) -> set[int]:
    """Return the positions of the entries that changed the streams that are needed, before they are."""
    begun = rows.begun([stream for stream in needed if stream != LEDGER])
    # What is forced passes through the state of the ledger and leaves nothing there: only its own acts are of interest.
    begun[LEDGER] = [act.position for act in rows.feed(FeedFilter(stream=LEDGER, limit=LEDGER_ACTS_MAX))]
    return {position for stream, positions in begun.items() for position in positions if position < needed[stream]}


def _read(positions: set[int], entries: dict[int, Entry], read_entries: ReadEntries) -> None:
    if len(positions) > ENTRIES_MAX:
        raise TooMuch(f"{len(positions)} entries")
    found = read_entries(positions - entries.keys())
    entries.update((position, parse_entry(raw)) for position, raw in found.items())


def _further(rows: StoredRows, replay: Replay) -> dict[str, int]:
    """Return what the decisions read: each stream with the position before which it is needed."""
    further = dict(replay.read)
    unknown = [event_id for event_id in replay.sought if event_id not in replay.events]
    for event_id, act in rows.acts_of(unknown).items():
        position = replay.sought[event_id]
        if act.position < position:
            further[act.stream] = max(position, further.get(act.stream, 0))
    return further
