"""Several hands sign one payload, one after another, and it stays the same payload."""

import pytest

from ledger.client.cosign import add_signatures
from ledger.client.errors import ClientError
from ledger.events.refusals import Rejected
from ledger.signing.dsse import SIGNATURES_MAX, parse
from ledger.signing.signer import generate_ed25519, generate_p256, sign_payload
from ledger.signing.verify import verify
from tests.acts import principal


def test_signatures_of_different_hands_reach_the_threshold() -> None:
    office = principal("gb", threshold=2, keys=2)
    first, second = office.signers
    alone = sign_payload(office.payload("consent.given", act="019a3c5e-7b1a-7c3d-8e4f-0123456789ab"), [first])
    with pytest.raises(Rejected, match="threshold_not_met"):
        verify(parse(alone), lambda _: office.keys, ledger=office.ledger)
    together = add_signatures(alone, [second])
    assert parse(together).payload == parse(alone).payload
    verify(parse(together), lambda _: office.keys, ledger=office.ledger)


def test_the_order_of_hands_leaves_no_trace() -> None:
    office = principal("gb", keys=2)
    first, second = office.signers
    payload = office.payload("consent.given", act="019a3c5e-7b1a-7c3d-8e4f-0123456789ab")
    one_way = add_signatures(sign_payload(payload, [first]), [second])
    assert one_way == add_signatures(sign_payload(payload, [second]), [first])


def test_a_key_signs_once() -> None:
    office = principal("gb")
    envelope = office.renaming()
    with pytest.raises(ClientError, match="has not signed yet"):
        add_signatures(envelope, office.signers)


def test_there_is_an_end_to_signatures() -> None:
    with pytest.raises(ClientError, match=f"at most {SIGNATURES_MAX}"):
        add_signatures(principal("gb").renaming(), [generate_ed25519() for _ in range(SIGNATURES_MAX)])


def test_what_is_no_envelope_is_not_signed() -> None:
    with pytest.raises(Rejected):
        add_signatures(b'{"payload":"e30="}', [generate_p256()])
