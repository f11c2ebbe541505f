"""More signatures on an act that others signed already: a threshold whose keys are in different hands.

The payload stays as it is, byte for byte, so every signature is over the same bytes.
"""

from collections.abc import Sequence

from ledger.client.errors import ClientError
from ledger.events.stages import Signature
from ledger.signing.dsse import PAYLOAD_TYPE, SIGNATURES_MAX, envelope_bytes, pae, parse
from ledger.signing.signer import Signer


def add_signatures(envelope_raw: bytes, signers: Sequence[Signer]) -> bytes:
    """Return the envelope with the signatures of `signers` beside those that it has.

    Raises Rejected for bytes that are no envelope, ClientError for a key that signed it already and for too many.
    """
    envelope = parse(envelope_raw)
    message = pae(PAYLOAD_TYPE, envelope.payload)
    signatures = {signature.key_id: signature for signature in envelope.signatures}
    for signer in signers:
        if signer.key_id in signatures:
            raise ClientError("a key that has not signed yet", f"{signer.key_id} again", "Leave it out.")
        signatures[signer.key_id] = Signature(signer.key_id, signer.sign(message))
    if len(signatures) > SIGNATURES_MAX:
        raise ClientError(f"at most {SIGNATURES_MAX} signatures", str(len(signatures)), "Sign with fewer keys.")
    return envelope_bytes(envelope.payload, signatures.values())
