"""One request to a ledger over HTTP: bounded in time, in bytes and in attempts.

Whatever is asked here may be asked again: reads change nothing, and an act has a permanent id, so that submitting it
twice gives the first receipt. What cannot be known after the last attempt raises Unreachable.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx
import msgspec

from ledger.client.answers import Problem
from ledger.client.decoding import ACCEPTED, unpacked
from ledger.client.errors import AnswerMalformed, ClientError, LedgerRefused, NotThere, Unreachable
from ledger.client.watched_socket import WatchedSocket
from ledger.log.cbor import decode
from ledger.log.errors import CoseMalformed

CONNECT_SECONDS_MAX: Final = 5.0
SILENCE_SECONDS_MAX: Final = 60.0
REQUEST_SECONDS_MAX: Final = 120.0
CONNECT_ATTEMPTS: Final = 2
WAITS_SECONDS: Final = (0.2, 1.0, 3.0)
"""How long to wait before each further attempt; a Retry-After of the server is followed up to the longest of them."""

ANSWER_BYTES_MAX: Final = 8 * 1024 * 1024
BUSY: Final = frozenset({429, 502, 503, 504})
FAILED: Final = 500
NOT_FOUND: Final = frozenset({404, 410})

PROBLEM_CBOR: Final = "application/concise-problem-details+cbor"
PROBLEM_TITLE: Final = -1
PROBLEM_DETAIL: Final = -2

Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer with a status below 400."""

    status: int
    headers: httpx.Headers
    body: bytes
    next_url: str | None


class Connection:
    """Requests to the ledger at `url`, such as `https://ledger.example`. Redirects are not followed."""

    def __init__(
        self, url: str, waits_s: Sequence[float] = WAITS_SECONDS, request_seconds_max: float = REQUEST_SECONDS_MAX
    ) -> None:
        self._waits_s = waits_s
        self._request_seconds_max = request_seconds_max
        self._watched = WatchedSocket()
        try:
            parsed = httpx.URL(url.rstrip("/"))
        except httpx.InvalidURL as error:
            raise ClientError(
                "an address such as https://ledger.example", f"{url!r} ({error})", "Correct it."
            ) from None
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ClientError("an address that begins http:// or https://", repr(url), "Correct it.")
        self.url = str(parsed)
        silence_s = min(SILENCE_SECONDS_MAX, request_seconds_max)
        self._http = httpx.Client(
            base_url=self.url,
            headers={"accept-encoding": ACCEPTED},
            timeout=httpx.Timeout(silence_s, connect=CONNECT_SECONDS_MAX),
            transport=httpx.HTTPTransport(retries=CONNECT_ATTEMPTS),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the sockets back."""
        self._http.close()

    def get(self, path: str, query: Query | None = None, bytes_max: int = ANSWER_BYTES_MAX) -> Answer:
        """Return the answer to a GET. Raises as `request` does."""
        return self.request(self._http.build_request("GET", path, params=query), bytes_max)

    def post(self, path: str, body: bytes, content_type: str, bytes_max: int = ANSWER_BYTES_MAX) -> Answer:
        """Return the answer to a POST that may be repeated. Raises as `request` does."""
        headers = {"content-type": content_type, "accept": content_type}
        return self.request(self._http.build_request("POST", path, content=body, headers=headers), bytes_max)

    def request(self, request: httpx.Request, bytes_max: int) -> Answer:
        """Return the answer: the first, or after each of the waits one more attempt if it could not be had.

        Raises Unreachable if none was complete or the server failed, NotThere for 404, LedgerRefused for a problem,
        AnswerMalformed for an answer above `bytes_max` or an error that is no problem document.
        """
        for wait_s in (*self._waits_s, None):
            try:
                answer = self._once(request, bytes_max)
            except httpx.TransportError as error:
                failure = _unreachable(request, str(error) or type(error).__name__)
                asked_wait_s = 0.0
            else:
                if answer.status not in BUSY:
                    return _checked(request, answer)
                failure = _unreachable(request, _busy(answer))
                asked_wait_s = _retry_after_s(answer.headers)
            if wait_s is None:
                break
            time.sleep(max(wait_s, asked_wait_s))
        raise failure

    def _once(self, request: httpx.Request, bytes_max: int) -> Answer:
        deadline = time.monotonic() + self._request_seconds_max
        request.extensions["trace"] = self._watched.trace
        try:
            with self._watched.ending_after(self._request_seconds_max):
                return self._answered(request, bytes_max)
        except httpx.TransportError:
            if time.monotonic() < deadline:
                raise
        raise httpx.ReadTimeout(f"no complete answer within {self._request_seconds_max:.0f} seconds")

    def _answered(self, request: httpx.Request, bytes_max: int) -> Answer:
        response = self._http.send(request, stream=True)
        try:
            body = bytearray()
            for chunk in unpacked(response):
                body += chunk
                if len(body) > bytes_max:
                    expected = f"an answer of at most {bytes_max} bytes to {request.url}"
                    raise AnswerMalformed(expected, "more", "Ask for less at a time, or tell the ledger's operator.")
        finally:
            response.close()
        return Answer(response.status_code, response.headers, bytes(body), _next_url(request.url, response))


def _next_url(asked: httpx.URL, response: httpx.Response) -> str | None:
    """Return the address of the next page, on the host that was asked whatever the link says."""
    link = response.links.get("next", {}).get("url")
    return None if link is None else str(asked.copy_with(raw_path=asked.join(link).raw_path))


def _checked(request: httpx.Request, answer: Answer) -> Answer:
    if answer.status < 300:
        return answer
    if answer.status < 400:
        where = answer.headers.get("location", "nowhere")
        raise AnswerMalformed(
            f"an answer from {request.url}", f"a redirect to {where}", "Use that address if it is so."
        )
    problem = _problem_of(answer)
    if answer.status in NOT_FOUND:
        expected, got = (problem.expected, problem.got) if problem is not None else ("", f"status {answer.status}")
        do = "Check the id, and the ledger that you asked."
        raise NotThere(f"{expected or 'an answer'} at {request.url.path}", got or "nothing", do)
    if problem is None:
        raise AnswerMalformed(
            f"an answer or a problem document from {request.url}",
            f"status {answer.status} with {len(answer.body)} bytes of something else",
            "Check that this is the address of a guarantee ledger.",
        )
    if answer.status >= FAILED:
        # It may have been done or not: a refusal it is not.
        raise _unreachable(request, f"status {answer.status} ({problem.code}, {problem.instance or 'no id'})")
    raise LedgerRefused(problem)


def _problem_of(answer: Answer) -> Problem | None:
    if answer.headers.get("content-type") == PROBLEM_CBOR:
        return _concise_problem(answer)
    try:
        return msgspec.json.decode(answer.body, type=Problem)
    except msgspec.DecodeError:
        return None


def _concise_problem(answer: Answer) -> Problem | None:
    """Return a problem in CBOR (RFC 9290), whose detail begins with its code; None if it is no such thing."""
    try:
        members = decode(answer.body, ANSWER_BYTES_MAX)
    except CoseMalformed:
        return None
    if not isinstance(members, dict):
        return None
    title, detail = members.get(PROBLEM_TITLE), members.get(PROBLEM_DETAIL)
    if not isinstance(title, str) or not isinstance(detail, str):
        return None
    return Problem(code=detail.partition(":")[0], title=title, detail=detail, status=answer.status, got=detail)


def _busy(answer: Answer) -> str:
    problem = _problem_of(answer)
    return f"status {answer.status}" + (f" ({problem.detail or problem.code})" if problem is not None else "")


def _unreachable(request: httpx.Request, got: str) -> Unreachable:
    do = "Check the address and that the ledger is up, then do the same again: an act that arrived is not doubled."
    return Unreachable(f"an answer from {request.url}", got, do)


def _retry_after_s(headers: httpx.Headers) -> float:
    seconds = headers.get("retry-after", "")
    return min(float(seconds), WAITS_SECONDS[-1]) if seconds.isdecimal() else 0.0
