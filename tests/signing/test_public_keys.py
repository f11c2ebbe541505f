"""Which keys may be registered, and with what proof."""

import base64
from collections.abc import Callable, Iterator
from functools import partial

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519

from ledger.events.keys import KEYS_MAX, KeyRecord, KeySet, key_id
from ledger.events.refusals import Refusal, Rejected
from ledger.signing.encoding import from_base64, to_base64
from ledger.signing.keys import ED25519_SPKI_PREFIX, BadSignature, public_key
from ledger.signing.possession import check_key_set, possession_message
from ledger.signing.signer import Signer, generate_ed25519, key_record

ORIGIN = "ledger.example/compact"
AUTHORITY = "gb/principal"
P = 2**255 - 19

# The eight points of small order and their other encodings (C2SP/CCTV ed25519/README.md).
SMALL_ORDER = [
    "00" * 32,
    "00" * 31 + "80",
    "01" + "00" * 31,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ec" + "ff" * 30 + "7f",
]
SMALL_ORDER_OTHERWISE = [
    "ed" + "ff" * 30 + "7f",
    "ed" + "ff" * 31,
    "01" + "00" * 30 + "80",
    "ee" + "ff" * 30 + "7f",
    "ee" + "ff" * 31,
    "ec" + "ff" * 31,
]


def record(algorithm: str, spki: bytes, proof: str = "AAAA") -> KeyRecord:
    return msgspec.convert({"algorithm": algorithm, "public_key": to_base64(spki), "proof": proof}, KeyRecord)


def refusal_of(call: Callable[[], object]) -> Refusal | None:
    try:
        call()
    except Rejected as rejection:
        return rejection.refused.refusal
    return None


def spki_of(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | x25519.X25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("point", SMALL_ORDER + SMALL_ORDER_OTHERWISE)
def test_points_of_small_order_are_weak(point: str) -> None:
    weak = record("ed25519", ED25519_SPKI_PREFIX + bytes.fromhex(point))
    assert refusal_of(lambda: public_key(weak)) == Refusal.KEY_WEAK


@pytest.mark.parametrize("sign", [0, 2**255], ids=["even", "odd"])
def test_every_encoding_beyond_the_field_is_weak(sign: int) -> None:
    for y in range(P, 2**255):
        weak = record("ed25519", ED25519_SPKI_PREFIX + (y + sign).to_bytes(32, "little"))
        assert refusal_of(partial(public_key, weak)) == Refusal.KEY_WEAK


def test_points_off_the_curve_are_weak() -> None:
    """y = 2 is no point: (y^2 - 1) / (d y^2 + 1) is no square."""
    weak = record("ed25519", ED25519_SPKI_PREFIX + (2).to_bytes(32, "little"))
    assert refusal_of(lambda: public_key(weak)) == Refusal.KEY_WEAK


def test_a_sound_key_with_a_component_of_small_order_is_weak(ed25519_signer: Signer) -> None:
    """Negating x and y adds the point of order two: such a signature verifies or not, depending on the library."""
    encoded = int.from_bytes(ed25519_signer.spki[-32:], "little")
    y, sign = encoded % 2**255, encoded >> 255
    shifted = (P - y) + ((1 - sign) << 255)
    weak = record("ed25519", ED25519_SPKI_PREFIX + shifted.to_bytes(32, "little"))
    assert refusal_of(lambda: public_key(weak)) == Refusal.KEY_WEAK


def malformed_keys() -> Iterator[tuple[str, str, bytes]]:
    ed = generate_ed25519().spki
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    p256 = spki_of(curve)
    compressed = curve.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    yield "ed25519 short", "ed25519", ed[:-1]
    yield "ed25519 long", "ed25519", ed + b"\0"
    yield "ed25519 bare point", "ed25519", ed[-32:]
    yield "ed25519 with NULL parameters", "ed25519", bytes.fromhex("302c300706032b65700500032100") + ed[-32:]
    yield "ed25519 with a long length", "ed25519", b"\x30\x81\x2a" + ed[2:]
    yield "nothing", "ed25519", b"\0"
    yield "x25519", "ed25519", spki_of(x25519.X25519PrivateKey.generate().public_key())
    yield "p256 as ed25519", "ed25519", p256
    yield "ed25519 as p256", "ecdsa-p256", ed
    yield "p256 with a tail", "ecdsa-p256", p256 + b"\0"
    yield "p256 with a long length", "ecdsa-p256", b"\x30\x81\x59" + p256[2:]
    yield (
        "p256 compressed",
        "ecdsa-p256",
        bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + compressed,
    )
    yield "p256 off the curve", "ecdsa-p256", p256[:-1] + bytes([p256[-1] ^ 1])
    yield "p256 at infinity", "ecdsa-p256", bytes.fromhex("3019301306072a8648ce3d020106082a8648ce3d03010703020000")
    yield "p384", "ecdsa-p256", spki_of(ec.generate_private_key(ec.SECP384R1()).public_key())
    yield "secp256k1", "ecdsa-p256", spki_of(ec.generate_private_key(ec.SECP256K1()).public_key())


@pytest.mark.parametrize(("algorithm", "spki"), [pytest.param(a, s, id=name) for name, a, s in malformed_keys()])
def test_another_key_or_another_encoding_is_malformed(algorithm: str, spki: bytes) -> None:
    assert refusal_of(lambda: public_key(record(algorithm, spki))) == Refusal.KEY_MALFORMED


def test_an_rsa_key_does_not_fit_and_is_malformed() -> None:
    spki = spki_of(rsa.generate_private_key(65537, 2048).public_key())
    with pytest.raises(msgspec.ValidationError):
        record("ecdsa-p256", spki)
    too_long = KeyRecord(algorithm="ecdsa-p256", public_key=to_base64(spki), proof="AAAA")
    assert refusal_of(lambda: public_key(too_long)) == Refusal.KEY_MALFORMED


def test_an_algorithm_nobody_knows_is_malformed(ed25519_signer: Signer) -> None:
    unknown = KeyRecord(algorithm="rsa", public_key=to_base64(ed25519_signer.spki), proof="AAAA")  # type: ignore[arg-type]
    assert refusal_of(lambda: public_key(unknown)) == Refusal.KEY_MALFORMED


@pytest.mark.parametrize(
    "text", ["3q2+7w", "3q2+7w=", "3q2+7x==", "3q2-7w==", "3q2+\n7w==", " 3q2+7w==", "3q2+7w==3q2+", "é"]
)
def test_base64_has_one_form(text: str) -> None:
    with pytest.raises(ValueError, match="padded base64"):
        from_base64(text)


def test_base64_in_that_form_is_read() -> None:
    assert from_base64("3q2+7w==") == base64.b64decode("3q2+7w==") == bytes.fromhex("deadbeef")


def test_a_key_in_bad_base64_is_malformed(ed25519_signer: Signer) -> None:
    broken = KeyRecord(algorithm="ed25519", public_key=to_base64(ed25519_signer.spki)[:-1], proof="AAAA")
    assert refusal_of(lambda: public_key(broken)) == Refusal.KEY_MALFORMED


def test_sound_keys_verify_their_own_signature_only(ed25519_signer: Signer, p256_signer: Signer) -> None:
    for signer in (ed25519_signer, p256_signer):
        key = public_key(record(signer.algorithm, signer.spki))
        assert key.key_id == key_id(signer.spki) == signer.key_id
        signature = signer.sign(b"message")
        key.verify(b"message", signature)
        other = generate_ed25519().sign(b"message")
        for message, offered in [
            (b"messagf", signature),
            (b"message", other),
            (b"message", signature + b"\0"),
            (b"message", signature[:-1]),
            (b"message", b""),
        ]:
            with pytest.raises(BadSignature):
                key.verify(message, offered)


def test_the_possession_message_is_four_lines() -> None:
    assert possession_message(ORIGIN, AUTHORITY, "ab" * 32) == (
        b"guarantee-ledger/possession/v1\nledger.example/compact\ngb/principal\n" + b"ab" * 32 + b"\n"
    )


@pytest.mark.parametrize("names", [("a\nb", "c"), ("a", "b\nc"), ("a\n", "c")])
def test_no_name_can_add_a_line_to_the_possession_message(names: tuple[str, str]) -> None:
    assert refusal_of(lambda: possession_message(*names, "ab" * 32)) == Refusal.POSSESSION_UNPROVED


def test_proved_keys_pass(key_set: Callable[..., KeySet], ed25519_signer: Signer, p256_signer: Signer) -> None:
    check_key_set(ORIGIN, AUTHORITY, key_set(ed25519_signer, p256_signer, threshold=2))


@pytest.mark.parametrize(("ledger", "authority"), [("ledger.example/other", AUTHORITY), (ORIGIN, "fr/principal")])
def test_a_proof_for_another_ledger_or_authority_proves_nothing(
    key_set: Callable[..., KeySet], ed25519_signer: Signer, ledger: str, authority: str
) -> None:
    proved_elsewhere = key_set(ed25519_signer, ledger=ledger, authority=authority)
    check_key_set(ledger, authority, proved_elsewhere)
    assert refusal_of(lambda: check_key_set(ORIGIN, AUTHORITY, proved_elsewhere)) == Refusal.POSSESSION_UNPROVED


def test_somebody_elses_key_cannot_be_registered(ed25519_signer: Signer) -> None:
    thief = key_record(generate_ed25519(), ORIGIN, AUTHORITY)
    stolen = KeySet(keys=(record("ed25519", ed25519_signer.spki, thief.proof),), threshold=1)
    assert refusal_of(lambda: check_key_set(ORIGIN, AUTHORITY, stolen)) == Refusal.POSSESSION_UNPROVED


@pytest.mark.parametrize("threshold", [0, -1, 3])
def test_a_threshold_that_nobody_or_everybody_reaches_is_malformed(
    key_set: Callable[..., KeySet], ed25519_signer: Signer, p256_signer: Signer, threshold: int
) -> None:
    broken = key_set(ed25519_signer, p256_signer, threshold=threshold)
    assert refusal_of(lambda: check_key_set(ORIGIN, AUTHORITY, broken)) == Refusal.KEY_MALFORMED


def test_a_key_counts_once(key_set: Callable[..., KeySet], p256_signer: Signer) -> None:
    """ECDSA proofs differ at each signing, so the records differ although the key is one."""
    twice = key_set(p256_signer, p256_signer, threshold=2)
    assert twice.keys[0] != twice.keys[1]
    assert refusal_of(lambda: check_key_set(ORIGIN, AUTHORITY, twice)) == Refusal.KEY_MALFORMED


def test_sets_without_keys_or_with_too_many_are_malformed(ed25519_signer: Signer) -> None:
    one = key_record(ed25519_signer, ORIGIN, AUTHORITY)
    for count in (0, KEYS_MAX + 1):
        broken = KeySet(keys=(one,) * count, threshold=1)
        assert refusal_of(partial(check_key_set, ORIGIN, AUTHORITY, broken)) == Refusal.KEY_MALFORMED
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(msgspec.to_builtins(broken), KeySet)


def test_of_several_defects_the_first_in_order_is_named(ed25519_signer: Signer) -> None:
    """In the set they stand in the opposite order."""
    unproved = record("ed25519", ed25519_signer.spki, to_base64(bytes(64)))
    weak = record("ed25519", ED25519_SPKI_PREFIX + bytes(32))
    malformed = record("ecdsa-p256", ED25519_SPKI_PREFIX)
    told = [
        refusal_of(partial(check_key_set, ORIGIN, AUTHORITY, KeySet(keys=keys, threshold=1)))
        for keys in [(unproved,), (unproved, weak), (unproved, weak, malformed)]
    ]
    assert told == [Refusal.POSSESSION_UNPROVED, Refusal.KEY_WEAK, Refusal.KEY_MALFORMED]


def test_a_proof_in_bad_base64_is_malformed(ed25519_signer: Signer) -> None:
    broken = KeySet(keys=(record("ed25519", ed25519_signer.spki, "AAA="),), threshold=1)
    assert refusal_of(lambda: check_key_set(ORIGIN, AUTHORITY, broken)) is Refusal.POSSESSION_UNPROVED
    broken = KeySet(keys=(record("ed25519", ed25519_signer.spki, "AAAAA"),), threshold=1)
    assert refusal_of(lambda: check_key_set(ORIGIN, AUTHORITY, broken)) is Refusal.KEY_MALFORMED


def test_key_records_refuse_members_that_nobody_knows() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(b'{"algorithm":"ed25519","public_key":"AAAA","proof":"AAAA","x":1}', type=KeyRecord)
