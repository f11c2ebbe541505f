r"""The statement (DSSE, of a type of its own): which act of an authority is the last one in a tree.

Each act names the number and the digest of the one before, so the last one decides all of them: whoever has it can
tell whether anything before it is missing. That nothing comes after it, up to the tree size, is what the ledger signs
here. A receipt of a later act within that tree shows that the statement is a lie.

    guarantee-ledger statement v1
    {"payload":"eyJhdX...","payloadType":"application/vnd.guarantee-ledger.statement+json","signatures":[...]}
    {"envelope":{...},"position":1,...}        ledger.opened, which names the service key
    proof bjQLnP+zepicpUTmu3gKLHiQHT...        its inclusion proof in this tree, hashes separated by spaces
    {"envelope":{...},"position":7,...}        every act of the authority, in order, each with its proof
    proof 3q2+7wAAAAAAAAAAAAAAAAAAAA...
                                               an empty line
    ledger.example/compact                     the checkpoint of exactly this tree size, to the end of the file
    21
    ...
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from ledger.events.canonical import canonical_bytes, parse_canonical
from ledger.events.refusals import Rejected
from ledger.events.stages import Signature
from ledger.events.values import AuthorityId, Digest, EventId, Origin
from ledger.log.errors import ProofInvalid, StatementInvalid, shown
from ledger.log.proofs import verify_inclusion
from ledger.log.receipt import PROOF_HASHES_MAX
from ledger.log.tiles import HASH_BYTES
from ledger.signing.dsse import ENVELOPE_BYTES_MAX, pae, unwrapped, wrapped
from ledger.signing.encoding import from_base64, to_base64
from ledger.signing.keys import BadSignature, PublicKey
from ledger.signing.signer import Signer

STATEMENT_TYPE: Final = "application/vnd.guarantee-ledger.statement+json"
HEADER: Final = "guarantee-ledger statement v1"
KIND: Final = "authority.statement"
VERSION: Final = 1

PROOF_LINE_BYTES_MAX: Final = 8 + PROOF_HASHES_MAX * 45
_PROOF: Final = "proof"

_Count = Annotated[int, Meta(ge=0)]
_Place = Annotated[int, Meta(ge=1)]


class LastAct(Struct, frozen=True, forbid_unknown_fields=True):
    """The last act of an authority. `payload_sha256` is what its next act names as `previous`."""

    sequence: _Place
    event: EventId
    position: _Place
    entry_sha256: Digest
    payload_sha256: Digest


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """Of the acts of `authority` among the first `tree_size` entries, `count` in all, `last` is the last.

    `root` is that of the tree, in hexadecimal; `last` is null where the authority has not acted. The payload is the
    canonical JSON of these members:

        {"authority":"gb/principal","count":3,"last":{...},"origin":"ledger.example/compact","root":"9f86...",
        "tree_size":21,"type":"authority.statement","version":1}
    """

    origin: Origin
    tree_size: _Place
    root: Digest
    authority: AuthorityId
    count: _Count
    last: LastAct | None
    type: str = KIND
    version: int = VERSION

    def __post_init__(self) -> None:
        if (self.type, self.version) != (KIND, VERSION):
            raise ValueError(f"expected {KIND} v{VERSION}; got {self.type} v{self.version}")
        if self.count != (self.last.sequence if self.last is not None else 0):
            raise ValueError("expected count to be the sequence of the last act, or 0 without one")
        if self.last is not None and self.last.position > self.tree_size:
            raise ValueError("expected the last act within the tree")


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement and what stands under it. Nothing is proved until `check_signed` was asked."""

    raw: bytes
    payload: bytes
    signatures: tuple[Signature, ...]
    statement: Statement


def sign_statement(statement: Statement, signer: Signer) -> bytes:
    """Return the envelope of a statement. With Ed25519 the same statement gives the same bytes for ever."""
    payload = canonical_bytes(msgspec.to_builtins(statement))
    signature = Signature(signer.key_id, signer.sign(pae(STATEMENT_TYPE, payload)))
    return wrapped(STATEMENT_TYPE, payload, [signature])


def parse_statement(raw: bytes) -> Signed:
    """Return the statement in an envelope, one form for each. Raises StatementInvalid for anything else."""
    try:
        payload, signatures = unwrapped(STATEMENT_TYPE, raw)
        parse_canonical(payload, ENVELOPE_BYTES_MAX)
        return Signed(raw, payload, signatures, msgspec.json.decode(payload, type=Statement))
    except Rejected as error:
        raise StatementInvalid(error.refused.expected, error.refused.got) from None
    except msgspec.DecodeError as error:
        raise StatementInvalid(f"a statement of type {KIND}", str(error)) from None


def check_signed(signed: Signed, key: PublicKey) -> None:
    """Return if `key` alone signed the statement. Raises StatementInvalid."""
    expected = f"one signature, by the service key {key.key_id}"
    if [one.key_id for one in signed.signatures] != [key.key_id]:
        raise StatementInvalid(expected, ", ".join(one.key_id for one in signed.signatures))
    try:
        key.verify(pae(STATEMENT_TYPE, signed.payload), signed.signatures[0].value)
    except BadSignature:
        raise StatementInvalid(expected, "one that does not verify") from None


def format_proof(proof: Iterable[bytes]) -> bytes:
    """Return the line of an inclusion proof, without a line feed; of an empty one the word alone."""
    return " ".join((_PROOF, *map(to_base64, proof))).encode()


def parse_proof(line: bytes) -> tuple[bytes, ...]:
    """Return the hashes that `format_proof` writes as `line`. Raises StatementInvalid for anything else."""
    try:
        word, *hashes = line.decode("ascii").split(" ")
        proof = tuple(map(from_base64, hashes))
    except ValueError as error:
        raise StatementInvalid("hashes in base64 after the word proof", str(error)) from None
    if word != _PROOF or len(proof) > PROOF_HASHES_MAX or any(len(one) != HASH_BYTES for one in proof):
        raise StatementInvalid(f"proof and at most {PROOF_HASHES_MAX} hashes", shown(line))
    return proof


def check_within(statement: Statement, index: int, leaf: bytes, proof: Sequence[bytes]) -> None:
    """Return if the leaf is in the tree of which the statement speaks. Raises ProofInvalid."""
    try:
        verify_inclusion(index, statement.tree_size, leaf, proof, bytes.fromhex(statement.root))
    except ProofInvalid as error:
        raise ProofInvalid(f"entry {index + 1}: {error.expected}", error.got) from None
