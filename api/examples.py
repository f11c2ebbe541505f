"""The examples of the interface's description: really drafted, signed, decided, recorded and sealed, by the same code.

The keys are made from public words, so that the same version always shows the same bytes; they guard nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from api.heads import note_of
from api.outcomes import admission_of, line_of, problem_document
from ledger.client.answers import Admission
from ledger.client.draft import payload_of
from ledger.client.opening import Opening, opening_draft
from ledger.client.scenario_steps import Office
from ledger.events.header import FIRST_PREVIOUS
from ledger.events.keys import KeyRecord, key_id
from ledger.events.refusals import Rejected
from ledger.events.registry import service_authority
from ledger.events.stages import Admitted, Envelope
from ledger.intake.outcomes import Outcome, Sealed
from ledger.log.bundle import Bundle, BundledEntry, format_bundle
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import GENESIS_PREVIOUS, Entry, build_entry
from ledger.log.note import Ed25519NoteSigner, ed25519_note_signer, format_vkey
from ledger.log.receipt import Receipt, format_receipt
from ledger.log.tree import EMPTY
from ledger.rules.decide import decide, keys_of
from ledger.rules.memory import MemoryCompact
from ledger.signing.dsse import parse
from ledger.signing.signer import Ed25519Signer, key_record, sign_payload
from ledger.signing.verify import verify

ORIGIN: Final = "ledger.example/compact"
DEPOSITARY: Final = "depositary"
EVENT_ID: Final = "019a3c5e-7b1a-7c3d-8e4f-0123456789ab"
ISSUED_AT: Final = datetime(2026, 1, 15, 12, tzinfo=UTC)
RECORDED_AT: Final = datetime(2026, 1, 15, 12, 0, 1, 250_000, tzinfo=UTC)
INSTANCE: Final = "urn:uuid:5f0c2f8e-3a55-4a0b-9a51-6f6d2f1f4c11"


@dataclass(frozen=True, slots=True)
class Example:
    """The opening of a ledger, from its envelope to its receipt."""

    envelope: Envelope
    entry: Entry
    checkpoint: bytes
    sealed: Sealed
    vkey: str
    service_key: KeyRecord

    @property
    def bundle(self) -> bytes:
        """The bundle of the opening, in the tree that holds nothing else."""
        policy = f"log {self.vkey}\nquorum none\n".encode()
        return format_bundle(Bundle(0, (BundledEntry(0, self.entry.raw, ()),), policy, self.checkpoint))

    @property
    def admission(self) -> Admission:
        return admission_of(self.sealed)


@lru_cache(maxsize=1)
def example() -> Example:
    """Return the example, made once for each process."""
    root, service = root_signer(), service_signer()
    log_signer = log_key()
    service_key = key_record(service, ORIGIN, service_authority(DEPOSITARY))
    vkey = format_vkey(log_signer.vkey)
    envelope = parse(sign_payload(_payload(root, service_key, vkey), [root]))
    # Verified and decided as any other: an example that would be refused cannot be shown.
    compact = MemoryCompact()
    verified = verify(envelope, keys_of(compact, envelope.event), ledger=ORIGIN)
    decided = decide(compact, verified, RECORDED_AT)
    assert isinstance(decided, Admitted), decided
    entry = build_entry(1, RECORDED_AT, GENESIS_PREVIOUS, envelope.raw)
    checkpoint, receipt = _sealed(entry, log_signer)
    sealed = Sealed(
        event_id=envelope.event.id,
        position=1,
        entry=entry.raw,
        receipt=receipt,
        pending_on=(),
        duplicate=False,
        tree_size=1,
    )
    return Example(envelope, entry, checkpoint, sealed, vkey, service_key)


@lru_cache(maxsize=1)
def refused_example() -> Outcome:
    """Return the refusal of the example's envelope with one byte of its signature changed."""
    envelope = example().envelope
    signature = envelope.raw.rindex(b'"sig":"') + len(b'"sig":"')
    first = envelope.raw[signature : signature + 1]
    changed = envelope.raw[:signature] + (b"B" if first == b"A" else b"A") + envelope.raw[signature + 1 :]
    try:
        verify(parse(changed), keys_of(MemoryCompact(), envelope.event), ledger=ORIGIN)
    except Rejected as rejected:
        return rejected.refused
    raise AssertionError("a changed signature verified")


def refused_document() -> dict[str, object]:
    """Return the problem document of `refused_example`."""
    document = problem_document(refused_example(), INSTANCE)
    assert document is not None
    return document


def batch_answer() -> bytes:
    """Return the answer to a batch of the example and its refused twin."""
    return line_of(example().sealed, INSTANCE) + line_of(refused_example(), INSTANCE)


def service_signer() -> Ed25519Signer:
    """Return the service key of the example."""
    return _signer("the service of the example")


def root_signer() -> Ed25519Signer:
    """Return the depositary's key of the example."""
    return _signer("the root of the example")


def log_key() -> Ed25519NoteSigner:
    """Return the key of the example's log."""
    return ed25519_note_signer(ORIGIN, _seed("the log of the example"))


def _payload(root: Ed25519Signer, service_key: KeyRecord, vkey: str) -> bytes:
    office = Office(
        party=DEPOSITARY, authority=f"{DEPOSITARY}/root", office="Depositary of the Compact", basis="ex_officio"
    )
    opening = Opening(
        origin=ORIGIN,
        name={"en": "Compact of the example"},
        purpose="An example in the description of the interface",
        beneficiary="ua",
        depositary=office,
        service_key=service_key,
        log_keys=(vkey,),
    )
    return payload_of(
        opening_draft(opening, [root], 1),
        ledger=ORIGIN,
        event_id=EVENT_ID,
        sequence=1,
        previous=FIRST_PREVIOUS,
        issued_at=ISSUED_AT,
    )


def _sealed(entry: Entry, log_signer: Ed25519NoteSigner) -> tuple[bytes, bytes]:
    """Return checkpoint and receipt of a log that holds `entry` alone."""
    frontier, _ = EMPTY.append([entry.leaf_hash])
    note = sign_checkpoint(Checkpoint(ORIGIN, frontier.tree_size, frontier.root), log_signer)
    receipt = format_receipt(Receipt(entry.entry_index, (), note))
    assert note_of(receipt) == note
    return note, receipt


def _seed(words: str) -> bytes:
    return sha256(words.encode()).digest()


def _signer(words: str) -> Ed25519Signer:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(_seed(words))
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Ed25519Signer(key, spki, key_id(spki))
