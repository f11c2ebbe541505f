"""Two sequences in the order of their keys, side by side: what is in one, in the other, or in both."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar


class Sortable(Protocol):
    """What has an order."""

    def __lt__(self, other: Any, /) -> bool: ...


Key = TypeVar("Key", bound=Sortable)
One = TypeVar("One")
Other = TypeVar("Other")


def merged(
    expected: Iterable[tuple[Key, One]], got: Iterable[tuple[Key, Other]]
) -> Iterator[tuple[Key, One | None, Other | None]]:
    """Yield each key with what both have for it, None where one has nothing. Each key stands once in each, in order."""
    ours, theirs = iter(expected), iter(got)
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            yield one[0], one[1], None
            one = next(ours, None)
        elif one is None or other[0] < one[0]:
            yield other[0], None, other[1]
            other = next(theirs, None)
        else:
            yield one[0], one[1], other[1]
            one, other = next(ours, None), next(theirs, None)
