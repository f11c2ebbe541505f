"""The reference of events is what the types and the rules say: pages, schemas, samples and signers are all tried."""

import copy
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec import inspect

from ledger import events
from ledger.events.canonical import canonical_bytes
from ledger.events.refusals import Refusal, Rejected
from ledger.events.registry import EVENT_TYPES, EVENTS, decode, event_schema
from ledger.events.stages import Admitted
from tests.docs import event_reference
from tests.docs.event_schemas import SCHEMAS, schema_files
from tests.docs.field_words import BY_FIELD, BY_STRUCT
from tests.docs.memory_ledger import example_id
from tests.docs.scene import Scene
from tests.docs.scenes import scenes
from tests.docs.signers import NOBODY, PRINCIPALS, RECOVERY, SIGNINGS
from tests.docs.story import Stage, samples
from tests.docs.stricter import CHECKS, Check, with_value
from tests.docs.type_words import reached, words

DOCS = Path(__file__).resolve().parents[2] / "docs"
SAMPLED = sorted(set(EVENT_TYPES) - {"rules.adopted"})


def document(event_type: str) -> dict[str, Any]:
    """Return the payload of the sample of a type."""
    decoded: dict[str, Any] = msgspec.json.decode(samples()[event_type].payload)
    return decoded


def is_refused(payload: dict[str, Any]) -> bool:
    try:
        decode(canonical_bytes(payload))
    except Rejected:
        return True
    return False


@cache
def schema_of(event_type: str) -> Draft202012Validator:
    return Draft202012Validator(event_schema(event_type, 1))


def violates(event_type: str, payload: dict[str, Any]) -> bool:
    return not schema_of(event_type).is_valid(payload)


def test_the_committed_page_is_the_one_that_is_generated() -> None:
    assert (DOCS / "events.md").read_text(encoding="utf-8") == event_reference.page()


def test_the_committed_schemas_are_those_that_are_generated() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.iterdir()}
    assert committed == schema_files()


@pytest.mark.parametrize(("event_type", "version"), EVENTS)
def test_every_schema_is_valid(event_type: str, version: int) -> None:
    Draft202012Validator.check_schema(event_schema(event_type, version))


@pytest.mark.parametrize("event_type", SAMPLED)
def test_every_sample_follows_its_schema_and_decodes(event_type: str) -> None:
    sample = document(event_type)
    schema_of(event_type).validate(sample)
    assert decode(samples()[event_type].payload).type == event_type


def test_only_the_adoption_of_rules_has_no_sample_because_there_is_nothing_to_adopt() -> None:
    assert sorted(samples()) == SAMPLED
    stage = Stage()
    stage.play(next(scenes()))
    outcome = stage.ledger.judge(stage.office("depositary/principal").proposed("rules.adopted", rules=2))
    assert not isinstance(outcome, Admitted)
    assert outcome.refusal == Refusal.REFERENCE_UNKNOWN


@pytest.mark.parametrize("event_type", SAMPLED)
def test_a_sample_without_a_needed_field_is_refused_by_schema_and_decoder(event_type: str) -> None:
    needed = [field.encode_name for field in msgspec.structs.fields(EVENTS[(event_type, 1)]) if field.required]
    assert len(needed) >= 9
    for name in ["type", *needed]:
        broken = {key: value for key, value in document(event_type).items() if key != name}
        assert violates(event_type, broken), name
        assert is_refused(broken), name


@pytest.mark.parametrize("event_type", SAMPLED)
def test_a_sample_with_an_unknown_field_anywhere_is_refused_by_schema_and_decoder(event_type: str) -> None:
    broken = document(event_type) | {"comment": "?"}
    assert violates(event_type, broken)
    assert is_refused(broken)


@pytest.mark.parametrize("event_type", SAMPLED)
def test_a_sample_with_a_field_of_another_type_is_refused_by_schema_and_decoder(event_type: str) -> None:
    tried = [field.encode_name for field in msgspec.structs.fields(EVENTS[(event_type, 1)])]
    for name in ["type", *tried]:
        if event_type == "act.corrected" and name in ("old", "new"):
            continue  # Any JSON value.
        broken = document(event_type) | {name: {"a": [1]}}
        assert violates(event_type, broken), name
        assert is_refused(broken), name


def texts(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every text of a document with its path."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts(inner, (*at, key))


@pytest.mark.parametrize("event_type", SAMPLED)
def test_no_id_code_or_number_may_end_in_a_line_feed(event_type: str) -> None:
    sample = document(event_type)
    refused = 0
    for at, text in texts(sample):
        broken = with_value(copy.deepcopy(sample), at, f"{text}\n")
        if violates(event_type, broken):
            assert is_refused(broken), at
            refused += 1
    assert refused >= 7  # type, ledger, id, party, authority, previous, and what the event is about


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.struct}: {check.says}")
def test_what_the_page_calls_stricter_passes_the_schema_and_not_the_decoder(check: Check) -> None:
    broken = with_value(document(check.event), check.at, check.value)
    assert not violates(check.event, broken)
    with pytest.raises(Rejected) as caught:
        decode(canonical_bytes(broken))
    assert caught.value.refused.refusal == Refusal.EVENT_MALFORMED


def test_every_type_that_checks_by_itself_is_among_the_stricter() -> None:
    checking = set()
    for found in pkgutil.iter_modules(events.__path__, "ledger.events."):
        for name, cls in vars(importlib.import_module(found.name)).items():
            if isinstance(cls, type) and issubclass(cls, msgspec.Struct) and "__post_init__" in vars(cls):
                checking.add(name)
    assert checking == {check.struct for check in CHECKS}


@cache
def able_to_sign() -> dict[str, tuple[str, ...]]:
    """Return who could have signed each sample, tried with every principal and a recovery authority."""
    stage = Stage()
    able: dict[str, tuple[str, ...]] = {}
    for scene in scenes():
        if scene.type not in able:
            able[scene.type] = tuple(one for one in (*PRINCIPALS, RECOVERY) if may_sign(stage, one, scene))
        stage.play(scene)
    return able


def may_sign(stage: Stage, who: str, scene: Scene) -> bool:
    signing = stage.office(who if "/" in who else f"{who}/principal")
    fields = stage.placed(scene).fields
    raw = signing.proposed(scene.type, event_id=example_id(f"{scene.label} by {who}"), **fields)
    return isinstance(stage.ledger.judge(raw), Admitted)


@pytest.mark.parametrize("event_type", SAMPLED)
def test_those_and_only_those_may_sign_a_sample_who_are_said_to(event_type: str) -> None:
    # Nobody plays what the rules force.
    assert able_to_sign().get(event_type, ()) == SIGNINGS[event_type].in_sample


def test_consent_is_asked_for_those_and_only_those_types_that_are_said_to_need_it() -> None:
    stage = Stage()
    asked = {scene.type for scene in scenes() if stage.play(scene).admitted.pending_on}
    assert asked == {event_type for event_type, signing in SIGNINGS.items() if signing.consent != NOBODY}


def test_the_table_of_signers_names_every_type_in_the_order_of_the_registry() -> None:
    assert [(name, 1) for name in SIGNINGS] == list(EVENTS)


def test_every_field_has_words_and_no_words_are_left_over() -> None:
    used = set()
    for cls in EVENTS.values():
        kind = inspect.type_info(cls)
        assert isinstance(kind, inspect.StructType)
        for struct in (kind, *(one for one in reached(kind) if isinstance(one, inspect.StructType))):
            for field in struct.fields:
                assert words(struct.cls, field)
                used |= {field.name, *(f"{owner.__name__}.{field.name}" for owner in struct.cls.__mro__)}
    assert set(BY_FIELD) | set(BY_STRUCT) <= used
