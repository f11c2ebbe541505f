"""Receipts when the log has several keys, and when they are replaced: what was once given holds, and comes again."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.settings import Settings
from ledger.client.proof import prove
from ledger.log.cose import cose_signer
from ledger.log.cosignature import TimedSigner, mldsa44_cosigner
from ledger.log.note import ed25519_note_signer, format_vkey, parse_vkey
from ledger.signing.dsse import parse
from ledger.signing.mldsa import Mldsa44Key
from tests.acts import ORIGIN, Founding, founding
from tests.api.served import found, served, settings_for, signer_of
from tests.scitt.cbor_by_hand import read

PQ, NEXT = Mldsa44Key(secrets.token_bytes(32)), secrets.token_bytes(32)
PQ_SIGNER = TimedSigner(mldsa44_cosigner(ORIGIN, PQ.seed), lambda: 1_700_000_000)
NEXT_SIGNER = ed25519_note_signer(ORIGIN, NEXT)


@pytest.fixture
def made() -> Founding:
    return founding(further_signers=[PQ_SIGNER])


@pytest.fixture
def settings(made: Founding, database_url: str, tmp_path: Path) -> Settings:
    return replace(settings_for(made, database_url, tmp_path), mldsa_key=PQ, further_keys=(signer_of(NEXT),))


@pytest.fixture
def adopted(settings: Settings, made: Founding) -> Iterator[tuple[str, bytes]]:
    """A ledger that replaced both keys by another: the id of an act from before, and its receipt from then."""
    with served(settings) as one:
        found(one, made)
        event = parse(made.raws[1]).event.id
        first = one.get(f"/entries/{event}")
        assert first.status_code == 200
        adoption = made.depositary.act("log_keys.adopted", log_keys=[format_vkey(NEXT_SIGNER.vkey)])
        assert one.post(adoption).status_code == 201
        yield event, first.content


def kid(receipt: bytes) -> bytes:
    value: bytes = read(read(receipt).content[0])[4]
    return value


def test_both_keys_of_a_log_sign_receipts_of_one_tree(settings: Settings, made: Founding) -> None:
    with served(settings) as one:
        found(one, made)
        event = parse(made.raws[1]).event.id
        entry = one.get(f"/v1/events/{event}/entry").content
        classic, quantum = one.get(f"/entries/{event}").content, one.get(f"/entries/{event}?alg=-48").content
        keys = {key[2]: key for key in read(one.get("/.well-known/scitt-keys").content)}
    assert [keys[kid(raw)][1] for raw in (classic, quantum)] == [1, 7]
    assert (keys[kid(quantum)][3], len(keys[kid(quantum)][-1])) == (-48, 1312)
    by_classic = prove(classic, entry, ORIGIN, [made.log_signer.vkey])
    assert by_classic == prove(quantum, entry, ORIGIN, [PQ_SIGNER.vkey])


def test_a_receipt_from_before_an_adoption_comes_again_to_the_byte(
    adopted: tuple[str, bytes], settings: Settings, made: Founding
) -> None:
    event, first = adopted
    with served(settings) as one:
        assert one.get(f"/entries/{event}").content == first
        # What is recorded now is signed by the key that is in force now.
        envelope = made.depositary.renaming("Later", subject="gb")
        assert one.post(envelope).status_code == 201
        later = one.get(f"/entries/{parse(envelope).event.id}").content
        kids = [key[2] for key in read(one.get("/.well-known/scitt-keys").content)]
    old, quantum, new = (cose_signer(signer).key.key_id for signer in (made.log_signer, PQ_SIGNER, NEXT_SIGNER))
    assert (kid(first), kid(later)) == (old, new)
    assert kids == [new, old, quantum]


def test_without_the_old_key_there_is_another_receipt_of_the_same_tree(
    adopted: tuple[str, bytes], settings: Settings, made: Founding
) -> None:
    event, first = adopted
    with served(replace(settings, log_key=signer_of(NEXT), mldsa_key=None, further_keys=())) as one:
        entry, fresh = one.get(f"/v1/events/{event}/entry").content, one.get(f"/entries/{event}").content
        kids = [key[2] for key in read(one.get("/.well-known/scitt-keys").content)]
        assert one.get(f"/entries/{event}?alg=-48").status_code == 404
    assert {kid(first), kid(fresh)} < set(kids)
    assert kid(fresh) == cose_signer(NEXT_SIGNER).key.key_id
    proven = prove(fresh, entry, ORIGIN, [parse_vkey(format_vkey(NEXT_SIGNER.vkey))])
    assert proven == prove(first, entry, ORIGIN, [made.log_signer.vkey])
