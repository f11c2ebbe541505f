"""A statement file read and verified, line by line: every act of an authority up to a tree size, and none missing.

Works without a connection and without trust in whoever handed the file over; trust is in the log keys that are given.
Nothing of a file is believed before its last line was read: only then is it known that the log signed the tree.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from ledger.client.proof import Proven, signed_by
from ledger.events.header import FIRST_PREVIOUS
from ledger.events.keys import KeyRecord
from ledger.events.openings import LedgerOpened
from ledger.events.refusals import Rejected
from ledger.events.stages import Envelope
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.entry import ENTRY_BYTES_MAX, Entry, parse_entry
from ledger.log.errors import LogInvalid, StatementInvalid, shown
from ledger.log.note import NOTE_BYTES_MAX, VerifierKey
from ledger.log.statement import (
    HEADER,
    PROOF_LINE_BYTES_MAX,
    LastAct,
    Signed,
    Statement,
    check_signed,
    check_within,
    parse_proof,
    parse_statement,
)
from ledger.signing.dsse import ENVELOPE_BYTES_MAX, parse
from ledger.signing.keys import public_key

STATEMENT_FILE_BYTES_MAX: Final = 256 * 1024 * 1024
"""What a client fetches of one statement: some hundred thousand acts. What is verified from a disk has no limit."""


@dataclass(frozen=True, slots=True)
class StatedAct:
    """One act of the authority, proved to be in the log."""

    sequence: int
    type: str
    event: str
    position: int
    entry_sha256: str
    payload_sha256: str
    signed_with: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement that the ledger signed, and the acts that it is about: all of them up to its tree size.

    `checked`: the ids of the keys given by which acts are signed; those signatures were verified.
    """

    signed: Signed
    checkpoint: Checkpoint
    acts: tuple[StatedAct, ...]
    checked: tuple[str, ...]

    @property
    def statement(self) -> Statement:
        return self.signed.statement


class StatementContradicted(LogInvalid):
    """The ledger signed two things that cannot both be true. `evidence` is both, as they came."""

    def __init__(self, expected: str, got: str, evidence: dict[str, str]) -> None:
        super().__init__(expected, got)
        self.evidence = evidence


def verify_statement(
    file: BinaryIO, origin: str, vkeys: Iterable[VerifierKey], records: Iterable[KeyRecord] = ()
) -> Stated:
    """Return what the statement in `file` proves, in this order:

    1. The file is one in its one form, and the statement in it is of the ledger `origin`
    2. Every entry is in the tree of which the statement speaks; the first opens the ledger
    3. The others are acts of the authority: numbered from 1, each naming the digest of the one before; their
       signatures are by those of `records` that they name
    4. The last is the one that the statement names, or there is none and it says so
    5. The log signed exactly this tree with one of `vkeys`
    6. The service key that the opening names signed the statement

    Raises StatementInvalid; NoteInvalid, CheckpointInvalid (5); EntryMalformed, ProofInvalid (2); Rejected for an
    entry without an act, or an unsound record; BadSignature.
    """
    # 1.
    lines = _Lines(file)
    if lines.next(len(HEADER)) != HEADER.encode():
        raise StatementInvalid(f"{HEADER} in the first line", "another")
    signed = parse_statement(lines.next(ENVELOPE_BYTES_MAX))
    statement = signed.statement
    if statement.origin != origin:
        raise StatementInvalid(f"a statement of {origin}", statement.origin)
    # 2 and 3.
    entries = _entries(lines, statement)
    opening = next(entries, None)
    if opening is None or opening[0].position != 1 or not isinstance(opening[1].event, LedgerOpened):
        raise StatementInvalid("ledger.opened, the first entry of the log, before the acts", "another entry or none")
    chain, known = _Chain(statement), tuple(records)
    if opening[1].event.authority == statement.authority:
        chain.take(*opening, known)
    for entry, envelope in entries:
        chain.take(entry, envelope, known)
    # 4.
    chain.check_last()
    # 5.
    checkpoint = open_checkpoint(lines.rest(NOTE_BYTES_MAX), origin, vkeys)
    if (checkpoint.tree_size, checkpoint.root.hex()) != (statement.tree_size, statement.root):
        expected = f"the checkpoint of size {statement.tree_size} with root {statement.root}"
        raise StatementInvalid(expected, f"size {checkpoint.tree_size} with root {checkpoint.root.hex()}")
    # 6.
    check_signed(signed, public_key(opening[1].event.service_key))
    return Stated(signed, checkpoint, tuple(chain.acts), tuple(sorted(chain.checked)))


def check_against(stated: Stated, receipt: bytes, proven: Proven) -> str:
    """Return in words how a verified receipt goes with a statement.

    Raises StatementContradicted if they cannot both be true, LogInvalid never. An act of another authority says
    nothing, and so does one beyond the tree.
    """
    statement, entry, event = stated.statement, proven.entry, proven.envelope.event
    if event.authority != statement.authority:
        return f"The receipt is for an act of {event.authority}: it says nothing about {statement.authority}."
    if entry.position > statement.tree_size:
        return f"The receipt is for position {entry.position}, after tree size {statement.tree_size}: no contradiction."
    named = stated.acts[event.sequence - 1] if event.sequence <= statement.count else None
    if named is not None and (named.position, named.entry_sha256) == (entry.position, entry.sha256):
        return f"The receipt is for act {event.sequence} of the statement, as it stands there."
    if named is None:
        expected = f"{statement.count} acts of {statement.authority} up to tree size {statement.tree_size}, as signed"
    else:
        expected = f"act {event.sequence} of {statement.authority} at position {named.position}, as signed"
    evidence = {"statement": _text(stated.signed.raw), "receipt": _text(receipt), "entry": _text(entry.raw)}
    raise StatementContradicted(expected, f"act {event.sequence} at position {entry.position}, as signed", evidence)


class _Chain:
    """The acts of the authority as they come, each the next of the one before."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.acts: list[StatedAct] = []
        self.checked: set[str] = set()

    def take(self, entry: Entry, envelope: Envelope, records: tuple[KeyRecord, ...]) -> None:
        event = envelope.event
        before = self.acts[-1].payload_sha256 if self.acts else FIRST_PREVIOUS
        expected = f"act {len(self.acts) + 1} of {self.statement.authority} after {before}"
        if (event.authority, event.sequence, event.previous) != (
            self.statement.authority,
            len(self.acts) + 1,
            before,
        ) or event.ledger != self.statement.origin:
            got = f"act {event.sequence} of {event.authority} after {event.previous} at position {entry.position}"
            raise StatementInvalid(expected, got)
        self.checked |= set(signed_by(envelope, records))
        self.acts.append(
            StatedAct(
                sequence=event.sequence,
                type=event.type,
                event=event.id,
                position=entry.position,
                entry_sha256=entry.sha256,
                payload_sha256=envelope.payload_sha256,
                signed_with=tuple(one.key_id for one in envelope.signatures),
            )
        )

    def check_last(self) -> None:
        """Raise StatementInvalid unless the last act is the one that the statement names."""
        last = self.acts[-1] if self.acts else None
        named = self.statement.last
        given = None
        if last is not None:
            given = LastAct(last.sequence, last.event, last.position, last.entry_sha256, last.payload_sha256)
        if given != named:
            raise StatementInvalid(f"{_named(named)} as the last, as stated", _named(given))


def _named(last: LastAct | None) -> str:
    return f"act {last.sequence} at position {last.position}, entry {last.entry_sha256}" if last else "no act"


def _entries(lines: "_Lines", statement: Statement) -> Iterator[tuple[Entry, Envelope]]:
    """Yield the entries up to the empty line, each proved to be in the tree, at rising positions."""
    position = 0
    while raw := lines.next(ENTRY_BYTES_MAX):
        entry = parse_entry(raw)
        proof = parse_proof(lines.next(PROOF_LINE_BYTES_MAX))
        if entry.position <= position:
            raise StatementInvalid(f"a position after {position}", str(entry.position))
        position = entry.position
        check_within(statement, entry.entry_index, entry.leaf_hash, proof)
        try:
            yield entry, parse(entry.envelope)
        except Rejected as error:
            raise StatementInvalid(f"an act in entry {position}", str(error)) from None


class _Lines:
    """The lines of a file, read one at a time and never more than a line may have."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def next(self, bytes_max: int) -> bytes:
        """Return the next line without its line feed. Raises StatementInvalid for one that is too long or cut off."""
        line = self._file.readline(bytes_max + 1)
        if not line.endswith(b"\n"):
            got = shown(line) if line else "the end of the file"
            raise StatementInvalid(f"a line of at most {bytes_max} bytes and a line feed", got)
        return line[:-1]

    def rest(self, bytes_max: int) -> bytes:
        """Return what is left, at most one byte more than can be right."""
        return self._file.read(bytes_max + 1)


def _text(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")
