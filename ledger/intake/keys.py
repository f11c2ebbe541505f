"""The keys known so far. The key set of an authority never changes, so what is known once need not be read again.

Whether an authority may still sign is for the rules; here it is only asked which keys are its own.
"""

from collections import OrderedDict
from collections.abc import Collection
from threading import Lock
from typing import Final

from ledger.events.keys import KeySet
from ledger.rules.compact import Authority
from ledger.store.log import StoredLog

KEY_SETS_KEPT_MAX: Final = 10_000


class KnownKeys:
    """Key sets by authority, read from the log when they are first needed. Thread-safe."""

    def __init__(self, log: StoredLog) -> None:
        self._log = log
        self._lock = Lock()
        self._key_sets: OrderedDict[str, KeySet] = OrderedDict()

    def of(self, authorities: Collection[str]) -> dict[str, KeySet]:
        """Return the key sets of those of `authorities` that are in the log, by one read at most."""
        with self._lock:
            found = {name: self._key_sets[name] for name in authorities if name in self._key_sets}
        missing = [f"authority/{name}" for name in dict.fromkeys(authorities) if name not in found]
        if missing:
            states = self._log.states(missing).states.values()
            read = {state.id: state.keys for state in states if isinstance(state, Authority)}
            found |= read
            with self._lock:
                self._key_sets.update(read)
                while len(self._key_sets) > KEY_SETS_KEPT_MAX:
                    self._key_sets.popitem(last=False)
        return found
