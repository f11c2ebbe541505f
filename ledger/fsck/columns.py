"""The columns of an entry against its bytes, and the batches that its neighbours were recorded in.

A batch is not written in the entries, but it leaves marks: all of it has one `recorded_at` and one `sealed_size`, which
is the position of its last entry, and the checkpoint of that size.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ledger.events.stages import Envelope
from ledger.fsck.findings import Findings, Kind
from ledger.log.entry import Entry
from ledger.store.inspection import EntryRow

TABLE: Final = "entries"
VERSION: Final = 1
MISSING_MAX: Final = 8
"""Batches without a checkpoint that wait for one to be made: the newest may be about to be sealed."""


def check_columns(row: EntryRow, entry: Entry, envelope: Envelope, found: Findings) -> None:
    """Compare what stands beside the bytes with what stands in them."""
    event = envelope.event
    expected = {
        "originator_id": event.id,
        "originator_version": VERSION,
        "topic": event.type,
        "payload_sha256": bytes.fromhex(envelope.payload_sha256),
        "authority": event.authority,
        "recorded_at": entry.recorded_at,
    }
    got = {
        "originator_id": row.event_id,
        "originator_version": row.version,
        "topic": row.topic,
        "payload_sha256": row.payload_sha256,
        "authority": row.authority,
        "recorded_at": row.recorded_at,
    }
    found.compare(TABLE, row.position, expected, got)


def check_derived(row: EntryRow, stream: str, pending_on: tuple[str, ...], found: Findings) -> None:
    """Compare the columns that only the rules can tell."""
    expected = {"stream": stream, "pending_on": pending_on}
    found.compare(TABLE, row.position, expected, {"stream": row.stream, "pending_on": row.pending_on})


@dataclass(frozen=True, slots=True)
class _Open:
    """An entry whose batch has not ended yet."""

    position: int
    sealed_size: int
    recorded_at: datetime


@dataclass(slots=True)
class Batches:
    """Which entries were recorded together. `ended` is told of the last position of each batch, in order."""

    found: Findings
    ended: Callable[[int], None]
    open: list[_Open] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)

    def take(self, row: EntryRow, sealed: Collection[int]) -> None:
        """Take the next entry. `sealed` are the sizes of checkpoints that there are; `missing` collects the others."""
        self.open.append(_Open(row.position, row.sealed_size, row.recorded_at))
        is_own_end = row.sealed_size == row.position
        if not is_own_end and row.position not in sealed:
            return
        self._end(row.position)
        if row.position not in sealed:
            self.missing.append(row.position)
        if len(self.missing) > MISSING_MAX:
            self.report_missing(self.missing.pop(0))

    def report_missing(self, size: int) -> None:
        """Add the finding that a batch which ended at `size` has no checkpoint."""
        expected = f"a checkpoint of {size} entries, where a batch ended"
        self.found.add(
            Kind.CHECKPOINT_MISSING, "checkpoints", size, expected, "none: a receipt that is asked for makes it"
        )

    def finish(self, tree_size: int) -> None:
        """The log ends here, and with it a batch."""
        if self.open:
            self._end(tree_size)

    def _end(self, position: int) -> None:
        at = self.open[-1].recorded_at
        for one in self.open:
            if one.sealed_size != position:
                key = f"{one.position}, sealed_size"
                self.found.add(Kind.COLUMN_WRONG, TABLE, key, str(position), str(one.sealed_size))
            if one.recorded_at != at:
                expected = f"{at.isoformat()}, the time of all of its batch, which ends at {position}"
                self.found.add(
                    Kind.COLUMN_WRONG, TABLE, f"{one.position}, recorded_at", expected, one.recorded_at.isoformat()
                )
        self.open.clear()
        self.ended(position)
