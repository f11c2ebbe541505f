"""An older checkpoint that the auditor kept, alone or in a receipt: what the log said then must begin what it says now.

The auditor believes the file because it kept it; whether the log's keys signed it decides how much others will.
"""

from dataclasses import dataclass

from ledger.audit.auditor import Auditor
from ledger.audit.findings import Finding, Lie, LieFound, Proved, Undecidable, readable
from ledger.log.checkpoint import Checkpoint, parse_checkpoint
from ledger.log.errors import LogInvalid
from ledger.log.note import parse_note
from ledger.log.receipt import is_receipt, parse_receipt


@dataclass(frozen=True, slots=True)
class Older:
    """The checkpoint of `--since`, and the note that it came in."""

    raw: bytes
    checkpoint: Checkpoint

    @classmethod
    def read(cls, raw: bytes) -> "Older":
        """Return the older checkpoint: `raw` itself, or the one that it has in it as a receipt.

        Raises Undecidable if it is neither, or of an empty log: nobody lied then.
        """
        try:
            note = parse_receipt(raw).checkpoint_note if is_receipt(raw) else raw
            checkpoint = parse_checkpoint(parse_note(note).text)
        except LogInvalid as error:
            raise Undecidable(f"the older checkpoint cannot be read: {error}") from None
        if checkpoint.tree_size == 0:
            raise Undecidable("the older checkpoint is of an empty log, which is the beginning of any")
        return cls(note, checkpoint)

    def check_origin_and_size(self, claimed: Checkpoint, raw: bytes) -> None:
        """Raise LieFound if the newer checkpoint is of another log, or of a smaller tree."""
        if claimed.origin != self.checkpoint.origin:
            raise self._lie(raw, f"origin {self.checkpoint.origin}, as before", claimed.origin)
        if claimed.tree_size < self.checkpoint.tree_size:
            expected = f"at least {self.checkpoint.tree_size} entries, as before"
            raise self._lie(raw, expected, f"{claimed.tree_size} entries")

    def check_root(self, auditor: Auditor, raw: bytes) -> None:
        """Raise LieFound if the tree has just reached the older size and has another root."""
        if auditor.position != self.checkpoint.tree_size:
            return
        root = auditor.tree.root
        if root != self.checkpoint.root:
            expected = f"root {self.checkpoint.root.hex()} of the first {auditor.position} entries, as before"
            raise self._lie(raw, expected, root.hex())

    def proved(self) -> Proved:
        """Return the line of the report, once the tree has passed the older size."""
        size = self.checkpoint.tree_size
        return Proved(
            "older checkpoint", size, f"the first {size} entries are those of the checkpoint kept from before"
        )

    def _lie(self, raw: bytes, expected: str, got: str) -> LieFound:
        evidence = {"older_checkpoint": readable(self.raw), "checkpoint": readable(raw)}
        return LieFound(Finding(Lie.HISTORY_REWRITTEN, "checkpoint", None, expected, got, evidence))
