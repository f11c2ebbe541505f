"""Submissions: the exact bytes of the body go to the committer, and each act gets its own outcome.

Nothing is half-written: whatever this answers, an act is in the log with its receipt or not at all, and sending the
same bytes again is always safe.
"""

import asyncio
import time
from collections.abc import Collection
from typing import Final

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api.documentation import EVENTS_POST
from api.edge import instance_of
from api.heads import note_of
from api.outcomes import line_of, outcome_name, single_response
from api.problems import Problem, Trouble
from api.service import Service, service_of
from ledger.events.refusals import Rejected
from ledger.intake.errors import Busy, Stopped
from ledger.intake.outcomes import Outcome, Sealed
from ledger.signing.dsse import ENVELOPE_BYTES_MAX, parse

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"

BATCH_LINES_MAX: Final = 1000
BODY_SECONDS_MAX: Final = 60.0
OUTCOME_SECONDS_MAX: Final = 60.0

router = APIRouter(tags=["submissions"], default_response_class=Response)


@router.post("/v1/events", **EVENTS_POST)
async def submit_events(request: Request) -> Response:
    """Submit one signed act, or many.

    The body is a DSSE envelope exactly as it was signed (`application/json`), or one for each line
    (`application/x-ndjson`, at most 1000). An act has a permanent identity, its id with its payload: submitting it
    again gives the first receipt, byte for byte.
    """
    service = service_of(request)
    instance = instance_of(request.scope)
    match media_type_of(request, (JSON, NDJSON)):
        case "application/json":
            raw = await body_of(request, ENVELOPE_BYTES_MAX + 1)
            if not raw:
                raise Problem(Trouble.BATCH_EMPTY, "an envelope", "no bytes")
            await _check_idempotency_key(request, raw)
            (outcome,) = await outcomes_of(service, [raw])
            return single_response(outcome, instance)
        case "application/x-ndjson":
            if "idempotency-key" in request.headers:
                raise Problem(Trouble.IDEMPOTENCY_KEY_MISMATCH, "the header with a single act only", "a batch")
            lines = _lines(await body_of(request, None))
            outcomes = await outcomes_of(service, lines)
            body = b"".join(line_of(outcome, instance) for outcome in outcomes)
            return Response(body, headers={"Cache-Control": "no-store"}, media_type=NDJSON)
        case other:
            raise Problem(Trouble.MEDIA_TYPE_UNSUPPORTED, f"{JSON} or {NDJSON}", other)


def media_type_of(request: Request, taken: Collection[str]) -> str:
    """Return the media type of the body if it is one of `taken`, else what is said of it. Raises Problem if encoded."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise Problem(Trouble.MEDIA_TYPE_UNSUPPORTED, "a body that is not compressed", ascii(encoding[:40]))
    named = request.headers.get("content-type", "")
    media_type = named.partition(";")[0].strip().lower()
    return media_type if media_type in taken else ascii(named[:80])


async def body_of(request: Request, bytes_max: int | None) -> bytes:
    """Return the body, or its beginning as soon as it is longer than `bytes_max`: enough to refuse it by."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            async for chunk in request.stream():
                body += chunk
                if bytes_max is not None and len(body) > bytes_max:
                    break
    except TimeoutError:
        expected = f"a body within {BODY_SECONDS_MAX:.0f} seconds"
        close = {"Connection": "close"}
        raise Problem(Trouble.REQUEST_TOO_SLOW, expected, f"{len(body)} bytes of it", close) from None
    except ClientDisconnect:
        # Nobody is left to answer; nothing of an incomplete body was submitted.
        raise Problem(Trouble.REQUEST_MALFORMED, "a complete body", "a client that went away") from None
    return bytes(body)


def _lines(body: bytes) -> list[bytes]:
    """Return the lines of a batch. The last line feed may be missing; an empty line is a line, and no envelope."""
    lines = body.removesuffix(b"\n").split(b"\n") if body else []
    if not lines:
        raise Problem(Trouble.BATCH_EMPTY, "an envelope on each line", "no lines")
    if len(lines) > BATCH_LINES_MAX:
        raise Problem(Trouble.BATCH_TOO_LONG, f"at most {BATCH_LINES_MAX} lines", str(len(lines)))
    return lines


async def _check_idempotency_key(request: Request, raw: bytes) -> None:
    """Raise Problem if the header is there and is not the event's id; what is no event is refused as such later."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return
    try:
        envelope = await asyncio.to_thread(parse, raw)
    except Rejected:
        return
    if key.strip('"') != envelope.event.id:
        raise Problem(Trouble.IDEMPOTENCY_KEY_MISMATCH, f"the event's id, {envelope.event.id}", ascii(key[:80]))


async def outcomes_of(service: Service, raws: list[bytes]) -> list[Outcome]:
    """Have `raws` decided, in order. Raises Problem if nothing can be said about them."""
    began = time.perf_counter()
    try:
        async with asyncio.timeout(OUTCOME_SECONDS_MAX):
            outcomes = await service.committer.submit_many(raws)
    except Busy as busy:
        later = {"Retry-After": str(busy.seconds)}
        raise Problem(Trouble.BUSY, "room for more submissions", "too many that wait already", later) from None
    except Stopped:
        raise Problem(Trouble.NOT_READY, "a ledger that accepts acts", "one that is stopping") from None
    except TimeoutError:
        # They may still be committed a moment later; whoever sends them again learns it.
        expected = f"an outcome within {OUTCOME_SECONDS_MAX:.0f} seconds"
        raise Problem(Trouble.OUTCOME_UNKNOWN, expected, "none yet") from None
    _measure(service, outcomes, time.perf_counter() - began)
    return outcomes


def _measure(service: Service, outcomes: list[Outcome], seconds: float) -> None:
    service.measures.acts.observe(len(outcomes))
    service.measures.commit_seconds.observe(seconds)
    for outcome in outcomes:
        service.measures.submissions.labels(outcome_name(outcome)).inc()
    # The last act that this request added has the largest tree: the next answer already carries its checkpoint.
    for outcome in reversed(outcomes):
        if isinstance(outcome, Sealed) and not outcome.duplicate:
            service.newest.offer(note_of(outcome.receipt))
            return
