"""Signed Statements for tests, written by hand: what a client of SCITT sends."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ledger.signing.dsse import parse
from ledger.signing.signer import Signer
from tests.scitt.cbor_by_hand import Tagged, write

COSE = {"Content-Type": "application/cose"}
CONTENT_TYPE = "application/vnd.dsse.envelope.v1+json"
ALGORITHMS = {"ed25519": -19, "ecdsa-p256": -9}
CHANGES = ("headers", "unprotected", "payload", "signed_payload", "tag")


def statement(envelope_raw: bytes, signer: Signer, **changes: Any) -> bytes:
    """Return the statement around an envelope by `signer`, with changes to its parts; `headers` is a function."""
    assert changes.keys() <= set(CHANGES)
    event = parse(envelope_raw).event
    headers = {
        1: ALGORITHMS[signer.algorithm],
        3: CONTENT_TYPE,
        4: bytes.fromhex(signer.key_id),
        15: {1: event.authority, 2: event.id},
    }
    protected = write(changes.get("headers", lambda it: it)(headers))
    structure = write(["Signature1", protected, b"", changes.get("signed_payload", envelope_raw)])
    signature = _as_cose_has_it(signer.sign(structure), signer)
    parts = [protected, changes.get("unprotected", {}), changes.get("payload", envelope_raw), signature]
    return write(Tagged(changes.get("tag", 18), parts))


def _as_cose_has_it(signature: bytes, signer: Signer) -> bytes:
    if signer.algorithm == "ed25519":
        return signature
    return b"".join(half.to_bytes(32) for half in decode_dss_signature(signature))
