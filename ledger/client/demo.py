"""The demonstration: a scenario signed and submitted through the public interface, as its parties would.

Done once, it is found again: acts that the ledger holds are not submitted a second time, and a run that was cut off
goes on where it was. Every receipt that is counted was verified.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ledger.client.answers import LedgerInfo
from ledger.client.demo_acts import OPENING_LABEL, Chains, DemoSigner, demo_event_id
from ledger.client.demo_keys import DemoKeys
from ledger.client.demo_submission import NotAdmitted, Seen, Submission, read_log, verified
from ledger.client.errors import ClientError
from ledger.client.http import LedgerClient
from ledger.client.opening import Opening, opening_draft
from ledger.client.scenario import Office, Scenario
from ledger.client.workspace import log_keys
from ledger.events.openings import LedgerOpened
from ledger.log.note import VerifierKey

KEYS_DIRECTORY: Final = "demo-keys"
ELSEWHERE: Final = "Use another ledger, or DATA of its own for the demonstration: make demo DATA=…"

Progress = Callable[[int, int], None]
"""Told how many acts of how many are settled."""


@dataclass(frozen=True, slots=True)
class Demonstrated:
    """What the ledger holds of the scenario now. `submitted` acts are of this run, `found` of earlier ones.

    The receipt of each that was submitted was verified.
    """

    info: LedgerInfo
    submitted: int
    found: int
    refused: tuple[NotAdmitted, ...]


def demo_signer(origin: str, directory: Path) -> DemoSigner:
    """Return who signs for every party of the demonstration on the ledger `origin`, with the keys in `directory`."""
    return DemoSigner(origin, DemoKeys(directory / KEYS_DIRECTORY, origin))


def demonstrate(client: LedgerClient, scenario: Scenario, directory: Path, progress: Progress) -> Demonstrated:
    """Bring everything of `scenario` that is missing into the ledger. Keys are in `directory`/demo-keys.

    Raises ClientError: for a ledger that somebody else opened, for keys that are lost, and as requests do; LogInvalid
    for a receipt that does not verify.
    """
    info = client.ledger()
    vkeys = log_keys(info.log_keys)
    signer = demo_signer(info.origin, directory)
    if not info.opened:
        _open(client, scenario, signer, info, vkeys)
    wanted = {demo_event_id(info.origin, step.label) for step in scenario.steps}
    seen = read_log(client, lambda event: event.id in wanted)
    missing = [step for step in scenario.steps if demo_event_id(info.origin, step.label) not in seen.acts]
    check_opened_by(signer, seen)
    if missing:
        # Without the keys the scenario can still be shown, as long as all of it is there.
        check_keys(signer, scenario.depositary, seen)
    found = len(scenario.steps) - len(missing)
    submission = Submission(client, signer, vkeys, seen.chains, missing)
    for settled in submission.run():
        progress(found + settled, len(scenario.steps))
    progress(len(scenario.steps), len(scenario.steps))
    return Demonstrated(client.ledger(), len(submission.admitted), found, tuple(submission.refused))


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
    verified(client, client.submit(envelope), envelope, info.origin, vkeys)


def check_opened_by(signer: DemoSigner, seen: Seen) -> None:
    """Raise ClientError unless the ledger was opened by this demonstration."""
    event = seen.opening.event if seen.opening is not None else None
    if event is None or event.id != demo_event_id(signer.origin, OPENING_LABEL):
        raise ClientError("a ledger that this demonstration opened", "one that somebody else opened", ELSEWHERE)


def check_keys(signer: DemoSigner, depositary: Office, seen: Seen) -> None:
    """Raise ClientError unless the keys that are here are those that the ledger was opened with."""
    here = signer.keys.key_of(depositary.authority)
    registered = signer.keys.key_set_of(depositary.authority).keys[0].public_key
    event = seen.opening.event if seen.opening is not None else None
    if not isinstance(event, LedgerOpened) or registered not in {key.public_key for key in event.root.keys.keys}:
        expected = "the demonstration keys that the ledger was opened with"
        raise ClientError(expected, f"key {here.key_id}", ELSEWHERE)
