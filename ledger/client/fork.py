"""The proof that a log has told two stories: two tree heads that it signed and that cannot both be true.

    {
      "kind": "guarantee-ledger/fork/1",
      "origin": "ledger.example/compact",
      "log_keys": ["ledger.example/compact+..."],
      "smaller": "ledger.example/compact\n5\n...",
      "larger": "ledger.example/compact\n9\n...",
      "root_in_larger": "<base64: the root of the first 5 entries of the larger tree>",
      "consistency": ["<base64>", ...],
      "compared": "..."
    }

`consistency` is the RFC 6962 proof that the larger tree begins with a tree of the root `root_in_larger`. The log has
signed another root for that size. Nobody has to believe whoever found it.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import msgspec

from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.errors import LogInvalid
from ledger.log.note import VerifierKey, format_vkey, parse_vkey
from ledger.log.proofs import consistency_proof, verify_consistency
from ledger.log.tree import ReadHashes, frontier_from_tiles
from ledger.signing.encoding import from_base64, to_base64

KIND: Final = "guarantee-ledger/fork/1"
EVIDENCE_BYTES_MAX: Final = 512 * 1024
"""Two notes, and a hash for each level of the tree."""


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written, whether it proves anything or not."""

    kind: str
    origin: str
    log_keys: tuple[str, ...]
    smaller: str
    larger: str
    root_in_larger: str
    consistency: tuple[str, ...]
    compared: str

    @property
    def raw(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"

    @property
    def file_name(self) -> str:
        """`fork-9-3f2a9c0b1d4e5f60.json`: the larger size, and the SHA-256 of both notes."""
        size = int(self.larger.split("\n", 2)[1])
        return f"fork-{size}-{sha256((self.smaller + self.larger).encode()).hexdigest()[:16]}.json"


class ForkProved(LogInvalid):
    """The log has signed two histories. `evidence` shows it to anybody."""

    def __init__(self, evidence: Evidence, expected: str, got: str) -> None:
        super().__init__(expected, got)
        self.evidence = evidence


class EvidenceInvalid(LogInvalid):
    """A file that does not prove a fork."""


def check_growth(
    smaller: tuple[Checkpoint, bytes],
    larger: tuple[Checkpoint, bytes],
    read_larger: ReadHashes,
    vkeys: Iterable[VerifierKey],
) -> None:
    """Return if the larger tree begins with the smaller one; each is a checkpoint that was opened, with its note.

    `read_larger` gives the tiles of the larger tree, which need not be true. Raises ForkProved if the log signed both
    and they differ, ProofInvalid or TileInvalid if the tiles are not those of the larger tree.
    """
    (old, old_note), (new, new_note) = smaller, larger
    if old.tree_size == 0:
        return
    root = new.root
    proof: tuple[bytes, ...] = ()
    if old.tree_size < new.tree_size:
        root = frontier_from_tiles(old.tree_size, read_larger).root
        proof = consistency_proof(old.tree_size, new.tree_size, read_larger)
        verify_consistency(old.tree_size, new.tree_size, root, new.root, proof)
    if root == old.root:
        return
    compared = (
        f"The root of the first {old.tree_size} entries: {old.root.hex()} as signed in the smaller tree head, "
        f"{root.hex()} in the tree of {new.tree_size} entries that the larger one signs."
    )
    evidence = Evidence(
        kind=KIND,
        origin=old.origin,
        log_keys=tuple(map(format_vkey, vkeys)),
        smaller=old_note.decode(),
        larger=new_note.decode(),
        root_in_larger=to_base64(root),
        consistency=tuple(map(to_base64, proof)),
        compared=compared,
    )
    expected = f"root {old.root.hex()} of the first {old.tree_size} entries, as the log signed it before"
    raise ForkProved(evidence, expected, f"{root.hex()}, as it signed it with {new.tree_size} entries")


def parse_evidence(raw: bytes) -> Evidence:
    """Return the file's content. Raises EvidenceInvalid for another form."""
    if len(raw) > EVIDENCE_BYTES_MAX:
        raise EvidenceInvalid(f"at most {EVIDENCE_BYTES_MAX} bytes of evidence", "more")
    try:
        evidence = msgspec.json.decode(raw, type=Evidence)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EvidenceInvalid("the evidence of a fork", str(error)) from None
    if evidence.kind != KIND:
        raise EvidenceInvalid(KIND, ascii(evidence.kind[:60]))
    return evidence


def verify_fork(evidence: Evidence, vkeys: Iterable[VerifierKey] | None = None) -> tuple[Checkpoint, Checkpoint]:
    """Return the two tree heads that cannot both be true, the smaller first, if that is proved.

    `vkeys` are keys of the log that the reader knows; without them those that the file names are believed. Raises
    LogInvalid if either note is not signed by the log, if the proof does not hold, or if the roots agree.
    """
    keys = tuple(map(parse_vkey, evidence.log_keys) if vkeys is None else vkeys)
    smaller = open_checkpoint(evidence.smaller.encode(), evidence.origin, keys)
    larger = open_checkpoint(evidence.larger.encode(), evidence.origin, keys)
    try:
        root, *proof = map(from_base64, (evidence.root_in_larger, *evidence.consistency))
    except ValueError as error:
        raise EvidenceInvalid("hashes in base64", str(error)) from None
    if smaller.tree_size == 0:
        raise EvidenceInvalid("two trees with entries", "one without, which is the beginning of any")
    verify_consistency(smaller.tree_size, larger.tree_size, root, larger.root, proof)
    if root == smaller.root:
        raise EvidenceInvalid("another root than the one signed before", "the same: the trees agree")
    return smaller, larger
