"""Lines examined and their signatures verified by worker processes, ahead of the fold that judges them in order.

A worker knows the bytes of its lines, and key sets of authorities as they were registered in lines before. So what it
says of a signature holds only if the authority has that very key set at the position of the entry, which `Auditor.take`
asks. Where a worker finds anything wrong it says nothing, and the line is examined here: so the first lie and its words
are the same with any number of workers.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Final

import msgspec

from ledger.audit.auditor import Auditor, Elsewhere, Examined, examine
from ledger.audit.findings import Undecidable
from ledger.audit.source import Line
from ledger.events.keys import KeySet
from ledger.events.refusals import Refused
from ledger.events.registry import REGISTERING_TYPES, registered_keys
from ledger.events.stages import Envelope
from ledger.log.entry import ENVELOPE_BEGINS, Entry, entry_elsewhere, tail_of
from ledger.signing.checking import Answer, Checked, Unchecked, answers, received
from ledger.signing.workers import Workers, WorkersLost

ALONE_MAX: Final = 2_000
"""Lines at the beginning that are examined in this process: to start others takes as long."""

CHUNK_LINES: Final = 512
AHEAD_PER_WORKER: Final = 3
"""Chunks that are at work, done or on their way, for each worker."""

KEY_SETS_MAX: Final = 4_096
"""How many key sets go along with a chunk, the newest; acts of other authorities are verified in this process."""

Found = tuple[int, int, str, Answer] | None
"""Of a line, across the pipe: position, end of the envelope, `previous`, and what is said of the envelope."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines as they are sent to a worker. `keys`: key sets by authority in JSON, the same bytes until one is added."""

    raws: Sequence[bytes]
    keys: bytes
    ledger: str


def examined_elsewhere(chunk: Chunk) -> list[Found]:
    """Do the work of `examine`, and verify. In a worker process; None for a line in which anything is wrong."""
    tails = list(map(tail_of, chunk.raws))
    envelopes = [
        raw[ENVELOPE_BEGINS : tail[1]] for raw, tail in zip(chunk.raws, tails, strict=True) if tail is not None
    ]
    answered = iter(answers(Unchecked(envelopes, _key_sets(chunk.keys), chunk.ledger)))
    return [_found(tail, next(answered)) if tail is not None else None for tail in tails]


def _found(tail: tuple[int, int, str], answer: Answer) -> Found:
    # A refusal is found again, and worded, by whoever judges the line. An envelope that is none of JSON is refused.
    return (*tail, answer) if isinstance(answer, tuple) else None


@lru_cache(maxsize=2)
def _key_sets(encoded: bytes) -> dict[str, KeySet]:
    return msgspec.json.decode(encoded, type=dict[str, KeySet])


@dataclass(frozen=True, slots=True)
class _Sent:
    """A chunk under way: its lines, and what was known when it was sent."""

    lines: Sequence[Line]
    keys: Mapping[str, KeySet]
    ledger: str


@dataclass
class Ahead:
    """Examines the lines of one audit by `workers`. `alone`: so many lines are examined here before any is sent."""

    workers: Workers
    alone: int = ALONE_MAX
    chunk_lines: int = CHUNK_LINES
    _keys: dict[str, KeySet] = field(default_factory=dict)
    _new: dict[str, KeySet] = field(default_factory=dict)
    _encoded: bytes = b"{}"
    _ledger: str = ""

    def examined(self, lines: Iterable[Line]) -> Iterator[Examined]:
        """Yield every line as examined, in order. What `lines` raises is raised where the line would have come.

        Raises Undecidable where a worker was lost.
        """
        lines = iter(lines)
        for line in islice(lines, max(self.alone, 1)):
            yield self._noted(examine(line))
        sent: deque[_Sent] = deque()
        stopped: list[Exception] = []
        chunks = self._chunks(lines, sent, stopped)
        ahead = AHEAD_PER_WORKER * max(self.workers.count, 1)
        try:
            for found in self.workers.map(examined_elsewhere, chunks, ahead=ahead):
                yield from map(self._noted, _received(sent.popleft(), found))
        except WorkersLost as error:
            raise Undecidable(f"{error} With --jobs 1 an audit needs no worker.") from None
        if stopped:
            raise stopped[0]

    def _chunks(self, lines: Iterator[Line], sent: deque[_Sent], stopped: list[Exception]) -> Iterator[Chunk]:
        """Yield the lines in chunks, each with what is known when it is asked for."""
        while not stopped:
            part: list[Line] = []
            try:
                for line in islice(lines, self.chunk_lines):
                    part.append(line)
            except Exception as error:
                # The lines before have their say first.
                stopped.append(error)
            if not part:
                return
            if self._new:
                newest = list((self._keys | self._new).items())[-KEY_SETS_MAX:]
                self._keys, self._new = dict(newest), {}
                self._encoded = msgspec.json.encode(self._keys)
            sent.append(_Sent(part, self._keys, self._ledger))
            yield Chunk([line.raw for line in part], self._encoded, self._ledger)

    def _noted(self, examined: Examined) -> Examined:
        """Remember what the event says that workers have to know, whether it is true or not."""
        if isinstance(examined.envelope, Envelope):
            event = examined.envelope.event
            self._ledger = self._ledger or event.ledger
            if event.type in REGISTERING_TYPES:
                self._new.update(registered_keys(event))
        return examined


def _received(sent: _Sent, found: Sequence[Found]) -> list[Examined]:
    """Return the lines of a chunk as examined, from what a worker found."""
    pairs = list(zip(sent.lines, found, strict=True))
    entries = [entry_elsewhere(line.raw, *one[:3]) for line, one in pairs if one is not None]
    said = received(
        Unchecked([entry.envelope for entry in entries], sent.keys, sent.ledger),
        [one[3] for one in found if one is not None],
    )
    known = iter(zip(entries, said, strict=True))
    return [_examined(line, *next(known), sent) if one is not None else examine(line) for line, one in pairs]


def _examined(line: Line, entry: Entry, checked: Checked | Refused, sent: _Sent) -> Examined:
    if isinstance(checked, Refused):
        # It is canonical and signed, but no event.
        return examine(line)
    envelope = checked.envelope
    if checked.verified is None:
        return Examined(line, entry, envelope)
    keys = sent.keys[envelope.event.authority]
    return Examined(line, entry, envelope, Elsewhere(checked.verified, keys, sent.ledger))


def auditor_by(workers: Workers) -> Auditor:
    """Return a new auditor whose lines are examined by `workers`, or here if there are none."""
    return Auditor(None, Ahead(workers).examined) if workers.count else Auditor()
