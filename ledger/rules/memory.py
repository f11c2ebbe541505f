"""The folded state in memory: on top of nothing for an auditor, on top of a store for the batch that it is deciding.

What was applied is seen by the next decision; what lies under is never changed.
"""

from bisect import bisect_left
from datetime import datetime

from ledger.events.stages import Admitted
from ledger.rules.compact import Changes, Compact, State
from ledger.rules.evolve import evolve
from ledger.rules.streams import primary


class Overlay:
    """A Compact in which acts were applied on top of another. `changes`, `located`: what a store has to write."""

    def __init__(self, under: Compact) -> None:
        self._under = under
        self._acts: dict[str, list[tuple[datetime, str]]] = {}
        self.changes: dict[str, State] = {}
        self.located: dict[str, str] = {}

    def get(self, stream: str) -> State | None:
        """Return the state of a stream, or None if nothing was recorded there."""
        changed = self.changes.get(stream)
        return changed if changed is not None else self._under.get(stream)

    def locate(self, event_id: str) -> str | None:
        """Return the stream in which the act `event_id` was recorded, or None if it is unknown."""
        return self.located.get(event_id) or self._under.locate(event_id)

    def acts_since(self, authority: str, since: datetime) -> tuple[str, ...]:
        """Return the ids of the events that `authority` had admitted at or after `since`, in order."""
        own = self._acts.get(authority, [])
        first = bisect_left(own, since, key=lambda act: act[0])
        return (*self._under.acts_since(authority, since), *(event_id for _, event_id in own[first:]))

    def apply(self, admitted: Admitted, position: int, recorded_at: datetime) -> Changes:
        """Fold the entry at `position` and return what it changed. In order, `recorded_at` never going back."""
        event = admitted.verified.event
        stream = primary(self, event)
        assert stream is not None
        changes = evolve(self, admitted, position, recorded_at)
        self.changes.update(changes)
        self.located[event.id] = stream
        self._acts.setdefault(event.authority, []).append((recorded_at, event.id))
        return changes


class _Nothing:
    """A Compact in which nothing was recorded."""

    def get(self, stream: str) -> State | None:
        return None

    def locate(self, event_id: str) -> str | None:
        return None

    def acts_since(self, authority: str, since: datetime) -> tuple[str, ...]:
        return ()


class MemoryCompact(Overlay):
    """The whole state in memory, folded from the first entry on."""

    def __init__(self) -> None:
        super().__init__(_Nothing())
