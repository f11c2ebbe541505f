"""Signed Statements of SCITT (RFC 9943): a signed act in a COSE_Sign1, by one of those who signed it.

A statement is another way to the same door. What it carries is the envelope, and this is what is submitted, decided and
recorded; the statement itself leaves nothing behind. What is returned here was checked, by the registered keys.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ledger.events.keys import KeyRecord, KeySet, key_id
from ledger.events.refusals import Refusal, Rejected
from ledger.events.stages import Envelope
from ledger.log import cose
from ledger.log.cose import Algorithm, Sign1, parse_sign1, sig_structure
from ledger.log.errors import CoseMalformed
from ledger.signing.dsse import ENVELOPE_BYTES_MAX, parse
from ledger.signing.encoding import from_base64
from ledger.signing.keys import BadSignature, public_key

STATEMENT_BYTES_MAX: Final = ENVELOPE_BYTES_MAX + 16 * 1024
"""An envelope, and the headers around it: those that are not signed may hold receipts of other services."""

ENVELOPE_TYPE: Final = "application/vnd.dsse.envelope.v1+json"
"""The content type of a statement: its payload is a DSSE envelope, in the bytes that are submitted elsewhere too."""

ALGORITHM_OF: Final = {"ed25519": Algorithm.ED25519, "ecdsa-p256": Algorithm.ESP256}
"""By what algorithm a key of each kind signs a statement. Those that do not name their curve are not taken."""

_HEADERS: Final = {cose.ALGORITHM, cose.CONTENT_TYPE, cose.KEY_ID, cose.CLAIMS}
_CLAIMS: Final = {cose.ISSUER, cose.SUBJECT}
_P256_HALF_BYTES: Final = 32


class StatementRefused(Exception):
    """Not a statement that this ledger takes, whatever the act in it. `expected` and `got` as in a refusal."""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}; got {got}")
        self.expected = expected
        self.got = got


class StatementMalformed(StatementRefused):
    """No tagged COSE_Sign1 in deterministic CBOR, or with other headers than the profile has."""


class AlgorithmUnsupported(StatementRefused):
    """Signed by an algorithm that is not taken, or that is not the key's."""


class PayloadMissing(StatementRefused):
    """The payload is detached: the act itself did not come along."""


class StatementMismatch(StatementRefused):
    """The statement says something else about its issuer, subject or key than the act in it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A well-formed statement, nothing proved: the envelope it carries, and who is said to have signed what."""

    envelope: Envelope
    algorithm: Algorithm
    key_id: str
    issuer: str
    subject: str
    message: bytes
    signature: bytes


def parse_statement(raw: bytes) -> Statement:
    """Return the statement in `raw`; what stands in its unprotected header is not looked at.

        18([<<{1: -19, 3: "application/vnd.dsse.envelope.v1+json", 4: SHA-256 of the key's SubjectPublicKeyInfo,
               15: {1: "gb/principal", 2: "019a3c5e-7b1a-7c3d-8e4f-0123456789ab"}}>>, {}, envelope, signature])

    Raises Rejected (ENVELOPE_TOO_LARGE) for more than STATEMENT_BYTES_MAX bytes, then StatementMalformed,
    AlgorithmUnsupported, PayloadMissing, and Rejected as `ledger.signing.dsse.parse` does.
    """
    if len(raw) > STATEMENT_BYTES_MAX:
        expected = f"a statement of at most {STATEMENT_BYTES_MAX} bytes"
        raise Rejected(Refusal.ENVELOPE_TOO_LARGE, expected, f"{len(raw)} bytes or more")
    try:
        sign1 = parse_sign1(raw, STATEMENT_BYTES_MAX)
    except CoseMalformed as error:
        raise StatementMalformed(error.expected, error.got) from None
    algorithm = _algorithm(sign1)
    issuer, subject, signing_key = _named(sign1)
    if sign1.payload is None:
        raise PayloadMissing("the envelope as payload", "a detached payload")
    message = sig_structure(sign1.protected, sign1.payload)
    return Statement(parse(sign1.payload), algorithm, signing_key, issuer, subject, message, sign1.signature)


def check_statement(statement: Statement, keys_of: Callable[[str], KeySet | None]) -> None:
    """Return if one of those who signed the act signed the statement too. Raises the first of these that applies:

    1. StatementMismatch unless the issuer is the act's authority, the subject the act's id, and the key one of those
       that signed the envelope
    2. Rejected: AUTHORITY_UNKNOWN if `keys_of`, asked for the authority, returns None; KEY_UNKNOWN if the key is none
       of its keys
    3. AlgorithmUnsupported if the key signs by another algorithm
    4. Rejected: SIGNATURE_INVALID

    Whether the envelope is signed rightly, and by enough, is for the intake to find out.
    """
    envelope, event = statement.envelope, statement.envelope.event
    signers = [signature.key_id for signature in envelope.signatures]
    # 1. About this very act.
    if statement.issuer != event.authority:
        raise StatementMismatch(f"issuer {event.authority}, the act's authority", ascii(statement.issuer[:80]))
    if statement.subject != event.id:
        raise StatementMismatch(f"subject {event.id}, the act's id", ascii(statement.subject[:80]))
    if statement.key_id not in signers:
        raise StatementMismatch(f"a kid among those of the envelope, {', '.join(signers)}", statement.key_id)
    # 2. By a registered key.
    key_set = keys_of(event.authority)
    if key_set is None:
        raise Rejected(Refusal.AUTHORITY_UNKNOWN, "a registered authority", event.authority)
    record = next((one for one in key_set.keys if _id_of(one) == statement.key_id), None)
    if record is None:
        raise Rejected(Refusal.KEY_UNKNOWN, f"a key of {event.authority}", statement.key_id)
    # 3. By that key's algorithm.
    if statement.algorithm is not ALGORITHM_OF[record.algorithm]:
        expected = f"algorithm {ALGORITHM_OF[record.algorithm].value} of the key {statement.key_id}"
        raise AlgorithmUnsupported(expected, str(statement.algorithm.value))
    # 4. Over these very bytes.
    try:
        public_key(record).verify(statement.message, _as_the_key_has_it(statement))
    except BadSignature:
        expected = f"a signature over the statement by key {statement.key_id}"
        raise Rejected(Refusal.SIGNATURE_INVALID, expected, "a signature that does not verify") from None


def _algorithm(sign1: Sign1) -> Algorithm:
    taken = ", ".join(f"{one.value} ({one.name})" for one in ALGORITHM_OF.values())
    value = sign1.headers.get(cose.ALGORITHM)
    if value is None:
        raise StatementMalformed("alg in the protected header", "none")
    if value not in ALGORITHM_OF.values():
        raise AlgorithmUnsupported(f"one of the algorithms {taken}", ascii(value)[:80])
    assert isinstance(value, int)
    return Algorithm(value)


def _named(sign1: Sign1) -> tuple[str, str, str]:
    """Return issuer, subject and the key's id in hexadecimal."""
    headers = sign1.headers
    if headers.keys() != _HEADERS:
        names = ascii(", ".join(map(str, headers)))[:80]
        raise StatementMalformed("protected headers 1 alg, 3 content type, 4 kid, 15 CWT claims, no others", names)
    if headers[cose.CONTENT_TYPE] != ENVELOPE_TYPE:
        raise StatementMalformed(f"content type {ENVELOPE_TYPE}", ascii(headers[cose.CONTENT_TYPE])[:80])
    claims, signing_key = headers[cose.CLAIMS], headers[cose.KEY_ID]
    if not isinstance(signing_key, bytes):
        raise StatementMalformed("a kid that is a byte string", type(signing_key).__name__)
    if not isinstance(claims, dict) or claims.keys() != _CLAIMS:
        raise StatementMalformed("claims 1 iss and 2 sub, no others", ascii(claims)[:80])
    issuer, subject = claims[cose.ISSUER], claims[cose.SUBJECT]
    if not isinstance(issuer, str) or not isinstance(subject, str):
        raise StatementMalformed("iss and sub that are texts", ascii((issuer, subject))[:80])
    return issuer, subject, signing_key.hex()


def _id_of(record: KeyRecord) -> str:
    return key_id(from_base64(record.public_key))


def _as_the_key_has_it(statement: Statement) -> bytes:
    """Return the signature as the key's own verification takes it: COSE writes that of ECDSA as r and s (RFC 9053)."""
    signature = statement.signature
    if statement.algorithm is not Algorithm.ESP256:
        return signature
    if len(signature) != 2 * _P256_HALF_BYTES:
        raise BadSignature(f"expected {2 * _P256_HALF_BYTES} bytes; got {len(signature)}")
    r, s = (int.from_bytes(half) for half in (signature[:_P256_HALF_BYTES], signature[_P256_HALF_BYTES:]))
    return encode_dss_signature(r, s)
