"""The log as anybody may copy and check it: entries and receipts in their exact bytes, the checkpoint, what comes next.

What is served as immutable is: an entry never changes, nor does a full range of entries, nor the receipt of an act.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from api.documentation import (
    BUNDLE_GET,
    CHECKPOINT_GET,
    ENTRIES_GET,
    ENTRY_GET,
    EVENT_GET,
    JSON,
    KEYS_GET,
    LEDGER_GET,
    NDJSON,
    NEXT_GET,
    RECEIPT_GET,
)
from api.parameters import POSITION_MAX, EventId, Office, Party, Position, Whole
from api.problems import Problem, Trouble
from api.service import service_of
from api.witnessed import witnessed_checkpoint, witnessed_or_newest, witnessed_receipt
from ledger.client.answers import LedgerInfo, NextAct, Recorded
from ledger.log.bundle import format_bundle
from ledger.log.errors import BundleInvalid
from ledger.rules import compact
from ledger.rules.log_keys import retired_keys
from ledger.store.appending import Found
from ledger.store.bundling import stored_bundle
from ledger.store.log import StoredLog

ENTRIES_DEFAULT: Final = 500
ENTRIES_MAX: Final = 1000
ENTRIES_AT_ONCE: Final = 100
"""How many entries, of at most 64 KiB each, one answer holds in memory at a time."""

IMMUTABLE: Final = "public, max-age=31536000, immutable"
CHECKED: Final = "no-cache"
TEXT: Final = "text/plain; charset=utf-8"

RETIRED: Final = "# retired"
"""Stands between the keys in force and the others."""

DEMONSTRATION: Final = "demonstration"
"""A ledger whose stated purpose has this word is one: its signatures are nobody's."""

router = APIRouter(tags=["log"], default_response_class=Response)


@router.get("/v1/ledger", **LEDGER_GET)
def show_ledger(request: Request) -> Response:
    """What this ledger is. Before it is opened: the keys around which the depositary signs `ledger.opened`."""
    service = service_of(request)
    snapshot = service.log.states([compact.LEDGER])
    opened = snapshot.states.get(compact.LEDGER)
    info = LedgerInfo(
        origin=service.settings.origin,
        opened=False,
        tree_size=snapshot.tree_size,
        log_keys=service.log_vkeys,
        service_key=service.service_key,
        depositary=service.settings.depositary,
    )
    if isinstance(opened, compact.Opened):
        info = LedgerInfo(
            origin=opened.origin,
            opened=True,
            tree_size=snapshot.tree_size,
            log_keys=opened.log_keys,
            service_key=opened.service_key,
            name=opened.name,
            purpose=opened.purpose,
            beneficiary=opened.beneficiary,
            depositary=opened.depositary,
            rules=opened.rules,
            demonstration=DEMONSTRATION in (opened.purpose or "").lower(),
        )
    return _json(info)


@router.get("/.well-known/guarantee-ledger/keys", **KEYS_GET)
def show_keys(request: Request) -> Response:
    """The keys of the log (C2SP verifier keys), one on each line: those in force, then those that once were.

    Each key in force has signed the newest checkpoint. Who takes keys from here alone believes the server: compare.
    """
    service = service_of(request)
    ledger = service.log.state(compact.LEDGER)
    if isinstance(ledger, compact.Opened):
        lines = [*ledger.log_keys, *([RETIRED, *old] if (old := retired_keys(ledger)) else [])]
    else:
        lines = list(service.log_vkeys)
    return Response("".join(f"{line}\n" for line in lines), headers={"Cache-Control": CHECKED}, media_type=TEXT)


@router.get("/v1/checkpoint", **CHECKPOINT_GET)
def show_checkpoint(
    request: Request,
    witnessed: Annotated[
        bool, Query(description="the newest that meets the policy, with its witnesses' lines")
    ] = False,
) -> Response:
    """The newest signed tree head (C2SP tlog-checkpoint)."""
    service = service_of(request)
    if witnessed:
        return Response(witnessed_checkpoint(service).note, headers={"Cache-Control": "no-store"}, media_type=TEXT)
    note = service.log.checkpoint()
    if note is None:
        raise Problem(Trouble.NOT_FOUND, "a checkpoint", "a log in which nothing is recorded yet")
    service.newest.offer(note)
    return Response(note, headers={"Cache-Control": "no-store"}, media_type=TEXT)


@router.get("/v1/entries", **ENTRIES_GET)
def list_entries(
    request: Request,
    after: Annotated[Whole, Query(ge=0, le=POSITION_MAX, description="the last position that is known")] = 0,
    limit: Annotated[Whole, Query(ge=1, le=ENTRIES_MAX)] = ENTRIES_DEFAULT,
) -> Response:
    """Entries in their exact bytes, one on each line, from position `after` + 1 on.

    `Link` with rel=next says where more are; without it this was the end of the log.
    """
    log = service_of(request).log
    tree_size = log.head().tree_size
    until = min(after + limit, tree_size)
    last = log.entry(until) if until > after else None
    # The last entry names all those before it by the hash chain.
    etag = f'"{after}-{sha256(last or b"").hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": IMMUTABLE if until == after + limit else CHECKED}
    if until < tree_size:
        headers["Link"] = f'</v1/entries?after={until}&limit={limit}>; rel="next"'
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(_lines(log, after, until), headers=headers, media_type=NDJSON)


@router.get("/v1/entries/{position}", **ENTRY_GET)
def show_entry(request: Request, position: Position) -> Response:
    """One entry, in its exact bytes."""
    raw = service_of(request).log.entry(position)
    if raw is None:
        raise Problem(Trouble.NOT_FOUND, "a position in the log", str(position))
    return _immutable(request, raw, JSON)


@router.get("/v1/events/{event_id}", **EVENT_GET)
def show_event(request: Request, event_id: EventId) -> Response:
    """Where an act was recorded, and how it stands now."""
    log = service_of(request).log
    found = _found(log, event_id)
    recorded = Recorded(
        event=event_id,
        position=found.position,
        entry_sha256=sha256(_entry(log, found)).hexdigest(),
        stream=found.stream,
        standing=_standing(log, found, event_id),
    )
    return _json(recorded)


@router.get("/v1/events/{event_id}/entry", **ENTRY_GET)
def show_event_entry(request: Request, event_id: EventId) -> Response:
    """The entry that holds an act, in its exact bytes."""
    log = service_of(request).log
    return _immutable(request, _entry(log, _found(log, event_id)), JSON)


@router.get("/v1/events/{event_id}/receipt", **RECEIPT_GET)
def show_receipt(
    request: Request,
    event_id: EventId,
    witnessed: Annotated[bool, Query(description="against the newest checkpoint that meets the policy")] = False,
) -> Response:
    """The receipt of an act: the same bytes as at its submission, for ever.

    With `witnessed` one against the newest checkpoint that meets the policy, with the lines of its witnesses.
    """
    service = service_of(request)
    if witnessed:
        return _checked(request, witnessed_receipt(service, _found(service.log, event_id).position))
    sealed = service.intake.first(event_id)
    if sealed is None:
        raise _unknown_event(event_id)
    return _immutable(request, sealed.receipt, TEXT)


@router.get("/v1/events/{event_id}/bundle", **BUNDLE_GET)
def show_bundle(request: Request, event_id: EventId) -> Response:
    """All that it takes to check an act offline, in one text: entry, proofs, policy, checkpoint, and whose keys signed.

    Of the newest tree that meets the ledger's policy, if the act is in it already, or else of the newest of all: later
    there may be more witnesses, and more to say about the authority.
    """
    service = service_of(request)
    position = _found(service.log, event_id).position
    note, policy = witnessed_or_newest(service, position)
    try:
        bundle = stored_bundle(service.log, position, policy, note)
    except BundleInvalid as error:
        raise Problem(Trouble.NOT_FOUND, error.expected, error.got) from None
    return _checked(request, format_bundle(bundle))


@router.get("/v1/authorities/{party}/{office}/next", **NEXT_GET)
def show_next_act(request: Request, party: Party, office: Office) -> Response:
    """The place in its own chain that the next act of an authority must take: `sequence` and `previous`."""
    stream = f"authority/{party}/{office}"
    snapshot = service_of(request).log.states([stream])
    state = snapshot.states.get(stream)
    if not isinstance(state, compact.Authority):
        raise Problem(Trouble.NOT_FOUND, "a registered authority", f"{party}/{office}")
    return _json(NextAct(sequence=state.sequence + 1, previous=state.previous, tree_size=snapshot.tree_size))


def _found(log: StoredLog, event_id: str) -> Found:
    found = log.find(event_id)
    if found is None:
        raise _unknown_event(event_id)
    return found


def _unknown_event(event_id: str) -> Problem:
    return Problem(Trouble.NOT_FOUND, "the id of a recorded act", event_id)


def _entry(log: StoredLog, found: Found) -> bytes:
    raw = log.entry(found.position)
    assert raw is not None, "what was found is in the log"
    return raw


def _standing(log: StoredLog, found: Found, event_id: str) -> dict[str, object]:
    """Return how an act stands; acts on the ledger itself and on authorities took effect when they were recorded."""
    state = log.state(found.stream)
    act = state.history.act(event_id) if isinstance(state, compact.Recorded) else None
    if act is None:
        contested = isinstance(state, compact.Authority) and state.granted_in == event_id and state.contested
        return {"state": "effective", "contested": contested, "pending_on": []}
    waiting = [party for party in act.asked if party not in act.consented] if act.standing == "pending" else []
    return {"state": act.standing, "contested": act.contested, "pending_on": waiting}


def _lines(log: StoredLog, after: int, until: int) -> Iterator[bytes]:
    """Yield the entries of positions `after` + 1 to `until`, which are all there, each with its line feed."""
    while after < until:
        raws = log.entries(after, min(ENTRIES_AT_ONCE, until - after))
        assert raws, "positions have no gaps"
        after += len(raws)
        yield b"".join(raw + b"\n" for raw in raws)


def _json(value: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(value), headers={"Cache-Control": CHECKED}, media_type=JSON)


def _immutable(request: Request, raw: bytes, media_type: str) -> Response:
    return known_or(request, raw, IMMUTABLE, media_type)


def known_or(request: Request, raw: bytes, caching: str, media_type: str) -> Response:
    """Return `raw`, or 304 if the client says that it has these bytes."""
    etag = f'"{sha256(raw).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": caching}
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(raw, headers=headers, media_type=media_type)


def _checked(request: Request, raw: bytes) -> Response:
    """Answer with text that another will replace."""
    etag = f'"{sha256(raw).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": CHECKED}
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(raw, headers=headers, media_type=TEXT)


def is_known(request: Request, etag: str) -> bool:
    """Tell whether the client says that it has this representation (RFC 9110 §13.1.2, weak comparison)."""
    named = request.headers.get("if-none-match", "")
    return named.strip() == "*" or etag in (one.strip().removeprefix("W/") for one in named.split(","))
