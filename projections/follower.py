"""Follow the log, and keep the serving rows as far as it goes: each entry counted once, whoever else follows too.

Supervised: when the database restarts, or a rebuild takes over, it begins again from the place that is stored. It stops
for one reason only, an entry that the rules would not have admitted; then the rows stay at the entries before, and it
says so.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
import structlog

from ledger.intake.recent import Recent
from ledger.store.database import configure
from ledger.store.errors import StoreError
from ledger.store.log import Following, StoredLog
from projections.folding import LogCorrupt
from projections.generations import Generation, begin, serving
from projections.progress import Progress
from projections.rebuild import RebuildRunning, rebuild
from projections.tables import VERSION, create_tables

RETRY_SECONDS_FIRST: Final = 0.1
RETRY_SECONDS_MAX: Final = 1.0
CONNECT_SECONDS_MAX: Final = 3

GATHERED_MIN: Final = 500
GATHER_SECONDS_MAX: Final = 0.05
"""After fewer entries it waits as long as they took, so that what comes meanwhile is one batch: 83 to 66 us an entry.

So it takes at most half of the time of the threads beside it, and more only to catch up.
"""

_log = structlog.get_logger(__name__)


class Follower:
    """A thread that follows `log` into the tables of `dsn`. Any number may run, in one process or in many.

    `recent`: what this process admitted itself, which is not proved again.
    """

    def __init__(self, log: StoredLog, dsn: str, recent: Recent | None = None) -> None:
        self._source = log
        self._dsn = dsn
        self._recent = recent
        self._thread = threading.Thread(target=self._supervise, name="projections", daemon=True)
        self._stopping = threading.Event()
        self._following: Following | None = None
        self._guard = threading.Lock()
        self._position = 0
        self._is_following = False
        self._corrupt: LogCorrupt | None = None

    @property
    def position(self) -> int:
        """How far the serving rows go, as this follower last saw."""
        return self._position

    @property
    def following(self) -> int | None:
        """How far the serving rows go, while it follows; None while it is away from the database or begins again."""
        return self._position if self._is_following else None

    @property
    def corrupt(self) -> LogCorrupt | None:
        """The entry at which it stopped for good, or None."""
        return self._corrupt

    @property
    def running(self) -> bool:
        """Whether the thread is alive: it follows, or it waits for the database to come back."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to follow. A follower is started once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it. What it was writing is written whole or not at all."""
        self._stopping.set()
        with self._guard:
            if self._following is not None:
                self._following.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def _supervise(self) -> None:
        wait_seconds = RETRY_SECONDS_FIRST
        while not self._stopping.is_set():
            began = self._position
            try:
                self._follow()
                continue
            except LogCorrupt as error:
                self._corrupt = error
                _log.critical("projections_stopped", position=error.position, reason=str(error))
                return
            except (psycopg.Error, StoreError, OSError, RebuildRunning) as error:
                _log.warning("projections_interrupted", position=self._position, error=str(error))
            except Exception as error:
                # A defect of ours: the rows stay where they are, and the next attempt may show more.
                _log.error("projections_failed", position=self._position, exc_info=error)
            wait_seconds = RETRY_SECONDS_FIRST if self._position > began else min(wait_seconds * 2, RETRY_SECONDS_MAX)
            self._stopping.wait(wait_seconds)

    def _follow(self) -> None:
        """Follow into the generation that serves now, until another one does or this follower is stopped."""
        with psycopg.connect(self._dsn, autocommit=True, connect_timeout=CONNECT_SECONDS_MAX) as connection:
            configure(connection)
            create_tables(connection)
            # What a crash of the database takes away is folded again: the place goes back with the rows.
            connection.execute("SET synchronous_commit = off")
            generation = self._serving(connection)
            if generation is None:
                return
            progress = Progress(connection, generation, self._recent)
            self._position = generation.place.position
            try:
                with self._source.follow(generation.place.position) as following, self._stoppable(following):
                    self._is_following = True
                    for raws in following:
                        began = time.monotonic()
                        if not progress.advance(raws):
                            # Another follower was first, or a rebuild has switched: begin again where that left off.
                            return
                        self._position = progress.place.position
                        if len(raws) < GATHERED_MIN:
                            self._stopping.wait(min(time.monotonic() - began, GATHER_SECONDS_MAX))
            finally:
                self._is_following = False

    def _serving(self, connection: psycopg.Connection) -> Generation | None:
        """Return the generation to follow into. Makes the first; rebuilds one whose rows have another shape."""
        found = serving(connection) or begin(connection, "serving")
        if found is None or found.version == VERSION:
            return found
        rebuild(self._source, self._dsn, lambda _: None)
        return serving(connection)

    @contextmanager
    def _stoppable(self, following: Following) -> Iterator[None]:
        """Let `stop` reach the iteration while it may be waiting, and not when it is over."""
        with self._guard:
            self._following = following
            if self._stopping.is_set():
                following.stop()
        try:
            yield
        finally:
            with self._guard:
                self._following = None
