"""What a worker process says of envelopes is what this process would say: the same parts, the same refusals."""

from collections.abc import Callable

import msgspec
import pytest

from ledger.events.keys import KeySet
from ledger.events.refusals import Refusal, Refused
from ledger.events.stages import Signature
from ledger.signing.checking import Checked, Unchecked, answers, check, received
from ledger.signing.dsse import PAYLOAD_TYPE, envelope_bytes, pae, parse
from ledger.signing.signer import Signer, generate_ed25519, sign_payload
from ledger.signing.verify import verify
from ledger.signing.workers import Workers

ORIGIN = "ledger.example/compact"
AUTHORITY = "gb/principal"
JOINT = "gb/joint"

Act = Callable[..., bytes]
Keys = Callable[..., KeySet]


@pytest.fixture(scope="module")
def keys(ed25519_signer: Signer, p256_signer: Signer, key_set: Keys) -> dict[str, KeySet]:
    return {
        AUTHORITY: key_set(ed25519_signer),
        JOINT: key_set(ed25519_signer, p256_signer, threshold=2, authority=JOINT),
    }


@pytest.fixture(scope="module")
def envelopes(
    act: Act, grant: Act, ed25519_signer: Signer, p256_signer: Signer, key_set: Keys
) -> dict[str, tuple[bytes, object]]:
    """Envelopes of every kind, each with what is to be said of it: verified (True), not yet (False), or refused."""
    sound = sign_payload(act(), [ed25519_signer])
    both = [ed25519_signer, p256_signer]
    false = Signature(ed25519_signer.key_id, generate_ed25519().sign(pae(PAYLOAD_TYPE, act())))
    record = msgspec.to_builtins(key_set(generate_ed25519(), authority="gb/another").keys[0])
    unproved = grant(**record)
    return {
        "sound": (sound, True),
        "by two keys, of Ed25519 and of P-256": (sign_payload(act(authority=JOINT), both), True),
        "by one of two keys": (sign_payload(act(authority=JOINT), both[:1]), Refusal.THRESHOLD_NOT_MET),
        "by an authority that is not known yet": (sign_payload(act(authority="gb/new"), both[:1]), False),
        "by another key": (sign_payload(act(), [p256_signer]), Refusal.KEY_UNKNOWN),
        "with a signature by somebody else": (envelope_bytes(act(), [false]), Refusal.SIGNATURE_INVALID),
        "for another ledger": (sign_payload(act(ledger="ledger.example/b"), both[:1]), Refusal.LEDGER_MISMATCH),
        "of keys that nobody proved to hold": (sign_payload(unproved, [ed25519_signer]), Refusal.POSSESSION_UNPROVED),
        "of an unknown type": (sign_payload(act(type="no.such"), both[:1]), Refusal.EVENT_TYPE_UNKNOWN),
        "malformed": (sign_payload(act(sequence=0), both[:1]), Refusal.EVENT_MALFORMED),
        "with a space": (sound.replace(b":", b": ", 1), Refusal.NOT_CANONICAL),
        "cut off": (sound[:-1], Refusal.NOT_JSON),
        "no text": (b"\xff", Refusal.NOT_UTF8),
        "empty": (b"", Refusal.NOT_JSON),
    }


def said(one: Checked | Refused) -> object:
    return one.refusal if isinstance(one, Refused) else one.verified is not None


@pytest.mark.parametrize("number", [0, 2])
def test_envelopes_of_every_kind(
    number: int, envelopes: dict[str, tuple[bytes, object]], keys: dict[str, KeySet]
) -> None:
    raws = [raw for raw, _ in envelopes.values()]
    chunks = [Unchecked(raws[at : at + 3], keys, ORIGIN) for at in range(0, len(raws), 3)]
    here = [one for chunk in chunks for one in check(chunk)]
    with Workers(number) as workers:
        answered = workers.map(answers, chunks, ahead=2)
        elsewhere = [one for chunk, answer in zip(chunks, answered, strict=True) for one in received(chunk, answer)]
    assert elsewhere == here
    assert {name: said(one) for name, one in zip(envelopes, elsewhere, strict=True)} == {
        name: expected for name, (_, expected) in envelopes.items()
    }
    for raw, one in zip(raws, elsewhere, strict=True):
        if isinstance(one, Checked):
            assert one.envelope == parse(raw)
            assert one.verified is None or one.verified == verify(parse(raw), keys.get, ledger=ORIGIN)


def test_keys_of_others_verify_nothing(envelopes: dict[str, tuple[bytes, object]], key_set: Keys) -> None:
    """Negative control: with other keys for the same authority what was sound is refused."""
    raw, _ = envelopes["sound"]
    chunk = Unchecked([raw], {AUTHORITY: key_set(generate_ed25519())}, ORIGIN)
    assert [said(one) for one in received(chunk, answers(chunk))] == [Refusal.KEY_UNKNOWN]


def test_a_log_of_any_ledger_is_checked_where_none_is_named(
    envelopes: dict[str, tuple[bytes, object]], keys: dict[str, KeySet]
) -> None:
    raw, _ = envelopes["for another ledger"]
    assert [said(one) for one in check(Unchecked([raw], keys, None))] == [True]


def test_answers_belong_to_their_chunk(envelopes: dict[str, tuple[bytes, object]], keys: dict[str, KeySet]) -> None:
    raw, _ = envelopes["sound"]
    chunk = Unchecked([raw, raw], keys, ORIGIN)
    with pytest.raises(ValueError, match="shorter"):
        received(chunk, answers(chunk)[:1])
