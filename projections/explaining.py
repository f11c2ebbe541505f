"""The entries behind an answer, found in the read models: as few as the answer follows from, and no fewer.

An answer rests on the streams that it reads, and each entry that changed one of them on the streams that the rules read
to decide it, as they were before it. So it is followed back until nothing new is read.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ledger.events.stages import Verified
from ledger.log.entry import Entry, parse_entry
from ledger.rules.compact import CLOCKS, LEDGER, SNAPBACK
from ledger.rules.streams import OnAct, reads
from projections.explained import Replay, act_in, answer_to, replayed
from projections.explanation import ENTRIES_MAX, Question
from projections.rows import MemoryRows, Rows, States
from projections.stored_rows import FeedFilter, StoredRows

LEDGER_ACTS_MAX: Final = 1_000
INDEXES: Final = frozenset({CLOCKS, SNAPBACK})
"""What a part of a log cannot give (`ledger.rules.given`)."""

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
    search = _Search(rows, origin, read_entries)
    # The ledger's own stream is needed by every decision: it opens with the first entry.
    search.need(dict.fromkeys((LEDGER, *traced.streams), asked.known_at + 1))
    replay = search.replay()
    while search.need(search.read_by(replay)):
        replay = search.replay()
    entries = search.entries
    assert not replay.refused, replay.refused
    assert not replay.unsigned, replay.unsigned
    assert answer_to(MemoryRows(replay.given.changes, asked.known_at, None), asked) == answer
    return Behind(answer, tuple(entries[position] for position in sorted(entries)))


@dataclass
class _Search:
    """Entries that are found to be needed. `until`: each stream with the position before which what changed it is."""

    rows: StoredRows
    origin: str
    read_entries: ReadEntries
    until: dict[str, int] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    verified: dict[int, Verified] = field(default_factory=dict)

    def need(self, streams: Mapping[str, int]) -> bool:
        """Take in what changed these streams, and what each such act is sure to rest on. Return whether it was news."""
        is_news = False
        while grown := {name: until for name, until in streams.items() if until > self.until.get(name, 0)}:
            is_news = True
            self.until |= grown
            streams = self._foreseen(self._read(self._changed(grown)))
        return is_news

    def replay(self) -> Replay:
        """Fold what was found so far."""
        return replayed((self.entries[position] for position in sorted(self.entries)), self.origin, self.verified)

    def read_by(self, replay: Replay) -> dict[str, int]:
        """Return what the decisions read: each stream with the position before which it is needed."""
        unknown = {event_id: until for event_id, until in replay.sought.items() if event_id not in replay.events}
        return self._merged(replay.read, self._streams_of(unknown))

    def _changed(self, streams: Collection[str]) -> set[int]:
        """Return the positions of the entries that changed these streams before they are needed."""
        begun = self.rows.begun([stream for stream in streams if stream != LEDGER])
        if LEDGER in streams:
            # What is forced passes through the state of the ledger and leaves nothing: its own acts are all there is.
            acts = self.rows.feed(FeedFilter(stream=LEDGER, limit=LEDGER_ACTS_MAX))
            begun[LEDGER] = [act.position for act in acts]
        return {one for stream, positions in begun.items() for one in positions if one < self.until[stream]}

    def _read(self, positions: set[int]) -> list[Entry]:
        missing = positions - self.entries.keys()
        if len(self.entries) + len(missing) > ENTRIES_MAX:
            raise TooMuch(f"{len(self.entries) + len(missing)} or more")
        found = {position: parse_entry(raw) for position, raw in self.read_entries(missing).items()}
        self.entries |= found
        return list(found.values())

    def _foreseen(self, entries: Sequence[Entry]) -> dict[str, int]:
        """Return what deciding these acts is sure to read. Only saves folding them to find out."""
        found: dict[str, int] = {}
        spoken_of: dict[str, int] = {}
        for entry in entries:
            event = act_in(entry).event
            found = self._merged(found, dict.fromkeys(set(reads(event)) - INDEXES, entry.position))
            if isinstance(event, OnAct):
                spoken_of[event.act] = max(entry.position, spoken_of.get(event.act, 0))
        return self._merged(found, self._streams_of(spoken_of))

    def _streams_of(self, events: Mapping[str, int]) -> dict[str, int]:
        """Return the streams of acts that were recorded before the position at which each was looked for."""
        found: dict[str, int] = {}
        for event_id, act in self.rows.acts_of(events).items() if events else ():
            if act.position < events[event_id]:
                found[act.stream] = max(events[event_id], found.get(act.stream, 0))
        return found

    @staticmethod
    def _merged(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
        return {name: max(one.get(name, 0), other.get(name, 0)) for name in one.keys() | other.keys()}
