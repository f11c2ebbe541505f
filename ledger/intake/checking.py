"""Envelopes on their way in: parsed, and verified with the keys that are known, before anything is locked.

A large group is checked by worker processes, chunk by chunk; a small one here, where it is done before a worker would
have answered. What is said is the same.
"""

import re
from binascii import a2b_base64
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

import structlog

from ledger.events.refusals import Refused
from ledger.intake.keys import KnownKeys
from ledger.signing.checking import Answer, Checked, Unchecked, answers, check, received
from ledger.signing.workers import Workers, WorkersLost

WORTH_A_WORKER: Final = 64
"""Acts from which on a group goes to the workers: below, the way there and back takes longer than the work."""

CHUNK_MAX: Final = 125
"""Acts that one worker takes at a time: while it does, this process takes over those of the chunk before."""

_PAYLOAD: Final = re.compile(rb'\{"payload":"([A-Za-z0-9+/=]+)"')
_AUTHORITY: Final = re.compile(rb'"authority":"([^"\\]{1,200})"')

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """A check that is under way: chunks of envelopes, and where the answers will be; none where it is done here."""

    chunks: Sequence[Unchecked]
    answered: Sequence[Future[list[Answer]]]


class Checker:
    """Checks envelopes for the log `origin`, with the key sets of `keys`. Thread-safe."""

    def __init__(self, origin: str, keys: KnownKeys, workers: Workers) -> None:
        self._origin = origin
        self._keys = keys
        self._workers = workers

    def prepare(self) -> None:
        """Start a worker, so that the first large group need not wait 0.2 s until it has imported what it needs."""
        self._sent([Unchecked([], {}, self._origin)])

    def begin(self, raws: Sequence[bytes]) -> Begun:
        """Begin to check `raws`. Several may be under way, so that no worker waits for the next. Raises StoreError.

        Whose authority is not known yet is verified later, under the lock: it may be granted just before.
        """
        if len(raws) < WORTH_A_WORKER or self._workers.count == 0:
            return Begun([self._unchecked(raws)], ())
        chunks = [self._unchecked(raws[at : at + CHUNK_MAX]) for at in range(0, len(raws), CHUNK_MAX)]
        return Begun(chunks, self._sent(chunks))

    def _sent(self, chunks: Sequence[Unchecked]) -> list[Future[list[Answer]]]:
        """Send chunks to the workers; none are sent where no process can be started."""
        try:
            return [self._workers.submit(answers, chunk) for chunk in chunks]
        except OSError as error:
            # No memory, or no more processes.
            _log.error("workers_not_started", error=str(error))
            return []

    def finish(self, begun: Begun) -> list[Checked | Refused]:
        """Return what can be said about each envelope, in order, without the state of the ledger."""
        if not begun.answered:
            return [one for chunk in begun.chunks for one in check(chunk)]
        return [
            one
            for chunk, future in zip(begun.chunks, begun.answered, strict=True)
            for one in self._received(chunk, future)
        ]

    def _received(self, chunk: Unchecked, answered: Future[list[Answer]]) -> list[Checked | Refused]:
        try:
            answer: list[Answer] = self._workers.result(answered)
        except WorkersLost as error:
            _log.error("workers_lost", error=str(error))
            return check(chunk)
        return received(chunk, answer)

    def _unchecked(self, raws: Sequence[bytes]) -> Unchecked:
        names = {name for raw in raws if (name := _said_authority(raw)) is not None}
        return Unchecked(raws, self._keys.of(names), self._origin)


def _said_authority(raw: bytes) -> str | None:
    """Return whose act this seems to be, without parsing it: only which keys are at hand depends on it."""
    payload = _PAYLOAD.match(raw)
    if payload is None:
        return None
    try:
        said = _AUTHORITY.search(a2b_base64(payload[1]))
        return said[1].decode() if said is not None else None
    except ValueError:
        return None
