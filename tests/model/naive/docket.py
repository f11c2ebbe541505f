"""The list of acts in the order of the log, and how each of them is to be read as known at a tree size.

Whether an act counts is never stored: it is recounted from the consents, refusals, corrections and repudiations that
name it. An act that waits for a consent counts from the entry of the last one.
"""

import copy
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec

from ledger.events.refusals import Rejected
from ledger.events.registry import decode

Payload = dict[str, Any]

INTRODUCES = frozenset({"party.admitted", "instrument.registered"})
"""Says when the ledger learned of a thing, not since when there is one."""

WORDS = frozenset({"consent.given", "consent.refused", "consent.withdrawn"})
REMARKS = ("/note", "/evidence", "/reason")


@cache
def day_of(text: str) -> date:
    """Return the day that a date or the date of an instant writes."""
    return date.fromisoformat(text[:10])


@cache
def instant_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of the log. `asked`: whose consent it needed when it was admitted."""

    position: int
    recorded_at: datetime
    payload: Payload
    asked: tuple[str, ...]

    @property
    def id(self) -> str:
        return str(self.payload["id"])

    @property
    def type(self) -> str:
        return str(self.payload["type"])

    @property
    def party(self) -> str:
        return str(self.payload["party"])


@dataclass(frozen=True, slots=True)
class Counted:
    """An act that counts: its payload as corrected, the day it counts from, and the entry by which it took effect."""

    act: Act
    payload: Payload
    on: date
    position: int

    @property
    def type(self) -> str:
        return self.act.type

    @property
    def party(self) -> str:
        return self.act.party

    def __getitem__(self, name: str) -> Any:
        return self.payload[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.payload.get(name, default)


def streams_of(payload: Payload) -> Iterator[str]:
    """Yield what an act is about: one thing, but for mergers and conversions."""
    kind = payload["type"]
    if kind.startswith("party."):
        yield f"party/{payload.get('subject', payload['party'])}"
        if kind == "party.succeeded":
            yield f"party/{payload['predecessor']}"
    for name in ("instrument", "commitment", "delivery", "requirement", "measure", "consultation"):
        # A commitment names its instrument, a delivery its commitment, a crisis nothing but itself.
        if name in payload and kind.partition(".")[0] in SUBJECTS[name]:
            yield f"{name}/{payload[name]}"
    if kind == "commitment.converted":
        yield f"commitment/{payload['into']}"
    if kind == "commitment.merged":
        yield from (f"commitment/{one}" for one in payload["absorbed"])
    if kind == "authority.granted":
        yield f"authority/{payload['party']}"
    if kind == "authority.revoked":
        yield f"revoked/{payload['party']}"
    if kind == "aggression.notified":
        yield f"crisis/{payload['crisis']}"


SUBJECTS: dict[str, frozenset[str]] = {
    "instrument": frozenset({"instrument"}),
    "commitment": frozenset({"commitment"}),
    "delivery": frozenset({"delivery", "dispute"}),
    "requirement": frozenset({"requirement"}),
    "measure": frozenset({"measure"}),
    "consultation": frozenset({"consultation", "decision"}),
}


@dataclass
class Docket:
    """All acts so far. Only ever grows."""

    acts: list[Act] = field(default_factory=list)
    by_id: dict[str, Act] = field(default_factory=dict)
    about: dict[str, list[Act]] = field(default_factory=lambda: defaultdict(list))
    naming: dict[str, list[Act]] = field(default_factory=lambda: defaultdict(list))
    asking: list[Act] = field(default_factory=list)
    speaking: dict[str, frozenset[str]] = field(default_factory=dict)
    """For whom a word counts: the party that says it, and whomever it had succeeded by then."""
    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, act: Act) -> None:
        """Append the next entry."""
        assert act.position == len(self.acts) + 1
        if act.type in WORDS:
            self.speaking[act.id] = frozenset(acting_for(Reading(self), act.party))
        self.acts.append(act)
        self.by_id[act.id] = act
        for stream in streams_of(act.payload):
            if stream not in self.about:
                kind, _, name = stream.partition("/")
                self.names[kind].append(name)
            self.about[stream].append(act)
        if act.asked:
            self.asking.append(act)
        if "act" in act.payload:
            self.naming[act.payload["act"]].append(act)

    def copy(self) -> "Docket":
        """Return a docket that goes its own way from here."""
        return Docket(
            list(self.acts),
            dict(self.by_id),
            defaultdict(list, {name: list(acts) for name, acts in self.about.items()}),
            defaultdict(list, {name: list(acts) for name, acts in self.naming.items()}),
            list(self.asking),
            dict(self.speaking),
            defaultdict(list, {name: list(found) for name, found in self.names.items()}),
        )


class Reading:
    """How the acts read as known at a tree size. `without`: acts to leave out, as if they had not been recorded.

    `now`: when the next act is being recorded, where one is.
    """

    def __init__(
        self,
        docket: Docket,
        size: int | None = None,
        without: Callable[[Act], bool] | None = None,
        now: datetime | None = None,
    ) -> None:
        self.docket = docket
        self.now = now
        self.size = len(docket.acts) if size is None else size
        self._without = without
        self._effects: dict[str, int | None] = {}
        self._payloads: dict[str, Payload] = {}
        self._counted: dict[str, list[Counted]] = {}
        self.answered: dict[tuple[object, ...], Any] = {}
        """What was asked of this reading before, so that a recount of everything stays quick."""

    def with_last(self) -> "Reading":
        """Return how the acts read with the last one that was added: what it is not about reads as it did."""
        later = Reading(self.docket)
        root = last = self.docket.acts[-1]
        while "act" in root.payload:
            root = self.docket.by_id[root.payload["act"]]
        touched = {*streams_of(root.payload), *streams_of(last.payload)}
        names = {stream.partition("/")[2] for stream in touched}
        if self.size + 1 == later.size:
            later._counted = {stream: acts for stream, acts in self._counted.items() if stream not in touched}
            alone = ("promise", "handover", "text")
            kept = {asked: one for asked, one in self.answered.items() if asked[0] in alone and asked[1] not in names}
            later.answered = kept
        return later

    def knows(self, act: Act) -> bool:
        return act.position <= self.size and (self._without is None or not self._without(act))

    def naming(self, act_id: str, *types: str) -> list[Act]:
        """Return the acts on an act, known by now, of these types."""
        return [one for one in self.docket.naming.get(act_id, ()) if one.type in types and self.knows(one)]

    def is_repudiated(self, act: Act) -> bool:
        return bool(self.naming(act.id, "act.repudiated"))

    def standing(self, act: Act) -> str:
        """Return effective, pending, refused or repudiated."""
        if self.is_repudiated(act):
            return "repudiated"
        outcome = self._outcome(act)
        return outcome if isinstance(outcome, str) else "effective"

    def consented(self, act: Act) -> frozenset[str]:
        """Return those of the asked who agree at the end of what was said."""
        agreed: set[str] = set()
        for word in self._words(act):
            self._hear(act, word, agreed)
        return frozenset(agreed)

    def _words(self, act: Act) -> list[Act]:
        # Who had a consent taken back in its name has to give it anew, whoever it was.
        return [
            word
            for word in self.naming(act.id, *WORDS)
            if word.type == "consent.withdrawn" or not self.is_repudiated(word)
        ]

    def _hear(self, act: Act, word: Act, agreed: set[str]) -> None:
        spoken_for = self.docket.speaking[word.id] & set(act.asked)
        if word.type == "consent.given":
            agreed |= spoken_for
        elif word.type == "consent.withdrawn":
            agreed -= spoken_for

    def _outcome(self, act: Act) -> int | str:
        """Return the position at which the act took effect, or what keeps it from that."""
        if not act.asked:
            return act.position
        agreed: set[str] = set()
        for word in self._words(act):
            if word.type == "consent.refused":
                return "refused"
            if word.type == "consent.withdrawn" and word.party == act.party:
                if self.is_repudiated(word):
                    continue
                # Whoever proposed it has taken it back.
                return "refused"
            self._hear(act, word, agreed)
            if agreed >= set(act.asked):
                return word.position
        return "pending"

    def effect(self, act: Act) -> int | None:
        """Return the position at which the act took effect; None if it does not count."""
        if act.id not in self._effects:
            outcome = self._outcome(act) if self.knows(act) and not self.is_repudiated(act) else ""
            self._effects[act.id] = outcome if isinstance(outcome, int) else None
        return self._effects[act.id]

    def corrections(self, act: Act) -> list[Act]:
        """Return the corrections and openings of an act that count, in the order in which they took effect."""
        found = [one for one in self.naming(act.id, "act.corrected", "act.disclosed") if self.effect(one) is not None]
        return sorted(found, key=lambda one: (self.effect(one) or 0, one.position))

    def payload(self, act: Act) -> Payload:
        """Return what an act says, read with its corrections."""
        found = self._payloads.get(act.id)
        if found is None:
            found = act.payload
            for one in self.corrections(act):
                found = read_with(found, self.payload(one))
            self._payloads[act.id] = found
        return found

    def on(self, act: Act) -> date:
        """Return the day from which an act counts: its own, or that of the last consent where it states none."""
        payload = self.payload(act)
        if "occurred" in payload and payload["occurred"] is not None:
            return day_of(payload["occurred"]["last"])
        issued = day_of(payload["issued_at"])
        effect = self.effect(act)
        if act.asked and effect is not None:
            return max(issued, self.docket.acts[effect - 1].recorded_at.date())
        return issued

    def counted(self, stream: str, as_of: date | None = None) -> list[Counted]:
        """Return the acts about a thing that count, in the order in which they took effect, as dated until a day."""
        found = self._counted.get(stream)
        if found is None:
            found = []
            for act in self.docket.about.get(stream, ()):
                effect = self.effect(act)
                if effect is not None:
                    found.append(Counted(act, self.payload(act), self.on(act), effect))
            found.sort(key=lambda one: (one.position, one.act.position))
            self._counted[stream] = found
        if as_of is None:
            return found
        return [one for one in found if one.on <= as_of or (one.type in INTRODUCES and not one.get("occurred"))]

    def pending(self, stream: str) -> list[Act]:
        """Return the acts on a thing, corrections among them, that wait for a consent."""
        return [act for act in self.docket.asking if self.knows(act) and self._is_on(act, stream) and self._waits(act)]

    def _is_on(self, act: Act, stream: str) -> bool:
        while "act" in act.payload:
            act = self.docket.by_id[act.payload["act"]]
        return next(streams_of(act.payload), "") == stream

    def _waits(self, act: Act) -> bool:
        return self.standing(act) == "pending"

    def names(self, kind: str) -> list[str]:
        """Return the ids of the things of a kind that anything was recorded about, in order."""
        return sorted(self.docket.names.get(kind, ()))


def acting_for(reading: Reading, party: str) -> tuple[str, ...]:
    """Return the parties in whose place a party acts: itself, and whomever it succeeded, at any remove."""
    found = [party]
    for one in found:
        found += [
            act["predecessor"]
            for act in reading.counted(f"party/{one}")
            if act.type == "party.succeeded" and act.party == one
        ]
    return tuple(found)


def in_whose_place(reading: Reading, party: str) -> str:
    """Return who acts in the place of a party by now: its last successor, or itself."""
    for act in reading.counted(f"party/{party}"):
        if act.type == "party.succeeded" and act["predecessor"] == party:
            return in_whose_place(reading, act.party)
    return party


def read_with(payload: Payload, change: Payload) -> Payload:
    """Return an act read with a correction or an opening; one that does not fit leaves it as it is.

    Such a one had built on another that was repudiated since.
    """
    if change["type"] == "act.corrected":
        return amended(payload, change["field"], change.get("new")) or payload
    value = json.dumps(change["value"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = sha256(bytes.fromhex(change["salt"]) + value.encode()).hexdigest()
    sealed = {"kind": "undisclosed", "confidential": {"salted_sha256": digest}}
    if value_at(payload, change["field"]) != sealed:
        return payload
    return amended(payload, change["field"], change["value"]) or payload


def amended(payload: Payload, pointer: str, new: object) -> Payload | None:
    """Return the payload with another value at a JSON pointer; None if that is no event of its type."""
    changed = copy.deepcopy(payload)
    *path, last = pointer.split("/")[1:]
    place: Any = changed
    try:
        for step in path:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        if isinstance(place, list):
            place[int(last)] = new
        else:
            place[last] = new
        decode(msgspec.json.encode(changed, order="sorted"))
    except (IndexError, ValueError, AttributeError, TypeError, Rejected):
        return None
    return without_nulls(changed)


def without_nulls(payload: Payload) -> Payload:
    return {name: value for name, value in payload.items() if value is not None}


def value_at(payload: Payload, pointer: str) -> object:
    """Return the value at a JSON pointer; None where there is none."""
    place: Any = payload
    for step in pointer.split("/")[1:]:
        try:
            place = place[int(step)] if isinstance(place, list) else place.get(step)
        except (IndexError, ValueError, AttributeError):
            return None
    return place
