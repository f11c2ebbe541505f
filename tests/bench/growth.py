"""What things cost as the log grows: an act, a proof, an answer and a start of the ledger; the tree alone beyond it."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

import psycopg

from ledger.log.tiles import Tile, partial_tiles
from ledger.log.tree import EMPTY, Frontier, frontier_from_tiles
from ledger.store.database import migrate
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.log import StoredLog
from tests.bench.client import Job
from tests.bench.ground import Ground, say
from tests.bench.measured import Curve, Point, quantile
from tests.bench.read_rows import obligation_paths

PROOFS: Final = 300
APPENDS: Final = 40
BATCH: Final = 1_000
FILLED_AT_ONCE: Final = 50_000
FLAT: Final = 1.2
"""How much more an append or a proof may cost at the largest size than at BASE."""

BASE: Final = 100_000


class Growth:
    """Collects points; `look` is called at each size, while the ledger runs."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._points: defaultdict[str, list[Point]] = defaultdict(list)

    def look(self, size: int) -> None:
        """Measure everything at this size. Acts are added: the next of the story."""
        ground = self._ground
        ground.settle()
        told = ground.submit(ground.scale.lone, send="singles", connections=1)
        self._points["append"].append(Point(size, told.p50_ms))
        with StoredLog(ground.database_url) as log:
            self._points["proof"].append(Point(size, _proof_ms(log, size)))
        ground.settle()
        answered = ground.do(
            Job(
                url=ground.url,
                send="questions",
                connections=1,
                paths=tuple(obligation_paths(ground.at - 1)),
                last=len(obligation_paths(None)),
                expected=(200,),
            )
        )
        self._points["obligations"].append(Point(size, answered.p50_ms))
        ground.stop()
        self._points["start-up"].append(Point(size, ground.start()))

    def curves(self) -> list[Curve]:
        notes = {
            "append": "median ms for one act from one client, receipt returned",
            "proof": "median ms for one inclusion proof out of PostgreSQL",
            "obligations": "median ms for the first answer to what one guarantor owes, up to 100 commitments",
            "start-up": "s from the start of `gledger up`, stopped in order before, until /readyz says ready",
        }
        return [
            Curve(
                name=name,
                unit="s" if name == "start-up" else "ms",
                points=tuple(points),
                base=BASE,
                notes=(notes[name],),
            )
            for name, points in self._points.items()
        ]


def _proof_ms(log: StoredLog, size: int) -> float:
    chosen, taken = random.Random(size), []
    for _ in range(PROOFS):
        index = chosen.randrange(size)
        began = time.perf_counter()
        log.proofs([index], size)
        taken.append(1e3 * (time.perf_counter() - began))
    return quantile(sorted(taken), 0.5)


def trees(ground: Ground) -> list[Curve]:
    """Grow a tree of made-up leaf hashes in the tables of the ledger, on a PostgreSQL of its own."""
    appends, proofs = [], []
    with EmbeddedPostgres(ground.data / "tree") as server:
        migrate(server.dsn)
        with psycopg.connect(server.dsn) as connection, StoredLog(server.dsn) as log:
            frontier = EMPTY
            for size in ground.scale.tree_sizes:
                frontier = _filled(connection, frontier, size)
                frontier, append_ms = _append_ms(connection, frontier)
                appends.append(Point(size, append_ms))
                proofs.append(Point(size, _proof_ms(log, size)))
                say(f"a tree of {size:,}: {append_ms:.2f} ms to append {BATCH}, {proofs[-1].cost:.2f} ms a proof")
    made_up = "leaf hashes made up; tiles in PostgreSQL, written in a transaction each, read from there"
    return [
        Curve(
            name=f"tree: append {BATCH} leaves",
            unit="ms",
            points=tuple(appends),
            base=BASE,
            wanted=FLAT,
            notes=(made_up,),
        ),
        Curve(name="tree: proof", unit="ms", points=tuple(proofs), base=BASE, wanted=FLAT, notes=(made_up,)),
    ]


def _leaves(first: int, last: int) -> Iterator[bytes]:
    return (sha256(number.to_bytes(8, "big")).digest() for number in range(first, last))


def _filled(connection: psycopg.Connection, frontier: Frontier, size: int) -> Frontier:
    while frontier.tree_size < size:
        last = min(size, frontier.tree_size + FILLED_AT_ONCE)
        frontier, tiles = frontier.append(_leaves(frontier.tree_size, last))
        _write(connection, tiles)
    return frontier


def _append_ms(connection: psycopg.Connection, frontier: Frontier) -> tuple[Frontier, float]:
    """Return the tree after some batches, and the median of what each took: edge read, leaves added, tiles written."""
    taken = []
    for _ in range(APPENDS):
        leaves = list(_leaves(frontier.tree_size, frontier.tree_size + BATCH))
        began = time.perf_counter()
        read = _edge(connection, frontier.tree_size)
        frontier, tiles = read.append(leaves)
        _write(connection, tiles)
        taken.append(1e3 * (time.perf_counter() - began))
    return frontier, quantile(sorted(taken), 0.5)


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
