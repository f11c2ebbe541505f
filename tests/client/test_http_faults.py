"""What the client makes of servers that are away, busy, wrong or hostile."""

import json
import socket

import pytest

from ledger.client.connection import Connection
from ledger.client.errors import AnswerMalformed, ClientError, LedgerRefused, NotThere, Unreachable
from ledger.client.http import BATCH_ACTS_MAX, LedgerClient
from tests.client.scripted_server import Script, answer, scripted

NO_WAIT = (0.0, 0.0)
ID = "019a3c5e-7b1a-7c3d-8e4f-0123456789ab"
ADMISSION = {"outcome": "admitted", "event": ID, "position": 1, "pending_on": [], "tree_size": 1, "receipt": "r"}
PROBLEM = {"code": "sequence_mismatch", "expected": "sequence 2", "got": "7", "do": "Ask for the next.", "status": 409}


def client_of(script: Script) -> LedgerClient:
    return LedgerClient(Connection(script.url, waits_s=NO_WAIT))


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_server_that_is_away_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"expected an answer from http://127.*got .*refused"):
        LedgerClient(Connection(f"http://127.0.0.1:{closed_port()}", waits_s=())).ledger()


def test_an_answer_that_is_cut_off_is_asked_for_again_and_then_unreachable() -> None:
    with scripted(answer("200 OK", b'{"origin":', length=500)) as script:
        with pytest.raises(Unreachable):
            client_of(script).ledger()
        assert len(script.asked) == 1 + len(NO_WAIT)


def test_a_submission_that_was_cut_off_is_sent_again_with_the_same_bytes() -> None:
    with scripted(answer("201 Created", b"{", length=99), answer("200 OK", as_json(ADMISSION))) as script:
        assert client_of(script).submit(b"envelope").position == 1
        assert script.bodies == [b"envelope", b"envelope"]


def test_a_busy_server_is_asked_again() -> None:
    with scripted(answer("503 Busy", as_json(PROBLEM), "Retry-After: 0"), answer("200 OK", b"note\n")) as script:
        assert client_of(script).checkpoint() == b"note\n"
        assert len(script.asked) == 2


def test_a_server_that_stays_busy_is_unreachable_with_its_reason() -> None:
    with (
        scripted(answer("429 Too Many", as_json({"code": "busy", "detail": "the queue is full"}))) as script,
        pytest.raises(Unreachable, match=r"status 429 \(the queue is full\)"),
    ):
        client_of(script).checkpoint()


def test_a_refusal_is_not_asked_again() -> None:
    with scripted(answer("409 Conflict", as_json(PROBLEM))) as script:
        with pytest.raises(LedgerRefused) as refused:
            client_of(script).submit(b"envelope")
        assert refused.value.problem.code == "sequence_mismatch"
        assert str(refused.value) == "sequence_mismatch: expected sequence 2; got 7. Ask for the next."
        assert len(script.asked) == 1


def test_a_conflict_carries_the_first_receipt() -> None:
    with scripted(answer("409 Conflict", as_json({**PROBLEM, "first": ADMISSION}))) as script:
        with pytest.raises(LedgerRefused) as refused:
            client_of(script).submit(b"envelope")
        assert refused.value.problem.first is not None
        assert refused.value.problem.first.position == 1


@pytest.mark.parametrize(
    ("given", "got"),
    [
        (answer("200 OK", b"<html>"), "documented form"),
        (answer("200 OK", b'{"outcome":"admitted"}'), "documented form"),
        (answer("200 OK", as_json({**ADMISSION, "position": 0})), "documented form"),
        (answer("500 Internal Server Error", b"<html>"), "status 500"),
        (answer("302 Found", b"", "Location: http://elsewhere.example/"), "a redirect to http://elsewhere.example/"),
    ],
)
def test_what_is_no_answer_of_a_ledger_is_malformed(given: bytes, got: str) -> None:
    with scripted(given) as script, pytest.raises(AnswerMalformed, match=got):
        client_of(script).submit(b"envelope")


def test_a_server_that_failed_leaves_the_outcome_unknown() -> None:
    failed = as_json({"code": "internal_error", "instance": "urn:uuid:1", "expected": "an answer", "got": "none"})
    with (
        scripted(answer("500 Internal Server Error", failed)) as script,
        pytest.raises(Unreachable, match=r"status 500 \(internal_error, urn:uuid:1\)"),
    ):
        client_of(script).submit(b"envelope")


def test_what_is_not_there_is_told_apart_from_what_cannot_be_reached() -> None:
    with (
        scripted(answer("404 Not Found", as_json({"code": "not_found", "got": "no such act"}))) as script,
        pytest.raises(NotThere, match="no such act"),
    ):
        client_of(script).event(ID)


def test_an_answer_without_end_is_given_up() -> None:
    body = b"x" * 70_000
    with scripted(answer("200 OK", body)) as script, pytest.raises(AnswerMalformed, match="at most 65535 bytes"):
        client_of(script).entry_of(ID)


@pytest.mark.parametrize(
    "url", ["ledger.example", "ftp://ledger.example", "http://", "http://\x00", "file:///etc/passwd"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ClientError, match="expected an address"):
        Connection(url)


def test_a_batch_has_one_outcome_for_each_act() -> None:
    lines = as_json(ADMISSION) + b"\n" + as_json({"outcome": "refused", **PROBLEM}) + b"\n"
    with scripted(answer("200 OK", lines)) as script:
        admitted, refused = client_of(script).submit_many([b"one", b"two"])
        assert script.bodies == [b"one\ntwo\n"]
    assert (getattr(admitted, "position", None), getattr(refused, "code", None)) == (1, "sequence_mismatch")


def test_a_batch_with_an_outcome_missing_is_malformed() -> None:
    with (
        scripted(answer("200 OK", as_json(ADMISSION) + b"\n")) as script,
        pytest.raises(AnswerMalformed, match="expected 2 outcomes; got 1"),
    ):
        list(client_of(script).submit_many([b"one", b"two"]))


def test_a_batch_that_had_to_end_early_gives_what_was_decided_and_says_why() -> None:
    lines = as_json(ADMISSION) + b"\n" + as_json({**PROBLEM, "code": "database_unavailable", "decided": 1}) + b"\n"
    with scripted(answer("200 OK", lines)) as script:
        outcomes = client_of(script).submit_many([b"one", b"two"])
        assert getattr(next(outcomes), "position", None) == 1
        with pytest.raises(AnswerMalformed, match="expected 2 outcomes; got 1, and then database_unavailable"):
            next(outcomes)


def test_a_batch_with_an_outcome_nobody_knows_is_malformed() -> None:
    with (
        scripted(answer("200 OK", b'{"outcome":"perhaps"}\n')) as script,
        pytest.raises(AnswerMalformed, match="documented form"),
    ):
        list(client_of(script).submit_many([b"one"]))


def test_a_large_batch_goes_in_chunks_and_stops_where_the_caller_stops() -> None:
    lines = (as_json(ADMISSION) + b"\n") * BATCH_ACTS_MAX
    with scripted(answer("200 OK", lines)) as script:
        outcomes = client_of(script).submit_many([b"act"] * (2 * BATCH_ACTS_MAX))
        for _ in range(BATCH_ACTS_MAX):
            next(outcomes)
        assert len(script.asked) == 1
        assert len(list(outcomes)) == BATCH_ACTS_MAX


def test_entries_come_back_byte_for_byte() -> None:
    with scripted(answer("200 OK", b'{"a":1}\n{ "b" : 2 }\n')) as script:
        assert client_of(script).entries(3, 2) == [b'{"a":1}', b'{ "b" : 2 }']
        assert script.asked == ["GET /v1/entries?after=3&limit=2 HTTP/1.1"]


@pytest.mark.parametrize("body", [b'{"a":1}\n{"b"', b"one\ntwo\nthree\n"])
def test_entries_that_are_cut_off_or_too_many_are_malformed(body: bytes) -> None:
    with scripted(answer("200 OK", body)) as script, pytest.raises(AnswerMalformed):
        client_of(script).entries(0, 2)


def test_the_next_page_is_asked_of_the_same_host_whatever_the_link_says() -> None:
    first = answer("200 OK", as_json({"data": [1]}), 'Link: <http://evil.example/v1/x?cursor=2>; rel="next"')
    with scripted(first, answer("200 OK", as_json({"data": [2]}))) as script:
        assert client_of(script).read_all("/v1/x")["data"] == [1, 2]
        assert script.asked == ["GET /v1/x HTTP/1.1", "GET /v1/x?cursor=2 HTTP/1.1"]


def test_pages_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.client.http.PAGES_MAX", 3)
    page = answer("200 OK", as_json({"data": [1]}), 'Link: </v1/x?again>; rel="next"')
    with scripted(page) as script, pytest.raises(AnswerMalformed, match="at most 3 pages"):
        client_of(script).read_all("/v1/x")


def test_ready_is_no_as_long_as_nobody_says_yes() -> None:
    assert not LedgerClient(Connection(f"http://127.0.0.1:{closed_port()}", waits_s=())).is_ready()
    with scripted(answer("503 Not Yet"), answer("200 OK")) as script:
        client = LedgerClient(Connection(script.url, waits_s=()))
        assert [client.is_ready(), client.is_ready()] == [False, True]
