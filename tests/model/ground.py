"""Where every random history begins: a founded ledger, decided by the real rules, with offices whose keys are known.

Signatures are left out: nothing here depends on them, and they would cost more than everything else. What is verified
elsewhere is taken as verified, so a step costs what the rules and the comparison cost.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec

from ledger.events.refusals import Refused
from ledger.events.registry import decode
from ledger.events.stages import Admitted, Envelope, Verified
from ledger.rules.compact import authority
from ledger.rules.decide import decide
from ledger.rules.memory import MemoryCompact, Overlay
from ledger.signing.dsse import parse
from ledger.signing.signer import Signer, generate_ed25519
from tests.acts import BENEFICIARY, DEPOSITARY, ORIGIN, Office, admission, log_key, opening, principal
from tests.model.naive.asking import asked_in
from tests.model.naive.docket import Act, Docket, Payload, Reading

FOUNDED_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
STATES = ("gb", "de", "fr")
UNION = "eu"
OBSERVER = "kse"
GIVERS = (*STATES, UNION)
PARTIES = (BENEFICIARY, *GIVERS, OBSERVER)
ROLES = {
    BENEFICIARY: ("beneficiary",),
    UNION: ("guarantor", "sanctions_guarantor"),
    OBSERVER: ("observer",),
}
MINISTRIES = 3
"""How many offices each party can grant a mandate, beside its principal."""

NEWCOMERS = ("no", "tr", "pl")

SERVICE = f"{DEPOSITARY}/service"


@dataclass(frozen=True)
class Ground:
    """The founded ledger. Nobody changes it: each history goes on in an overlay and a copy of the docket.

    `envelopes`: the acts that founded it, signed. `signers`: who can sign for each office, by its id.
    """

    compact: MemoryCompact
    docket: Docket
    keys: dict[str, Any]
    newcomers: dict[str, Any]
    envelopes: tuple[bytes, ...]
    signers: dict[str, tuple[Signer, ...]]


def principal_of(party: str) -> str:
    return f"{party}/principal"


def ministry_of(party: str, number: int) -> str:
    return f"{party}/ministry-{number}"


def encoded(payload: Payload) -> bytes:
    """Return the bytes of a payload of plain ASCII: the same that RFC 8785 gives."""
    return msgspec.json.encode(payload, order="sorted")


def taken_as_verified(payload: bytes) -> Verified:
    """Return a payload as if its signatures had been checked. Raises Rejected where it is no event."""
    digest = sha256(payload).hexdigest()
    return Verified(Envelope(payload, payload, digest, (), decode(payload)))


def placed(compact: Overlay, office: str, event_id: str, issued_at: datetime) -> Payload:
    """Return the fields by which an act takes the next place in the chain of its office."""
    state = authority(compact, office)
    return {
        "version": 1,
        "ledger": ORIGIN,
        "id": event_id,
        "party": office.partition("/")[0],
        "authority": office,
        "sequence": state.sequence + 1 if state is not None else 1,
        "previous": state.previous if state is not None else "0" * 64,
        "issued_at": msgspec.to_builtins(issued_at),
    }


@cache
def ground() -> Ground:
    """Return the founded ledger, the same for every history of this process."""
    depositary = principal(DEPOSITARY)
    offices = {party: principal(party) for party in PARTIES}
    for office in (depositary, *offices.values()):
        office.issued_at = FOUNDED_AT
    service = generate_ed25519()
    raws = [opening(depositary, [log_key()], service)]
    raws += [admission(depositary, offices[party], *ROLES.get(party, ("guarantor",))) for party in PARTIES]
    compact, docket = MemoryCompact(), Docket()
    for raw in raws:
        payload = parse(raw).payload
        outcome = decide(compact, taken_as_verified(payload), FOUNDED_AT)
        assert not isinstance(outcome, Refused), outcome
        record(compact, Reading(docket), outcome, payload, FOUNDED_AT)
    granted = [_office(party, f"ministry-{number}") for party in PARTIES for number in range(MINISTRIES)]
    arriving = [principal(party) for party in NEWCOMERS]
    every = (depositary, *offices.values(), *granted, *arriving)
    return Ground(
        compact,
        docket,
        {office.authority: msgspec.to_builtins(office.keys) for office in granted},
        {office.party: msgspec.to_builtins(office.grant) for office in arriving},
        tuple(raws),
        {SERVICE: (service,), **{office.authority: office.signers for office in every}},
    )


def _office(party: str, name: str) -> Office:
    office = principal(party)
    office.authority = f"{party}/{name}"
    return office


def record(compact: Overlay, reading: Reading, outcome: Admitted, payload: bytes, recorded_at: datetime) -> Act:
    """Record an act in the real state and in the docket of the model, which says by itself whom the act asks.

    `reading`: how everything reads that is in the docket so far.
    """
    plain: Payload = msgspec.json.decode(payload)
    reading.now = recorded_at
    act = Act(reading.size + 1, recorded_at, plain, asked_in(reading, plain))
    compact.apply(outcome, act.position, recorded_at)
    reading.docket.add(act)
    return act
