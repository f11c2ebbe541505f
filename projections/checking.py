"""Every row of the read models against the rows that follow from the log, and the whole check of a database.

Rows that were begun at or before a position stay as they are while the follower goes on, so each generation is read at
its own position, a page at a time and without a snapshot.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, LiteralString

import msgspec

from ledger.audit.findings import Verdict
from ledger.fsck.findings import Checked, Enough, Findings, Kind, Report, shown
from ledger.fsck.fsck import Known, LogCheck, Progress
from ledger.fsck.merge import merged
from ledger.fsck.reading import reading
from ledger.rules.compact import decode_state, encode_state
from ledger.store.inspection import Inspection, Unreadable
from projections.expected import ExpectedRows, Version, act_columns
from projections.folding import ActRow
from projections.stored_rows import act_row
from projections.tables import VERSION

TABLES: Final = ("projection_generations", "projection_rows", "projection_acts")
ROWS_AT_ONCE: Final = 200
BEYOND_MAX: Final = 100

_GENERATIONS, _ROWS, _ACTS = TABLES
_ACT_COLUMNS: Final = ", ".join(ActRow.__struct_fields__)


def check_database(dsn: str, target: str, known: Known, found: Findings, progress: Progress) -> Report:
    """Check everything in the database, adding to `found`. Raises StoreError if it cannot be read to the end."""
    expected = ExpectedRows()
    with Inspection(dsn) as tables:
        log = LogCheck(tables, found, known, expected.take)
        try:
            log.run(TABLES, progress)
            with reading(found, _GENERATIONS, "all"):
                log.checked.extend(_check_projections(tables, expected, log, found))
            with reading(found, f"{_ROWS} or {_ACTS}", "beyond"):
                _check_beyond(tables, found)
        except Enough:
            pass
        finally:
            log.close()
            expected.close()
    return Report(
        target,
        found.verdict,
        log.tree_size,
        log.root.hex() if log.root is not None else None,
        tuple(log.checked),
        tuple(found.details),
        {f"{level}: {kind}": count for (level, kind), count in sorted(found.counts.items())},
    )


def undecided(target: str, reason: str) -> Report:
    """Return the report of a check that could not be made."""
    return Report(target, Verdict.UNDECIDED, reason=reason)


@dataclass(frozen=True, slots=True)
class _Read:
    """A generation as its row has it."""

    number: int
    version: int
    status: str
    position: int
    last_sha256: str
    recorded_at: Any


def _check_projections(tables: Inspection, expected: ExpectedRows, log: LogCheck, found: Findings) -> Iterator[Checked]:
    there = _there(tables)
    if not there:
        return
    for name in sorted(set(TABLES) - set(there)):
        found.add(Kind.ROW_MISSING, name, "the table", "a table beside the other two", "none")
    if len(there) < len(TABLES):
        return
    generations = _generations(tables)
    serving = [one for one in generations if one.status == "serving"]
    if generations and len(serving) != 1:
        found.add(Kind.ROW_MISSING, _GENERATIONS, "serving", "one generation that serves", str(len(serving)))
    for one in generations:
        sound = log.judge.auditor.position
        own = Findings()
        rows, acts = _check_generation(tables, one, expected, sound, own)
        if one.number in {again.number for again in _generations(tables)}:
            found.absorb(own)
            yield Checked("projections", rows, f"rows and {acts} acts of generation {one.number}, {one.status}")


def _there(tables: Inspection) -> list[str]:
    """Return which of the tables there are: before the first follower there is none."""
    return tables.column(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s)",
        [list(TABLES)],
    )


def _generations(tables: Inspection) -> list[_Read]:
    rows = tables.rows(
        "SELECT generation, version, status, position, last_sha256, recorded_at FROM public.projection_generations"
        " ORDER BY generation"
    )
    return [_Read(*row) for row in rows]


def _check_generation(
    tables: Inspection, read: _Read, expected: ExpectedRows, sound: int, found: Findings
) -> tuple[int, int]:
    """Compare one generation, as far as the log is sound. Return how many rows and acts were compared."""
    if read.version != VERSION:
        said = f"version {read.version}: the follower rebuilds it"
        found.add(Kind.NOT_CHECKED, _GENERATIONS, read.number, f"rows of version {VERSION}", said)
        return 0, 0
    if read.status != "serving":
        found.add(Kind.LEFT_OVER, _GENERATIONS, read.number, "one generation, which serves", read.status)
    place = expected.place(read.position)
    if place is not None:
        got = {"last_sha256": read.last_sha256, "recorded_at": read.recorded_at}
        wanted = {"last_sha256": place.last_sha256, "recorded_at": place.recorded_at}
        found.compare(_GENERATIONS, read.number, wanted, got)
    elif read.position > (size := tables.number("SELECT tree_size FROM public.head")):
        found.add(Kind.COLUMN_WRONG, _GENERATIONS, f"{read.number}, position", f"at most {size}", str(read.position))
    last = min(read.position, sound)
    return _check_rows(tables, read.number, expected, last, found), _check_acts(
        tables, read.number, expected, last, found
    )


def _check_rows(tables: Inspection, number: int, expected: ExpectedRows, last: int, found: Findings) -> int:
    compared = 0
    try:
        for (stream, begun), wanted, row in merged(expected.rows(last), _stored_rows(tables, number, last)):
            key = f"{number}, {stream} from {begun}"
            if row is None:
                found.add(Kind.ROW_MISSING, _ROWS, key, "the row that follows from the log", "none")
            elif wanted is None:
                found.add(Kind.ROW_EXTRA, _ROWS, key, "only rows that follow from the log", "another")
            else:
                _check_row(key, stream, wanted, row, last, found)
                compared += 1
    except Unreadable as error:
        found.add(Kind.UNREADABLE, _ROWS, f"{number}, after {compared} rows", "rows", str(error))
    return compared


def _check_row(key: str, stream: str, wanted: Version, row: Sequence[Any], last: int, found: Findings) -> None:
    until, kind, parties, instrument, commitment, state = row
    got = {
        # What began after this position may have replaced the row meanwhile.
        "until_position": until if until is None or until <= last else None,
        "kind": kind,
        "parties": tuple(parties),
        "instrument": instrument,
        "commitment": commitment,
    }
    columns = {
        "until_position": wanted.until_position,
        "kind": stream.partition("/")[0],
        "parties": wanted.links.parties,
        "instrument": wanted.links.instrument,
        "commitment": wanted.links.commitment,
    }
    found.compare(_ROWS, key, columns, got)
    if (digest := sha256(state).digest()) == wanted.digest:
        return
    expected = f"a state with SHA-256 {shown(wanted.digest)}"
    try:
        again = sha256(encode_state(decode_state(state))).digest()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        found.add(Kind.COLUMN_WRONG, _ROWS, f"{key}, state", expected, f"no state: {error}")
        return
    form = again == wanted.digest
    found.add(Kind.FORM_DIFFERS if form else Kind.COLUMN_WRONG, _ROWS, f"{key}, state", expected, shown(digest))


def _stored_rows(tables: Inspection, number: int, last: int) -> Iterator[tuple[tuple[str, int], Sequence[Any]]]:
    query: LiteralString = """
        SELECT stream, from_position, until_position, kind, parties, instrument, commitment, state
        FROM public.projection_rows
        WHERE generation = %s AND (stream, from_position) > (%s, %s) AND from_position <= %s
        ORDER BY stream, from_position LIMIT %s"""
    after: tuple[str, int] = ("", 0)
    while rows := tables.rows(query, [number, *after, last, ROWS_AT_ONCE]):
        for stream, begun, *row in rows:
            after = (stream, begun)
            yield after, row


def _check_acts(tables: Inspection, number: int, expected: ExpectedRows, last: int, found: Findings) -> int:
    compared = 0
    try:
        for position, wanted, got in merged(expected.acts(last), _stored_acts(tables, number, last)):
            key = f"{number}, {position}"
            if got is None:
                found.add(Kind.ROW_MISSING, _ACTS, key, "the act at this position", "none")
            elif wanted is None:
                found.add(Kind.ROW_EXTRA, _ACTS, key, f"positions 1 to {last}", "another act")
            else:
                if wanted != got:
                    found.compare(_ACTS, key, act_columns(wanted), act_columns(got))
                compared += 1
    except Unreadable as error:
        found.add(Kind.UNREADABLE, _ACTS, f"{number}, after {compared} rows", "rows", str(error))
    return compared


def _stored_acts(tables: Inspection, number: int, last: int) -> Iterator[tuple[int, ActRow]]:
    query = (
        f"SELECT {_ACT_COLUMNS} FROM public.projection_acts"
        " WHERE generation = %s AND position > %s AND position <= %s ORDER BY position LIMIT %s"
    )
    after = -1
    while rows := tables.rows(query, [number, after, last, ROWS_AT_ONCE]):
        for row in map(act_row, rows):
            after = row.position
            yield after, row


def _check_beyond(tables: Inspection, found: Findings) -> None:
    """Look for rows of no generation, and beyond the position of theirs."""
    if len(_there(tables)) < len(TABLES):
        return
    rows = tables.rows(
        "SELECT generation, stream, from_position, position FROM public.projection_rows"
        " LEFT JOIN public.projection_generations USING (generation)"
        " WHERE position IS NULL OR from_position > position OR until_position > position OR from_position < 1"
        " LIMIT %s",
        [BEYOND_MAX],
    )
    for number, stream, begun, position in rows:
        expected = f"rows up to position {position}" if position is not None else "rows of a generation"
        found.add(Kind.ROW_EXTRA, _ROWS, f"{number}, {stream} from {begun}", expected, "one beyond")
    acts = tables.rows(
        "SELECT acts.generation, acts.position, generations.position FROM public.projection_acts AS acts"
        " LEFT JOIN public.projection_generations AS generations USING (generation)"
        " WHERE generations.position IS NULL OR acts.position > generations.position OR acts.position < 1 LIMIT %s",
        [BEYOND_MAX],
    )
    for number, at, position in acts:
        expected = f"acts up to position {position}" if position is not None else "acts of a generation"
        found.add(Kind.ROW_EXTRA, _ACTS, f"{number}, {at}", expected, "one beyond")
