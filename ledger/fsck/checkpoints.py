"""The signed tree heads as they are stored: each a note of this log, of its size, with the root of the tree then."""

from typing import Final

from ledger.audit.findings import Lie, LieFound
from ledger.audit.signers import check_signers
from ledger.events.header import Event
from ledger.events.openings import LedgerOpened, LogKeysAdopted
from ledger.fsck.findings import Findings
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.errors import LogInvalid
from ledger.log.note import parse_note
from ledger.rules.compact import Opened
from ledger.rules.log_keys import with_log_keys

TABLE: Final = "checkpoints"


def signing_after(signing: Opened | None, event: Event, position: int) -> Opened | None:
    """Return who signs checkpoints after the act `event` at `position`, as far as acts say so without the rules."""
    if isinstance(event, LedgerOpened) and position == 1:
        return Opened(
            origin=event.ledger,
            depositary=event.party,
            beneficiary=event.beneficiary,
            service_key=event.service_key,
            log_keys=event.log_keys,
            rules=event.rules,
            name=event.name,
        )
    if isinstance(event, LogKeysAdopted) and signing is not None:
        return with_log_keys(signing, event.log_keys, position)
    return signing


def stated_root(note: bytes, tree_size: int) -> bytes | None:
    """Return the root that a note states for `tree_size`, signed or not; None if it states none."""
    try:
        checkpoint = parse_checkpoint(parse_note(note).text)
    except LogInvalid:
        return None
    return checkpoint.root if checkpoint.tree_size == tree_size else None


def check_checkpoint(note: bytes, tree_size: int, root: bytes | None, signing: Opened | None, found: Findings) -> None:
    """Ask of the note stored for `tree_size`: its form, its size, its origin, its signers, its root. The first finding.

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
        if checkpoint.origin != signing.origin:
            expected = f"origin {signing.origin}"
            found.add(Lie.CHECKPOINT_NOT_SIGNED, TABLE, tree_size, expected, checkpoint.origin)
            return
        try:
            signers = check_signers(note, parsed, checkpoint, signing, (), None)
        except LieFound as lie:
            found.add(lie.finding.lie, TABLE, tree_size, lie.finding.expected, lie.finding.got)
            return
        if signers.unchecked:
            got = f"a line of {signers.unchecked[0]}"
            found.add(Lie.CHECKPOINT_NOT_SIGNED, TABLE, tree_size, "lines of the log and of nobody else", got)
            return
    if root is not None and checkpoint.root != root:
        expected = f"root {root.hex()} of the first {tree_size} entries"
        found.add(Lie.ROOT_WRONG, TABLE, tree_size, expected, checkpoint.root.hex())
