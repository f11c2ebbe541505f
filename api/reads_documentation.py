"""The description of the projections' addresses (OpenAPI), generated from the types of their answers."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from api.documentation import JSON, NDJSON, Operation, problems, ref
from api.reads_examples import example_of
from projections.answers import GuarantorSummary, Obligation
from projections.overdue import Overdue
from projections.pages import CommitmentPage, DeliveryPage
from projections.pages_of_record import ActShown, AuthorityPage, InstrumentPage, PartyPage

CSV: Final = "text/csv"

SHOWN: Final = (
    *(GuarantorSummary, Obligation, Overdue, ActShown),
    *(CommitmentPage, DeliveryPage, InstrumentPage, PartyPage, AuthorityPage),
)

_TIMES: Final = {
    "as_of": {"type": "string", "format": "date", "description": "what was true on this day"},
    "known_at": {"type": "integer", "minimum": 0, "description": "as the ledger knew it at this tree size"},
    "recorded_at": {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "when the last entry of that tree was recorded",
    },
    "explain": {
        "type": "array",
        "description": "with explain=true: the acts behind the figures",
        "items": {"type": "object"},
    },
}
_EXAMPLE_TIMES: Final = {"as_of": "2026-06-30", "known_at": 1742, "recorded_at": "2026-06-30T08:25:28.000123Z"}
_HEADERS: Final = {
    "ETag": {"description": "of tree size, day and question", "schema": {"type": "string"}},
    "Ledger-As-Of": {"description": "the day", "schema": {"type": "string"}},
    "Ledger-Known-At": {"description": "the tree size", "schema": {"type": "string"}},
}


def listing(kind: type[Struct], description: str) -> Operation:
    """Return the description of a list of `kind`."""
    link = {"Link": {"description": "rel=next: the next page", "schema": {"type": "string"}}}
    return _operation(description, {"type": "array", "items": ref(kind.__name__)}, link)


def single(kind: type[Struct], description: str) -> Operation:
    """Return the description of one `kind`."""
    return _operation(description, ref(kind.__name__), {})


def _operation(description: str, data: Mapping[str, object], headers: Mapping[str, object]) -> Operation:
    schema = {"type": "object", "required": ["as_of", "known_at", "data"], "properties": {**_TIMES, "data": data}}
    text = {"schema": {"type": "string"}}
    return {
        "responses": {
            200: {
                "description": description,
                "headers": {**_HEADERS, **headers},
                "content": {JSON: {"schema": schema}, NDJSON: text, CSV: text},
            },
            304: {"description": "As the client has it"},
            **problems(404, 406, 422, 503),
        }
    }


def complete(document: dict[str, Any]) -> None:
    """Add to the description the schemas of the answers, and their examples, which hold nulls."""
    _, generated = msgspec.json.schema_components(SHOWN, ref_template="#/components/schemas/{name}")
    document["components"]["schemas"].update(generated)
    samples = {kind.__name__: example_of(kind) for kind in SHOWN}
    for operations in document["paths"].values():
        for operation in operations.values():
            body = operation["responses"].get("200", {}).get("content", {}).get(JSON, {})
            data = body.get("schema", {}).get("properties", {}).get("data", {})
            name = data.get("items", data).get("$ref", "").rpartition("/")[2]
            if name in samples:
                body["example"] = {**_EXAMPLE_TIMES, "data": [samples[name]] if "items" in data else samples[name]}
