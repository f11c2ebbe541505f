"""Write the reference of events: what each says, who signs it, whose consent it needs, its fields and a sample.

    python -m tests.docs.event_reference > docs/events.md

Read from the types, with samples that the rules admitted one after the other on a ledger in memory.
"""

import inspect as source
import json
import sys
from collections.abc import Iterator
from itertools import groupby
from types import ModuleType
from typing import Final

import msgspec
from msgspec import inspect

from ledger.events import (
    authorities,
    commitments,
    consents,
    corrections,
    crises,
    deliveries,
    instruments,
    measures,
    observations,
    openings,
    parties,
    rates,
    requirements,
)
from ledger.events.header import Event
from ledger.events.registry import EVENTS
from tests.docs.signers import NOBODY, SIGNINGS
from tests.docs.story import samples
from tests.docs.stricter import says_of
from tests.docs.type_words import FORMS, Described, in_table, reached, rows

STREAMS: Final[tuple[ModuleType, ...]] = (
    openings,
    parties,
    authorities,
    instruments,
    commitments,
    deliveries,
    requirements,
    measures,
    crises,
    rates,
    observations,
    consents,
    corrections,
)

HEADER: Final = frozenset(Event.__struct_fields__) | {"type"}

HEAD: Final = """# Events

Every event type that the ledger records, generated from the types by `make docs`. The JSON Schema of each is in
`docs/schemas` and, on a running ledger, at `/v1/schemas/{type}/{version}`.

An event is the payload of a DSSE envelope (`application/vnd.guarantee-ledger.event+json`, at most 48 KiB with its
signatures): RFC 8785 canonical JSON without floats, in Unicode NFC, with no member that the tables below do not name.
What is signed and kept has no line breaks; the samples have them so that they can be read. The samples are invented:
they were signed with keys that anybody can make, and the rules admitted them in the order of a story, so that each of
them decodes and is admissible where it stands. `make docs` and a test repeat that.

**Consent.** An act that needs somebody else's consent is recorded as pending and has no effect until each party that is
asked has signed `consent.given`. Whoever signs the act is not asked again.

**The schema is weaker than the ledger.** JSON Schema does not assert the formats `date` and `date-time` unless a
validator is told to, and some checks cannot be written in it; these stand below as *Checked beyond the schema*. What
follows the schema and fails such a check is refused as `event_malformed`. References, dates against each other and sums
are for the rules: `docs/refusals.md`.
"""

FORMS_HEAD: Final = """## Forms

Texts with a form of their own. The patterns must match the whole text.

| form | pattern | is | such as |
|---|---|---|---|"""

VALUES_HEAD: Final = """## Values

What the fields above are made of, by name.
"""


def page() -> str:
    """Return the page in Markdown."""
    return "\n".join([HEAD, *_index(), *_every_event(), *_streams(), *_forms(), *_values()])


def _index() -> Iterator[str]:
    yield "| stream | events |\n|---|---|"
    for module, classes in groupby(EVENTS.values(), key=lambda cls: cls.__module__):
        links = ", ".join(f"[`{name}`](#{name.replace('.', '')})" for name in map(_type_of, classes))
        yield f"| {_stream(module)} | {links} |"
    yield ""


def _type_of(cls: type[Event]) -> str:
    return str(cls.__struct_config__.tag)


def _stream(module: str) -> str:
    """Return what a stream is called: the first words of its module's docstring, up to the colon or full stop."""
    text = _doc(next(one for one in STREAMS if one.__name__ == module))
    return text.partition(":")[0].partition(".")[0].removeprefix("The stream ")


def _doc(what: object) -> str:
    text = source.getdoc(what)
    assert text, what
    return text


def _every_event() -> Iterator[str]:
    kind = inspect.type_info(Event)
    assert isinstance(kind, inspect.StructType)
    yield "## Fields of every event\n"
    yield f"{_doc(Event)}\n"
    heading, rule, *fields = rows(kind, frozenset({"type"}))
    yield from (heading, rule, "| `type` | an event type | yes | such as `commitment.made` |", *fields, "")
    yield from _checked("Event")
    yield ""


def _streams() -> Iterator[str]:
    for module in STREAMS:
        yield f"## Stream: {_stream(module.__name__)}\n"
        yield f"{_doc(module)}\n"
        for (name, version), cls in EVENTS.items():
            if cls.__module__ == module.__name__:
                yield from _event(name, version, cls)


def _event(name: str, version: int, cls: type[Event]) -> Iterator[str]:
    kind = inspect.type_info(cls)
    assert isinstance(kind, inspect.StructType)
    signing = SIGNINGS[name]
    yield f"### {name}\n"
    yield f"{_prose(cls)}\n"
    yield f"- **Signed by** {signing.signer}."
    yield f"- **Consent**: {signing.consent}."
    yield f"- **Schema**: [{name}.v{version}.json](schemas/{name}.v{version}.json)"
    yield from _checked(*(one.__name__ for one in cls.__mro__ if issubclass(one, Event) and one is not Event))
    own = rows(kind, HEADER)
    yield from ("", *own) if len(own) > 2 else ("\nNo fields of its own.",)
    yield from _sample(name)


def _prose(what: object) -> str:
    """Return a docstring whose indented lines, which are literal samples, stand as code."""
    lines = [f"`{line.strip()}`" if line.startswith(("    ", "{")) else line for line in _doc(what).splitlines()]
    return "\n".join(lines)


def _checked(*structs: str) -> Iterator[str]:
    if demands := [says for struct in structs for says in says_of(struct)]:
        yield f"- **Checked beyond the schema**: {'; '.join(demands)}."


def _sample(name: str) -> Iterator[str]:
    played = samples().get(name)
    if played is None:
        yield "\nNo sample: this software knows one rule set, and `ledger.opened` has named it already.\n"
        return
    asked = ", ".join(f"`{party}`" for party in played.admitted.pending_on)
    effect = f"admitted as pending on {asked}" if asked else "admitted and effective at once"
    if SIGNINGS[name].consent != NOBODY and not asked:
        effect += ": nobody had to be asked"
    yield f"\nSample, {effect}:\n"
    yield f"```json\n{json.dumps(msgspec.json.decode(played.payload), indent=2, ensure_ascii=False)}\n```\n"


def _forms() -> Iterator[str]:
    yield FORMS_HEAD
    for one in FORMS.values():
        example = f"`{one.example}`" if one.example else ""
        yield f"| {one.name} | `{in_table(one.pattern)}` | {one.description} | {example} |"
    yield ""


def _values() -> Iterator[str]:
    found: dict[str, Described] = {}
    for cls in EVENTS.values():
        kind = inspect.type_info(cls)
        assert isinstance(kind, inspect.StructType)
        found.update((one.cls.__name__, one) for one in reached(kind))
    yield VALUES_HEAD
    for name in sorted(found):
        yield from _value(name, found[name])


def _value(name: str, kind: Described) -> Iterator[str]:
    yield f"### {name}\n"
    yield f"{_prose(kind.cls)}\n"
    if isinstance(kind, inspect.EnumType):
        yield " · ".join(f"`{member.value}`" for member in kind.cls)
    else:
        yield from rows(kind)
        if says_of(name):
            yield from ("", *_checked(name))
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
