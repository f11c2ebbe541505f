"""What this process itself admitted and committed a moment ago, so that nobody here has to prove it again.

An entry is asked for by the SHA-256 of its bytes: whoever holds the same bytes holds the act that was parsed, verified
and decided in this process. What is not here is not wrong: it is older, or another process appended it.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Final

from ledger.events.stages import Admitted
from ledger.log.entry import Entry

RECENT_ACTS_MAX: Final = 20_000
RECENT_BYTES_MAX: Final = 32 * 1024 * 1024
"""Of envelopes; what was decoded from them, and the entries around them, take about five times as much."""


class Recent:
    """The acts of the newest batches, the oldest dropped first. Thread-safe."""

    def __init__(self, *, acts_max: int = RECENT_ACTS_MAX, bytes_max: int = RECENT_BYTES_MAX) -> None:
        self._acts_max = acts_max
        self._bytes_max = bytes_max
        self._lock = Lock()
        self._acts: OrderedDict[str, tuple[Entry, Admitted]] = OrderedDict()
        self._bytes = 0

    def offer(self, entries: Sequence[Entry], admitted: Sequence[Admitted]) -> None:
        """Take over a batch that is committed: `admitted` are the acts that `entries` record, in order."""
        if not entries:
            return
        # Each entry names the digest of the one before.
        digests = [*(entry.previous for entry in entries[1:]), entries[-1].sha256]
        offered = list(zip(digests, entries, admitted, strict=True))
        with self._lock:
            for digest, entry, one in offered:
                self._acts[digest] = entry, one
                self._bytes += _size(one)
            while len(self._acts) > self._acts_max or self._bytes > self._bytes_max:
                _, (_, dropped) = self._acts.popitem(last=False)
                self._bytes -= _size(dropped)

    def admitted(self, entry_sha256: str) -> Admitted | None:
        """Return the act that the entry of this digest (64 hexadecimal digits) records, or None if it is not here."""
        found = self.recorded(entry_sha256)
        return found[1] if found is not None else None

    def recorded(self, entry_sha256: str) -> tuple[Entry, Admitted] | None:
        """Return the entry of this digest itself with the act that it records, or None if it is not here."""
        with self._lock:
            return self._acts.get(entry_sha256)


def _size(admitted: Admitted) -> int:
    return len(admitted.verified.envelope.raw)
