"""The rows that follow from the log, kept on disk while it is checked, in the order in which tables are read.

They come from the auditor's own fold, by the functions that the follower makes its rows with.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from ledger.audit.auditor import Followed
from ledger.fsck.scratch import scratch
from ledger.fsck.shelf import ShelvedCompact
from ledger.rules.compact import encode_state
from projections.folding import ActRow, Place, RowVersion, act_of, versions
from projections.links import Links

_SCHEMA: Final = """
    CREATE TABLE versions (stream TEXT, from_position INTEGER, links BLOB NOT NULL, digest BLOB NOT NULL,
        PRIMARY KEY (stream, from_position)) WITHOUT ROWID;
    CREATE TABLE acts (position INTEGER PRIMARY KEY, act BLOB NOT NULL, sha256 TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Version:
    """A row of `projection_rows` as it should be. `digest` is the SHA-256 of its state in its stored form."""

    until_position: int | None
    links: Links
    digest: bytes


class ExpectedRows:
    """Every row of the read models, as the log has them. Not for use from two threads."""

    def __init__(self) -> None:
        self._database = scratch(_SCHEMA)

    def close(self) -> None:
        self._database.close()

    def take(self, followed: Followed, compact: ShelvedCompact) -> None:
        """Take an entry that was just folded into `compact`."""
        entry, admitted = followed.entry, followed.admitted
        signer = f"authority/{admitted.verified.event.authority}"
        begun = list(versions(entry.position, compact.applied.changes, signer, compact.applied.signer_before))
        act = act_of(compact, entry, admitted, {row.stream: row.links for row in begun}.get)
        self._database.executemany("INSERT INTO versions VALUES (?, ?, ?, ?)", map(_version_values, begun))
        values = (entry.position, msgspec.json.encode(act), entry.sha256)
        self._database.execute("INSERT INTO acts VALUES (?, ?, ?)", values)

    def place(self, position: int) -> Place | None:
        """Return where a fold stands that has come to `position`; None if the log is not that long."""
        if position == 0:
            return Place()
        row = self._database.execute("SELECT act, sha256 FROM acts WHERE position = ?", [position]).fetchone()
        return Place(position, row[1], _act(row[0]).recorded_at) if row is not None else None

    def acts(self, last: int) -> Iterator[tuple[int, ActRow]]:
        """Yield the acts up to a position, by position."""
        for position, act in self._database.execute("SELECT position, act FROM acts WHERE position <= ?", [last]):
            yield position, _act(act)

    def rows(self, last: int) -> Iterator[tuple[tuple[str, int], Version]]:
        """Yield the rows begun up to a position, by stream and beginning, as they stand at that position."""
        query = """
            SELECT stream, from_position, links, digest,
                lead(from_position) OVER (PARTITION BY stream ORDER BY from_position)
            FROM versions WHERE from_position <= ? ORDER BY stream, from_position"""
        for stream, begun, links, digest, until in self._database.execute(query, [last]):
            yield (stream, begun), Version(until, msgspec.json.decode(links, type=Links), digest)


def _version_values(row: RowVersion) -> tuple[object, ...]:
    return row.stream, row.from_position, msgspec.json.encode(row.links), sha256(encode_state(row.state)).digest()


def _act(raw: bytes) -> ActRow:
    return msgspec.json.decode(raw, type=ActRow)


def act_columns(act: ActRow) -> dict[str, object]:
    """Return an act by the names of its columns."""
    return {name: getattr(act, name) for name in ActRow.__struct_fields__}
