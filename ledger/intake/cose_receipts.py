"""COSE receipts of recorded acts: made from the receipt that was first given, so both say the same of the same tree.

Nothing is kept: the same act, tree and key give the same bytes, since Ed25519 has no chance in it. With another key of
the log the receipt is another one, of the same place in the same tree; the older one remains valid.
"""

from typing import Final

from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.log.checkpoint import Checkpoint, parse_checkpoint
from ledger.log.cose import CoseSigner
from ledger.log.cose_receipt import inclusion_receipt
from ledger.log.entry import parse_entry
from ledger.log.note import parse_note
from ledger.log.proofs import inclusion_proof, tiles_needed_for_inclusion
from ledger.log.receipt import parse_receipt
from ledger.signing.dsse import parse
from ledger.store.log import StoredLog

_SECOND: Final = 2
"""The first position at which a tree has a path."""


class ReceiptNotYet(Exception):
    """The log has one entry, of which there is no receipt: RFC 9942 demands a path, and it has none."""


class CoseReceipts:
    """Makes the receipts of the acts in `log` with a key of the log. Thread-safe."""

    def __init__(self, log: StoredLog, intake: Intake, signer: CoseSigner) -> None:
        self._log = log
        self._intake = intake
        self._signer = signer

    def of(self, sealed: Sealed) -> bytes:
        """Return the receipt of a recorded act, at the tree size at which it was first sealed.

        What was sealed alone, as the first entry of the log, has its receipt at the size at which the second was.
        Raises ReceiptNotYet if there is no second, StoreError.
        """
        receipt = parse_receipt(sealed.receipt)
        checkpoint, path = _tree_of(sealed), receipt.proof
        if not path:
            checkpoint = self._first_tree_with_a_path()
            tiles = self._log.tiles(tiles_needed_for_inclusion([receipt.index], checkpoint.tree_size))
            path = inclusion_proof(receipt.index, checkpoint.tree_size, tiles.__getitem__)
        leaf = parse_entry(sealed.entry).leaf_hash
        return inclusion_receipt(self._signer, checkpoint, sealed.event_id, receipt.index, leaf, path)

    def _first_tree_with_a_path(self) -> Checkpoint:
        raw = self._log.entry(_SECOND)
        if raw is None:
            raise ReceiptNotYet
        second = self._intake.first(parse(parse_entry(raw).envelope).event.id)
        assert second is not None, "what is an entry can be found"
        return _tree_of(second)


def _tree_of(sealed: Sealed) -> Checkpoint:
    """Return the tree of a receipt of our own, whose checkpoint was signed and stored before anybody was given it."""
    return parse_checkpoint(parse_note(parse_receipt(sealed.receipt).checkpoint_note).text)
