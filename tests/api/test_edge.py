"""Around every request: headers, limits, problems for whatever is wrong, and clients that misbehave."""

import asyncio
import json
import socket
import time

import httpx
import pytest

from api import submissions
from api.edge import BODY_BYTES_MAX
from api.problems import TROUBLES
from tests.acts import Founding
from tests.api.served import JSON, Served

PATHS = ["/v1/ledger", "/v1/entries", "/v1/entries/1", "/v1/refusals", "/v1/checkpoint", "/healthz", "/readyz", "/docs"]


@pytest.mark.parametrize("path", [*PATHS, "/nowhere", "/v1/entries/0", "/docs/static/nothing.js"])
def test_every_answer_carries_the_headers(ledger: Served, path: str) -> None:
    headers = ledger.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["request-id"]
    assert headers["ledger-checkpoint"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "server" not in headers


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_the_body(ledger: Served, path: str) -> None:
    got, bare = ledger.get(path), ledger.http.head(path)
    assert (bare.status_code, bare.content) == (got.status_code, b"")
    assert bare.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("path", ["/nowhere", "/v1", "/v1/", "/v1/entries/", "/v1/events", "//v1/ledger", "/v1/%2e%2e"])
def test_an_unknown_address_is_a_problem(ledger: Served, path: str) -> None:
    answer = ledger.get(path)
    code, status = ("method_not_allowed", 405) if path == "/v1/events" else ("not_found", 404)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST", "TRACE", "PURGE"])
def test_another_method_is_told_which_are_allowed(ledger: Served, method: str) -> None:
    answer = ledger.http.request(method, "/v1/entries")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_options_says_what_is_allowed_and_nothing_to_other_origins(ledger: Served) -> None:
    answer = ledger.http.options("/v1/events", headers={"Origin": "https://elsewhere.example"})
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, "OPTIONS, POST", b"")
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_a_body_that_is_declared_too_large_is_refused_unread(ledger: Served) -> None:
    with socket.create_connection(ledger.address, 10) as raw:
        raw.sendall(head(BODY_BYTES_MAX + 1))
        answer = read_all(raw)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"body_too_large"' in answer
    assert b"application/problem+json" in answer


def test_a_body_that_grows_too_large_is_refused_while_it_is_read(ledger: Served) -> None:
    before = ledger.tree_size()
    chunks = (b"x" * 1_000_000 for _ in range(BODY_BYTES_MAX // 1_000_000 + 2))
    answer = ledger.http.post("/v1/events", content=chunks, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "envelope_too_large")
    assert ledger.tree_size() == before


def test_a_client_that_goes_away_leaves_nothing_behind_and_harms_nobody(ledger: Served, made: Founding) -> None:
    before = ledger.tree_size()
    act = made.depositary.proposed("party.renamed", subject="gb", names=[{"language": "en", "name": "Half"}])
    for _ in range(20):
        with socket.create_connection(ledger.address, 10) as raw:
            raw.sendall(head(len(act)) + act[:-1])
    assert ledger.tree_size() == before
    assert ledger.post(made.depositary.renaming("Whole", subject="gb")).status_code == 201


def test_a_client_that_goes_away_after_its_request_finds_its_receipt_later(ledger: Served, made: Founding) -> None:
    act = made.depositary.renaming("Gone", subject="gb")
    with socket.create_connection(ledger.address, 10) as raw:
        raw.sendall(head(len(act)) + act)
    assert ledger.post(act).json()["outcome"] in ("admitted", "duplicate")
    assert ledger.post(act).json()["outcome"] == "duplicate"


def test_a_body_that_does_not_come_is_given_up(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "BODY_SECONDS_MAX", 0.2)
    with socket.create_connection(ledger.address, 10) as raw:
        raw.sendall(head(99) + b"{")
        answer = read_all(raw)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_too_slow"' in answer


def test_stalled_clients_do_not_hold_up_the_others(ledger: Served) -> None:
    stalled = [socket.create_connection(ledger.address, 10) for _ in range(100)]
    try:
        for one in stalled:
            one.sendall(head(9))
        began = time.monotonic()
        assert ledger.get("/v1/ledger").status_code == 200
        assert time.monotonic() - began < 5
    finally:
        for one in stalled:
            one.close()


def test_many_clients_at_once_each_get_their_own_receipt(ledger: Served, made: Founding) -> None:
    acts = [made.depositary.renaming(f"Name {number}", subject="gb") for number in range(20)]
    assert [line["outcome"] for line in map(json.loads, ledger.batch(acts).text.splitlines())] == ["admitted"] * 20

    async def all_again() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=ledger.url, timeout=30) as http:
            json_type = {"Content-Type": "application/json"}
            return await asyncio.gather(*(http.post("/v1/events", content=act, headers=json_type) for act in acts * 3))

    answers = asyncio.run(all_again())
    assert {answer.json()["outcome"] for answer in answers} == {"duplicate"}
    receipts = {(answer.json()["event"], answer.json()["receipt"]) for answer in answers}
    assert len(receipts) == len(acts)


def test_the_measures_count_outcomes_and_name_no_client_and_no_id(ledger: Served) -> None:
    ledger.post(b"{}")
    text = ledger.get("/metrics").text
    assert 'gledger_submissions_total{outcome="refused"}' in text
    assert "gledger_commit_seconds_bucket" in text
    assert f"gledger_tree_size {float(ledger.tree_size())}" in text
    assert "gledger_projection_position" in text
    ledger.get("/v1/entries/1")
    assert 'route="/v1/entries/{position}"' in ledger.get("/metrics").text
    assert "127.0.0.1" not in text


def test_readiness_says_how_far_the_projections_are(ledger: Served) -> None:
    give_up = time.monotonic() + 20
    while (told := ledger.get("/readyz").json())["projection_position"] < ledger.tree_size():
        assert time.monotonic() < give_up, told
        time.sleep(0.05)
    assert told["status"] == "ready"


def test_every_problem_code_has_words_and_a_status_of_an_error() -> None:
    for trouble, described in TROUBLES.items():
        assert 400 <= described.status < 600, trouble
        assert described.title
        assert described.do.endswith(".")


def head(length: int, media_type: str = "application/json") -> bytes:
    """Return the head of a submission, its body to follow."""
    lines = ["POST /v1/events HTTP/1.1", "Host: x", f"Content-Type: {media_type}", f"Content-Length: {length}"]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def read_all(raw: socket.socket) -> bytes:
    """Read until there is an answer with its body, or the end."""
    answer = b""
    while b"}" not in answer and (chunk := raw.recv(65536)):
        answer += chunk
    return answer
