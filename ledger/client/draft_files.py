"""A draft as a person writes it, in TOML or JSON, and what `field=value` on a command line means.

The file holds the members of the payload, and of the header only `type`, `party` and `authority` beside what a draft
may say itself. Whether it is an event is decided when its bytes are made.
"""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NoReturn

from ledger.client.draft import SET_ON_SIGNING, Draft
from ledger.client.errors import ClientError

DRAFT_BYTES_MAX: Final = 256 * 1024
HEADER: Final = ("type", "party", "authority")


def read_draft(path: Path) -> Draft:
    """Return the draft in a `.toml` or `.json` file. Raises ClientError with what is wrong in it."""
    values = _read(path)
    head = [values.pop(name, None) for name in HEADER]
    for name, value in zip(HEADER, head, strict=True):
        if not isinstance(value, str) or not value:
            raise ClientError(f'{path}: {name} = "…"', repr(value), "Fill it in.")
    if early := SET_ON_SIGNING & values.keys():
        raise ClientError(
            f"{path}: fields of the act", f"{', '.join(sorted(early))}, set on signing", "Leave them out."
        )
    event_type, party, authority = map(str, head)
    return Draft(event_type, party, authority, values)


def _read(path: Path) -> dict[str, Any]:
    do = "Draft it with gledger event draft."
    try:
        size = path.stat().st_size
        if size > DRAFT_BYTES_MAX:
            raise ClientError(f"{path}: at most {DRAFT_BYTES_MAX} bytes", f"{size} bytes", do)
        raw = path.read_text("utf-8")
        if path.suffix == ".toml":
            return tomllib.loads(raw)
        values = json.loads(raw, parse_float=_no_float, object_pairs_hook=_members)
    except OSError as error:
        raise ClientError(f"{path}: a readable file", str(error.strerror), do) from None
    except ValueError as error:
        raise ClientError(f"{path}: {'TOML' if path.suffix == '.toml' else 'JSON'} in UTF-8", str(error), do) from None
    if not isinstance(values, dict):
        raise ClientError(f"{path}: an object", type(values).__name__, do)
    return values


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{text} is no integer: amounts are written as text, such as {json.dumps(text)}")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key twice in one object")
    return members


def read_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Return the nested values that `field=value` texts set: `terms.bound=floor`, `lines=[{"line":1,…}]`.

    A value that begins as a JSON object, array or string is that, as are true and false; everything else is text.
    Raises ClientError for a text without `=` and for a field that was already set.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name:
            raise ClientError("--set field=value", repr(setting), "Write it so.")
        *outer, last = name.split(".")
        members = values
        for step in outer:
            members = members.setdefault(step, {})
            if not isinstance(members, dict):
                raise ClientError(f"one value for {name}", f"{step} set as a whole too", "Set one of them.")
        if last in members:
            raise ClientError(f"one value for {name}", "two", "Set it once.")
        members[last] = _value(text)
    return values


def _value(text: str) -> object:
    """Return JSON where it is meant; `2500000000.00` and names stay text, as amounts and ids are."""
    if text[:1] not in ("{", "[", '"') and text not in ("true", "false"):
        return text
    try:
        return json.loads(text, parse_float=_no_float, object_pairs_hook=_members)
    except ValueError as error:
        raise ClientError("JSON after { or [ or a quote", f"{text[:80]!r}: {error}", "Correct or quote it.") from None
