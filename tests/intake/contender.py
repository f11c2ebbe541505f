"""A process that submits until it is told to stop or is killed, and writes down what it was given.

Whatever it does not hear of it submits again, the same bytes. Several of them sign for the same offices and use the
same event ids, so that of each place in an authority's chain one of them can have it and all others must be told so.
"""

import contextlib
import json
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger.client.draft import new_event_id
from ledger.events.refusals import Refused
from ledger.intake.intake import Intake
from ledger.intake.outcomes import Conflict, Outcome, Sealed
from ledger.log.note import ed25519_note_signer
from ledger.rules.compact import Authority
from ledger.signing.signer import load_signer
from ledger.store.errors import StoreUnavailable
from ledger.store.log import StoredLog
from tests.acts import Office

UNIX_MS = 1_767_225_600_000
FAULT_SECONDS_MAX = 60.0


def open_log(database_url: str) -> StoredLog:
    give_up = time.monotonic() + FAULT_SECONDS_MAX
    while True:
        try:
            return StoredLog(database_url)
        except StoreUnavailable:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)


def next_acts(log: StoredLog, offices: list[Office], name: str) -> list[bytes]:
    """Sign the next act of each office under the id that every contender would give it."""
    states = log.states([f"authority/{office.authority}" for office in offices]).states
    acts = []
    for office in offices:
        state = states[f"authority/{office.authority}"]
        assert isinstance(state, Authority)
        office.sequence, office.previous = state.sequence, state.previous
        seed = sha256(f"{office.authority} {office.sequence}".encode()).digest()
        event_id = new_event_id(UNIX_MS + office.sequence, seed[:10])
        names = [{"language": "en", "name": f"{office.party} as {name} has it, {office.sequence}"}]
        acts.append(office.proposed("party.renamed", event_id=event_id, subject=office.party, names=names))
    return acts


def submit_until_answered(intake: Intake, acts: list[bytes]) -> list[Outcome]:
    give_up = time.monotonic() + FAULT_SECONDS_MAX
    while True:
        try:
            return intake.submit(acts)
        except StoreUnavailable:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)


def told(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Refused():
            return {"outcome": "refused", "code": outcome.refusal}
        case Sealed():
            return {"outcome": "duplicate" if outcome.duplicate else "admitted", **_receipt(outcome)}
        case Conflict():
            return {"outcome": "conflict", **_receipt(outcome.first)}


def _receipt(sealed: Sealed) -> dict[str, Any]:
    return {
        "event": sealed.event_id,
        "position": sealed.position,
        "entry": sealed.entry.decode(),
        "receipt": sealed.receipt.decode(),
    }


def main(task: dict[str, Any]) -> None:
    signer = ed25519_note_signer(task["origin"], bytes.fromhex(task["log_seed"]))
    offices = [
        Office(party, f"{party}/principal", task["origin"], (load_signer(Path(key), None),))
        for party, key in task["keys"].items()
    ]
    with open_log(task["database_url"]) as log, Path(task["answers"]).open("a", encoding="utf-8") as answers:
        intake = Intake(log, task["origin"], [signer], load_signer(Path(task["service_key"]), None))
        sys.stdin.read()  # until it is let go
        deadline = time.monotonic() + task["seconds"]
        while time.monotonic() < deadline:
            with contextlib.suppress(StoreUnavailable):
                acts = next_acts(log, offices, task["name"])
                outcomes = submit_until_answered(intake, acts)
                # One write of whole lines: what a kill cuts off was not received.
                answers.write("".join(json.dumps(told(outcome)) + "\n" for outcome in outcomes))
                answers.flush()


if __name__ == "__main__":
    main(json.loads(sys.stdin.readline()))
