"""The description of SCITT's addresses (OpenAPI). What is CBOR is shown in hexadecimal, as JSON has no byte strings."""

from http import HTTPStatus
from typing import Any, Final

from api.documentation import JSON, Operation, answer, content, problems
from api.scitt_examples import scitt_example
from ledger.client.connection import PROBLEM_CBOR
from ledger.intake.statements import ALGORITHM_OF, ENVELOPE_TYPE, STATEMENT_BYTES_MAX
from ledger.log.cose import format_cose_key, format_key_set

COSE: Final = "application/cose"
CBOR: Final = "application/cbor"

_EXAMPLE: Final = scitt_example()


def _binary(what: str) -> dict[str, object]:
    return {"type": "string", "contentEncoding": "base16", "description": f"{what}; the example is in hexadecimal"}


def _answer(description: str, media_type: str, what: str, sample: bytes) -> dict[str, Any]:
    return answer(description, media_type, _binary(what), sample.hex())


def _concise(*statuses: int) -> dict[int | str, dict[str, Any]]:
    problem = content(PROBLEM_CBOR, _binary("{-1: title, -2: detail, -3: instance}"), _EXAMPLE.problem.hex())
    answers: dict[int | str, dict[str, Any]] = {
        status: {"description": HTTPStatus(status).phrase, "content": problem} for status in statuses
    }
    return {**answers, "default": {"description": "Any other problem", "content": problem}}


_RECEIPT: Final = "a COSE receipt (RFC 9942) over the entry"
_KNOWN: Final = {"description": "As the client has it"}

KEYS_GET: Final[Operation] = {
    "responses": {
        200: _answer("The keys", CBOR, "a COSE Key Set", format_key_set([_EXAMPLE.key])),
        304: _KNOWN,
        **_concise(503),
    }
}

KEY_GET: Final[Operation] = {
    "responses": {
        200: _answer("The key", CBOR, "a COSE Key", format_cose_key(_EXAMPLE.key)),
        304: _KNOWN,
        **_concise(404, 503),
    }
}

ENTRIES_POST: Final[Operation] = {
    "status_code": 201,
    "responses": {
        201: _answer("Registered", COSE, _RECEIPT, _EXAMPLE.receipt),
        200: _answer("Registered before: the same receipt", COSE, _RECEIPT, _EXAMPLE.receipt),
        **_concise(400, 403, 404, 408, 409, 413, 415, 422, 429, 503),
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": content(COSE, _binary("a Signed Statement (COSE_Sign1)"), _EXAMPLE.statement.hex()),
        }
    },
}

ENTRY_RECEIPT_GET: Final[Operation] = {
    "responses": {
        200: _answer("The receipt", COSE, _RECEIPT, _EXAMPLE.receipt),
        304: _KNOWN,
        **_concise(400, 404, 422, 503),
    }
}

POLICY_GET: Final[Operation] = {
    "responses": {
        200: answer(
            "The policy",
            JSON,
            {"type": "object"},
            {
                "rules": 1,
                "rules_described": "docs/rules.md",
                "refusals": "/v1/refusals",
                "schemas": "/v1/schemas",
                "statement": {
                    "content_type": ENVELOPE_TYPE,
                    "algorithms": {name: algorithm.value for name, algorithm in ALGORITHM_OF.items()},
                    "bytes_max": STATEMENT_BYTES_MAX,
                },
            },
        ),
        **problems(503),
    }
}
