"""Everything in the tables of the log, once, in order, while others may append.

Full tiles and their entries never change, so most of the log is read without a snapshot. The rest, the head, the
folded states and the evidence are read in one, which lasts as long as those take; nobody waits for it.
"""

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from ledger.audit.findings import Lie
from ledger.fsck.checkpoints import check_checkpoint
from ledger.fsck.cosignatures import check_cosignatures
from ledger.fsck.edges import check_authorities, check_beyond, check_head, check_scans, end_of, read_heads
from ledger.fsck.findings import Checked, Findings, Kind
from ledger.fsck.folded import Ends, check_conflicts, check_streams
from ledger.fsck.judges import Ruled, Watch
from ledger.fsck.reading import reading
from ledger.fsck.server import check_guards, check_server, check_tables
from ledger.fsck.walk import Stated, Walk
from ledger.log.note import VerifierKey
from ledger.log.tiles import TILE_WIDTH
from ledger.store.inspection import Inspection

CATCH_UP_ENTRIES: Final = 8 * TILE_WIDTH
"""How close to the head the walk goes before it takes the snapshot."""

SEALING_SECONDS_MAX: Final = 2.0
"""How long a batch may be without its checkpoint on a ledger that is running."""

Progress = Callable[[int, int], None]
"""Told how many entries of how many were checked."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the operator has elsewhere: tree heads that were `kept`, and the keys of `witnesses`."""

    kept: Sequence[Stated] = ()
    witnesses: Sequence[VerifierKey] = ()


class LogCheck:
    """One check of the log in `tables`. `known` comes from elsewhere, `watch` is told of every sound entry.

    Raises Enough, StoreError.
    """

    def __init__(self, tables: Inspection, found: Findings, known: Known, watch: Watch) -> None:
        self.checked: list[Checked] = []
        self.tree_size = 0
        self.root: bytes | None = None
        self.judge = Ruled(found, watch)
        self._tables = tables
        self._found = found
        self._known = known
        self._ends = Ends()
        self._walk = Walk(tables, found, self.judge, known.kept, self._ends.add)

    def run(self, known_tables: Collection[str], progress: Progress) -> None:
        """Check everything but the tables that `known_tables` names, which others check."""
        with reading(self._found, "pg_catalog", "all"):
            self._say("server", 1, check_server(self._tables, self._found))
            guards = check_guards(self._tables, self._found)
            self._say("guards", guards, "triggers and their functions, as they were made")
            check_tables(self._tables, known_tables, self._found)
        self._follow(progress)
        with ExitStack() as opened:
            opened.enter_context(self._tables.snapshot())
            self._finish(progress)
        with reading(self._found, "checkpoints", "those that are missing"):
            self._wait_for_seals()
        self._check_kept()
        self._summarise()

    def close(self) -> None:
        """Remove what was put on disk."""
        self.judge.shelf.close()

    def _follow(self, progress: Progress) -> None:
        """Walk over full tiles until the head is near."""
        while True:
            end = end_of(self._tables, read_heads(self._tables, Findings()))
            if end - self._walk.position <= CATCH_UP_ENTRIES:
                return
            while end - self._walk.position >= TILE_WIDTH:
                self._walk.step(end)
                progress(self._walk.position, end)

    def _finish(self, progress: Progress) -> None:
        """Walk to the head and check what belongs to it."""
        heads = read_heads(self._tables, self._found)
        end = self.tree_size = end_of(self._tables, heads)
        head = Stated(heads[0].tree_size, heads[0].root) if len(heads) == 1 else None
        while self._walk.position < end:
            self._walk.step(end, head)
            progress(self._walk.position, end)
        self._walk.batches.finish(end)
        check_head(heads, end, self._walk, self._found)
        with reading(self._found, "entries, tiles or checkpoints", f"beyond {end}"):
            check_scans(self._tables, check_beyond(self._tables, end, self._walk, self._found), self._found)
        if not self.judge.is_sound:
            at = self.judge.auditor.position + 1
            got = f"entry {at} does not hold, or is missing"
            self._found.add(Kind.NOT_CHECKED, "streams", "all", "a log that can be folded", got)
        else:
            with reading(self._found, "entries", "by authority"):
                check_authorities(self._tables, self.judge.auditor.authorities, end, self._found)
            compared = check_streams(self._tables, self.judge, self._ends, self._found)
            self._say("folded states", compared, "equal to the auditor's own")
        with reading(self._found, "conflicts", "all"):
            pieces = check_conflicts(self._tables, self.judge, self._found)
            self._say("evidence", pieces, "signed, of an act in the log that says something else")
        with reading(self._found, "cosignatures", "all"):
            lines = check_cosignatures(self._tables, self._known.witnesses, self._found)
            if lines is not None:
                detail = f"lines of witnesses in their form, {lines.verified} verified with the keys of --policy"
                self._say("cosignatures", lines.count, detail)

    def _wait_for_seals(self) -> None:
        """Report batches that have no checkpoint; one that was just recorded is about to get it."""
        missing = self._walk.batches.missing
        give_up = time.monotonic() + SEALING_SECONDS_MAX
        for size in missing:
            while not (notes := self._tables.checkpoints(size - 1, size)) and size == self.tree_size:
                if time.monotonic() > give_up:
                    break
                time.sleep(SEALING_SECONDS_MAX / 20)
            if not notes:
                self._walk.batches.report_missing(size)
                continue
            root = self._walk.frontier.root if self._walk.frontier is not None and size == self.tree_size else None
            check_checkpoint(notes[size], size, root, self.judge.signing, self._found)
            self._walk.checkpoints += 1

    def _check_kept(self) -> None:
        """Compare the tree heads that were kept elsewhere with the tree."""
        for kept in self._known.kept:
            if kept.tree_size > self.tree_size:
                expected = f"at least {kept.tree_size} entries, as before"
                self._found.add(Lie.HISTORY_REWRITTEN, "head", "tree_size", expected, f"{self.tree_size} entries")
            elif (root := self._walk.passed.get(kept.tree_size)) is not None and root != kept.root:
                expected = f"root {kept.root.hex()} of the first {kept.tree_size} entries, as before"
                self._found.add(Lie.HISTORY_REWRITTEN, "entries", f"1 to {kept.tree_size}", expected, root.hex())
            else:
                self._say("older tree head", kept.tree_size, "entries are those of the one that was kept")

    def _summarise(self) -> None:
        walk, frontier = self._walk, self._walk.frontier
        self.root = frontier.root if frontier is not None else None
        sound = self.judge.auditor.position
        self._say("entries", walk.rows, "bytes, chain, columns, batches, found by position and by id")
        self._say("rules", sound, "entries admitted again on the state of those before")
        self._say("hashes", walk.hashes, "of tiles, at every level")
        self._say("checkpoints", walk.checkpoints, "notes signed by the log, with the root of their size")

    def _say(self, what: str, count: int, detail: str) -> None:
        self.checked.append(Checked(what, count, detail))
