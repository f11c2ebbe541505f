"""Bytes, chain, columns, tree and checkpoints, round and round in the background, at a bounded rate.

What a disk does to bytes that nobody reads is found before somebody needs them. The rules are left to `gledger fsck`:
judging them takes the folded state of the whole log, in memory or on disk, and every entry was decided twice already,
when it was recorded and when its rows were made. What is signed and hashed needs none of that to be checked for ever.

A finding is kept until a whole round has come by without it. Nothing here reaches the intake: whatever happens, the
ledger goes on.
"""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from ledger.fsck.edges import check_beyond, check_head, end_of, read_heads
from ledger.fsck.findings import Finding, Findings, Level
from ledger.fsck.judges import Linked
from ledger.fsck.reading import reading
from ledger.fsck.walk import Stated, Walk
from ledger.log.tiles import TILE_WIDTH
from ledger.store.errors import StoreError
from ledger.store.inspection import Inspection

SCRUB_LOCK: Final = 0x6C65646765720002
"""Key of the advisory lock that lets one process scrub a database."""

SHARE_MAX: Final = 0.1
"""How much of the time it may work at most, however slow the machine is."""

ROUND_SECONDS_MIN: Final = 60.0
"""From the beginning of one round to that of the next, however short the log is."""

START_SECONDS: Final = 15.0
"""How long a ledger that has just started is left alone."""

RETRY_SECONDS: Final = 30.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast: `entries_per_second`, but at most `share_max` of the time.

    And how long it waits before its first round, from the beginning of one to that of the next, and after a failure.
    """

    entries_per_second: int
    share_max: float = SHARE_MAX
    start_seconds: float = START_SECONDS
    round_seconds_min: float = ROUND_SECONDS_MIN
    retry_seconds: float = RETRY_SECONDS


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """How far it has come. Times are POSIX seconds, 0 for never; `findings` counts what is known, by kind.

    `active`: this process scrubs; another may instead.
    """

    active: bool = False
    position: int = 0
    rounds: int = 0
    finished_at: float = 0.0
    found_at: float = 0.0
    findings: Mapping[str, int] = field(default_factory=dict)
    first: Finding | None = None


class Scrubber:
    """A thread that scrubs the database of `dsn`. Started once; any number may run, one at a time works."""

    def __init__(self, dsn: str, pace: Pace) -> None:
        self._dsn = dsn
        self._pace = pace
        self._thread = threading.Thread(target=self._supervise, name="scrubber", daemon=True)
        self._stopping = threading.Event()
        # One reference to one value: readers in other threads see the old or the new one, never a mixture.
        self._scrubbed = Scrubbed()

    @property
    def scrubbed(self) -> Scrubbed:
        """How far it has come, as of now."""
        return self._scrubbed

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _supervise(self) -> None:
        self._stopping.wait(self._pace.start_seconds)
        while not self._stopping.is_set():
            try:
                with Inspection(self._dsn) as tables:
                    if tables.hold(SCRUB_LOCK):
                        self._scrubbed = replace(self._scrubbed, active=True)
                        self._rounds(tables)
                        return
            except StoreError as error:
                _log.warning("scrub_interrupted", position=self._scrubbed.position, error=str(error))
            except Exception as error:
                # A defect of ours, or rows that nobody foresaw: what was found stays, and the next round may show more.
                _log.error("scrub_failed", position=self._scrubbed.position, exc_info=error)
            self._scrubbed = replace(self._scrubbed, active=False)
            self._stopping.wait(self._pace.retry_seconds)

    def _rounds(self, tables: Inspection) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            found = Findings()
            if self._round(tables, found):
                self._end(found)
            self._stopping.wait(self._pace.round_seconds_min - (time.monotonic() - began))

    def _round(self, tables: Inspection, found: Findings) -> bool:
        """Walk the whole log once. Return whether it came to the end."""
        walk = Walk(tables, found, Linked(found))
        while (end := end_of(tables, read_heads(tables, Findings()))) - walk.position >= TILE_WIDTH:
            self._step(walk, end, found)
            if self._stopping.is_set():
                return False
        with tables.snapshot():
            heads = read_heads(tables, found)
            end = end_of(tables, heads)
            head = Stated(heads[0].tree_size, heads[0].root) if len(heads) == 1 else None
            while walk.position < end:
                walk.step(end, head)
            walk.batches.finish(end)
            check_head(heads, end, walk, found)
            with reading(found, "entries, tiles or checkpoints", f"beyond {end}"):
                check_beyond(tables, end, walk, found)
        with reading(found, "checkpoints", "those that are missing"):
            for size in walk.batches.missing:
                # That of the last batch may be about to be made.
                if size != end and not tables.checkpoints(size - 1, size):
                    walk.batches.report_missing(size)
        self._note(end, found)
        return True

    def _step(self, walk: Walk, end: int, found: Findings) -> None:
        """Check one tile, then wait as long as the pace demands."""
        began, before = time.monotonic(), walk.position
        walk.step(end)
        self._note(walk.position, found)
        worked = time.monotonic() - began
        due = (walk.position - before) / self._pace.entries_per_second
        self._stopping.wait(max(due, worked / self._pace.share_max) - worked)

    def _note(self, position: int, found: Findings) -> None:
        """Say how far it is. What an earlier round has found stays known until this one has ended."""
        known, counts = self._scrubbed, _counted(found)
        first = next((one for one in found.details if one.level is not Level.NOTE), None)
        if first is not None and known.first is None:
            _log.critical(
                "scrub_found_damage",
                kind=first.kind.value,
                table=first.table,
                key=first.key,
                expected=first.expected,
                got=first.got,
            )
        self._scrubbed = replace(
            known,
            position=position,
            findings={kind: max(counts[kind], known.findings.get(kind, 0)) for kind in {*counts, *known.findings}},
            first=known.first or first,
            found_at=known.found_at or (time.time() if first is not None else 0.0),
        )

    def _end(self, found: Findings) -> None:
        """A round has ended: what it did not find is not there any more."""
        counts = _counted(found)
        known = self._scrubbed
        first = next((one for one in found.details if one.level is not Level.NOTE), None)
        if counts:
            _log.critical("scrub_round_ended", position=known.position, findings=dict(counts))
        elif known.first is not None:
            _log.warning("scrub_round_clean", position=known.position)
        self._scrubbed = replace(
            known,
            rounds=known.rounds + 1,
            finished_at=time.time(),
            findings=dict(counts),
            first=first,
            found_at=known.found_at if first is not None else 0.0,
        )


def _counted(found: Findings) -> Counter[str]:
    return Counter({kind: count for (level, kind), count in found.counts.items() if level is not Level.NOTE})
