"""What is handed into the append transaction, and what comes out of it.

The store holds the lock, the bytes and the tree; what is admitted is decided by a function that is called while the
lock is held, with everything committed before in view.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ledger.events.stages import Admitted, Envelope
from ledger.log.entry import Entry
from ledger.log.tiles import TileId
from ledger.rules.compact import Compact, State
from ledger.store.head import Head


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as found by its event's id.

    `payload_sha256` is 64 hexadecimal digits, `sealed_size` the tree size at which its receipt was made, `pending_on`
    the parties whose consent it waited for when it was admitted, `stream` where it was recorded.
    """

    position: int
    payload_sha256: str
    sealed_size: int
    pending_on: tuple[str, ...]
    stream: str


@dataclass(frozen=True, slots=True)
class Locked:
    """The log while its head is held: nobody else appends. `recorded_at` is the time of the entries to come.

    `found` holds those of the batch's event ids that were recorded before.
    """

    head: Head
    recorded_at: datetime
    compact: Compact
    found: Mapping[str, Found]


class Folded(Protocol):
    """The changed part of a Compact (`ledger.rules.memory.Overlay` is one)."""

    @property
    def changes(self) -> Mapping[str, State]:
        """The new state of each changed stream."""

    @property
    def located(self) -> Mapping[str, str]:
        """The stream of each admitted event, by the event's id."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a batch comes to: the acts to append, in order, the folded states after them, and evidence to keep.

    `conflicting` are verified envelopes under ids that are taken.
    """

    admitted: Sequence[Admitted]
    folded: Folded
    conflicting: Sequence[Envelope]


Decide = Callable[[Locked], Decided]
"""Called once, with the head locked. What it raises rolls the transaction back and reaches the caller."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What was committed: the head before and after the batch, its entries, the tiles that they filled or made grow.

    `peaks` are the roots of the perfect subtrees of the tree after it (`ledger.log.tree.Frontier`).
    """

    before: Head
    head: Head
    entries: Sequence[Entry]
    tiles: Mapping[TileId, bytes]
    peaks: Sequence[bytes]


@dataclass(slots=True)
class Appending:
    """One batch on its way through the event store: what to decide on, how, by which clock, and what became of it.

    `notes` are signed checkpoints by their tree size; those that are not stored are stored with the batch's entries.
    """

    envelopes: Sequence[Envelope]
    decide: Decide
    now: Callable[[], datetime]
    notes: Mapping[int, bytes]
    appended: list[Appended] = field(default_factory=list)
