"""COSE receipts of recorded acts: made from the receipt that was first given, so both say the same of the same tree.

Nothing is kept: the same act, tree and key give the same bytes, since no chance is in Ed25519 (it is in ML-DSA). Where
the key is held no more the receipt is another one, of the same place in the same tree; the older one remains valid.
"""

from collections.abc import Iterable
from typing import Final

from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.log.checkpoint import Checkpoint, parse_checkpoint
from ledger.log.cose import Algorithm, CoseSigner, cose_signer
from ledger.log.cose_receipt import inclusion_receipt
from ledger.log.entry import parse_entry
from ledger.log.note import NoteSigner, format_vkey, parse_note
from ledger.log.proofs import inclusion_proof, tiles_needed_for_inclusion
from ledger.log.receipt import parse_receipt
from ledger.rules.compact import LEDGER, Opened
from ledger.rules.log_keys import log_keys_at
from ledger.signing.dsse import parse
from ledger.store.log import StoredLog

_SECOND: Final = 2
"""The first position at which a tree has a path."""


class ReceiptNotYet(Exception):
    """The log has one entry, of which there is no receipt: RFC 9942 demands a path, and it has none."""


class NoKeyFor(Exception):
    """The log has no key of the algorithm that was asked for."""


class CoseReceipts:
    """Makes the receipts of the acts in `log` with those keys of the log that this process holds. Thread-safe."""

    def __init__(self, log: StoredLog, intake: Intake, signers: Iterable[NoteSigner]) -> None:
        self._log = log
        self._intake = intake
        self._signers = {format_vkey(signer.vkey): cose_signer(signer) for signer in signers}

    def of(self, sealed: Sealed, algorithm: Algorithm) -> bytes:
        """Return the receipt of a recorded act, at the tree size at which it was first sealed.

        What was sealed alone, as the first entry of the log, has its receipt at the size at which the second was.
        Raises ReceiptNotYet if there is no second, NoKeyFor, StoreError.
        """
        receipt = parse_receipt(sealed.receipt)
        checkpoint, path = _tree_of(sealed), receipt.proof
        if not path:
            checkpoint = self._first_tree_with_a_path()
            tiles = self._log.tiles(tiles_needed_for_inclusion([receipt.index], checkpoint.tree_size))
            path = inclusion_proof(receipt.index, checkpoint.tree_size, tiles.__getitem__)
        leaf = parse_entry(sealed.entry).leaf_hash
        signer = self._signer(checkpoint.tree_size, algorithm)
        return inclusion_receipt(signer, checkpoint, sealed.event_id, receipt.index, leaf, path)

    def _signer(self, tree_size: int, algorithm: Algorithm) -> CoseSigner:
        """Return the key that was in force at `tree_size`, as on the checkpoint; one in force now if it is not held."""
        ledger = self._log.state(LEDGER)
        assert isinstance(ledger, Opened), "the first entry of a log opens it"
        for text in (*log_keys_at(ledger, tree_size), *ledger.log_keys):
            signer = self._signers.get(text)
            if signer is not None and signer.key.algorithm is algorithm:
                return signer
        raise NoKeyFor(algorithm)

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
