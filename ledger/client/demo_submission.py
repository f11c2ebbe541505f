"""Acts of a demonstration on their way into a ledger: what is there is found again, what is missing is submitted.

Read from the log itself, which is never out of date. Every act that is counted as admitted has a receipt that was
verified against the entry as the log serves it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ledger.client.answers import Admission, Problem
from ledger.client.demo_acts import Act, Chains, DemoSigner
from ledger.client.http import LedgerClient
from ledger.client.proof import check_holds, prove
from ledger.client.scenario import Step
from ledger.events.header import Event
from ledger.events.openings import LedgerOpened
from ledger.events.refusals import Refusal
from ledger.events.stages import Envelope
from ledger.log.entry import parse_entry
from ledger.log.note import VerifierKey
from ledger.signing.dsse import parse

BATCH_ACTS: Final = 50
"""Small enough for a progress bar that moves."""

CHAIN_BROKEN: Final = frozenset({Refusal.SEQUENCE_MISMATCH, Refusal.PREVIOUS_MISMATCH})
"""What follows for an authority's later acts of the same batch when one of them is refused."""


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    """A step that the ledger refused, and why."""

    step: Step
    problem: Problem


@dataclass(frozen=True, slots=True)
class Held:
    """An act as the log holds it."""

    envelope: Envelope
    position: int
    recorded_at: datetime

    @property
    def event(self) -> Event:
        return self.envelope.event


@dataclass(frozen=True, slots=True)
class Seen:
    """What the log holds: the acts that were looked for by event id, and each authority's last act."""

    acts: dict[str, Held]
    chains: Chains
    opening: Envelope | None


def held(raw: bytes) -> Held:
    """Return the act of an entry. Raises LogInvalid, Rejected."""
    entry = parse_entry(raw)
    return Held(parse(entry.envelope), entry.position, entry.recorded_at)


def read_log(client: LedgerClient, is_wanted: Callable[[Event], bool]) -> Seen:
    """Return what the log holds, read entry by entry: the only answer that cannot be out of date."""
    acts: dict[str, Held] = {}
    chains = Chains()
    opening: Envelope | None = None
    after = 0
    while page := client.entries(after):
        for act in map(held, page):
            chains = chains.after(act.envelope)
            if isinstance(act.event, LedgerOpened):
                opening = act.envelope
            if is_wanted(act.event):
                acts[act.event.id] = act
        after += len(page)
    return Seen(acts, chains, opening)


def verified(
    client: LedgerClient, admission: Admission, envelope: bytes, origin: str, vkeys: Sequence[VerifierKey]
) -> Held:
    """Return an act as the log holds it, once its receipt was verified. Raises LogInvalid, Rejected."""
    entry = client.entry_of(admission.event)
    check_holds(prove(admission.receipt.encode(), entry, origin, vkeys), parse(envelope))
    return held(entry)


@dataclass(slots=True)
class Submission:
    """The work of one run: what is waiting, what was admitted or refused, how the chains stand."""

    client: LedgerClient
    signer: DemoSigner
    vkeys: Sequence[VerifierKey]
    chains: Chains
    waiting: list[Step]
    refused: list[NotAdmitted] = field(default_factory=list)
    admitted: list[Held] = field(default_factory=list)

    def run(self) -> Iterator[int]:
        """Submit batch after batch; yield after each how many steps are settled."""
        while self.waiting:
            batch, self.waiting = self.waiting[:BATCH_ACTS], self.waiting[BATCH_ACTS:]
            acts = self.signer.sign_steps(batch, self.chains, datetime.now(UTC))
            outcomes = list(self.client.submit_many([act.envelope for act in acts]))
            again: list[Step] = []
            broken: set[str] = set()
            for act, outcome in zip(acts, outcomes, strict=True):
                if isinstance(outcome, Admission):
                    self._admit(act, outcome)
                elif outcome.code in CHAIN_BROKEN and act.authority in broken:
                    # Its own reason was never looked at: it is signed anew, as the next act of its authority.
                    again.append(act.step)
                else:
                    broken.add(act.authority)
                    self.refused.append(NotAdmitted(act.step, outcome))
            self.waiting = again + self.waiting
            yield len(self.admitted) + len(self.refused)

    def _admit(self, act: Act, admission: Admission) -> None:
        self.admitted.append(verified(self.client, admission, act.envelope, self.signer.origin, self.vkeys))
        self.chains = self.chains.after(parse(act.envelope))
