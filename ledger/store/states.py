"""The folded state of the streams, as the rules read it inside one transaction, and as it is written back.

What a decision is sure to read is fetched for the whole batch at once; the rest is asked for when the rules want it.
States stay in memory from one transaction to the next as long as nobody else has appended meanwhile.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from psycopg import Cursor

from ledger.rules.compact import State, decode_state, encode_state

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

    def __init__(self, cursor: Cursor[tuple[Any, ...]], known: KnownStates, located: Mapping[str, str]) -> None:
        self._cursor = cursor
        self._known = known
        self._absent: set[str] = set()
        self._located: dict[str, str | None] = dict(located)

    def prefetch(self, streams: Collection[str]) -> None:
        """Read the states of `streams` that are not known yet, in one query."""
        wanted = [stream for stream in dict.fromkeys(streams) if self._known.get(stream) is None]
        found = read_states(self._cursor, wanted)
        self._known.keep(found)
        self._absent |= set(wanted) - found.keys()

    def prefetch_located(self, event_ids: Collection[str]) -> None:
        """Find the streams of the acts `event_ids`, in one query."""
        wanted = [event_id for event_id in dict.fromkeys(event_ids) if event_id not in self._located]
        self._located |= dict.fromkeys(wanted, None)
        if wanted:
            self._cursor.execute(
                "SELECT originator_id, stream FROM public.entries WHERE originator_id = ANY(%s)", [wanted]
            )
            self._located |= dict(self._cursor.fetchall())

    def get(self, stream: str) -> State | None:
        """Return the state of a stream, or None if nothing was recorded there."""
        state = self._known.get(stream)
        if state is None and stream not in self._absent:
            self.prefetch([stream])
            state = self._known.get(stream)
        return state

    def locate(self, event_id: str) -> str | None:
        """Return the stream in which the act `event_id` was recorded, or None if it is unknown."""
        self.prefetch_located([event_id])
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


def write_states(cursor: Cursor[tuple[Any, ...]], states: Mapping[str, State], tree_size: int) -> None:
    """Write the new state of each changed stream, as of `tree_size`."""
    cursor.execute(
        "INSERT INTO public.streams (name, state, changed_at)"
        " SELECT name, state, %s FROM unnest(%b::text[], %b::bytea[]) AS changed (name, state)"
        " ON CONFLICT (name) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at",
        [tree_size, list(states), [encode_state(state) for state in states.values()]],
    )
