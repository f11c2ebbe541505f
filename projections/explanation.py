r"""An explanation: an answer, and every entry that it follows from, each with its proof, in one JSON document.

    {"explanation":"guarantee-ledger explanation v1",
    "asked":{"as_of":"2026-06-30","id":"p-uk-1","kind":"commitment","known_at":1742},
    "answer":{"absorbed":[],"article":null,...},
    "checkpoint":"ledger.example/compact\n1742\n3q2+7w...\n\n— ledger.example/compact ...\n",
    "entries":[
    {"entry":"{\"envelope\":{...},\"position\":1,...}","proof":["bjQLnP+z...","hRGjBhev..."]},
    {"entry":"{\"envelope\":{...},\"position\":7,...}","proof":["..."]}
    ]}

JSON for any parser, and one form for each document: members and lines stand as above, each value in canonical JSON
(RFC 8785), a line feed at the end. `known_at` counts the entries that the answer knows of; the checkpoint is of a tree
that has at least as many. Entries are in the order of their positions, their bytes as the log hashed them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from ledger.events.canonical import canonical_bytes
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.entry import Entry, parse_entry
from ledger.log.errors import LogInvalid, ProofInvalid, shown
from ledger.log.note import VerifierKey
from ledger.log.proofs import verify_inclusion
from ledger.log.receipt import PROOF_HASHES_MAX
from ledger.rules.schedules import FIRST_DAY, LAST_DAY
from ledger.signing.encoding import from_base64, to_base64
from projections.plain import first_difference, plain_bytes

FORMAT: Final = "guarantee-ledger explanation v1"
FIRST_LINE: Final = f'{{"explanation":"{FORMAT}",'
EXPLANATION_BYTES_MAX: Final = 64 * 1024 * 1024
ENTRIES_MAX: Final = 5_000
"""Entries in one explanation."""

Kind = Literal["commitment", "guarantor"]


class ExplanationInvalid(LogInvalid):
    """A document that is no explanation, or whose answer does not follow from the entries in it."""


class Question(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was asked: about a commitment or a guarantor, as of a day, as known at a tree size."""

    kind: Kind
    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{1,79}$(?!\n)")]
    as_of: date
    known_at: Annotated[int, Meta(ge=1)]

    def __post_init__(self) -> None:
        if not FIRST_DAY <= self.as_of <= LAST_DAY:
            # Beyond, what recurs would have more periods than anybody wants to count.
            raise ValueError(f"expected a day from {FIRST_DAY} to {LAST_DAY}; got {self.as_of}")


class _Proved(Struct, frozen=True, forbid_unknown_fields=True):
    entry: str
    proof: Annotated[tuple[str, ...], Meta(max_length=PROOF_HASHES_MAX)]


class _Document(Struct, frozen=True, forbid_unknown_fields=True):
    explanation: Literal["guarantee-ledger explanation v1"]
    asked: Question
    answer: msgspec.Raw
    checkpoint: str
    entries: Annotated[tuple[_Proved, ...], Meta(min_length=1, max_length=ENTRIES_MAX)]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Nothing is proved yet. `answer` is in canonical JSON; each entry stands with its inclusion proof."""

    asked: Question
    answer: bytes
    note: bytes
    entries: tuple[tuple[Entry, tuple[bytes, ...]], ...]


def format_explanation(explanation: Explanation) -> bytes:
    """Return the document."""
    entries = (
        canonical_bytes({"entry": entry.raw.decode(), "proof": [to_base64(one) for one in proof]})
        for entry, proof in explanation.entries
    )
    return b"".join(
        (
            FIRST_LINE.encode() + b"\n",
            b'"asked":' + plain_bytes(explanation.asked) + b",\n",
            b'"answer":' + explanation.answer + b",\n",
            b'"checkpoint":' + canonical_bytes(explanation.note.decode()) + b",\n",
            b'"entries":[\n' + b",\n".join(entries) + b"\n]}\n",
        )
    )


def parse_explanation(raw: bytes) -> Explanation:
    """Return the explanation that `format_explanation` writes as `raw`.

    Raises ExplanationInvalid for all else; EntryMalformed for what is no entry.
    """
    if len(raw) > EXPLANATION_BYTES_MAX:
        raise ExplanationInvalid(f"at most {EXPLANATION_BYTES_MAX} bytes", f"{len(raw)} bytes")
    try:
        document = msgspec.json.decode(raw, type=_Document)
        entries = tuple(
            (parse_entry(one.entry.encode()), tuple(map(from_base64, one.proof))) for one in document.entries
        )
        explanation = Explanation(document.asked, bytes(document.answer), document.checkpoint.encode(), entries)
        written = format_explanation(explanation)
        answer = canonical_bytes(msgspec.json.decode(explanation.answer))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ExplanationInvalid("an explanation in its one form", str(error)) from None
    if written != raw:
        at = first_difference(written, raw)
        raise ExplanationInvalid(f"{shown(written[at : at + 40])} at byte {at}", shown(raw[at : at + 40]))
    if answer != explanation.answer:
        raise ExplanationInvalid("an answer in canonical JSON", shown(explanation.answer))
    return explanation


def prove(explanation: Explanation, origin: str, vkeys: Iterable[VerifierKey]) -> Checkpoint:
    """Return the checkpoint of the log `origin` that holds every entry of an explanation, in this order:

    1. The log signed the checkpoint with one of `vkeys`; NoteInvalid or CheckpointInvalid otherwise
    2. Its tree has as many entries as the answer knows of, and the entries given are at rising positions among those;
       ExplanationInvalid otherwise
    3. Each of them is in the tree; ProofInvalid otherwise
    """
    checkpoint = open_checkpoint(explanation.note, origin, vkeys)
    known_at, before = explanation.asked.known_at, 0
    if checkpoint.tree_size < known_at:
        raise ExplanationInvalid(f"a tree of at least {known_at} entries", str(checkpoint.tree_size))
    for entry, proof in explanation.entries:
        if not before < entry.position <= known_at:
            raise ExplanationInvalid(f"a position after {before} and up to {known_at}", str(entry.position))
        before = entry.position
        try:
            verify_inclusion(entry.entry_index, checkpoint.tree_size, entry.leaf_hash, proof, checkpoint.root)
        except ProofInvalid as error:
            raise ProofInvalid(f"entry {entry.position}: {error.expected}", error.got) from None
    return checkpoint
