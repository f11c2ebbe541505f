"""The lines of witnesses that are kept under checkpoints: of the key and the time that their row says, and true.

Which witnesses there are stands in a policy and not in the database, so only lines of the keys that are given can be
verified; of all others the form is checked.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.audit.findings import Lie
from ledger.fsck.findings import Findings, Kind
from ledger.log.errors import LogInvalid
from ledger.log.note import NoteSignature, VerifierKey, parse_note, verified_lines
from ledger.store.inspection import Inspection

TABLE: Final = "cosignatures"
TIMESTAMP_BYTES: Final = 8
ROWS_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Lines:
    """How many lines there are, and how many of them were verified."""

    count: int
    verified: int


@dataclass(frozen=True, slots=True)
class _Row:
    key: str
    tree_size: int
    cosigned_at: int
    line: bytes


def check_cosignatures(tables: Inspection, witnesses: Collection[VerifierKey], found: Findings) -> Lines | None:
    """Check every line that is kept, with the keys of `witnesses`. None where the database has no such table."""
    if not tables.number("SELECT count(*) FROM pg_class WHERE oid = to_regclass('public.cosignatures')"):
        return None
    known = {f"{vkey.name}+{vkey.key_id.hex()}": vkey for vkey in witnesses}
    count = verified = 0
    for row in _rows(tables):
        count += 1
        verified += _check(row, tables.checkpoints(row.tree_size - 1, row.tree_size), known, found)
    return Lines(count, verified)


def _rows(tables: Inspection) -> Iterator[_Row]:
    after = ("", 0)
    while rows := tables.rows(
        "SELECT key, tree_size, cosigned_at, line FROM public.cosignatures WHERE (key, tree_size) > (%s, %s)"
        " ORDER BY key, tree_size LIMIT %s",
        [*after, ROWS_AT_ONCE],
    ):
        yield from (_Row(*row) for row in rows)
        after = rows[-1][:2]


def _check(row: _Row, notes: Mapping[int, bytes], known: Mapping[str, VerifierKey], found: Findings) -> bool:
    """Check one line, and tell whether it was verified."""
    key = f"{row.key} under {row.tree_size}"
    note = notes.get(row.tree_size)
    if note is None:
        found.add(Kind.ROW_EXTRA, TABLE, key, "lines under checkpoints that there are", "one under another")
        return False
    text = note.rpartition(b"\n\n")[0]
    try:
        signed = parse_note(text + b"\n\n" + row.line)
        (signature,) = signed.signatures
    except (LogInvalid, ValueError) as error:
        found.add(Lie.CHECKPOINT_NOT_SIGNED, TABLE, key, "one signature line", str(error))
        return False
    expected = {"key": f"{signature.name}+{signature.key_id.hex()}", "cosigned_at": _time(signature)}
    if not found.compare(TABLE, key, expected, {"key": row.key, "cosigned_at": row.cosigned_at}):
        return False
    if (vkey := known.get(row.key)) is None:
        return False
    try:
        verified_lines(signed, (vkey,))
    except LogInvalid as error:
        found.add(Lie.CHECKPOINT_NOT_SIGNED, TABLE, key, error.expected, error.got)
        return False
    return True


def _time(signature: NoteSignature) -> int:
    return int.from_bytes(signature.value[:TIMESTAMP_BYTES])
