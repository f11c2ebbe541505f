"""Submissions that are refused for their bytes or their signatures, one for each code: its name, and what is done.

Each function takes a stage after all scenes and returns the bytes to submit. The docstring stands in the page.
"""

import json

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.client.draft import Draft, payload_of
from ledger.events.canonical import canonical_bytes
from ledger.events.keys import KeyRecord, KeySet
from ledger.events.stages import Signature
from ledger.signing.dsse import ENVELOPE_BYTES_MAX, PAYLOAD_TYPE, envelope_bytes, pae, parse
from ledger.signing.encoding import to_base64
from ledger.signing.keys import ED25519_SPKI_PREFIX
from ledger.signing.signer import key_record, sign_payload
from tests.acts import ISSUED_AT, ORIGIN, Office
from tests.docs.memory_ledger import example_id, office, seeded
from tests.docs.story import Stage

GB = "gb/principal"


def renaming(stage: Stage, name: str = "Great Britain") -> bytes:
    """Return the payload of a sound act: a new name for the signer's own party."""
    return stage.office(GB).payload(
        "party.renamed", event_id=example_id("renaming"), subject="gb", names=[{"language": "en", "name": name}]
    )


def signed(payload: bytes, authority: str = GB) -> bytes:
    """Return an envelope of bytes that the client would refuse to sign."""
    signer = seeded(authority)
    return envelope_bytes(payload, [Signature(signer.key_id, signer.sign(pae(PAYLOAD_TYPE, payload)))])


def replaced(stage: Stage, old: str, new: str) -> bytes:
    """Return a sound act signed after a part of its payload was replaced."""
    payload = renaming(stage)
    assert old.encode() in payload
    return signed(payload.replace(old.encode(), new.encode()))


def envelope_too_large(stage: Stage) -> bytes:
    """A sound envelope followed by 48 KiB of blanks."""
    return signed(renaming(stage)) + b" " * ENVELOPE_BYTES_MAX


def not_utf8(stage: Stage) -> bytes:
    """A sound envelope behind a byte order mark."""
    return b"\xef\xbb\xbf" + signed(renaming(stage))


def too_deep(stage: Stage) -> bytes:
    """A list within a list, thirteen times."""
    return b"[" * 13 + b"]" * 13


def not_json(stage: Stage) -> bytes:
    """The name of the act instead of the act."""
    return b"party.renamed"


def duplicate_key(stage: Stage) -> bytes:
    """A payload that names the subject twice."""
    return replaced(stage, '"subject":"gb"', '"subject":"gb","subject":"dk"')


def number_not_integer(stage: Stage) -> bytes:
    """The version as 1.0."""
    return replaced(stage, '"version":1', '"version":1.0')


def integer_too_large(stage: Stage) -> bytes:
    """The version as 2^53."""
    return replaced(stage, '"version":1', '"version":9007199254740992')


def lone_surrogate(stage: Stage) -> bytes:
    """Half an emoji in a name."""
    return replaced(stage, "Great Britain", "\\ud83d")


def not_nfc(stage: Stage) -> bytes:
    """Türkiye, its ü written as u and a combining diaeresis."""
    return replaced(stage, "Great Britain", "Tu\u0308rkiye")


def forbidden_character(stage: Stage) -> bytes:
    """A name that a right-to-left override turns round."""
    return replaced(stage, "Great Britain", "Great\u202eBritain")


def not_canonical(stage: Stage) -> bytes:
    """A sound envelope, printed with blanks by a JSON library."""
    return json.dumps(json.loads(signed(renaming(stage)))).encode()


def envelope_malformed(stage: Stage) -> bytes:
    """A bare payload, without an envelope around it."""
    return renaming(stage)


def payload_type_unknown(stage: Stage) -> bytes:
    """An envelope that says application/json of its payload."""
    return canonical_bytes(json.loads(signed(renaming(stage))) | {"payloadType": "application/json"})


def event_type_unknown(stage: Stage) -> bytes:
    """A commitment.promised, which there is not."""
    return replaced(stage, "party.renamed", "commitment.promised")


def event_version_unknown(stage: Stage) -> bytes:
    """Version 2 of party.renamed."""
    return replaced(stage, '"version":1', '"version":2')


def event_malformed(stage: Stage) -> bytes:
    """A language of four letters."""
    return replaced(stage, '"language":"en"', '"language":"engl"')


def ledger_mismatch(stage: Stage) -> bytes:
    """An act that was signed for a rehearsal."""
    return replaced(stage, f'"ledger":"{ORIGIN}"', '"ledger":"ledger.example/rehearsal"')


def authority_unknown(stage: Stage) -> bytes:
    """An office that nobody granted a mandate."""
    return _by(office("gb/treasury"))


def _by(signing: Office) -> bytes:
    names = [{"language": "en", "name": "Great Britain"}]
    return signing.proposed("party.renamed", event_id=example_id("renaming"), subject=signing.party, names=names)


def key_unknown(stage: Stage) -> bytes:
    """An act of gb/principal, signed with the key of gb/defence."""
    return signed(renaming(stage), "gb/defence")


def signature_invalid(stage: Stage) -> bytes:
    """An act under the signature of another act."""
    other = parse(signed(renaming(stage, "Britain"))).signatures
    return envelope_bytes(renaming(stage), other)


def threshold_not_met(stage: Stage) -> bytes:
    """One signature for an authority that two of its keys have to sign for."""
    two = office("gb/cabinet", keys=2, threshold=2)
    stage.ledger.admit(stage.office(GB).act("authority.granted", event_id=example_id("cabinet"), **mandate(two)))
    payload = two.payload("party.renamed", event_id=example_id("renaming"), subject="gb")
    return sign_payload(payload, two.signers[:1])


def mandate(grantee: Office, **changed: object) -> dict[str, object]:
    """Return the fields of a mandate for everything, from now on."""
    return {
        "granted": grantee.authority,
        "standing": "delegated",
        "office": "cabinet",
        "basis": "full_powers",
        "keys": grantee.keys,
        "scope": {"events": ["*"]},
        "valid_from": msgspec.to_builtins(ISSUED_AT),
        **changed,
    }


def _granting(stage: Stage, record: KeyRecord) -> bytes:
    """Return a grant of a mandate with one key, not checked by the client."""
    fields = mandate(office("gb/cabinet"), keys=KeySet(keys=(record,), threshold=1))
    desk = stage.office(GB)
    return sign_payload(
        payload_of(
            Draft("authority.granted", "gb", GB, fields),
            ledger=ORIGIN,
            event_id=example_id("cabinet"),
            sequence=desk.sequence + 1,
            previous=desk.previous,
            issued_at=ISSUED_AT,
        ),
        desk.signers,
    )


def key_malformed(stage: Stage) -> bytes:
    """A mandate whose key is 32 bytes without the DER around them."""
    raw = seeded("gb/cabinet").private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    record = key_record(seeded("gb/cabinet"), ORIGIN, "gb/cabinet")
    return _granting(stage, KeyRecord(algorithm="ed25519", public_key=to_base64(raw), proof=record.proof))


def key_weak(stage: Stage) -> bytes:
    """A mandate for the identity point, under which some libraries verify signatures that nobody made."""
    identity = to_base64(ED25519_SPKI_PREFIX + b"\x01" + bytes(31))
    record = key_record(seeded("gb/cabinet"), ORIGIN, "gb/cabinet")
    return _granting(stage, KeyRecord(algorithm="ed25519", public_key=identity, proof=record.proof))


def possession_unproved(stage: Stage) -> bytes:
    """A mandate for a key whose proof was made for another authority."""
    return _granting(stage, key_record(seeded("gb/cabinet"), ORIGIN, "gb/treasury"))


def event_id_conflict(stage: Stage) -> bytes:
    """Another payload under the id of an act that was admitted."""
    names = [{"language": "en", "name": "Great Britain"}]
    return stage.office(GB).proposed("party.renamed", event_id=example_id("commitment"), subject="gb", names=names)
