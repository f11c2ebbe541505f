"""A random history: acts that are drawn, decided by the real rules, recorded, and told to the model as well.

Every act is checked when it is made: whom it waits for, and, where amounts are concerned, whether it may be admitted.
A history is given by its random numbers, and by nothing else.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import msgspec

from ledger.events.refusals import Refused, Rejected
from ledger.rules.compact import State
from ledger.rules.decide import decide
from ledger.rules.forced import next_due
from ledger.rules.memory import Overlay
from projections.rows import MemoryRows
from tests.model.ground import FOUNDED_AT, encoded, ground, placed, record, taken_as_verified
from tests.model.naive.clocks import forced
from tests.model.naive.docket import Act, Docket, Payload, Reading
from tests.model.naive.limits import CODES, objections

Fields = dict[str, Any]

PAUSES = (
    *(timedelta(0), timedelta(seconds=1), timedelta(minutes=7), timedelta(hours=5), timedelta(hours=30)),
    *(timedelta(days=3), timedelta(days=8), timedelta(days=31), timedelta(days=80)),
)


class Divergence(AssertionError):
    """The model and the ledger do not say the same."""


@dataclass(frozen=True)
class Draft:
    """An act as it is drawn, before it has its place in the chain of its office."""

    office: str
    type: str
    fields: Fields


@dataclass(frozen=True)
class Snapshot:
    """What was recorded at a tree size."""

    size: int
    recorded_at: datetime
    states: dict[str, State]


@dataclass
class Tally:
    """What a walk has reached. `figures`: how often each figure of an obligation was more than nothing."""

    steps: int = 0
    histories: int = 0
    admitted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    figures: Counter[str] = field(default_factory=Counter)
    compared: Counter[str] = field(default_factory=Counter)


class Walker:
    """One history, from the founding of the ledger on."""

    def __init__(self, random: Random, tally: Tally) -> None:
        begun = ground()
        self.random = random
        self.tally = tally
        self.compact = Overlay(begun.compact)
        self.docket: Docket = begun.docket.copy()
        self.founded = len(self.docket.acts)
        self.now = FOUNDED_AT + timedelta(days=random.randint(1, 60), hours=random.randint(0, 23))
        self.days: set[date] = set()
        self.kept: list[Snapshot] = []
        self.trail: list[str] = []
        self.payloads: list[bytes] = []
        self._reading: Reading | None = None
        self._ids = 0
        self._names = 0

    @property
    def reading(self) -> Reading:
        """How the acts read now."""
        if self._reading is None:
            self._reading = Reading(self.docket)
        elif self._reading.size != len(self.docket.acts):
            self._reading = self._reading.with_last()
        return self._reading

    @property
    def today(self) -> date:
        return self.now.date()

    def name(self, prefix: str) -> str:
        """Return a new id of a thing."""
        self._names += 1
        return f"{prefix}-{self._names}"

    def wait(self) -> None:
        """Let time pass: none, some hours, some weeks."""
        self.now += self.random.choice(PAUSES)

    def recently(self) -> date:
        """Return a day in the past that an act can state."""
        return self.today - timedelta(days=self.random.choice((0, 0, 0, 1, 5, 20, 70, 200)))

    def submit(self, draft: Draft) -> Act | None:
        """Decide an act and record it where it is admitted, with all that it forces. Returns it, or None."""
        self._ids += 1
        event_id = f"019c0000-0000-7000-8000-{self._ids:012x}"
        late = self.random.random() < 0.1
        issued_at = self.now - timedelta(days=self.random.randint(1, 40)) if late else self.now
        payload: Payload = {
            "type": draft.type,
            **draft.fields,
            **placed(self.compact, draft.office, event_id, issued_at),
        }
        encoded_payload = encoded(payload)
        try:
            verified = taken_as_verified(encoded_payload)
        except Rejected as rejected:
            self._refuse(payload, str(rejected.refused.refusal))
            return None
        outcome = decide(self.compact, verified, self.now)
        against = objections(self.reading, payload)
        if isinstance(outcome, Refused):
            self._refuse(payload, str(outcome.refusal))
            if outcome.refusal in CODES and draft.type in CHECKED and outcome.refusal not in against:
                raise self.divergence("refused", f"objections: {sorted(against) or 'none'}")
            return None
        if against:
            raise self.divergence(f"admits {shown(payload)}", f"objections: {sorted(against)}")
        act = record(self.compact, self.reading, outcome, encoded_payload, self.now)
        self._note(act, encoded_payload)
        if sorted(outcome.pending_on) != list(act.asked):
            raise self.divergence(f"waits for {sorted(outcome.pending_on)}", f"waits for {list(act.asked)}")
        if act.type == "aggression.notified":
            self._follow(act)
        return act

    def _refuse(self, payload: Payload, code: str) -> None:
        self.tally.refused[code] += 1
        self.trail.append(f"      {self.now.isoformat()} {shown(payload)} refused: {code}")

    def _note(self, act: Act, payload: bytes) -> None:
        self.payloads.append(payload)
        self.tally.admitted[act.type] += 1
        waits = f" waits for {', '.join(act.asked)}" if act.asked else ""
        self.trail.append(f"{act.position:5} {self.now.isoformat()} {shown(act.payload)}{waits}")
        self.days.update(_days_in(act.payload))
        self.days.add(self.today)

    def _follow(self, notified: Act) -> None:
        """Record what a notification forces, which has to be what the model says."""
        expected = forced(Reading(self.docket, notified.position - 1), notified)
        found = []
        while (due := next_due(self.compact)) is not None:
            outcome = decide(self.compact, taken_as_verified(due.payload), due.recorded_at)
            assert not isinstance(outcome, Refused), outcome
            act = record(self.compact, self.reading, outcome, due.payload, due.recorded_at)
            self._note(act, due.payload)
            found.append(act.payload)
        said = [{name: one.get(name) for name in wanted} for one, wanted in zip(found, expected, strict=False)]
        wanted_plain = [msgspec.to_builtins(one) for one in expected]
        if len(found) != len(expected) or said != wanted_plain:
            raise self.divergence(f"forces {found}", f"forces {wanted_plain}")

    def states(self) -> dict[str, State]:
        return {**ground().compact.changes, **self.compact.changes}

    def keep(self) -> None:
        """Keep what is recorded now, to be asked about later."""
        self.kept.append(Snapshot(len(self.docket.acts), self.docket.acts[-1].recorded_at, self.states()))

    def rows(self, snapshot: Snapshot) -> MemoryRows:
        return MemoryRows(snapshot.states, snapshot.size, snapshot.recorded_at)

    def divergence(self, ledger: object, model: object) -> Divergence:
        """Return the failure, with the whole history."""
        lines = "\n".join(self.trail)
        return Divergence(f"\nhistory:\n{lines}\nledger: {ledger}\nmodel:  {model}")


CHECKED = frozenset(
    {
        *("commitment.made", "commitment.amended", "commitment.converted", "commitment.merged"),
        *("commitment.resolved", "delivery.recorded", "delivery.corrected", "delivery.acknowledged"),
        *("delivery.disputed", "dispute.settled"),
    }
)
"""Acts of which the model says whether their amounts may be admitted."""

_LEFT_OUT = frozenset({"type", "version", "ledger", "authority", "sequence", "previous", "party", "title", "keys"})


def shown(payload: Payload) -> str:
    """Return an act on one line."""
    said = {name: value for name, value in payload.items() if name not in _LEFT_OUT}
    return f"{payload['authority']} {payload['type']} {msgspec.json.encode(said).decode()}"


def _days_in(value: object) -> Iterator[date]:
    """Yield the days that an act names, and the days after them."""
    if isinstance(value, dict):
        for one in value.values():
            yield from _days_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from _days_in(one)
    elif isinstance(value, str) and len(value) == 10 and value[4:5] == "-" and value[7:8] == "-":
        day = date.fromisoformat(value)
        yield from (day, day + timedelta(days=1))
