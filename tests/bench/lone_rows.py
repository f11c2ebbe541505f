"""Acts of a lone client, one after the other, beside single commits in the same PostgreSQL."""

from typing import Final

from tests.bench.client import Told
from tests.bench.ground import Ground, load, say
from tests.bench.limits import Commits
from tests.bench.measured import Goal, Round, Row, quantile

ENTRY_BYTES: Final = 1_100
"""About what an act is as an entry."""


class Lone:
    """The row of the lone client, whose rounds are taken between the other rows, minutes apart.

    A round takes two seconds, and what the machine does for others changes by the minute: one after the other, the
    rounds of a run were nearer to each other than those of two runs.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._load_before = load()
        self._rounds: list[Round] = []
        self._tolds: list[Told] = []
        self._commits: list[list[float]] = []

    def round(self) -> None:
        """Measure one more round, if one is wanting. Raises Failed."""
        count = self._ground.scale.lone
        if len(self._rounds) == self._ground.scale.rounds:
            return
        self._ground.settle()
        with Commits(self._ground.beside("bench"), ENTRY_BYTES) as limit:
            limit.seconds(count)
            self._commits.append(limit.seconds(count))
        self._tolds.append(self._ground.submit(count, send="singles", connections=1))
        committed, sent = 1e3 * sum(self._commits[-1]) / count, 1e3 * self._tolds[-1].seconds / count
        self._rounds.append(Round(committed, sent))
        say(f"a lone act {sent:.2f} ms, a commit {committed:.2f} ms")

    def row(self) -> Row:
        """Return the row, with the rounds that are wanting measured now. Raises Failed."""
        while len(self._rounds) < self._ground.scale.rounds:
            self.round()
        return Row(
            name="lone client",
            ours="ms for an act, one at a time, receipt returned",
            limit="ms for INSERT and COMMIT of one row of the same size, fsynced, same PostgreSQL",
            unit="ms",
            rounds=tuple(self._rounds),
            figures={
                "p50_ms": max(told.p50_ms for told in self._tolds),
                "p99_ms": max(told.p99_ms for told in self._tolds),
                "limit_p50_ms": 1e3 * max(quantile(one, 0.5) for one in self._commits),
                "limit_p99_ms": 1e3 * max(quantile(one, 0.99) for one in self._commits),
            },
            goals=(Goal("ratio", "≤", 3),),
            entries=self._ground.at,
            notes=("The rounds are taken between the other rows; p50 and p99 are those of the worst.",),
            load_before=self._load_before,
        )
