"""A draft to fill in, generated from the schema of its event type: what is required, what may be there, what it means.

Nothing is chosen for the signer: a value that was not given is empty, and an empty value does not sign.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.client.draft import SET_ON_SIGNING
from ledger.client.draft_files import HEADER
from ledger.client.errors import ClientError
from ledger.client.toml import toml_key, toml_value
from ledger.events.registry import EVENT_TYPES, EVENTS, event_schema

Schema = Mapping[str, Any]

CHOICES_SHOWN_MAX: Final = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One field of the draft: where it stands, its value, what it means, whether it is there or only offered.

    `instead` are the forms that the value may take.
    """

    path: tuple[str, ...]
    value: object
    meaning: str
    active: bool
    instead: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A draft of one type."""

    type: str
    version: int
    about: str
    lines: tuple[Line, ...]

    def toml(self) -> str:
        """Return the draft as commented TOML: fields that are not required stand behind a #."""
        head = [
            f"# {self.type} v{self.version}: {self.about}",
            '# Fill in what is ""; take the # away from what you need. Empty values are refused.',
            "# The ledger, the id, the time and the place in the chain are filled in on signing.",
            "",
        ]
        active = [text for line in self.lines if line.active for text in _toml_lines(line)]
        offered = [text for line in self.lines if not line.active for text in _toml_lines(line)]
        return "\n".join([*head, *active, *(["", "# Not required:", *offered] if offered else []), ""])

    def values(self) -> dict[str, Any]:
        """Return the required and the given fields as nested values."""
        nested: dict[str, Any] = {}
        for line in self.lines:
            if line.active:
                *outer, last = line.path
                members = nested
                for step in outer:
                    members = members.setdefault(step, {})
                members[last] = line.value
        return nested


def skeleton(event_type: str, given: Mapping[str, Any]) -> Skeleton:
    """Return the draft of the newest version of `event_type` with the values `given`, nested by field.

    Raises ClientError for an unknown type, for a field that the type does not have, and for one set on signing.
    """
    if event_type not in EVENT_TYPES:
        raise ClientError("an event type of this rule set", repr(event_type), f"Types: {', '.join(EVENT_TYPES)}.")
    version = max(version for name, version in EVENTS if name == event_type)
    schema = event_schema(event_type, version)
    fields = _Fields(schema["$defs"])  # type: ignore[arg-type]
    event = fields.resolved(schema)
    filled = SET_ON_SIGNING - set(HEADER)
    if early := sorted(filled & given.keys()):
        raise ClientError(f"fields of {event_type}", f"{', '.join(early)}, set on signing", "Leave them out.")
    properties = {name: one for name, one in event["properties"].items() if name not in filled}
    ordered = {name: properties[name] for name in (*HEADER, *(name for name in properties if name not in HEADER))}
    values = {**given, "type": event_type}
    lines = tuple(fields.members((), {**event, "properties": ordered}, values))
    return Skeleton(event_type, version, " ".join(str(event.get("description", "")).split()), lines)


@dataclass(frozen=True, slots=True)
class _Fields:
    """Walks a schema with its definitions."""

    definitions: Mapping[str, Schema]

    def resolved(self, schema: Schema) -> Schema:
        """Return what a reference stands for; of "this or null", this. A description beside the reference stays."""
        while True:
            if "$ref" in schema:
                schema = self.definitions[str(schema["$ref"]).rpartition("/")[2]]
            elif alternatives := [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]:
                if len(alternatives) > 1:
                    return {**schema, "anyOf": alternatives}
                schema = alternatives[0]
            else:
                return schema

    def members(self, path: tuple[str, ...], schema: Schema, given: Mapping[str, Any]) -> Iterator[Line]:
        """Yield the lines of an object: required and given members expanded, the others offered."""
        properties: Mapping[str, Schema] = schema["properties"]
        if unknown := [name for name in given if name not in properties]:
            where = toml_key(*path) if path else "this type"
            raise ClientError(f"fields of {where}: {', '.join(properties)}", ", ".join(unknown), "Correct the name.")
        for name, member in properties.items():
            here = (*path, name)
            if name in given or name in schema.get("required", ()):
                yield from self.field(here, self.resolved(member), given.get(name))
            else:
                resolved = self.resolved(member)
                yield Line(here, self.example(resolved), _meaning(resolved), False)

    def field(self, path: tuple[str, ...], schema: Schema, given: object) -> Iterator[Line]:
        """Yield the lines of one field that is there."""
        if given is not None and not isinstance(given, dict):
            yield Line(path, _coerced(schema, given), _meaning(schema), True)
        elif "anyOf" in schema:
            yield from self.alternatives(path, schema, given or {})
        elif "properties" in schema:
            yield from self.members(path, schema, given or {})
        elif isinstance(given, dict):
            for name, value in given.items():
                yield Line((*path, name), value, _meaning(schema), True)
        elif "propertyNames" in schema:
            yield Line((*path, "en"), "", _meaning(schema), True)
        else:
            yield Line(path, self.example(schema), _meaning(schema), True)

    def alternatives(self, path: tuple[str, ...], schema: Schema, given: Mapping[str, Any]) -> Iterator[Line]:
        """Yield the chosen alternative, or an empty choice with the forms it may take."""
        choices = {self.kind(one): self.resolved(one) for one in schema["anyOf"]}
        kind = given.get("kind")
        if kind in choices:
            yield from self.members(path, choices[kind], given)
        elif given:
            raise ClientError(f"{toml_key(*path)}.kind of {', '.join(choices)}", repr(kind), "Set it too.")
        else:
            yield Line(path, {"kind": ""}, "one of:", True, tuple(map(self.example, choices.values())))

    def kind(self, schema: Schema) -> str:
        return str(self.resolved(schema)["properties"]["kind"]["enum"][0])

    def example(self, schema: Schema) -> object:
        """Return the empty form of a value: its required members, and nothing in them."""
        schema = self.resolved(schema)
        if "anyOf" in schema:
            return {"kind": ""}
        if "properties" in schema:
            return {name: self.example(schema["properties"][name]) for name in schema.get("required", ())}
        if "propertyNames" in schema:
            return {"en": ""}
        match schema:
            case {"type": "array", "items": items}:
                return [self.example(items)]
            case {"enum": [only]}:
                return only
            case {"type": "integer"}:
                return 0
            case _:
                return ""


def _coerced(schema: Schema, given: object) -> object:
    """Return a whole number where the schema has one and the command line gave its digits."""
    if schema.get("type") == "integer" and isinstance(given, str) and given.isdecimal():
        return int(given)
    return given


def _meaning(schema: Schema) -> str:
    """Return what a comment says: the choices, or the description with an example."""
    match schema:
        case {"type": "array", "items": dict(items)} if "enum" in items:
            return f"each {_meaning(items)}"
        case {"enum": [_]}:
            return ""
        case {"enum": choices}:
            return f"one of {', '.join(map(str, choices[:CHOICES_SHOWN_MAX]))}"
        case {"format": "date"}:
            return "a day such as 2026-01-31"
        case {"format": "date-time"}:
            return "an instant such as 2026-01-31T12:00:00Z"
        case _:
            return _described(schema)


def _described(schema: Schema) -> str:
    described = " ".join(str(schema.get("description", "")).split("\n\n")[0].split())
    examples = ", ".join(map(str, schema.get("examples", ())))
    return f"{described}, such as {examples}" if examples and described else described


def _toml_lines(line: Line) -> Iterator[str]:
    behind = "" if line.active else "# "
    meaning = f"  # {line.meaning}" if line.meaning else ""
    yield f"{behind}{toml_key(*line.path)} = {toml_value(line.value)}{meaning}"
    for form in line.instead:
        yield f"#     {toml_value(form)}"
