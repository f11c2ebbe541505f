"""What cannot be read is a finding, and not the end of the check."""

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.fsck.findings import Findings, Kind
from ledger.store.inspection import Unreadable


@contextmanager
def reading(found: Findings, table: str, key: str) -> Iterator[None]:
    """End the block, with a finding, where the server refuses to return rows that it should have."""
    try:
        yield
    except Unreadable as error:
        found.add(Kind.UNREADABLE, table, key, "rows", str(error))
