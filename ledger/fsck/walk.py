"""Through the log from its first entry on, one tile of 256 entries at a time, in bounded memory.

Of each tile: the rows of its entries and their columns, its leaf hashes, every hash above that it completes, the
checkpoints in it, and that the index of event ids leads to the same rows. Entries and full tiles never change, so a
walk over a live log needs no snapshot until it comes to the right edge.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from ledger.fsck.checkpoints import TABLE as CHECKPOINTS
from ledger.fsck.checkpoints import check_checkpoint, stated_root
from ledger.fsck.columns import TABLE as ENTRIES
from ledger.fsck.columns import Batches
from ledger.fsck.findings import Findings, Kind
from ledger.fsck.judges import Linked
from ledger.fsck.tree import (
    LEAF_LEVEL,
    Leaves,
    Settled,
    check_above,
    hashes_in,
    read_tiles,
    report_leaves,
    settle,
)
from ledger.log.tiles import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH
from ledger.log.tree import EMPTY, Frontier, leaf_hash
from ledger.store.inspection import EntryRow, Inspection, Unreadable


@dataclass(frozen=True, slots=True)
class Stated:
    """A tree size and its root, stated outside the tiles: by the head, or by a checkpoint that somebody kept."""

    tree_size: int
    root: bytes


class Walk:
    """A walk over the log. `frontier` is the tree so far, None behind a leaf of which nothing is left.

    `last` is the row of the last entry, unless it is missing or not to be believed; `passed` are the roots at the sizes
    that are `stated` elsewhere.
    """

    def __init__(
        self,
        tables: Inspection,
        found: Findings,
        judge: Linked,
        stated: Collection[Stated] = (),
        ended: Callable[[int], None] = lambda position: None,
    ) -> None:
        self.position = 0
        self.frontier: Frontier | None = EMPTY
        self.hashes = 0
        self.checkpoints = 0
        self.rows = 0
        self.passed: dict[int, bytes] = {}
        self.last: EntryRow | None = None
        self.batches = Batches(found, ended)
        self._tables = tables
        self._found = found
        self._judge = judge
        self._stated = {one.tree_size: one.root for one in stated}

    def step(self, last: int, head: Stated | None = None) -> None:
        """Go on to the end of this tile or to `last`, whichever comes first. `head`: what the head says, at the end.

        Begun at the beginning of a tile. Raises Enough, StoreError.
        """
        assert self.position % TILE_WIDTH == 0
        first, last = self.position + 1, min(last, self.position + TILE_WIDTH)
        rows = {row.position: row for row in self._read(first, last)}
        notes = self._notes(first - 1, last)
        leaves = self._leaves(first, last, rows)
        settled = settle(leaves, self.frontier, self._bound(notes, head), self._above(leaves))
        report_leaves(leaves, settled, self._found)
        for position in range(first, last + 1):
            is_doubtful = position in settled.doubtful
            if (row := rows.get(position)) is None:
                self._judge.skip()
            else:
                self._judge.judge(row, is_doubtful=is_doubtful)
                self.batches.take(row, notes)
            self.last = row if not is_doubtful else None
        self._judge.settle()
        self._check_index(rows)
        self._grow(first, settled, notes)
        self.position = last
        self.rows += len(rows)
        self.hashes += len(leaves.of_tile)

    def _read(self, first: int, last: int) -> list[EntryRow]:
        """Return rows; a finding for each that is missing or cannot be read."""
        try:
            rows = self._tables.entries(first, last)
        except Unreadable as error:
            if first == last:
                self._found.add(Kind.UNREADABLE, ENTRIES, first, "a row", str(error))
                return []
            half = (first + last) // 2
            return [*self._read(first, half), *self._read(half + 1, last)]
        missing = set(range(first, last + 1)) - {row.position for row in rows}
        for position in sorted(missing):
            self._found.add(Kind.ROW_MISSING, ENTRIES, position, "an entry at every position", "none")
        return rows

    def _notes(self, after: int, until: int) -> dict[int, bytes]:
        try:
            return self._tables.checkpoints(after, until)
        except Unreadable as error:
            self._found.add(Kind.UNREADABLE, CHECKPOINTS, f"{after + 1} to {until}", "rows", str(error))
            return {}

    def _leaves(self, first: int, last: int, rows: Mapping[int, EntryRow]) -> Leaves:
        tile = (LEAF_LEVEL, (first - 1) >> TILE_HEIGHT)
        stored = read_tiles(self._tables, [tile], self._found)
        width = last - first + 1
        if tile not in stored:
            self._found.add(Kind.ROW_MISSING, "tiles", f"{tile[0]}/{tile[1]}", f"a tile of {width} hashes", "none")
        of_entries = tuple(leaf_hash(rows[at].raw) if at in rows else None for at in range(first, last + 1))
        if tile not in stored:
            # Said once, not for each of its hashes.
            return Leaves(first, of_entries, of_entries)
        return Leaves(first, of_entries, hashes_in(stored[tile], width))

    def _above(self, leaves: Leaves) -> bytes | None:
        """Return the hash of this tile as the level above has it, if that is needed to tell what holds."""
        if not leaves.differing or len(leaves.of_tile) < TILE_WIDTH:
            return None
        parent = (LEAF_LEVEL + 1, leaves.index >> TILE_HEIGHT)
        at = leaves.index % TILE_WIDTH
        stored = read_tiles(self._tables, [parent], self._found).get(parent, b"")
        return stored[at * HASH_BYTES : (at + 1) * HASH_BYTES] or None

    def _bound(self, notes: Mapping[int, bytes], head: Stated | None) -> dict[int, bytes]:
        roots = {size: root for size, note in notes.items() if (root := stated_root(note, size)) is not None}
        return {**roots, **self._stated, **({head.tree_size: head.root} if head is not None else {})}

    def _check_index(self, rows: Mapping[int, EntryRow]) -> None:
        """Look the acts up by their ids, as the ledger does when it asks whether an id is taken."""
        ids = [row.event_id for row in rows.values()]
        try:
            positions = self._tables.positions_of(ids)
        except Unreadable as error:
            self._found.add(Kind.UNREADABLE, ENTRIES, "the index of originator_id", "an index", str(error))
            return
        for row in rows.values():
            if (got := positions.get(row.event_id)) != row.position:
                key = f"{row.position}, by originator_id"
                self._found.add(Kind.INDEX_WRONG, ENTRIES, key, f"position {row.position}", str(got))

    def _grow(self, first: int, settled: Settled, notes: Mapping[int, bytes]) -> None:
        """Append the leaves, comparing the root at each size of which one is stated, and the hashes above."""
        if settled.leaves is None and self.frontier is not None:
            self.frontier = None
            got = "neither the row nor the hash of one"
            self._found.add(Kind.NOT_CHECKED, "tiles", f"from entry {first} on", "every leaf of the tree", got)
        begun = first - 1
        for size in sorted({*notes, *self._stated} | {begun + len(settled.leaves or ())}):
            if size < first or size > first + TILE_WIDTH:
                continue
            if self.frontier is not None and settled.leaves is not None:
                self.frontier, grown = self.frontier.append(settled.leaves[begun - first + 1 : size - first + 1])
                self.hashes += check_above(grown, self._tables, self._found)
                begun = size
            root = self.frontier.root if self.frontier is not None else None
            if size in self._stated and root is not None:
                self.passed[size] = root
            if size in notes:
                check_checkpoint(notes[size], size, root, self._judge.signing, self._found)
                self.checkpoints += 1
