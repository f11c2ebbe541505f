"""The interface's description (OpenAPI): what every operation answers, each with an example from `api.examples`.

The schemas of answers are generated from the types by which the client decodes them, so the two cannot drift apart.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import examples
from api.problems import PROBLEM_JSON
from api.reasons import REASON_OF, STATUS_OF
from ledger.client.answers import Admission, LedgerInfo, NextAct, Recorded, Witnesses
from ledger.events.refusals import Refusal
from ledger.events.registry import EVENTS, event_schema
from ledger.signing.dsse import ENVELOPE_BYTES_MAX, PAYLOAD_TYPE, SIGNATURES_MAX

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
TEXT: Final = "text/plain"
SCHEMA_JSON: Final = "application/schema+json"

DESCRIPTION: Final = (
    "Security guarantees as signed, append-only acts. Bytes that were signed are recorded, hashed and served as they "
    "are. Every answer carries the newest signed checkpoint in `Ledger-Checkpoint`. What goes wrong has a permanent "
    "code: [refusals and problems](/docs/refusals)."
)

Operation = dict[str, Any]
"""Keyword arguments of a route."""


def ref(name: str) -> dict[str, str]:
    """Return a reference to one of the schemas of `components`."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(media_type: str, schema: Mapping[str, object], sample: object) -> dict[str, Any]:
    return {media_type: {"schema": schema, "example": sample}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the descriptions of problem answers; any other error has the same form."""
    answers: dict[int | str, dict[str, Any]] = {
        status: {"description": HTTPStatus(status).phrase, "content": {PROBLEM_JSON: {"schema": ref("Problem")}}}
        for status in statuses
    }
    answers["default"] = {
        "description": "Any other problem",
        "content": content(PROBLEM_JSON, ref("Problem"), examples.refused_document()),
    }
    return answers


def answer(description: str, media_type: str, schema: Mapping[str, object], sample: object) -> dict[str, Any]:
    return {"description": description, "content": content(media_type, schema, sample)}


def plain(raw: bytes) -> Any:
    """Return the JSON value of an example's bytes."""
    return msgspec.json.decode(raw)


_TEXT_SCHEMA: Final = {"type": "string"}
_EXAMPLE: Final = examples.example()

EVENTS_POST: Final[Operation] = {
    "status_code": 201,
    "responses": {
        201: answer("Admitted", JSON, ref("Admission"), msgspec.to_builtins(_EXAMPLE.admission)),
        200: {
            "description": (
                "A duplicate, with the first receipt; or the outcomes of a batch, one line for each act, sent while "
                "the body comes in. A last line without `outcome` is a problem; `decided`: how many lines have theirs"
            ),
            "content": {
                **content(
                    JSON,
                    ref("Admission"),
                    msgspec.to_builtins(msgspec.structs.replace(_EXAMPLE.admission, outcome="duplicate")),
                ),
                **content(NDJSON, _TEXT_SCHEMA, examples.batch_answer().decode()),
            },
        },
        **problems(400, 403, 408, 409, 413, 415, 422, 429, 503),
    },
    "openapi_extra": {
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "If sent, the id of the one event: its identity is permanent with or without it.",
                "schema": {"type": "string"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                **content(JSON, ref("Envelope"), plain(_EXAMPLE.envelope.raw)),
                **content(NDJSON, _TEXT_SCHEMA, _EXAMPLE.envelope.raw.decode() + "\n"),
            },
        },
    },
}

LEDGER_GET: Final[Operation] = {
    "responses": {
        200: answer(
            "The ledger",
            JSON,
            ref("LedgerInfo"),
            msgspec.to_builtins(
                LedgerInfo(
                    origin=examples.ORIGIN,
                    opened=False,
                    tree_size=0,
                    log_keys=(_EXAMPLE.vkey,),
                    service_key=_EXAMPLE.service_key,
                    depositary=examples.DEPOSITARY,
                )
            ),
        ),
        **problems(503),
    }
}

KEYS_GET: Final[Operation] = {
    "responses": {200: answer("Verifier keys", TEXT, _TEXT_SCHEMA, f"{_EXAMPLE.vkey}\n"), **problems(503)}
}

CHECKPOINT_GET: Final[Operation] = {
    "responses": {
        200: answer("The signed note", TEXT, _TEXT_SCHEMA, _EXAMPLE.checkpoint.decode()),
        **problems(404, 503),
    }
}

ENTRIES_GET: Final[Operation] = {
    "responses": {
        200: answer("Entries, one on each line", NDJSON, _TEXT_SCHEMA, _EXAMPLE.entry.raw.decode() + "\n"),
        304: {"description": "As the client has them"},
        **problems(422, 503),
    }
}

ENTRY_GET: Final[Operation] = {
    "responses": {
        200: answer("The entry", JSON, ref("Entry"), plain(_EXAMPLE.entry.raw)),
        304: {"description": "As the client has it"},
        **problems(404, 422, 503),
    }
}

EVENT_GET: Final[Operation] = {
    "responses": {
        200: answer(
            "Where the act stands",
            JSON,
            ref("Recorded"),
            {
                "event": _EXAMPLE.sealed.event_id,
                "position": 1,
                "entry_sha256": _EXAMPLE.entry.sha256,
                "stream": "ledger",
                "standing": {"state": "effective", "contested": False, "pending_on": []},
            },
        ),
        **problems(404, 422, 503),
    }
}

RECEIPT_GET: Final[Operation] = {
    "responses": {
        200: answer("The receipt (C2SP tlog-proof)", TEXT, _TEXT_SCHEMA, _EXAMPLE.sealed.receipt.decode()),
        304: {"description": "As the client has it"},
        **problems(404, 422, 503),
    }
}

BUNDLE_GET: Final[Operation] = {
    "responses": {
        200: answer("The bundle (docs/bundle.md)", TEXT, _TEXT_SCHEMA, _EXAMPLE.bundle.decode()),
        304: {"description": "As the client has it"},
        **problems(404, 422, 503),
    }
}

NEXT_GET: Final[Operation] = {
    "responses": {
        200: answer(
            "The place in the authority's chain",
            JSON,
            ref("NextAct"),
            {"sequence": 2, "previous": _EXAMPLE.envelope.payload_sha256, "tree_size": 1},
        ),
        **problems(404, 422, 503),
    }
}

SCHEMAS_GET: Final[Operation] = {
    "responses": {
        200: answer(
            "Types and versions",
            JSON,
            {"type": "object"},
            {"schemas": [{"type": "ledger.opened", "version": 1, "href": "/v1/schemas/ledger.opened/1"}]},
        ),
        **problems(),
    }
}

SCHEMA_GET: Final[Operation] = {
    "responses": {
        200: answer("The schema", SCHEMA_JSON, {"type": "object"}, event_schema("consent.given", 1)),
        **problems(404, 422),
    }
}

REFUSALS_GET: Final[Operation] = {
    "responses": {
        200: answer(
            "Every code",
            JSON,
            {"type": "object"},
            {
                "refusals": [
                    {
                        "code": Refusal.NOT_NFC,
                        "kind": "refusal",
                        "status": STATUS_OF[Refusal.NOT_NFC],
                        "title": REASON_OF[Refusal.NOT_NFC].title,
                        "do": REASON_OF[Refusal.NOT_NFC].do,
                    }
                ]
            },
        ),
        **problems(),
    }
}

_ENVELOPE: Final = {
    "title": "Envelope",
    "description": f"A DSSE envelope in canonical JSON (RFC 8785), at most {ENVELOPE_BYTES_MAX} bytes.",
    "type": "object",
    "required": ["payload", "payloadType", "signatures"],
    "additionalProperties": False,
    "properties": {
        "payload": {
            "type": "string",
            "contentEncoding": "base64",
            "contentMediaType": "application/json",
            "description": f"One of the {len(EVENTS)} events of /v1/schemas, in canonical JSON",
        },
        "payloadType": {"const": PAYLOAD_TYPE},
        "signatures": {
            "type": "array",
            "minItems": 1,
            "maxItems": SIGNATURES_MAX,
            "description": "Sorted by keyid, each once",
            "items": {
                "type": "object",
                "required": ["keyid", "sig"],
                "additionalProperties": False,
                "properties": {
                    "keyid": {
                        "type": "string",
                        "pattern": "^[0-9a-f]{64}$",
                        "description": "SHA-256 of the key's SubjectPublicKeyInfo",
                    },
                    "sig": {"type": "string", "contentEncoding": "base64"},
                },
            },
        },
    },
}

_ENTRY: Final = {
    "title": "Entry",
    "description": "What the log stores and hashes: the exact bytes matter, so keep them as they come.",
    "type": "object",
    "required": ["envelope", "position", "previous", "recorded_at"],
    "additionalProperties": False,
    "properties": {
        "envelope": {"$ref": "#/components/schemas/Envelope"},
        "position": {"type": "integer", "minimum": 1},
        "previous": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "SHA-256 of the previous entry's bytes",
        },
        "recorded_at": {"type": "string", "format": "date-time"},
    },
}

_WORDS: Final = {"type": "string"}
_PROBLEM: Final = {
    "title": "Problem",
    "description": "RFC 9457. `code` is permanent; /docs/refusals explains each.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "expected", "got", "do", "instance"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        **dict.fromkeys(("title", "detail", "code", "expected", "got", "do"), _WORDS),
        "instance": {"type": "string", "format": "uri"},
        "outcome": {"enum": ["refused", "conflict"]},
        "first": {"$ref": "#/components/schemas/Admission"},
    },
}


def _any(kind: type) -> dict[str, object]:
    """Describe the one member that is left open, `standing`: an object whose members may grow."""
    assert kind is object
    return {"description": "how it stands: state, contested, pending_on"}


def components() -> dict[str, object]:
    """Return the schemas to which the operations refer."""
    _, generated = msgspec.json.schema_components(
        [Admission, LedgerInfo, NextAct, Recorded, Witnesses],
        ref_template="#/components/schemas/{name}",
        schema_hook=_any,
    )
    return {**generated, "Envelope": _ENVELOPE, "Entry": _ENTRY, "Problem": _PROBLEM}


def describe(app: FastAPI, complete: Callable[[dict[str, Any]], None]) -> None:
    """Have `app` answer /openapi.json with our schemas beside those that the framework collects.

    `complete` may add to the document what the framework would leave out, such as a null in an example.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                license_info=app.license_info,
                routes=app.routes,
            )
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(components())
            complete(document)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's own way of extending the description
