"""How much of everything is measured: in full, quickly, or as little as shows that it runs."""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything. `sizes` are where growth is looked at; the last of them is the size of the log."""

    sizes: tuple[int, ...]
    segment: int
    rounds: int
    verified: int
    singles: int
    lone: int
    asked: int
    tree_sizes: tuple[int, ...]
    peer_events: int

    @property
    def entries(self) -> int:
        return self.sizes[-1]

    @property
    def reserve(self) -> int:
        """Acts beyond the size of the log, for what is submitted after it was reached."""
        looked_at = self.lone * len(self.sizes)
        return looked_at + self.rounds * (2 * self.singles + self.lone + self.peer_events)


FULL: Final = Scale(
    sizes=(10_000, 100_000, 1_000_000),
    segment=100_000,
    rounds=5,
    verified=20_000,
    singles=4_000,
    lone=300,
    asked=3_000,
    tree_sizes=(10_000, 100_000, 1_000_000, 10_000_000),
    peer_events=5_000,
)
MIDDLE: Final = replace(
    FULL, sizes=(10_000, 100_000), segment=20_000, singles=2_000, asked=1_000, tree_sizes=(100_000, 1_000_000)
)
QUICK: Final = Scale(
    sizes=(2_000, 8_000, 20_000),
    segment=3_000,
    rounds=5,
    verified=5_000,
    singles=600,
    lone=100,
    asked=600,
    tree_sizes=(10_000, 100_000, 1_000_000),
    peer_events=2_000,
)
TINY: Final = Scale(
    sizes=(700, 1_000),
    segment=300,
    rounds=2,
    verified=50,
    singles=20,
    lone=5,
    asked=20,
    tree_sizes=(500, 2_000),
    peer_events=100,
)
"""Enough for a test that everything runs; its figures mean nothing."""
