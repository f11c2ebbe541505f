"""Submissions: every act gets its own outcome, and whatever is refused leaves nothing behind."""

import base64
import json
from typing import Any

import pytest

from ledger.log.note import parse_vkey
from ledger.log.receipt import parse_receipt, verify_receipt
from tests.acts import Founding, new_id, principal
from tests.api.served import JSON, NDJSON, Served


def outcomes(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def refused(ledger: Served, raw: bytes, status: int, code: str, headers: dict[str, str] = JSON) -> dict[str, Any]:
    """Submit `raw`, expect this problem, and expect that the log did not grow."""
    before = ledger.tree_size()
    answer = ledger.post(raw, headers)
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert ledger.tree_size() == before
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"/docs/refusals#{code}"
    assert document["status"] == status
    assert document["instance"] == f"urn:uuid:{answer.headers['request-id']}"
    assert document["do"]
    return document


def test_an_admitted_act_comes_back_with_a_receipt_that_verifies(ledger: Served, made: Founding) -> None:
    answer = ledger.post(made.depositary.renaming("One", subject="gb"))
    assert answer.status_code == 201
    body = answer.json()
    assert (body["outcome"], body["pending_on"]) == ("admitted", [])
    assert answer.headers["location"] == f"/v1/events/{body['event']}"
    entry = ledger.get(f"/v1/entries/{body['position']}").content
    vkeys = [parse_vkey(key) for key in ledger.get("/v1/ledger").json()["log_keys"]]
    checkpoint = verify_receipt(parse_receipt(body["receipt"].encode()), entry, made.origin, vkeys)
    assert checkpoint.tree_size == body["tree_size"] == body["position"]


def test_the_answer_to_a_submission_already_carries_its_checkpoint(ledger: Served, made: Founding) -> None:
    answer = ledger.post(made.depositary.renaming("Two", subject="gb"))
    note = base64.b64decode(answer.headers["ledger-checkpoint"])
    assert answer.json()["receipt"].encode().endswith(b"\n\n" + note)


def test_the_same_bytes_again_give_the_first_receipt(ledger: Served, made: Founding) -> None:
    raw = made.depositary.renaming("Three", subject="gb")
    first = ledger.post(raw)
    ledger.post(made.depositary.renaming("Four", subject="gb"))
    again = ledger.post(raw)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "outcome": "duplicate"}


def test_another_act_under_the_same_id_is_a_conflict_that_shows_the_first(ledger: Served, made: Founding) -> None:
    event_id = new_id()
    name = {"language": "en", "name": "Five"}
    office = made.depositary
    first = ledger.post(office.act("party.renamed", event_id=event_id, subject="gb", names=[name]))
    assert first.status_code == 201
    other = office.proposed("party.renamed", event_id=event_id, subject="de", names=[name])
    document = refused(ledger, other, 409, "event_id_conflict")
    assert document["first"]["receipt"] == first.json()["receipt"]
    assert document["first"]["event"] == event_id


def test_a_batch_answers_each_line_by_itself_and_in_order(ledger: Served, made: Founding) -> None:
    office, stranger = made.depositary, principal("xx")
    known = office.renaming("Six", subject="gb")
    assert ledger.post(known).status_code == 201
    before = ledger.tree_size()
    good, better = office.renaming("Seven", subject="gb"), office.renaming("Eight", subject="gb")
    lines = [good, b"{not json", known, b"", stranger.renaming(), better, good]
    told = outcomes(ledger.batch(lines))
    names = ["admitted", "refused", "duplicate", "refused", "refused", "admitted", "duplicate"]
    assert [one["outcome"] for one in told] == names
    codes = [one["code"] for one in told if one["outcome"] == "refused"]
    assert codes == ["not_json", "not_json", "authority_unknown"]
    assert all({"code", "expected", "got", "do", "type"} <= one.keys() for one in told if one["outcome"] == "refused")
    assert [told[0]["position"], told[5]["position"]] == [before + 1, before + 2]
    assert told[6]["receipt"] == told[0]["receipt"]
    assert ledger.tree_size() == before + 2


def test_a_conflict_in_a_batch_carries_the_first_receipt(ledger: Served, made: Founding) -> None:
    office, event_id = made.depositary, new_id()
    name = {"language": "en", "name": "Nine"}
    raw = office.act("party.renamed", event_id=event_id, subject="gb", names=[name])
    other = office.proposed("party.renamed", event_id=event_id, subject="fr", names=[name])
    first, conflict = outcomes(ledger.batch([raw, other]))
    assert (first["outcome"], conflict["outcome"], conflict["code"]) == ("admitted", "conflict", "event_id_conflict")
    assert conflict["first"]["receipt"] == first["receipt"]


def test_the_last_line_feed_of_a_batch_may_be_missing(ledger: Served, made: Founding) -> None:
    raw = made.depositary.renaming("Ten", subject="gb")
    (told,) = outcomes(ledger.post(raw, NDJSON))
    assert told["outcome"] == "admitted"


def test_an_act_out_of_its_turn_is_refused_and_next_says_whose_turn_it_is(ledger: Served, made: Founding) -> None:
    office, names = made.depositary, [{"language": "en", "name": "Eleven"}]
    office.sequence += 1
    too_late = office.proposed("party.renamed", subject="gb", names=names)
    office.sequence -= 1
    refused(ledger, too_late, 409, "sequence_mismatch")
    place = ledger.get("/v1/authorities/depositary/principal/next").json()
    assert (place["sequence"], place["previous"]) == (office.sequence + 1, office.previous)
    assert place["tree_size"] == ledger.tree_size()


BAD_ENVELOPES = [
    (b"not json", 400, "not_json"),
    (b"[]", 400, "not_json"),
    (b"\xff\xfe", 400, "not_utf8"),
    (b'{"a":1,"a":1}', 400, "duplicate_key"),
    (b'{"a":1.5}', 400, "number_not_integer"),
    (b'{"a":NaN}', 400, "number_not_integer"),
    (b'{"a":9007199254740993}', 400, "integer_too_large"),
    (b'{"a": 1}', 400, "not_canonical"),
    (b'{"a":1}', 400, "envelope_malformed"),
    (b"[" * 5000 + b"]" * 5000, 400, "too_deep"),
    (b'{"a":"' + b"x" * 60_000 + b'"}', 413, "envelope_too_large"),
    (b'{"payload":"!!!!","payloadType":"x","signatures":[{"keyid":"00","sig":"AA=="}]}', 400, "envelope_malformed"),
    (b'{"payload":"e30","payloadType":"x","signatures":[]}', 400, "envelope_malformed"),
]


@pytest.mark.parametrize(("raw", "status", "code"), BAD_ENVELOPES, ids=lambda value: str(value)[:40])
def test_bytes_that_are_no_envelope_are_refused_by_their_code(
    ledger: Served, raw: bytes, status: int, code: str
) -> None:
    refused(ledger, raw, status, code)


def test_a_signature_that_does_not_verify_is_refused(ledger: Served, made: Founding) -> None:
    envelope = json.loads(made.depositary.proposed("party.renamed", subject="gb", names=[]))
    signature = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    signature[5] ^= 1
    envelope["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    raw = json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode()
    document = refused(ledger, raw, 403, "signature_invalid")
    assert "first" not in document


def test_an_act_of_another_ledger_is_refused(ledger: Served) -> None:
    refused(ledger, principal("gb", ledger="other.example/compact").renaming(), 422, "ledger_mismatch")


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/xml", "application/jsonx", "", "multipart/form-data"]
)
def test_another_media_type_is_told_which_there_are(ledger: Served, made: Founding, media_type: str) -> None:
    raw = made.depositary.proposed("party.renamed", subject="gb", names=[])
    refused(ledger, raw, 415, "media_type_unsupported", {"Content-Type": media_type})


def test_no_media_type_at_all_is_refused(ledger: Served) -> None:
    answer = ledger.http.post("/v1/events", content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")


def test_a_compressed_body_is_refused(ledger: Served) -> None:
    refused(ledger, b"\x1f\x8b", 415, "media_type_unsupported", {**JSON, "Content-Encoding": "gzip"})


def test_a_media_type_may_name_its_charset(ledger: Served, made: Founding) -> None:
    raw = made.depositary.renaming("Twelve", subject="gb")
    assert ledger.post(raw, {"Content-Type": "Application/JSON; charset=utf-8"}).status_code == 201


@pytest.mark.parametrize("headers", [JSON, NDJSON])
def test_an_empty_body_is_refused(ledger: Served, headers: dict[str, str]) -> None:
    refused(ledger, b"", 400, "batch_empty", headers)


def test_an_idempotency_key_that_is_the_events_id_is_accepted(ledger: Served, made: Founding) -> None:
    event_id = new_id()
    raw = made.depositary.act(
        "party.renamed", event_id=event_id, subject="gb", names=[{"language": "en", "name": "Thirteen"}]
    )
    assert ledger.post(raw, {**JSON, "Idempotency-Key": f'"{event_id}"'}).status_code == 201
    assert ledger.post(raw, {**JSON, "Idempotency-Key": event_id}).status_code == 200


def test_another_idempotency_key_is_refused_before_anything_is_submitted(ledger: Served, made: Founding) -> None:
    raw = made.depositary.proposed("party.renamed", subject="gb", names=[{"language": "en", "name": "Never"}])
    refused(ledger, raw, 422, "idempotency_key_mismatch", {**JSON, "Idempotency-Key": new_id()})
    refused(ledger, raw, 422, "idempotency_key_mismatch", {**NDJSON, "Idempotency-Key": new_id()})


def test_an_idempotency_key_does_not_hide_what_is_wrong_with_the_bytes(ledger: Served) -> None:
    refused(ledger, b"{}", 400, "envelope_malformed", {**JSON, "Idempotency-Key": new_id()})


def test_nothing_but_the_opening_is_admitted_first(unopened: tuple[Served, Founding]) -> None:
    one, made = unopened
    opening, admission = made.raws[:2]
    refused(one, admission, 403, "authority_unknown")
    assert one.post(opening).status_code == 201
    assert one.post(admission).status_code == 201
