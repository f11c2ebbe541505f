"""The demonstration: a scenario signed and submitted through the public interface, as its parties would.

Done once, it is found again: acts that the ledger holds are not submitted a second time, and a run that was cut off
goes on where it was. Every receipt that is counted was verified.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ledger.client.answers import Admission, LedgerInfo, Problem
from ledger.client.demo_acts import OPENING_LABEL, Act, Chains, DemoSigner, demo_event_id
from ledger.client.demo_keys import DemoKeys
from ledger.client.errors import ClientError
from ledger.client.http import LedgerClient
from ledger.client.opening import Opening, opening_draft
from ledger.client.proof import check_holds, prove
from ledger.client.scenario import Scenario, Step
from ledger.client.workspace import log_keys
from ledger.events.openings import LedgerOpened
from ledger.events.refusals import Refusal
from ledger.events.stages import Envelope
from ledger.log.entry import parse_entry
from ledger.log.note import VerifierKey
from ledger.signing.dsse import parse

KEYS_DIRECTORY: Final = "demo-keys"
BATCH_ACTS: Final = 50
"""Small enough for a progress bar that moves."""

CHAIN_BROKEN: Final = frozenset({Refusal.SEQUENCE_MISMATCH, Refusal.PREVIOUS_MISMATCH})
"""What follows for an authority's later acts of the same batch when one of them is refused."""

Progress = Callable[[int, int], None]
"""Told how many acts of how many are settled."""


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    """A step that the ledger refused, and why."""

    step: Step
    problem: Problem


@dataclass(frozen=True, slots=True)
class Demonstrated:
    """What the ledger holds of the scenario now. `submitted` acts are of this run, `found` of earlier ones.

    The receipt of each that was submitted was verified.
    """

    info: LedgerInfo
    submitted: int
    found: int
    refused: tuple[NotAdmitted, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the log holds: the entries of the scenario by event id, and each authority's last act."""

    entries: dict[str, bytes]
    chains: Chains
    opening: Envelope | None


def demonstrate(client: LedgerClient, scenario: Scenario, directory: Path, progress: Progress) -> Demonstrated:
    """Bring everything of `scenario` that is missing into the ledger. Keys are in `directory`/demo-keys.

    Raises ClientError: for a ledger that somebody else opened, for keys that are lost, and as requests do; LogInvalid
    for a receipt that does not verify.
    """
    info = client.ledger()
    vkeys = log_keys(info.log_keys)
    signer = DemoSigner(info.origin, DemoKeys(directory / KEYS_DIRECTORY, info.origin))
    if not info.opened:
        _open(client, scenario, signer, info, vkeys)
    seen = _read(client, info.origin, scenario)
    missing = [step for step in scenario.steps if demo_event_id(info.origin, step.label) not in seen.entries]
    _check_opening(seen, signer, scenario, any_missing=bool(missing))
    found = len(scenario.steps) - len(missing)
    submission = _Submission(client, signer, vkeys, seen.chains, missing)
    for settled in submission.run():
        progress(found + settled, len(scenario.steps))
    progress(len(scenario.steps), len(scenario.steps))
    return Demonstrated(client.ledger(), submission.admitted, found, tuple(submission.refused))


def _open(
    client: LedgerClient, scenario: Scenario, signer: DemoSigner, info: LedgerInfo, vkeys: Sequence[VerifierKey]
) -> None:
    """Sign and submit the opening around the keys that the server holds, and verify its receipt."""
    if info.service_key is None:
        raise ClientError(
            "a service key at /v1/ledger before the ledger is opened",
            "none",
            "Give the server LEDGER_SERVICE_KEY_FILE.",
        )
    office = scenario.depositary
    if info.depositary not in (None, office.party):
        expected = f"a server whose depositary is {office.party}"
        raise ClientError(expected, str(info.depositary), f"Start it with LEDGER_DEPOSITARY={office.party}.")
    opening = Opening(
        origin=info.origin,
        name=scenario.name,
        purpose=scenario.purpose,
        beneficiary=scenario.beneficiary,
        depositary=office,
        service_key=info.service_key,
        log_keys=info.log_keys,
    )
    draft = opening_draft(opening, [signer.keys.key_of(office.authority)], threshold=1)
    envelope, _ = signer.sign(draft, OPENING_LABEL, Chains().last(office.authority), datetime.now(UTC))
    _verified(client, client.submit(envelope), envelope, info.origin, vkeys)


def _verified(
    client: LedgerClient, admission: Admission, envelope: bytes, origin: str, vkeys: Sequence[VerifierKey]
) -> None:
    entry = client.entry_of(admission.event)
    check_holds(prove(admission.receipt.encode(), entry, origin, vkeys), parse(envelope))


def _read(client: LedgerClient, origin: str, scenario: Scenario) -> _Seen:
    """Return what the log holds of the scenario, read entry by entry: the only answer that cannot be out of date."""
    wanted = {demo_event_id(origin, step.label) for step in scenario.steps}
    entries: dict[str, bytes] = {}
    chains = Chains()
    opening: Envelope | None = None
    after = 0
    while page := client.entries(after):
        for raw in page:
            envelope = parse(parse_entry(raw).envelope)
            chains = chains.after(envelope)
            if isinstance(envelope.event, LedgerOpened):
                opening = envelope
            if envelope.event.id in wanted:
                entries[envelope.event.id] = raw
        after += len(page)
    return _Seen(entries, chains, opening)


def _check_opening(seen: _Seen, signer: DemoSigner, scenario: Scenario, *, any_missing: bool) -> None:
    """Raise ClientError unless the ledger was opened by this demonstration, with keys that are here if any are needed.

    Without the keys the scenario can still be shown, as long as all of it is there.
    """
    do = "Use another ledger, or DATA of its own for the demonstration: make demo DATA=…"
    event = seen.opening.event if seen.opening is not None else None
    if not isinstance(event, LedgerOpened) or event.id != demo_event_id(signer.origin, OPENING_LABEL):
        raise ClientError("a ledger that this demonstration opened", "one that somebody else opened", do)
    if not any_missing:
        return
    here = signer.keys.key_of(scenario.depositary.authority)
    registered = signer.keys.key_set_of(scenario.depositary.authority).keys[0].public_key
    if registered not in {record.public_key for record in event.root.keys.keys}:
        raise ClientError("the demonstration keys that the ledger was opened with", f"key {here.key_id}", do)


@dataclass(slots=True)
class _Submission:
    """The work of one run: what is waiting, what was refused, how the chains stand."""

    client: LedgerClient
    signer: DemoSigner
    vkeys: Sequence[VerifierKey]
    chains: Chains
    waiting: list[Step]
    refused: list[NotAdmitted] = field(default_factory=list)
    admitted: int = 0

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
            yield self.admitted + len(self.refused)

    def _admit(self, act: Act, admission: Admission) -> None:
        """Count an act, after its receipt was verified against the entry as the log serves it."""
        _verified(self.client, admission, act.envelope, self.signer.origin, self.vkeys)
        self.chains = self.chains.after(parse(act.envelope))
        self.admitted += 1
