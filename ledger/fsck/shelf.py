"""The folded state in bounded memory: what is not in use lies in a temporary database on disk.

A fold of a whole log holds every act of every stream. Here the newest changes and some decoded states are in memory;
the rest is in a private database that goes away with the process.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from ledger.events.stages import Admitted
from ledger.fsck.scratch import scratch
from ledger.rules.compact import Changes, State, decode_state, encode_state
from ledger.rules.memory import Overlay

KEPT_BYTES_MAX: Final = 32 * 1024 * 1024
"""States that stay decoded, by the length of their stored form."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SCHEMA: Final = """
    CREATE TABLE states (name TEXT PRIMARY KEY, state BLOB NOT NULL, changed_at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE located (event_id TEXT PRIMARY KEY, stream TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE acts (authority TEXT, at INTEGER, number INTEGER, event_id TEXT,
        PRIMARY KEY (authority, at, number)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Applied:
    """What one entry changed. `signer_before` is the state of its authority before it."""

    signer_before: State | None
    changes: Changes


@dataclass(frozen=True, slots=True)
class Shelved:
    """The state of one stream, and the position of the entry that changed it last."""

    name: str
    state: bytes
    changed_at: int


class Shelf:
    """A Compact on disk. Not for use from two threads."""

    def __init__(self) -> None:
        self._database = scratch(_SCHEMA)
        self._kept: OrderedDict[str, tuple[State, int]] = OrderedDict()
        self._kept_bytes = 0
        self._acts = 0

    def close(self) -> None:
        self._database.close()

    def get(self, stream: str) -> State | None:
        """Return the state of a stream, or None if nothing was recorded there."""
        if stream in self._kept:
            self._kept.move_to_end(stream)
            return self._kept[stream][0]
        row = self._database.execute("SELECT state FROM states WHERE name = ?", [stream]).fetchone()
        if row is None:
            return None
        state = decode_state(row[0])
        self._keep(stream, state, len(row[0]))
        return state

    def locate(self, event_id: str) -> str | None:
        """Return the stream in which the act `event_id` was recorded, or None if it is unknown."""
        row = self._database.execute("SELECT stream FROM located WHERE event_id = ?", [event_id]).fetchone()
        return cast("str", row[0]) if row is not None else None

    def acts_since(self, authority: str, since: datetime) -> tuple[str, ...]:
        """Return the ids of the events that `authority` had admitted at or after `since`, in order."""
        rows = self._database.execute(
            "SELECT event_id FROM acts WHERE authority = ? AND at >= ? ORDER BY at, number", [authority, _moment(since)]
        )
        return tuple(event_id for (event_id,) in rows)

    def take(self, states: Mapping[str, tuple[State, int]], located: Mapping[str, str]) -> None:
        """Take over states, each with the position of its last change, and where acts were recorded."""
        rows = []
        for name, (state, changed_at) in states.items():
            raw = encode_state(state)
            rows.append((name, raw, changed_at))
            self._keep(name, state, len(raw))
        self._database.executemany("INSERT OR REPLACE INTO states VALUES (?, ?, ?)", rows)
        self._database.executemany("INSERT INTO located VALUES (?, ?)", located.items())

    def take_acts(self, acts: Mapping[str, list[tuple[datetime, str]]]) -> None:
        """Take over which acts each authority had admitted when, in order."""
        for authority, own in acts.items():
            for at, event_id in own:
                self._acts += 1
                row = (authority, _moment(at), self._acts, event_id)
                self._database.execute("INSERT INTO acts VALUES (?, ?, ?, ?)", row)

    def states(self) -> Iterator[Shelved]:
        """Yield every state, by the bytes of the streams' names."""
        for row in self._database.execute("SELECT name, state, changed_at FROM states ORDER BY name"):
            yield Shelved(*row)

    def _keep(self, name: str, state: State, size_bytes: int) -> None:
        _, before = self._kept.pop(name, (None, 0))
        self._kept[name] = state, size_bytes
        self._kept_bytes += size_bytes - before
        while self._kept_bytes > KEPT_BYTES_MAX and len(self._kept) > 1:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._kept_bytes -= dropped


class ShelvedCompact(Overlay):
    """The whole state, folded from the first entry on, on a shelf. `applied` is what the last entry changed."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__(shelf)
        self.shelf = shelf
        self.applied = Applied(None, {})
        self._changed_at: dict[str, int] = {}

    def apply(self, admitted: Admitted, position: int, recorded_at: datetime) -> Changes:
        """Fold the entry at `position`, as Overlay does, and remember what it changed."""
        signer = self.get(f"authority/{admitted.verified.event.authority}")
        changes = super().apply(admitted, position, recorded_at)
        self.applied = Applied(signer, changes)
        self._changed_at.update(dict.fromkeys(changes, position))
        return changes

    def settle(self) -> None:
        """Put what has changed onto the shelf, out of memory."""
        self.shelf.take({name: (state, self._changed_at[name]) for name, state in self.changes.items()}, self.located)
        self.shelf.take_acts(self._acts)
        for settled in (self.changes, self.located, self._acts, self._changed_at):
            settled.clear()


def _moment(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
