"""A scenario played into a ledger in memory: signed with demonstration keys, decided by the rules, none refused."""

import secrets
from datetime import datetime
from pathlib import Path

from ledger.client.demo_acts import OPENING_LABEL, Chains, DemoSigner
from ledger.client.demo_keys import DemoKeys
from ledger.client.opening import Opening, opening_draft
from ledger.client.scenario import Scenario
from ledger.events.registry import service_authority
from ledger.events.stages import Admitted
from ledger.log.note import ed25519_note_signer, format_vkey
from ledger.rules.decide import decide, keys_of
from ledger.rules.memory import MemoryCompact
from ledger.signing.dsse import parse
from ledger.signing.signer import generate_ed25519, key_record
from ledger.signing.verify import verify

ORIGIN = "localhost/played"


def played(scenario: Scenario, directory: Path, at: datetime) -> MemoryCompact:
    """Return the ledger that holds the whole scenario, every act of it recorded at one instant."""
    signer = DemoSigner(ORIGIN, DemoKeys(directory, ORIGIN))
    envelopes = [_opening(scenario, signer, at)]
    chains = Chains().after(parse(envelopes[0]))
    envelopes += [act.envelope for act in signer.sign_steps(scenario.steps, chains, at)]
    compact = MemoryCompact()
    for position, raw in enumerate(envelopes, start=1):
        envelope = parse(raw)
        outcome = decide(compact, verify(envelope, keys_of(compact, envelope.event), ledger=ORIGIN), at)
        assert isinstance(outcome, Admitted), (envelope.event, outcome)
        compact.apply(outcome, position, at)
    return compact


def _opening(scenario: Scenario, signer: DemoSigner, at: datetime) -> bytes:
    office = scenario.depositary
    log_signer = ed25519_note_signer(ORIGIN, secrets.token_bytes(32))
    opening = Opening(
        origin=ORIGIN,
        name=scenario.name,
        purpose=scenario.purpose,
        beneficiary=scenario.beneficiary,
        depositary=office,
        service_key=key_record(generate_ed25519(), ORIGIN, service_authority(office.party)),
        log_keys=(format_vkey(log_signer.vkey),),
    )
    draft = opening_draft(opening, [signer.keys.key_of(office.authority)], threshold=1)
    return signer.sign(draft, OPENING_LABEL, Chains().last(office.authority), at)[0]
