"""How far the projections are behind while acts come in: looked at from outside, in the database, again and again."""

import threading
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psycopg

from tests.bench.ground import places

SAMPLE_SECONDS: Final = 0.04


@dataclass(frozen=True, slots=True)
class Seen:
    """At one moment, in seconds: the size of the log and the position of the rows that serve."""

    at: float
    tree_size: int
    position: int


class Watch:
    """Looks while it is entered; `seen` is what it saw."""

    def __init__(self, database_url: str) -> None:
        self.seen: list[Seen] = []
        self._url = database_url
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _look(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stopping.is_set():
                size, position = places(connection)
                self.seen.append(Seen(time.perf_counter(), size, position))
                self._stopping.wait(SAMPLE_SECONDS)


def lags_seconds(seen: Sequence[Seen]) -> list[float]:
    """Return for each moment how long the oldest entry that has no rows yet had been in the log, sorted.

    Both are known to the time between two looks. What was there before the first look counts from it.
    """
    sizes = [one.tree_size for one in seen]
    found = []
    for one in seen:
        if one.position >= one.tree_size:
            found.append(0.0)
        else:
            found.append(one.at - seen[bisect_right(sizes, one.position)].at)
    return sorted(found)
