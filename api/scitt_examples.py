"""The examples of the description of SCITT's addresses: the second act of the example's ledger, as a statement.

It is really signed, decided, recorded and sealed, and the statement really opened, as anybody else's would be.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final

from api.concise import respond
from api.examples import INSTANCE, ISSUED_AT, ORIGIN, RECORDED_AT, example, log_key, root_signer
from api.problems import Problem, Trouble, problem_of
from ledger.client.draft import Draft, payload_of
from ledger.events.stages import Admitted
from ledger.intake.statements import ALGORITHM_OF, ENVELOPE_TYPE, check_statement, parse_statement
from ledger.log import cose
from ledger.log.cbor import CborValue, encode
from ledger.log.checkpoint import Checkpoint
from ledger.log.cose import CoseKey, Sign1, cose_signer, format_sign1, sig_structure
from ledger.log.cose_receipt import inclusion_receipt
from ledger.log.entry import build_entry
from ledger.log.tree import EMPTY
from ledger.rules.decide import decide, keys_of
from ledger.rules.memory import MemoryCompact
from ledger.signing.dsse import parse
from ledger.signing.signer import sign_payload
from ledger.signing.verify import verify

EVENT_ID: Final = "019a3c5e-8f00-7c3d-8e4f-0123456789ab"


@dataclass(frozen=True, slots=True)
class ScittExample:
    """A statement, the receipt of its act, the log's key, and a problem."""

    statement: bytes
    receipt: bytes
    key: CoseKey
    problem: bytes


@cache
def scitt_example() -> ScittExample:
    """Return the example, made once for each process."""
    first, recorded_at = example(), RECORDED_AT + timedelta(minutes=1)
    compact = MemoryCompact()
    opened = decide(compact, verify(first.envelope, keys_of(compact, first.envelope.event), ledger=ORIGIN), RECORDED_AT)
    assert isinstance(opened, Admitted), opened
    compact.apply(opened, 1, RECORDED_AT)
    statement = _statement(sign_payload(_payload(first.envelope.payload_sha256), [root_signer()]))
    opened_statement = parse_statement(statement)
    envelope = opened_statement.envelope
    check_statement(opened_statement, keys_of(compact, envelope.event))
    decided = decide(compact, verify(envelope, keys_of(compact, envelope.event), ledger=ORIGIN), recorded_at)
    assert isinstance(decided, Admitted), decided
    entry = build_entry(2, recorded_at, first.entry.sha256, envelope.raw)
    frontier, _ = EMPTY.append([first.entry.leaf_hash, entry.leaf_hash])
    signer = cose_signer(log_key())
    tree = Checkpoint(ORIGIN, frontier.tree_size, frontier.root)
    receipt = inclusion_receipt(signer, tree, EVENT_ID, 1, entry.leaf_hash, [first.entry.leaf_hash])
    missing = Problem(Trouble.NOT_FOUND, "the id of a recorded act", EVENT_ID)
    problem = bytes(respond(problem_of(missing, INSTANCE), f"/entries/{EVENT_ID}").body)
    return ScittExample(statement, receipt, signer.key, problem)


def _payload(previous: str) -> bytes:
    event = parse(example().envelope.raw).event
    fields = {"subject": event.party, "names": [{"language": "en", "name": "Depositary of the example"}]}
    return payload_of(
        Draft("party.renamed", event.party, event.authority, fields),
        ledger=ORIGIN,
        event_id=EVENT_ID,
        sequence=2,
        previous=previous,
        issued_at=ISSUED_AT,
    )


def _statement(envelope_raw: bytes) -> bytes:
    """Return the envelope as its signer would hand it in."""
    signer, event = root_signer(), parse(envelope_raw).event
    headers: dict[int | bytes | str, CborValue] = {
        cose.ALGORITHM: ALGORITHM_OF[signer.algorithm].value,
        cose.CONTENT_TYPE: ENVELOPE_TYPE,
        cose.KEY_ID: bytes.fromhex(signer.key_id),
        cose.CLAIMS: {cose.ISSUER: event.authority, cose.SUBJECT: event.id},
    }
    protected = encode(headers)
    signature = signer.sign(sig_structure(protected, envelope_raw))
    return format_sign1(Sign1(protected, headers, {}, envelope_raw, signature))
