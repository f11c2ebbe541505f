"""What can be looked up: complete tables, published schemas, an interface described by examples that are true."""

import base64
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from api.problems import REFUSALS_PAGE, TROUBLES, Trouble
from api.reasons import REASON_OF, STATUS_OF
from api.reference import codes
from ledger.events.refusals import Refusal
from ledger.events.registry import EVENTS
from ledger.log.note import parse_vkey
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.signing.dsse import parse
from tests.acts import Founding, new_id
from tests.api.served import Served

VENDORED = files("api") / "static" / "swagger-ui"


def test_every_refusal_has_a_status_a_title_and_advice() -> None:
    assert set(STATUS_OF) == set(REASON_OF) == set(Refusal)
    assert all(status in (400, 403, 409, 413, 422) for status in STATUS_OF.values())
    for refusal, reason in REASON_OF.items():
        assert reason.do.endswith("."), refusal
        assert not reason.title.endswith("."), refusal


def test_every_trouble_is_described_and_no_code_means_two_things() -> None:
    assert set(TROUBLES) == set(Trouble)
    every = [one.code for one in codes()]
    assert len(every) == len(set(every)) == len(Refusal) + len(Trouble)


def test_titles_tell_the_codes_apart() -> None:
    titles = [one.title for one in codes()]
    assert len(titles) == len(set(titles))


def test_the_list_of_refusals_is_complete_and_in_order_of_precedence(ledger: Served) -> None:
    rows = ledger.get("/v1/refusals").json()["refusals"]
    assert [row["code"] for row in rows if row["kind"] == "refusal"] == [str(one) for one in Refusal]
    assert {row["code"] for row in rows if row["kind"] == "problem"} == {str(one) for one in Trouble}
    assert all(row["do"] and row["title"] and row["status"] >= 400 for row in rows)


def test_the_page_of_refusals_has_a_place_for_every_code(ledger: Served) -> None:
    page = ledger.get(REFUSALS_PAGE)
    assert page.headers["content-type"].startswith("text/html")
    for one in codes():
        assert page.text.count(f'id="{one.code}"') == 1, one.code
    assert "<script" not in page.text


def test_every_event_has_its_published_schema(ledger: Served) -> None:
    rows = ledger.get("/v1/schemas").json()["schemas"]
    assert {(row["type"], row["version"]) for row in rows} == set(EVENTS)
    for row in rows:
        answer = ledger.get(row["href"])
        assert answer.headers["content-type"] == "application/schema+json"
        jsonschema.Draft202012Validator.check_schema(answer.json())


@pytest.mark.parametrize("path", ["ledger.opened/2", "ledger.closed/1", "%00/1"])
def test_an_unknown_schema_is_not_there(ledger: Served, path: str) -> None:
    answer = ledger.get(f"/v1/schemas/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_documentation_comes_from_here_alone(ledger: Served) -> None:
    page = ledger.get("/docs")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert named
    for address in named:
        assert address.startswith(("/", "data:,")), address
        if address.startswith("/"):
            assert ledger.get(address).status_code == 200, address
    assert not re.search(r"<script>|<script [^>]*>[^<]", page.text)


def test_what_is_vendored_is_what_was_published() -> None:
    text = (VENDORED / "VENDORED").read_text(encoding="utf-8")
    digests = dict(re.findall(r"^([0-9a-f]{64})  (\S+)$", text, re.M))
    named = {name: digest for digest, name in digests.items()}
    present = {one.name for one in VENDORED.iterdir()} - {"VENDORED"}
    assert named.keys() == present
    for name, digest in named.items():
        assert sha256((VENDORED / name).read_bytes()).hexdigest() == digest, name
    assert re.search(r"^version: \d+\.\d+\.\d+$", text, re.M)
    assert "licence: Apache-2.0" in text


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every media type of an operation's request and answers, with its description."""
    yield from operation.get("requestBody", {}).get("content", {}).items()
    for answer in operation["responses"].values():
        yield from answer.get("content", {}).items()


def test_every_operation_is_described_with_an_example(ledger: Served) -> None:
    document = ledger.get("/openapi.json").json()
    described = dict(operations(document))
    assert {"post /v1/events", "get /v1/entries", "get /v1/ledger", "get /v1/refusals"} <= described.keys()
    for name, operation in described.items():
        assert operation.get("summary"), name
        assert operation.get("description"), name
        good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert good, name
        for answer in good:
            assert answer["content"], name
            assert any("example" in one for one in answer["content"].values()), name
        assert "HTTPValidationError" not in json.dumps(operation), name


def test_every_example_follows_its_own_schema(ledger: Served) -> None:
    document = ledger.get("/openapi.json").json()
    checked = 0
    for name, operation in operations(document):
        for media_type, described in contents(operation):
            if "example" in described:
                schema = {**described["schema"], "components": document["components"]}
                errors = list(jsonschema.Draft202012Validator(schema).iter_errors(described["example"]))
                assert errors == [], (name, media_type, errors)
                checked += 1
    assert checked > 20


def test_the_example_of_a_submission_is_an_act_with_its_true_receipt(ledger: Served) -> None:
    document = ledger.get("/openapi.json").json()
    post = document["paths"]["/v1/events"]["post"]
    line = post["requestBody"]["content"]["application/x-ndjson"]["example"]
    envelope = parse(line.removesuffix("\n").encode())
    assert json.loads(envelope.raw) == post["requestBody"]["content"]["application/json"]["example"]
    payload = json.loads(envelope.payload)
    schema = ledger.get(f"/v1/schemas/{payload['type']}/{payload['version']}").json()
    jsonschema.Draft202012Validator(schema).validate(payload)
    admission = post["responses"]["201"]["content"]["application/json"]["example"]
    entries = document["paths"]["/v1/entries"]["get"]["responses"]["200"]["content"]["application/x-ndjson"]["example"]
    vkeys = [parse_vkey(key) for key in payload["log_keys"]]
    receipt = parse_receipt(admission["receipt"].encode())
    verify_receipt(receipt, entries.removesuffix("\n").encode(), payload["ledger"], vkeys)


def test_the_answers_follow_the_schemas_that_describe_them(ledger: Served, made: Founding) -> None:
    document = ledger.get("/openapi.json").json()
    admitted = ledger.post(made.depositary.renaming("Described", subject="gb")).json()
    told = {
        "Admission": admitted,
        "LedgerInfo": ledger.get("/v1/ledger").json(),
        "NextAct": ledger.get("/v1/authorities/depositary/principal/next").json(),
        "Recorded": ledger.get(f"/v1/events/{admitted['event']}").json(),
        "Entry": ledger.get("/v1/entries/1").json(),
    }
    problems = [ledger.post(b"{}"), ledger.get("/nowhere"), ledger.get(f"/v1/events/{new_id()}")]
    named = [*told.items(), *(("Problem", answer.json()) for answer in problems)]
    for name, value in named:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(value)
    assert base64.b64decode(told["Entry"]["envelope"]["payload"])
