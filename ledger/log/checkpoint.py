"""The checkpoint (C2SP tlog-checkpoint): size and root of the tree, signed by the log under its own name.

Who holds a checkpoint that was opened holds what the log signed, for exactly the log that was asked for. There are no
extension lines: what must be signed goes into an entry.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger.log.errors import CheckpointInvalid, NoteInvalid, shown
from ledger.log.messages import checkpoint_fields, parse_decimal
from ledger.log.note import NoteSigner, VerifierKey, parse_note, sign_note, verify_note
from ledger.log.tiles import HASH_BYTES, TREE_SIZE_MAX
from ledger.log.tree import EMPTY_ROOT
from ledger.signing.encoding import to_base64

__all__ = [
    "ORIGIN_BYTES_MAX",
    "Checkpoint",
    "checkpoint_text",
    "open_checkpoint",
    "parse_checkpoint",
    "parse_decimal",
    "sign_checkpoint",
]

ORIGIN_BYTES_MAX: Final = 255
"""An ML-DSA cosignature writes the length of the origin as one byte."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree of `tree_size` leaves with `root` (32 bytes) of the log `origin`.

    Raises CheckpointInvalid for an origin that is empty, too long or no single line, for a size outside 0 to 2**63 - 1,
    for a root of another length, and for a tree without leaves whose root is not that of one.
    """

    origin: str
    tree_size: int
    root: bytes

    def __post_init__(self) -> None:
        origin = self.origin.encode(errors="replace")
        if not 1 <= len(origin) <= ORIGIN_BYTES_MAX or not self.origin.isprintable():
            raise CheckpointInvalid(f"an origin of 1 to {ORIGIN_BYTES_MAX} printable bytes", shown(origin))
        if not 0 <= self.tree_size <= TREE_SIZE_MAX:
            raise CheckpointInvalid(f"a tree size of 0 to {TREE_SIZE_MAX}", str(self.tree_size))
        if len(self.root) != HASH_BYTES:
            raise CheckpointInvalid(f"a root of {HASH_BYTES} bytes", f"{len(self.root)} bytes")
        if self.tree_size == 0 and self.root != EMPTY_ROOT:
            raise CheckpointInvalid(f"root {EMPTY_ROOT.hex()} for tree size 0", self.root.hex())


def checkpoint_text(checkpoint: Checkpoint) -> bytes:
    """Return the text that is signed, exactly three lines:

    ledger.example/compact
    1742
    3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
    """
    return f"{checkpoint.origin}\n{checkpoint.tree_size}\n{to_base64(checkpoint.root)}\n".encode()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """Return the checkpoint that `checkpoint_text` writes as `text`. Raises CheckpointInvalid for all else."""
    origin, tree_size, root = checkpoint_fields(text)
    return Checkpoint(origin, tree_size, root)


def sign_checkpoint(checkpoint: Checkpoint, *signers: NoteSigner) -> bytes:
    """Return the signed note of `checkpoint`.

    Raises CheckpointInvalid unless the log signs under its own name, the origin.
    """
    for signer in signers:
        if signer.vkey.name != checkpoint.origin:
            raise CheckpointInvalid(f"a signer named {checkpoint.origin}", signer.vkey.name)
    return sign_note(checkpoint_text(checkpoint), *signers)


def open_checkpoint(note_bytes: bytes, origin: str, vkeys: Iterable[VerifierKey]) -> Checkpoint:
    """Return what the log `origin` signed, in this order:

    1. The note is well-formed; NoteInvalid otherwise.
    2. Every line of one of `vkeys` (the log's and others', such as witnesses') verifies, and one of them bears the name
       `origin`; NoteInvalid otherwise.
    3. The text is a checkpoint, of `origin`; CheckpointInvalid otherwise.
    """
    note = parse_note(note_bytes)
    names = verify_note(note, vkeys)
    if origin not in names:
        raise NoteInvalid(f"a signature by {origin}", f"signatures by {', '.join(names)}")
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != origin:
        raise CheckpointInvalid(f"origin {origin}", checkpoint.origin)
    return checkpoint
