"""What only the end of the log can tell: the head, rows that are too many, and what indexes do not find."""

from collections.abc import Mapping
from typing import Final

from ledger.fsck.findings import Findings, Kind, shown
from ledger.fsck.tree import check_edge, tiles_of
from ledger.fsck.walk import Walk
from ledger.log.entry import parse_entry
from ledger.log.errors import EntryMalformed
from ledger.store.head import EMPTY
from ledger.store.inspection import EntryRow, HeadRow, Inspection, Unreadable

TABLE: Final = "head"


def read_heads(tables: Inspection, found: Findings) -> list[HeadRow]:
    """Return the rows of the head; a finding if they cannot be read."""
    try:
        return tables.heads()
    except Unreadable as error:
        found.add(Kind.UNREADABLE, TABLE, "the only row", "a row", str(error))
        return []


def end_of(tables: Inspection, heads: list[HeadRow]) -> int:
    """Return how many entries there should be: what two of these say, or else the last. In a snapshot.

    The head, the hashes in the tiles of the leaves, the last entry. Of the three one may be wrong.
    """
    try:
        last = tables.number("SELECT coalesce(max(notification_id), 0) FROM public.entries")
    except Unreadable:
        last = 0
    try:
        leaves = tables.number(
            "SELECT coalesce((SELECT index * 256 + length(hashes) / 32 FROM public.tiles WHERE level = 0"
            " ORDER BY index DESC LIMIT 1), 0)"
        )
    except Unreadable:
        leaves = 0
    head = heads[0].tree_size if len(heads) == 1 else last
    return head if head == leaves else last


def check_head(heads: list[HeadRow], last: int, walk: Walk, found: Findings) -> None:
    """Compare the head with the end of the walk."""
    if len(heads) != 1:
        found.add(Kind.ROW_MISSING if not heads else Kind.ROW_EXTRA, TABLE, "the only row", "one row", str(len(heads)))
        return
    (head,) = heads
    expected: dict[str, object] = {"tree_size": last}
    if walk.frontier is not None:
        expected["root"] = walk.frontier.root
    if last == 0:
        expected |= {"last_sha256": bytes.fromhex(EMPTY.last_sha256), "recorded_at": None}
    elif walk.last is not None:
        expected |= _of_last(walk.last)
    got = {"tree_size": head.tree_size, "root": head.root, "last_sha256": head.last_sha256}
    found.compare(TABLE, "the only row", expected, {**got, "recorded_at": head.recorded_at})


def _of_last(row: EntryRow) -> dict[str, object]:
    """Return what the head says of its last entry, from the bytes of that entry."""
    try:
        entry = parse_entry(row.raw)
    except EntryMalformed:
        return {}
    return {"last_sha256": bytes.fromhex(entry.sha256), "recorded_at": entry.recorded_at}


def check_beyond(tables: Inspection, last: int, walk: Walk, found: Findings) -> dict[str, int]:
    """Look for rows beyond the log. Return how many rows of each table were found by key. In a snapshot."""
    entries = tables.column(
        "SELECT notification_id FROM public.entries WHERE notification_id < 1 OR notification_id > %s", [last]
    )
    for position in entries:
        found.add(Kind.ROW_EXTRA, "entries", position, f"positions 1 to {last}", "another entry")
    checkpoints = tables.column(
        "SELECT tree_size FROM public.checkpoints WHERE tree_size < 1 OR tree_size > %s", [last]
    )
    for size in checkpoints:
        found.add(Kind.ROW_EXTRA, "checkpoints", size, f"sizes 1 to {last}", "another checkpoint")
    return {
        "entries": walk.rows + len(entries),
        "checkpoints": walk.checkpoints + len(checkpoints),
        "tiles": tiles_of(last) + check_edge(last, tables, found),
    }


def check_scans(tables: Inspection, counted: Mapping[str, int], found: Findings) -> None:
    """Count the rows that lie in each table without its indexes, which reads all of it. In a snapshot."""
    for table, by_key in counted.items():
        try:
            scanned = tables.scanned(table)
        except Unreadable as error:
            found.add(Kind.UNREADABLE, table, "all", "rows", str(error))
            continue
        if scanned > by_key:
            got = f"{scanned} rows without an index"
            found.add(Kind.INDEX_WRONG, table, "all", f"{by_key} rows, as found by key", got)


def check_authorities(tables: Inspection, acts: Mapping[str, int], last: int, found: Findings) -> None:
    """Count the acts of each authority by its index. `acts` is how many each has."""
    for authority, count in acts.items():
        if (got := tables.acts_of(authority, last)) != count:
            key = f"by authority {shown(authority)}"
            found.add(Kind.INDEX_WRONG, "entries", key, f"{count} acts", str(got))
