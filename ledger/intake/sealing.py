"""Checkpoints and receipts: one signed tree head for each batch, and from it a proof for each of its entries.

A checkpoint is signed only when its entries are committed; before anybody is given it, its head has passed through the
head store and it is stored. What was stored for a tree size stays, so a receipt made again, after a crash or years
later, is the same to the byte.

With a head store the row of a checkpoint need not be waited for. At any time these are true, whoever crashes:

1. Every note that was ever given out is in the head store, or in a row that is on the disk.
2. Of the notes in the head store, all but the newest are in such a row too; the newest is put back at the next start,
   with the next batch, or when the committer rests.

A sealer may hurry if the newest note in the head store travelled with the entries that it seals: their commit was
waited for, so 2. holds again before the older slot is written over. Otherwise another process has published in
between; then both slots are stored before one is written over, and the new row is waited for.
"""

from collections.abc import Collection, Mapping, Sequence

import structlog

from ledger.intake.decisions import lacking_keys
from ledger.intake.errors import SealingFailed
from ledger.log.checkpoint import Checkpoint, checkpoint_text, sign_checkpoint
from ledger.log.errors import TileInvalid
from ledger.log.note import NoteSigner, parse_note
from ledger.log.proofs import inclusion_proofs
from ledger.log.receipt import format_receipts
from ledger.log.tiles import partial_tiles
from ledger.log.tree import frontier_from_tiles
from ledger.rules.compact import LEDGER, Opened
from ledger.rules.log_keys import log_keys_at
from ledger.store.appending import Appended
from ledger.store.errors import StoreError, StoreInconsistent
from ledger.store.heads import HeadStore, RootAt, require_beginning
from ledger.store.log import StoredLog

_logger = structlog.get_logger(__name__)


class Sealer:
    """Signs checkpoints of the log `origin` with its keys, and makes receipts. Thread-safe.

    `signers` are the keys that this process holds, by their verifier keys. A checkpoint has a line by each key that is
    in force at its tree size, in the order in which they were adopted, or it is not made.
    Without `heads` a database that was put back to an earlier state is not noticed here.
    """

    def __init__(self, log: StoredLog, origin: str, signers: Mapping[str, NoteSigner], heads: HeadStore | None) -> None:
        self._log = log
        self._heads = heads
        self._origin = origin
        self._signers = signers
        self._published: tuple[int, bytes] = (0, b"")
        self._hurried = False

    def require_published(self) -> None:
        """Raise LogRolledBack unless the database holds all that was ever published of this log."""
        kept = self._heads.newest() if self._heads is not None else None
        if kept is not None:
            require_beginning(kept.checkpoint, self._root_at)
        elif self._heads is not None and (tree_size := self._log.head().tree_size) > 0:
            # Ordinary at the first start of a version that keeps heads, and when a ledger moves to another machine.
            _logger.warning("heads_begin_anew", origin=self._origin, tree_size=tree_size, path=str(self._heads.path))

    def put_back(self) -> None:
        """Store the checkpoints again that the head store holds, where a crash of the database took them."""
        if self._heads is None:
            return
        with self._heads.held():
            heads = [(one, one.checkpoint) for one in self._heads.kept()]
            kept = [one for one, head in heads if self._root_at(head.tree_size) == head.root]
            if kept:
                self._log.keep_checkpoints({one.checkpoint.tree_size: one.note for one in kept})
                self._published = (kept[-1].checkpoint.tree_size, kept[-1].note)

    def keep_head(self, note: bytes) -> None:
        """Keep the head of a stored checkpoint, for a head store that was lost or is new. Raises LogRolledBack."""
        if self._heads is not None:
            self._heads.pass_through(note, self._root_at)

    @property
    def carried(self) -> dict[int, bytes]:
        """The note that is to travel with the entries of the next batch, by its tree size."""
        size, note = self._published
        return {size: note} if self._heads is not None and size > 0 else {}

    def seal(self, appended: Appended, ledger: Opened, carried: Collection[int]) -> bytes:
        """Return the checkpoint of a batch that was just committed, after it was stored.

        `ledger` is its state then or later, `carried` the sizes of the notes that travelled with it. If another was
        stored first, by another process, it is that one. Raises SealingFailed if a key that is in force at this size is
        not held, or does not sign; LogRolledBack.
        """
        head, before = appended.head, appended.before
        known = {before.tree_size: before.root, head.tree_size: head.root}

        def root_at(tree_size: int) -> bytes | None:
            # Under the lock of the head the log began with the one, and continued to the other. Another process may
            # have published a larger tree since, for which these tiles are too narrow.
            return known.get(tree_size) or self._root_at(tree_size)

        return self._seal(Checkpoint(self._origin, head.tree_size, head.root), ledger, root_at, carried)

    def checkpoint(self, tree_size: int) -> bytes:
        """Return the checkpoint of a size at which a batch ended, signed now if a crash came before that."""
        newest_size, newest = self._published
        stored = newest if tree_size == newest_size else self._log.checkpoint(tree_size)
        if stored is not None:
            return stored
        tiles = self._log.tiles(partial_tiles(tree_size))
        ledger = self._log.state(LEDGER)
        assert isinstance(ledger, Opened), "the first entry of a log opens it"
        root = frontier_from_tiles(tree_size, tiles.__getitem__).root
        return self._seal(Checkpoint(self._origin, tree_size, root), ledger, self._root_at, ())

    def settle(self) -> None:
        """Look after the row of the newest checkpoint, if it was not waited for. Raises StoreError; then ask again."""
        if not self._hurried:
            return
        self._hurried = False
        try:
            self._log.keep_checkpoints(self.carried)
        except StoreError:
            self._hurried = True
            raise

    def receipts(self, appended: Appended, indexes: Sequence[int], note: bytes) -> list[bytes]:
        """Return the receipts of entries of a batch that was just committed, from its own tiles; `note` seals it."""
        size = appended.head.tree_size
        proofs = inclusion_proofs(indexes, size, appended.tiles.__getitem__, appended.peaks)
        return format_receipts(indexes, proofs, note)

    def receipts_again(self, tree_size: int, indexes: Sequence[int]) -> list[bytes]:
        """Return the receipts of the entries at `indexes` in the tree of `tree_size`, in their order, from the log."""
        return format_receipts(indexes, self._log.proofs(indexes, tree_size), self.checkpoint(tree_size))

    def _seal(self, checkpoint: Checkpoint, ledger: Opened, root_at: RootAt, carried: Collection[int]) -> bytes:
        size = checkpoint.tree_size
        signed = self._sign(checkpoint, log_keys_at(ledger, size))
        if self._heads is None:
            note = self._log.keep_checkpoint(size, signed)
        else:
            with self._heads.held():
                note = self._pass(self._heads, size, signed, root_at, carried)
        if note is not signed and (text := parse_note(note).text) != checkpoint_text(checkpoint):
            root = checkpoint.root.hex()
            raise StoreInconsistent(f"expected a checkpoint of root {root} for size {size}, found {text!r}")
        # Most receipts are made right after this: they need not read it back.
        if size > self._published[0]:
            self._published = (size, note)
        return note

    def _pass(self, heads: HeadStore, size: int, signed: bytes, root_at: RootAt, carried: Collection[int]) -> bytes:
        """Pass a head through the store and store its note; nobody else does meanwhile. Return the note that stands."""
        kept = {one.checkpoint.tree_size: one.note for one in heads.kept()}
        newest = max(kept, default=0)
        if size <= newest:
            # The same head, whose row was lost or never written: there may be receipts with the note that was kept.
            heads.pass_through(signed, root_at)
            return self._log.keep_checkpoint(size, kept.get(size, signed))
        if newest in carried:
            heads.pass_through(signed, root_at)
            # Durable in the head store. A crash of the database may take the row, and nothing else.
            self._hurried = True
            return self._log.show_checkpoint(size, signed)
        if kept:
            self._log.keep_checkpoints(kept)
        heads.pass_through(signed, root_at)
        # The newest before it once more: a crash of the database may have taken its row since the statement before.
        rows = {newest: kept[newest], size: signed} if kept else {size: signed}
        return self._log.keep_checkpoints(rows)[size]

    def _root_at(self, tree_size: int) -> bytes | None:
        """Return the root of the log in the database at `tree_size`, or None if it is shorter."""
        if tree_size > self._log.head().tree_size:
            return None
        tiles = self._log.tiles(partial_tiles(tree_size))
        try:
            return frontier_from_tiles(tree_size, tiles.__getitem__).root
        except (KeyError, TileInvalid):
            # The head says more than the tiles hold.
            return None

    def _sign(self, checkpoint: Checkpoint, log_keys: tuple[str, ...]) -> bytes:
        if lacking := lacking_keys(log_keys, self._signers):
            raise SealingFailed(
                f"The log of {checkpoint.tree_size} entries is recorded; its checkpoint could not be signed: this "
                f"process does not hold {lacking}. Start it with that key; then submit the same bytes again."
            )
        try:
            return sign_checkpoint(checkpoint, *(self._signers[text] for text in log_keys))
        except Exception as error:
            raise SealingFailed(
                f"The log of {checkpoint.tree_size} entries is recorded; its checkpoint could not be signed: {error}. "
                "Submit the same bytes again."
            ) from error
