"""From Envelope to Verified: who must have signed, and what no signature can stand for."""

from collections.abc import Callable

import pytest

from ledger.events.keys import KeySet
from ledger.events.refusals import Refusal, Rejected
from ledger.events.stages import Signature, Verified
from ledger.signing.dsse import PAYLOAD_TYPE, envelope_bytes, pae, parse
from ledger.signing.encoding import from_base64, to_base64
from ledger.signing.signer import Signer, generate_ed25519, sign_payload
from ledger.signing.verify import verify

ORIGIN = "ledger.example/compact"
AUTHORITY = "gb/principal"

Act = Callable[..., bytes]
Keys = Callable[..., KeySet]


def verified(raw: bytes, key_set: KeySet | None, ledger: str | None = ORIGIN) -> Verified:
    return verify(parse(raw), {AUTHORITY: key_set}.get, ledger=ledger)


def refusal_of(raw: bytes, key_set: KeySet | None, ledger: str | None = ORIGIN) -> Refusal | None:
    try:
        verified(raw, key_set, ledger)
    except Rejected as rejection:
        return rejection.refused.refusal
    return None


def test_signed_by_the_authority(act: Act, key_set: Keys, ed25519_signer: Signer, p256_signer: Signer) -> None:
    for signer in (ed25519_signer, p256_signer):
        raw = sign_payload(act(), [signer])
        assert verified(raw, key_set(signer)).envelope.raw == raw
        assert verified(raw, key_set(signer)).event.authority == AUTHORITY


def test_for_another_ledger(act: Act, key_set: Keys, ed25519_signer: Signer) -> None:
    raw = sign_payload(act(), [ed25519_signer])
    assert refusal_of(raw, key_set(ed25519_signer), "ledger.example/other") == Refusal.LEDGER_MISMATCH
    assert refusal_of(raw, key_set(ed25519_signer), None) is None


def test_by_an_authority_that_nobody_registered(act: Act, ed25519_signer: Signer) -> None:
    assert refusal_of(sign_payload(act(), [ed25519_signer]), None) == Refusal.AUTHORITY_UNKNOWN
    raw = sign_payload(act(authority="gb/other"), [ed25519_signer])
    assert refusal_of(raw, None) == Refusal.AUTHORITY_UNKNOWN


def test_by_another_key(act: Act, key_set: Keys, ed25519_signer: Signer) -> None:
    assert refusal_of(sign_payload(act(), [generate_ed25519()]), key_set(ed25519_signer)) == Refusal.KEY_UNKNOWN


def test_by_another_key_under_the_name_of_the_right_one(act: Act, key_set: Keys, ed25519_signer: Signer) -> None:
    forged = Signature(ed25519_signer.key_id, generate_ed25519().sign(pae(PAYLOAD_TYPE, act())))
    assert refusal_of(envelope_bytes(act(), [forged]), key_set(ed25519_signer)) == Refusal.SIGNATURE_INVALID


def test_over_another_payload(act: Act, key_set: Keys, ed25519_signer: Signer) -> None:
    signature = parse(sign_payload(act(), [ed25519_signer])).signatures
    raw = envelope_bytes(act(revoked="gb/other"), signature)
    assert refusal_of(raw, key_set(ed25519_signer)) == Refusal.SIGNATURE_INVALID


def test_over_the_bare_payload(act: Act, key_set: Keys, ed25519_signer: Signer, p256_signer: Signer) -> None:
    for signer in (ed25519_signer, p256_signer):
        raw = envelope_bytes(act(), [Signature(signer.key_id, signer.sign(act()))])
        assert refusal_of(raw, key_set(signer)) == Refusal.SIGNATURE_INVALID


def test_over_another_payload_type(act: Act, key_set: Keys, ed25519_signer: Signer) -> None:
    elsewhere = ed25519_signer.sign(pae("application/vnd.in-toto+json", act()))
    raw = envelope_bytes(act(), [Signature(ed25519_signer.key_id, elsewhere)])
    assert refusal_of(raw, key_set(ed25519_signer)) == Refusal.SIGNATURE_INVALID


def test_with_the_proof_of_possession_as_signature(act: Act, key_set: Keys, ed25519_signer: Signer) -> None:
    keys = key_set(ed25519_signer)
    from_the_register = Signature(ed25519_signer.key_id, from_base64(keys.keys[0].proof))
    assert refusal_of(envelope_bytes(act(), [from_the_register]), keys) == Refusal.SIGNATURE_INVALID


@pytest.mark.parametrize(
    ("threshold", "signers", "expected"),
    [
        (1, 1, None),
        (1, 3, None),
        (2, 1, Refusal.THRESHOLD_NOT_MET),
        (2, 2, None),
        (3, 2, Refusal.THRESHOLD_NOT_MET),
        (3, 3, None),
    ],
)
def test_thresholds(act: Act, key_set: Keys, threshold: int, signers: int, expected: Refusal | None) -> None:
    holders = [generate_ed25519() for _ in range(3)]
    raw = sign_payload(act(), holders[:signers])
    assert refusal_of(raw, key_set(*holders, threshold=threshold)) == expected


def test_one_key_twice_is_not_two(act: Act, key_set: Keys, ed25519_signer: Signer, p256_signer: Signer) -> None:
    """ECDSA gives two different signatures by one key."""
    message = pae(PAYLOAD_TYPE, act())
    twice = [Signature(p256_signer.key_id, p256_signer.sign(message)) for _ in range(2)]
    keys = key_set(ed25519_signer, p256_signer, threshold=2)
    assert refusal_of(envelope_bytes(act(), twice), keys) == Refusal.ENVELOPE_MALFORMED


def test_a_superfluous_signature_must_verify_too(act: Act, key_set: Keys, ed25519_signer: Signer) -> None:
    other = generate_ed25519()
    good = parse(sign_payload(act(), [ed25519_signer])).signatures
    raw = envelope_bytes(act(), [*good, Signature(other.key_id, bytes(64))])
    assert refusal_of(raw, key_set(ed25519_signer, other)) == Refusal.SIGNATURE_INVALID
    assert refusal_of(raw, key_set(ed25519_signer)) == Refusal.KEY_UNKNOWN


def test_the_first_reason_in_order_is_given(act: Act, key_set: Keys, ed25519_signer: Signer) -> None:
    """One envelope with every defect, which are mended one after the other."""
    other, stranger = generate_ed25519(), generate_ed25519()
    both = key_set(ed25519_signer, other, threshold=2)
    bad = envelope_bytes(act(), [Signature(other.key_id, bytes(64)), Signature(stranger.key_id, bytes(64))])
    known = envelope_bytes(act(), [Signature(other.key_id, bytes(64))])
    told = [
        refusal_of(bad, None, "ledger.example/other"),
        refusal_of(bad, None),
        refusal_of(bad, both),
        refusal_of(known, both),
        refusal_of(sign_payload(act(), [other]), both),
    ]
    order = list(Refusal)
    assert told == order[order.index(Refusal.LEDGER_MISMATCH) : order.index(Refusal.THRESHOLD_NOT_MET) + 1]


def test_keys_that_an_act_registers_are_checked(grant: Act, key_set: Keys, ed25519_signer: Signer) -> None:
    deputy = generate_ed25519()
    proved = key_set(deputy, authority="gb/deputy").keys[0]
    elsewhere = key_set(deputy, authority="gb/principal").keys[0]
    weak = to_base64(deputy.spki[:-32] + bytes(32))
    for public_key, proof, expected in [
        (proved.public_key, proved.proof, None),
        (proved.public_key, elsewhere.proof, Refusal.POSSESSION_UNPROVED),
        (weak, proved.proof, Refusal.KEY_WEAK),
        (proved.public_key[:-4], proved.proof, Refusal.KEY_MALFORMED),
    ]:
        payload = grant(algorithm="ed25519", public_key=public_key, proof=proof)
        assert refusal_of(sign_payload(payload, [ed25519_signer]), key_set(ed25519_signer)) == expected


def test_no_envelope_with_a_flipped_bit_verifies(act: Act, key_set: Keys, ed25519_signer: Signer) -> None:
    keys = key_set(ed25519_signer)
    raw = sign_payload(act(), [ed25519_signer])
    assert refusal_of(raw, keys) is None
    for bit in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        assert refusal_of(bytes(flipped), keys) is not None, f"bit {bit}"
