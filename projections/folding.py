"""Raw entries to rows: each entry is parsed, verified and decided again, then folded by the rules of the ledger itself.

So a row can only say what the rules say. An entry that does not continue the chain, or that the rules would not have
admitted, is corruption: it raises, and nothing of its batch is kept.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import msgspec
from msgspec import Struct

from ledger.events.header import FIRST_PREVIOUS, Event
from ledger.events.keys import KeySet
from ledger.events.refusals import Refused, Rejected
from ledger.events.stages import Admitted, Envelope, Verified
from ledger.intake.recent import Recent
from ledger.log.entry import GENESIS_PREVIOUS, Entry, parse_entry
from ledger.log.errors import EntryMalformed
from ledger.rules.compact import Authority, Compact, State, opened
from ledger.rules.decide import decide, keys_of
from ledger.rules.memory import Overlay
from ledger.signing.dsse import parse
from ledger.signing.verify import verify
from projections.links import Links, links_of, parties_of


class LogCorrupt(Exception):
    """An entry of the log is not what the rules admit. Carries its position; the read models stop before it."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"entry {position}: {reason}")
        self.position = position


@dataclass(frozen=True, slots=True)
class Place:
    """How far the log was folded: number of entries, digest of the last, and when it was recorded."""

    position: int = 0
    last_sha256: str = GENESIS_PREVIOUS
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """An entry and the envelope in it, with what was found out about that before and need not be found out again.

    `verified`, if it was, by the key set `keys`, wherever that is still the authority's. `admitted`: the act as this
    process itself admitted it at this place of this log.
    """

    entry: Entry
    envelope: Envelope
    verified: Verified | None = None
    keys: KeySet | None = None
    admitted: Admitted | None = None


LinksOf = Callable[[str], Links | None]
"""By what the row of a stream is found, where it is known without reading its state."""


def no_links(stream: str) -> Links | None:
    """Know nothing."""
    return None


class RowVersion(Struct, frozen=True):
    """The state of a stream from `from_position` on, with what it is found by. `kind` is the stream's."""

    stream: str
    from_position: int
    links: Links
    state: State

    @property
    def kind(self) -> str:
        return self.stream.partition("/")[0]


class ActRow(Struct, frozen=True):
    """One act as the feed shows it. `parties`: all that it concerns; `pending_on`: whom it waited for on admission."""

    position: int
    recorded_at: datetime
    event_id: str
    type: str
    party: str
    authority: str
    sequence: int
    payload_sha256: str
    stream: str
    parties: tuple[str, ...]
    instrument: str | None
    pending_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """What a run of entries changes. `states` are the newest, to go on folding from.

    `replaced`: the streams that had a row before, whose last one ends with the first of these.
    """

    before: Place
    after: Place
    rows: tuple[RowVersion, ...]
    acts: tuple[ActRow, ...]
    states: dict[str, State]
    replaced: frozenset[str]


def parsed(before: Place, raws: Iterable[bytes], recent: Recent | None = None) -> list[Parsed]:
    """Return the entries after `before`, each with its envelope. Raises LogCorrupt unless they continue the chain.

    What `recent` knows was parsed, verified and decided here, after the same entries: its digest covers them all.
    """
    found: list[Parsed] = []
    place = before
    for raw in raws:
        digest = sha256(raw).hexdigest()
        remembered = recent.recorded(digest) if recent is not None else None
        if remembered is None:
            entry, place = continued(place, raw)
            found.append(parsed_alone(entry))
        else:
            # The same bytes, so it is not parsed again: 7 of 50 us.
            entry, admitted = remembered
            place = _after(place, entry, digest)
            found.append(Parsed(entry, admitted.verified.envelope, admitted=admitted))
    return found


def parsed_alone(entry: Entry) -> Parsed:
    """Return an entry with its envelope. Raises LogCorrupt."""
    try:
        return Parsed(entry, parse(entry.envelope))
    except Rejected as rejection:
        raise LogCorrupt(entry.position, str(rejection)) from None


def continued(place: Place, raw: bytes) -> tuple[Entry, Place]:
    """Return the entry after `place`, and the place after it. Raises LogCorrupt unless it continues the chain."""
    try:
        entry = parse_entry(raw)
    except EntryMalformed as error:
        raise LogCorrupt(place.position + 1, str(error)) from None
    return entry, _after(place, entry, entry.sha256)


def _after(place: Place, entry: Entry, digest: str) -> Place:
    """Return the place after an entry, whose digest is given. Raises LogCorrupt unless it continues the chain."""
    if entry.position != place.position + 1:
        raise LogCorrupt(place.position + 1, f"expected position {place.position + 1}, got {entry.position}")
    if entry.previous != place.last_sha256:
        raise LogCorrupt(entry.position, f"expected previous {place.last_sha256}, got {entry.previous}")
    return Place(entry.position, digest, entry.recorded_at)


def fold(compact: Compact, before: Place, entries: Sequence[Parsed], stored: LinksOf = no_links) -> Batch:
    """Return what the entries after `before` change, on top of `compact`, whose rows are found by `stored`.

    Raises LogCorrupt.
    """
    overlay = Overlay(compact)
    begun_by_now: dict[str, Links] = {}

    def links(stream: str) -> Links | None:
        return begun_by_now.get(stream) or stored(stream)

    rows: list[RowVersion] = []
    acts: list[ActRow] = []
    for item in entries:
        admitted = readmitted(overlay, item)
        signer = f"authority/{item.envelope.event.authority}"
        signed = overlay.get(signer)
        changes = overlay.apply(admitted, item.entry.position, item.entry.recorded_at)
        begun = list(versions(item.entry.position, changes, signer, signed, links))
        rows += begun
        begun_by_now.update((row.stream, row.links) for row in begun)
        acts.append(act_of(overlay, item.entry, admitted, links))
    last = entries[-1].entry if entries else None
    after = Place(last.position, last.sha256, last.recorded_at) if last is not None else before
    replaced = frozenset(stream for stream in {row.stream for row in rows} if compact.get(stream) is not None)
    return Batch(before, after, tuple(rows), tuple(acts), overlay.changes, replaced)


def readmitted(compact: Compact, item: Parsed) -> Admitted:
    """Return the act as admitted once more. Raises LogCorrupt if it would not be."""
    if item.admitted is not None:
        return item.admitted
    outcome = decide(compact, _verified(compact, item), item.entry.recorded_at)
    if isinstance(outcome, Refused):
        reason = f"{outcome.refusal}: expected {outcome.expected}; got {outcome.got}"
        raise LogCorrupt(item.entry.position, reason)
    return outcome


def _verified(compact: Compact, item: Parsed) -> Verified:
    ledger, event = opened(compact), item.envelope.event
    origin = ledger.origin if ledger is not None else None
    keys = keys_of(compact, event)
    if item.verified is not None and event.ledger == origin and keys(event.authority) == item.keys:
        return item.verified
    try:
        return verify(item.envelope, keys, ledger=origin)
    except Rejected as rejection:
        raise LogCorrupt(item.entry.position, str(rejection)) from None


def at_rest(state: Authority) -> Authority:
    """Return an authority without its place in its own chain, which the acts tell: it moves with every act."""
    return msgspec.structs.replace(state, sequence=0, previous=FIRST_PREVIOUS)


def versions(
    position: int, changes: dict[str, State], signer: str, signed: State | None, known: LinksOf = no_links
) -> Iterator[RowVersion]:
    """Yield the rows that an entry begins. That its signer's chain moved on begins none: the acts tell.

    `known`: by what the rows before it are found. A delivery is always found by what its first act says.
    """
    for stream, state in changes.items():
        kept = at_rest(state) if isinstance(state, Authority) else state
        if stream == signer and isinstance(signed, Authority) and at_rest(signed) == kept:
            continue
        links = known(stream) if stream.startswith("delivery/") else None
        yield RowVersion(stream, position, links or links_of(kept), kept)


def act_of(overlay: Overlay, entry: Entry, admitted: Admitted, known: LinksOf = no_links) -> ActRow:
    """Return the act of an entry that was just folded. `known`: by what the rows after it are found, those it has."""
    event: Event = admitted.verified.event
    stream = overlay.located[event.id]
    state = overlay.get(stream)
    links = known(stream) or (links_of(state) if state is not None else Links())
    return ActRow(
        position=entry.position,
        recorded_at=entry.recorded_at,
        event_id=event.id,
        type=event.type,
        party=event.party,
        authority=event.authority,
        sequence=event.sequence,
        payload_sha256=admitted.verified.envelope.payload_sha256,
        stream=stream,
        parties=tuple(sorted({event.party, *parties_of(event), *links.parties, *admitted.pending_on})),
        instrument=instrument_of(overlay, stream, links, known),
        pending_on=admitted.pending_on,
    )


def instrument_of(compact: Compact, stream: str, links: Links, known: LinksOf) -> str | None:
    """Return the instrument that an act of `stream` is about: its own, its commitment's, or None."""
    kind, _, entity = stream.partition("/")
    if kind == "instrument":
        return entity
    if links.instrument is None and kind == "delivery" and links.commitment is not None:
        under = f"commitment/{links.commitment}"
        found = known(under)
        if found is None:
            state = compact.get(under)
            return links_of(state).instrument if state is not None else None
        return found.instrument
    return links.instrument
