"""What a witness does with a request: the checks in their order, compare-and-swap, then the signature.

No two trees that it cosigns for one origin contradict each other, however many requests, threads and processes there
are and whenever any of them is killed. The reason is an order: a tree is signed only after it is the recorded one on
the disk, and it becomes that only if the one that it was checked against still is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.log.cosignature import (
    Cosigner,
    Mldsa44Cosigner,
    cosignature_line,
    subtree_message,
    verified_cosignatures,
)
from ledger.log.errors import LogInvalid, NoteInvalid, ProofInvalid, shown
from ledger.log.note import TIMESTAMP_BYTES, Note, VerifierKey, parse_note, signature_line, verify_note
from ledger.log.proofs import verify_consistency
from ledger.log.subtrees import verify_subtree_consistency
from ledger.log.tree import EMPTY_ROOT
from ledger.witness.protocol import (
    AddCheckpoint,
    Answer,
    SignSubtree,
    Status,
    parse_add_checkpoint,
    parse_sign_subtree,
    refusal,
    stale,
)
from ledger.witness.store import Head, Heads


@dataclass(frozen=True, slots=True)
class Heeded:
    """A request of a log that this witness trusts: well-formed and signed. `note_raw` has the log's own lines only."""

    request: AddCheckpoint
    note_raw: bytes

    @property
    def origin(self) -> str:
        return self.request.tree.origin


class Witness:
    """A witness that signs as `cosigners`, keeps heads in `heads` and reads the time in seconds from `clock`.

    Safe in any number of threads, and beside other processes on the same store. What cannot be recorded raises
    WitnessError, and is not signed.
    """

    def __init__(self, heads: Heads, cosigners: Sequence[Cosigner], clock: Callable[[], int]) -> None:
        self._heads = heads
        self._cosigners = tuple(cosigners)
        self._subtree_cosigners = tuple(one for one in cosigners if isinstance(one, Mldsa44Cosigner))
        self._clock = clock

    @property
    def signs_subtrees(self) -> bool:
        """Tell whether one of its keys can."""
        return bool(self._subtree_cosigners)

    def add_checkpoint(self, raw: bytes) -> Answer:
        """Return the answer to an add-checkpoint request; see Status for the order of its checks."""
        heeded = self.heed(raw)
        return heeded if isinstance(heeded, Answer) else self.settle(heeded)

    def heed(self, raw: bytes) -> Heeded | Answer:
        """Do the checks that need nothing recorded: whoever passes them holds a key of a trusted log."""
        try:
            request = parse_add_checkpoint(raw)
        except LogInvalid as error:
            return refusal(Status.MALFORMED, error.expected, error.got)
        vkeys = self._heads.trusted(request.tree.origin)
        if not vkeys:
            return _unknown(request.tree.origin)
        try:
            verify_note(request.note, vkeys)
        except NoteInvalid as error:
            return refusal(Status.NOT_SIGNED, error.expected, error.got)
        return Heeded(request, _own_lines(request.note, vkeys))

    def settle(self, heeded: Heeded) -> Answer:
        """Do the checks against what is recorded, record the tree, and sign it."""
        while True:
            recorded = self._heads.head(heeded.origin)
            refused = decide(recorded, heeded.request)
            if refused is not None:
                return refused
            head = self._heads.swap(recorded, heeded.request.tree, heeded.note_raw, self._clock)
            if head is not None:
                # On the disk now, and larger ones only from here on: this may be signed, now and for ever.
                return Answer(Status.COSIGNED, self._lines(head))
            # Another request was recorded since the checks. They begin again: sizes only grow, so this ends.

    def sign_subtree(self, raw: bytes) -> Answer:
        """Return the answer to a sign-subtree request: lines with timestamp 0, by the keys that can sign subtrees."""
        try:
            request = parse_sign_subtree(raw)
        except LogInvalid as error:
            return refusal(Status.MALFORMED, error.expected, error.got)
        if not self._heads.trusted(request.tree.origin):
            return _unknown(request.tree.origin)
        try:
            if not verified_cosignatures(request.note, [cosigner.vkey for cosigner in self._cosigners]):
                return refusal(Status.NOT_SIGNED, "a cosignature of this witness", "none")
        except NoteInvalid as error:
            return refusal(Status.NOT_SIGNED, error.expected, error.got)
        try:
            tree = request.tree
            verify_subtree_consistency(
                request.start, request.end, tree.tree_size, request.root, tree.root, request.proof
            )
        except ProofInvalid as error:
            return refusal(Status.INCONSISTENT, error.expected, error.got)
        return Answer(Status.COSIGNED, self._subtree_lines(request))

    def checkpoint(self, origin_digest: str) -> bytes | None:
        """Return the newest checkpoint cosigned for the origin with this SHA-256: the log's lines, then the witness's.

        None if there is none. It is signed from the record, so that a crash before an answer hides nothing.
        """
        head = self._heads.head_of_digest(origin_digest)
        return None if head is None else head.note_raw + self._lines(head)

    def _lines(self, head: Head) -> bytes:
        text = parse_note(head.note_raw).text
        return b"".join(cosignature_line(cosigner, text, head.timestamp) for cosigner in self._cosigners)

    def _subtree_lines(self, request: SignSubtree) -> bytes:
        subtree = (request.tree.origin, request.start, request.end, request.root)
        return b"".join(
            signature_line(
                one.vkey, bytes(TIMESTAMP_BYTES) + one.private_key.sign(subtree_message(one.vkey.name, 0, *subtree))
            )
            for one in self._subtree_cosigners
        )


def decide(recorded: Head | None, request: AddCheckpoint) -> Answer | None:
    """Return why the tree must not be cosigned after `recorded`, in the order of Status; None if it may be."""
    tree = request.tree
    recorded_size = recorded.tree_size if recorded is not None else 0
    if request.old_size != recorded_size:
        return stale(recorded_size)
    if tree.tree_size == 0 and tree.root != EMPTY_ROOT:
        return refusal(Status.INCONSISTENT, f"root {EMPTY_ROOT.hex()} for tree size 0", tree.root.hex())
    recorded_root = recorded.root if recorded is not None else EMPTY_ROOT
    try:
        # From size 0 the proof must be empty; from the same size too, and the roots equal.
        verify_consistency(request.old_size, tree.tree_size, recorded_root, tree.root, request.proof)
    except ProofInvalid as error:
        return refusal(Status.INCONSISTENT, error.expected, error.got)
    return None


def _unknown(origin: str) -> Answer:
    return refusal(Status.ORIGIN_UNKNOWN, "a log that this witness was told to trust", shown(origin.encode()))


def _own_lines(note: Note, vkeys: Sequence[VerifierKey]) -> bytes:
    """Return the note with the lines by `vkeys` alone, each of which was verified, once each.

    Whatever else the log sent along could bear any name, also this witness's own.
    """
    known = {(vkey.name, vkey.key_id): vkey for vkey in vkeys}
    lines = {
        vkey: signature_line(vkey, signature.value)
        for signature in reversed(note.signatures)
        if (vkey := known.get((signature.name, signature.key_id))) is not None
    }
    return note.text + b"\n" + b"".join(reversed(lines.values()))
