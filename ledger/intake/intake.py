"""Submissions in, outcomes out: parse, verify, decide, append and seal a batch in one transaction.

A receipt is given only for entries that are committed, and an outcome is the same however often the same bytes are
submitted. Bytes that are refused leave nothing behind.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Final, NamedTuple

from ledger.events.refusals import Refused
from ledger.intake.checking import Begun, Checker
from ledger.intake.decisions import Decisions, Place, Submission, Verdict, require_own
from ledger.intake.errors import WrongLedger
from ledger.intake.keys import KnownKeys
from ledger.intake.outcomes import Conflict, Outcome, Sealed
from ledger.intake.recent import Recent
from ledger.intake.sealing import Sealer
from ledger.log.note import NoteSigner, format_vkey
from ledger.rules.compact import LEDGER, Opened
from ledger.signing.signer import Signer
from ledger.signing.workers import Workers
from ledger.store.appending import Appended
from ledger.store.heads import HeadStore
from ledger.store.log import StoredLog

BATCH_MAX: Final = 10_000
"""Submissions in one transaction."""


def utc_now() -> datetime:
    """Return the time of this machine's clock."""
    return datetime.now(UTC)


class _Proof(NamedTuple):
    """The exact entry at a position, and its receipt at `tree_size`."""

    entry: bytes
    receipt: bytes
    tree_size: int


class Intake:
    """The way into the log `origin`. Thread-safe; several processes may have one each.

    `log_signers` are all keys of the log that this process holds; those in force at its tree size seal a checkpoint.
    `service_signer` signs what the rules force, and nothing else. `heads` keeps what was published apart from the
    database; without it, one that was put back to an earlier state is not noticed. `recent` is offered what was
    committed. `workers` check large groups; without them all is checked in the caller's thread.

    `now` is the clock that entries are dated by; an entry is never dated before the one before it. Raises WrongLedger
    for a log of another origin, of another service key, or with a key in force that is not held; LogRolledBack for one
    that holds less than was published. What a crash left without its checkpoint is sealed.
    """

    def __init__(
        self,
        log: StoredLog,
        origin: str,
        log_signers: Sequence[NoteSigner],
        service_signer: Signer,
        *,
        heads: HeadStore | None = None,
        recent: Recent | None = None,
        workers: Workers | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._log = log
        self._origin = origin
        self._signers = {format_vkey(signer.vkey): signer for signer in log_signers}
        self._service = service_signer
        self._now = now
        self._recent = recent
        self._checker = Checker(origin, KnownKeys(log), workers or Workers(0))
        self._sealer = Sealer(log, origin, self._signers, heads)
        self._appending = Lock()
        for signer in log_signers:
            if signer.vkey.name != origin:
                raise WrongLedger(f"expected a key of the log named {origin}, got {signer.vkey.name}")
        self.require_own()
        self.require_published()
        self._sealer.put_back()
        if (note := self.checkpoint()) is not None:
            self._sealer.keep_head(note)
        self._checker.prepare()

    def require_own(self) -> None:
        """Raise WrongLedger if this process cannot seal what the log holds by now: others may have adopted new keys."""
        ledger = self._log.state(LEDGER)
        held = self._signers.keys()
        require_own(ledger if isinstance(ledger, Opened) else None, self._origin, held, self._service)

    def require_published(self) -> None:
        """Raise LogRolledBack if the database holds less than was published, or something else."""
        self._sealer.require_published()

    def settle(self) -> None:
        """Make sure that the newest checkpoint is stored; for a moment in which nothing else is to do.

        Raises StoreError; what was given out is safe even then.
        """
        self._sealer.settle()

    def submit(self, raws: Sequence[bytes]) -> list[Outcome]:
        """Return the outcome of each of `raws`, at most BATCH_MAX envelopes, in order; all in one transaction.

        Raises StoreError if nothing was recorded or the commit is uncertain, SealingFailed if the receipts could not
        be made; after either the same bytes may be submitted again. Raises WrongLedger, and ValueError for too many.
        """
        if len(raws) > BATCH_MAX:
            raise ValueError(f"expected at most {BATCH_MAX} submissions, got {len(raws)}")
        return self.record(self.finish_check(self.begin_check(raws)))

    def begin_check(self, raws: Sequence[bytes]) -> Begun:
        """Begin to find out what can be said about `raws` while nothing is locked. Raises StoreError."""
        return self._checker.begin(raws)

    def finish_check(self, begun: Begun) -> list[Submission | Refused]:
        """Return it: each is refused, or to be recorded."""
        return self._checker.finish(begun)

    def record(self, checked: Sequence[Submission | Refused]) -> list[Outcome]:
        """Return the outcome of each of `checked`, in order; all in one transaction. Raises as `submit` does."""
        submissions = [one for one in checked if isinstance(one, Submission)]
        outcomes = iter(self._record(submissions) if submissions else ())
        return [one if isinstance(one, Refused) else next(outcomes) for one in checked]

    def first(self, event_id: str) -> Sealed | None:
        """Return the act `event_id` with the receipt that was first given for it, or None if it is not in the log."""
        found = self._log.find(event_id)
        if found is None:
            return None
        place = Place(event_id, found.position, found.payload_sha256, found.sealed_size, found.pending_on)
        return _sealed(place, self._proved_again([place])[found.position], duplicate=True)

    def checkpoint(self) -> bytes | None:
        """Return the checkpoint of all that is recorded now, signed if it was not yet; None if nothing is recorded."""
        tree_size = self._log.head().tree_size
        return self._sealer.checkpoint(tree_size) if tree_size > 0 else None

    def _record(self, submissions: Sequence[Submission]) -> list[Outcome]:
        decisions = Decisions(submissions, self._origin, self._signers.keys(), self._service)
        envelopes = [submission.envelope for submission in submissions]
        with self._appending:
            carried = self._sealer.carried
            appended = self._log.application.append(envelopes, decisions.decide, self._now, carried)
        # Committed. A crash from here on costs the submitters their answer and nothing else: the same bytes, submitted
        # again, are found and sealed with the same receipt.
        places = [verdict.place for verdict in decisions.verdicts if verdict.place is not None]
        proved = self._proved_again([place for place in places if place.sealed_size is not None])
        if appended.entries:
            if self._recent is not None:
                self._recent.offer(appended.entries, decisions.admitted)
            assert decisions.ledger is not None
            note = self._sealer.seal(appended, decisions.ledger, carried)
            proved |= self._proved([place for place in places if place.sealed_size is None], appended, note)
        return [_outcome(verdict, proved) for verdict in decisions.verdicts]

    def _proved(self, places: Sequence[Place], appended: Appended, note: bytes) -> dict[int, _Proof]:
        """Return the proofs of acts that were just committed, by position."""
        first, tree_size = appended.entries[0].position, appended.head.tree_size
        positions = list(dict.fromkeys(place.position for place in places))
        receipts = self._sealer.receipts(appended, [position - 1 for position in positions], note)
        entries = appended.entries
        return {
            position: _Proof(entries[position - first].raw, receipt, tree_size)
            for position, receipt in zip(positions, receipts, strict=True)
        }

    def _proved_again(self, places: Collection[Place]) -> dict[int, _Proof]:
        """Return the proofs of acts that had been recorded before, at the tree sizes of their first receipts."""
        by_size: defaultdict[int, set[int]] = defaultdict(set)
        for place in places:
            assert place.sealed_size is not None
            by_size[place.sealed_size].add(place.position)
        entries = self._log.entries_at({place.position for place in places})
        proved: dict[int, _Proof] = {}
        for tree_size, positions in by_size.items():
            receipts = self._sealer.receipts_again(tree_size, [position - 1 for position in positions])
            for position, receipt in zip(positions, receipts, strict=True):
                proved[position] = _Proof(entries[position], receipt, tree_size)
        return proved


def _outcome(verdict: Verdict, proved: Mapping[int, _Proof]) -> Outcome:
    refused, place = verdict.refused, verdict.place
    if place is None:
        assert refused is not None
        return refused
    proof = proved[place.position]
    if refused is not None:
        return Conflict(refused, _sealed(place, proof, duplicate=True))
    return _sealed(place, proof, duplicate=verdict.duplicate)


def _sealed(place: Place, proof: _Proof, *, duplicate: bool) -> Sealed:
    return Sealed(
        event_id=place.event_id,
        position=place.position,
        entry=proof.entry,
        receipt=proof.receipt,
        pending_on=place.pending_on,
        duplicate=duplicate,
        tree_size=proof.tree_size,
    )
