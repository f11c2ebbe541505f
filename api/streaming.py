"""A batch while it is still coming in: lines are taken as they arrive, and their outcomes go back in order meanwhile.

However long the body, memory is bounded, because what is under way is: while it is too much, nothing more is read, and
whoever sends has to wait. A client that sends more than LINES_UNDER_WAY_MAX lines therefore reads while it sends.

Until the first outcome is on its way, what goes wrong is a problem with its status. After that each line holds its
outcome, or the last one is a problem document that says how many lines were decided. All of them may be sent again.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

import orjson
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.outcomes import line_of
from api.problems import Problem, Trouble, problem_of
from api.service import Service
from api.taking import decided, hand_in
from ledger.intake.committer import GROUP_MAX
from ledger.intake.errors import Busy
from ledger.intake.outcomes import Outcome
from ledger.signing.dsse import ENVELOPE_BYTES_MAX
from ledger.store.errors import StoreUnavailable

LINES_UNDER_WAY_MAX: Final = 2_000
"""Lines that were taken and whose outcomes are not sent yet."""

BYTES_UNDER_WAY_MAX: Final = 4 * 1024 * 1024
"""Of lines that are not decided yet."""

PROGRESS_SECONDS_MAX: Final = 60.0
"""How long no line is completed, or none is read, before a stream ends."""

ROOM_SECONDS: Final = 0.02
"""How long is waited before a full queue is tried again."""

AGAIN: Final = "Send the lines after those that were decided again: what arrived is answered with its first receipt."
NDJSON: Final = "application/x-ndjson"
_HEADERS: Final = [
    (b"content-type", NDJSON.encode()),
    (b"cache-control", b"no-store"),
    # For a proxy that would collect the outcomes until the last.
    (b"x-accel-buffering", b"no"),
]

_log = structlog.get_logger(__name__)


class Lines:
    """Cuts a body into its lines, as it comes. Of a line that is too long, enough is kept to refuse it by."""

    def __init__(self) -> None:
        self._rest = b""

    def complete(self, chunk: bytes) -> list[bytes]:
        """Return the lines that end in `chunk`; an empty line is a line, and no envelope."""
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest[: ENVELOPE_BYTES_MAX + 1]
        return [line[: ENVELOPE_BYTES_MAX + 1] for line in lines]

    def last(self) -> list[bytes]:
        """Return the line that no line feed ended, if there is one."""
        return [self._rest] if self._rest else []


@dataclass(frozen=True, slots=True)
class _Group:
    """Lines that were handed in together, and where their outcomes will be."""

    lines: int
    outcomes: asyncio.Future[list[Outcome]]


class _Ended(Exception):
    """The client has gone: nobody is left to answer."""


class OutcomeStream(Response):
    """The outcomes of the lines of a body, sent while it arrives. Await `begin` first."""

    media_type = NDJSON

    def __init__(self, service: Service, instance: str, outcome_seconds_max: float) -> None:
        self._service = service
        self._instance = instance
        self._outcome_seconds_max = outcome_seconds_max
        self.background = None
        self.status_code = 200
        self._groups: asyncio.Queue[_Group | Exception | None] = asyncio.Queue()
        self._room = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._first = b""
        self._lines = 0
        self._bytes = 0
        self._taken = 0
        self._decided = 0

    async def begin(self, receive: Receive) -> None:
        """Begin to read, and wait for the first outcomes. Raises Problem, and what `Intake.submit` raises."""
        self._reading = asyncio.create_task(self._read(receive))
        try:
            first = await self._next()
            assert first is not None, "a body without lines is a problem"
            self._first = first
        except _Ended:
            # Nobody is left to answer.
            raise Problem(Trouble.REQUEST_MALFORMED, "a complete body", "a client that went away") from None
        finally:
            if not self._first:
                self._forget()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": _HEADERS})
        body: bytes | None = self._first
        try:
            while body is not None:
                await self._sent(send, body)
                body = await self._next()
        except _Ended:
            return
        except Exception as error:
            await send({"type": "http.response.body", "body": self._last_line(error), "more_body": True})
        finally:
            self._forget()
        await send({"type": "http.response.body", "body": b""})

    async def _next(self) -> bytes | None:
        """Return the outcomes of the next lines, None after the last. Raises what the reading raised, in its place."""
        group = await self._groups.get()
        if isinstance(group, Exception):
            raise group
        if group is None:
            return None
        outcomes = await decided(self._service, group.outcomes, self._outcome_seconds_max)
        self._decided += group.lines
        return b"".join([line_of(outcome, self._instance) for outcome in outcomes])

    def _forget(self) -> None:
        """Read no more, and wait for nothing that was handed in: it is decided all the same."""
        if self._reading is not None:
            self._reading.cancel()
        while not self._groups.empty():
            if isinstance(group := self._groups.get_nowait(), _Group) and not group.outcomes.cancel():
                group.outcomes.exception()

    async def _sent(self, send: Send, body: bytes) -> None:
        try:
            async with asyncio.timeout(PROGRESS_SECONDS_MAX):
                await send({"type": "http.response.body", "body": body, "more_body": True})
        except TimeoutError:
            _log.warning("outcomes_not_read", instance=self._instance, decided=self._decided)
            raise _Ended from None
        self._lines = self._taken - self._decided
        self._room.set()

    def _last_line(self, error: Exception) -> bytes:
        """Return what says why no more outcomes come."""
        match error:
            case Problem():
                problem = error
            case StoreUnavailable():
                problem = Problem(Trouble.DATABASE_UNAVAILABLE, "the database", "no answer from it in time")
            case _:
                problem = Problem(Trouble.OUTCOME_UNKNOWN, "outcomes of all lines", f"those of {self._decided}")
        _log.error("stream_ended", instance=self._instance, decided=self._decided, error=str(error))
        document = {**problem_of(problem, self._instance), "do": AGAIN, "decided": self._decided}
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)

    async def _read(self, receive: Receive) -> None:
        """Take the lines of the body, as long as there is room for them."""
        try:
            async for lines in self._arriving(receive):
                for at in range(0, len(lines), GROUP_MAX):
                    await self._take(lines[at : at + GROUP_MAX])
            if not self._taken:
                raise Problem(Trouble.BATCH_EMPTY, "an envelope on each line", "no lines")
            self._groups.put_nowait(None)
        except Exception as error:
            self._groups.put_nowait(error)

    async def _arriving(self, receive: Receive) -> AsyncIterator[list[bytes]]:
        """Yield the lines that each part of the body completes. Raises Problem, _Ended."""
        lines = Lines()
        loop = asyncio.get_running_loop()
        more, give_up = True, loop.time() + PROGRESS_SECONDS_MAX
        while more:
            try:
                async with asyncio.timeout_at(give_up):
                    message = await receive()
            except TimeoutError:
                expected = f"a line within {PROGRESS_SECONDS_MAX:.0f} seconds"
                close = {"Connection": "close"}
                raise Problem(Trouble.REQUEST_TOO_SLOW, expected, f"none after {self._taken} lines", close) from None
            if message["type"] == "http.disconnect":
                raise _Ended
            more = message.get("more_body", False)
            if complete := lines.complete(message.get("body", b"")):
                yield complete
                give_up = loop.time() + PROGRESS_SECONDS_MAX
        if last := lines.last():
            yield last

    async def _take(self, lines: Sequence[bytes]) -> None:
        """Hand lines in as soon as there is room for them, here and in the queue."""
        size_bytes = sum(map(len, lines))
        while self._lines and (
            self._lines + len(lines) > LINES_UNDER_WAY_MAX or self._bytes + size_bytes > BYTES_UNDER_WAY_MAX
        ):
            self._room.clear()
            await self._room.wait()
        future = await self._handed_in(lines)
        self._taken += len(lines)
        self._lines += len(lines)
        self._bytes += size_bytes

        def leave_room(_: asyncio.Future[list[Outcome]]) -> None:
            self._bytes -= size_bytes
            self._room.set()

        future.add_done_callback(leave_room)
        self._groups.put_nowait(_Group(len(lines), future))

    async def _handed_in(self, lines: Sequence[bytes]) -> asyncio.Future[list[Outcome]]:
        """Wait for room in the queue, unless these are the first lines: those are turned away while they can be."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + PROGRESS_SECONDS_MAX
        while self._taken and loop.time() < give_up:
            try:
                return self._service.committer.hand_in(lines)
            except Busy:
                await asyncio.sleep(ROOM_SECONDS)
        return hand_in(self._service, lines)
