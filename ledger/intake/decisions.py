"""What is decided about a batch while the head is locked: each act in turn, in view of all before it.

In this order for each: its signatures, where they could not be verified before; its identity, by which a duplicate or
a conflict is told; the rules. What an act changes is seen by the next act of the same batch. What the rules force by it
follows at once, signed by the service key, so that no batch ends and nobody else's act comes in between.
"""

from base64 import b64decode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ledger.events.keys import key_id
from ledger.events.openings import LedgerOpened, LogKeysAdopted
from ledger.events.refusals import Refusal, Refused, Rejected
from ledger.events.stages import Admitted, Envelope, Verified
from ledger.intake.errors import WrongLedger
from ledger.rules.compact import Opened, opened
from ledger.rules.decide import decide, keys_of
from ledger.rules.forced import next_due
from ledger.rules.memory import Overlay
from ledger.signing.checking import Checked
from ledger.signing.dsse import parse
from ledger.signing.signer import Signer, sign_payload
from ledger.signing.verify import verify
from ledger.store.appending import Decided, Found, Locked

SHOWN_CHARACTERS: Final = 80
"""How much of a verifier key a message repeats: name and id, and the beginning of the key."""


Submission = Checked
"""A parsed envelope; its `verified` is None as long as the keys of its authority are not known."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an act is recorded. `sealed_size` is None for a batch that is not committed yet."""

    event_id: str
    position: int
    payload_sha256: str
    sealed_size: int | None
    pending_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Refused, or recorded at a place; both for a conflict, whose place is that of the first act of this id."""

    refused: Refused | None
    place: Place | None
    duplicate: bool


@dataclass
class Decisions:
    """Decides on `submissions` for the log `origin`. `log_keys` are those that this process can seal with.

    `service` signs what the rules force. `ledger` is the ledger's own state after what was decided, `admitted` what of
    it is to be appended, with what the rules forced.
    """

    submissions: Sequence[Submission]
    origin: str
    log_keys: Collection[str]
    service: Signer
    ledger: Opened | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    admitted: list[Admitted] = field(default_factory=list)

    def decide(self, locked: Locked) -> Decided:
        """Return what is to be appended; `verdicts` then has one verdict for each submission, in order.

        Raises WrongLedger if this log is not the intake's own.
        """
        require_own(opened(locked.compact), self.origin, self.log_keys, self.service)
        batch = _Batch(locked, Overlay(locked.compact))
        self.verdicts = [self._one(batch, submission) for submission in self.submissions]
        self.ledger, self.admitted = opened(batch.overlay), batch.admitted
        return Decided(batch.admitted, batch.overlay, batch.conflicting)

    def _one(self, batch: "_Batch", submission: Submission) -> Verdict:
        # 1. Signed by keys of an authority that is known by now: it may have been granted earlier in this batch.
        envelope, event = submission.envelope, submission.envelope.event
        try:
            verified = submission.verified or verify(envelope, keys_of(batch.overlay, event), ledger=self.origin)
        except Rejected as rejected:
            return Verdict(rejected.refused, None, duplicate=False)
        # 2. Identity.
        first = batch.places.get(event.id)
        if first is not None and first.payload_sha256 == envelope.payload_sha256:
            return Verdict(None, first, duplicate=True)
        if first is not None:
            batch.conflicting.append(envelope)
            return Verdict(_conflict(envelope, first), first, duplicate=False)
        # 3. The rules.
        outcome = self._refuse_foreign_keys(verified) or decide(batch.overlay, verified, batch.locked.recorded_at)
        if isinstance(outcome, Refused):
            return Verdict(outcome, None, duplicate=False)
        place = batch.admit(outcome)
        self._force(batch)
        return Verdict(None, place, duplicate=False)

    def _force(self, batch: "_Batch") -> None:
        """Append what the act just admitted forces: made, verified and decided as anybody else's act is."""
        while (due := next_due(batch.overlay)) is not None:
            envelope = parse(sign_payload(due.payload, [self.service]))
            verified = verify(envelope, keys_of(batch.overlay, envelope.event), ledger=self.origin)
            outcome = decide(batch.overlay, verified, batch.locked.recorded_at)
            assert isinstance(outcome, Admitted), outcome
            batch.admit(outcome)

    def _refuse_foreign_keys(self, verified: Verified) -> Refused | None:
        """An opening around other keys, or the adoption of some: nothing could be sealed here from then on."""
        event = verified.event
        if not isinstance(event, LedgerOpened | LogKeysAdopted):
            return None
        if lacking := lacking_keys(event.log_keys, self.log_keys):
            return Refused(Refusal.KEY_UNKNOWN, "log_keys that this server holds", lacking)
        if isinstance(event, LogKeysAdopted):
            return None
        if key_id(b64decode(event.service_key.public_key)) != self.service.key_id:
            return Refused(Refusal.KEY_UNKNOWN, f"service_key with id {self.service.key_id}", "another key")
        return None


class _Batch:
    """One batch being decided."""

    def __init__(self, locked: Locked, overlay: Overlay) -> None:
        self.locked = locked
        self.overlay = overlay
        self.admitted: list[Admitted] = []
        self.conflicting: list[Envelope] = []
        self.places = _places(locked.found)

    def admit(self, admitted: Admitted) -> Place:
        """Give the act its position and fold it in."""
        position = self.locked.head.tree_size + len(self.admitted) + 1
        self.overlay.apply(admitted, position, self.locked.recorded_at)
        self.admitted.append(admitted)
        envelope = admitted.verified.envelope
        place = Place(envelope.event.id, position, envelope.payload_sha256, None, admitted.pending_on)
        self.places[envelope.event.id] = place
        return place


def _places(found: Mapping[str, Found]) -> dict[str, Place]:
    return {
        event_id: Place(event_id, one.position, one.payload_sha256, one.sealed_size, one.pending_on)
        for event_id, one in found.items()
    }


def _conflict(envelope: Envelope, first: Place) -> Refused:
    expected = f"the payload recorded at position {first.position}, SHA-256 {first.payload_sha256}"
    return Refused(Refusal.EVENT_ID_CONFLICT, expected, envelope.payload_sha256)


def require_own(ledger: Opened | None, origin: str, log_keys: Collection[str], service: Signer) -> None:
    """Raise WrongLedger if the log is another ledger's, or if not all of its keys in force are among `log_keys`."""
    if ledger is None:
        return
    if ledger.origin != origin:
        raise WrongLedger(f"expected the ledger {origin} in this database, found {ledger.origin}")
    if lacking := lacking_keys(ledger.log_keys, log_keys):
        raise WrongLedger(f"expected every key of the log that is in force, found none for {lacking}")
    if key_id(b64decode(ledger.service_key.public_key)) != service.key_id:
        raise WrongLedger(f"expected the service key that the ledger was opened around, got {service.key_id}")


def lacking_keys(wanted: Sequence[str], held: Collection[str]) -> str:
    """Return, for a message, those of the verifier keys `wanted` that are not `held`; empty if all are."""
    return ", ".join(text[:SHOWN_CHARACTERS] for text in wanted if text not in held)
