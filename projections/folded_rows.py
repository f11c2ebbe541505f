"""Rows over what an audit has folded and keeps outside of memory: states are read one by one, names are held.

Made by one pass over every state, which tells by what each is found. A state is decoded for whoever asks for it and is
not kept here, so ask for no more at once than is needed.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from ledger.audit.folded import Folded
from ledger.rules.memory import Overlay
from projections.links import links_of
from projections.rows import MemoryRows, Rows, States

Names = dict[tuple[str, str], list[str]]
"""Names of streams by their kind and what they are found by."""


class FoldedRows:
    """Rows of the whole state, as of the last entry that was folded into `compact`, which must not change any more."""

    def __init__(self, compact: Folded, known_at: int, recorded_at: datetime | None) -> None:
        self.known_at = known_at
        self.recorded_at = recorded_at
        self._compact = compact
        self._names: defaultdict[str, list[str]] = defaultdict(list)
        self._parties: Names = {}
        self._instruments: Names = {}
        self._commitments: Names = {}
        for stream, state in compact.every():
            kind = stream.partition("/")[0]
            links = links_of(state)
            self._names[kind].append(stream)
            for party in links.parties:
                self._parties.setdefault((kind, party), []).append(stream)
            if links.instrument is not None:
                self._instruments.setdefault((kind, links.instrument), []).append(stream)
            if links.commitment is not None:
                self._commitments.setdefault((kind, links.commitment), []).append(stream)
        for names in self._names.values():
            names.sort()

    def states(self, streams: Collection[str]) -> States:
        return self._read(set(streams))

    def of_kind(self, kind: str, after: str = "", limit: int | None = None) -> States:
        return self._read(_page(self._names.get(kind, []), after, limit))

    def of_party(self, kind: str, party: str) -> States:
        return self._read(self._parties.get((kind, party), ()))

    def of_instrument(self, kind: str, instrument: str) -> States:
        return self._read(self._instruments.get((kind, instrument), ()))

    def of_commitments(self, kind: str, commitments: Collection[str]) -> States:
        return self._read(name for one in set(commitments) for name in self._commitments.get((kind, one), ()))

    def _read(self, streams: Iterable[str]) -> States:
        found = ((stream, self._compact.get(stream)) for stream in sorted(streams))
        return {stream: state for stream, state in found if state is not None}


def _page(names: list[str], after: str, limit: int | None) -> list[str]:
    """Return the names after one of them, at most `limit`; they are sorted."""
    first = bisect_right(names, after)
    return names[first : None if limit is None else first + limit]


def rows_at(compact: Overlay, known_at: int, recorded_at: datetime | None) -> Rows:
    """Return the rows of a state that was folded from the first entry on, wherever it lies."""
    if isinstance(compact, Folded):
        return FoldedRows(compact, known_at, recorded_at)
    return MemoryRows(compact.changes, known_at, recorded_at)
