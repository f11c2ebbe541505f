"""Who takes part at scale, with keys that follow from a seed, and the acts that found the ledger.

Two machines with one seed have the same keys and so the same bytes. Whoever knows a seed can sign for everybody: never
for a ledger that matters.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.client.draft import RANDOM_BYTES, new_event_id
from ledger.events.keys import key_id
from ledger.log.cosignature import TimedSigner, mldsa44_cosigner
from ledger.log.note import Ed25519NoteSigner, NoteSigner, ed25519_note_signer
from ledger.signing.mldsa import Mldsa44Key
from ledger.signing.signer import Ed25519Signer
from tests.acts import BENEFICIARY, DEPOSITARY, ISSUED_AT, ORIGIN, Founding, Office, admission, mandate, opening
from tests.bench.story import ACKNOWLEDGING, DELEGATED, GROUPS, GUARANTORS

FIRST_MS: Final = int(ISSUED_AT.timestamp() * 1_000)
_SIGNED_ON: Final = {"first": "2026-01-14", "last": "2026-01-14", "precision": "day"}


@dataclass
class Desk(Office):
    """An office whose ids follow from the seed too."""

    seed: int = 0

    def payload(self, event_type: str, *, event_id: str | None = None, **fields: object) -> bytes:
        chosen = event_id or event_id_of(self.seed, f"{self.authority} {self.sequence + 1}", FIRST_MS)
        return super().payload(event_type, event_id=chosen, **fields)


def founding_of(seed: int, log_signers: Sequence[NoteSigner]) -> Founding:
    """Return the founding: everybody admitted, mandates granted, texts registered and signed by all their parties.

    The first of `log_signers`, whose keys the opening names, is an Ed25519 one.
    """
    depositary = _desk(seed, f"{DEPOSITARY}/principal")
    offices: dict[str, Office] = {party: _desk(seed, f"{party}/principal") for party in (BENEFICIARY, *GUARANTORS)}
    service = signer_of(seed, "service")
    raws = [opening(depositary, log_signers, service)]
    raws.append(admission(depositary, offices[BENEFICIARY], "beneficiary"))
    raws += [admission(depositary, offices[party]) for party in GUARANTORS]
    for authority in (*ACKNOWLEDGING, *(f"{party}/{DELEGATED}" for party in GUARANTORS)):
        office = _desk(seed, authority)
        raws.append(mandate(offices[office.party], office, "commitment.*", "delivery.*", "consent.*"))
        offices[authority] = office
    texts: dict[str, tuple[str, ...]] = {f"{BENEFICIARY}-{party}": (BENEFICIARY, party) for party in GUARANTORS}
    texts |= {f"group-{number}": (BENEFICIARY, *group) for number, group in enumerate(GROUPS, 1)}
    for text, parties in texts.items():
        raws.append(_registration(depositary, text, parties))
        raws += [offices[party].act("instrument.signed", instrument=text, occurred=_SIGNED_ON) for party in parties]
    assert isinstance(log_signers[0], Ed25519NoteSigner)
    return Founding(ORIGIN, log_signers[0], service, depositary, offices, raws)


def _registration(depositary: Office, text: str, parties: tuple[str, ...]) -> bytes:
    return depositary.act(
        "instrument.registered",
        instrument=text,
        title={"en": f"Agreement on security cooperation, {', '.join(parties)}"},
        kind="bilateral" if len(parties) == 2 else "treaty",
        legal_character="legally_binding",
        profile={"effect": "on_signature"},
        parties=list(parties),
    )


def log_signers_of(seed: int) -> tuple[NoteSigner, ...]:
    """Return the keys of the log, as `gledger up` has them: Ed25519 and ML-DSA-44."""
    mldsa = mldsa44_cosigner(ORIGIN, mldsa_key_of(seed).seed)
    return ed25519_note_signer(ORIGIN, _secret(seed, "log")), TimedSigner(mldsa, lambda: int(time.time()))


def _secret(seed: int, name: str) -> bytes:
    return sha256(f"{seed} {name}".encode()).digest()


def signer_of(seed: int, name: str) -> Ed25519Signer:
    """Return the Ed25519 key of an authority, of `log` or of `service`."""
    key = Ed25519PrivateKey.from_private_bytes(_secret(seed, name))
    der = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    spki = key.public_key().public_bytes(*der)
    return Ed25519Signer(key, spki, key_id(spki))


def mldsa_key_of(seed: int) -> Mldsa44Key:
    """Return the second key of the log."""
    return Mldsa44Key(_secret(seed, "log by ML-DSA"))


def _desk(seed: int, authority: str) -> Desk:
    return Desk(authority.partition("/")[0], authority, signers=(signer_of(seed, authority),), seed=seed)


def event_id_of(seed: int, name: str, ms: int) -> str:
    """Return the id of what is called `name`, a UUIDv7 of `ms` (since 1970)."""
    return new_event_id(ms, _secret(seed, name)[:RANDOM_BYTES])
