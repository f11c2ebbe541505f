"""A copy of the log in a directory: every entry, byte for byte, and the signed tree head of exactly these entries.

    entries.ndjson   one entry a line
    checkpoint       the signed note

A copy that is there is whole: its tree was recomputed and is the one that was signed. An interrupted one goes on where
it was, from `entries.ndjson.partial`.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ledger.client.durable import sync_directory, write_durably
from ledger.client.errors import AnswerMalformed
from ledger.client.http import ENTRIES_PAGE, LedgerClient
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.entry import ENTRY_BYTES_MAX, parse_entry
from ledger.log.errors import LogInvalid
from ledger.log.note import VerifierKey
from ledger.log.tree import EMPTY, Frontier, leaf_hash

ENTRIES_FILE: Final = "entries.ndjson"
CHECKPOINT_FILE: Final = "checkpoint"
PROJECTIONS_FILE: Final = "projections.json"
PARTIAL_FILE: Final = "entries.ndjson.partial"


class CopyInvalid(LogInvalid):
    """What the server handed out is not what it signed."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What the directory now holds. `resumed` entries were already there."""

    checkpoint: Checkpoint
    resumed: int


Advance = Callable[[int, int], None]
"""Told after each page how many entries are there, and of how many."""


def export(
    client: LedgerClient, directory: Path, origin: str, vkeys: Iterable[VerifierKey], advance: Advance
) -> Copied:
    """Copy the log as it is now into `directory`.

    Raises ClientError, NoteInvalid or CheckpointInvalid for a checkpoint that is not the log's, CopyInvalid if the
    entries are not those of the checkpoint; then what was fetched is not kept, and an earlier copy stays as it was.
    """
    note = client.checkpoint()
    checkpoint = open_checkpoint(note, origin, vkeys)
    directory.mkdir(parents=True, exist_ok=True)
    partial = directory / PARTIAL_FILE
    with partial.open("a+b") as file:
        tree = _resume(file, checkpoint.tree_size)
        resumed = tree.tree_size
        while tree.tree_size < checkpoint.tree_size:
            advance(tree.tree_size, checkpoint.tree_size)
            tree = _fetch(client, file, tree, checkpoint.tree_size)
        advance(tree.tree_size, checkpoint.tree_size)
        file.flush()
        os.fsync(file.fileno())
    if tree.root != checkpoint.root:
        partial.unlink()
        raise CopyInvalid(f"entries with the root {checkpoint.root.hex()} that the log signed", tree.root.hex())
    # What was derived from an earlier copy is not of this one.
    (directory / PROJECTIONS_FILE).unlink(missing_ok=True)
    # The checkpoint goes first: entries without their checkpoint would look like a copy that was tampered with.
    (directory / CHECKPOINT_FILE).unlink(missing_ok=True)
    partial.rename(directory / ENTRIES_FILE)
    sync_directory(directory)
    write_durably(directory / CHECKPOINT_FILE, note)
    return Copied(checkpoint, resumed)


def _resume(file: BinaryIO, tree_size: int) -> Frontier:
    """Return the tree of the whole lines in `file`, cut off after the last of them, or after `tree_size`."""
    leaves: list[bytes] = []
    file.seek(0)
    whole_bytes = 0
    while len(leaves) < tree_size:
        line = file.readline(ENTRY_BYTES_MAX + 1)
        if not line.endswith(b"\n"):
            break
        whole_bytes += len(line)
        leaves.append(leaf_hash(line[:-1]))
    file.truncate(whole_bytes)
    file.seek(0, os.SEEK_END)
    return EMPTY.append(leaves)[0]


def _fetch(client: LedgerClient, file: BinaryIO, tree: Frontier, tree_size: int) -> Frontier:
    """Return the tree with one page more, which is then in `file`."""
    page = client.entries(tree.tree_size, min(ENTRIES_PAGE, tree_size - tree.tree_size))
    if not page:
        raise AnswerMalformed(f"entry {tree.tree_size + 1} of {tree_size}", "none", "Tell the ledger's operator.")
    leaves = []
    for position, raw in enumerate(page, tree.tree_size + 1):
        entry = parse_entry(raw)
        if entry.position != position:
            raise CopyInvalid(f"the entry of position {position}", f"position {entry.position}")
        leaves.append(entry.leaf_hash)
    file.write(b"".join(raw + b"\n" for raw in page))
    return tree.append(leaves)[0]
