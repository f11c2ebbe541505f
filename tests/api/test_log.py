"""The log over HTTP: exact bytes, honest caching, and a plain no for what is not there."""

import base64
import json
from hashlib import sha256

import pytest

from ledger.events.keys import KeyRecord, KeySet
from ledger.log.checkpoint import open_checkpoint
from ledger.log.entry import GENESIS_PREVIOUS, parse_entry
from ledger.log.note import parse_vkey
from ledger.signing.possession import check_key_set
from tests.acts import Founding, new_id
from tests.api.served import Served, found


def problem(ledger: Served, path: str, status: int, code: str) -> None:
    answer = ledger.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_entries_are_the_hash_chain_to_the_byte(ledger: Served, made: Founding) -> None:
    answer = ledger.get("/v1/entries")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = answer.content.split(b"\n")
    assert lines.pop() == b""
    previous = GENESIS_PREVIOUS
    for position, raw in enumerate(lines, 1):
        entry = parse_entry(raw)
        assert (entry.position, entry.previous) == (position, previous)
        previous = entry.sha256
    assert [parse_entry(raw).envelope for raw in lines[: len(made.raws)]] == made.raws


def test_pages_follow_each_other_by_their_links(ledger: Served) -> None:
    whole = ledger.get("/v1/entries").content
    pages, path = [], "/v1/entries?limit=2"
    while path:
        answer = ledger.get(path)
        pages.append(answer.content)
        path = answer.links.get("next", {}).get("url", "")
    assert b"".join(pages) == whole
    assert len(pages) == -(-ledger.tree_size() // 2)


def test_a_full_page_is_immutable_and_the_last_one_is_not(ledger: Served) -> None:
    full, end = ledger.get("/v1/entries?limit=2"), ledger.get(f"/v1/entries?after={ledger.tree_size()}")
    assert "immutable" in full.headers["cache-control"]
    assert (end.headers["cache-control"], end.content) == ("no-cache", b"")
    assert "next" in full.links
    assert "next" not in end.links


@pytest.mark.parametrize("path", ["/v1/entries?limit=2", "/v1/entries", "/v1/entries/1"])
def test_what_the_client_has_is_not_sent_again(ledger: Served, path: str) -> None:
    etag = ledger.get(path).headers["etag"]
    known = ledger.get(path, headers={"If-None-Match": f'"other", W/{etag}'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", etag)
    assert ledger.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_end_of_the_log_has_another_etag_when_it_grows(ledger: Served, made: Founding) -> None:
    before = ledger.get("/v1/entries").headers["etag"]
    assert ledger.post(made.depositary.renaming("Grown", subject="gb")).status_code == 201
    assert ledger.get("/v1/entries", headers={"If-None-Match": before}).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["after=-1", "after=x", "limit=0", "limit=1001", "after=1.5", "limit=", f"after={2**53}", "after=9e9", "limit=+5"],
)
def test_a_range_outside_its_bounds_is_refused(ledger: Served, query: str) -> None:
    problem(ledger, f"/v1/entries?{query}", 422, "query_invalid")


@pytest.mark.parametrize("position", ["0", "-1", "x", "1.0", "+1", "01", "1_0", "%201", "%D9%A1", str(2**60)])
def test_what_is_no_position_is_refused(ledger: Served, position: str) -> None:
    problem(ledger, f"/v1/entries/{position}", 422, "query_invalid")


def test_a_position_beyond_the_log_is_not_there(ledger: Served) -> None:
    problem(ledger, f"/v1/entries/{ledger.tree_size() + 1}", 404, "not_found")


def test_an_act_is_found_by_its_id(ledger: Served, made: Founding) -> None:
    submitted = ledger.post(made.depositary.renaming("Found", subject="gb")).json()
    path = f"/v1/events/{submitted['event']}"
    told, entry, receipt = ledger.get(path).json(), ledger.get(f"{path}/entry"), ledger.get(f"{path}/receipt")
    assert told == {
        "event": submitted["event"],
        "position": submitted["position"],
        "entry_sha256": sha256(entry.content).hexdigest(),
        "stream": "party/gb",
        "standing": {"state": "effective", "contested": False, "pending_on": []},
    }
    assert entry.content == ledger.get(f"/v1/entries/{submitted['position']}").content
    assert receipt.text == submitted["receipt"]
    assert receipt.headers["content-type"] == "text/plain; charset=utf-8"
    assert "immutable" in receipt.headers["cache-control"]


def test_the_opening_is_found_in_the_stream_of_the_ledger(ledger: Served, made: Founding) -> None:
    event_id = json.loads(base64.b64decode(json.loads(made.raws[0])["payload"]))["id"]
    told = ledger.get(f"/v1/events/{event_id}").json()
    assert (told["position"], told["stream"], told["standing"]["state"]) == (1, "ledger", "effective")


@pytest.mark.parametrize("rest", ["", "/entry", "/receipt"])
def test_an_unknown_act_is_not_there_and_a_malformed_id_is_refused(ledger: Served, rest: str) -> None:
    problem(ledger, f"/v1/events/{new_id()}{rest}", 404, "not_found")
    problem(ledger, f"/v1/events/%00{rest}", 422, "query_invalid")
    problem(ledger, f"/v1/events/{new_id().upper()}{rest}", 422, "query_invalid")


def test_the_checkpoint_is_signed_by_the_log_and_is_of_all_of_it(ledger: Served, made: Founding) -> None:
    answer = ledger.get("/v1/checkpoint")
    vkeys = [parse_vkey(key) for key in ledger.get("/v1/ledger").json()["log_keys"]]
    assert open_checkpoint(answer.content, made.origin, vkeys).tree_size == ledger.tree_size()
    assert base64.b64decode(answer.headers["ledger-checkpoint"]) == answer.content


def test_an_unknown_authority_has_no_next_act(ledger: Served) -> None:
    problem(ledger, "/v1/authorities/zz/principal/next", 404, "not_found")
    problem(ledger, "/v1/authorities/depositary/nobody/next", 404, "not_found")
    problem(ledger, "/v1/authorities/UPPER/principal/next", 422, "query_invalid")


def test_the_next_act_of_an_authority_that_never_acted_is_its_first(ledger: Served) -> None:
    place = ledger.get("/v1/authorities/fr/principal/next").json()
    assert (place["sequence"], place["previous"]) == (1, "0" * 64)


def test_a_ledger_says_its_keys_before_it_is_opened(unopened: tuple[Served, Founding]) -> None:
    one, made = unopened
    told = one.get("/v1/ledger").json()
    assert (told["opened"], told["tree_size"], told["origin"], told["demonstration"]) == (False, 0, made.origin, False)
    assert parse_vkey(told["log_keys"][0]) == made.log_signer.vkey
    # The record proves possession for exactly the authority that the opening will give it.
    keys = KeySet(keys=(KeyRecord(**told["service_key"]),), threshold=1)
    check_key_set(made.origin, "depositary/service", keys)
    problem(one, "/v1/checkpoint", 404, "not_found")
    assert one.get("/v1/entries").content == b""
    assert "ledger-checkpoint" not in one.get("/v1/ledger").headers


def test_a_ledger_says_what_its_opening_fixed(unopened: tuple[Served, Founding]) -> None:
    one, made = unopened
    before = one.get("/v1/ledger").json()
    found(one, made)
    told = one.get("/v1/ledger").json()
    assert (told["opened"], told["beneficiary"], told["depositary"]) == (True, "ua", "depositary")
    assert told["name"] == {"en": "Depositary of the Compact"}
    assert told["log_keys"] == before["log_keys"]
    assert told["service_key"]["public_key"] == before["service_key"]["public_key"]
    assert told["tree_size"] == len(made.raws)
