"""Submissions in, outcomes out: parse, verify, decide, append and seal a batch in one transaction.

A receipt is given only for entries that are committed, and an outcome is the same however often the same bytes are
submitted. Bytes that are refused leave nothing behind.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from typing import Final

from ledger.events.keys import KeySet
from ledger.events.refusals import Refusal, Refused, Rejected
from ledger.events.stages import Envelope
from ledger.intake.decisions import Decisions, Place, Submission, Verdict, require_own
from ledger.intake.errors import WrongLedger
from ledger.intake.keys import KnownKeys
from ledger.intake.outcomes import Conflict, Outcome, Sealed
from ledger.intake.recent import Recent
from ledger.intake.sealing import Sealer
from ledger.log.note import NoteSigner, format_vkey
from ledger.rules.compact import LEDGER, Opened
from ledger.signing.dsse import parse
from ledger.signing.signer import Signer
from ledger.signing.verify import verify
from ledger.store.appending import Appended
from ledger.store.head import EMPTY
from ledger.store.heads import HeadStore
from ledger.store.log import StoredLog

BATCH_MAX: Final = 10_000
"""Submissions in one transaction."""


def utc_now() -> datetime:
    """Return the time of this machine's clock."""
    return datetime.now(UTC)


class Intake:
    """The way into the log `origin`. Thread-safe; several processes may have one each.

    `log_signers` are all keys of the log that this process holds; those in force at its tree size seal a checkpoint.
    `service_signer` signs what the rules force, and nothing else. `heads` keeps what was published apart from the
    database; without it, one that was put back to an earlier state is not noticed. `recent` is offered what was
    committed.

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
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._log = log
        self._origin = origin
        self._signers = {format_vkey(signer.vkey): signer for signer in log_signers}
        self._service = service_signer
        self._now = now
        self._recent = recent
        self._keys = KnownKeys(log)
        self._sealer = Sealer(log, origin, self._signers, heads)
        self._appending = Lock()
        for signer in log_signers:
            if signer.vkey.name != origin:
                raise WrongLedger(f"expected a key of the log named {origin}, got {signer.vkey.name}")
        self.require_own()
        self.require_published()
        if (note := self.checkpoint()) is not None:
            self._sealer.keep_head(note)

    def require_own(self) -> None:
        """Raise WrongLedger if this process cannot seal what the log holds by now: others may have adopted new keys."""
        ledger = self._log.state(LEDGER)
        held = self._signers.keys()
        require_own(ledger if isinstance(ledger, Opened) else None, self._origin, held, self._service)

    def require_published(self) -> None:
        """Raise LogRolledBack if the database holds less than was published, or something else."""
        self._sealer.require_published()

    def submit(self, raws: Sequence[bytes]) -> list[Outcome]:
        """Return the outcome of each of `raws`, at most BATCH_MAX envelopes, in order; all in one transaction.

        Raises StoreError if nothing was recorded or the commit is uncertain, SealingFailed if the receipts could not
        be made; after either the same bytes may be submitted again. Raises WrongLedger, and ValueError for too many.
        """
        if len(raws) > BATCH_MAX:
            raise ValueError(f"expected at most {BATCH_MAX} submissions, got {len(raws)}")
        checked = self._checked(raws)
        submissions = [one for one in checked if isinstance(one, Submission)]
        outcomes = iter(self._record(submissions) if submissions else ())
        return [one if isinstance(one, Refused) else next(outcomes) for one in checked]

    def first(self, event_id: str) -> Sealed | None:
        """Return the act `event_id` with the receipt that was first given for it, or None if it is not in the log."""
        found = self._log.find(event_id)
        if found is None:
            return None
        place = Place(event_id, found.position, found.payload_sha256, found.sealed_size, found.pending_on)
        return self._proved([place], Appended(EMPTY, (), {}))[found.position]

    def checkpoint(self) -> bytes | None:
        """Return the checkpoint of all that is recorded now, signed if it was not yet; None if nothing is recorded."""
        tree_size = self._log.head().tree_size
        return self._sealer.checkpoint(tree_size) if tree_size > 0 else None

    def _checked(self, raws: Sequence[bytes]) -> list[Submission | Refused]:
        """Parse, and verify with the keys that are known, while nothing is locked."""
        parsed = [_parsed(raw) for raw in raws]
        keys = self._keys.of({one.event.authority for one in parsed if isinstance(one, Envelope)})
        return [one if isinstance(one, Refused) else self._verified(one, keys) for one in parsed]

    def _verified(self, envelope: Envelope, keys: Mapping[str, KeySet]) -> Submission | Refused:
        try:
            return Submission(envelope, verify(envelope, keys.get, ledger=self._origin))
        except Rejected as rejected:
            if rejected.refused.refusal is not Refusal.AUTHORITY_UNKNOWN:
                return rejected.refused
        # Its authority may be granted earlier in this batch, or by the opening itself: verified under the lock.
        return Submission(envelope, None)

    def _record(self, submissions: Sequence[Submission]) -> list[Outcome]:
        decisions = Decisions(submissions, self._origin, self._signers.keys(), self._service)
        with self._appending:
            envelopes = [submission.envelope for submission in submissions]
            appended = self._log.application.append(envelopes, decisions.decide, self._now)
        # Committed. A crash from here on costs the submitters their answer and nothing else: the same bytes, submitted
        # again, are found and sealed with the same receipt.
        if appended.entries:
            if self._recent is not None:
                self._recent.offer(appended.entries, decisions.admitted)
            assert decisions.ledger is not None
            self._sealer.seal(appended.head.tree_size, appended.head.root, decisions.ledger, appended.tiles)
        proved = self._proved([v.place for v in decisions.verdicts if v.place is not None], appended)
        return [_outcome(verdict, proved) for verdict in decisions.verdicts]

    def _proved(self, places: Collection[Place], appended: Appended) -> dict[int, Sealed]:
        """Return the acts at `places` by position, each with its receipt at the tree size that it was first given."""
        entries = {entry.position: entry.raw for entry in appended.entries}
        by_size: defaultdict[int, dict[int, Place]] = defaultdict(dict)
        for place in places:
            by_size[place.sealed_size or appended.head.tree_size][place.position] = place
        entries |= self._log.entries_at({place.position for place in places} - entries.keys())
        proved: dict[int, Sealed] = {}
        for tree_size, sealed in by_size.items():
            receipts = self._sealer.receipts(tree_size, list(sealed), appended.tiles)
            for (position, place), receipt in zip(sealed.items(), receipts, strict=True):
                proved[position] = Sealed(
                    event_id=place.event_id,
                    position=position,
                    entry=entries[position],
                    receipt=receipt,
                    pending_on=place.pending_on,
                    duplicate=True,
                    tree_size=tree_size,
                )
        return proved


def _parsed(raw: bytes) -> Envelope | Refused:
    try:
        return parse(raw)
    except Rejected as rejected:
        return rejected.refused


def _outcome(verdict: Verdict, proved: Mapping[int, Sealed]) -> Outcome:
    refused, place = verdict.refused, verdict.place
    if place is None:
        assert refused is not None
        return refused
    sealed = proved[place.position]
    if refused is not None:
        return Conflict(refused, sealed)
    return sealed if verdict.duplicate else replace(sealed, duplicate=False)
