"""The judge after tests of the store and the intake: the whole log, read from its database and checked anew.

Nothing is believed but the bytes of the entries: chain, tree, checkpoints, folded states and columns are derived from
them and compared. A receipt that was given must still be the proof of an entry that is still there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from ledger.events.stages import Admitted
from ledger.log.checkpoint import open_checkpoint
from ledger.log.entry import GENESIS_PREVIOUS, Entry, parse_entry
from ledger.log.note import VerifierKey, parse_note, parse_vkey
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.log.tiles import TileId
from ledger.log.tree import EMPTY, Frontier
from ledger.rules.compact import encode_state, opened
from ledger.rules.decide import decide, keys_of
from ledger.rules.log_keys import log_keys_at
from ledger.rules.memory import MemoryCompact
from ledger.signing.dsse import parse
from ledger.signing.verify import verify

ENTRIES = (
    "SELECT notification_id, originator_id, topic, state, encode(payload_sha256, 'hex'), authority, recorded_at,"
    " stream, sealed_size, pending_on FROM entries ORDER BY notification_id"
)


@dataclass(frozen=True)
class Given:
    """What a submitter holds: an entry and its receipt."""

    position: int
    entry: bytes
    receipt: bytes


@dataclass
class Tables:
    """Everything that is stored."""

    entries: list[tuple[Any, ...]]
    head: tuple[Any, ...] | None
    streams: dict[str, bytes]
    tiles: dict[TileId, bytes]
    checkpoints: dict[int, bytes]


@dataclass
class Refolded:
    """What follows from the entries read so far."""

    compact: MemoryCompact
    roots: list[bytes]
    frontier: Frontier
    tiles: dict[TileId, bytes]
    previous: str
    recorded_at: datetime | None

    def add(self, row: tuple[Any, ...]) -> None:
        entry = parse_entry(row[3])
        assert (row[0], entry.position, entry.previous) == (len(self.roots), len(self.roots), self.previous)
        assert self.recorded_at is None or self.recorded_at <= entry.recorded_at
        admitted = self._readmitted(entry)
        envelope = admitted.verified.envelope
        event = envelope.event
        self.compact.apply(admitted, entry.position, entry.recorded_at)
        stream = self.compact.located[event.id]
        assert (row[1], row[2], row[4], row[5]) == (event.id, event.type, envelope.payload_sha256, event.authority)
        assert (row[6], row[7], row[9]) == (entry.recorded_at, stream, list(admitted.pending_on))
        self.frontier, changed = self.frontier.append([entry.leaf_hash])
        self.tiles |= {tile.tile_id: tile.hashes for tile in changed}
        self.roots.append(self.frontier.root)
        self.previous, self.recorded_at = entry.sha256, entry.recorded_at

    def _readmitted(self, entry: Entry) -> Admitted:
        envelope = parse(entry.envelope)
        verified = verify(envelope, keys_of(self.compact, envelope.event), ledger=None)
        admitted = decide(self.compact, verified, entry.recorded_at)
        assert isinstance(admitted, Admitted), admitted
        return admitted


def check_log(database_url: str, origin: str, vkeys: Iterable[VerifierKey], given: Iterable[Given] = ()) -> int:
    """Return the number of entries of a log in which everything agrees; fail otherwise."""
    keys = list(vkeys)
    tables = read_tables(database_url)
    folded = Refolded(MemoryCompact(), [EMPTY.root], EMPTY, {}, GENESIS_PREVIOUS, None)
    for row in tables.entries:
        folded.add(row)
    assert tables.head == (len(tables.entries), folded.frontier.root, folded.previous, folded.recorded_at)
    assert tables.tiles == folded.tiles
    assert tables.streams == {name: encode_state(state) for name, state in folded.compact.changes.items()}
    ends = {row[8] for row in tables.entries}
    assert tables.checkpoints.keys() <= ends
    assert all(position <= sealed_size for position, *_, sealed_size, _ in tables.entries)
    state = opened(folded.compact)
    for tree_size, note in tables.checkpoints.items():
        assert state is not None
        in_force = [parse_vkey(text) for text in log_keys_at(state, tree_size)]
        assert [(one.name, one.key_id) for one in parse_note(note).signatures] == [
            (key.name, key.key_id) for key in in_force
        ]
        for key in in_force:
            assert open_checkpoint(note, origin, [key]).root == folded.roots[tree_size]
    stored = {row[0]: row[3] for row in tables.entries}
    for one in given:
        assert stored.get(one.position) == one.entry, f"the entry of a receipt is not at position {one.position}"
        verify_receipt(parse_receipt(one.receipt), one.entry, origin, keys)
    return len(tables.entries)


def read_tables(database_url: str) -> Tables:
    """Read everything as of one moment."""
    with psycopg.connect(database_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        run = connection.execute
        head = run("SELECT tree_size, root, encode(last_sha256, 'hex'), recorded_at FROM head").fetchone()
        tiles = run("SELECT level, index, hashes FROM tiles").fetchall()
        return Tables(
            entries=run(ENTRIES).fetchall(),
            head=head,
            streams=dict(run("SELECT name, state FROM streams").fetchall()),
            tiles={(level, index): hashes for level, index, hashes in tiles},
            checkpoints=dict(run("SELECT tree_size, note FROM checkpoints").fetchall()),
        )
