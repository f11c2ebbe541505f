"""The ledger's interface as a party uses it: submit acts, fetch entries and receipts, read obligations.

Bytes that were signed or recorded go out and come back as they are. Nothing that is returned here is proved:
`ledger.client.proof` does that.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from ledger.client.answers import (
    Admission,
    LedgerInfo,
    NextAct,
    Outcome,
    Recorded,
    Witnesses,
    decode_outcome,
    ended_early,
)
from ledger.client.connection import ANSWER_BYTES_MAX, Answer, Connection, Query
from ledger.client.errors import AnswerMalformed, ClientError
from ledger.client.statements import STATEMENT_FILE_BYTES_MAX
from ledger.log.bundle import BUNDLE_BYTES_MAX
from ledger.log.cose_receipt import COSE_RECEIPT_BYTES_MAX
from ledger.log.entry import ENTRY_BYTES_MAX
from ledger.log.note import NOTE_BYTES_MAX
from ledger.log.receipt import RECEIPT_BYTES_MAX

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"

BATCH_ACTS_MAX: Final = 200
BATCH_BYTES_MAX: Final = 4 * 1024 * 1024
ENTRIES_PAGE: Final = 500
PAGES_MAX: Final = 10_000

_Value = TypeVar("_Value")


class LedgerClient:
    """The interface at one address. Methods raise ClientError: see `Connection.request`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def ledger(self) -> LedgerInfo:
        """Return what the ledger says about itself."""
        return self._decoded("/v1/ledger", LedgerInfo)

    def checkpoint(self) -> bytes:
        """Return the newest signed tree head."""
        return self.connection.get("/v1/checkpoint", bytes_max=NOTE_BYTES_MAX).body

    def witnessed_checkpoint(self) -> bytes:
        """Return the newest tree head that meets the ledger's policy, with the lines of witnesses. Raises NotThere."""
        return self.connection.get("/v1/checkpoint", {"witnessed": "true"}, NOTE_BYTES_MAX).body

    def witnesses(self) -> Witnesses:
        """Return how the witnesses stand."""
        return self._decoded("/v1/witnesses", Witnesses)

    def next_act(self, authority: str) -> NextAct:
        """Return the sequence and the previous digest that the next act of `authority` must carry."""
        return self._decoded(f"/v1/authorities/{quote(authority)}/next", NextAct)

    def submit(self, envelope_raw: bytes) -> Admission:
        """Return where the ledger put one act. Raises LedgerRefused, which for a conflict carries the first."""
        answer = self.connection.post("/v1/events", envelope_raw, JSON)
        return _decode(answer, lambda body: msgspec.json.decode(body, type=Admission))

    def submit_many(self, envelopes: Sequence[bytes]) -> Iterator[Outcome]:
        """Yield the outcome of each act, in order. An envelope is one line: canonical JSON has no line feed.

        Every outcome of a chunk is yielded before the next chunk is sent, so that a caller who stops has sent no more.
        """
        for chunk in _chunks(envelopes):
            answer = self.connection.post("/v1/events", b"".join(raw + b"\n" for raw in chunk), NDJSON)
            lines = answer.body.splitlines()
            ended = ended_early(lines[-1]) if lines else None
            got = f"{len(lines) - 1}, and then {ended.code}" if ended is not None else str(len(lines))
            do = "Submit the same acts again: those that arrived are answered with their first receipts."
            if ended is None and len(lines) != len(chunk):
                raise AnswerMalformed(f"{len(chunk)} outcomes", got, do)
            for line in lines[:-1] if ended is not None else lines:
                yield _decode_as(line, decode_outcome)
            if ended is not None:
                raise AnswerMalformed(f"{len(chunk)} outcomes", got, do)

    def event(self, event_id: str) -> Recorded:
        """Return where the act `event_id` stands."""
        return self._decoded(f"/v1/events/{quote(event_id)}", Recorded)

    def entry_of(self, event_id: str) -> bytes:
        """Return the exact entry of an act."""
        return self.connection.get(f"/v1/events/{quote(event_id)}/entry", bytes_max=ENTRY_BYTES_MAX).body

    def receipt_of(self, event_id: str) -> bytes:
        """Return the receipt of an act: the same bytes for ever."""
        return self.connection.get(f"/v1/events/{quote(event_id)}/receipt", bytes_max=RECEIPT_BYTES_MAX).body

    def bundle_of(self, event_id: str) -> bytes:
        """Return the bundle of an act, as of the newest tree."""
        return self.connection.get(f"/v1/events/{quote(event_id)}/bundle", bytes_max=BUNDLE_BYTES_MAX).body

    def statement_file(self, authority: str, tree_size: int | None) -> bytes:
        """Return the statement about an authority with its acts, at a tree size or at the newest."""
        path = f"/v1/authorities/{quote(authority)}/statement/file"
        query = {"tree_size": tree_size} if tree_size is not None else None
        return self.connection.get(path, query, STATEMENT_FILE_BYTES_MAX).body

    def cose_receipt_of(self, event_id: str) -> bytes:
        """Return the COSE receipt of an act, at the tree size of the other one."""
        return self.connection.get(f"/entries/{quote(event_id)}", bytes_max=COSE_RECEIPT_BYTES_MAX).body

    def witnessed_receipt_of(self, event_id: str) -> bytes:
        """Return a receipt against the newest checkpoint that meets the ledger's policy. Raises NotThere."""
        path = f"/v1/events/{quote(event_id)}/receipt"
        return self.connection.get(path, {"witnessed": "true"}, RECEIPT_BYTES_MAX).body

    def entries(self, after: int, limit: int = ENTRIES_PAGE) -> list[bytes]:
        """Return up to `limit` exact entries from position `after` + 1 on."""
        bytes_max = limit * (ENTRY_BYTES_MAX + 1)
        answer = self.connection.get("/v1/entries", {"after": after, "limit": limit}, bytes_max)
        *lines, rest = answer.body.split(b"\n")
        if rest:
            raise AnswerMalformed(
                "entries that each end in a line feed", f"{len(rest)} bytes after the last", "Ask again."
            )
        if len(lines) > limit:
            raise AnswerMalformed(f"at most {limit} entries", str(len(lines)), "Tell the ledger's operator.")
        return lines

    def read(self, path: str, query: Query | None = None) -> dict[str, Any]:
        """Return one answer of a projection: `as_of`, `known_at`, `data`."""
        return self._decoded(path, dict[str, Any], query)

    def read_all(self, path: str, query: Query | None = None) -> dict[str, Any]:
        """Return all pages of a list as one answer: the first page's head with every page's rows in `data`.

        All pages must speak of one state: later ones follow the server's own links, which carry it.
        """
        answer = self.connection.get(path, query)
        whole = _decode_as(answer.body, lambda body: msgspec.json.decode(body, type=dict[str, Any]))
        rows = whole.get("data")
        for _ in range(PAGES_MAX):
            if answer.next_url is None or not isinstance(rows, list):
                return whole
            answer = self.connection.get(answer.next_url)
            page = _decode_as(answer.body, lambda body: msgspec.json.decode(body, type=dict[str, Any]))
            rows.extend(page.get("data", ()))
        raise AnswerMalformed(f"at most {PAGES_MAX} pages", "more", "Narrow the question.")

    def text(self, path: str, query: Query | None = None) -> str:
        """Return an answer as the text it is, such as CSV."""
        try:
            return self.connection.get(path, query).body.decode()
        except UnicodeDecodeError as error:
            raise AnswerMalformed("UTF-8", str(error), "Tell the ledger's operator.") from None

    def is_ready(self) -> bool:
        """Tell whether the server says that it can serve. An answer that cannot be had is no."""
        try:
            return self.connection.get("/readyz").status == 200
        except ClientError:
            return False

    def _decoded(self, path: str, kind: type[_Value], query: Query | None = None) -> _Value:
        answer = self.connection.get(path, query, ANSWER_BYTES_MAX)
        return _decode(answer, lambda body: msgspec.json.decode(body, type=kind))


def _chunks(envelopes: Sequence[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    chunk_bytes = 0
    for raw in envelopes:
        if chunk and (len(chunk) == BATCH_ACTS_MAX or chunk_bytes + len(raw) > BATCH_BYTES_MAX):
            yield chunk
            chunk, chunk_bytes = [], 0
        chunk.append(raw)
        chunk_bytes += len(raw) + 1
    if chunk:
        yield chunk


def _decode(answer: Answer, decode: Callable[[bytes], _Value]) -> _Value:
    return _decode_as(answer.body, decode)


def _decode_as(body: bytes, decode: Callable[[bytes], _Value]) -> _Value:
    try:
        return decode(body)
    except msgspec.DecodeError as error:
        do = "Check that this is the address of a guarantee ledger, of a version that this program knows."
        raise AnswerMalformed("an answer of the documented form", str(error), do) from None
