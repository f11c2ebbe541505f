"""Where an audit reads from: a checkpoint, and the raw entries of exactly that tree, in order.

A source hands over bytes and says where they stood; it vouches for nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Line:
    """The bytes of one entry without the line feed, and where they began: a file or URL, and the offset in it."""

    raw: bytes
    file: str
    offset: int

    @property
    def place(self) -> str:
        return f"{self.file}, byte {self.offset}"


class Source(Protocol):
    """An export, a server, a mirror."""

    @property
    def name(self) -> str:
        """The directory or the URL, for messages."""

    def checkpoint(self) -> bytes:
        """Return the signed note. Raises Undecidable where there is none to be had."""

    def entries(self, tree_size: int) -> Iterator[Line]:
        """Yield the entries that belong to a tree of `tree_size`, however many there really are.

        Raises Undecidable if they cannot be read, LieFound if what was read cannot be a part of this source's format.
        """
