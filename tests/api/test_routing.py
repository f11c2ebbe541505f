"""The way of a request to its route is the framework's own, only shorter; and the line that a request leaves."""

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from uuid import RFC_4122, UUID

import httpx
import pytest
import structlog
from fastapi import FastAPI, Request
from starlette.responses import Response

from api.access import access_log
from api.edge import Edge, Failing
from api.heads import NewestCheckpoint
from api.measures import Measures
from api.ready import Ready
from api.routing import Direct
from api.serving import configure_logging

FIELDS = {"request_id": "r", "client": "::1", "method": "GET", "path": "/ä", "status": 200, "seconds": 0.0012}


@pytest.mark.parametrize("path", ["/direct", "/routed"])
def test_a_failure_is_answered_as_ours_whichever_way_the_request_went(path: str) -> None:
    failing = FastAPI()

    @failing.get("/direct")
    async def direct(request: Request) -> Response:
        raise LookupError("a secret of the direct way")

    @failing.get("/routed")
    def routed() -> Response:
        raise LookupError("a secret of the framework's way")

    failing.add_middleware(Failing)
    edge = Edge(Direct(failing), NewestCheckpoint(), Measures(), Ready())

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://x") as http:
            return await http.get(path)

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["instance"] == f"urn:uuid:{answer.headers['request-id']}"
    assert "secret" not in answer.text


def test_the_id_of_a_request_is_a_uuid_of_version_4() -> None:
    edge = Edge(FastAPI(), NewestCheckpoint(), Measures(), Ready())

    async def ids() -> list[str]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://x") as http:
            return [(await http.get("/")).headers["request-id"] for _ in range(50)]

    found = asyncio.run(ids())
    assert len(set(found)) == len(found)
    for one in found:
        assert (str(UUID(one)), UUID(one).version, UUID(one).variant) == (one, 4, RFC_4122)


@pytest.fixture
def configured() -> Iterator[None]:
    """Put logging back to what it was, after a test has configured it as the commands do."""
    before = structlog.get_config()
    try:
        yield
    finally:
        structlog.configure(**before)
        logging.basicConfig(handlers=[], force=True)


def recorded(*lines: dict[str, object]) -> None:
    async def record() -> None:
        write = access_log()
        for line in lines:
            write(dict(line))

    asyncio.run(record())


def test_the_line_of_a_request_is_what_structlog_would_write(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(logging.INFO)
    recorded(FIELDS, FIELDS)
    structlog.get_logger("api.access").info("request", **FIELDS)
    *ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert len(ours) == 2
    for line in ours:
        assert list(line) == list(theirs)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", line.pop("timestamp"))
        assert line == {name: value for name, value in theirs.items() if name != "timestamp"}


def test_the_line_of_a_request_shows_no_password(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(logging.INFO)
    recorded({**FIELDS, "path": "/x?PassWord=hunter2"})
    line = json.loads(capsys.readouterr().err)
    assert "hunter2" not in str(line)
    assert line["status"] == FIELDS["status"]


def test_whoever_asks_for_warnings_reads_no_line_of_a_request(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(logging.WARNING)
    recorded(FIELDS)
    assert capsys.readouterr().err == ""
