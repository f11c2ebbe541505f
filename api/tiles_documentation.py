"""The part of the interface's description that is about C2SP tlog-tiles. Bytes are shown in hexadecimal."""

from typing import Any, Final

from api import examples
from api.documentation import CHECKPOINT_GET, Operation, content, problems
from ledger.log.entry_bundle import format_bundle

OCTETS: Final = "application/octet-stream"

_EXAMPLE: Final = examples.example()
_NOT_MODIFIED: Final = {"description": "As the client has it"}


def _octets(description: str, sample: bytes) -> dict[str, Any]:
    schema = {"type": "string", "format": "binary"}
    return {
        "description": f"{description} (the example: in hexadecimal)",
        "content": content(OCTETS, schema, sample.hex()),
    }


PUBLISHED_CHECKPOINT_GET: Final[Operation] = CHECKPOINT_GET

TILE_GET: Final[Operation] = {
    "responses": {
        200: _octets("Hashes of 32 bytes each, the leftmost first", _EXAMPLE.entry.leaf_hash),
        304: _NOT_MODIFIED,
        **problems(404, 503),
    }
}

BUNDLE_GET: Final[Operation] = {
    "responses": {
        200: _octets("Entries, each after its length in two bytes", format_bundle([_EXAMPLE.entry.raw])),
        304: _NOT_MODIFIED,
        **problems(404, 503),
    }
}
