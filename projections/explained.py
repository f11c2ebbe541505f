"""What an answer follows from: the same fold and the same functions as everybody's, over the entries that are given.

The entries are decided again by the rules, their signatures verified, and folded; the answer is computed from what they
give. It can be less than the whole log gives, which no explanation excludes: that nothing else was recorded about a
thing is proved by an audit, and by statements of the authorities that act on it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ledger.client.errors import NotThere
from ledger.events.refusals import Refusal, Refused, Rejected
from ledger.events.stages import Envelope, Verified
from ledger.log.checkpoint import Checkpoint
from ledger.log.entry import Entry
from ledger.log.errors import EntryMalformed
from ledger.log.note import VerifierKey
from ledger.rules.decide import keys_of
from ledger.rules.given import Given, decide_given
from ledger.signing.dsse import parse
from ledger.signing.verify import verify
from projections.explanation import Explanation, ExplanationInvalid, Question, prove
from projections.obligations import fetch_around, obligations_of
from projections.pages import commitment_page
from projections.plain import first_difference, plain_bytes
from projections.reading import Known
from projections.rows import MemoryRows, Rows
from projections.summary import summary_of

SHOWN_BYTES: Final = 40


class NotEnough(NotThere):
    """The entries that were given do not suffice to say whether the answer follows."""


def _commitment(known: Known, name: str) -> object | None:
    history = known.history(f"commitment/{name}")
    if history is None:
        return None
    fetch_around(known, [history])
    return commitment_page(known, history)


def _guarantor(known: Known, name: str) -> object | None:
    if known.party(name) is None:
        return None
    return {"summary": summary_of(known, name), "obligations": obligations_of(known, name)}


ANSWERS: Final[Mapping[str, Callable[[Known, str], object | None]]] = MappingProxyType(
    {"commitment": _commitment, "guarantor": _guarantor}
)
"""What is answered to each kind of question; None: there was nothing to answer about."""


def answer_to(rows: Rows, asked: Question) -> bytes | None:
    """Return the answer in canonical JSON, or None."""
    found = ANSWERS[asked.kind](Known(rows, asked.as_of), asked.id)
    return plain_bytes(found) if found is not None else None


@dataclass
class Replay:
    """Entries that are folded one after another, as far as those given let them be.

    `read`: for each stream the position of the last entry that read it; `sought`: likewise for acts that were looked
    for. `refused`: what could not be decided, by position; `unsigned`: what is not signed for the ledger `origin` as
    its authority demands, which no further entry would change. `verified`: acts whose signatures were verified before,
    by position; an authority's keys never change, so they need not be verified again when more entries are given.
    """

    origin: str
    verified: dict[int, Verified] = field(default_factory=dict)
    given: Given = field(default_factory=Given)
    read: dict[str, int] = field(default_factory=dict)
    sought: dict[str, int] = field(default_factory=dict)
    refused: dict[int, Refused] = field(default_factory=dict)
    unsigned: dict[int, Refused] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)

    def take(self, entry: Entry) -> None:
        """Decide and fold one entry, or note why not. Raises EntryMalformed if there is no act in it."""
        known = self.verified.get(entry.position)
        envelope = known.envelope if known is not None else act_in(entry)
        self.given.asked.clear()
        self.given.sought.clear()
        try:
            self._fold(entry, envelope)
        except Rejected as error:
            is_known = error.refused.refusal is not Refusal.AUTHORITY_UNKNOWN
            (self.unsigned if is_known else self.refused)[entry.position] = error.refused
        except AssertionError as error:
            # The rules assert what the whole log guarantees: here it means that something is not given.
            self.refused[entry.position] = Refused(
                Refusal.REFERENCE_UNKNOWN, "what the rules know in the whole log", f"less ({error})"
            )
        self.read |= dict.fromkeys(self.given.asked, entry.position)
        self.sought |= dict.fromkeys(self.given.sought, entry.position)

    def _fold(self, entry: Entry, envelope: Envelope) -> None:
        verified = self.verified.get(entry.position)
        if verified is None:
            verified = verify(envelope, keys_of(self.given, envelope.event), ledger=self.origin)
            self.verified[entry.position] = verified
        outcome = decide_given(self.given, verified, entry.recorded_at)
        if isinstance(outcome, Refused):
            self.refused[entry.position] = outcome
            return
        self.given.apply(outcome, entry.position, entry.recorded_at)
        self.events.add(envelope.event.id)


def act_in(entry: Entry) -> Envelope:
    """Return the act that an entry holds. Raises EntryMalformed if it holds none."""
    try:
        return parse(entry.envelope)
    except Rejected as error:
        raise EntryMalformed(f"an act in entry {entry.position}", str(error)) from None


def replayed(entries: Iterable[Entry], origin: str, verified: dict[int, Verified] | None = None) -> Replay:
    """Return what entries of the ledger `origin` give, in the order of their positions."""
    replay = Replay(origin, verified if verified is not None else {})
    for entry in entries:
        replay.take(entry)
    return replay


@dataclass(frozen=True, slots=True)
class Followed:
    """An explanation whose answer follows from its entries, each of which the log signed."""

    explanation: Explanation
    checkpoint: Checkpoint
    answer: Any


def verify_explanation(explanation: Explanation, origin: str, vkeys: Iterable[VerifierKey]) -> Followed:
    """Return what an explanation shows, in this order:

    1. The log `origin` signed a tree that holds every entry: `projections.explanation.prove`
    2. Each is for this ledger, and signed by keys of its authority as the entries given register them; Rejected
       otherwise, NotEnough where its authority is not given
    3. The rules admit each on what the entries before it give; NotEnough otherwise
    4. Every act that the answer names is given; NotEnough otherwise
    5. The answer computed from them is the one that is stated; ExplanationInvalid otherwise
    """
    # 1.
    checkpoint = prove(explanation, origin, vkeys)
    # 2 and 3.
    replay = replayed((entry for entry, _ in explanation.entries), origin)
    for position, refused in sorted(replay.unsigned.items()):
        raise Rejected(refused.refusal, f"entry {position}: {refused.expected}", refused.got)
    for position, refused in sorted(replay.refused.items()):
        raise NotEnough(
            f"entry {position} to follow from those before it",
            f"{refused.refusal}: expected {refused.expected}, got {refused.got}",
            "Ask for the explanation again, or audit the ledger.",
        )
    # 4.
    stated = msgspec.json.decode(explanation.answer)
    missing = sorted(events_in(stated) - replay.events)
    if missing:
        raise NotEnough(
            "an entry for every act that the answer names", f"none for {missing[0]}", "Ask for the explanation again."
        )
    # 5.
    rows = MemoryRows(replay.given.changes, explanation.asked.known_at, None)
    derived = answer_to(rows, explanation.asked) or b"null"
    if derived != explanation.answer:
        at = first_difference(derived, explanation.answer)
        raise ExplanationInvalid(
            f"{_excerpt(derived, at)}, as it follows from the entries", f"{_excerpt(explanation.answer, at)}, as stated"
        )
    return Followed(explanation, checkpoint, stated)


def events_in(value: object) -> set[str]:
    """Return every event id that an answer names."""
    found: set[str] = set()
    if isinstance(value, dict):
        events, event = value.get("events"), value.get("event")
        found.update(one for one in (*(events if isinstance(events, list) else ()), event) if isinstance(one, str))
        for inner in value.values():
            found |= events_in(inner)
    elif isinstance(value, list):
        for inner in value:
            found |= events_in(inner)
    return found


def _excerpt(text: bytes, at: int) -> str:
    return ascii(text[max(0, at - SHOWN_BYTES) : at + SHOWN_BYTES].decode(errors="replace"))
