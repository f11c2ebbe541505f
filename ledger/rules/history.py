"""The folded state of a stream: its acts, each with its standing. What is in force is a fold over the effective ones.

An act is never removed. A pending act waits for consents; a corrected one keeps its bytes in the log and is read with
its corrections applied; a repudiated one has no effect. So every later change of an act's standing is one new tuple,
and every view is recomputed from it.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from datetime import date, datetime
from functools import wraps
from typing import Final, Literal, ParamSpec, TypeVar

import msgspec
from msgspec import Struct

from ledger.events.canonical import canonical_bytes
from ledger.events.corrections import ActCorrected, ActDisclosed, salted_sha256
from ledger.events.header import Event
from ledger.events.refusals import Refusal, Rejected
from ledger.events.registry import decode
from ledger.events.terms import UndisclosedObject
from ledger.events.values import Confidential
from ledger.rules.remembered import Remembered

Standing = Literal["effective", "pending", "refused", "repudiated"]

Reading = ActCorrected | ActDisclosed
"""Acts by which another act is read with a value that its own bytes do not have."""

INTRODUCTIONS = frozenset({"ledger.opened", "party.admitted", "instrument.registered"})

ACTS_KEPT_MAX: Final = 8_192
"""Acts of the histories whose views are remembered, for each view: twice that, since there are two generations."""

EVENTS_BYTES_MAX: Final = 6 * 1024 * 1024
"""Payloads of the events that stay decoded, by their length: twice that, and decoded about four times as much."""

_EVENTS: Final = Remembered[bytes, Event](EVENTS_BYTES_MAX)


def keep_decoded(payload: bytes, event: Event) -> None:
    """Spare whoever reads the history that `payload` goes into its decoding: 13 of 150 us an entry of an audit."""
    _EVENTS.keep(payload, event, len(payload))


P = ParamSpec("P")
View = TypeVar("View")


def kept(view: Callable[P, View], acts_max: int = ACTS_KEPT_MAX) -> Callable[P, View]:
    """Make a view keep what it last returned: a history is read by many decisions before it changes.

    The view is of a history, its first argument, which tells how much there is to keep.
    """
    views = Remembered[Hashable, View](acts_max)

    @wraps(view)
    def remembered(*args: P.args, **named: P.kwargs) -> View:
        if named:
            return view(*args, **named)
        found = views.get(args)
        if found is not None:
            return found[0]
        seen = view(*args, **named)
        record = args[0]
        views.keep(args, seen, max(1, len(record.acts)) if isinstance(record, History) else 1)
        return seen

    return remembered


class Act(Struct, frozen=True, gc=False, kw_only=True):
    """One admitted event in a stream. `payload` is what was signed.

    `effective_at` is the position at which it took effect, `effective_since` the time of that entry.
    """

    position: int
    recorded_at: datetime
    payload: msgspec.Raw
    standing: Standing
    asked: tuple[str, ...] = ()
    consented: tuple[str, ...] = ()
    effective_at: int | None = None
    effective_since: datetime | None = None
    contested: bool = False

    @property
    def event(self) -> Event:
        payload = bytes(self.payload)
        found = _EVENTS.get(payload)
        if found is not None:
            return found[0]
        event = decode(payload)
        keep_decoded(payload, event)
        return event


class History(Struct, frozen=True, gc=False, kw_only=True):
    """The acts of a party, an instrument or another stream. `children`: ids of commitments counted in this one."""

    stream: str
    acts: tuple[Act, ...] = ()
    children: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """Tell most histories apart without reading their acts; equality reads them."""
        return hash((self.stream, len(self.acts), self.children))

    def act(self, event_id: str) -> Act | None:
        """Return the act of `event_id`, if this stream holds it."""
        return next((act for act in self.acts if act.event.id == event_id), None)

    def with_act(self, act: Act) -> "History":
        """Return the history with `act` appended."""
        return msgspec.structs.replace(self, acts=(*self.acts, act))

    def changed(self, event_id: str, change: Callable[[Act], Act]) -> "History":
        """Return the history in which `change` was applied to the act of `event_id`."""
        acts = tuple(change(act) if act.event.id == event_id else act for act in self.acts)
        return msgspec.structs.replace(self, acts=acts)

    def pending(self) -> Iterator[Act]:
        """Yield the acts that wait for a consent."""
        return (act for act in self.acts if act.standing == "pending")


class Effective(Struct, frozen=True, gc=False):
    """An act that counts, read with its corrections applied."""

    event: Event
    act: Act

    @property
    def on(self) -> date:
        """The day from which the act counts: its own date, or that of the last consent where it states none."""
        if self.event.occurred is None and self.act.asked and self.act.effective_since is not None:
            return max(dated(self.event), self.act.effective_since.date())
        return dated(self.event)


def dated(event: Event) -> date:
    """Return the day an act is dated: the last possible day it occurred, or else the day it was issued."""
    return event.occurred.last if event.occurred is not None else event.issued_at.date()


def effective(history: History | None, as_of: date | None = None) -> tuple[Effective, ...]:
    """Return the effective acts in the order in which they took effect; with `as_of`, those dated until that day."""
    if history is None:
        return ()
    counting = [Effective(act.event, act) for act in in_effect(history)]
    readings = [item.event for item in counting if isinstance(item.event, Reading)]
    read = (Effective(read_with(item.event, readings), item.act) for item in counting) if readings else counting
    if as_of is None:
        return tuple(read)
    return tuple(item for item in read if item.on <= as_of or _only_introduces(item.event))


def in_effect(history: History) -> list[Act]:
    """Return the effective acts as they were signed, in the order in which they took effect."""
    acts = [act for act in history.acts if act.standing == "effective"]
    if len(acts) < 2:
        return acts
    return sorted(acts, key=lambda act: (act.effective_at or act.position, act.position))


def _only_introduces(event: Event) -> bool:
    """An act without a day of its own that says when the ledger learned of a thing, not since when there is one."""
    return event.occurred is None and event.type in INTRODUCTIONS


def readings_of(history: History) -> list[Reading]:
    """Return the corrections and openings that count, in the order in which they took effect."""
    return [act.event for act in in_effect(history) if isinstance(act.event, Reading)]


def read_with(event: Event, readings: list[Reading]) -> Event:
    """Return `event` as read with every correction of it, each of which may itself have been corrected, and opening.

    One that no longer fits is left out: it built on another that was repudiated since.
    """
    for reading in readings:
        if reading.act == event.id:
            final = read_with(reading, readings)
            with suppress(Rejected):
                match final:
                    case ActCorrected():
                        event = with_field(event, final.field, final.new)
                    case ActDisclosed() if opens(event, final):
                        event = with_field(event, final.field, msgspec.to_builtins(final.value))
    return event


def opens(event: Event, opening: ActDisclosed) -> bool:
    """Tell whether an opening is of what stands in `event` at its field: its digest is that of salt and value."""
    digest = salted_sha256(bytes.fromhex(opening.salt), opening.value)
    return field_of(event, opening.field) == _sealed(digest)


def _sealed(digest: str) -> object:
    """Return a confidential object as JSON has it."""
    return msgspec.to_builtins(UndisclosedObject(Confidential(digest)))


def root_of(history: History, event: ActCorrected) -> Act | None:
    """Return the act that a correction is about in the end: a correction of a correction is followed back."""
    act = history.act(event.act)
    while act is not None and isinstance(act.event, ActCorrected):
        act = history.act(act.event.act)
    return act


def field_of(event: Event, pointer: str) -> object:
    """Return the JSON value at `pointer` in the payload of `event`; None where it is absent."""
    value: object = _document(event)
    for step in pointer.split("/")[1:]:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _document(event: Event) -> object:
    """Return an event as JSON has it: objects and arrays, so that a value can be compared with one that was signed."""
    document: object = msgspec.json.decode(msgspec.json.encode(event))
    return document


def with_field(event: Event, pointer: str, new: object) -> Event:
    """Return `event` with the value at `pointer` replaced. Raises Rejected where the result is no such event."""
    document = _document(event)
    *path, last = pointer.split("/")[1:]
    place: object = document
    for step in path:
        if isinstance(place, list) and step.isdecimal() and int(step) < len(place):
            place = place[int(step)]
        elif isinstance(place, dict):
            place = place.setdefault(step, {})
        else:
            raise Rejected(Refusal.EVENT_MALFORMED, "a path that the event has", pointer)
    if isinstance(place, dict):
        place[last] = new
    elif isinstance(place, list) and last.isdecimal() and int(last) < len(place):
        place[int(last)] = new
    else:
        raise Rejected(Refusal.EVENT_MALFORMED, "a path that the event has", pointer)
    return decode(canonical_bytes(document))
