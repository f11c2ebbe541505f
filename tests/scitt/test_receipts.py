"""COSE receipts: their bytes by the RFC, read by the tests' own reader, and nothing but those bytes accepted."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from ledger.client.proof import prove
from ledger.log.checkpoint import Checkpoint, parse_checkpoint
from ledger.log.cose import (
    Algorithm,
    CoseKey,
    cose_key,
    cose_keys,
    cose_signer,
    format_cose_key,
    format_key_set,
    sig_structure,
)
from ledger.log.cose_receipt import (
    COSE_RECEIPT_BYTES_MAX,
    consistency_receipt,
    inclusion_receipt,
    parse_cose_receipt,
    verify_consistency_receipt,
    verify_inclusion_receipt,
)
from ledger.log.errors import CoseMalformed, EntryMalformed, LogInvalid, ProofInvalid, ReceiptInvalid
from ledger.log.note import KeyKind, ed25519_note_signer, parse_note, verifier_key
from ledger.log.proofs import consistency_proof, inclusion_proof, inclusion_root
from ledger.log.receipt import parse_receipt
from ledger.signing.dsse import parse
from tests.acts import mldsa_key
from tests.client.sealed_log import SealedLog, sealed_log
from tests.log.naive import TREE_LEAVES, grown
from tests.scitt.cbor_by_hand import Tagged, read, write

ORIGIN = "ledger.example/compact"
NOTE_SIGNER = ed25519_note_signer(ORIGIN, bytes(range(32)))
SIGNER = cose_signer(NOTE_SIGNER)
LAST = 4
LEAVES = TREE_LEAVES[:9]


@pytest.fixture(scope="module")
def log() -> SealedLog:
    return sealed_log()


@pytest.fixture(scope="module")
def key(log: SealedLog) -> CoseKey:
    return cose_signer(log.founding.log_signer).key


@pytest.fixture(scope="module")
def tree(log: SealedLog) -> Checkpoint:
    return parse_checkpoint(parse_note(log.checkpoint).text)


def receipt_of(log: SealedLog, tree: Checkpoint, index: int) -> bytes:
    entry = log.entries[index]
    subject = parse(entry.envelope).event.id
    path = parse_receipt(log.receipts[index]).proof
    return inclusion_receipt(cose_signer(log.founding.log_signer), tree, subject, index, entry.leaf_hash, path)


@pytest.fixture(scope="module")
def receipts(log: SealedLog, tree: Checkpoint) -> list[bytes]:
    return [receipt_of(log, tree, index) for index in range(len(log.entries))]


def changed(raw: bytes, **parts: Any) -> bytes:
    """Return the receipt with other parts: `protected` and `proof` are values, `unprotected` too."""
    sign1 = read(raw).content
    protected, proof = read(sign1[0]), read(sign1[1][396][-1][0])
    sign1[0] = write(parts.get("protected", lambda it: it)(protected))
    sign1[1] = parts.get("unprotected", lambda it: it)({396: {-1: [write(parts.get("proof", lambda it: it)(proof))]}})
    sign1[2:] = [parts.get("payload"), parts.get("signature", sign1[3])]
    return write(Tagged(parts.get("tag", 18), parts.get("sign1", lambda it: it)(sign1)))


def test_the_bytes_are_those_of_the_rfc(log: SealedLog, tree: Checkpoint, receipts: list[bytes]) -> None:
    entry, raw = log.entries[LAST], receipts[LAST]
    public_key = bytes(log.founding.log_signer.private_key.verify_key)
    thumbprint = sha256(bytes.fromhex("a3 0101 2006 215820") + public_key).digest()
    sign1 = read(raw)
    assert sign1.number == 18
    protected, unprotected, payload, signature = sign1.content
    assert read(protected) == {
        1: -19,
        4: thumbprint,
        15: {1: ORIGIN, 2: parse(entry.envelope).event.id, -65537: 5},
        395: 1,
    }
    proof = write([5, 4, list(parse_receipt(log.receipts[LAST]).proof)])
    assert unprotected == {396: {-1: [proof]}}
    assert payload is None
    # The signature, by another library, over the structure written byte for byte.
    structure = (
        b"\x84\x6aSignature1" + b"\x58" + bytes([len(protected)]) + protected + b"\x40" + b"\x58\x20" + tree.root
    )
    Ed25519PublicKey.from_public_bytes(public_key).verify(signature, structure)
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, structure[:-1] + b"\0")
    assert sig_structure(protected, tree.root) == structure


def test_a_worked_example_of_what_is_signed() -> None:
    protected, root = bytes.fromhex("a1 01 32"), bytes(range(32))
    by_hand = (
        "84"  # four parts
        " 6a 5369676e617475726531"  # "Signature1"
        " 43 a10132"  # the protected header: {1: -19}
        " 40"  # no external data
        " 5820 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"  # the root
    )
    assert sig_structure(protected, root) == bytes.fromhex(by_hand)


def test_the_published_thumbprint_shows_what_the_rule_is() -> None:
    """RFC 9679 §6 has an EC2 key; the rule is the same for ours, with other members."""
    x = "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"
    y = "1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c"
    members = write({1: 2, -1: 1, -2: bytes.fromhex(x), -3: bytes.fromhex(y)})
    assert sha256(members).hexdigest() == "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"
    ours = cose_key(Algorithm.ED25519, bytes.fromhex(x))
    assert ours.key_id == sha256(write({1: 1, -1: 6, -2: bytes.fromhex(x)})).digest()
    pq = cose_key(Algorithm.MLDSA44, bytes(1312))
    assert pq.key_id == sha256(write({1: 7, 3: -48, -1: bytes(1312)})).digest()


def test_the_keys_are_published_as_cose_keys() -> None:
    vkey = NOTE_SIGNER.vkey
    witness = verifier_key("witness.example/one", KeyKind.ED25519, vkey.public_key)
    cosigner = verifier_key(ORIGIN, KeyKind.COSIGNATURE_ED25519, vkey.public_key)
    keys = cose_keys(ORIGIN, [vkey, vkey, witness, cosigner])
    assert keys == (SIGNER.key,)
    members = {1: 1, 2: SIGNER.key.key_id, 3: -19, -1: 6, -2: vkey.public_key}
    assert read(format_cose_key(SIGNER.key)) == members
    assert read(format_key_set([*keys, cose_key(Algorithm.MLDSA44, bytes(1312))]))[0] == members
    with pytest.raises(ValueError, match="expected an Ed25519 note key or an ML-DSA-44 key in memory; got type 04"):
        cose_signer(replace(NOTE_SIGNER, vkey=cosigner))


def test_every_entry_has_a_receipt_that_proves_what_the_other_proves(
    log: SealedLog, tree: Checkpoint, key: CoseKey, receipts: list[bytes]
) -> None:
    for entry, raw, other in zip(log.entries, receipts, log.receipts, strict=True):
        assert verify_inclusion_receipt(parse_cose_receipt(raw), entry.raw, ORIGIN, [key]) == tree
        vkeys = [log.founding.log_signer.vkey]
        assert prove(raw, entry.raw, ORIGIN, vkeys) == prove(other, entry.raw, ORIGIN, vkeys)


def test_the_same_tree_and_key_give_the_same_bytes(log: SealedLog, tree: Checkpoint, receipts: list[bytes]) -> None:
    assert [receipt_of(log, tree, index) for index in range(len(log.entries))] == receipts


EVERY_VALUE = range(1, 256)
EVERY_BIT = [1 << bit for bit in range(8)]


SLOWLY = pytest.param(LAST, EVERY_VALUE, marks=pytest.mark.slow)


@pytest.mark.parametrize(("index", "masks"), [(0, EVERY_BIT), (LAST, EVERY_BIT), SLOWLY])
def test_every_byte_changed_is_refused(
    log: SealedLog, key: CoseKey, receipts: list[bytes], index: int, masks: Iterable[int]
) -> None:
    raw, entry = receipts[index], log.entries[index].raw
    for at in range(len(raw)):
        for mask in masks:
            other = raw[:at] + bytes([raw[at] ^ mask]) + raw[at + 1 :]
            with pytest.raises(LogInvalid):
                verify_inclusion_receipt(parse_cose_receipt(other), entry, ORIGIN, [key])
    for end in range(len(raw)):
        with pytest.raises(LogInvalid):
            verify_inclusion_receipt(parse_cose_receipt(raw[:end]), entry, ORIGIN, [key])


def test_the_size_is_signed_because_the_root_does_not_bind_it(
    log: SealedLog, tree: Checkpoint, key: CoseKey, receipts: list[bytes]
) -> None:
    """The control: entry 1 of five has the path of entry 1 of six, so the bare RFC could not tell them apart."""
    proof = parse_receipt(log.receipts[0]).proof
    for size in (6, 7, 8):
        # By the arithmetic of the RFC alone the same path proves the same root for each of these sizes.
        assert inclusion_root(0, size, log.entries[0].leaf_hash, proof) == tree.root
        other = changed(receipts[0], proof=lambda proof, size=size: [size, *proof[1:]])
        with pytest.raises(ReceiptInvalid, match=f"expected the tree size that was signed, 5; got {size}"):
            parse_cose_receipt(other)


SHAPES: dict[str, dict[str, Any]] = {
    "no tag": {"sign1": lambda it: it, "tag": 17},
    "a tag for many signers": {"tag": 98},
    "three parts": {"sign1": lambda it: it[:3]},
    "five parts": {"sign1": lambda it: [*it, None]},
    "an attached payload": {"payload": bytes(32)},
    "an empty payload": {"payload": b""},
    "a signature that is a text": {"signature": "a" * 64},
    "a signature of 63 bytes": {"signature": bytes(63)},
    "no signature": {"signature": b""},
    "EdDSA, which leaves the curve open": {"protected": lambda it: {**it, 1: -8}},
    "ES256": {"protected": lambda it: {**it, 1: -7}},
    "ML-DSA-44 by an Ed25519 key": {"protected": lambda it: {**it, 1: -48}},
    "an algorithm by name": {"protected": lambda it: {**it, 1: "Ed25519"}},
    "no algorithm": {"protected": lambda it: {k: v for k, v in it.items() if k != 1}},
    "the tree of another profile": {"protected": lambda it: {**it, 395: 2}},
    "no tree": {"protected": lambda it: {k: v for k, v in it.items() if k != 395}},
    "a kid of another key": {"protected": lambda it: {**it, 4: bytes(32)}},
    "a kid that is a text": {"protected": lambda it: {**it, 4: it[4].hex()}},
    "a kid of four bytes": {"protected": lambda it: {**it, 4: it[4][:4]}},
    "no kid": {"protected": lambda it: {k: v for k, v in it.items() if k != 4}},
    "critical headers": {"protected": lambda it: {**it, 2: [395]}},
    "another header": {"protected": lambda it: {**it, 16: "x"}},
    "another issuer": {"protected": lambda it: {**it, 15: {**it[15], 1: "ledger.example/other"}}},
    "another subject": {"protected": lambda it: {**it, 15: {**it[15], 2: "x"}}},
    "an issuer that is bytes": {"protected": lambda it: {**it, 15: {**it[15], 1: b"x"}}},
    "claims that are no map": {"protected": lambda it: {**it, 15: []}},
    "another claim": {"protected": lambda it: {**it, 15: {**it[15], 6: 1}}},
    "no signed size": {"protected": lambda it: {**it, 15: {1: it[15][1], 2: it[15][2]}}},
    "protected headers that are an array": {"protected": lambda it: []},
    "no proof": {"unprotected": lambda it: {}},
    "no proofs": {"unprotected": lambda it: {396: {-1: []}}},
    "two proofs": {"unprotected": lambda it: {396: {-1: it[396][-1] * 2}}},
    "proofs of two kinds": {"unprotected": lambda it: {396: {-1: it[396][-1], -2: it[396][-1]}}},
    "a proof of growth": {"unprotected": lambda it: {396: {-2: it[396][-1]}}},
    "a proof of a kind that there is not": {"unprotected": lambda it: {396: {-3: it[396][-1]}}},
    "a kind by name": {"unprotected": lambda it: {396: {"-1": it[396][-1]}}},
    "a proof that is not wrapped": {"unprotected": lambda it: {396: {-1: [read(it[396][-1][0])]}}},
    "proofs that are no array": {"unprotected": lambda it: {396: {-1: it[396][-1][0]}}},
    "another unprotected header": {"unprotected": lambda it: {**it, 4: b"x"}},
    "an empty path": {"proof": lambda it: [it[0], it[1], []]},
    "a path of one hash too many": {"proof": lambda it: [it[0], it[1], [*it[2], bytes(32)]]},
    "a path of one hash too few": {"proof": lambda it: [it[0], it[1], it[2][:-1]]},
    "a path of 64 hashes": {"proof": lambda it: [it[0], it[1], it[2] * 64]},
    "a hash of 31 bytes": {"proof": lambda it: [it[0], it[1], [one[:31] for one in it[2]]]},
    "a hash of 33 bytes": {"proof": lambda it: [it[0], it[1], [one + b"0" for one in it[2]]]},
    "a hash that is a text": {"proof": lambda it: [it[0], it[1], ["a" * 32 for _ in it[2]]]},
    "another index": {"proof": lambda it: [it[0], it[1] - 1, it[2]]},
    "an index beyond the tree": {"proof": lambda it: [it[0], it[0], it[2]]},
    "an index below zero": {"proof": lambda it: [it[0], -1, it[2]]},
    "an index of 2**63": {"proof": lambda it: [it[0], 1 << 63, it[2]]},
    "a size of zero": {"proof": lambda it: [0, it[1], it[2]]},
    "a proof of four parts": {"proof": lambda it: [*it, 0]},
    "a proof that is a map": {"proof": lambda it: {0: 1}},
}


@pytest.mark.parametrize("what", SHAPES)
@pytest.mark.parametrize("index", [0, LAST])
def test_another_shape_is_refused(log: SealedLog, key: CoseKey, receipts: list[bytes], index: int, what: str) -> None:
    assert changed(receipts[index]) == receipts[index], "the control: unchanged parts give the same bytes"
    other = changed(receipts[index], **SHAPES[what])
    with pytest.raises(LogInvalid, match="expected"):
        verify_inclusion_receipt(parse_cose_receipt(other), log.entries[index].raw, ORIGIN, [key])


def test_another_encoding_of_the_same_receipt_is_refused(receipts: list[bytes]) -> None:
    raw = receipts[LAST]
    longer_tag, longer_array = b"\xd8\x12" + raw[1:], raw[:1] + b"\x98\x04" + raw[2:]
    for other in (longer_tag, longer_array, raw + b"\0", b"\xd9\xd9\xf7" + raw, raw[1:], b"", b"\xd2"):
        with pytest.raises(CoseMalformed):
            parse_cose_receipt(other)
    with pytest.raises(CoseMalformed, match="expected at most"):
        parse_cose_receipt(b"\xd2" + bytes(COSE_RECEIPT_BYTES_MAX))


def test_another_entry_log_or_key_is_not_proved(log: SealedLog, key: CoseKey, receipts: list[bytes]) -> None:
    receipt, entry = parse_cose_receipt(receipts[1]), log.entries[1].raw
    with pytest.raises(ReceiptInvalid, match="expected index 2, one less than the entry's position; got 1"):
        verify_inclusion_receipt(receipt, log.entries[2].raw, ORIGIN, [key])
    with pytest.raises(EntryMalformed):
        verify_inclusion_receipt(receipt, entry + b"\n", ORIGIN, [key])
    with pytest.raises(ReceiptInvalid, match=r"expected issuer ledger\.example/other"):
        verify_inclusion_receipt(receipt, entry, "ledger.example/other", [key])
    for keys in ([], [SIGNER.key]):
        with pytest.raises(ReceiptInvalid, match="expected a signature by a known key"):
            verify_inclusion_receipt(receipt, entry, ORIGIN, keys)
    with pytest.raises(ReceiptInvalid, match="one that does not verify"):
        verify_inclusion_receipt(receipt, entry, ORIGIN, [replace(SIGNER.key, key_id=key.key_id)])


def test_a_receipt_about_another_act_proves_nothing_about_this_one(log: SealedLog, tree: Checkpoint) -> None:
    signer = cose_signer(log.founding.log_signer)
    entry, path = log.entries[1], parse_receipt(log.receipts[1]).proof
    raw = inclusion_receipt(signer, tree, parse(log.entries[2].envelope).event.id, 1, entry.leaf_hash, path)
    assert verify_inclusion_receipt(parse_cose_receipt(raw), entry.raw, ORIGIN, [signer.key]) == tree
    with pytest.raises(ReceiptInvalid, match="expected subject"):
        prove(raw, entry.raw, ORIGIN, [log.founding.log_signer.vkey])


def test_an_ml_dsa_key_signs_receipts_too(log: SealedLog, tree: Checkpoint, receipts: list[bytes]) -> None:
    note_signer = mldsa_key()
    signer, entry = cose_signer(note_signer), log.entries[LAST]
    subject, path = parse(entry.envelope).event.id, parse_receipt(log.receipts[LAST]).proof
    raw = inclusion_receipt(signer, tree, subject, LAST, entry.leaf_hash, path)
    protected, unprotected, _, signature = read(raw).content
    assert read(protected)[1] == -48
    assert unprotected == read(receipts[LAST]).content[1]
    key = MLDSA44PublicKey.from_public_bytes(note_signer.vkey.public_key)
    key.verify(signature, write(["Signature1", protected, b"", tree.root]))
    assert prove(raw, entry.raw, ORIGIN, [note_signer.vkey]).checkpoint == tree
    with pytest.raises(ReceiptInvalid, match="expected a signature by a known key"):
        prove(raw, entry.raw, ORIGIN, [log.founding.log_signer.vkey])
    for at in (*range(len(raw) - 2420), *range(len(raw) - 2420, len(raw), 97)):
        other = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(LogInvalid):
            verify_inclusion_receipt(parse_cose_receipt(other), entry.raw, ORIGIN, [signer.key])


def trees() -> Iterator[Checkpoint]:
    for size in range(1, len(LEAVES) + 1):
        yield Checkpoint(ORIGIN, size, grown(LEAVES[:size])[0].root)


def test_nothing_is_signed_that_is_not_so() -> None:
    one, *_, last = trees()
    _, read_hashes = grown(LEAVES)
    path = inclusion_proof(3, last.tree_size, read_hashes)
    assert inclusion_receipt(SIGNER, last, "x", 3, LEAVES[3], path)
    for index, leaf, other in ((2, LEAVES[3], path), (3, LEAVES[2], path), (3, LEAVES[3], path[::-1])):
        with pytest.raises(ProofInvalid):
            inclusion_receipt(SIGNER, last, "x", index, leaf, other)
    with pytest.raises(ReceiptInvalid, match="at least one hash"):
        inclusion_receipt(SIGNER, one, "x", 0, LEAVES[0], ())


def test_growth_has_receipts_too() -> None:
    every = list(trees())
    _, read_hashes = grown(LEAVES)
    for old in every:
        for new in every[old.tree_size :]:
            path = consistency_proof(old.tree_size, new.tree_size, read_hashes)
            raw = consistency_receipt(SIGNER, old, new, path)
            sign1 = read(raw).content
            assert sign1[1] == {396: {-2: [write([old.tree_size, new.tree_size, list(path)])]}}
            assert read(sign1[0])[15] == {1: ORIGIN, 2: ORIGIN, -65537: new.tree_size}
            receipt = parse_cose_receipt(raw)
            assert verify_consistency_receipt(receipt, old, [SIGNER.key]) == new


def test_growth_from_another_tree_is_not_proved() -> None:
    every = list(trees())
    _, read_hashes = grown(LEAVES)
    old, new = every[2], every[5]
    path = consistency_proof(3, 6, read_hashes)
    raw = consistency_receipt(SIGNER, old, new, path)
    receipt = parse_cose_receipt(raw)
    with pytest.raises(ReceiptInvalid, match="expected growth from size 2; got 3"):
        verify_consistency_receipt(receipt, every[1], [SIGNER.key])
    with pytest.raises(ProofInvalid):
        verify_consistency_receipt(receipt, replace(old, root=new.root), [SIGNER.key])
    with pytest.raises(ReceiptInvalid, match="expected issuer"):
        verify_consistency_receipt(receipt, replace(old, origin="ledger.example/other"), [SIGNER.key])
    with pytest.raises(ReceiptInvalid):
        verify_consistency_receipt(receipt, old, [])
    for at in range(len(raw)):
        for bit in range(8):
            other = raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]
            with pytest.raises(LogInvalid):
                verify_consistency_receipt(parse_cose_receipt(other), old, [SIGNER.key])
    with pytest.raises(ProofInvalid):
        consistency_receipt(SIGNER, every[1], new, path)
    with pytest.raises(ReceiptInvalid, match="at least one hash"):
        consistency_receipt(SIGNER, old, old, ())


def test_a_receipt_of_one_kind_is_none_of_the_other(log: SealedLog, key: CoseKey, receipts: list[bytes]) -> None:
    every = list(trees())
    growth = parse_cose_receipt(
        consistency_receipt(SIGNER, every[2], every[5], consistency_proof(3, 6, grown(LEAVES)[1]))
    )
    with pytest.raises(ReceiptInvalid, match="a proof of growth"):
        verify_inclusion_receipt(growth, log.entries[2].raw, ORIGIN, [SIGNER.key])
    with pytest.raises(ReceiptInvalid, match="expected growth from size 4; got None"):
        verify_consistency_receipt(parse_cose_receipt(receipts[LAST]), every[3], [key])


def test_a_signature_of_another_key_over_the_right_root_is_refused(log: SealedLog, receipts: list[bytes]) -> None:
    other = Ed25519PrivateKey.generate()
    sign1 = read(receipts[1]).content
    root = inclusion_root(1, 5, log.entries[1].leaf_hash, parse_receipt(log.receipts[1]).proof)
    forged = changed(receipts[1], signature=other.sign(sig_structure(sign1[0], root)))
    key = cose_signer(log.founding.log_signer).key
    with pytest.raises(ReceiptInvalid, match="one that does not verify"):
        verify_inclusion_receipt(parse_cose_receipt(forged), log.entries[1].raw, ORIGIN, [key])
