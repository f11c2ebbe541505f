"""What the ledger stated about an authority, held against the whole log.

A statement is a signed promise that an act is the last one of its authority up to a tree size. The auditor follows
every act of every authority, so it knows which one that is. Who lied is known only at the end: when the log signed just
the entries that were followed, and not before.
"""

from dataclasses import dataclass

from ledger.audit.auditor import Auditor, Followed
from ledger.audit.findings import Finding, Lie, LieFound, Proved, Undecidable, readable
from ledger.log.checkpoint import Checkpoint
from ledger.log.errors import StatementInvalid
from ledger.log.statement import HEADER, LastAct, Signed, check_signed, parse_statement
from ledger.rules.compact import authority, opened
from ledger.signing.dsse import ENVELOPE_BYTES_MAX
from ledger.signing.keys import public_key


@dataclass
class Said:
    """A statement, and the last act of its authority that the auditor has come by."""

    signed: Signed
    last: LastAct | None = None
    entry: bytes | None = None
    is_compared: bool = False
    lie: LieFound | None = None

    @classmethod
    def read(cls, raw: bytes) -> "Said":
        """Return the statement in a file, or in an envelope alone. Raises Undecidable if there is none."""
        head = f"{HEADER}\n".encode()
        first, _, _ = raw.removeprefix(head)[: ENVELOPE_BYTES_MAX + 1].partition(b"\n")
        try:
            return cls(parse_statement(first))
        except StatementInvalid as error:
            raise Undecidable(f"the statement cannot be read: {error}") from None

    def take(self, followed: Followed, auditor: Auditor, checkpoint: bytes) -> None:
        """Go on by one entry that came through, and compare at the size that is stated.

        Raises Undecidable if the ledger did not sign the statement: then it did not lie.
        """
        statement = self.signed.statement
        if followed.entry.position == 1:
            self._check_signed(auditor)
        if followed.entry.position > statement.tree_size:
            return
        envelope = followed.admitted.verified.envelope
        if envelope.event.authority == statement.authority:
            self.entry = followed.entry.raw
            self.last = LastAct(
                sequence=envelope.event.sequence,
                event=envelope.event.id,
                position=followed.entry.position,
                entry_sha256=followed.entry.sha256,
                payload_sha256=envelope.payload_sha256,
            )
        if followed.entry.position == statement.tree_size:
            self.is_compared, self.lie = True, self._compared(auditor, checkpoint)

    def proved(self, claimed: Checkpoint) -> Proved:
        """Return the line of the report, once the log is known to have signed the entries.

        Raises LieFound if the statement is false of them, Undecidable if they do not go that far.
        """
        statement = self.signed.statement
        if self.lie is not None:
            raise self.lie
        if not self.is_compared:
            raise Undecidable(
                f"the statement is about a tree of {statement.tree_size} entries; the audited one has "
                f"{claimed.tree_size}: audit a later one"
            )
        detail = f"acts of {statement.authority} up to tree size {statement.tree_size}, as the ledger stated"
        return Proved("statement", statement.count, detail)

    def _check_signed(self, auditor: Auditor) -> None:
        ledger = opened(auditor.compact)
        assert ledger is not None
        if self.signed.statement.origin != ledger.origin:
            raise Undecidable(f"the statement is of the ledger {self.signed.statement.origin}, not {ledger.origin}")
        try:
            check_signed(self.signed, public_key(ledger.service_key))
        except StatementInvalid as error:
            raise Undecidable(f"the ledger did not sign the statement: {error}") from None

    def _compared(self, auditor: Auditor, checkpoint: bytes) -> LieFound | None:
        """Return in what the statement is false, if it is."""
        statement, root = self.signed.statement, auditor.tree.root.hex()
        if root != statement.root:
            expected = f"root {root} of the first {statement.tree_size} entries"
            return self._lie(checkpoint, expected, f"root {statement.root}, as stated")
        if self.last != statement.last:
            return self._lie(checkpoint, f"{_words(self.last)} as the last", f"{_words(statement.last)}, as stated")
        if authority(auditor.compact, statement.authority) is None:
            return self._lie(checkpoint, "an authority that is registered", f"{statement.authority}, as stated")
        return None

    def _lie(self, checkpoint: bytes, expected: str, got: str) -> LieFound:
        statement = self.signed.statement
        evidence = {"statement": readable(self.signed.raw), "checkpoint": readable(checkpoint)}
        if self.entry is not None:
            evidence["entry"] = readable(self.entry)
        place = f"the statement about {statement.authority} at {statement.tree_size}"
        return LieFound(Finding(Lie.STATEMENT_WRONG, place, None, expected, got, evidence))


def _words(last: LastAct | None) -> str:
    return f"act {last.sequence} at position {last.position} ({last.event})" if last is not None else "no act"
