"""Signed acts for tests: offices that keep their place in their own chain, and the first acts of a fresh ledger.

Everything is signed with keys made on the spot, by the code that clients use; nothing here talks to a ledger.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from ledger.client.draft import RANDOM_BYTES, Draft, new_event_id, payload_of
from ledger.events.header import FIRST_PREVIOUS
from ledger.events.keys import KeySet
from ledger.events.parties import Grant
from ledger.events.registry import service_authority
from ledger.log.cosignature import TimedSigner, mldsa44_cosigner
from ledger.log.note import Ed25519NoteSigner, NoteSigner, ed25519_note_signer, format_vkey
from ledger.signing.signer import Signer, generate_ed25519, key_record, sign_payload

ORIGIN = "ledger.example/compact"
DEPOSITARY = "depositary"
BENEFICIARY = "ua"
GUARANTORS = ("gb", "de", "fr")
ISSUED_AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
"""When every act says it was issued: in the past of any clock that tests run under."""


def new_id() -> str:
    """Return an event id that nobody has used."""
    return new_event_id(time.time_ns() // 1_000_000, secrets.token_bytes(RANDOM_BYTES))


def one_key() -> tuple[Signer, ...]:
    return (generate_ed25519(),)


@dataclass
class Office:
    """An authority's own desk: its keys, and `sequence` and `previous` of the last act that it signed."""

    party: str
    authority: str
    ledger: str = ORIGIN
    signers: tuple[Signer, ...] = field(default_factory=one_key)
    threshold: int = 1
    sequence: int = 0
    previous: str = FIRST_PREVIOUS
    issued_at: datetime = ISSUED_AT

    @property
    def keys(self) -> KeySet:
        """The public keys, each with its proof of possession."""
        records = tuple(key_record(signer, self.ledger, self.authority) for signer in self.signers)
        return KeySet(keys=records, threshold=self.threshold)

    @property
    def grant(self) -> Grant:
        """This office as the admission of its party registers it."""
        return Grant(authority=self.authority, office="head of state", basis="ex_officio", keys=self.keys)

    def payload(self, event_type: str, *, event_id: str | None = None, **fields: object) -> bytes:
        """Return the payload of the next act, which does not count as signed yet."""
        return payload_of(
            Draft(event_type, self.party, self.authority, fields),
            ledger=self.ledger,
            event_id=event_id or new_id(),
            sequence=self.sequence + 1,
            previous=self.previous,
            issued_at=self.issued_at,
        )

    def proposed(self, event_type: str, *, event_id: str | None = None, **fields: object) -> bytes:
        """Return a signed envelope for the next place in the chain, and keep that place free."""
        return self.signed(self.payload(event_type, event_id=event_id, **fields))

    def act(self, event_type: str, *, event_id: str | None = None, **fields: object) -> bytes:
        """Return the signed envelope of the next act, and count it."""
        payload = self.payload(event_type, event_id=event_id, **fields)
        self.sequence += 1
        self.previous = sha256(payload).hexdigest()
        return self.signed(payload)

    def signed(self, payload: bytes) -> bytes:
        return sign_payload(payload, self.signers)

    def renaming(self, name: str = "Another Name", *, subject: str | None = None) -> bytes:
        """Return the next act: a new English name for `subject`, by default the office's own party."""
        return self.act("party.renamed", subject=subject or self.party, names=[{"language": "en", "name": name}])


def principal(party: str, *, ledger: str = ORIGIN, threshold: int = 1, keys: int = 1) -> Office:
    """Return the principal office of a party, with new keys."""
    signers = tuple(generate_ed25519() for _ in range(keys))
    return Office(party, f"{party}/principal", ledger, signers, threshold)


def log_key(origin: str = ORIGIN) -> Ed25519NoteSigner:
    """Return a new key that signs checkpoints of the log `origin`."""
    return ed25519_note_signer(origin, secrets.token_bytes(32))


def mldsa_key(origin: str = ORIGIN) -> TimedSigner:
    """Return a new ML-DSA-44 key that signs checkpoints of the log `origin`, at the time of the system's clock."""
    return TimedSigner(mldsa44_cosigner(origin, secrets.token_bytes(32)), lambda: int(time.time()))


def opening(
    depositary: Office, log_signers: Sequence[NoteSigner], service: Signer, *, beneficiary: str = BENEFICIARY
) -> bytes:
    """Return the first act of a ledger, signed by the depositary's root."""
    return depositary.act(
        "ledger.opened",
        name={"en": "Depositary of the Compact"},
        beneficiary=beneficiary,
        root=depositary.grant,
        service_key=key_record(service, depositary.ledger, service_authority(depositary.party)),
        log_keys=[format_vkey(signer.vkey) for signer in log_signers],
        rules=1,
        purpose="Tests of the ledger",
    )


def admission(depositary: Office, newcomer: Office, *roles: str) -> bytes:
    """Return the depositary's next act, which admits the party of `newcomer` with `roles` (default: guarantor)."""
    return depositary.act(
        "party.admitted",
        subject=newcomer.party,
        kind="state",
        names=[{"language": "en", "name": f"State of {newcomer.party.upper()}"}],
        roles=list(roles or ("guarantor",)),
        principal=newcomer.grant,
    )


def mandate(grantor: Office, grantee: Office, *events: str) -> bytes:
    """Return the grantor's next act, which gives `grantee` a delegated mandate for `events` (default: all)."""
    return grantor.act(
        "authority.granted",
        granted=grantee.authority,
        standing="delegated",
        office="minister of defence",
        basis="full_powers",
        keys=grantee.keys,
        scope={"events": list(events or ("*",))},
        valid_from=msgspec.to_builtins(ISSUED_AT),
    )


@dataclass
class Founding:
    """Who takes part in a fresh ledger, and the acts that found it, in order: one opening, then one admission each."""

    origin: str
    log_signer: Ed25519NoteSigner
    service: Signer
    depositary: Office
    offices: dict[str, Office]
    raws: list[bytes]

    @property
    def beneficiary(self) -> Office:
        return self.offices[BENEFICIARY]


def founding(
    origin: str = ORIGIN,
    guarantors: Sequence[str] = GUARANTORS,
    *,
    issued_at: datetime = ISSUED_AT,
    further_signers: Sequence[NoteSigner] = (),
) -> Founding:
    """Return the founding of a ledger with a beneficiary and `guarantors`; submit `raws` to found it.

    The opening names the key of `log_signer` and those of `further_signers`.
    """
    depositary = principal(DEPOSITARY, ledger=origin)
    log_signer, service = log_key(origin), generate_ed25519()
    offices = {party: principal(party, ledger=origin) for party in (BENEFICIARY, *guarantors)}
    for office in (depositary, *offices.values()):
        office.issued_at = issued_at
    raws = [opening(depositary, [log_signer, *further_signers], service)]
    raws.append(admission(depositary, offices[BENEFICIARY], "beneficiary"))
    raws += [admission(depositary, offices[party]) for party in guarantors]
    return Founding(origin, log_signer, service, depositary, offices, raws)
