"""A tree alone, far beyond what a log of acts can be made to hold: what an append and a proof cost at each size.

Leaf hashes are made up. Each size has a database of its own on one PostgreSQL, with the tables of the ledger, and the
sizes are measured in turns: whatever else happens on the machine hits all of them.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from statistics import median
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.log.tiles import Tile, partial_tiles
from ledger.log.tree import EMPTY, Frontier, frontier_from_tiles
from ledger.store.database import migrate
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.log import StoredLog
from tests.bench.ground import Ground, say
from tests.bench.growth import BASE, proof_ms
from tests.bench.measured import Curve, Point

APPENDS: Final = 10
"""Batches for each size in a round."""

BATCH: Final = 1_000
FILLED_AT_ONCE: Final = 50_000
FLAT: Final = 1.2
"""How much more an append or a proof may cost at the largest size than at BASE."""


@dataclass
class Tree:
    """A stored tree that had `size` leaves when it was filled."""

    size: int
    connection: psycopg.Connection
    log: StoredLog
    frontier: Frontier


def trees(ground: Ground) -> list[Curve]:
    """Return what appending BATCH leaves costs at each size, and what a proof does."""
    appends: defaultdict[int, list[float]] = defaultdict(list)
    proofs: defaultdict[int, list[float]] = defaultdict(list)
    with ExitStack() as opened:
        server = opened.enter_context(EmbeddedPostgres(ground.data / "tree"))
        grown = [_filled(opened, server.dsn, size) for size in ground.scale.tree_sizes]
        for _ in range(ground.scale.rounds):
            for tree in grown:
                appends[tree.size].append(_append_ms(tree))
                proofs[tree.size].append(proof_ms(tree.log, tree.size))
    made_up = (
        f"median of {ground.scale.rounds} rounds; tiles in PostgreSQL, written in a transaction each, read from there"
    )
    return [
        _curve(f"tree: append {BATCH} leaves", appends, made_up),
        _curve("tree: proof", proofs, made_up),
    ]


def _curve(name: str, taken: dict[int, list[float]], note: str) -> Curve:
    points = tuple(Point(size, median(found)) for size, found in taken.items())
    return Curve(name=name, unit="ms", points=points, base=BASE, wanted=FLAT, notes=(note,))


def _filled(opened: ExitStack, server: str, size: int) -> Tree:
    name = f"tree_{size}"
    with psycopg.connect(server, autocommit=True) as administrator:
        administrator.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    dsn, began, frontier = make_conninfo(server, dbname=name), time.perf_counter(), EMPTY
    migrate(dsn)
    connection = opened.enter_context(psycopg.connect(dsn))
    while frontier.tree_size < size:
        last = min(size, frontier.tree_size + FILLED_AT_ONCE)
        frontier, tiles = frontier.append(_leaves(frontier.tree_size, last))
        _write(connection, tiles)
    say(f"a tree of {size:,} leaves filled in {time.perf_counter() - began:.0f} s")
    return Tree(size, connection, opened.enter_context(StoredLog(dsn)), frontier)


def _leaves(first: int, last: int) -> Iterator[bytes]:
    return (sha256(number.to_bytes(8, "big")).digest() for number in range(first, last))


def _append_ms(tree: Tree) -> float:
    """Return the median of what some batches took: edge read, leaves added, tiles written and committed."""
    taken = []
    for _ in range(APPENDS):
        size = tree.frontier.tree_size
        leaves = list(_leaves(size, size + BATCH))
        began = time.perf_counter()
        tree.frontier, tiles = _edge(tree.connection, size).append(leaves)
        _write(tree.connection, tiles)
        taken.append(1e3 * (time.perf_counter() - began))
    return median(taken)


def _edge(connection: psycopg.Connection, tree_size: int) -> Frontier:
    wanted = partial_tiles(tree_size)
    rows = connection.execute(
        "SELECT level, index, hashes FROM public.tiles"
        " JOIN unnest(%s::smallint[], %s::bigint[]) AS wanted (level, index) USING (level, index)",
        [[level for level, _ in wanted], [index for _, index in wanted]],
        binary=True,
    )
    tiles = {(level, index): hashes for level, index, hashes in rows}
    return frontier_from_tiles(tree_size, tiles.__getitem__)


def _write(connection: psycopg.Connection, tiles: list[Tile]) -> None:
    connection.execute(
        "INSERT INTO public.tiles (level, index, hashes)"
        " SELECT * FROM unnest(%s::smallint[], %s::bigint[], %b::bytea[])"
        " ON CONFLICT (level, index) DO UPDATE SET hashes = excluded.hashes",
        [[tile.level for tile in tiles], [tile.index for tile in tiles], [tile.hashes for tile in tiles]],
    )
    connection.commit()
