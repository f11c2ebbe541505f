"""The state of every stream as it was known at one tree size: what every answer is computed from.

Two implementations: in PostgreSQL (`projections.stored_rows`), and here in memory, for an auditor who folded the log
himself. Both give the same states, so both give the same answers.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol

from ledger.rules.compact import State
from projections.links import Links, links_of

States = dict[str, State]
"""States by stream name, in the order of the names."""


class Rows(Protocol):
    """What was known at a tree size. Nothing changes while an answer is computed."""

    @property
    def known_at(self) -> int:
        """The tree size."""
        ...

    @property
    def recorded_at(self) -> datetime | None:
        """When the last of these entries was recorded; None where there is none."""
        ...

    def states(self, streams: Collection[str]) -> States:
        """Return the states of those of `streams` in which something was recorded."""
        ...

    def of_kind(self, kind: str, after: str = "", limit: int | None = None) -> States:
        """Return the states of a kind whose stream name comes after `after`, at most `limit`."""
        ...

    def of_party(self, kind: str, party: str) -> States:
        """Return the states of a kind that concern a party."""
        ...

    def of_instrument(self, kind: str, instrument: str) -> States:
        """Return the states of a kind that belong to an instrument."""
        ...

    def of_commitments(self, kind: str, commitments: Collection[str]) -> States:
        """Return the states of a kind that are under one of `commitments`."""
        ...


@dataclass(frozen=True)
class MemoryRows:
    """Rows over states that were folded in memory: `MemoryRows(compact.changes, tree_size, recorded_at)`."""

    folded: Mapping[str, State]
    known_at: int
    recorded_at: datetime | None

    def states(self, streams: Collection[str]) -> States:
        return {stream: self.folded[stream] for stream in sorted(set(streams)) if stream in self.folded}

    def of_kind(self, kind: str, after: str = "", limit: int | None = None) -> States:
        names = [name for name in self._names.get(kind, ()) if name > after]
        return {name: self.folded[name] for name in names[:limit]}

    def of_party(self, kind: str, party: str) -> States:
        return {name: self.folded[name] for name, links in self._linked(kind) if party in links.parties}

    def of_instrument(self, kind: str, instrument: str) -> States:
        return {name: self.folded[name] for name, links in self._linked(kind) if links.instrument == instrument}

    def of_commitments(self, kind: str, commitments: Collection[str]) -> States:
        return {name: self.folded[name] for name, links in self._linked(kind) if links.commitment in commitments}

    def _linked(self, kind: str) -> list[tuple[str, Links]]:
        return [(name, self._links[name]) for name in self._names.get(kind, ())]

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for stream in sorted(self.folded):
            names.setdefault(stream.partition("/")[0], []).append(stream)
        return names

    @cached_property
    def _links(self) -> dict[str, Links]:
        return {stream: links_of(state) for stream, state in self.folded.items()}
