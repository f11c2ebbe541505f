"""The acts themselves: the feed in the order of the log, and one act as it was signed, with what proves it."""

import json
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from api.pages.languages import alphabetical
from api.pages.looking import Content, Looking
from api.pages.visits import PageError, checked_id, not_found
from ledger.events.registry import EVENT_TYPES
from ledger.log.entry import parse_entry
from ledger.rules.compact import Recorded
from ledger.signing.dsse import parse
from projections.stored_rows import FeedFilter

FEED_ACTS: Final = 50
"""Acts on one page of the feed."""

PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("party", "subject", "predecessor", "beneficiary", "parties", "guarantors"), "/parties"),
        "party_id": "/parties",
        **dict.fromkeys(("instrument", "parent"), "/instruments"),
        **dict.fromkeys(("commitment", "commitments", "absorbed"), "/commitments"),
        **dict.fromkeys(("delivery", "duplicate_of", "reimburses"), "/deliveries"),
        **dict.fromkeys(("act", "reservation", "cause", "reinstatement"), "/events"),
        "measure": "/sanctions",
        "crisis": "/crises",
        "consultation": "/consultations",
        "requirement": "/requirements",
        **dict.fromkeys(("observation", "replaces"), "/observations"),
    }
)
"""Where the values of these fields of a payload lead."""

GOES_ON_AS: Final = "into"
"""The field of a merger or a conversion: it names another thing of the same kind as the act's own."""


def places_of(event_type: str) -> Mapping[str, str]:
    """Return where the fields of such an act lead."""
    kind = event_type.partition(".")[0]
    return {**PLACES, GOES_ON_AS: PLACES[kind]} if kind in PLACES else PLACES


def feed(looking: Looking) -> Content:
    """Return one page of the feed: newest first, or oldest first, of a party, an instrument, a type or a stream."""
    query = looking.visit.query
    wanted = {name: query.get(name, "").strip() or None for name in ("party", "instrument", "type", "before", "after")}
    for name in ("party", "instrument"):
        if (entity := wanted[name]) is not None:
            checked_id(entity)
    descending = wanted["after"] is None and query.get("order") != "oldest"
    found = looking.rows.feed(
        FeedFilter(
            party=wanted["party"],
            instrument=wanted["instrument"],
            type=_type(wanted["type"]),
            after=_position(wanted["before"] if descending else wanted["after"]),
            limit=FEED_ACTS + 1,
            descending=descending,
        )
    )
    acts = list(found[:FEED_ACTS])
    more = len(found) > FEED_ACTS
    streams = dict.fromkeys(name.partition(".")[0] for name in EVENT_TYPES)
    return {
        "acts": acts,
        "older": looking.visit.here(before=acts[-1].position, after=None) if more and descending else None,
        "newer": looking.visit.here(after=acts[-1].position, before=None) if more and not descending else None,
        "wanted": {name: wanted[name] or "" for name in ("party", "instrument", "type")},
        "oldest_first": not descending,
        "feed_parties": looking.names(looking.parties),
        "feed_instruments": instrument_titles(looking),
        "streams": [(stream, [one for one in EVENT_TYPES if one.startswith(f"{stream}.")]) for stream in streams],
    }


def instrument_titles(looking: Looking) -> list[tuple[str, str]]:
    """Return all instruments and their titles, in alphabetical order."""
    looking.known.take(looking.rows.of_kind("instrument"))
    ids = [stream.partition("/")[2] for stream in looking.rows.of_kind("instrument")]
    titled = [(one, looking.instrument_title(one).text) for one in ids]
    return sorted(titled, key=lambda item: alphabetical(item[1]))


def _type(text: str | None) -> str | None:
    streams = {f"{name.partition('.')[0]}.*" for name in EVENT_TYPES}
    if text is not None and text not in EVENT_TYPES and text not in streams:
        raise PageError(400, "type_unknown", text)
    return text


def _position(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise PageError(400, "position_malformed", text)
    return int(text)


def act(looking: Looking, event_id: str) -> Content:
    """Return one act as it was signed, where it stands in the log, and what later acts say of it."""
    row = looking.rows.acts_of([checked_id(event_id)]).get(event_id)
    raw = looking.service.log.entry(row.position) if row is not None else None
    if row is None or raw is None:
        raise not_found(event_id)
    entry = parse_entry(raw)
    envelope = parse(entry.envelope)
    state = looking.rows.states([row.stream]).get(row.stream)
    later = state.history.acts if isinstance(state, Recorded) else ()
    return {
        "act": row,
        "entry": entry,
        "entry_sha256": sha256(raw).hexdigest(),
        "payload": json.loads(envelope.payload),
        "payload_text": envelope.payload.decode(),
        "signatures": envelope.signatures,
        "standing": looking.standing(row.stream, event_id),
        "later": [one for one in later if getattr(one.event, "act", None) == event_id],
        "places": places_of(envelope.event.type),
        "log_vkey": looking.log_vkey,
    }
