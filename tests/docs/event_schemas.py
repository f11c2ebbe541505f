"""Write the JSON Schema of every event to docs/schemas, one file for each type and version.

    python -m tests.docs.event_schemas

What is written is what `/v1/schemas/{type}/{version}` answers, with line breaks.
"""

import json
from pathlib import Path
from typing import Final

from ledger.events.registry import EVENTS, event_schema

REPOSITORY: Final = Path(__file__).resolve().parents[2]
SCHEMAS: Final = REPOSITORY / "docs" / "schemas"


def schema_files() -> dict[str, str]:
    """Return the text of every file by its name, such as `commitment.made.v1.json`."""
    return {
        f"{name}.v{version}.json": json.dumps(event_schema(name, version), indent=2, ensure_ascii=False) + "\n"
        for name, version in EVENTS
    }


if __name__ == "__main__":
    SCHEMAS.mkdir(exist_ok=True)
    for file, text in schema_files().items():
        (SCHEMAS / file).write_text(text, encoding="utf-8")
