"""Checkpoints and receipts: one signed tree head for each batch, and from it a proof for each of its entries.

A checkpoint is signed only when its entries are committed; before anybody is given it, its head has passed through the
head store and it is stored. What was stored for a tree size stays, so a receipt made again, after a crash or years
later, is the same to the byte.
"""

from collections.abc import Mapping

import structlog

from ledger.intake.decisions import lacking_keys
from ledger.intake.errors import SealingFailed
from ledger.log.checkpoint import Checkpoint, checkpoint_text, sign_checkpoint
from ledger.log.errors import TileInvalid
from ledger.log.note import NoteSigner, parse_note
from ledger.log.proofs import inclusion_proofs, tiles_needed_for_inclusion
from ledger.log.receipt import Receipt, format_receipt
from ledger.log.tiles import TileId, partial_tiles
from ledger.log.tree import frontier_from_tiles
from ledger.rules.compact import LEDGER, Opened
from ledger.rules.log_keys import log_keys_at
from ledger.store.errors import StoreInconsistent
from ledger.store.heads import HeadStore, require_beginning
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
        self._newest: tuple[int, bytes] = (0, b"")

    def require_published(self) -> None:
        """Raise LogRolledBack unless the database holds all that was ever published of this log."""
        kept = self._heads.newest() if self._heads is not None else None
        if kept is not None:
            require_beginning(kept.checkpoint, lambda tree_size: self._root_at(tree_size, {}))
        elif self._heads is not None and (tree_size := self._log.head().tree_size) > 0:
            # Ordinary at the first start of a version that keeps heads, and when a ledger moves to another machine.
            _logger.warning("heads_begin_anew", origin=self._origin, tree_size=tree_size, path=str(self._heads.path))

    def keep_head(self, note: bytes) -> None:
        """Keep the head of a stored checkpoint, for a head store that was lost or is new. Raises LogRolledBack."""
        if self._heads is not None:
            self._heads.pass_through(note, lambda tree_size: self._root_at(tree_size, {}))

    def seal(self, tree_size: int, root: bytes, ledger: Opened, tiles: Mapping[TileId, bytes]) -> bytes:
        """Return the checkpoint of a tree that is committed, after it was stored; `ledger` is its state then or later.

        `tiles` are those that the caller holds. If another was stored first, by another process, it is that one. Raises
        SealingFailed if a key that is in force at this size is not held, or does not sign; LogRolledBack.
        """
        checkpoint = Checkpoint(self._origin, tree_size, root)
        signed = self._sign(checkpoint, log_keys_at(ledger, tree_size))
        if self._heads is not None:
            self._heads.pass_through(signed, lambda size: self._root_at(size, tiles, known_size=tree_size))
        note = self._log.keep_checkpoint(tree_size, signed)
        text = parse_note(note).text
        if text != checkpoint_text(checkpoint):
            raise StoreInconsistent(f"expected a checkpoint of root {root.hex()} for size {tree_size}, found {text!r}")
        # Most receipts are made right after this: they need not read it back.
        self._newest = (tree_size, note)
        return note

    def checkpoint(self, tree_size: int) -> bytes:
        """Return the checkpoint of a size at which a batch ended, signed now if a crash came before that."""
        newest_size, newest = self._newest
        stored = newest if tree_size == newest_size else self._log.checkpoint(tree_size)
        if stored is not None:
            return stored
        tiles = self._log.tiles(partial_tiles(tree_size))
        ledger = self._log.state(LEDGER)
        assert isinstance(ledger, Opened), "the first entry of a log opens it"
        return self.seal(tree_size, frontier_from_tiles(tree_size, tiles.__getitem__).root, ledger, tiles)

    def receipts(self, tree_size: int, positions: list[int], tiles: Mapping[TileId, bytes]) -> list[bytes]:
        """Return the receipts of the entries at `positions` in the tree of `tree_size`, in their order.

        `tiles` are those that the caller holds, of this or a larger tree.
        """
        note = self.checkpoint(tree_size)
        indexes = [position - 1 for position in positions]
        missing = tiles_needed_for_inclusion(indexes, tree_size) - tiles.keys()
        at_hand = {**tiles, **self._log.tiles(missing)}
        proofs = inclusion_proofs(indexes, tree_size, at_hand.__getitem__)
        return [format_receipt(Receipt(index, proof, note)) for index, proof in zip(indexes, proofs, strict=True)]

    def _root_at(self, tree_size: int, tiles: Mapping[TileId, bytes], *, known_size: int = 0) -> bytes | None:
        """Return the root of the log in the database at `tree_size`, or None if it is shorter.

        `known_size` is a size that it is known to have.
        """
        if tree_size > known_size and tree_size > self._log.head().tree_size:
            return None
        wanted = set(partial_tiles(tree_size))
        at_hand = {**self._log.tiles(wanted - tiles.keys()), **tiles}
        try:
            return frontier_from_tiles(tree_size, at_hand.__getitem__).root
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
