"""Rounds over all witnesses: the newest checkpoint is shown to them at once, and what they sign is kept and published.

In a thread with an event loop of its own: nothing that a witness does, and nothing that happens here, reaches the
intake. A round is about one tree, so that its cosignatures can meet the policy together; while it lasts, newer trees
wait, and only the newest of them is asked about next. It is over when the policy is met or nobody is left to hear from.

Several processes of one log may each have one: a witness is asked by each of them, and each finds in the database what
the others gathered.
"""

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Thread
from typing import Final

import httpx
import structlog

from ledger.gathering.asked import Asked, Moment, asked_by, key_name, key_names
from ledger.gathering.published import Published, published
from ledger.gathering.standing import FAILING, Gathered, Quorum, Standing, WitnessStanding, quorum_of
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.errors import LogInvalid
from ledger.log.note import parse_note
from ledger.log.policy import Policy
from ledger.log.proofs import consistency_proof, tiles_needed_for_consistency
from ledger.store.cosignatures import Cosignature
from ledger.store.errors import StoreError
from ledger.store.log import StoredLog
from ledger.witness.asking import Alarm, Cosigned
from ledger.witness.connection import ask_witness, witness_http

LOOK_SECONDS: Final = 0.1
"""How often the newest checkpoint is looked at."""

ROUND_SECONDS_MIN: Final = 0.5
"""From one round to the next, however fast the log grows."""

STORE_SECONDS: Final = 1.0
"""How often the database is looked at for what other processes gathered."""

RECALLED_SIZES_MAX: Final = 256
FOREIGN_SIZES_MAX: Final = 4
THREADS_SPARE: Final = 4
STOP_SECONDS_MAX: Final = 10.0

Counted = Callable[[str, str], None]
"""Called with the policy's name of a witness and the kind of its answer."""

_log = structlog.get_logger(__name__)


class Gatherer:
    """Gathers the cosignatures that `policy` wants for the checkpoints of `log`, between `start` and `stop`.

    `newest` returns the newest checkpoint that was given out, or nothing before the first.
    """

    def __init__(self, policy: Policy, log: StoredLog, newest: Callable[[], bytes], counted: Counted) -> None:
        self._policy = policy
        self._log = log
        self._newest = newest
        self._counted = counted
        self._asked: tuple[Asked, ...] = ()
        self._published: Published | None = None
        self._note, self._size = b"", 0
        self._target, self._target_size = b"", 0
        self._round_from_s = self._behind_from_s = 0.0
        self._asking: set[asyncio.Task[None]] = set()
        self._thread = Thread(target=self._run, name="gatherer", daemon=True)
        self._stopping = Event()
        self._gathered = Gathered(policy, 0, None, (), Quorum.WAITING)

    @property
    def gathered(self) -> Gathered:
        """How it stands with all witnesses. Safe from any thread."""
        if self._thread.ident is not None and not self._thread.is_alive():
            return replace(self._gathered, quorum=Quorum.LOST)
        return self._gathered

    def start(self) -> None:
        """Recall what is stored, and begin. A gatherer is started once. Raises StoreError."""
        self._asked = asked_by(self._policy, self._log.newest_cosigned(key_names(self._policy.witnesses)))
        for size in self._log.cosigned_sizes(1, RECALLED_SIZES_MAX):
            if (found := self._judged(size)) is not None:
                self._published = found
                break
        now = _now()
        self._behind_from_s = now.steady_s
        self._look(now)
        self._thread.start()

    def stop(self) -> None:
        """Ask nobody any more, and return when that is so. What was being stored is stored or not."""
        self._stopping.set()
        if self._thread.ident is not None:
            # A name server that does not answer holds up its thread, and not the end of the ledger.
            self._thread.join(STOP_SECONDS_MAX)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            # Names of hosts are looked up in these threads too, and one of them may take its time for each witness.
            threads = ThreadPoolExecutor(len(self._asked) + THREADS_SPARE, "gatherer")
            runner.get_loop().set_default_executor(threads)
            try:
                runner.run(self._gather())
            except Exception as error:
                _log.critical("gathering_ended", exc_info=error)

    async def _gather(self) -> None:
        async with witness_http() as http:
            foreign = asyncio.create_task(self._look_around())
            try:
                while not self._stopping.is_set():
                    now = _now()
                    self._look(now)
                    self._ask_all(http, now)
                    await asyncio.sleep(LOOK_SECONDS)
            finally:
                ending = [foreign, *self._asking]
                for task in ending:
                    task.cancel()
                await asyncio.gather(*ending, return_exceptions=True)

    def _look(self, now: Moment) -> None:
        """Look at the newest checkpoint, and say how everything stands."""
        note = self._newest()
        if note is not self._note and note:
            self._note, self._size = note, parse_checkpoint(parse_note(note).text).tree_size
            if self._policy.is_met_by(()):
                self._offer(published(self._policy, note, ()))
        before = self._gathered
        witnessed = self._published.tree_size if self._published is not None else 0
        if witnessed >= self._size or witnessed > before.witnessed_size or before.quorum is Quorum.MET:
            self._behind_from_s = now.steady_s
        standings = self._standings()
        quorum = quorum_of(
            self._policy,
            {one.witness.name: one.standing for one in standings},
            max(self._size - witnessed, 0),
            now.steady_s - self._behind_from_s,
        )
        size = max(self._size, witnessed)
        self._gathered = Gathered(self._policy, size, self._published, standings, quorum)
        _tell(before, self._gathered)

    def _standings(self) -> tuple[WitnessStanding, ...]:
        known = {one.witness.name: one for asked in self._asked for one in asked.standings()}
        nowhere = (Standing.NO_ADDRESS, 0, None, None, None)
        return tuple(known.get(one.name) or WitnessStanding(one, *nowhere) for one in self._policy.witnesses)

    def _ask_all(self, http: httpx.AsyncClient, now: Moment) -> None:
        """Begin a round if the last one is over, and ask everybody who should be asked about its tree."""
        if self._size > self._target_size and self._is_round_over() and now.steady_s >= self._round_from_s:
            self._target, self._target_size = self._note, self._size
            self._round_from_s = now.steady_s + ROUND_SECONDS_MIN
        if self._target_size == 0:
            return
        for asked in self._asked:
            if asked.wants(self._target_size, now):
                asked.is_busy = True
                task = asyncio.create_task(self._ask(http, asked, self._target, self._target_size))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)

    def _is_round_over(self) -> bool:
        witnessed = self._published.tree_size if self._published is not None else 0
        return witnessed >= self._target_size or not any(asked.is_busy for asked in self._asked)

    async def _ask(self, http: httpx.AsyncClient, asked: Asked, note: bytes, tree_size: int) -> None:
        """Ask one witness and keep what it says. Whatever happens, it is asked again, unless it was an alarm."""
        before = asked.standing
        try:
            outcome = await ask_witness(http, asked.url, asked.state, note, self._prove)
            if isinstance(outcome, Cosigned):
                self._offer(await asyncio.to_thread(self._kept, tree_size, outcome))
        except StoreError as error:
            asked.postpone(_now())
            _log.warning("cosignatures_not_kept", url=asked.url, error=str(error))
        except LogInvalid as error:
            asked.postpone(_now())
            _log.error("checkpoint_not_proved", url=asked.url, tree_size=tree_size, error=str(error))
        except Exception as error:
            # A defect of ours: this witness waits, the others are asked as before.
            asked.postpone(_now())
            _log.error("gathering_failed", url=asked.url, exc_info=error)
        else:
            asked.take(outcome, tree_size, _now())
            for witness in asked.witnesses:
                self._counted(witness.name, type(outcome).__name__.lower())
            if isinstance(outcome, Alarm):
                _log.error("witness_alarm", url=asked.url, tree_size=tree_size, reason=outcome.reason)
            elif asked.standing in FAILING and asked.standing is not before:
                _log.warning("witness_fails", url=asked.url, standing=str(asked.standing), reason=asked.error)
            elif before in FAILING and asked.standing is not before:
                _log.warning("witness_is_back", url=asked.url, tree_size=tree_size)
        finally:
            asked.is_busy = False

    def _prove(self, old_size: int, new_size: int) -> tuple[bytes, ...]:
        tiles = self._log.tiles(tiles_needed_for_consistency(old_size, new_size))
        return consistency_proof(old_size, new_size, tiles.__getitem__)

    def _kept(self, tree_size: int, outcome: Cosigned) -> Published | None:
        """Store the lines, and return what may be published of that tree by now."""
        lines = zip(outcome.timestamps.items(), outcome.lines, strict=True)
        kept = [Cosignature(key_name(vkey), timestamp, line) for (vkey, timestamp), line in lines]
        self._log.keep_cosignatures(tree_size, kept)
        return self._judged(tree_size)

    def _judged(self, tree_size: int) -> Published | None:
        note = self._log.checkpoint(tree_size)
        if note is None:
            return None
        return published(self._policy, note, [one.line for one in self._log.cosignatures(tree_size)])

    def _offer(self, found: Published | None) -> None:
        if found is not None and (self._published is None or found.rank > self._published.rank):
            self._published = found

    async def _look_around(self) -> None:
        """Take over what other processes gathered, as long as this one is behind."""
        while True:
            await asyncio.sleep(STORE_SECONDS)
            if self._gathered.witnessed_size < self._size:
                try:
                    self._offer(await asyncio.to_thread(self._foreign, self._gathered.witnessed_size + 1))
                except StoreError as error:
                    _log.warning("cosignatures_not_read", error=str(error))

    def _foreign(self, at_least: int) -> Published | None:
        sizes = self._log.cosigned_sizes(at_least, FOREIGN_SIZES_MAX)
        return next((found for size in sizes if (found := self._judged(size)) is not None), None)


def _tell(before: Gathered, now: Gathered) -> None:
    """Tell the operator when the quorum is lost, and when it is back."""
    if now.quorum is before.quorum:
        return
    sizes = {"tree_size": now.tree_size, "witnessed_size": now.witnessed_size}
    if now.quorum is Quorum.LOST:
        failing = [one.witness.name for one in now.witnesses if one.standing is not Standing.COSIGNING]
        _log.error("quorum_lost", **sizes, failing=failing)
    elif before.quorum is Quorum.LOST and now.quorum is Quorum.MET:
        _log.warning("quorum_regained", **sizes)


def _now() -> Moment:
    return Moment(int(time.time()), time.monotonic(), random.random())
