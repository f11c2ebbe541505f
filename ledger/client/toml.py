"""The few forms of TOML that a draft is written in; the standard library only reads it.

What is written here is read back by `tomllib` as the same value.
"""

import json
import re
from typing import Final

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def toml_key(*steps: str) -> str:
    """Return a dotted key: `terms.object.kind`."""
    return ".".join(step if _BARE_KEY.fullmatch(step) else toml_value(step) for step in steps)


def toml_value(value: object) -> str:
    """Return a value in one line: `[{ party = "gb", share = "1/1" }]`. Raises ValueError for what TOML cannot say."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            # A basic string is a JSON string, but for DEL, which TOML wants escaped.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(toml_value, value))}]"
        case dict():
            members = ", ".join(f"{toml_key(str(key))} = {toml_value(item)}" for key, item in value.items())
            return f"{{ {members} }}" if members else "{}"
        case _:
            raise ValueError(f"expected text, whole numbers, true, false, lists and tables; got {value!r}")
