"""One question to one witness over HTTP: bounded in time, in bytes and to two requests, whatever the witness does.

A witness that is slow, endless, huge, silent or absent costs ANSWER_SECONDS_MAX and ANSWER_BYTES_MAX for each request,
and takes nothing else down with it.
"""

import asyncio
from typing import Final

import httpx

from ledger.witness.asking import (
    ANSWER_BYTES_MAX,
    AskAgain,
    Heard,
    NoAnswer,
    Outcome,
    Prove,
    WitnessState,
    next_question,
    taken,
)

CONNECT_SECONDS_MAX: Final = 3.0
ANSWER_SECONDS_MAX: Final = 8.0
"""From the first byte sent to the last one read, connecting included."""

RETRY_AFTER_SECONDS_MAX: Final = 3600.0
CONNECTIONS_MAX: Final = 64
PATH: Final = "/add-checkpoint"


def witness_http() -> httpx.AsyncClient:
    """Return the client for all witnesses of a log; close it when the gathering ends. Connections are kept alive."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(ANSWER_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
        limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
        headers={"content-type": "text/plain; charset=utf-8", "accept-encoding": "identity"},
        follow_redirects=False,
    )


async def ask_witness(http: httpx.AsyncClient, url: str, state: WitnessState, note_raw: bytes, prove: Prove) -> Outcome:
    """Ask the witness at `url` (its submission prefix) to cosign `note_raw`, again if it has recorded another size.

    `prove` is called in a thread. Raises LogInvalid for a note that is no checkpoint, and what `prove` raises; never
    returns AskAgain.
    """
    outcome: Outcome = AskAgain(state)
    for is_second in (False, True):
        if not isinstance(outcome, AskAgain):
            break
        now = outcome.state
        question = await asyncio.to_thread(next_question, now, note_raw, prove, is_second=is_second)
        outcome = taken(now, question, await ask(http, url, question.body))
    return outcome


async def ask(http: httpx.AsyncClient, url: str, body: bytes) -> Heard | NoAnswer:
    """Return what the witness at `url` answers to the request `body`, or why there is no complete answer."""
    try:
        # One limit around everything: a head that trickles in byte by byte meets none of the client's own.
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            return await _exchanged(http, url.rstrip("/") + PATH, body)
    except TimeoutError:
        return NoAnswer(f"no complete answer within {ANSWER_SECONDS_MAX:.0f} seconds")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return NoAnswer(f"{type(error).__name__}: {str(error)[:200]}")


async def _exchanged(http: httpx.AsyncClient, address: str, body: bytes) -> Heard | NoAnswer:
    async with http.stream("POST", address, content=body) as response:
        received = bytearray()
        # Raw: a body that is compressed all the same does not grow here, and then verifies as nothing.
        async for chunk in response.aiter_raw():
            received += chunk
            if len(received) > ANSWER_BYTES_MAX:
                return NoAnswer(f"more than {ANSWER_BYTES_MAX} bytes of answer")
        return Heard(
            response.status_code,
            response.headers.get("content-type", ""),
            bytes(received),
            _retry_after_s(response.headers.get("retry-after", "")),
        )


def _retry_after_s(seconds: str) -> float | None:
    return min(float(seconds), RETRY_AFTER_SECONDS_MAX) if seconds.isascii() and seconds.isdecimal() else None
