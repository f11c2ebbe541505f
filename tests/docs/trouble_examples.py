"""One example for each problem of the interface that is not about an act, and what a running server answered to it.

Tests bring each about on a real server and compare; the page prints what stands here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx

from api.edge import BODY_BYTES_MAX
from api.problems import Trouble
from api.submissions import BODY_SECONDS_MAX, OUTCOME_SECONDS_MAX
from tests.api.served import JSON, NDJSON, Served
from tests.docs.memory_ledger import example_id, seeded
from tests.docs.refused_bytes import GB, renaming, signed
from tests.docs.story import stage_after_all
from tests.scitt.stated import COSE, statement


@dataclass(frozen=True)
class Example:
    """A request, in words and as it is sent, and the `expected` and `got` of its answer."""

    told: str
    send: Callable[[Served], httpx.Response]
    expected: str
    got: str


def _other_key(server: Served) -> httpx.Response:
    key = {"Idempotency-Key": "another"}
    return server.post(signed(renaming(stage_after_all())), {**JSON, **key})


def _stated(**changes: Any) -> bytes:
    return statement(signed(renaming(stage_after_all())), seeded(GB), **changes)


def _statement(server: Served, raw: bytes) -> httpx.Response:
    return server.http.post("/entries", content=raw, headers=COSE)


EXAMPLES: Final[dict[Trouble, Example]] = {
    Trouble.QUERY_INVALID: Example(
        "`GET /v1/entries?limit=0`",
        lambda server: server.get("/v1/entries", params={"limit": "0"}),
        "query.limit: Input should be greater than or equal to 1",
        "'0'",
    ),
    Trouble.NOT_FOUND: Example(
        "`GET /v1/entries/4711` of a shorter log",
        lambda server: server.get("/v1/entries/4711"),
        "a position in the log",
        "4711",
    ),
    Trouble.NOT_WITNESSED: Example(
        "`GET /v1/checkpoint?witnessed=true` of a ledger without witnesses",
        lambda server: server.get("/v1/checkpoint", params={"witnessed": "true"}),
        "a ledger with a policy that names its witnesses",
        "one without",
    ),
    Trouble.METHOD_NOT_ALLOWED: Example(
        "`DELETE /v1/entries/1`",
        lambda server: server.http.delete("/v1/entries/1"),
        "one of GET, HEAD, OPTIONS",
        "'DELETE'",
    ),
    Trouble.NOT_ACCEPTABLE: Example(
        "`GET /v1/feed` with `Accept: image/png`",
        lambda server: server.get("/v1/feed", headers={"Accept": "image/png"}),
        "one of application/json, text/csv, application/x-ndjson",
        "'image/png'",
    ),
    Trouble.BODY_TOO_LARGE: Example(
        "an act of more than 16 MiB",
        lambda server: server.post(b"\n" * (BODY_BYTES_MAX + 1)),
        "at most 16777216 bytes",
        "16777217 bytes",
    ),
    Trouble.MEDIA_TYPE_UNSUPPORTED: Example(
        "an act as `text/plain`",
        lambda server: server.post(b"{}", {"Content-Type": "text/plain"}),
        "application/json or application/x-ndjson",
        "'text/plain'",
    ),
    Trouble.BATCH_EMPTY: Example(
        "a batch without bytes",
        lambda server: server.post(b"", NDJSON),
        "an envelope on each line",
        "no lines",
    ),
    Trouble.IDEMPOTENCY_KEY_MISMATCH: Example(
        "an act with `Idempotency-Key: another`",
        _other_key,
        f"the event's id, {example_id('renaming')}",
        "'another'",
    ),
    Trouble.STATEMENT_MALFORMED: Example(
        "an act at `/entries` that is in no COSE_Sign1",
        lambda server: _statement(server, b"{}"),
        "a tagged COSE_Sign1, which begins d2",
        "b'{}'",
    ),
    Trouble.ALGORITHM_UNSUPPORTED: Example(
        "a statement signed with ES256",
        lambda server: _statement(server, _stated(headers=lambda it: {**it, 1: -7})),
        "one of the algorithms -19 (ED25519), -9 (ESP256)",
        "-7",
    ),
    Trouble.PAYLOAD_MISSING: Example(
        "a statement without its payload",
        lambda server: _statement(server, _stated(payload=None)),
        "the envelope as payload",
        "a detached payload",
    ),
    Trouble.STATEMENT_MISMATCH: Example(
        "a statement whose subject is not the act's id",
        lambda server: _statement(server, _stated(headers=lambda it: {**it, 15: {**it[15], 2: "another"}})),
        f"subject {example_id('renaming')}, the act's id",
        "'another'",
    ),
    Trouble.LOCATOR_INVALID: Example(
        "`GET /entries/1`",
        lambda server: server.get("/entries/1"),
        "the id of an event, a UUIDv7 in lowercase",
        "'1'",
    ),
}
"""What any client can bring about by itself."""


@dataclass(frozen=True)
class Situation:
    """What has to happen around a request, in words, and the `expected` and `got` of the answer then."""

    told: str
    expected: str
    got: str


SITUATIONS: Final[dict[Trouble, Situation]] = {
    Trouble.RECEIPT_NOT_YET: Situation(
        "`GET /entries/{id}` of the opening, before a second act is recorded",
        "a log of at least two entries",
        "a log of one",
    ),
    Trouble.REQUEST_TOO_SLOW: Situation(
        "a body of 99 bytes of which one arrives",
        f"a body within {BODY_SECONDS_MAX:.0f} seconds",
        "1 bytes of it",
    ),
    Trouble.BUSY: Situation(
        "more submissions than can wait, while the log is held up",
        "room for more submissions",
        "too many that wait already",
    ),
    Trouble.INTERNAL_ERROR: Situation(
        "`GET /v1/checkpoint` after somebody dropped a table; the operator's log has the reason under `instance`",
        "an answer",
        "a failure of the ledger itself",
    ),
    Trouble.DATABASE_UNAVAILABLE: Situation(
        "`GET /v1/entries/1` while the database is stopped",
        "the database",
        "no answer from it in time",
    ),
    Trouble.OUTCOME_UNKNOWN: Situation(
        "an act whose commit is held up",
        f"an outcome within {OUTCOME_SECONDS_MAX:.0f} seconds",
        "none yet",
    ),
    Trouble.NOT_READY: Situation(
        "`GET /readyz` while the database is stopped",
        "the database",
        "StoreUnavailable",
    ),
}
"""What no single request brings about."""
