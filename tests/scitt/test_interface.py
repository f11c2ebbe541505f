"""The interface of SCITT on a real server: what goes in is an act like any other, what comes out holds."""

from base64 import urlsafe_b64encode
from typing import Any

import httpx
import pytest

from api.problems import Trouble
from ledger.client.proof import prove
from ledger.intake.statements import STATEMENT_BYTES_MAX
from ledger.log.cose import cose_signer
from ledger.signing.dsse import parse
from ledger.signing.signer import generate_ed25519
from tests.acts import Founding, Office, new_id, principal
from tests.api.served import Served
from tests.docs.trouble_examples import SITUATIONS
from tests.scitt.cbor_by_hand import read
from tests.scitt.stated import COSE, statement

PROBLEM = "application/concise-problem-details+cbor"
NAMES = [{"language": "en", "name": "Another Name"}]


def register(ledger: Served, raw: bytes, headers: dict[str, str] = COSE) -> httpx.Response:
    return ledger.http.post("/entries", content=raw, headers=headers)


def stated(office: Office, envelope: bytes, **changes: Any) -> bytes:
    return statement(envelope, office.signers[0], **changes)


def problem(answer: httpx.Response, status: int, title: str, code: str) -> dict[int, str]:
    """Expect a problem in CBOR, with this title and a detail that begins with this code, and nothing else."""
    assert answer.status_code == status, answer.content
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["cache-control"] == "no-store"
    members: dict[int, str] = read(answer.content)
    assert members.keys() == {-1, -2, -3}
    assert members[-1] == title
    assert members[-2].startswith(f"{code}: expected "), members[-2]
    assert members[-3] == f"urn:uuid:{answer.headers['request-id']}"
    return members


def refused(ledger: Served, raw: bytes, status: int, title: str, code: str, headers: dict[str, str] = COSE) -> None:
    """Expect that a statement is answered so, and that the log did not grow."""
    before = ledger.tree_size()
    problem(register(ledger, raw, headers), status, title, code)
    assert ledger.tree_size() == before


def test_a_registered_statement_is_an_act_with_a_receipt_that_proves_it(ledger: Served, made: Founding) -> None:
    envelope = made.depositary.renaming("One", subject="gb")
    event = parse(envelope).event.id
    answer = register(ledger, stated(made.depositary, envelope))
    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/cose")
    assert answer.headers["location"] == f"/entries/{event}"
    entry = ledger.get(f"/v1/events/{event}/entry").content
    assert entry.startswith(b'{"envelope":' + envelope + b',"position":')
    proven = prove(answer.content, entry, made.origin, [made.log_signer.vkey])
    assert proven.envelope.event.id == event
    # The same tree as that of the other dialect.
    other = ledger.get(f"/v1/events/{event}/receipt").content
    assert proven == prove(other, entry, made.origin, [made.log_signer.vkey])
    assert ledger.get(answer.headers["location"]).content == answer.content


def test_the_same_act_has_one_entry_whichever_door_it_came_through(ledger: Served, made: Founding) -> None:
    for first_by_statement in (True, False):
        envelope = made.depositary.renaming("Two", subject="gb")
        raw, event = stated(made.depositary, envelope), parse(envelope).event.id
        before = ledger.tree_size()
        if first_by_statement:
            receipt, other = register(ledger, raw), ledger.post(envelope)
        else:
            other, receipt = ledger.post(envelope), register(ledger, raw)
        assert ledger.tree_size() == before + 1
        assert sorted((receipt.status_code, other.status_code)) == [200, 201]
        entry = ledger.get(f"/v1/events/{event}/entry").content
        by_cose = prove(receipt.content, entry, made.origin, [made.log_signer.vkey])
        assert by_cose == prove(other.json()["receipt"].encode(), entry, made.origin, [made.log_signer.vkey])
        assert by_cose.entry.position == other.json()["position"]


def test_a_receipt_is_the_same_bytes_later(ledger: Served, made: Founding) -> None:
    envelope = made.depositary.renaming("Three", subject="gb")
    raw, event = stated(made.depositary, envelope), parse(envelope).event.id
    first = register(ledger, raw)
    for name in ("Four", "Five", "Six"):
        assert ledger.post(made.depositary.renaming(name, subject="gb")).status_code == 201
    again, got = register(ledger, raw), ledger.get(f"/entries/{event}")
    assert (first.status_code, again.status_code, got.status_code) == (201, 200, 200)
    assert first.content == again.content == got.content
    etag = got.headers["etag"]
    assert ledger.get(f"/entries/{event}", headers={"If-None-Match": etag}).status_code == 304


def test_acts_sealed_together_have_receipts_of_one_tree(ledger: Served, made: Founding) -> None:
    envelopes = [made.depositary.renaming(name, subject="de") for name in ("One", "Two", "Three")]
    told = ledger.batch(envelopes)
    assert told.status_code == 200
    sizes = set()
    for envelope in envelopes:
        event = parse(envelope).event.id
        entry = ledger.get(f"/v1/events/{event}/entry").content
        receipt = ledger.get(f"/entries/{event}").content
        sizes.add(prove(receipt, entry, made.origin, [made.log_signer.vkey]).checkpoint.tree_size)
    assert sizes == {ledger.tree_size()}


def test_receipts_of_all_that_was_recorded_hold(ledger: Served, made: Founding) -> None:
    for line in ledger.get("/v1/entries").content.splitlines():
        event = event_of(line)
        receipt = ledger.get(f"/entries/{event}")
        assert receipt.status_code == 200
        assert prove(receipt.content, line, made.origin, [made.log_signer.vkey]).envelope.event.id == event


def event_of(entry: bytes) -> str:
    envelope, _, _ = entry.removeprefix(b'{"envelope":').rpartition(b',"position":')
    return parse(envelope).event.id


def test_the_keys_are_those_that_sign_receipts(ledger: Served, made: Founding) -> None:
    answer = ledger.get("/.well-known/scitt-keys", headers={"Accept": "application/cbor"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/cbor")
    (key,) = read(answer.content)
    assert key == {1: 1, 2: cose_signer(made.log_signer).key.key_id, 3: -19, -1: 6, -2: made.log_signer.vkey.public_key}
    event = event_of(ledger.get("/v1/entries/2").content)
    kid = read(read(ledger.get(f"/entries/{event}").content).content[0])[4]
    assert kid == key[2]
    one = ledger.get(f"/.well-known/scitt-keys/{urlsafe_b64encode(kid).decode().rstrip('=')}")
    assert (one.status_code, one.headers["content-type"]) == (200, "application/cbor")
    assert read(one.content) == key


def test_a_key_that_there_is_not_is_not_found(ledger: Served, made: Founding) -> None:
    kid = urlsafe_b64encode(cose_signer(made.log_signer).key.key_id).decode()
    for other in (kid, kid[:-2], "x", "A" * 43, "%2e%2e", "A" * 3000):
        problem(ledger.get(f"/.well-known/scitt-keys/{other}"), 404, "No such key", "not_found")


def test_the_registration_policy_names_the_rule_set(ledger: Served) -> None:
    policy = ledger.get("/v1/registration-policy").json()
    assert policy["rules"] == ledger.get("/v1/ledger").json()["rules"] == 1
    assert policy["statement"]["algorithms"] == {"ed25519": -19, "ecdsa-p256": -9}
    for address in (policy["refusals"], policy["schemas"]):
        assert ledger.get(address).status_code == 200


def test_an_id_that_is_not_recorded_is_not_found(ledger: Served) -> None:
    problem(ledger.get(f"/entries/{new_id()}"), 404, "Not Found", "not_found")
    browser = {"Accept": "text/html"}
    problem(ledger.get(f"/entries/{new_id()}", headers=browser), 404, "Not Found", "not_found")


@pytest.mark.parametrize(
    "locator", ["1", "x", "019A3C5E-7B1A-7C3D-8E4F-0123456789AB", "%00", "a" * 3000, "%F0%9F%98%80"]
)
def test_a_locator_that_is_none_is_invalid(ledger: Served, locator: str) -> None:
    problem(ledger.get(f"/entries/{locator}"), 400, "Invalid locator", "locator_invalid")


def test_a_statement_that_is_none_is_malformed(ledger: Served, made: Founding) -> None:
    envelope = made.depositary.proposed("party.renamed", subject="gb", names=NAMES)
    raw = stated(made.depositary, envelope)
    for other in (b"", b"{}", raw[1:], raw + b"\0", b"\xd2" + b"\x81" * 5000):
        refused(ledger, other, 400, "Malformed request", "statement_malformed")
    other = stated(made.depositary, envelope, headers=lambda it: {**it, 16: "x"})
    refused(ledger, other, 400, "Malformed request", "statement_malformed")


def test_each_fault_of_a_statement_has_its_own_title(ledger: Served, made: Founding) -> None:
    office = made.depositary
    envelope = office.proposed("party.renamed", subject="gb", names=NAMES)
    other = stated(office, envelope, headers=lambda it: {**it, 1: -7})
    refused(ledger, other, 400, "Bad Signature Algorithm", "algorithm_unsupported")
    refused(ledger, stated(office, envelope, payload=None), 400, "Payload Missing", "payload_missing")
    other = stated(office, envelope, headers=lambda it: {**it, 15: {1: "gb/principal", 2: it[15][2]}})
    refused(ledger, other, 422, "Rejected", "statement_mismatch")
    refused(ledger, statement(envelope, generate_ed25519()), 422, "Rejected", "statement_mismatch")
    refused(ledger, stated(office, envelope, signed_payload=b"x"), 403, "Rejected", "signature_invalid")
    refused(ledger, stated(office, envelope, payload=b"{}"), 400, "Rejected", "envelope_malformed")


def test_an_act_that_the_rules_refuse_is_refused_by_its_code(ledger: Served, made: Founding) -> None:
    office = made.depositary
    office.sequence += 1
    too_late = office.proposed("party.renamed", subject="gb", names=NAMES)
    office.sequence -= 1
    refused(ledger, stated(office, too_late), 409, "Rejected", "sequence_mismatch")
    stranger = principal("xx")
    envelope = stranger.proposed("party.renamed", subject="xx", names=NAMES)
    refused(ledger, stated(stranger, envelope), 403, "Rejected", "authority_unknown")
    elsewhere = principal("gb", ledger="ledger.example/other")
    elsewhere.signers = made.offices["gb"].signers
    envelope = elsewhere.proposed("party.renamed", subject="gb", names=NAMES)
    refused(ledger, stated(elsewhere, envelope), 422, "Rejected", "ledger_mismatch")


def test_another_act_under_the_same_id_is_a_conflict(ledger: Served, made: Founding) -> None:
    office, event = made.depositary, new_id()
    envelope = office.act("party.renamed", event_id=event, subject="gb", names=NAMES)
    assert register(ledger, stated(office, envelope)).status_code == 201
    other = office.proposed("party.renamed", event_id=event, subject="de", names=NAMES)
    refused(ledger, stated(office, other), 409, "Rejected", "event_id_conflict")


def test_what_is_too_large_is_refused(ledger: Served, made: Founding) -> None:
    envelope = made.depositary.proposed("party.renamed", subject="gb", names=NAMES)
    raw = stated(made.depositary, envelope, unprotected={1: bytes(STATEMENT_BYTES_MAX)})
    refused(ledger, raw, 413, "Too Large", "envelope_too_large")
    refused(ledger, bytes(17 * 1024 * 1024), 413, "Too Large", "body_too_large")


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/cbor", "text/plain", "application/cose-key", ""]
)
def test_another_media_type_is_refused(ledger: Served, media_type: str) -> None:
    title = "The media type is not supported"
    refused(ledger, b"\xd2", 415, title, "media_type_unsupported", {"Content-Type": media_type})


def test_a_media_type_may_name_the_kind_of_message(ledger: Served, made: Founding) -> None:
    raw = stated(made.depositary, made.depositary.renaming("Seven", subject="gb"))
    assert register(ledger, raw, {"Content-Type": 'application/cose; cose-type="cose-sign1"'}).status_code == 201
    title = "The media type is not supported"
    refused(ledger, raw, 415, title, "media_type_unsupported", {**COSE, "Content-Encoding": "gzip"})


def test_other_methods_are_answered_in_the_same_form(ledger: Served) -> None:
    title = "The method is not allowed here"
    problem(ledger.get("/entries"), 405, title, "method_not_allowed")
    problem(ledger.http.delete(f"/entries/{new_id()}"), 405, title, "method_not_allowed")
    problem(ledger.http.post("/.well-known/scitt-keys", content=b""), 405, title, "method_not_allowed")
    assert ledger.http.head("/.well-known/scitt-keys").status_code == 200


def test_addresses_beside_these_are_answered_as_before(ledger: Served) -> None:
    for path in ("/entriesx", "/.well-known/other", "/v1/entries/4711"):
        assert ledger.get(path).headers["content-type"] == "application/problem+json"
    page = ledger.get("/no-such-page", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")


def test_there_is_no_receipt_by_a_key_that_the_log_has_not(ledger: Served) -> None:
    event = event_of(ledger.get("/v1/entries/2").content)
    assert ledger.get(f"/entries/{event}?alg=-19").content == ledger.get(f"/entries/{event}").content
    problem(ledger.get(f"/entries/{event}?alg=-48"), 404, "Not Found", "not_found")
    for other in ("-7", "19", "", "Ed25519", "-019"):
        title = "A parameter is not valid"
        problem(ledger.get(f"/entries/{event}", params={"alg": other}), 422, title, "query_invalid")


def test_a_ledger_that_nobody_opened_takes_no_statement(unopened: tuple[Served, Founding]) -> None:
    one, made = unopened
    raw = stated(made.depositary, made.raws[0])
    refused(one, raw, 403, "Rejected", "authority_unknown")
    (key,) = read(one.get("/.well-known/scitt-keys").content)
    assert key[-2] == made.log_signer.vkey.public_key
    assert one.get("/v1/registration-policy").json()["rules"] is None


def test_the_first_entry_has_a_receipt_when_there_is_a_second(unopened: tuple[Served, Founding]) -> None:
    one, made = unopened
    event = parse(made.raws[0]).event.id
    assert one.post(made.raws[0]).status_code == 201
    for answer in (one.get(f"/entries/{event}"), register(one, stated(made.depositary, made.raws[0]))):
        told = SITUATIONS[Trouble.RECEIPT_NOT_YET]
        detail = problem(answer, 404, "Not Found", "receipt_not_yet")[-2]
        assert detail.startswith(f"receipt_not_yet: expected {told.expected}; got {told.got}. ")
    # Sealed together, at size 3.
    assert one.batch(made.raws[1:3]).status_code == 200
    entry, receipt = one.get("/v1/entries/1").content, one.get(f"/entries/{event}").content
    proven = prove(receipt, entry, made.origin, [made.log_signer.vkey])
    assert (proven.entry.position, proven.checkpoint.tree_size) == (1, 3)
    assert one.batch(made.raws[3:]).status_code == 200
    assert one.get(f"/entries/{event}").content == receipt
    again = register(one, stated(made.depositary, made.raws[0]))
    assert (again.status_code, again.content) == (200, receipt)
