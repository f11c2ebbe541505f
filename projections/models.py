"""The read models as a service opens them: rows at any tree size, and answers that were given before.

An answer at a tree size and a day never changes, so it may be kept; what is kept here is bounded.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, NamedTuple

from ledger.store.database import database_errors, open_pool
from projections.judged import Judged
from projections.stored_rows import NotKnown, NotServing, StoredRows, reading

READERS_MAX: Final = 8
"""Connections of their own, so that reading never keeps an act waiting."""

KEPT_BYTES_MAX: Final = 128 * 1024 * 1024
KEPT_ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
"""A page of a hundred obligations with thirty deliveries each, and every event behind each figure, has about 1 MiB."""

LAG_SECONDS_MAX: Final = 2.0
"""How long a question about a tree size waits for the rows to get there: so who has a receipt can read what it did."""

LAG_POLL_SECONDS: Final = 0.02

EXPLAINING_MAX: Final = 2
"""Explanations that are being made at once: each folds up to some thousand entries."""


class Kept(NamedTuple):
    """An answer that was given before, and the header Link that went with it, if any."""

    body: bytes
    link: str = ""


class ReadModels:
    """The rows in the database of `dsn`. Thread-safe."""

    def __init__(self, dsn: str) -> None:
        self._pool = open_pool(dsn, size_max=READERS_MAX)
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._kept_bytes = 0
        self._guard = threading.Lock()
        self._seen: tuple[int | None, int] = (None, 0)
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
                before = self._seen
                with database_errors(), reading(self._pool, known_at, self._judged) as rows:
                    self._see(before, rows)
                    yield rows
                return
            except (NotServing, NotKnown):
                if time.monotonic() > give_up:
                    raise
            time.sleep(LAG_POLL_SECONDS)

    @property
    def seen(self) -> tuple[int | None, int]:
        """The generation that served when rows were last opened, and the furthest position that they had then."""
        return self._seen

    def _see(self, before: tuple[int | None, int], rows: StoredRows) -> None:
        """Take over what `rows` say, which were opened after `before` was seen."""
        with self._guard:
            generation, position = self._seen
            if rows.generation != generation or rows.position < before[1]:
                # A rebuild has switched, or the database was put back: what was kept may not be what the rows say.
                self._kept.clear()
                self._kept_bytes = 0
                self._seen = (rows.generation, rows.position)
            else:
                self._seen = (generation, max(position, rows.position))

    def kept(self, name: str) -> Kept | None:
        """Return an answer that was given before under this name, or None."""
        with self._guard:
            answer = self._kept.get(name)
            if answer is not None:
                self._kept.move_to_end(name)
            return answer

    def keep(self, name: str, body: bytes, link: str = "") -> Kept:
        """Keep an answer, and return it as it is kept; those that were not asked for longest make room."""
        answer = Kept(body, link)
        if len(body) <= KEPT_ANSWER_BYTES_MAX:
            with self._guard:
                old = self._kept.pop(name, None)
                self._kept_bytes += len(body) - (len(old.body) if old is not None else 0)
                self._kept[name] = answer
                while self._kept_bytes > KEPT_BYTES_MAX:
                    _, dropped = self._kept.popitem(last=False)
                    self._kept_bytes -= len(dropped.body)
        return answer
