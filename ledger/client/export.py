"""A copy of the log as it is now, in a directory: checked against the tree head that the log signed for it.

A copy that is there is whole. What an interrupted one had fetched stays in a file beside its place, `DIR.partial`, and
the next one goes on from it.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ledger.audit.export import write_export
from ledger.client.errors import AnswerMalformed, ClientError
from ledger.client.http import ENTRIES_PAGE, LedgerClient
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.entry import ENTRY_BYTES_MAX, parse_entry
from ledger.log.errors import LogInvalid
from ledger.log.note import VerifierKey
from ledger.log.tree import EMPTY, Frontier, leaf_hash

PARTIAL_SUFFIX: Final = ".partial"


class CopyInvalid(LogInvalid):
    """What the server handed out is not what it signed."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What the directory now holds. `resumed` entries had been fetched before."""

    checkpoint: Checkpoint
    resumed: int


Advance = Callable[[int, int], None]
"""Told after each page how many entries are there, and of how many."""


def export(
    client: LedgerClient, directory: Path, origin: str, vkeys: Iterable[VerifierKey], advance: Advance
) -> Copied:
    """Copy the log into `directory`, which must be absent or empty.

    Raises ClientError; NoteInvalid or CheckpointInvalid for a checkpoint that is not the log's; CopyInvalid if the
    entries are not those of the checkpoint: then nothing of them is kept.
    """
    directory = directory.absolute()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ClientError(f"{directory} absent or empty", "something in it", "Choose another directory, or remove it.")
    note = client.checkpoint()
    checkpoint = open_checkpoint(note, origin, vkeys)
    directory.parent.mkdir(parents=True, exist_ok=True)
    partial = directory.with_name(directory.name + PARTIAL_SUFFIX)
    with partial.open("a+b") as file:
        tree = _resume(file, checkpoint.tree_size)
        resumed = tree.tree_size
        advance(resumed, checkpoint.tree_size)
        while tree.tree_size < checkpoint.tree_size:
            tree = _fetch(client, file, tree, checkpoint.tree_size)
            advance(tree.tree_size, checkpoint.tree_size)
        file.flush()
        os.fsync(file.fileno())
        if tree.root != checkpoint.root:
            partial.unlink()
            raise CopyInvalid(f"entries with the root {checkpoint.root.hex()} that the log signed", tree.root.hex())
        file.seek(0)
        write_export(directory, _lines(file), note)
    partial.unlink()
    return Copied(checkpoint, resumed)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    for line in file:
        yield line[:-1]


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
