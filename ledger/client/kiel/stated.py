"""What a row states, before anything of it is read, and what a layout of the table is."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_MISSING: Final = frozenset({"", ".", "-", "n/a", "na", "no price"})
"""How the source writes that there is nothing in a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """One claim as the source states it, nothing of it read yet. `key`: what it is about, beside claim and level."""

    row: int
    claim: str
    level: str
    donor: str
    code: str = ""
    activity: str = ""
    line: str = ""
    key: tuple[str, ...] = ()
    day: str = ""
    until: str = ""
    precision: str = ""
    general: str = ""
    specific: str = ""
    category: str = ""
    currency: str = ""
    amount: str = ""
    amount_eur: str = ""
    basis: str = ""
    item: str = ""
    subtype: str = ""
    quantity: str = ""
    quantity_status: str = ""
    official: str = ""
    urls: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    text: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells it from every other claim of the file."""
        return (*self.key, self.claim, self.level)


Cells = Mapping[str, str]
"""The cells of a row by the layout's own names of its columns; what is missing is empty."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A known form of the table. `columns`: every name that a column may have, by our name of it."""

    name: str
    columns: Mapping[str, tuple[str, ...]]
    required: frozenset[str]
    claims: Callable[[int, Cells, Counter[str]], Iterator[Stated]]


def there(cell: str) -> str:
    """Return what a cell holds, or nothing where the source writes that there is nothing."""
    return "" if cell.casefold() in _MISSING else cell
