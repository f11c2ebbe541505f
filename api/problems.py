"""Everything that is not the answer asked for: RFC 9457 problem documents with permanent codes.

Whatever goes wrong, the client gets a code that it can rely on, and what to do; never a traceback.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import orjson
from starlette.responses import Response

from api.reasons import REASON_OF, STATUS_OF
from ledger.events.refusals import Refused

PROBLEM_JSON: Final = "application/problem+json"
REFUSALS_PAGE: Final = "/docs/refusals"
OWN_KEYS: Final = "a process that holds every key of the log in force"
PUBLISHED_LOG: Final = "a database that holds all that this ledger has published"


class Trouble(StrEnum):
    """The permanent codes beside the refusals: about the request, not about an act."""

    REQUEST_MALFORMED = "request_malformed"
    QUERY_INVALID = "query_invalid"
    NOT_FOUND = "not_found"
    NOT_WITNESSED = "not_witnessed"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_ACCEPTABLE = "not_acceptable"
    REQUEST_TOO_SLOW = "request_too_slow"
    BODY_TOO_LARGE = "body_too_large"
    MEDIA_TYPE_UNSUPPORTED = "media_type_unsupported"
    BATCH_EMPTY = "batch_empty"
    IDEMPOTENCY_KEY_MISMATCH = "idempotency_key_mismatch"
    STATEMENT_MALFORMED = "statement_malformed"
    ALGORITHM_UNSUPPORTED = "algorithm_unsupported"
    PAYLOAD_MISSING = "payload_missing"
    STATEMENT_MISMATCH = "statement_mismatch"
    LOCATOR_INVALID = "locator_invalid"
    RECEIPT_NOT_YET = "receipt_not_yet"
    BUSY = "busy"
    INTERNAL_ERROR = "internal_error"
    DATABASE_UNAVAILABLE = "database_unavailable"
    OUTCOME_UNKNOWN = "outcome_unknown"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True)
class Description:
    """What a code of this interface means: as `api.reasons` has it for the refusals."""

    status: int
    title: str
    do: str


_AGAIN: Final = "Submit the same bytes again: what arrived is answered with its first receipt, and is never doubled."

TROUBLES: Final[Mapping[Trouble, Description]] = MappingProxyType(
    {
        Trouble.REQUEST_MALFORMED: Description(
            400, "The request is malformed", "Compare it with the interface's description at /docs."
        ),
        Trouble.QUERY_INVALID: Description(
            422, "A parameter is not valid", "Compare it with the interface's description at /docs."
        ),
        Trouble.NOT_FOUND: Description(404, "There is no such thing", "Check the id and the address."),
        Trouble.NOT_WITNESSED: Description(
            404,
            "There is no such checkpoint that witnesses have cosigned",
            "Ask again in some seconds; /v1/witnesses says how the witnesses stand. What the log signed is there now.",
        ),
        Trouble.METHOD_NOT_ALLOWED: Description(
            405, "The method is not allowed here", "Use a method that the header Allow names."
        ),
        Trouble.NOT_ACCEPTABLE: Description(
            406, "There is no such representation", "Ask for a media type that /docs names for this address."
        ),
        Trouble.REQUEST_TOO_SLOW: Description(
            408, "The request took too long to arrive", "Send the whole body at once; divide a large batch."
        ),
        Trouble.BODY_TOO_LARGE: Description(413, "The body is too large", "Divide it into several requests."),
        Trouble.MEDIA_TYPE_UNSUPPORTED: Description(
            415,
            "The media type is not supported",
            "Send a media type that /docs names for this address, such as application/json for an act, not compressed.",
        ),
        Trouble.BATCH_EMPTY: Description(400, "The batch is empty", "Send at least one envelope."),
        Trouble.IDEMPOTENCY_KEY_MISMATCH: Description(
            422,
            "The idempotency key is not the event's id",
            "Leave the header out, or set it to the id of the one event that is sent.",
        ),
        Trouble.STATEMENT_MALFORMED: Description(
            400,
            "The statement is malformed",
            "Send a tagged COSE_Sign1 in deterministic CBOR, with the headers that docs/scitt.md shows.",
        ),
        Trouble.ALGORITHM_UNSUPPORTED: Description(
            400, "The statement's algorithm is not supported", "Sign by the algorithm of the registered key."
        ),
        Trouble.PAYLOAD_MISSING: Description(
            400, "The statement's payload is missing", "Attach the envelope of the act as payload."
        ),
        Trouble.STATEMENT_MISMATCH: Description(
            422,
            "The statement says something else than its act",
            "Name the act's authority as iss, its id as sub, and as kid a key that signed its envelope.",
        ),
        Trouble.LOCATOR_INVALID: Description(
            400, "The locator is invalid", "Use the id of the event, as Location gave it."
        ),
        Trouble.RECEIPT_NOT_YET: Description(
            404,
            "There is no COSE receipt yet",
            "Ask again when the log has a second entry: RFC 9942 has no receipt in a tree of one.",
        ),
        Trouble.BUSY: Description(429, "The ledger is busy", f"Wait as long as Retry-After says. {_AGAIN}"),
        Trouble.INTERNAL_ERROR: Description(
            500, "The ledger failed", f"Tell the operator the id in `instance`. {_AGAIN}"
        ),
        Trouble.DATABASE_UNAVAILABLE: Description(
            503, "The database does not answer", f"Wait as long as Retry-After says. {_AGAIN}"
        ),
        Trouble.OUTCOME_UNKNOWN: Description(503, "The outcome is not known yet", _AGAIN),
        Trouble.NOT_READY: Description(503, "The ledger is not ready", "Wait as long as Retry-After says."),
    }
)
"""Status, title and advice of each code of the interface."""

RETRY_AFTER_S: Final[Mapping[Trouble, int]] = MappingProxyType(
    {Trouble.BUSY: 1, Trouble.DATABASE_UNAVAILABLE: 2, Trouble.OUTCOME_UNKNOWN: 1, Trouble.NOT_READY: 2}
)


class Problem(Exception):
    """Raised anywhere below a route to answer with a problem document. `expected` and `got` as in a refusal.

    >>> raise Problem(Trouble.QUERY_INVALID, "limit of 1 to 1000", "0")
    """

    def __init__(self, trouble: Trouble, expected: str, got: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{trouble}: expected {expected}; got {got}")
        self.trouble = trouble
        self.expected = expected
        self.got = got
        self.headers = dict(headers or {})
        if trouble in RETRY_AFTER_S:
            self.headers.setdefault("Retry-After", str(RETRY_AFTER_S[trouble]))


def problem_of(problem: Problem, instance: str) -> dict[str, object]:
    """Return the document of a problem of the interface."""
    described = TROUBLES[problem.trouble]
    return _document(
        problem.trouble, described.status, described.title, described.do, problem.expected, problem.got, instance
    )


def refusal_of(refused: Refused, instance: str) -> dict[str, object]:
    """Return the document of a refused act."""
    reason = REASON_OF[refused.refusal]
    return _document(
        refused.refusal,
        STATUS_OF[refused.refusal],
        reason.title,
        reason.do,
        refused.expected,
        refused.got,
        instance,
    )


def _document(code: str, status: int, title: str, do: str, expected: str, got: str, instance: str) -> dict[str, object]:
    return {
        "type": f"{REFUSALS_PAGE}#{code}",
        "title": title,
        "status": status,
        "detail": f"expected {expected}; got {got}",
        "code": code,
        "expected": expected,
        "got": got,
        "do": do,
        "instance": instance,
    }


def problem_response(document: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer that carries a problem document. Problems are never cached."""
    status = document["status"]
    assert isinstance(status, int)
    return Response(
        orjson.dumps(document),
        status,
        {"Cache-Control": "no-store", **(headers or {})},
        media_type=PROBLEM_JSON,
    )
