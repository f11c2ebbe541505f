"""The ledger and its peers in turns: what each stores in a second, and what that is worth signed and proven.

A peer stores what it is given. To say as much as the ledger does, each event would also have to be verified and be
given an inclusion proof; `composed` reckons that with the same Ed25519 library and the fastest of the trees measured.
Rules, hash chain, receipts, idempotency and projections are not added: those the peers are spared.
"""

import subprocess
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from types import MappingProxyType
from typing import Final

from psycopg.conninfo import conninfo_to_dict

from ledger.log.proofs import inclusion_proofs
from ledger.log.tree import EMPTY, leaf_hash
from tests.bench.ground import Ground, load, say
from tests.bench.intake_rows import CONNECTIONS
from tests.bench.limits import keys_of, signed_of, verification
from tests.bench.measured import Goal, Round, Row, composed
from tests.bench.peers import installed
from tests.bench.peers.recorder import password_of
from tests.bench.processes import ROOT, environment, python

BATCH: Final = 500
PROVED_AT_ONCE: Final = 1_000
SECONDS_MAX: Final = 60
SINGLY: Final = 5
SLOWLY: Final = 5

PLAIN: Final = "psycopg INSERT, COMMIT"

LACKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "eventsourcing recorder": "optimistic concurrency; no signatures, rules, chain, tree or receipts; gaps",
        PLAIN: "a row in a table; no signatures, rules, chain, tree, receipts or idempotency",
        "emmett-postgresql": "streams with optimistic concurrency; no signatures, chain, tree or receipts",
        "tlog (Go)": "a tree in memory; no store, signatures, rules or chain",
        "pymerkle (Python)": "a tree in memory; no store, signatures, rules or chain",
    }
)


@dataclass(frozen=True, slots=True)
class Peer:
    """What prints how many acts a second it takes: the beginning of its command line, and how it is called."""

    name: str
    start: tuple[str, ...]
    batch: int
    fewer: int = 1
    """Of so many acts it is given one: where it is slow, fewer are enough."""

    settings: Mapping[str, str] = field(default_factory=dict, repr=False)

    def rate(self, first: int, count: int) -> float | None:
        """Return how many of the acts from number `first` on it took in a second; None if it did not end well."""
        wanted = str(max(count // self.fewer, 50))
        return _rate([*self.start, str(first), wanted, str(self.batch)], self.settings)


def peers(ground: Ground, missing: list[str]) -> list[Row]:
    """Return a row for each peer; adds to `missing` why there is none of another."""
    stores, trees, skipped = _found(ground)
    missing += skipped
    count, load_before = ground.scale.peer_events, load()
    ready = signed_of(ground.workload.raws(1_000, 1_000 + ground.scale.verified), keys_of(ground.workload.seed))
    rates: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(ground.scale.rounds):
        ground.settle()
        told = ground.submit(count, send="batches", connections=CONNECTIONS, lines=max(50, count // (4 * CONNECTIONS)))
        rates["ledger"].append(told.sent / told.seconds)
        rates["verified"].append(verification(ready))
        rates["own tree"].append(own_tree(list(ground.workload.raws(0, count))))
        for peer in (*stores, *trees):
            if peer.name not in rates and number > 0:
                continue
            rate = peer.rate(number * count, count)
            if rate is None:
                missing.append(f"{peer.name}: no end within {SECONDS_MAX} s, or a failure")
                rates.pop(peer.name, None)
            else:
                rates[peer.name].append(rate)
        say(", ".join(f"{name} {found[-1]:,.0f}" for name, found in rates.items()))
    own = rates["own tree"]
    tree = [max(found) for found in zip(own, *(rates[one.name] for one in trees if one.name in rates), strict=True)]
    rows = [_store_row(ground, one.name, rates, tree, load_before) for one in stores if one.name in rates]
    return rows + [_tree_row(ground, one.name, rates[one.name], own) for one in trees if one.name in rates]


def own_tree(raws: Sequence[bytes]) -> float:
    """Return how many leaves a second the ledger's own tree appends and proves, in memory as its peers do."""
    tiles: dict[tuple[int, int], bytes] = {}
    frontier, began = EMPTY, time.perf_counter()
    for at in range(0, len(raws), PROVED_AT_ONCE):
        first = frontier.tree_size
        frontier, grown = frontier.append(leaf_hash(raw) for raw in raws[at : at + PROVED_AT_ONCE])
        tiles.update({tile.tile_id: tile.hashes for tile in grown})
        inclusion_proofs(range(first, frontier.tree_size), frontier.tree_size, tiles.__getitem__)
    return len(raws) / (time.perf_counter() - began)


def _found(ground: Ground) -> tuple[list[Peer], list[Peer], list[str]]:
    """Return the stores and the trees that there are here, and why others are missing."""
    acts, cache, database = str(ground.workload.path), ground.data.parent / "peers", ground.beside("peers")
    starts = {
        PLAIN: [*python("tests.bench.peers.commits"), database],
        "eventsourcing recorder": [*python("tests.bench.peers.recorder"), database],
    }
    trees, skipped = [], []
    try:
        starts["emmett-postgresql"] = [*installed.emmett(cache), _for_node(database)]
    except installed.Absent as absent:
        skipped.append(str(absent))
    for name, find in (("tlog (Go)", installed.tlog), ("pymerkle (Python)", installed.pymerkle)):
        try:
            fewer = SLOWLY if find is installed.pymerkle else 1
            trees.append(Peer(name, (*find(cache), acts), PROVED_AT_ONCE, fewer))
        except installed.Absent as absent:
            skipped.append(str(absent))
    settings = {"PGPASSWORD": password_of(dict(conninfo_to_dict(database)))}
    stores = [
        Peer(f"{name}, {how}", (*start, acts), batch, fewer, settings)
        for name, start in starts.items()
        for how, batch, fewer in (("singly", 1, SINGLY), (f"by {BATCH}", BATCH, 1))
    ]
    return stores, trees, skipped


def _for_node(connection: str) -> str:
    """Return the address of a database as the driver for Node wants it, without the password."""
    parts = conninfo_to_dict(connection)
    return f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}"


def _rate(command: Sequence[str], settings: Mapping[str, str]) -> float | None:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            cwd=ROOT,
            env=environment(settings),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode != 0:
        say(f"{command[0]}: {done.stderr[-400:]}")
        return None
    return float(done.stdout.strip().splitlines()[-1])


def _lacks(name: str) -> str:
    return next(said for peer, said in LACKS.items() if name.startswith(peer))


def _store_row(
    ground: Ground, name: str, rates: Mapping[str, Sequence[float]], tree: Sequence[float], load_before: float
) -> Row:
    both = zip(rates[name], rates["verified"], tree, rates["ledger"], strict=True)
    return Row(
        name=name,
        ours="the ledger: acts a second over HTTP, signed, decided, chained, proven, receipts returned",
        limit="the peer: events a second if each were also verified and proven, on one core",
        rounds=tuple(Round(composed(store, verified, proven), ours) for store, verified, proven, ours in both),
        figures={
            "without_signing_per_second": median(rates[name]),
            "verified_per_second": median(rates["verified"]),
            "tree_per_second": median(tree),
        },
        # Nobody promised to be faster than rows that are written many to a transaction and are nothing but rows.
        goals=() if name == f"{PLAIN}, by {BATCH}" else (Goal("ratio", "≥", 1),),
        entries=ground.at,
        notes=(f"What it does: {_lacks(name)}.",),
        load_before=load_before,
    )


def _tree_row(ground: Ground, name: str, theirs: Sequence[float], own: Sequence[float]) -> Row:
    return Row(
        name=name,
        ours="the ledger's tree: leaves a second appended and proved, in Python, in memory",
        limit="the peer's tree: the same",
        rounds=tuple(Round(*pair) for pair in zip(theirs, own, strict=True)),
        entries=ground.at,
        notes=(f"What it does: {_lacks(name)}.",),
    )
