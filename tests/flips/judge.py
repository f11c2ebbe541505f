"""What an audit says of an export in which one line is another.

The entries before that line are the same bytes, so they are judged once and not for each change: the auditor that has
judged them is forked, and everything from the changed line on is put to the fork. An audit stops at its first lie, so
mostly one line is looked at; where that line comes through, `audit` itself judges it again with all that follow.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from ledger.audit.audit import Pins, audit
from ledger.audit.auditor import Auditor, examine
from ledger.audit.export import ENTRIES, lines_of
from ledger.audit.findings import Finding, LieFound
from ledger.audit.source import Line
from ledger.rules.memory import Overlay
from tests.audit.test_byte_flips import Resumed


@dataclass(frozen=True, slots=True)
class Rest:
    """A source of which an auditor has judged the first entries: a checkpoint, and the bytes of the lines to come."""

    note: bytes
    lines: bytes
    name: str = "the rest of an export"

    def checkpoint(self) -> bytes:
        return self.note

    def entries(self, tree_size: int) -> Iterator[Line]:
        return lines_of(io.BytesIO(self.lines))


def forked(auditor: Auditor) -> Auditor:
    """Return an auditor at the same place, which folds what comes without a change to the first one."""
    assert auditor.tree.tree_size == auditor.position
    other = object.__new__(type(auditor))
    own = {"compact": Overlay(auditor.compact), "authorities": {**auditor.authorities}, "_leaves": []}
    vars(other).update({**vars(auditor), **own})
    return other


class Judge:
    """An export in memory, `entries` and `note`, and an auditor that has judged its first entries."""

    def __init__(self, entries: bytes, note: bytes, auditor: Auditor) -> None:
        self.note = note
        self._lines = entries.splitlines(keepends=True)
        self._begins = [0]
        for line in self._lines:
            self._begins.append(self._begins[-1] + len(line))
        self._entries = entries
        self._auditor = auditor
        self._whole: Resumed | None = None

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def judged(self) -> int:
        """How many entries were judged as they are."""
        return self._auditor.position

    @property
    def line(self) -> bytes:
        """The next line, its line feed included."""
        return self._lines[self.judged]

    def advance(self, judged: int) -> None:
        """Judge entries as they are, until there are `judged`. Raises LieFound."""
        while self.judged < judged:
            self._auditor.take(examine(Line(self.line[:-1], ENTRIES, self._begins[self.judged])))

    def of_line(self, changed: bytes) -> Finding | None:
        """Return the first lie if the bytes `changed` stood where the next line stands; None if there is none."""
        try:
            if changed.find(b"\n") == len(changed) - 1 > 0:
                # One line instead of one line: the steps of an entry, as the whole audit asks them.
                forked(self._auditor).take(examine(Line(changed[:-1], ENTRIES, 0)))
            self.whole(changed)
        except LieFound as found:
            return found.finding
        return None

    def whole(self, changed: bytes) -> None:
        """Judge the changed bytes and everything after them, and the checkpoint. Raises LieFound."""
        rest = self._entries[self._begins[self.judged + 1] :]
        audit(Rest(self.note, changed + rest), Pins(), forked(self._auditor), lambda followed: None)

    def of_note(self, changed: bytes) -> Finding | None:
        """Return the first lie if the checkpoint were `changed`; the entries are judged once for all such changes."""
        if self._whole is None:
            self._whole = Resumed(list(Auditor().follow(lines_of(io.BytesIO(self._entries)))))
        try:
            audit(Rest(changed, self._entries), Pins(), self._whole.again(), lambda followed: None)
        except LieFound as found:
            return found.finding
        return None


def bits(raw: bytes, step: int = 1) -> Iterator[bytes]:
    """Yield `raw` with one bit changed, for every bit of every `step`th byte."""
    for at in range(0, len(raw), step):
        before, byte, after = raw[:at], raw[at], raw[at + 1 :]
        for bit in range(8):
            yield b"%b%c%b" % (before, byte ^ 1 << bit, after)
