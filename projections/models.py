"""The read models as a service opens them: rows at any tree size, and answers that were given before.

An answer at a tree size and a day never changes, so it may be kept; what is kept here is bounded.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from ledger.store.database import database_errors, open_pool
from projections.judged import Judged
from projections.stored_rows import NotKnown, NotServing, StoredRows, reading

READERS_MAX: Final = 8
"""Connections of their own, so that reading never keeps an act waiting."""

KEPT_BYTES_MAX: Final = 64 * 1024 * 1024
KEPT_ANSWER_BYTES_MAX: Final = 1024 * 1024

LAG_SECONDS_MAX: Final = 2.0
"""How long a question about a tree size waits for the rows to get there: so who has a receipt can read what it did."""

LAG_POLL_SECONDS: Final = 0.02

EXPLAINING_MAX: Final = 2
"""Explanations that are being made at once: each folds up to some thousand entries."""


class ReadModels:
    """The rows in the database of `dsn`. Thread-safe."""

    def __init__(self, dsn: str) -> None:
        self._pool = open_pool(dsn, size_max=READERS_MAX)
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._guard = threading.Lock()
        self._judged = Judged()
        self.heavy = threading.Lock()
        """Held while everything is computed, so that this is done once at a time."""
        self.explaining = threading.BoundedSemaphore(EXPLAINING_MAX)
        """Held while an explanation is made."""

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    @contextmanager
    def at(self, known_at: int | datetime | None) -> Iterator[StoredRows]:
        """Open the rows as known at a tree size, at an instant, or (None) now; waits a little for a size to come.

        Raises NotServing, NotKnown, StoreUnavailable.
        """
        give_up = time.monotonic() + LAG_SECONDS_MAX
        while True:
            try:
                with database_errors(), reading(self._pool, known_at, self._judged) as rows:
                    yield rows
                return
            except (NotServing, NotKnown):
                if time.monotonic() > give_up:
                    raise
            time.sleep(LAG_POLL_SECONDS)

    def kept(self, name: str) -> bytes | None:
        """Return an answer that was given before under this name, or None."""
        with self._guard:
            answer = self._kept.get(name)
            if answer is not None:
                self._kept.move_to_end(name)
            return answer

    def keep(self, name: str, answer: bytes) -> None:
        """Keep an answer; those that were not asked for longest make room."""
        if len(answer) > KEPT_ANSWER_BYTES_MAX:
            return
        with self._guard:
            self._kept_bytes += len(answer) - len(self._kept.pop(name, b""))
            self._kept[name] = answer
            while self._kept_bytes > KEPT_BYTES_MAX:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= len(dropped)
