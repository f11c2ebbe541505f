"""What was worked out before and may be asked for again, in bounded memory. To work it out again is never wrong.

Two generations instead of an order of use: whatever is asked for moves into the newer one; when that weighs too much,
the older one is forgotten. A look-up is one or two of a dict, and threads need no lock.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """Values by key, of at most twice `weight_max` and what the heaviest one weighs."""

    def __init__(self, weight_max: int) -> None:
        self._weight_max = weight_max
        self._weight = 0
        self._newer: dict[Key, tuple[Value, int]] = {}
        self._older: dict[Key, tuple[Value, int]] = {}

    def __len__(self) -> int:
        return len(self._newer.keys() | self._older.keys())

    def get(self, key: Key) -> tuple[Value, int] | None:
        """Return a value with its weight, or None if it is not remembered."""
        found = self._newer.get(key)
        if found is None:
            found = self._older.get(key)
            if found is not None:
                self.keep(key, *found)
        return found

    def keep(self, key: Key, value: Value, weight: int) -> None:
        """Remember a value, however heavy it is."""
        if self._weight >= self._weight_max:
            self._older, self._newer, self._weight = self._newer, {}, 0
        self._newer[key] = value, weight
        self._weight += weight
