"""A verified copy of a log as a folder of tiles, from any address that serves it as C2SP tlog-tiles.

The steps, each of which must hold before the next:

1. The checkpoint there is signed by the log. Lines of others that no known key verifies are not taken along.
2. It continues the checkpoint in the folder: by the tiles there, proved against both roots. If the log signed both and
   they differ, that is a fork, and the proof of it is kept.
3. The new entries give the signed root. Their hashes and all tiles are computed here; no tile from there is kept.
4. Only then does any of it become a part of the folder, the checkpoint last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.client.errors import AnswerMalformed, CopyDamaged
from ledger.client.fork import ForkProved, check_growth
from ledger.client.tile_folder import TileFolder
from ledger.client.tile_log import TELL, TileLog
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.entry_bundle import format_bundle
from ledger.log.errors import LogInvalid, ProofInvalid, TileInvalid
from ledger.log.note import VerifierKey, parse_note
from ledger.log.tiles import TILE_WIDTH, Tile, entries_path, tile_path, tile_width
from ledger.log.tree import EMPTY, Frontier, frontier_from_tiles, leaf_hash

BEHIND: Final = "Ask again later. If it stays so, the log was rolled back: keep the folder, its checkpoint is signed."

Advance = Callable[[int, int], None]
"""Told after each bundle how many entries are there, and of how many."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """Which log is meant, and whose signatures count: its keys, and perhaps those of witnesses.

    `earlier`: keys that count only for what the folder has already, since the log has others now.
    """

    origin: str
    vkeys: tuple[VerifierKey, ...]
    earlier: tuple[VerifierKey, ...] = ()

    @property
    def ever(self) -> tuple[VerifierKey, ...]:
        return tuple(dict.fromkeys((*self.vkeys, *self.earlier)))


@dataclass(frozen=True, slots=True)
class Grown:
    """What the folder now holds, and how many entries it had before."""

    checkpoint: Checkpoint
    before: int


@dataclass(frozen=True, slots=True)
class _Head:
    """A checkpoint that was opened, and its note with the lines that were verified."""

    checkpoint: Checkpoint
    note: bytes


def grow(log: TileLog, folder: TileFolder, trusted: Trusted, advance: Advance) -> Grown:
    """Bring `folder` to the newest checkpoint of `log`. What is there stays as it is, whatever happens.

    Raises ForkProved, after the evidence was written beside the tiles; ClientError if anything else is not as it should
    be there, or the folder is damaged.
    """
    new = _published(log, trusted)
    old = _held(folder, trusted)
    try:
        _compare(log, folder, old, new, trusted)
    except ForkProved as fork:
        folder.keep(fork.evidence.file_name, fork.evidence.raw)
        raise
    before = old.checkpoint.tree_size if old is not None else 0
    if old is None or new.checkpoint.tree_size > before:
        tree = _tree_here(folder, old)
        if not _copied(log, folder, tree, new.checkpoint, advance, again=True):
            # What an interrupted growth had fetched may have been of another server, or of a worse day of this one.
            folder.forget_growth()
            if not _copied(log, folder, tree, new.checkpoint, advance, again=False):
                folder.forget_growth()
                expected = f"entries with the root {new.checkpoint.root.hex()} that the log signed"
                raise AnswerMalformed(expected, "entries with another", TELL)
        folder.publish(new.note)
    elif set(old.note.splitlines()) < set(new.note.splitlines()):
        # The same tree with more signatures.
        folder.publish(new.note)
    return Grown(new.checkpoint, before)


def _published(log: TileLog, trusted: Trusted) -> _Head:
    raw = log.checkpoint()
    try:
        return _opened(raw, trusted.origin, trusted.vkeys)
    except LogInvalid as error:
        # Anybody can hand out an unsigned note: it proves nothing against the log.
        raise AnswerMalformed(f"{error.expected} in {log.url}/checkpoint", error.got, TELL) from None


def _held(folder: TileFolder, trusted: Trusted) -> _Head | None:
    raw = folder.checkpoint
    try:
        return _opened(raw, trusted.origin, trusted.ever) if raw is not None else None
    except LogInvalid as error:
        raise CopyDamaged(f"{error.expected} in {folder.directory}/checkpoint", error.got) from None


def _opened(raw: bytes, origin: str, vkeys: Sequence[VerifierKey]) -> _Head:
    """Return the checkpoint, with the lines of the log itself and those of others that one of `vkeys` verifies.

    A line of somebody else that nobody has verified might discredit the note with those who can.
    """
    checkpoint = open_checkpoint(raw, origin, vkeys)
    note = parse_note(raw)
    known = {(key.name, key.key_id) for key in vkeys}
    lines = raw[len(note.text) + 1 :].splitlines(keepends=True)
    kept = [
        line
        for line, signature in zip(lines, note.signatures, strict=True)
        if signature.name == origin or (signature.name, signature.key_id) in known
    ]
    return _Head(checkpoint, note.text + b"\n" + b"".join(dict.fromkeys(kept)))


def _compare(log: TileLog, folder: TileFolder, old: _Head | None, new: _Head, trusted: Trusted) -> None:
    """Return if the tree there continues the one here. Raises ForkProved; ClientError if that cannot be told, or if
    the tree there is the beginning of the one here."""
    if old is None:
        return
    here, there = old.checkpoint.tree_size, new.checkpoint.tree_size
    first, second, read = (old, new, log.hashes_at(there)) if here <= there else (new, old, folder.hashes_at(here))
    try:
        check_growth((first.checkpoint, first.note), (second.checkpoint, second.note), read, trusted.ever)
    except (ProofInvalid, TileInvalid) as error:
        if here <= there:
            raise AnswerMalformed(f"tiles of the tree that is signed: {error.expected}", error.got, TELL) from None
        raise CopyDamaged(f"tiles in {folder.directory}: {error.expected}", error.got) from None
    if there < here:
        raise AnswerMalformed(f"a tree of at least {here} entries at {log.url}", f"the first {there} of them", BEHIND)


def _tree_here(folder: TileFolder, old: _Head | None) -> Frontier:
    """Return the right edge of the tree in the folder, proved against its checkpoint. Raises CopyDamaged."""
    if old is None:
        return EMPTY
    size, root = old.checkpoint.tree_size, old.checkpoint.root
    try:
        tree = frontier_from_tiles(size, folder.hashes_at(size))
    except TileInvalid as error:
        raise CopyDamaged(f"tiles in {folder.directory}: {error.expected}", error.got) from None
    if tree.root != root:
        raise CopyDamaged(f"tiles in {folder.directory} with the root {root.hex()}, as signed", tree.root.hex())
    return tree


def _copied(
    log: TileLog, folder: TileFolder, tree: Frontier, new: Checkpoint, advance: Advance, *, again: bool
) -> bool:
    """Add everything from the end of `tree` to the end of the `new` one; return whether it gives the signed root.

    `again`: full bundles that an interrupted growth had fetched are not fetched again.
    """
    while tree.tree_size < new.tree_size:
        index, held = divmod(tree.tree_size, TILE_WIDTH)
        width = min(new.tree_size - index * TILE_WIDTH, TILE_WIDTH)
        beginning = folder.entries(index, held) if held else []
        entries = folder.fetched(index) if again and width == TILE_WIDTH else None
        if entries is None or entries[:held] != beginning:
            entries = log.entries(index, width)
            folder.add(entries_path(index, width), format_bundle(entries))
        if entries[:held] != beginning:
            expected = f"bundle {index} to begin with the {held} entries that the log signed before"
            raise AnswerMalformed(expected, "others", TELL)
        tree, tiles = tree.append([leaf_hash(raw) for raw in entries[held:]])
        for tile in tiles:
            _add_tile(folder, tile, new.tree_size)
        advance(tree.tree_size, new.tree_size)
    return tree.root == new.root


def _add_tile(folder: TileFolder, tile: Tile, tree_size: int) -> None:
    """Keep a tile as it is in the tree of `tree_size`; what it is on the way there was never signed."""
    if tile.width == tile_width(tile.tile_id, tree_size):
        folder.add(tile_path(tile.level, tile.index, tile.width), tile.hashes)
