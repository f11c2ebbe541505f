"""A ledger in memory whose parties act on chosen days: given events, then figures.

Every act is signed, decided by the rules and folded; `entries` are what a log would hold. Acts are recorded one second
apart, on the day that `today` says.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ledger.events.refusals import Refused
from ledger.log.entry import GENESIS_PREVIOUS, Entry, build_entry
from ledger.rules.decide import decide, keys_of
from ledger.rules.memory import MemoryCompact
from ledger.signing.dsse import parse
from ledger.signing.verify import verify
from projections.answers import Obligation
from projections.obligations import obligations_of
from projections.reading import Known
from projections.rows import MemoryRows
from tests.acts import Founding, Office, founding, new_id

START = datetime(2026, 2, 1, 9, tzinfo=UTC)
INSTRUMENT = "pact"
Fields = dict[str, Any]


def day(text: str, last: str | None = None, precision: str | None = None) -> Fields:
    """Return an interval of days: one day, or from `text` until `last`."""
    return {"first": text, "last": last or text, "precision": precision or ("day" if last is None else "interval")}


def once(first: str, last: str | None = None) -> Fields:
    return {"kind": "once", "due": day(first, last)}


def yearly(first: str, last: str, until: str | None = None) -> Fields:
    schedule: Fields = {"kind": "recurrence", "every": "year", "first": day(first, last, "year")}
    return schedule if until is None else {**schedule, "until": until}


def goods(quantity: str, unit: str = "tank") -> Fields:
    return {"kind": "goods", "quantity": quantity, "unit": unit}


def money(amount: str, currency: str = "EUR") -> Fields:
    return {"kind": "money", "amount": amount, "currency": currency}


def terms(promised: Fields, schedule: Fields, *obligors: str, **changed: object) -> Fields:
    """Return terms by which `obligors` (default: gb) share equally and exactly, unless `changed` says otherwise."""
    parties = obligors or ("gb",)
    return {
        "category": "artillery",
        "phase": "preventive",
        "legal_character": "legally_binding",
        "bound": "exact",
        "object": promised,
        "schedule": schedule,
        "obligors": [{"party": party, "share": f"1/{len(parties)}"} for party in parties],
        "counts_from": "handed_over",
        **changed,
    }


@dataclass
class World:
    """A founded ledger with one instrument that every party has signed, unless told otherwise."""

    founded: Founding = field(default_factory=founding)
    compact: MemoryCompact = field(default_factory=MemoryCompact)
    entries: list[Entry] = field(default_factory=list)
    today: datetime = START

    def __post_init__(self) -> None:
        for raw in self.founded.raws:
            self.submit(raw)

    def office(self, party: str) -> Office:
        return self.founded.depositary if party == self.founded.depositary.party else self.founded.offices[party]

    def submit(self, raw: bytes) -> Refused | None:
        """Record an envelope if the rules admit it."""
        envelope = parse(raw)
        verified = verify(envelope, keys_of(self.compact, envelope.event), ledger=self.founded.origin)
        self.today += timedelta(seconds=1)
        outcome = decide(self.compact, verified, self.today)
        if isinstance(outcome, Refused):
            return outcome
        previous = self.entries[-1].sha256 if self.entries else GENESIS_PREVIOUS
        entry = build_entry(len(self.entries) + 1, self.today, previous, raw)
        self.entries.append(entry)
        self.compact.apply(outcome, entry.position, entry.recorded_at)
        return None

    def act(self, party: str, event_type: str, **fields: object) -> str:
        """Have the party's principal do it; fail the test if the rules refuse. Returns the event's id."""
        event_id = new_id()
        refused = self.submit(self.office(party).act(event_type, event_id=event_id, **fields))
        assert refused is None, refused
        return event_id

    def registered(self, instrument: str = INSTRUMENT, *, signed: str | None = "2024-01-01", **profile: object) -> None:
        """Register an instrument of all parties, signed by all of them on a day."""
        self.act(
            "depositary",
            "instrument.registered",
            instrument=instrument,
            title={"en": "A pact"},
            kind="treaty",
            legal_character="legally_binding",
            profile={"effect": "on_signature", **profile},
            parties=list(self.founded.offices),
        )
        if signed is not None:
            for party in self.founded.offices:
                self.act(party, "instrument.signed", instrument=instrument, occurred=day(signed))

    def commits(self, commitment: str, agreed: Fields, *, on: str = "2024-01-10", instrument: str = INSTRUMENT) -> str:
        """Have the first obligor commit and the others consent."""
        first, *others = [one["party"] for one in agreed["obligors"]]
        made = self.act(
            first,
            "commitment.made",
            commitment=commitment,
            instrument=instrument,
            title={"en": commitment},
            terms=agreed,
            occurred=day(on),
        )
        for other in others:
            self.act(other, "consent.given", act=made, occurred=day(on))
        return made

    def delivers(self, delivery: str, commitment: str, amount: Fields, *, on: str = "2024-06-01", **fields: Any) -> str:
        """Have a party (default: gb) hand something over on a day."""
        return self.act(
            fields.pop("party", "gb"),
            "delivery.recorded",
            delivery=delivery,
            milestone=fields.pop("milestone", "handed_over"),
            lines=[{"line": 1, "object": amount}],
            commitment=commitment,
            occurred=fields.pop("occurred", day(on)),
            **fields,
        )

    def says(self, word: str, delivery: str, amount: str, *, on: str = "2024-07-01", **fields: object) -> str:
        """Have the beneficiary acknowledge or dispute an amount of the first line."""
        lines = [{"line": 1, "amount": amount}]
        return self.act("ua", f"delivery.{word}", delivery=delivery, lines=lines, occurred=day(on), **fields)

    def rows(self) -> MemoryRows:
        last = self.entries[-1]
        return MemoryRows(dict(self.compact.changes), last.position, last.recorded_at)

    def known(self, as_of: str) -> Known:
        return Known(self.rows(), date.fromisoformat(as_of))

    def owes(self, commitment: str, as_of: str, party: str = "gb") -> Obligation:
        """Return the one obligation of a party under a commitment."""
        found = [one for one in obligations_of(self.known(as_of), party) if one.commitment == commitment]
        assert len(found) == 1, found
        return found[0]


def figures(one: Obligation) -> dict[str, str | None]:
    """Return the amounts of an obligation that are not nothing."""
    names = [
        *("promised", "committed", "due", "delivered", "acknowledged", "disputed", "unanswered", "under_way", "open"),
        *("overdue", "overdue_in_suspension", "suspended", "lapsed", "released", "beyond_commitment"),
    ]
    amounts = {name: getattr(one, name) for name in names}
    return {name: found.amount for name, found in amounts.items() if found is not None and found.amount.strip("0.")}


def world(prepare: Callable[[World], None] = World.registered) -> World:
    """Return a world in which every party has signed one instrument."""
    made = World()
    prepare(made)
    return made
