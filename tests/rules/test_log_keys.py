"""Which keys of the log may be adopted, and which are in force at a tree size."""

from base64 import b64encode
from hashlib import sha256

import pytest

from ledger.events.refusals import Refusal, Refused
from ledger.events.stages import Admitted
from ledger.log.cosignature import ed25519_cosigner
from ledger.log.note import KeyKind, NoteSigner, format_vkey, parse_vkey
from ledger.rules.compact import Opened, decode_state, encode_state, opened
from ledger.rules.decide import decide, keys_of
from ledger.rules.log_keys import check_keys_of_log, log_keys_at, retired_keys
from ledger.rules.memory import MemoryCompact
from ledger.signing.dsse import parse
from ledger.signing.signer import generate_ed25519
from ledger.signing.verify import verify
from tests.acts import ORIGIN, log_key, mldsa_key, opening, principal
from tests.world import NOW, World

A, B, C = (format_vkey(log_key().vkey) for _ in range(3))
PQ = format_vkey(mldsa_key().vkey)
FOREIGN = format_vkey(log_key("ledger.example/other").vkey)
COSIGNER = format_vkey(ed25519_cosigner(ORIGIN, bytes(32)).vkey)


def vkey(blob: bytes, key_id: str | None = None) -> str:
    """Return a verifier key of the log as somebody might write it, whatever `blob` is."""
    real = sha256(f"{ORIGIN}\n".encode() + blob).digest()[:4].hex()
    return f"{ORIGIN}+{key_id or real}+{b64encode(blob).decode()}"


@pytest.fixture
def world() -> World:
    return World()


def state(world: World) -> Opened:
    found = opened(world.compact)
    assert found is not None
    return found


@pytest.mark.parametrize("keys", [[A], [A, B], [PQ, A], [A, PQ, B, C]])
def test_a_list_with_an_ed25519_key_may_be_adopted(keys: list[str]) -> None:
    assert check_keys_of_log(keys, ORIGIN) is None
    assert {parse_vkey(text).kind for text in keys} & {KeyKind.ED25519}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        pytest.param([PQ], "an Ed25519 key", id="ML-DSA alone"),
        pytest.param([A, FOREIGN], "named", id="a key of another name"),
        pytest.param([FOREIGN], "named", id="only a key of another name"),
        pytest.param([A, A], "of which no two have one id", id="a key twice"),
        pytest.param([A, PQ, PQ], "of which no two have one id", id="an ML-DSA key twice"),
        pytest.param([A, COSIGNER], "of type 01 or 06", id="a cosigner's key"),
        pytest.param([vkey(b"\x01" + bytes(31))], "of type 01 or 06", id="a short key"),
        pytest.param([A, vkey(b"\x06" + bytes(32))], "of type 01 or 06", id="the wrong length for its type"),
        pytest.param([vkey(b"\x01" + bytes(32), "00000000")], "the id of its key", id="a false id"),
        pytest.param([f"{ORIGIN}+00000000+AQA"], "verifier keys", id="no base64"),
        pytest.param([f"{ORIGIN}+00000000+A"], "verifier keys", id="cut base64"),
    ],
)
def test_a_list_that_no_log_may_have_is_refused(world: World, keys: list[str], expected: str) -> None:
    refused = check_keys_of_log(keys, ORIGIN)
    assert refused is not None
    assert refused.refusal is Refusal.KEY_MALFORMED
    assert expected in refused.expected
    assert world.refuse("depositary", "log_keys.adopted", log_keys=keys) == Refusal.KEY_MALFORMED


def test_unused_bits_that_are_set_make_no_second_spelling() -> None:
    blob = b"\x06" + bytes(1312)
    text = vkey(blob)
    assert check_keys_of_log([A, text], ORIGIN) is None
    assert text.endswith("A=")
    refused = check_keys_of_log([A, text[:-2] + "B="], ORIGIN)
    assert refused is not None


@pytest.mark.parametrize(
    ("signer", "admitted"), [(log_key(), True), (mldsa_key(), False), (log_key("ledger.example/other"), False)]
)
def test_an_opening_names_keys_that_a_log_may_have(signer: NoteSigner, admitted: bool) -> None:
    compact = MemoryCompact()
    envelope = parse(opening(principal("depositary"), [signer], generate_ed25519()))
    outcome = decide(compact, verify(envelope, keys_of(compact, envelope.event), ledger=ORIGIN), NOW)
    assert isinstance(outcome, Admitted) is admitted
    if isinstance(outcome, Refused):
        assert outcome.refusal is Refusal.KEY_MALFORMED


def test_only_the_depositary_adopts(world: World) -> None:
    assert world.refuse("gb", "log_keys.adopted", log_keys=[A]) == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("ua", "log_keys.adopted", log_keys=[A]) == Refusal.SIGNER_NOT_ENTITLED
    world.admit("depositary", "log_keys.adopted", log_keys=[A])


def test_what_is_in_force_is_not_adopted_again(world: World) -> None:
    world.admit("depositary", "log_keys.adopted", log_keys=[A, PQ])
    assert world.refuse("depositary", "log_keys.adopted", log_keys=[A, PQ]) == Refusal.ALREADY_EXISTS
    world.admit("depositary", "log_keys.adopted", log_keys=[PQ, A])


def test_keys_are_in_force_from_their_own_entry_until_the_next(world: World) -> None:
    first = state(world).log_keys
    founded = world.size
    world.admit("depositary", "log_keys.adopted", log_keys=[*first, A])
    world.admit("gb", "party.renamed", subject="gb", names=[{"language": "en", "name": "Britain"}])
    world.admit("depositary", "log_keys.adopted", log_keys=[A, PQ])
    now = state(world)
    in_force = [log_keys_at(now, size) for size in range(1, world.size + 1)]
    assert in_force == [first] * founded + [(*first, A)] * 2 + [(A, PQ)]
    assert now.log_keys == (A, PQ)
    assert retired_keys(now) == first


def test_a_key_may_come_back(world: World) -> None:
    (first,) = state(world).log_keys
    world.admit("depositary", "log_keys.adopted", log_keys=[A])
    world.admit("depositary", "log_keys.adopted", log_keys=[B])
    assert retired_keys(state(world)) == (first, A)
    world.admit("depositary", "log_keys.adopted", log_keys=[A, B])
    assert retired_keys(state(world)) == (first,)


def test_a_state_that_was_stored_before_keys_could_be_replaced_is_read(world: World) -> None:
    before = state(world)
    stored = encode_state(before).replace(b',"earlier_keys":[]', b"")
    assert b"earlier_keys" not in stored
    assert decode_state(stored) == before
    assert log_keys_at(before, 1) == before.log_keys
