"""The log read ahead of the fold: parsed and verified on the other cores while this one decides and writes.

A worker knows the keys that were in force when an entry was read; the fold believes it where they still are, and
verifies again where they are not. What a worker refuses is parsed and verified again, so errors are those of one core.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ledger.events.keys import KeySet
from ledger.events.refusals import Refused
from ledger.log.entry import Entry
from ledger.rules.compact import Authority
from ledger.signing.checking import Checked, Unchecked, answers, received
from ledger.signing.workers import Workers
from projections.folding import Batch, LogCorrupt, Parsed, Place, continued, parsed_alone

ALONE_MAX: Final = 5_000
"""Entries that are checked in the time in which other processes start."""

KEYS_SENT_MAX: Final = 256
"""Authorities whose keys go along with each run of entries: those that acted last."""


class Entries(Protocol):
    """The log, as far as rebuilding needs it."""

    def entries(self, after: int, limit: int) -> list[bytes]:
        """Return the raw entries at positions after + 1 and on, at most `limit`."""
        ...


@dataclass(frozen=True, slots=True)
class _Run:
    """Entries whose envelopes are being checked. `broken`: what follows them is no entry of this log."""

    entries: Sequence[Entry]
    chunk: Unchecked
    broken: LogCorrupt | None


class Ahead:
    """Reads `log` on from the first entry, `size` entries at a time. For one thread.

    The first `alone` entries are checked here: a short log is folded before a worker has started.
    """

    def __init__(self, log: Entries, workers: Workers, size: int, *, alone: int = ALONE_MAX) -> None:
        self._log = log
        self._workers = workers
        self._size = size
        self._alone = alone
        self._place = Place()
        self._keys: OrderedDict[str, KeySet] = OrderedDict()

    def runs(self) -> Iterator[list[Parsed]]:
        """Yield the entries that there are, in order; asked again later, those that came since. Raises LogCorrupt.

        What was yielded is folded, and its batch given to `learn`, before the next is asked for.
        """
        if self._place.position < self._alone:
            yield from self._checked(Workers(0), self._alone)
        if self._place.position >= self._alone:
            yield from self._checked(self._workers, None)

    def learn(self, batch: Batch) -> None:
        """Remember the keys of the authorities that a batch changed: every signer is among them."""
        for state in batch.states.values():
            if isinstance(state, Authority):
                self._keys[state.id] = state.keys
                self._keys.move_to_end(state.id)
        while len(self._keys) > KEYS_SENT_MAX:
            self._keys.popitem(last=False)

    def _checked(self, workers: Workers, until: int | None) -> Iterator[list[Parsed]]:
        runs: deque[_Run] = deque()

        def chunks() -> Iterator[Unchecked]:
            while until is None or self._place.position < until:
                raws = self._log.entries(self._place.position, self._size)
                if not raws:
                    return
                run = self._run(raws)
                runs.append(run)
                yield run.chunk
                if run.broken is not None:
                    return

        for answered in workers.map(answers, chunks(), ahead=1 + workers.count):
            run = runs.popleft()
            checked = received(run.chunk, answered)
            yield [_item(entry, one, run.chunk) for entry, one in zip(run.entries, checked, strict=True)]
            if run.broken is not None:
                raise run.broken

    def _run(self, raws: Sequence[bytes]) -> _Run:
        entries: list[Entry] = []
        broken: LogCorrupt | None = None
        try:
            for raw in raws:
                entry, self._place = continued(self._place, raw)
                entries.append(entry)
        except LogCorrupt as error:
            broken = error
        return _Run(entries, Unchecked([entry.envelope for entry in entries], dict(self._keys), None), broken)


def _item(entry: Entry, checked: Checked | Refused, chunk: Unchecked) -> Parsed:
    if isinstance(checked, Refused):
        return parsed_alone(entry)
    keys = chunk.keys.get(checked.envelope.event.authority)
    return Parsed(entry, checked.envelope, verified=checked.verified, keys=keys)
