"""The newest signed checkpoint, kept in memory so that every answer can carry it without a query.

What is kept never goes back: a note of a smaller tree is ignored.
"""

import asyncio
from base64 import b64encode
from typing import Final

import structlog

from ledger.log.note import MLDSA44_SIGNATURE_BYTES, TIMESTAMP_BYTES, parse_note
from ledger.store.errors import StoreError
from ledger.store.log import StoredLog

REFRESH_SECONDS: Final = 1.0
"""How long an entry of another process may stay unseen here."""

_log = structlog.get_logger(__name__)


class NewestCheckpoint:
    """The newest note that this process has seen; empty before the first. Safe from several threads."""

    def __init__(self) -> None:
        # One reference to one tuple: readers in other threads see the old or the new one, never a mixture.
        self._seen: tuple[int, bytes, bytes] = (0, b"", b"")

    @property
    def tree_size(self) -> int:
        return self._seen[0]

    @property
    def note(self) -> bytes:
        """The signed note, or nothing."""
        return self._seen[1]

    @property
    def header(self) -> bytes:
        """The value of `Ledger-Checkpoint`: the note in base64 without its ML-DSA lines, or nothing."""
        return self._seen[2]

    def offer(self, note: bytes | None) -> None:
        """Keep `note`, one of this ledger's own, if it is of a larger tree than the one that is kept."""
        if note is not None and (size := tree_size_of(note)) > self._seen[0]:
            self._seen = (size, note, b64encode(short_note_of(note)))

    async def refresh(self, log: StoredLog) -> None:
        """Look for what other processes have sealed, until cancelled."""
        while True:
            try:
                self.offer(await asyncio.to_thread(log.checkpoint))
            except StoreError as error:
                _log.warning("checkpoint_not_refreshed", error=str(error))
            await asyncio.sleep(REFRESH_SECONDS)


def tree_size_of(note: bytes) -> int:
    """Return the tree size that a checkpoint of our own states in its second line."""
    return int(note.split(b"\n", 2)[1])


def short_note_of(note: bytes) -> bytes:
    """Return a checkpoint of our own without its ML-DSA lines: 3.3 kB each, too long for a header of every answer."""
    parsed = parse_note(note)
    keep = (one for one in parsed.signatures if len(one.value) != TIMESTAMP_BYTES + MLDSA44_SIGNATURE_BYTES)
    return parsed.text + b"\n" + b"".join(one.line for one in keep)


def note_of(receipt: bytes) -> bytes:
    """Return the signed checkpoint in a receipt of our own: what follows the first empty line."""
    return receipt.partition(b"\n\n")[2]
