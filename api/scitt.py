"""The interface of SCITT (draft-ietf-scitt-scrapi): keys, statements in, COSE receipts out. docs/scitt.md says how.

A statement is registered before the answer is given, with its receipt, so nothing is ever answered by "still running".
"""

import asyncio
import re
from base64 import urlsafe_b64encode
from typing import Annotated, Final, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.concise import ENTRIES_PATH, KEYS_PATH, respond
from api.documentation import JSON
from api.edge import instance_of
from api.log import CHECKED, known_or
from api.outcomes import problem_document
from api.problems import Problem, Trouble, refusal_of
from api.scitt_documentation import ENTRIES_POST, ENTRY_RECEIPT_GET, KEY_GET, KEYS_GET, POLICY_GET
from api.service import Service, service_of
from api.submissions import body_of, media_type_of, outcomes_of
from ledger.events.keys import KeySet
from ledger.events.refusals import Rejected
from ledger.intake.cose_receipts import NoKeyFor, ReceiptNotYet
from ledger.intake.outcomes import Sealed
from ledger.intake.statements import (
    ALGORITHM_OF,
    ENVELOPE_TYPE,
    STATEMENT_BYTES_MAX,
    AlgorithmUnsupported,
    PayloadMissing,
    StatementMalformed,
    StatementMismatch,
    StatementRefused,
    check_statement,
    parse_statement,
)
from ledger.log.cose import Algorithm, CoseKey, cose_keys, format_cose_key, format_key_set
from ledger.log.note import parse_vkey
from ledger.rules import compact
from ledger.rules.log_keys import retired_keys

COSE: Final = "application/cose"
CBOR: Final = "application/cbor"
CREATED: Final = 201
OK: Final = 200

_EVENT_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_TROUBLE_OF: Final[dict[type[StatementRefused], Trouble]] = {
    StatementMalformed: Trouble.STATEMENT_MALFORMED,
    AlgorithmUnsupported: Trouble.ALGORITHM_UNSUPPORTED,
    PayloadMissing: Trouble.PAYLOAD_MISSING,
    StatementMismatch: Trouble.STATEMENT_MISMATCH,
}

router = APIRouter(tags=["scitt"], default_response_class=Response)


@router.get(KEYS_PATH, **KEYS_GET)
def list_keys(request: Request) -> Response:
    """Every key with which the log signs receipts or ever did, as a COSE Key Set.

    Whose keys these are has to come from elsewhere: compare a `kid` with the one that the depositary published.
    """
    return known_or(request, format_key_set(_keys(service_of(request))), CHECKED, CBOR)


@router.get(KEYS_PATH + "/{kid}", **KEY_GET)
def show_key(
    request: Request, kid: Annotated[str, Path(description="the kid of a receipt, in base64url without padding")]
) -> Response:
    """One key of the log, by the `kid` that a receipt names: its RFC 9679 thumbprint."""
    for key in _keys(service_of(request)):
        if urlsafe_b64encode(key.key_id).rstrip(b"=").decode() == kid:
            return known_or(request, format_cose_key(key), CHECKED, CBOR)
    raise Problem(Trouble.NOT_FOUND, "the kid of a key of this log", ascii(kid[:80]))


@router.get("/v1/registration-policy", **POLICY_GET)
def show_policy(request: Request) -> Response:
    """What is admitted: the rule set in force, and the form of a statement.

    The rule set of each entry is in the log itself: `ledger.opened` names the first, `rules.adopted` every later one.
    """
    opened = service_of(request).log.state(compact.LEDGER)
    policy = {
        "rules": opened.rules if isinstance(opened, compact.Opened) else None,
        "rules_described": "docs/rules.md",
        "refusals": "/v1/refusals",
        "schemas": "/v1/schemas",
        "statement": {
            "content_type": ENVELOPE_TYPE,
            "algorithms": {name: algorithm.value for name, algorithm in ALGORITHM_OF.items()},
            "bytes_max": STATEMENT_BYTES_MAX,
        },
    }
    return Response(orjson.dumps(policy), headers={"Cache-Control": CHECKED}, media_type=JSON)


@router.post(ENTRIES_PATH, **ENTRIES_POST)
async def register_statement(request: Request) -> Response:
    """Register a Signed Statement: a COSE_Sign1 around the envelope of an act, by one of those who signed it.

    The envelope is submitted as it would be at `/v1/events`, with the same outcome; the answer is its COSE receipt,
    which is about the entry of the log. The statement's unprotected header is not looked at, and nothing of the
    statement but the envelope is kept.
    """
    service, instance = service_of(request), instance_of(request.scope)
    if (media_type := media_type_of(request, [COSE])) != COSE:
        raise Problem(Trouble.MEDIA_TYPE_UNSUPPORTED, COSE, media_type)
    raw = await body_of(request, STATEMENT_BYTES_MAX)
    try:
        envelope = await asyncio.to_thread(_checked_envelope, service, raw)
    except Rejected as rejected:
        return respond(refusal_of(rejected.refused, instance), request.url.path)
    except StatementRefused as refused:
        raise Problem(_TROUBLE_OF[type(refused)], refused.expected, refused.got) from None
    (outcome,) = await outcomes_of(service, [envelope])
    document = problem_document(outcome, instance)
    if document is not None:
        return respond(document, request.url.path)
    assert isinstance(outcome, Sealed)
    receipt = await run_in_threadpool(_receipt, service, outcome, Algorithm.ED25519)
    headers = {"Location": f"{ENTRIES_PATH}/{outcome.event_id}", "Cache-Control": "no-store"}
    return Response(receipt, OK if outcome.duplicate else CREATED, headers, media_type=COSE)


@router.get(ENTRIES_PATH + "/{entry_id}", **ENTRY_RECEIPT_GET)
def show_cose_receipt(
    request: Request,
    entry_id: Annotated[str, Path(description="the id of the event, as Location gave it")],
    alg: Annotated[Literal["-19", "-48"], Query(description="-19: Ed25519; -48: ML-DSA-44, if the log has it")] = "-19",
) -> Response:
    """The COSE receipt of an act, at the tree size at which it was sealed: the same bytes as long as the key is held.

    With `alg=-48` the log's ML-DSA-44 key signs, each time anew.
    """
    if not _EVENT_ID.fullmatch(entry_id):
        raise Problem(Trouble.LOCATOR_INVALID, "the id of an event, a UUIDv7 in lowercase", ascii(entry_id[:80]))
    service = service_of(request)
    sealed = service.intake.first(entry_id)
    if sealed is None:
        raise Problem(Trouble.NOT_FOUND, "the id of a recorded act", entry_id)
    return known_or(request, _receipt(service, sealed, Algorithm(int(alg))), CHECKED, COSE)


def _checked_envelope(service: Service, raw: bytes) -> bytes:
    """Return the envelope in a statement that one of its signers signed. Raises StatementRefused, Rejected."""
    statement = parse_statement(raw)

    def keys_of(authority: str) -> KeySet | None:
        state = service.log.state(f"authority/{authority}")
        return state.keys if isinstance(state, compact.Authority) else None

    check_statement(statement, keys_of)
    return statement.envelope.raw


def _receipt(service: Service, sealed: Sealed, algorithm: Algorithm) -> bytes:
    try:
        return service.cose_receipts.of(sealed, algorithm)
    except NoKeyFor:
        raise Problem(Trouble.NOT_FOUND, f"a key of the log for algorithm {algorithm.value}", "none") from None
    except ReceiptNotYet:
        raise Problem(Trouble.RECEIPT_NOT_YET, "a log of at least two entries", "a log of one") from None


def _keys(service: Service) -> tuple[CoseKey, ...]:
    ledger = service.log.state(compact.LEDGER)
    named = service.log_vkeys
    if isinstance(ledger, compact.Opened):
        named = (*ledger.log_keys, *retired_keys(ledger))
    return cose_keys(service.settings.origin, map(parse_vkey, named))
