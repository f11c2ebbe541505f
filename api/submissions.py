"""Submissions: the exact bytes of the body go to the committer, and each act gets its own outcome.

Nothing is half-written: whatever this answers, an act is in the log with its receipt or not at all, and sending the
same bytes again is always safe.
"""

import asyncio
from collections.abc import Collection
from typing import Final

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api.documentation import EVENTS_POST
from api.edge import instance_of
from api.outcomes import single_response
from api.problems import Problem, Trouble
from api.service import Service, service_of
from api.streaming import OutcomeStream
from api.taking import decided, hand_in
from ledger.events.refusals import Rejected
from ledger.intake.outcomes import Outcome
from ledger.signing.dsse import ENVELOPE_BYTES_MAX, parse

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"

BODY_SECONDS_MAX: Final = 60.0
OUTCOME_SECONDS_MAX: Final = 60.0

router = APIRouter(tags=["submissions"], default_response_class=Response)


@router.post("/v1/events", **EVENTS_POST)
async def submit_events(request: Request) -> Response:
    """Submit one signed act, or many.

    The body is a DSSE envelope exactly as it was signed (`application/json`), or one for each line
    (`application/x-ndjson`). An act has a permanent identity, its id with its payload: submitting it again gives the
    first receipt, byte for byte.

    A batch may have any number of lines. They are taken as they arrive, in transactions of up to 1000, and their
    outcomes are sent in the same order meanwhile: whoever sends more than 2000 lines reads while it sends. If it has to
    end early, after the first outcome, the last line is a problem document, with `decided`: how many lines have their
    outcome. Sending the others again is safe.
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
            stream = OutcomeStream(service, instance, OUTCOME_SECONDS_MAX)
            await stream.begin(request.receive)
            return stream
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
    return await decided(service, hand_in(service, raws), OUTCOME_SECONDS_MAX)
