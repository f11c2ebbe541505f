"""A ledger in memory with keys, ids and a clock that are the same in every run, so that pages made from it are too.

The code that parses, verifies, decides and folds is that of the product and its intake; only the store is missing.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.client.draft import RANDOM_BYTES, new_event_id
from ledger.events.keys import key_id
from ledger.events.refusals import Refused, Rejected
from ledger.events.stages import Admitted, Envelope
from ledger.intake.decisions import Decisions, Submission
from ledger.log.note import Ed25519NoteSigner, ed25519_note_signer, format_vkey
from ledger.rules.decide import keys_of
from ledger.rules.memory import MemoryCompact, Overlay
from ledger.signing.dsse import parse
from ledger.signing.signer import Ed25519Signer
from ledger.signing.verify import verify
from ledger.store.appending import Found, Locked
from ledger.store.head import EMPTY, Head
from tests.acts import ORIGIN, Office

OPENED_AT: Final = datetime(2026, 1, 15, 12, 30, tzinfo=UTC)
"""When the first entry is recorded; each later one is recorded a minute after the one before."""

MINUTE: Final = timedelta(minutes=1)
IDS_FROM_MS: Final = 1_768_478_400_000
"""2026-01-15T12:00:00Z: the time in every id."""


def seeded(name: str) -> Ed25519Signer:
    """Return the key of `name`, the same in every run. A key for examples: anybody can make it."""
    private_key = Ed25519PrivateKey.from_private_bytes(sha256(f"example key of {name}".encode()).digest())
    spki = private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Ed25519Signer(private_key, spki, key_id(spki))


def log_signers() -> tuple[Ed25519NoteSigner, Ed25519NoteSigner]:
    """Return the key that signs the checkpoints of the example ledger, and its successor."""
    seeds = (sha256(words).digest() for words in (b"example key of the log", b"next example key of the log"))
    first, second = (ed25519_note_signer(ORIGIN, seed) for seed in seeds)
    return first, second


def office(authority: str, *, keys: int = 1, threshold: int = 1, ledger: str = ORIGIN) -> Office:
    """Return the desk of an authority whose keys are the same in every run."""
    signers = tuple(seeded(authority if number == 0 else f"{authority} {number}") for number in range(keys))
    return Office(authority.partition("/")[0], authority, ledger, signers, threshold)


def example_id(label: str) -> str:
    """Return the event id that belongs to a label."""
    return new_event_id(IDS_FROM_MS, sha256(label.encode()).digest()[:RANDOM_BYTES])


@dataclass
class MemoryLedger:
    """The folded state, how many entries made it, and where each act is: what a store would hand to the intake.

    `known`: a ledger whose keys are known from before, as a process knows those that it has read once.
    """

    compact: Overlay = field(default_factory=MemoryCompact)
    tree_size: int = 0
    found: dict[str, Found] = field(default_factory=dict)
    forced: list[Admitted] = field(default_factory=list)
    known: "MemoryLedger | None" = None

    @property
    def now(self) -> datetime:
        """When the next entry is recorded."""
        return OPENED_AT + self.tree_size * MINUTE

    def fork(self) -> "MemoryLedger":
        """Return a ledger in the same state, from where it goes its own way."""
        return MemoryLedger(Overlay(self.compact), self.tree_size, dict(self.found))

    def judge(self, raw: bytes) -> Admitted | Refused:
        """Return what the ledger says of a submission that is no duplicate, and keep everything as it is."""
        outcome = self._decided(raw)
        return outcome if isinstance(outcome, Refused) else outcome[0]

    def _decided(self, raw: bytes) -> list[Admitted] | Refused:
        """Return what is admitted, with what the rules force by it, or the refusal."""
        try:
            submission = self._submission(parse(raw))
        except Rejected as rejected:
            return rejected.refused
        decisions = Decisions([submission], ORIGIN, [format_vkey(one.vkey) for one in log_signers()], seeded("service"))
        head = Head(self.tree_size, EMPTY.root, EMPTY.last_sha256, None)
        decided = decisions.decide(Locked(head, self.now, self.compact, self.found))
        refused = decisions.verdicts[0].refused
        return refused if refused is not None else list(decided.admitted)

    def _submission(self, envelope: Envelope) -> Submission:
        """Return an envelope as the intake hands it over: verified where its keys are known before the decision."""
        if self.known is None:
            return Submission(envelope, None)
        keys = keys_of(self.known.compact, envelope.event)
        return Submission(envelope, verify(envelope, keys, ledger=ORIGIN))

    def submit(self, raw: bytes) -> Admitted | Refused:
        """Do what `judge` does, and record what is admitted; `forced` then has what the rules force by it."""
        outcome = self._decided(raw)
        if isinstance(outcome, Refused):
            return outcome
        recorded_at = self.now
        for admitted in outcome:
            self._record(admitted, recorded_at)
        self.forced = outcome[1:]
        return outcome[0]

    def _record(self, admitted: Admitted, recorded_at: datetime) -> None:
        self.tree_size += 1
        self.compact.apply(admitted, self.tree_size, recorded_at)
        envelope = admitted.verified.envelope
        event_id = envelope.event.id
        stream = self.compact.locate(event_id)
        assert stream is not None
        place = Found(self.tree_size, envelope.payload_sha256, self.tree_size, admitted.pending_on, stream)
        self.found[event_id] = place

    def admit(self, raw: bytes) -> Admitted:
        """Record a submission that has to be admitted."""
        outcome = self.submit(raw)
        assert isinstance(outcome, Admitted), outcome
        return outcome
