"""The folded state of the streams, as the rules read it inside one transaction.

What a decision is sure to read is fetched for the whole batch at once; the rest is asked for when the rules want it.
States stay in memory from one transaction to the next as long as nobody else has appended meanwhile.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg import Cursor

from ledger.events.header import Event
from ledger.rules.compact import State, decode_state
from ledger.rules.streams import reads
from ledger.store.appending import Found
from ledger.store.lookups import find_entries, look_ahead

STATES_KEPT_MAX: Final = 8_000


class KnownStates:
    """Decoded states as of one tree size, the least recently used dropped first. Not for use by two threads at once."""

    def __init__(self) -> None:
        self._tree_size = 0
        self._states: OrderedDict[str, State] = OrderedDict()

    def at(self, tree_size: int) -> "KnownStates":
        """Return this memory, emptied if it is of another tree size: somebody else has changed streams since."""
        if tree_size != self._tree_size:
            self.forget()
            self._tree_size = tree_size
        return self

    def get(self, stream: str) -> State | None:
        state = self._states.get(stream)
        if state is not None:
            self._states.move_to_end(stream)
        return state

    def keep(self, states: Mapping[str, State]) -> None:
        for stream, state in states.items():
            self._states[stream] = state
            self._states.move_to_end(stream)
        while len(self._states) > STATES_KEPT_MAX:
            self._states.popitem(last=False)

    def advance(self, tree_size: int, changes: Mapping[str, State]) -> None:
        """Take over what a committed batch changed."""
        self._tree_size = tree_size
        self.keep(changes)

    def forget(self) -> None:
        self._states.clear()


class StoredCompact:
    """The Compact (`ledger.rules.compact`) as of the transaction of `cursor`, which must hold the head."""

    def __init__(self, cursor: Cursor[tuple[Any, ...]], known: KnownStates) -> None:
        self._cursor = cursor
        self._known = known
        self._absent: set[str] = set()
        self._located: dict[str, str | None] = {}

    def look_ahead(self, events: Sequence[Event]) -> dict[str, Found]:
        """Fetch what deciding `events` is sure to read, in one query; return those of them that are recorded."""
        targets = [act for event in events if (act := getattr(event, "act", None)) is not None]
        wanted = [name for name in dict.fromkeys(name for one in events for name in reads(one)) if self._unknown(name)]
        event_ids = [event.id for event in events]
        found, states = look_ahead(self._cursor, event_ids, targets, wanted)
        self._located = dict.fromkeys(targets) | {event_id: one.stream for event_id, one in found.items()}
        self._known.keep({name: decode_state(state) for name, state in states.items() if self._unknown(name)})
        self._absent |= set(wanted) - states.keys()
        return {event_id: found[event_id] for event_id in event_ids if event_id in found}

    def _unknown(self, stream: str) -> bool:
        return self._known.get(stream) is None

    def get(self, stream: str) -> State | None:
        """Return the state of a stream, or None if nothing was recorded there."""
        state = self._known.get(stream)
        if state is None and stream not in self._absent:
            read = read_states(self._cursor, [stream])
            self._known.keep(read)
            self._absent |= {stream} - read.keys()
            state = read.get(stream)
        return state

    def locate(self, event_id: str) -> str | None:
        """Return the stream in which the act `event_id` was recorded, or None if it is unknown."""
        if event_id not in self._located:
            found = find_entries(self._cursor, [event_id]).get(event_id)
            self._located[event_id] = found.stream if found is not None else None
        return self._located[event_id]

    def acts_since(self, authority: str, since: datetime) -> tuple[str, ...]:
        """Return the ids of the events that `authority` had admitted at or after `since`, in order."""
        self._cursor.execute(
            "SELECT originator_id FROM public.entries WHERE authority = %s AND recorded_at >= %s"
            " ORDER BY notification_id",
            [authority, since],
        )
        return tuple(event_id for (event_id,) in self._cursor.fetchall())


def read_states(cursor: Cursor[tuple[Any, ...]], streams: Collection[str]) -> dict[str, State]:
    """Return the states of those of `streams` in which something was recorded."""
    if not streams:
        return {}
    cursor.execute("SELECT name, state FROM public.streams WHERE name = ANY(%s)", [list(streams)], binary=True)
    return {name: decode_state(state) for name, state in cursor.fetchall()}
