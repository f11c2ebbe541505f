"""Logs that show several histories: real trees, real signatures, and what follows from knowing every leaf."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import combinations

from ledger.log.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.log.note import Ed25519NoteSigner, VerifierKey, ed25519_note_signer
from ledger.log.proofs import consistency_proof
from tests.log.naive import grown

Leaves = tuple[bytes, ...]


def leaves(count: int, story: str = "") -> Leaves:
    """Return `count` leaf hashes of one story; those of two stories have none in common."""
    return tuple(sha256(f"{story} {number}".encode()).digest() for number in range(count))


@dataclass
class TwoFacedLog:
    """A log whose operator signs any tree. It remembers the leaves of each, so that the truth about two is known."""

    origin: str
    signer: Ed25519NoteSigner
    known: dict[tuple[int, bytes], Leaves] = field(default_factory=dict)

    @property
    def vkey(self) -> VerifierKey:
        return self.signer.vkey

    def checkpoint(self, history: Leaves) -> Checkpoint:
        root = grown(history)[0].root
        self.known[len(history), root] = history
        return Checkpoint(self.origin, len(history), root)

    def note(self, history: Leaves) -> bytes:
        return sign_checkpoint(self.checkpoint(history), self.signer)

    def history_of(self, text: bytes) -> Leaves:
        """Return the leaves of a tree that the log has signed."""
        checkpoint = parse_checkpoint(text)
        assert checkpoint.origin == self.origin
        return self.known[checkpoint.tree_size, checkpoint.root]

    def contradictions(self, texts: Iterable[bytes]) -> list[tuple[int, int]]:
        """Return the sizes of every two of these trees of which neither is the beginning of the other."""
        histories = sorted({self.history_of(text) for text in texts}, key=len)
        pairs = combinations(histories, 2)
        return [(len(one), len(other)) for one, other in pairs if other[: len(one)] != one]


def proof(old_size: int, history: Leaves) -> tuple[bytes, ...]:
    """Return the proof that `history` grew out of its first leaves; empty where there is nothing to prove."""
    if not 0 < old_size < len(history):
        return ()
    return consistency_proof(old_size, len(history), grown(history)[1])


def two_faced_log(origin: str) -> TwoFacedLog:
    """Return the log `origin`; the same name always gives the same key."""
    return TwoFacedLog(origin, ed25519_note_signer(origin, sha256(origin.encode()).digest()))


def fresh(chance: random.Random, count: int) -> Leaves:
    """Return leaves that nobody else has."""
    return tuple(chance.randbytes(32) for _ in range(count))
