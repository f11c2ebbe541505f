"""Types of the events in words: the form of a value with its constraints, and whether it may be left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec
from msgspec import inspect

from ledger.events import authorities, crises, measures, observations, openings, rates, values
from tests.docs.field_words import BY_FIELD, BY_STRUCT

Described = inspect.StructType | inspect.EnumType

LINE_FEED_GUARD: Final = r"(?!\n)"
"""Ends every pattern of the events; of no interest to a reader."""


@dataclass(frozen=True)
class Form:
    """A text with a form of its own, such as PartyId."""

    name: str
    pattern: str
    description: str
    example: str


def forms(*modules: ModuleType) -> dict[str, Form]:
    """Return the named texts of `modules` that have a pattern, by pattern."""
    found: dict[str, Form] = {}
    for module in modules:
        for name, alias in vars(module).items():
            if get_origin(alias) is not Annotated or name.startswith("_"):
                continue
            meta = next((one for one in get_args(alias)[1:] if isinstance(one, msgspec.Meta)), msgspec.Meta())
            if meta.pattern is not None:
                example = str(meta.examples[0]) if meta.examples else ""
                found.setdefault(meta.pattern, Form(name, meta.pattern, meta.description or "", example))
    return found


FORMS: Final = forms(values, authorities, openings, measures, crises, rates, observations)

GENERAL: Final = frozenset(
    {"text by language", "longer text by language", "RFC 3339 instant in UTC, ending in Z"}
    | {"any JSON value, as it stands in the payload; null: absent"}
)
"""Descriptions of types that say the form and not the meaning of a field."""


def unwrapped(kind: inspect.Type) -> tuple[inspect.Type, dict[str, Any]]:
    """Return a type without its metadata, and what the metadata adds to its JSON Schema."""
    if isinstance(kind, inspect.Metadata):
        inner, extra = unwrapped(kind.type)
        return inner, {**extra, **(kind.extra_json_schema or {})}
    return kind, {}


def named(kind: inspect.Type) -> Iterator[Described]:
    """Yield the structs and enumerations that a value of this type is made of, not what those are made of."""
    inner, _ = unwrapped(kind)
    match inner:
        case inspect.StructType() | inspect.EnumType():
            yield inner
        case inspect.UnionType():
            for one in inner.types:
                yield from named(one)
        case inspect.VarTupleType():
            yield from named(inner.item_type)
        case _:
            return


def reached(kind: Described) -> Iterator[Described]:
    """Yield everything named by the fields of a struct, and by theirs, each where it is first met."""
    seen: list[str] = []

    def walk(one: Described) -> Iterator[Described]:
        for field in one.fields if isinstance(one, inspect.StructType) else ():
            for inner in named(field.type):
                if inner.cls.__name__ not in seen:
                    seen.append(inner.cls.__name__)
                    yield inner
                    yield from walk(inner)

    yield from walk(kind)


def form(kind: inspect.Type) -> str:
    """Return the form of a value in Markdown: `text of 1 to 300 characters`, `list of [Line](#line), 1 to 200`."""
    inner, extra = unwrapped(kind)
    match inner:
        case inspect.StructType() | inspect.EnumType():
            return f"[{inner.cls.__name__}](#{inner.cls.__name__.lower()})"
        case inspect.UnionType():
            return " or ".join(form(one) for one in inner.types if not isinstance(one, inspect.NoneType))
        case inspect.VarTupleType():
            return f"list of {form(inner.item_type)}{_counted(inner.min_length, inner.max_length)}"
        case inspect.DictType():
            return f"object: language to {form(inner.value_type)}{_counted(inner.min_length, inner.max_length)}"
        case inspect.LiteralType():
            return " \\| ".join(f"`{value}`" for value in inner.values)
        case inspect.StrType():
            return _text(inner, extra)
        case inspect.IntType():
            return f"integer{_bounds(inner.ge, inner.le)}"
        case inspect.BoolType():
            return "`true` \\| `false`"
        case inspect.DateType():
            return "date"
        case inspect.DateTimeType():
            return "instant in UTC"
        case inspect.AnyType() | inspect.CustomType():
            return "any JSON value"
        case _:
            raise AssertionError(f"no words for {inner!r}")


def in_table(pattern: str) -> str:
    """Return a pattern as it can stand in a table of Markdown."""
    return pattern.removesuffix(LINE_FEED_GUARD).replace("|", "\\|")


def _text(kind: inspect.StrType, extra: dict[str, Any]) -> str:
    # A named form always has a description: a pattern without one only happens to be the same.
    if kind.pattern in FORMS and "description" in extra:
        return f"[{FORMS[kind.pattern].name}](#forms)"
    if kind.pattern is not None:
        pattern = in_table(kind.pattern)
        longest = f", at most {kind.max_length} characters" if kind.max_length is not None else ""
        return f"`{pattern}`{longest}"
    return f"text{_counted(kind.min_length, kind.max_length, ' of')} characters"


def _counted(least: int | None, most: int | None, joined: str = ",") -> str:
    return f"{joined} {least or 0} to {most}" if most is not None else ""


def _bounds(least: int | None, most: int | None) -> str:
    if least is not None and least == most:
        return f" {least}"
    if most is not None:
        return f", {least} to {most}"
    return f", at least {least}" if least is not None else ""


def words(owner: type, field: inspect.Field) -> str:
    """Return what a field says: its own words, those of its struct, or those of its name. Raises KeyError for none."""
    _, extra = unwrapped(field.type)
    stated = extra.get("description")
    if stated is not None and stated not in {one.description for one in FORMS.values()} | GENERAL:
        return str(stated)
    for cls in owner.__mro__:
        if (own := BY_STRUCT.get(f"{cls.__name__}.{field.name}")) is not None:
            return own
    return BY_FIELD[field.name]


def presence(field: inspect.Field) -> str:
    """Return `yes` for a field that must be there, else what its absence means."""
    if field.required:
        return "yes"
    default = field.default if field.default is not msgspec.NODEFAULT else _made(field)
    if default is None or default == () or default == {} or isinstance(default, msgspec.Struct):
        return "no"
    return f"no: `{msgspec.json.encode(default).decode()}`".replace('"', "")


def _made(field: inspect.Field) -> object:
    return field.default_factory() if callable(field.default_factory) else None


def rows(kind: inspect.StructType, without: frozenset[str] = frozenset()) -> list[str]:
    """Return the table of a struct's fields in Markdown; the tag of a union comes first."""
    lines = ["| field | form | needed | says |", "|---|---|---|---|"]
    if kind.tag_field is not None and "type" not in without:
        lines.append(f"| `{kind.tag_field}` | `{kind.tag}` | yes | which kind it is |")
    for field in kind.fields:
        if field.name not in without:
            lines.append(f"| `{field.name}` | {form(field.type)} | {presence(field)} | {words(kind.cls, field)} |")
    return lines
