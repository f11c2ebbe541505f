"""The whole state that an audit has folded, in bounded memory: a small log's in a dict, a large one's mostly outside.

What was changed lately stands in `changes` as it does in any overlay. As soon as that weighs too much it is settled:
encoded into temporary files, with some of it kept decoded for the next who asks.
"""

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger.audit.records import Records
from ledger.events.stages import Admitted
from ledger.rules.compact import Changes, State, decode_state, encode_state
from ledger.rules.memory import Overlay

CHANGED_BYTES_MAX: Final = 24 * 1024 * 1024
"""States that were changed and not settled, by the length of their stored form: about 24,000 entries.

At a million entries 439 MB in all; with 8 MB of these, and 48 of those below, 463 and no sooner.
"""

KEPT_BYTES_MAX: Final = 24 * 1024 * 1024
"""Settled states that were asked for and stay decoded, by the same measure. In memory each takes about twice that."""

ACT_BYTES: Final = 256
"""What an act adds to the stored form beside its payload, roughly."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Folded(Overlay):
    """The state folded from the first entry on. `changes` is all of it until `is_settled`; `every` always is.

    Raises Undecidable where the temporary files cannot be written.
    """

    def __init__(self, changed_bytes_max: int = CHANGED_BYTES_MAX, kept_bytes_max: int = KEPT_BYTES_MAX) -> None:
        self._outside = _Outside(kept_bytes_max)
        super().__init__(self._outside)
        self._changed_bytes_max = changed_bytes_max
        self._changed_bytes = 0

    @property
    def is_settled(self) -> bool:
        """Whether something of the state is outside of memory."""
        return self._outside.is_used

    def apply(self, admitted: Admitted, position: int, recorded_at: datetime) -> Changes:
        """Fold the entry at `position`, as Overlay does. What it changes stands in `changes` until the next."""
        if self._changed_bytes > self._changed_bytes_max:
            self._settle()
        changes = super().apply(admitted, position, recorded_at)
        self._changed_bytes += ACT_BYTES + len(admitted.verified.envelope.payload)
        for stream in changes:
            self._changed_bytes += self._outside.let_go(stream)
        return changes

    def every(self) -> Iterator[tuple[str, State]]:
        """Yield every stream with its state, in no particular order. Nothing may be applied meanwhile."""
        yield from self.changes.items()
        for stream, state in self._outside.every():
            if stream not in self.changes:
                yield stream, state

    def _settle(self) -> None:
        self._outside.take(self.changes)
        self._outside.take_acts(self.located, self._acts)
        self.changes.clear()
        self.located.clear()
        self._acts.clear()
        self._changed_bytes = 0


class _Outside:
    """A Compact in temporary files. Nothing is there until something was taken."""

    def __init__(self, kept_bytes_max: int) -> None:
        self._kept_bytes_max = kept_bytes_max
        self._kept_bytes = 0
        self._kept: OrderedDict[str, tuple[State, int]] = OrderedDict()
        self._states: Records | None = None
        self._events: Records | None = None
        self._acts: dict[str, tuple[array[int], array[int]]] = {}

    @property
    def is_used(self) -> bool:
        return self._states is not None

    def get(self, stream: str) -> State | None:
        kept = self._kept.get(stream)
        if kept is not None:
            self._kept.move_to_end(stream)
            return kept[0]
        raw = self._states.get(stream) if self._states is not None else None
        if raw is None:
            return None
        state = decode_state(raw)
        self._keep(stream, state, len(raw))
        return state

    def locate(self, event_id: str) -> str | None:
        raw = self._events.get(event_id) if self._events is not None else None
        return raw.decode() if raw is not None else None

    def acts_since(self, authority: str, since: datetime) -> tuple[str, ...]:
        if self._events is None or authority not in self._acts:
            return ()
        times, places = self._acts[authority]
        first = bisect_left(times, _moment(since))
        return tuple(self._events.at(place)[0] for place in places[first:])

    def every(self) -> Iterator[tuple[str, State]]:
        for stream, raw in self._states.items() if self._states is not None else ():
            yield stream, decode_state(raw)

    def let_go(self, stream: str) -> int:
        """Forget the decoded state of a stream, and return how long its stored form was; 0 if it was not kept."""
        kept = self._kept.pop(stream, None)
        if kept is None:
            return 0
        self._kept_bytes -= kept[1]
        return kept[1]

    def take(self, states: Mapping[str, State]) -> None:
        """Take over states that have changed. None stays decoded: most are never asked for again."""
        if self._states is None:
            self._states = Records()
        self._states.put((stream, encode_state(state)) for stream, state in states.items())

    def take_acts(self, located: Mapping[str, str], acts: Mapping[str, list[tuple[datetime, str]]]) -> None:
        """Take over where events were recorded, and which of them each authority had admitted when, in order."""
        if self._events is None:
            self._events = Records()
        places = self._events.put((event_id, stream.encode()) for event_id, stream in located.items())
        place_of = dict(zip(located, places, strict=True))
        for authority, own in acts.items():
            times, at = self._acts.setdefault(authority, (array("q"), array("Q")))
            times.extend(_moment(recorded_at) for recorded_at, _ in own)
            at.extend(place_of[event_id] for _, event_id in own)

    def _keep(self, stream: str, state: State, stored_bytes: int) -> None:
        self._kept[stream] = state, stored_bytes
        self._kept_bytes += stored_bytes
        while self._kept_bytes > self._kept_bytes_max and len(self._kept) > 1:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._kept_bytes -= dropped


def _moment(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
