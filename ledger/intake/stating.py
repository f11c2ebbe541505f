"""Statements of the ledger about an authority: its last act in a tree, signed, and every act with its proof.

A statement follows from the log: for one authority and one tree there is one, the same bytes for everybody and for
ever. It is made only for a tree that the log has signed, and only after the entries themselves were asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ledger.log.checkpoint import parse_checkpoint
from ledger.log.entry import Entry, parse_entry
from ledger.log.note import parse_note
from ledger.log.statement import HEADER, LastAct, Statement, format_proof, sign_statement
from ledger.rules.compact import Authority
from ledger.signing.dsse import parse
from ledger.signing.signer import Signer
from ledger.store.errors import StoreInconsistent
from ledger.store.log import StoredLog

ACTS_AT_ONCE: Final = 100
"""How many entries, of at most 64 KiB each, a file that is being written holds in memory at a time."""


class NotSealed(Exception):
    """There is no checkpoint of the tree size asked for. `nearest` is the next larger size that has one, if any."""

    def __init__(self, tree_size: int, nearest: int | None) -> None:
        super().__init__(f"expected a tree size that was signed; got {tree_size}")
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class Statable:
    """What a statement file is made of. `envelope` is the signed statement, `note` the checkpoint of its tree."""

    statement: Statement
    envelope: bytes
    note: bytes


def state(log: StoredLog, signer: Signer, authority: str, tree_size: int | None) -> Statable | None:
    """Return the statement about an authority in the tree of `tree_size`, or of the newest checkpoint.

    None if there was no such authority yet. Raises NotSealed; StoreInconsistent if the log contradicts itself, in which
    case nothing is signed.
    """
    note = log.checkpoint(tree_size)
    if note is None:
        raise NotSealed(tree_size or 0, log.sealed_after(tree_size or 0))
    checkpoint = parse_checkpoint(parse_note(note).text)
    known = log.state(f"authority/{authority}")
    if not isinstance(known, Authority) or known.granted_at > checkpoint.tree_size:
        return None
    last = _last(log, authority, checkpoint.tree_size)
    if last is not None and last.sequence > known.sequence:
        raise StoreInconsistent(f"expected at most {known.sequence} acts of {authority}; got act {last.sequence}")
    statement = Statement(
        origin=checkpoint.origin,
        tree_size=checkpoint.tree_size,
        root=checkpoint.root.hex(),
        authority=authority,
        count=last.sequence if last is not None else 0,
        last=last,
    )
    return Statable(statement, sign_statement(statement, signer), note)


def _last(log: StoredLog, authority: str, tree_size: int) -> LastAct | None:
    raw = log.last_of(authority, tree_size)
    if raw is None:
        return None
    entry = parse_entry(raw)
    envelope = parse(entry.envelope)
    if envelope.event.authority != authority:
        raise StoreInconsistent(f"expected an act of {authority} at {entry.position}; got {envelope.event.authority}")
    return LastAct(
        sequence=envelope.event.sequence,
        event=envelope.event.id,
        position=entry.position,
        entry_sha256=entry.sha256,
        payload_sha256=envelope.payload_sha256,
    )


def statement_file(log: StoredLog, stated: Statable) -> Iterator[bytes]:
    """Yield the file of a statement (`ledger.log.statement`) in pieces."""
    statement = stated.statement
    opening = log.entry(1)
    assert opening is not None
    yield f"{HEADER}\n".encode() + stated.envelope + b"\n"
    yield _proved(log, [parse_entry(opening)], statement.tree_size)
    after = 1
    while raws := log.entries_of(statement.authority, after, statement.tree_size, ACTS_AT_ONCE):
        entries = [parse_entry(raw) for raw in raws]
        yield _proved(log, entries, statement.tree_size)
        after = entries[-1].position
    yield b"\n" + stated.note


def _proved(log: StoredLog, entries: list[Entry], tree_size: int) -> bytes:
    proofs = log.proofs([entry.entry_index for entry in entries], tree_size)
    lines = (entry.raw + b"\n" + format_proof(proof) + b"\n" for entry, proof in zip(entries, proofs, strict=True))
    return b"".join(lines)
