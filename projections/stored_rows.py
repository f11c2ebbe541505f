"""Rows in PostgreSQL at one tree size, all read from one snapshot: a rebuild that switches meanwhile is not seen.

What is read began at or before the tree size and was replaced after it, so it stays as it is however far the follower
goes on.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg
from psycopg_pool import ConnectionPool

from ledger.rules.compact import Authority, State, decode_state
from projections.folding import ActRow
from projections.judged import Judged
from projections.rows import States

_AT: Final = "generation = %(generation)s AND from_position <= %(known_at)s"
_STILL: Final = "(until_position IS NULL OR until_position > %(known_at)s)"
_CHAINS: Final = """
    SELECT name, last.sequence, last.payload_sha256 FROM unnest(%(authorities)s::text[]) AS name
    CROSS JOIN LATERAL (
        SELECT sequence, payload_sha256 FROM projection_acts
        WHERE generation = %(generation)s AND authority = name AND position <= %(known_at)s
        ORDER BY position DESC LIMIT 1
    ) AS last"""
_VERSIONS: Final = f"""
    SELECT name, since FROM unnest(%(names)s::text[]) AS name CROSS JOIN LATERAL (
        SELECT from_position AS since FROM projection_rows WHERE {_AT} AND stream = name
        ORDER BY from_position DESC LIMIT 1
    ) AS last"""
_NEWEST_UNDER: Final = f"""
    SELECT name, since FROM unnest(%(names)s::text[]) AS name CROSS JOIN LATERAL (
        SELECT from_position AS since FROM projection_rows WHERE {_AT} AND commitment = name
        ORDER BY from_position DESC LIMIT 1
    ) AS last"""
_BY_DELIVERER: Final = "kind = 'delivery' AND parties[1] = %(party)s"
_BY_CONCERNED: Final = "kind <> 'delivery' AND kind = %(kind)s AND parties @> ARRAY[%(party)s]"
_ACT_COLUMNS: Final = ", ".join(ActRow.__struct_fields__)


class NotServing(Exception):
    """No generation serves yet: the first fold of the log has not begun."""


class NotKnown(Exception):
    """The tree size asked for is beyond what was folded. Carries how far that is."""

    def __init__(self, known_at: int, position: int) -> None:
        super().__init__(f"expected a tree size of at most {position}, got {known_at}")
        self.position = position


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """Which acts. `type` is exact, or a stream such as `delivery.*`. `descending`: newest first, before `after`."""

    party: str | None = None
    instrument: str | None = None
    type: str | None = None
    stream: str | None = None
    after: int | None = None
    limit: int = 100
    descending: bool = False


@dataclass(frozen=True)
class StoredRows:
    """The rows of one generation at one tree size, within one transaction.

    `position` is how far they go at all. `is_settled`: the same question has this tree size however far they go on.
    """

    connection: psycopg.Connection
    generation: int
    known_at: int
    recorded_at: datetime | None
    position: int
    is_settled: bool
    judged: Judged

    def states(self, streams: Collection[str]) -> States:
        return self._select("stream = ANY(%(streams)s)", streams=sorted(set(streams)))

    def of_kind(self, kind: str, after: str = "", limit: int | None = None) -> States:
        # The streams of a kind lie together in the primary key: `ledger`, or `party/` and what comes before `party0`.
        found = "stream >= %(kind)s AND stream < %(beyond)s AND stream > %(after)s"
        return self._select(found, kind=kind, beyond=f"{kind}0", after=after, limit=limit)

    # What is beyond the protocol of rows is for pages, which go on after what was shown.
    def of_party(self, kind: str, party: str, after: str = "", limit: int | None = None) -> States:
        # Written out, because each has an index of its own.
        found = _BY_DELIVERER if kind == "delivery" else _BY_CONCERNED
        return self._select(f"{found} AND stream > %(after)s", kind=kind, party=party, after=after, limit=limit)

    def of_instrument(self, kind: str, instrument: str) -> States:
        return self._select("kind = %(kind)s AND instrument = %(instrument)s", kind=kind, instrument=instrument)

    def of_commitments(self, kind: str, commitments: Collection[str]) -> States:
        found = "kind = %(kind)s AND commitment = ANY(%(commitments)s)"
        return self._select(found, kind=kind, commitments=sorted(commitments))

    def feed(self, wanted: FeedFilter) -> Sequence[ActRow]:
        """Return acts in order of position, at most `wanted.limit`."""
        conditions = ["generation = %(generation)s", "position <= %(known_at)s"]
        if wanted.party is not None:
            conditions.append("parties @> ARRAY[%(party)s]")
        if wanted.instrument is not None:
            conditions.append("instrument = %(instrument)s")
        if wanted.stream is not None:
            conditions.append("stream = %(stream)s")
        if wanted.type is not None:
            is_stream = wanted.type.endswith(".*")
            conditions.append("starts_with(type, %(type)s)" if is_stream else "type = %(type)s")
        if wanted.after is not None:
            conditions.append(f"position {'<' if wanted.descending else '>'} %(after)s")
        order = "DESC" if wanted.descending else "ASC"
        where = " AND ".join(conditions)
        query = f"SELECT {_ACT_COLUMNS} FROM projection_acts WHERE {where} ORDER BY position {order} LIMIT %(limit)s"
        values = {name: getattr(wanted, name) for name in ("party", "instrument", "stream", "after", "limit")}
        values["type"] = wanted.type.removesuffix("*") if wanted.type is not None else None
        return [act_row(row) for row in self._execute(query, values)]

    def acts_of(self, event_ids: Collection[str]) -> dict[str, ActRow]:
        """Return the acts of `event_ids` that are known, by event id."""
        query = f"""
            SELECT {_ACT_COLUMNS} FROM projection_acts
            WHERE generation = %(generation)s AND position <= %(known_at)s AND event_id = ANY(%(events)s)"""
        rows = (act_row(row) for row in self._execute(query, {"events": sorted(set(event_ids))}))
        return {row.event_id: row for row in rows}

    def begun(self, streams: Collection[str]) -> dict[str, list[int]]:
        """Return, for each of `streams`, the positions of the entries that changed it, in order."""
        query = (
            f"SELECT stream, from_position FROM projection_rows WHERE {_AT} AND stream = ANY(%(streams)s) ORDER BY 2"
        )
        found: dict[str, list[int]] = {}
        for stream, position in self._execute(query, {"streams": sorted(set(streams))}):
            found.setdefault(stream, []).append(position)
        return found

    def versions(self, streams: Iterable[str]) -> dict[str, int]:
        """Return since which position each of `streams` is as it is, of those in which something was recorded."""
        return dict(self._execute(_VERSIONS, {"names": list(streams)}))

    def newest_under(self, commitments: Iterable[str]) -> dict[str, int]:
        """Return at which position something under each of `commitments` changed last, where anything is."""
        return dict(self._execute(_NEWEST_UNDER, {"names": list(commitments)}))

    def _select(self, condition: str, *, limit: int | None = None, **values: object) -> States:
        query = f"""
            SELECT stream, state FROM projection_rows WHERE {_AT} AND {_STILL} AND {condition}
            ORDER BY stream LIMIT %(limit)s"""
        rows = self._execute(query, {**values, "limit": limit})
        return self._with_chains({stream: decode_state(state) for stream, state in rows})

    def _with_chains(self, states: States) -> States:
        """Return the states, each authority at its place in its own chain."""
        authorities = [state.id for state in states.values() if isinstance(state, Authority)]
        if not authorities:
            return states
        chains = {row[0]: row[1:] for row in self._execute(_CHAINS, {"authorities": authorities})}
        return {stream: _in_chain(state, chains) for stream, state in states.items()}

    def _execute(self, query: str, values: dict[str, object]) -> list[tuple[Any, ...]]:
        bound = {**values, "generation": self.generation, "known_at": self.known_at}
        return self.connection.execute(query.encode(), bound, binary=True).fetchall()


def _in_chain(state: State, chains: dict[str, tuple[Any, ...]]) -> State:
    if not isinstance(state, Authority) or state.id not in chains:
        return state
    sequence, previous = chains[state.id]
    return msgspec.structs.replace(state, sequence=sequence, previous=previous)


def act_row(row: Sequence[object]) -> ActRow:
    """Return the act that a row of `projection_acts` holds."""
    values = (tuple(value) if isinstance(value, list) else value for value in row)
    return ActRow(*values)  # type: ignore[arg-type]


@contextmanager
def reading(pool: ConnectionPool, known_at: int | datetime | None, judged: Judged) -> Iterator[StoredRows]:
    """Open the rows as known at a tree size, at an instant, or (None) now. Raises NotServing, NotKnown."""
    with pool.connection() as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            serving = connection.execute(
                "SELECT generation, position, recorded_at FROM projection_generations WHERE status = 'serving'"
            ).fetchone()
        except psycopg.errors.UndefinedTable:
            raise NotServing("no tables yet: nothing has followed the log") from None
        if serving is None:
            raise NotServing("no generation of rows serves yet")
        generation, position, recorded_at = serving
        if known_at is None:
            yield StoredRows(connection, generation, position, recorded_at, position, is_settled=False, judged=judged)
            return
        if isinstance(known_at, int) and known_at > position:
            raise NotKnown(known_at, position)
        bound = "position <= %s" if isinstance(known_at, int) else "recorded_at <= %s"
        order = "position" if isinstance(known_at, int) else "recorded_at"
        last = connection.execute(
            f"""
            SELECT position, recorded_at FROM projection_acts WHERE generation = %s AND {bound}
            ORDER BY {order} DESC, position DESC LIMIT 1""".encode(),
            [generation, known_at],
        ).fetchone()
        size, since = last if last is not None else (0, None)
        # Entries to come are recorded at the same instant as the last one or later.
        is_settled = isinstance(known_at, int) or (recorded_at is not None and known_at < recorded_at)
        yield StoredRows(connection, generation, size, since, position, is_settled, judged)
