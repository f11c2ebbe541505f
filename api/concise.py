"""Problems for SCITT's clients: the same problems in CBOR (RFC 9290), at the addresses that speak it.

{-1: title, -2: detail, -3: instance}. The title is the one that the interface of SCITT registers where one fits; the
detail begins with the permanent code, as in `receipt_not_yet: expected …; got …. Ask again …`.
"""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from api.problems import Trouble, problem_response
from ledger.client.connection import PROBLEM_CBOR, PROBLEM_DETAIL, PROBLEM_TITLE
from ledger.events.refusals import Refusal
from ledger.log.cbor import encode

ENTRIES_PATH: Final = "/entries"
KEYS_PATH: Final = "/.well-known/scitt-keys"

INSTANCE: Final = -3

REJECTED: Final = "Rejected"
NOT_FOUND: Final = "Not Found"
NO_SUCH_KEY: Final = "No such key"

_TITLES: Final[Mapping[str, str]] = {
    **dict.fromkeys(map(str, Refusal), REJECTED),
    Refusal.ENVELOPE_TOO_LARGE: "Too Large",
    Trouble.BODY_TOO_LARGE: "Too Large",
    Trouble.STATEMENT_MISMATCH: REJECTED,
    Trouble.REQUEST_MALFORMED: "Malformed request",
    Trouble.STATEMENT_MALFORMED: "Malformed request",
    Trouble.ALGORITHM_UNSUPPORTED: "Bad Signature Algorithm",
    Trouble.PAYLOAD_MISSING: "Payload Missing",
    Trouble.LOCATOR_INVALID: "Invalid locator",
    Trouble.NOT_FOUND: NOT_FOUND,
    Trouble.RECEIPT_NOT_YET: NOT_FOUND,
    Trouble.BUSY: "Too Many Requests",
}
"""Codes with a title of the interface of SCITT, or one in its manner; others keep their own."""


def respond(document: Mapping[str, object], path: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer that carries a problem document, in the form that the address `path` speaks."""
    if not _is_under(path, ENTRIES_PATH) and not _is_under(path, KEYS_PATH):
        return problem_response(document, headers)
    status, code = document["status"], str(document["code"])
    assert isinstance(status, int)
    is_key = code == Trouble.NOT_FOUND and _is_under(path, KEYS_PATH)
    title = NO_SUCH_KEY if is_key else _TITLES.get(code, str(document["title"]))
    detail = f"{code}: {document['detail']}. {document['do']}"
    body = encode({PROBLEM_TITLE: title, PROBLEM_DETAIL: detail, INSTANCE: str(document["instance"])})
    return Response(body, status, {"Cache-Control": "no-store", **(headers or {})}, media_type=PROBLEM_CBOR)


def _is_under(path: str, root: str) -> bool:
    return path == root or path.startswith(root + "/")
