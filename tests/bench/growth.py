"""What things cost as the log grows: an act, a proof, an answer and a start of the ledger."""

import random
import time
from collections import defaultdict
from typing import Final

from ledger.store.log import StoredLog
from tests.bench.client import Job
from tests.bench.ground import Ground
from tests.bench.measured import Curve, Point, quantile
from tests.bench.read_rows import obligation_paths

PROOFS: Final = 300
BASE: Final = 100_000
"""The size that others are compared with."""


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
            self._points["proof"].append(Point(size, proof_ms(log, size)))
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


def proof_ms(log: StoredLog, size: int) -> float:
    """Return the median ms of one inclusion proof in the tree of `size`."""
    chosen, taken = random.Random(size), []
    for _ in range(PROOFS):
        index = chosen.randrange(size)
        began = time.perf_counter()
        log.proofs([index], size)
        taken.append(1e3 * (time.perf_counter() - began))
    return quantile(sorted(taken), 0.5)
