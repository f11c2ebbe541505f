"""COSE Receipts (RFC 9942) over the log's own tree: one entry and its position, or one tree grown from another.

The tree is the one that checkpoints sign, so both dialects of proof say the same. A receipt that was verified shows,
without a connection, that the log signed a tree with exactly these bytes at exactly the position that they state.

The RFC signs the root alone and leaves the tree size beside it, where it can be changed unnoticed: for a leaf on the
left the same path leads to the same root in trees of several sizes. So the size stands among the signed claims too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.log import cose
from ledger.log.cbor import CborValue, decode, encode
from ledger.log.checkpoint import Checkpoint
from ledger.log.cose import CoseKey, CoseSigner, Sign1, format_sign1, parse_sign1, sig_structure, verify_signature
from ledger.log.entry import parse_entry
from ledger.log.errors import ReceiptInvalid, shown
from ledger.log.proofs import consistent_root, inclusion_root, verify_consistency, verify_inclusion
from ledger.log.receipt import PROOF_HASHES_MAX
from ledger.log.tiles import HASH_BYTES, TREE_SIZE_MAX

COSE_RECEIPT_BYTES_MAX: Final = 8 * 1024
"""63 hashes, an ML-DSA-44 signature and the names take less than 6 KiB."""

TREE_SIZE: Final = -65537
"""The claim with the signed tree size. Private use (RFC 8392 §9.1): no registered claim says it."""

_RFC9162_SHA256: Final = 1
_INCLUSION: Final = -1
_CONSISTENCY: Final = -2

_HEADERS: Final = {cose.ALGORITHM, cose.KEY_ID, cose.CLAIMS, cose.TREE}
_CLAIMS: Final = {cose.ISSUER, cose.SUBJECT, TREE_SIZE}


@dataclass(frozen=True, slots=True)
class CoseReceipt:
    """Nothing is proved yet. With `old_size` None it is for the leaf `index`, otherwise for the growth from that size.

    `issuer` is the origin of the log, `subject` the id of the event (of a growth: the origin), `tree_size` the claim
    that is signed; it equals the one beside the proof. `path` has at least one hash of 32 bytes.
    """

    algorithm: int
    key_id: bytes
    issuer: str
    subject: str
    tree_size: int
    index: int | None
    old_size: int | None
    path: tuple[bytes, ...]
    sign1: Sign1


def inclusion_receipt(
    signer: CoseSigner, checkpoint: Checkpoint, subject: str, index: int, leaf: bytes, path: Iterable[bytes]
) -> bytes:
    """Return the receipt that the leaf hash `leaf` has `index` in the tree of `checkpoint`:

        18([<<{1: -19, 4: kid, 15: {1: origin, 2: subject, -65537: tree_size}, 395: 1}>>,
            {396: {-1: [<<[tree_size, index, [path]]>>]}}, null, signature])

    Raises ProofInvalid for a path that does not lead to the root: what is signed was verified. Raises ReceiptInvalid
    for a tree of one leaf, of which the RFC has no receipt.
    """
    hashes = tuple(path)
    verify_inclusion(index, checkpoint.tree_size, leaf, hashes, checkpoint.root)
    return _signed(signer, checkpoint, subject, _INCLUSION, [checkpoint.tree_size, index, [*hashes]])


def consistency_receipt(signer: CoseSigner, old: Checkpoint, new: Checkpoint, path: Iterable[bytes]) -> bytes:
    """Return the receipt that the tree of `new` grew from that of `old`; as above, with {-2: [<<[old, new, [path]]>>]}.

    Raises ProofInvalid for a path that does not prove it, ReceiptInvalid for trees of one size or none to begin with,
    between which there is no path.
    """
    hashes = tuple(path)
    verify_consistency(old.tree_size, new.tree_size, old.root, new.root, hashes)
    return _signed(signer, new, new.origin, _CONSISTENCY, [old.tree_size, new.tree_size, [*hashes]])


def parse_cose_receipt(raw: bytes) -> CoseReceipt:
    """Return the receipt in `raw`. Raises CoseMalformed or ReceiptInvalid for bytes that are not exactly one."""
    sign1 = parse_sign1(raw, COSE_RECEIPT_BYTES_MAX)
    headers = sign1.headers
    if headers.keys() != _HEADERS or headers[cose.TREE] != _RFC9162_SHA256 or sign1.payload is not None:
        raise _unlike("alg, kid, CWT claims, vds 1 (RFC9162_SHA256) and a detached payload", sign1.protected)
    algorithm, key_id, claims = headers[cose.ALGORITHM], headers[cose.KEY_ID], headers[cose.CLAIMS]
    if not isinstance(algorithm, int) or not isinstance(key_id, bytes) or len(key_id) != HASH_BYTES:
        raise _unlike(f"an algorithm's number and a kid of {HASH_BYTES} bytes", sign1.protected)
    if not isinstance(claims, dict) or claims.keys() != _CLAIMS:
        raise _unlike("claims of issuer, subject and tree size", sign1.protected)
    issuer, subject, tree_size = claims[cose.ISSUER], claims[cose.SUBJECT], claims[TREE_SIZE]
    if not isinstance(issuer, str) or not isinstance(subject, str):
        raise _unlike("issuer and subject in text", sign1.protected)
    kind, first, second, path = _proof(sign1.unprotected)
    proved_size = first if kind == _INCLUSION else second
    if tree_size != proved_size:
        raise ReceiptInvalid(f"the tree size that was signed, {tree_size!r}", f"{proved_size} beside the proof")
    index, old_size = (second, None) if kind == _INCLUSION else (None, first)
    return CoseReceipt(algorithm, key_id, issuer, subject, tree_size, index, old_size, path, sign1)


def verify_inclusion_receipt(
    receipt: CoseReceipt, entry_raw: bytes, origin: str, keys: Iterable[CoseKey]
) -> Checkpoint:
    """Return size and root of the tree of the log `origin` that holds the entry `entry_raw`, in this order:

    1. The bytes are an entry; EntryMalformed otherwise.
    2. The receipt is for the position that the entry states; ReceiptInvalid otherwise.
    3. It is issued by `origin` with one of `keys`, by that key's algorithm; ReceiptInvalid otherwise.
    4. The path leads to a root; ProofInvalid otherwise.
    5. The log signed that root and the tree size; ReceiptInvalid otherwise.

    What the subject should be is for the caller, who reads the event.
    """
    entry = parse_entry(entry_raw)
    if receipt.index != entry.entry_index:
        expected = f"index {entry.entry_index}, one less than the entry's position"
        raise ReceiptInvalid(expected, str(receipt.index) if receipt.index is not None else "a proof of growth")
    key = _issued_with(receipt, origin, keys)
    root = inclusion_root(receipt.index, receipt.tree_size, entry.leaf_hash, receipt.path)
    verify_signature(key, sig_structure(receipt.sign1.protected, root), receipt.sign1.signature)
    return Checkpoint(origin, receipt.tree_size, root)


def verify_consistency_receipt(receipt: CoseReceipt, old: Checkpoint, keys: Iterable[CoseKey]) -> Checkpoint:
    """Return size and root of the tree that grew from that of `old`, in this order:

    1. The receipt is for growth from that size; ReceiptInvalid otherwise.
    2. It is issued by the same log, about itself, with one of `keys`; ReceiptInvalid otherwise.
    3. The path leads from the old root to a new one; ProofInvalid otherwise.
    4. The log signed that root and the tree size; ReceiptInvalid otherwise.
    """
    if receipt.old_size != old.tree_size:
        raise ReceiptInvalid(f"growth from size {old.tree_size}", str(receipt.old_size))
    key = _issued_with(receipt, old.origin, keys)
    if receipt.subject != old.origin:
        raise ReceiptInvalid(f"subject {old.origin}", shown(receipt.subject.encode()))
    root = consistent_root(old.tree_size, receipt.tree_size, old.root, receipt.path)
    verify_signature(key, sig_structure(receipt.sign1.protected, root), receipt.sign1.signature)
    return Checkpoint(old.origin, receipt.tree_size, root)


def _signed(signer: CoseSigner, tree: Checkpoint, subject: str, kind: int, proof: list[CborValue]) -> bytes:
    """Return a receipt whose proof was verified."""
    if not proof[-1]:
        raise ReceiptInvalid("a proof of at least one hash (RFC 9942 §5.2)", f"none in a tree of {tree.tree_size}")
    claims: CborValue = {cose.ISSUER: tree.origin, cose.SUBJECT: subject, TREE_SIZE: tree.tree_size}
    headers: dict[int | bytes | str, CborValue] = {
        cose.ALGORITHM: signer.key.algorithm.value,
        cose.KEY_ID: signer.key.key_id,
        cose.CLAIMS: claims,
        cose.TREE: _RFC9162_SHA256,
    }
    protected = encode(headers)
    proofs: CborValue = {kind: [encode(proof)]}
    signature = signer.sign(sig_structure(protected, tree.root))
    return format_sign1(Sign1(protected, headers, {cose.PROOFS: proofs}, None, signature))


def _proof(unprotected: Mapping[int | bytes | str, CborValue]) -> tuple[object, int, int, tuple[bytes, ...]]:
    """Return the kind, the two numbers and the path of the one proof of a receipt."""
    proofs = unprotected.get(cose.PROOFS)
    if len(unprotected) != 1 or not isinstance(proofs, dict) or len(proofs) != 1:
        raise _unlike("proofs of one kind, and nothing else that is not signed", encode(dict(unprotected)))
    ((kind, listed),) = proofs.items()
    if kind not in (_INCLUSION, _CONSISTENCY):
        raise _unlike("a proof of inclusion, -1, or of consistency, -2", encode(kind))
    if not isinstance(listed, list) or len(listed) != 1 or not isinstance(listed[0], bytes):
        raise _unlike("one proof, a byte string", encode(listed))
    raw = listed[0]
    match decode(raw, COSE_RECEIPT_BYTES_MAX):
        case [int() as first, int() as second, [_, *_] as path] if all(isinstance(one, bytes) for one in path):
            hashes = tuple(one for one in path if isinstance(one, bytes))
        case _:
            raise _unlike("two numbers and at least one hash", raw)
    if not 0 <= first <= TREE_SIZE_MAX or not 0 <= second <= TREE_SIZE_MAX or len(hashes) > PROOF_HASHES_MAX:
        raise _unlike(f"numbers of 0 to {TREE_SIZE_MAX}, at most {PROOF_HASHES_MAX} hashes", raw)
    if any(len(one) != HASH_BYTES for one in hashes):
        raise _unlike(f"hashes of {HASH_BYTES} bytes", raw)
    return kind, first, second, hashes


def _issued_with(receipt: CoseReceipt, origin: str, keys: Iterable[CoseKey]) -> CoseKey:
    if receipt.issuer != origin:
        raise ReceiptInvalid(f"issuer {origin}", shown(receipt.issuer.encode()))
    known = {key.key_id: key for key in keys}
    key = known.get(receipt.key_id)
    if key is None:
        names = ", ".join(one.hex() for one in known) or "nobody"
        raise ReceiptInvalid(f"a signature by a known key ({names})", receipt.key_id.hex())
    if receipt.algorithm != key.algorithm:
        raise ReceiptInvalid(f"algorithm {key.algorithm.value} of that key", str(receipt.algorithm))
    return key


def _unlike(expected: str, got: bytes) -> ReceiptInvalid:
    return ReceiptInvalid(f"a receipt with {expected}", shown(got))
