"""The checkpoint that is published: one that the log has signed, with every line of a witness that verifies.

Only lines by keys of the policy are taken, and only after each was verified: a stored line that is false is left out,
whoever wrote it, and never spoils the note of the log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ledger.log.checkpoint import parse_checkpoint
from ledger.log.cosignature import verified_cosignatures
from ledger.log.errors import NoteInvalid
from ledger.log.note import NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, VerifierKey, parse_note
from ledger.log.policy import Policy


@dataclass(frozen=True, slots=True)
class Published:
    """A note that meets the policy. `witnesses` maps the policy's names to the POSIX seconds of their cosignatures."""

    note: bytes
    tree_size: int
    witnesses: Mapping[str, int]

    @property
    def rank(self) -> tuple[int, int, int]:
        """Which of two is newer: the larger tree, then more witnesses, then later ones."""
        return self.tree_size, len(self.witnesses), sum(self.witnesses.values())


def published(policy: Policy, note_raw: bytes, lines: Iterable[bytes]) -> Published | None:
    """Return `note_raw`, a checkpoint of the log's own, with those of `lines` that verify; None unless they suffice.

    In the order of the policy, as many as a note may have. Of two lines of a key the later counts.
    """
    note = parse_note(note_raw)
    verified = _verified(policy, note.text, lines)
    witnesses: dict[str, int] = {}
    raw, count = note_raw, len(note.signatures)
    for witness in policy.witnesses:
        timestamp, line = verified.get(witness.vkey, (0, b""))
        if line and count < NOTE_SIGNATURES_MAX and len(raw) + len(line) <= NOTE_BYTES_MAX:
            raw, count = raw + line, count + 1
            witnesses[witness.name] = timestamp
    if not policy.is_met_by(witnesses.keys()):
        return None
    return Published(raw, parse_checkpoint(note.text).tree_size, MappingProxyType(witnesses))


def _verified(policy: Policy, text: bytes, lines: Iterable[bytes]) -> dict[VerifierKey, tuple[int, bytes]]:
    """Return the latest line that verifies of each key of the policy, with its time."""
    vkeys = [witness.vkey for witness in policy.witnesses]
    found: dict[VerifierKey, tuple[int, bytes]] = {}
    for line in lines:
        try:
            # Each line as if it were alone, so that a false one takes no other with it.
            signed = verified_cosignatures(parse_note(text + b"\n" + line), vkeys)
        except NoteInvalid:
            continue
        for vkey, timestamp in signed.items():
            found[vkey] = max(found.get(vkey, (0, b"")), (timestamp, line))
    return found
