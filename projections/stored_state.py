"""The rows of one generation at one position as the state that the rules decide on, while the next entries are folded.

What others write meanwhile is beyond that position and is not seen. Only the follower that moves the generation's place
may move the position here with it: whoever lost a race starts anew. The newest batch may still be on its way into the
tables: then it is answered from memory.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, LiteralString, TypeVar

import msgspec
import psycopg

from ledger.rules.compact import Authority, State, decode_state
from projections.folding import ActRow, Batch
from projections.links import Links

STATES_MAX: Final = 50_000
"""How many states are kept in memory, the least recently used dropped first. More than any batch changes."""

LINKS_MAX: Final = 50_000
"""Of how many commitments it is kept by what they are found: about 15 MB, where their states would be 200."""

Kept = TypeVar("Kept")


class StoredState:
    """A Compact over `projection_rows`. Not for use from two threads at once."""

    def __init__(self, connection: psycopg.Connection, generation: int, position: int) -> None:
        self._connection = connection
        self._generation = generation
        self._position = position
        self._states: OrderedDict[str, tuple[State, Links | None] | None] = OrderedDict()
        self._links: OrderedDict[str, Links] = OrderedDict()
        self._located: dict[str, str | None] = {}
        self._coming: tuple[ActRow, ...] = ()

    def get(self, stream: str) -> State | None:
        """Return the state of a stream, or None if nothing was recorded there."""
        if stream not in self._states:
            self.fetch([stream])
        self._states.move_to_end(stream)
        found = self._states[stream]
        return found[0] if found is not None else None

    def links(self, stream: str) -> Links | None:
        """Return by what the row of a stream is found, if it is known here: the state need not be read for it."""
        found = self._states.get(stream)
        return self._links.get(stream) or (found[1] if found is not None else None)

    def locate(self, event_id: str) -> str | None:
        """Return the stream in which the act `event_id` was recorded, or None if it is unknown."""
        if event_id not in self._located:
            self.fetch_located([event_id])
        return self._located[event_id]

    def fetch_located(self, event_ids: Iterable[str]) -> None:
        """Find the streams of the acts `event_ids` at once, those that are not known yet."""
        missing = [event_id for event_id in dict.fromkeys(event_ids) if event_id not in self._located]
        if not missing:
            return
        rows = self._connection.execute(
            """
            SELECT event_id, stream FROM projection_acts
            WHERE generation = %s AND event_id = ANY(%s) AND position <= %s""",
            [self._generation, missing, self._position],
        ).fetchall()
        self._located |= {**dict.fromkeys(missing), **dict(rows)}

    def acts_since(self, authority: str, since: datetime) -> tuple[str, ...]:
        """Return the ids of the events that `authority` had admitted at or after `since`, in order."""
        rows = self._connection.execute(
            """
            SELECT event_id FROM projection_acts
            WHERE generation = %s AND authority = %s AND recorded_at >= %s AND position <= %s ORDER BY position""",
            [self._generation, authority, since, self._position],
        )
        coming = (act for act in self._coming if act.authority == authority and act.recorded_at >= since)
        return (*(row[0] for row in rows), *(act.event_id for act in coming))

    def fetch(self, streams: Iterable[str]) -> None:
        """Read the states of `streams` at once, those that are not here yet."""
        missing = [stream for stream in dict.fromkeys(streams) if stream not in self._states]
        found: dict[str, tuple[State, Links]] = {}
        for stream, parties, instrument, commitment, state in self._rows("state", missing):
            found[stream] = self._in_chain(decode_state(state)), Links(tuple(parties), instrument, commitment)
        _keep(self._states, {stream: found.get(stream) for stream in missing}, STATES_MAX)

    def fetch_links(self, commitments: Iterable[str]) -> None:
        """Read by what the rows of `commitments` are found, those that are not known yet."""
        missing = [stream for stream in dict.fromkeys(commitments) if stream not in self._links]
        rows = self._rows("NULL", missing)
        found = {stream: Links(tuple(parties), *others) for stream, parties, *others, _ in rows}
        _keep(self._links, found, LINKS_MAX)

    def _rows(self, last: LiteralString, streams: list[str]) -> list[tuple[Any, ...]]:
        if not streams:
            return []
        return self._connection.execute(
            f"""
            SELECT stream, parties, instrument, commitment, {last} FROM projection_rows
            WHERE generation = %s AND stream = ANY(%s) AND from_position <= %s
            AND (until_position IS NULL OR until_position > %s)""",
            [self._generation, streams, self._position, self._position],
        ).fetchall()

    def take(self, batch: Batch) -> None:
        """Go on after a batch that is being written; the one before it is."""
        assert len(batch.states) < STATES_MAX, "what is not in the tables yet must stay here"
        self._position = batch.before.position
        # What was unknown before may be known by now.
        self._located = {act.event_id: act.stream for act in batch.acts}
        self._coming = batch.acts
        links = {row.stream: row.links for row in batch.rows}
        _keep(self._states, {stream: (one, links.get(stream)) for stream, one in batch.states.items()}, STATES_MAX)
        commitments = {stream: one for stream, one in links.items() if stream.startswith("commitment/")}
        _keep(self._links, commitments, LINKS_MAX)

    def _in_chain(self, state: State) -> State:
        if not isinstance(state, Authority):
            return state
        row = self._connection.execute(
            """
            SELECT sequence, payload_sha256 FROM projection_acts
            WHERE generation = %s AND authority = %s AND position <= %s ORDER BY position DESC LIMIT 1""",
            [self._generation, state.id, self._position],
        ).fetchone()
        return msgspec.structs.replace(state, sequence=row[0], previous=row[1]) if row is not None else state


def _keep(memory: OrderedDict[str, Kept], values: Mapping[str, Kept], most: int) -> None:
    """Put values into a memory of at most so many, as those that were used last."""
    for stream, value in values.items():
        memory[stream] = value
        memory.move_to_end(stream)
    while len(memory) > most:
        memory.popitem(last=False)
