"""What an answer reads: the views of streams as of one day or instant, fetched together, each folded once.

A view is what the rules make of a history. `Known` ties the two times of every answer together: `rows` were known at a
tree size, the views are as of a day. Measures and clocks go by an instant: that of the question, or the day's end.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from ledger.rules.commitments import Commitment, commitment
from ledger.rules.compact import Opened, Recorded, State
from ledger.rules.deliveries import Delivery, delivery
from ledger.rules.history import History
from ledger.rules.instruments import Instrument, instrument
from ledger.rules.parties import Party, party
from projections.judged import Used
from projections.rows import Rows

SUPPORTS = frozenset({"consent.given", "act.corrected", "act.disclosed", "act.confirmed"})
"""Acts on an act that make it count, or make it be read as it is."""


@dataclass(frozen=True, slots=True)
class Made:
    """A commitment that has taken effect by the day, and its history."""

    view: Commitment
    history: History


@dataclass(frozen=True, slots=True)
class Given:
    """A delivery that had been recorded for by the day, and its history."""

    view: Delivery
    history: History


def end_of(day: date) -> datetime:
    """Return the last microsecond of a day in UTC."""
    return datetime.combine(day, time.max, UTC)


@dataclass
class Known:
    """Rows, a day, and what was read so far. Used for one answer by one thread.

    `at` is an instant of that day in UTC; None where the question is about the whole of it. `used` is told what is
    looked at, while it is there.
    """

    rows: Rows
    as_of: date
    at: datetime | None = None
    used: Used | None = None
    _histories: dict[str, History | None] = field(default_factory=dict)
    _made: dict[str, Made | None] = field(default_factory=dict)
    _instruments: dict[str, Instrument | None] = field(default_factory=dict)
    _given: dict[str, tuple[Given, ...]] = field(default_factory=dict)

    @property
    def instant(self) -> datetime:
        """What is asked about to the instant: `at`, or the end of the day."""
        return self.at if self.at is not None else end_of(self.as_of)

    def opened(self) -> Opened | None:
        """Return what the opening of the ledger fixed."""
        state = self.rows.states(["ledger"]).get("ledger")
        return state if isinstance(state, Opened) else None

    def take(self, states: dict[str, State]) -> list[History]:
        """Remember histories that were read, and return them in their order."""
        found = {stream: state.history for stream, state in states.items() if isinstance(state, Recorded)}
        self._histories.update(found)
        return list(found.values())

    def fetch(self, streams: Iterable[str]) -> None:
        """Read histories that are not here yet, at once."""
        missing = {stream for stream in streams if stream not in self._histories}
        if missing:
            self.take(self.rows.states(missing))
            for stream in missing:
                self._histories.setdefault(stream, None)

    def history(self, stream: str) -> History | None:
        """Return the history of a stream, or None if nothing was recorded there."""
        self._note(stream)
        self.fetch([stream])
        return self._histories[stream]

    def commitment(self, commitment_id: str) -> Made | None:
        """Return a commitment that has taken effect, or None."""
        self._note(f"commitment/{commitment_id}")
        if commitment_id not in self._made:
            record = self.history(f"commitment/{commitment_id}")
            view = commitment(record, self.as_of)
            self._made[commitment_id] = Made(view, record) if view is not None and record is not None else None
        return self._made[commitment_id]

    def instrument(self, instrument_id: str) -> Instrument | None:
        """Return an instrument as it was registered and acted on, or None."""
        self._note(f"instrument/{instrument_id}")
        if instrument_id not in self._instruments:
            self._instruments[instrument_id] = instrument(self.history(f"instrument/{instrument_id}"), self.as_of)
        return self._instruments[instrument_id]

    def party(self, party_id: str) -> Party | None:
        """Return a party, or None."""
        return party(self.history(f"party/{party_id}"), self.as_of)

    def fetch_deliveries(self, commitments: Collection[str]) -> None:
        """Read the deliveries under `commitments` that are not here yet, at once."""
        missing = [one for one in commitments if one not in self._given]
        if not missing:
            return
        found: dict[str, list[Given]] = {one: [] for one in missing}
        for given in self.given(self.take(self.rows.of_commitments("delivery", missing))):
            if given.view.commitment in found:
                found[given.view.commitment].append(given)
        self._given.update({one: tuple(given) for one, given in found.items()})

    def deliveries(self, commitment_id: str) -> tuple[Given, ...]:
        """Return the deliveries recorded under a commitment, by their ids."""
        if self.used is not None:
            self.used.deliveries.add(commitment_id)
        self.fetch_deliveries([commitment_id])
        return self._given[commitment_id]

    def _note(self, stream: str) -> None:
        if self.used is not None:
            self.used.streams.add(stream)

    def given(self, histories: Iterable[History]) -> list[Given]:
        """Return the deliveries that these histories tell of as of the day."""
        views = ((delivery(record, self.as_of), record) for record in histories)
        return [Given(view, record) for view, record in views if view is not None]


def explained(history: History, events: Iterable[str]) -> frozenset[str]:
    """Return `events` with what they rest on in the same stream: the consents given to them, their corrections."""
    wanted = set(events)
    effective = (act.event for act in history.acts if act.standing == "effective")
    supports = [event for event in effective if event.type in SUPPORTS]
    grown = True
    while grown:
        grown = False
        for event in supports:
            if getattr(event, "act", None) in wanted and event.id not in wanted:
                wanted.add(event.id)
                grown = True
    return frozenset(wanted)
