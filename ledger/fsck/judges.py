"""What is asked of each entry: the auditor's own steps, up to the envelope or with the rules.

After an entry that does not hold, nothing is derived any more: the rules are asked on the state of all earlier
entries, and there is none. What can be asked of an entry and its neighbour alone goes on being asked.
"""

from collections.abc import Callable
from hashlib import sha256

from ledger.audit.auditor import Auditor, Followed, examine
from ledger.audit.findings import LieFound
from ledger.audit.source import Line
from ledger.fsck.checkpoints import signing_after
from ledger.fsck.columns import TABLE, check_columns, check_derived
from ledger.fsck.findings import Findings
from ledger.fsck.shelf import Shelf, ShelvedCompact
from ledger.log.entry import Entry
from ledger.rules.compact import Opened
from ledger.store.inspection import EntryRow

Watch = Callable[[Followed, ShelvedCompact], None]
"""Told of every entry that came through, right after it was folded."""


class Linked:
    """Asks of each entry what its bytes and its neighbour tell. `signing`: who signs checkpoints."""

    def __init__(self, found: Findings) -> None:
        self._found = found
        self._neighbour = Auditor()
        self._is_torn = False
        self.signing: Opened | None = None

    def judge(self, row: EntryRow, *, is_doubtful: bool) -> None:
        """Judge the next row. `is_doubtful`: its bytes are not those that the tree binds, which was said already."""
        auditor = self._neighbour
        auditor.position = row.position - 1
        examined = examine(Line(row.raw, TABLE, 0))
        if self._is_torn and isinstance(examined.entry, Entry):
            # Whether it follows one that does not hold cannot be asked.
            auditor.last_sha256 = examined.entry.previous
        self._is_torn = is_doubtful
        try:
            entry, envelope = auditor.linked(examined)
        except LieFound as lie:
            self._is_torn = True
            if not is_doubtful:
                self._said(lie, row)
        else:
            check_columns(row, entry, envelope, self._found)
            self.signing = signing_after(self.signing, envelope.event, row.position)
            if not is_doubtful:
                auditor.recorded_at = entry.recorded_at
        auditor.last_sha256 = sha256(row.raw).hexdigest()

    def skip(self) -> None:
        """The next row is not there."""
        self._is_torn = True

    def settle(self) -> None:
        """Let go of what is not needed until the next entry."""

    def _said(self, lie: LieFound, row: EntryRow) -> None:
        finding = lie.finding
        self._found.add(finding.lie, TABLE, row.position, finding.expected, finding.got)


class Ruled(Linked):
    """Asks everything of each entry that an audit asks, up to the first that does not hold."""

    def __init__(self, found: Findings, watch: Watch) -> None:
        super().__init__(found)
        self.shelf = Shelf()
        self.compact = ShelvedCompact(self.shelf)
        self.auditor = Auditor(self.compact)
        self.is_sound = True
        self._watch = watch

    def judge(self, row: EntryRow, *, is_doubtful: bool) -> None:
        if self.is_sound and not is_doubtful:
            try:
                self._take(row)
            except LieFound as lie:
                self.is_sound = False
                self._said(lie, row)
                self._stand_behind(row)
            return
        if self.is_sound:
            self.is_sound = False
            self._stand_behind(None)
        super().judge(row, is_doubtful=is_doubtful)

    def skip(self) -> None:
        if self.is_sound:
            self.is_sound = False
            self._stand_behind(None)
        super().skip()

    def settle(self) -> None:
        self.compact.settle()

    def _take(self, row: EntryRow) -> None:
        followed = self.auditor.take(examine(Line(row.raw, TABLE, 0)))
        envelope = followed.admitted.verified.envelope
        check_columns(row, followed.entry, envelope, self._found)
        stream = self.compact.locate(envelope.event.id)
        assert stream is not None
        check_derived(row, stream, followed.admitted.pending_on, self._found)
        self.signing = signing_after(self.signing, envelope.event, row.position)
        self._watch(followed, self.compact)

    def _stand_behind(self, row: EntryRow | None) -> None:
        """Go on without the rules, after the last sound entry or after a row that is not."""
        self._neighbour.recorded_at = self.auditor.recorded_at
        self._neighbour.last_sha256 = self.auditor.last_sha256
        if row is not None:
            self._is_torn = True
