"""A small real log: acts of a founding, their entries, and the receipts that its key signed."""

from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import GENESIS_PREVIOUS, Entry, build_entry
from ledger.log.note import format_vkey
from ledger.log.proofs import inclusion_proofs
from ledger.log.receipt import Receipt, format_receipt
from ledger.log.tree import EMPTY
from tests.acts import Founding, founding

RECORDED_AT = datetime(2026, 2, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SealedLog:
    """Entries, one receipt for each at the size of the whole, and the checkpoint."""

    founding: Founding
    entries: list[Entry]
    receipts: list[bytes]
    checkpoint: bytes

    @property
    def vkey(self) -> str:
        return format_vkey(self.founding.log_signer.vkey)


def sealed_log() -> SealedLog:
    """Return the log of a fresh founding."""
    made = founding()
    entries: list[Entry] = []
    for position, raw in enumerate(made.raws, start=1):
        previous = entries[-1].sha256 if entries else GENESIS_PREVIOUS
        entries.append(build_entry(position, RECORDED_AT, previous, raw))
    frontier, tiles = EMPTY.append([entry.leaf_hash for entry in entries])
    note = sign_checkpoint(Checkpoint(made.origin, len(entries), frontier.root), made.log_signer)
    stored = {(tile.level, tile.index): tile.hashes for tile in tiles}
    proofs = inclusion_proofs(range(len(entries)), len(entries), stored.__getitem__)
    receipts = [format_receipt(Receipt(index, proof, note)) for index, proof in enumerate(proofs)]
    return SealedLog(made, entries, receipts, note)
