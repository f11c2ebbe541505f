"""The examples of problems, sent to a real server: the answers are those that the page prints."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import psycopg
import pytest

from api import submissions
from api.problems import TROUBLES, Trouble
from ledger.client.connection import PROBLEM_CBOR, PROBLEM_DETAIL
from ledger.intake.committer import QUEUE_MAX
from ledger.store.embedded import EmbeddedPostgres
from tests.acts import Founding, founding
from tests.api.served import NDJSON, Served, found, served, settings_for
from tests.docs.trouble_examples import EXAMPLES, SITUATIONS
from tests.postgres import fresh_database
from tests.scitt.cbor_by_hand import read

WAIT_SECONDS_MAX = 15.0
SHORT_SECONDS = 1.0


@pytest.fixture(scope="module")
def made() -> Founding:
    return founding()


@pytest.fixture(scope="module")
def server(made: Founding, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data: Path = tmp_path_factory.mktemp("data")
    with fresh_database(postgres_server) as url, served(settings_for(made, url, data)) as one:
        found(one, made)
        yield one


@pytest.mark.parametrize("trouble", EXAMPLES)
def test_a_request_is_answered_as_the_page_says_and_records_nothing(server: Served, trouble: Trouble) -> None:
    example = EXAMPLES[trouble]
    before = server.tree_size()
    answer = example.send(server)
    assert answer.status_code == TROUBLES[trouble].status
    told = f"expected {example.expected}; got {example.got}"
    if answer.headers["content-type"] == PROBLEM_CBOR:
        assert read(answer.content)[PROBLEM_DETAIL] == f"{trouble}: {told}. {TROUBLES[trouble].do}"
    else:
        document = answer.json()
        assert (document["code"], document["expected"], document["got"]) == (trouble, example.expected, example.got)
        assert (document["status"], document["do"]) == (answer.status_code, TROUBLES[trouble].do)
    assert server.tree_size() == before


def compare(trouble: Trouble, document: dict[str, object], expected: str | None = None) -> None:
    situation = SITUATIONS[trouble]
    assert document["code"] == trouble, document
    assert (document["expected"], document["got"]) == (expected or situation.expected, situation.got)
    assert document["status"] == TROUBLES[trouble].status


def in_a_second(trouble: Trouble) -> str:
    """Return what is expected where the time limit was shortened for the sake of the test."""
    return SITUATIONS[trouble].expected.replace("60 seconds", "1 seconds")


@contextmanager
def held_head(server: Served) -> Iterator[psycopg.Connection]:
    """Hold the head of the log, as another process does that appends."""
    with psycopg.connect(server.settings.database_url) as connection:
        connection.execute("SELECT tree_size FROM head FOR UPDATE")
        yield connection
        connection.rollback()


def test_a_body_that_does_not_arrive_is_too_slow(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "BODY_SECONDS_MAX", SHORT_SECONDS)
    head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    with socket.create_connection(server.address, WAIT_SECONDS_MAX) as raw:
        raw.sendall(head)
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    compare(
        Trouble.REQUEST_TOO_SLOW, orjson.loads(answer.partition(b"\r\n\r\n")[2]), in_a_second(Trouble.REQUEST_TOO_SLOW)
    )


def test_a_commit_that_is_held_up_has_no_outcome_yet(
    server: Served, made: Founding, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = made.depositary.renaming("Late", subject="gb")
    with held_head(server), monkeypatch.context() as patched:
        patched.setattr(submissions, "OUTCOME_SECONDS_MAX", SHORT_SECONDS)
        answer = server.post(act)
    compare(Trouble.OUTCOME_UNKNOWN, answer.json(), in_a_second(Trouble.OUTCOME_UNKNOWN))
    assert server.post(act).json()["outcome"] == "duplicate"


def test_more_than_can_wait_finds_the_ledger_busy(server: Served, made: Founding) -> None:
    batch = b"{}\n" * 1000

    def post() -> httpx.Response:
        return httpx.post(f"{server.url}/v1/events", content=batch, headers=NDJSON, timeout=60)

    def waiting() -> list[httpx.Response]:
        give_up = time.monotonic() + WAIT_SECONDS_MAX
        while not any(one.done() for one in posted):
            assert time.monotonic() < give_up
            time.sleep(0.02)
        return [one.result() for one in posted if one.done()]

    act = made.depositary.renaming("First in the queue", subject="gb")
    with ThreadPoolExecutor(QUEUE_MAX // 1000 + 6) as clients, held_head(server):
        held = clients.submit(server.post, act)
        time.sleep(SHORT_SECONDS)
        posted = [clients.submit(post) for _ in range(QUEUE_MAX // 1000 + 4)]
        turned_away = waiting()
        assert not held.done()
    compare(Trouble.BUSY, turned_away[0].json())


def test_without_its_database_the_ledger_says_so(
    own_postgres: EmbeddedPostgres, made: Founding, tmp_path: Path
) -> None:
    with (
        own_postgres as postgres,
        served(settings_for(made, postgres.dsn, tmp_path)) as one,
    ):
        found(one, made)
        postgres.stop()
        compare(Trouble.DATABASE_UNAVAILABLE, one.get("/v1/entries/1").json())
        compare(Trouble.NOT_READY, one.get("/readyz").json())


def test_what_cannot_be_explained_is_an_internal_error(made: Founding, database_url: str, tmp_path: Path) -> None:
    with served(settings_for(made, database_url, tmp_path)) as one:
        found(one, made)
        with psycopg.connect(database_url) as connection:
            connection.execute("DROP TABLE checkpoints")
        compare(Trouble.INTERNAL_ERROR, one.get("/v1/checkpoint").json())
