"""What was judged before: the obligations under a commitment, for as long as nothing that they rest on has changed.

They follow from the rows that were looked at, and from the day. So they are kept with the version of each of these
rows, and are given again wherever the same versions are known: later, and at every earlier tree size at which they
were known too. A page of a hundred obligations with 2,200 deliveries costs 10 ms then, not 200.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Final, Protocol

from projections.answers import Obligation

WEIGHT_MAX: Final = 250_000
"""How much is kept: each delivery counts one, a commitment ten. What was not asked for longest goes first."""

VARIANTS_MAX: Final = 3
"""Of one commitment on one day: the newest, and what was known at earlier tree sizes."""

COMMITMENT_WEIGHT: Final = 10

Key = tuple[int, date, str]
"""Generation of the rows, day, commitment."""


@dataclass(frozen=True, slots=True)
class Used:
    """What an answer looked at: streams by name, and all deliveries under commitments, whose ids these are."""

    streams: set[str] = field(default_factory=set)
    deliveries: set[str] = field(default_factory=set)


class Versioned(Protocol):
    """Rows at a tree size, as far as their versions are asked for."""

    @property
    def generation(self) -> int:
        """Which set of rows it is."""
        ...

    def versions(self, streams: Iterable[str]) -> Mapping[str, int]:
        """Return since which position each of `streams` is as it is, of those in which something was recorded."""
        ...

    def newest_under(self, commitments: Iterable[str]) -> Mapping[str, int]:
        """Return at which position something under each of `commitments` changed last, where anything is."""
        ...


@dataclass(frozen=True, slots=True)
class _Variant:
    obligations: tuple[Obligation, ...]
    streams: Mapping[str, int | None]
    deliveries: Mapping[str, int | None]


class Judged:
    """What was judged of many commitments. Thread-safe."""

    def __init__(self, weight_max: int = WEIGHT_MAX) -> None:
        self._weight_max = weight_max
        self._guard = Lock()
        self._kept: OrderedDict[Key, tuple[_Variant, ...]] = OrderedDict()
        self._weight = 0

    def again(self, rows: Versioned, as_of: date, commitments: Iterable[str]) -> dict[str, tuple[Obligation, ...]]:
        """Return the obligations under those of `commitments` of which all that they rest on is the same in `rows`."""
        found = {one: self._variants((rows.generation, as_of, one)) for one in commitments}
        every = [variant for variants in found.values() for variant in variants]
        if not every:
            return {}
        streams = rows.versions({stream for variant in every for stream in variant.streams})
        deliveries = rows.newest_under({one for variant in every for one in variant.deliveries})
        return {
            one: variant.obligations
            for one, variants in found.items()
            for variant in variants
            if all(streams.get(stream) == since for stream, since in variant.streams.items())
            and all(deliveries.get(under) == since for under, since in variant.deliveries.items())
        }

    def keep(self, rows: Versioned, as_of: date, judged: Mapping[str, tuple[Sequence[Obligation], Used]]) -> None:
        """Keep the obligations under commitments, each with what was looked at for them."""
        streams = rows.versions({stream for _, used in judged.values() for stream in used.streams})
        deliveries = rows.newest_under({one for _, used in judged.values() for one in used.deliveries})
        for one, (obligations, used) in judged.items():
            variant = _Variant(
                tuple(obligations),
                {stream: streams.get(stream) for stream in used.streams},
                {under: deliveries.get(under) for under in used.deliveries},
            )
            self._add((rows.generation, as_of, one), variant)

    def _variants(self, key: Key) -> tuple[_Variant, ...]:
        with self._guard:
            variants = self._kept.get(key, ())
            if variants:
                self._kept.move_to_end(key)
            return variants

    def _add(self, key: Key, variant: _Variant) -> None:
        with self._guard:
            old = self._kept.pop(key, ())
            kept = (variant, *old)[:VARIANTS_MAX]
            self._weight += _weight(kept) - _weight(old)
            self._kept[key] = kept
            while self._weight > self._weight_max and self._kept:
                _, dropped = self._kept.popitem(last=False)
                self._weight -= _weight(dropped)


def _weight(variants: tuple[_Variant, ...]) -> int:
    obligations = (one for variant in variants for one in variant.obligations)
    return sum(COMMITMENT_WEIGHT + len(one.deliveries) for one in obligations)
