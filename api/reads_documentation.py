"""The description of the projections' addresses (OpenAPI), generated from the types of their answers."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from api import reads_examples, reads_examples_crises, reads_examples_needs, reads_examples_observations
from api.documentation import JSON, NDJSON, Operation, problems, ref

CSV: Final = "text/csv"

EXAMPLES: Final[tuple[Struct, ...]] = (
    *reads_examples.EXAMPLES,
    *reads_examples_crises.EXAMPLES,
    *reads_examples_needs.EXAMPLES,
    *reads_examples_observations.EXAMPLES,
)
"""One of each answer: what is not here has no schema."""

_TIMES: Final = {
    "as_of": {"type": "string", "format": "date", "description": "what was true on this day"},
    "at": {"type": "string", "format": "date-time", "description": "what was true at this instant of the day"},
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
_EXAMPLE_TIMES: Final = {
    "as_of": "2026-06-30",
    "at": "2026-06-30T12:00:00Z",
    "known_at": 1742,
    "recorded_at": "2026-06-30T08:25:28.000123Z",
}
_HEADERS: Final = {
    "ETag": {"description": "of tree size, day or instant, and question", "schema": {"type": "string"}},
    "Ledger-As-Of": {"description": "the day, or the instant", "schema": {"type": "string"}},
    "Ledger-Known-At": {"description": "the tree size", "schema": {"type": "string"}},
}


def listing(kind: type[Struct], description: str, *, by_instant: bool = False) -> Operation:
    """Return the description of a list of `kind`. `by_instant`: the answer names the instant that it is as of."""
    link = {"Link": {"description": "rel=next: the next page", "schema": {"type": "string"}}}
    return _operation(description, {"type": "array", "items": ref(kind.__name__)}, link, _times(by_instant=by_instant))


def single(kind: type[Struct], description: str, *, by_instant: bool = False) -> Operation:
    """Return the description of one `kind`. `by_instant`: the answer names the instant that it is as of."""
    return _operation(description, ref(kind.__name__), {}, _times(by_instant=by_instant))


def _times(*, by_instant: bool) -> dict[str, object]:
    return {name: schema for name, schema in _TIMES.items() if by_instant or name != "at"}


def _operation(
    description: str, data: Mapping[str, object], headers: Mapping[str, object], times: Mapping[str, object]
) -> Operation:
    schema = {
        "type": "object",
        "required": [*(name for name in ("as_of", "at", "known_at") if name in times), "data"],
        "properties": {**times, "data": data},
    }
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
    shown = [type(example) for example in EXAMPLES]
    _, generated = msgspec.json.schema_components(shown, ref_template="#/components/schemas/{name}")
    document["components"]["schemas"].update(generated)
    samples = {type(one).__name__: msgspec.json.decode(msgspec.json.encode(one)) for one in EXAMPLES}
    for operations in document["paths"].values():
        for operation in operations.values():
            body = operation["responses"].get("200", {}).get("content", {}).get(JSON, {})
            properties = body.get("schema", {}).get("properties", {})
            data = properties.get("data", {})
            name = data.get("items", data).get("$ref", "").rpartition("/")[2]
            if name in samples:
                times = {time: shown for time, shown in _EXAMPLE_TIMES.items() if time in properties}
                body["example"] = {**times, "data": [samples[name]] if "items" in data else samples[name]}
