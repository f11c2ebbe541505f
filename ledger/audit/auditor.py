"""The order of an audit: what is asked of every entry, one after another, on top of all the entries before it.

An entry that comes through every step is one that an honest ledger would have recorded there. The first that does not
ends the audit, so what a later step is given was proved by the earlier ones.

`examine` is the pure part, for each entry on its own; `Auditor` is the fold over what it returns.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn

from ledger.audit.findings import Finding, Lie, LieFound, readable, words
from ledger.audit.folded import Folded
from ledger.audit.source import Line
from ledger.events.header import FIRST_PREVIOUS
from ledger.events.keys import KeySet
from ledger.events.openings import LedgerOpened
from ledger.events.refusals import Refused, Rejected
from ledger.events.stages import Admitted, Envelope, Verified
from ledger.log.entry import GENESIS_PREVIOUS, Entry, parse_entry
from ledger.log.errors import EntryMalformed
from ledger.log.tree import EMPTY, Frontier
from ledger.rules.compact import authority, opened
from ledger.rules.decide import decide, keys_of
from ledger.rules.memory import Overlay
from ledger.signing import dsse
from ledger.signing.verify import verify

LEAVES_HELD_MAX: Final = 4096
"""How many leaf hashes wait before they enter the tree: joining it costs a copy of its right edge each time."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An envelope that another process verified: holds for an authority with these keys, in the log `ledger`."""

    verified: Verified
    keys: KeySet
    ledger: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What the bytes of one line say by themselves: an entry and its envelope, or why they are none."""

    line: Line
    entry: Entry | EntryMalformed
    envelope: Envelope | Rejected | None
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """An entry that came through every step, and the act that it records."""

    entry: Entry
    admitted: Admitted


Examine = Callable[[Iterable[Line]], Iterator[Examined]]
"""Examines lines, in order, raising what the lines raise where the line would have come."""

Watch = Callable[[Followed], None]
"""Told of every entry that came through, in order."""


def examine(line: Line) -> Examined:
    """Parse one line. Depends on nothing but its bytes, so that lines may be examined at once by many."""
    try:
        entry = parse_entry(line.raw)
    except EntryMalformed as error:
        return Examined(line, error, None)
    try:
        return Examined(line, entry, dsse.parse(entry.envelope))
    except Rejected as rejection:
        return Examined(line, entry, rejection)


def one_by_one(lines: Iterable[Line]) -> Iterator[Examined]:
    """Examine lines in this process."""
    return map(examine, lines)


class Auditor:
    """Folds entries from position 1 on, into `compact` or else bounded memory. After a lie it has no further use."""

    def __init__(self, compact: Overlay | None = None, examined: Examine = one_by_one) -> None:
        self.compact = Folded() if compact is None else compact
        self._examined = examined
        self.origin: str | None = None
        self.position = 0
        self.last_sha256 = GENESIS_PREVIOUS
        self.recorded_at: datetime | None = None
        self.signatures = 0
        self.authorities: dict[str, int] = {}
        self._frontier = EMPTY
        self._leaves: list[bytes] = []

    @property
    def tree(self) -> Frontier:
        """The tree over all entries so far."""
        self._frontier, _ = self._frontier.append(self._leaves)
        self._leaves = []
        return self._frontier

    def follow(self, lines: Iterable[Line]) -> Iterator[Followed]:
        """Yield each entry as it has come through. Raises LieFound at the first that does not."""
        for examined in self._examined(lines):
            yield self.take(examined)

    def take(self, examined: Examined) -> Followed:
        """Ask everything of one entry, in this order, and fold it. Raises LieFound with the first step that fails.

        1. The bytes are an entry in its one form: ENTRY_MALFORMED
        2. Its position is the next: POSITION_WRONG
        3. It names the SHA-256 of the entry before: CHAIN_BROKEN
        4. It was not recorded before the entry before: TIME_REVERSED
        5. Its envelope is canonical and holds a known event: ENVELOPE_INVALID
        6. The first entry, and no other, opens the ledger: ANCHOR_WRONG
        7. No earlier entry has the same event id: EVENT_REPEATED
        8. It is signed, for this ledger, by keys of an authority that stands at this position: SIGNATURE_INVALID
        9. It is the next act in that authority's own chain: SEQUENCE_BROKEN
        10. The rules admit it at the time of its entry, as they would have then: NOT_ADMISSIBLE
        11. Its state is folded and its leaf enters the tree
        """
        line = examined.line
        entry, envelope = self.linked(examined)
        self.check_opening(line, envelope)
        self.check_event_id(line, envelope)
        verified = self._accepted(examined.elsewhere, envelope) or self.verified(line, envelope)
        self.check_sequence(line, verified)
        admitted = self.admitted(line, entry, verified)
        self._fold(entry, admitted)
        return Followed(entry, admitted)

    def linked(self, examined: Examined) -> tuple[Entry, Envelope]:
        """Steps 1 to 5, which ask nothing of the folded state: is it the next entry, and does it hold an act?"""
        entry = self._entry(examined)
        self.check_position(examined.line, entry)
        self.check_chain(examined.line, entry)
        self.check_time(examined.line, entry)
        return entry, self._envelope(examined)

    def _entry(self, examined: Examined) -> Entry:
        if isinstance(examined.entry, EntryMalformed):
            self._lie(Lie.ENTRY_MALFORMED, examined.line, *words(examined.entry))
        return examined.entry

    def check_position(self, line: Line, entry: Entry) -> None:
        """Step 2."""
        if entry.position != self.position + 1:
            self._lie(Lie.POSITION_WRONG, line, f"position {self.position + 1}", f"position {entry.position}")

    def check_chain(self, line: Line, entry: Entry) -> None:
        """Step 3."""
        if entry.previous != self.last_sha256:
            self._lie(Lie.CHAIN_BROKEN, line, f"previous {self.last_sha256}", entry.previous)

    def check_time(self, line: Line, entry: Entry) -> None:
        """Step 4."""
        if self.recorded_at is not None and entry.recorded_at < self.recorded_at:
            expected = f"recorded_at from {self.recorded_at.isoformat()} on"
            self._lie(Lie.TIME_REVERSED, line, expected, entry.recorded_at.isoformat())

    def _envelope(self, examined: Examined) -> Envelope:
        if not isinstance(examined.envelope, Envelope):
            assert examined.envelope is not None
            self._lie(Lie.ENVELOPE_INVALID, examined.line, *words(examined.envelope))
        return examined.envelope

    def check_opening(self, line: Line, envelope: Envelope) -> None:
        """Step 6."""
        opens = isinstance(envelope.event, LedgerOpened)
        if opens != (self.position == 0):
            expected = "ledger.opened" if self.position == 0 else "any act but another ledger.opened"
            self._lie(Lie.ANCHOR_WRONG, line, expected, envelope.event.type)

    def check_event_id(self, line: Line, envelope: Envelope) -> None:
        """Step 7."""
        stream = self.compact.locate(envelope.event.id)
        if stream is not None:
            self._lie(Lie.EVENT_REPEATED, line, f"an event id that is not in {stream} yet", envelope.event.id)

    def _accepted(self, elsewhere: Elsewhere | None, envelope: Envelope) -> Verified | None:
        """Return what another process verified if it did by the keys that stand here, which is step 8; else None."""
        if elsewhere is None or elsewhere.ledger != self.origin:
            return None
        signer = authority(self.compact, envelope.event.authority)
        return elsewhere.verified if signer is not None and signer.keys == elsewhere.keys else None

    def verified(self, line: Line, envelope: Envelope) -> Verified:
        """Step 8. A revoked authority still has keys; that it no longer stands is the rules' refusal in step 10."""
        try:
            return verify(envelope, keys_of(self.compact, envelope.event), ledger=self.origin)
        except Rejected as rejection:
            self._lie(Lie.SIGNATURE_INVALID, line, *words(rejection))

    def check_sequence(self, line: Line, verified: Verified) -> None:
        """Step 9. The rules ask it too; it has a code of its own because it is what a party looks for."""
        event = verified.event
        signer = authority(self.compact, event.authority)
        sequence, previous = (signer.sequence, signer.previous) if signer is not None else (0, FIRST_PREVIOUS)
        if (event.sequence, event.previous) != (sequence + 1, previous):
            expected = f"act {sequence + 1} of {event.authority}, after {previous}"
            self._lie(Lie.SEQUENCE_BROKEN, line, expected, f"act {event.sequence}, after {event.previous}")

    def admitted(self, line: Line, entry: Entry, verified: Verified) -> Admitted:
        """Step 10."""
        try:
            outcome = decide(self.compact, verified, entry.recorded_at)
        except Rejected as rejection:
            self._lie(Lie.NOT_ADMISSIBLE, line, *words(rejection))
        if isinstance(outcome, Refused):
            got = f"{outcome.got} ({outcome.refusal})"
            self._lie(Lie.NOT_ADMISSIBLE, line, outcome.expected, got)
        return outcome

    def _fold(self, entry: Entry, admitted: Admitted) -> None:
        """Step 11."""
        self.compact.apply(admitted, entry.position, entry.recorded_at)
        self._leaves.append(entry.leaf_hash)
        if len(self._leaves) >= LEAVES_HELD_MAX:
            self._frontier = self.tree
        event = admitted.verified.event
        self.authorities[event.authority] = event.sequence
        self.signatures += len(admitted.verified.envelope.signatures)
        self.position = entry.position
        self.last_sha256 = entry.sha256
        self.recorded_at = entry.recorded_at
        if self.origin is None:
            ledger = opened(self.compact)
            assert ledger is not None
            self.origin = ledger.origin

    def _lie(self, lie: Lie, line: Line, expected: str, got: str) -> NoReturn:
        evidence = {"entry": readable(line.raw), "previous_entry_sha256": self.last_sha256}
        raise LieFound(Finding(lie, line.place, self.position + 1, expected, got, evidence))
