"""One step of folding into a generation: read, decide again, write, move the place. Following and rebuilding take it.

After `advance` returned True the rows of these entries are in the database and their place with them; a crash before
that leaves neither.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import psycopg

from ledger.events.deliveries import DeliveryEvent, DeliveryRecorded
from ledger.events.header import Event
from ledger.intake.recent import Recent
from ledger.rules.streams import others, reads, writes
from projections.folding import Batch, LogCorrupt, Parsed, fold, parsed
from projections.generations import Generation, numbered, write
from projections.stored_state import StoredState

BATCH_ENTRIES: Final = 1_000


class Progress:
    """A generation being folded over one connection in autocommit mode. Not for use from two threads at once.

    `place` is where the fold stands. `recent`: what this process admitted itself, if it did.
    """

    def __init__(self, connection: psycopg.Connection, generation: Generation, recent: Recent | None = None) -> None:
        self._connection = connection
        self._state = StoredState(connection, generation.number, generation.place.position)
        self._recent = recent
        self.generation = generation.number
        self.place = generation.place

    def advance(self, raws: Sequence[bytes]) -> bool:
        """Fold and write the next entries. False if another did so before; then this object is of no more use.

        Raises LogCorrupt, with the entries before that one written.
        """
        try:
            batch = self._batch(parsed(self.place, raws, self._recent))
        except LogCorrupt as error:
            if not self._holds_place():
                # The rows went away while they were read: a rebuild has switched. The log need not be at fault.
                return False
            sound = raws[: error.position - self.place.position - 1]
            if sound and not self.advance(sound):
                return False
            raise
        if not write(self._connection, self.generation, batch):
            return False
        self._take(batch)
        return True

    def fold(self, entries: Sequence[Parsed]) -> Batch:
        """Fold the next entries. The caller writes the batch, before it asks for the one after the next.

        Raises LogCorrupt.
        """
        batch = self._batch(entries)
        self._take(batch)
        return batch

    def _take(self, batch: Batch) -> None:
        self.place = batch.after
        self._state.take(batch)

    def _batch(self, entries: Sequence[Parsed]) -> Batch:
        events = [item.envelope.event for item in entries]
        targets = [act for event in events if (act := getattr(event, "act", None)) is not None]
        self._state.fetch_located(targets)
        located = filter(None, map(self._state.locate, targets))
        self._state.fetch((*located, *(stream for item in entries for stream in _needed(item))))
        self._state.fetch_links(self._commitments(events))
        return fold(self._state, self.place, entries, self._state.links)

    def _commitments(self, events: Sequence[Event]) -> Iterator[str]:
        """Yield the commitments that these acts are on deliveries under: they tell what text an act is about."""
        for event in events:
            if isinstance(event, DeliveryRecorded):
                if event.commitment is not None:
                    yield f"commitment/{event.commitment}"
            elif isinstance(event, DeliveryEvent):
                links = self._state.links(f"delivery/{event.delivery}")
                if links is not None and links.commitment is not None:
                    yield f"commitment/{links.commitment}"

    def _holds_place(self) -> bool:
        found = numbered(self._connection, self.generation)
        return found is not None and found.place == self.place


def _needed(item: Parsed) -> tuple[str, ...]:
    """Return the streams that are read for an entry in any case: those it changes, and to decide it, if that is due."""
    event = item.envelope.event
    return (*(writes(event) if item.admitted is not None else reads(event)), *others(event))
