"""The signed tree heads as they are stored: each a note of this log, of its size, with the root of the tree then."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.audit.findings import Lie
from ledger.fsck.findings import Findings
from ledger.log.checkpoint import open_checkpoint, parse_checkpoint
from ledger.log.errors import LogInvalid
from ledger.log.note import VerifierKey, parse_note, parse_vkey

TABLE: Final = "checkpoints"


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs checkpoints: the log `origin`, with keys that an entry of it named."""

    origin: str
    log_keys: tuple[VerifierKey, ...]

    @classmethod
    def named(cls, origin: str, log_keys: Sequence[str]) -> "Signing":
        """Return it with keys as events name them. Raises LogInvalid."""
        return cls(origin, tuple(map(parse_vkey, log_keys)))


def stated_root(note: bytes, tree_size: int) -> bytes | None:
    """Return the root that a note states for `tree_size`, signed or not; None if it states none."""
    try:
        checkpoint = parse_checkpoint(parse_note(note).text)
    except LogInvalid:
        return None
    return checkpoint.root if checkpoint.tree_size == tree_size else None


def check_checkpoint(note: bytes, tree_size: int, root: bytes | None, signing: Signing | None, found: Findings) -> None:
    """Ask of the note stored for `tree_size`: its form, its size, its signers, its root. A finding for the first.

    `root` None: not known, so not compared. `signing` None: the log does not say who signs.
    """
    try:
        parsed = parse_note(note)
        checkpoint = parse_checkpoint(parsed.text)
    except LogInvalid as error:
        found.add(Lie.CHECKPOINT_MALFORMED, TABLE, tree_size, error.expected, error.got)
        return
    if checkpoint.tree_size != tree_size:
        found.add(Lie.TREE_SIZE_WRONG, TABLE, tree_size, f"size {tree_size}", f"size {checkpoint.tree_size}")
        return
    if signing is not None:
        try:
            open_checkpoint(note, signing.origin, signing.log_keys)
        except LogInvalid as error:
            found.add(Lie.CHECKPOINT_NOT_SIGNED, TABLE, tree_size, error.expected, error.got)
            return
        unseen = {(key.name, key.key_id) for key in signing.log_keys}
        for line in parsed.signatures:
            if (line.name, line.key_id) not in unseen:
                got = f"a line by {line.name}+{line.key_id.hex()}"
                expected = "lines by keys of the log, one by each"
                found.add(Lie.CHECKPOINT_NOT_SIGNED, TABLE, tree_size, expected, got)
                return
            unseen.remove((line.name, line.key_id))
    if root is not None and checkpoint.root != root:
        expected = f"root {root.hex()} of the first {tree_size} entries"
        found.add(Lie.ROOT_WRONG, TABLE, tree_size, expected, checkpoint.root.hex())
