"""A ledger in memory that reads like the rule a test proves: given acts that were admitted, when one more is submitted.

Signatures, bytes and decisions are the real ones; the test sets the clock. `admit` and `refuse` say what is expected,
and a refused act must leave no trace: neither in the state nor in the chain of the office that signed it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from ledger.client.draft import Draft, payload_of
from ledger.events.refusals import Refusal, Refused
from ledger.events.stages import Admitted, Verified
from ledger.rules.commitments import Commitment, commitment
from ledger.rules.compact import Authority, Recorded, authority, encode_state, history
from ledger.rules.crises import Consultation, consultation
from ledger.rules.decide import decide, keys_of
from ledger.rules.deliveries import Delivery, delivery
from ledger.rules.forced import next_due
from ledger.rules.history import Act
from ledger.rules.instruments import Instrument, instrument
from ledger.rules.measures import Measure, measure
from ledger.rules.memory import MemoryCompact
from ledger.rules.parties import Party, party
from ledger.signing.dsse import parse
from ledger.signing.signer import sign_payload
from ledger.signing.verify import verify
from tests.acts import GUARANTORS, ORIGIN, Founding, Office, founding, new_id, principal

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PACT = "pact"
Fields = dict[str, Any]


def day(first: str, last: str | None = None, precision: str = "interval") -> Fields:
    """Return one day, or the days from `first` until `last`."""
    return {"first": first, "last": last or first, "precision": "day" if last is None else precision}


def once(first: str, last: str | None = None) -> Fields:
    return {"kind": "once", "due": day(first, last)}


def yearly(first: int, until: int | None = None) -> Fields:
    """Return calendar years from `first` on, without end or until the end of a year."""
    start: Fields = {"first": f"{first}-01-01", "last": f"{first}-12-31", "precision": "year"}
    schedule: Fields = {"kind": "recurrence", "every": "year", "first": start}
    return schedule if until is None else {**schedule, "until": f"{until}-12-31"}


def tranches(*parts: tuple[str, str]) -> Fields:
    """Return dated parts, each (day, amount)."""
    return {"kind": "tranches", "tranches": [{"due": day(due), "amount": amount} for due, amount in parts]}


def money(amount: str, currency: str = "GBP") -> Fields:
    return {"kind": "money", "amount": amount, "currency": currency}


def goods(quantity: str, unit: str = "howitzer") -> Fields:
    return {"kind": "goods", "quantity": quantity, "unit": unit}


def terms(promised: Fields | None = None, *obligors: str, **changed: object) -> Fields:
    """Return sound terms: 100 pounds by the end of 2027 by gb, in equal shares, unless told otherwise."""
    parties = obligors or ("gb",)
    return {
        "category": "artillery",
        "phase": "preventive",
        "legal_character": "legally_binding",
        "bound": "exact",
        "object": promised or money("100.00"),
        "schedule": once("2027-01-01", "2027-12-31"),
        "obligors": [{"party": one, "share": f"1/{len(parties)}"} for one in parties],
        "counts_from": "handed_over",
        **changed,
    }


@dataclass
class World:
    """A founded ledger: ua is the beneficiary; gb, de and fr are guarantors."""

    founded: Founding = field(default_factory=founding)
    compact: MemoryCompact = field(default_factory=MemoryCompact)
    now: datetime = NOW
    size: int = 0
    order: list[str] = field(default_factory=list)
    entered: list[tuple[bytes, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desks: dict[str, Office] = {"depositary": self.founded.depositary, **self.founded.offices}
        for raw in self.founded.raws:
            assert isinstance(self.submit(raw), Admitted)

    def at(self, day_or_instant: str) -> "World":
        """Set the ledger's clock: a day (noon UTC) or an instant."""
        text = day_or_instant if "T" in day_or_instant else f"{day_or_instant}T12:00:00+00:00"
        self.now = datetime.fromisoformat(text)
        return self

    def verified(self, raw: bytes) -> Verified:
        envelope = parse(raw)
        return verify(envelope, keys_of(self.compact, envelope.event), ledger=ORIGIN)

    def submit(self, raw: bytes) -> Admitted | Refused:
        """Decide a signed envelope, and record it if it is admitted, with what the rules force by it."""
        outcome = self.alone(raw)
        while isinstance(outcome, Admitted) and (due := next_due(self.compact)) is not None:
            assert isinstance(self.alone(sign_payload(due.payload, [self.founded.service])), Admitted)
        return outcome

    def alone(self, raw: bytes) -> Admitted | Refused:
        """Decide a signed envelope, and record it if it is admitted, without anything that is forced by it."""
        outcome = decide(self.compact, self.verified(raw), self.now)
        if isinstance(outcome, Admitted):
            self.size += 1
            self.compact.apply(outcome, self.size, self.now)
            self.order.append(outcome.verified.event.id)
            self.entered.append((raw, self.now))
        return outcome

    def payload(self, desk: str, event_type: str, fields: Mapping[str, object], **place: Any) -> bytes:
        """Return the payload of an office's next act; `place` overrides its place in the chain or its time."""
        office = self.desks[desk]
        placed: Fields = {"sequence": office.sequence + 1, "previous": office.previous, "issued_at": self.now} | place
        draft = Draft(event_type, office.party, office.authority, fields)
        return payload_of(draft, ledger=ORIGIN, event_id=new_id(), **placed)

    def admit(self, desk: str, event_type: str, /, **fields: object) -> str:
        """Have an office sign its next act and the ledger admit it. Returns the event's id."""
        payload, office = self.payload(desk, event_type, fields), self.desks[desk]
        outcome = self.submit(sign_payload(payload, office.signers))
        assert isinstance(outcome, Admitted), outcome
        office.sequence += 1
        office.previous = sha256(payload).hexdigest()
        return outcome.verified.event.id

    def refuse(self, desk: str, event_type: str, /, **fields: object) -> Refusal:
        """Have an office sign its next act and the ledger refuse it, without a trace. Returns the code."""
        return self.refused(sign_payload(self.payload(desk, event_type, fields), self.desks[desk].signers)).refusal

    def refused(self, raw: bytes) -> Refused:
        """Have the ledger refuse an envelope, without a trace."""
        before = self.written()
        outcome = self.submit(raw)
        assert isinstance(outcome, Refused), f"admitted, pending on {outcome.pending_on}"
        assert self.written() == before
        assert outcome.expected
        assert outcome.got
        return outcome

    def written(self) -> dict[str, bytes]:
        """Return the stored form of every stream."""
        return {stream: encode_state(state) for stream, state in self.compact.changes.items()}

    def act(self, event_id: str) -> Act:
        """Return an act as its stream holds it."""
        state = self.compact.get(self.compact.locate(event_id) or "")
        assert isinstance(state, Recorded)
        found = state.history.act(event_id)
        assert found is not None
        return found

    def standing(self, event_id: str) -> str:
        return self.act(event_id).standing

    def pending_on(self, event_id: str) -> tuple[str, ...]:
        """Return the parties whose consent an act still needs."""
        act = self.act(event_id)
        return tuple(one for one in act.asked if one not in act.consented) if act.standing == "pending" else ()

    def commitment(self, commitment_id: str, as_of: str | None = None) -> Commitment:
        found = self.commitment_or_none(commitment_id, as_of)
        assert found is not None
        return found

    def commitment_or_none(self, commitment_id: str, as_of: str | None = None) -> Commitment | None:
        return commitment(history(self.compact, "commitment", commitment_id), _day(as_of))

    def amount(self, commitment_id: str) -> str:
        """Return the figure in force of a commitment of money or goods."""
        promised = self.commitment(commitment_id).terms.object
        return str(getattr(promised, "amount", getattr(promised, "quantity", None)))

    def delivery(self, delivery_id: str, as_of: str | None = None) -> Delivery:
        found = delivery(history(self.compact, "delivery", delivery_id), _day(as_of))
        assert found is not None
        return found

    def instrument(self, instrument_id: str = PACT, as_of: str | None = None) -> Instrument:
        found = instrument(history(self.compact, "instrument", instrument_id), _day(as_of))
        assert found is not None
        return found

    def party(self, party_id: str, as_of: str | None = None) -> Party:
        found = party(history(self.compact, "party", party_id), _day(as_of))
        assert found is not None
        return found

    def authority(self, authority_id: str) -> Authority:
        found = authority(self.compact, authority_id)
        assert found is not None
        return found

    def measure(self, measure_id: str = "m-1", at: str | None = None) -> Measure:
        """Return a measure at an instant, by default the ledger's own time."""
        found = measure(history(self.compact, "measure", measure_id), self.instant(at))
        assert found is not None
        return found

    def consultation(self, consultation_id: str, at: str | None = None) -> Consultation:
        """Return a consultation at an instant, by default the ledger's own time."""
        found = consultation(history(self.compact, "consultation", consultation_id), self.instant(at))
        assert found is not None
        return found

    def instant(self, text: str | None) -> datetime:
        return datetime.fromisoformat(text) if text is not None else self.now

    def adopts(self, measure_id: str = "m-1", /, **fields: Any) -> str:
        """Have gb adopt a measure of two parts, oil and banks, that snaps back at once, unless told otherwise."""
        text: Fields = {
            "programme": "GB-RUS",
            "title": {"en": "Restrictive measures"},
            "types": ["import_restriction", "financial_restriction"],
            "targets": ["the aggressor"],
            "legal_act": "Regulation 1",
            "default_rule": {"kind": "snapback"},
            "parts": [{"part": "oil", "what": {"en": "crude oil"}}, {"part": "banks", "what": {"en": "two banks"}}],
        }
        return self.admit(fields.pop("desk", "gb"), "measure.adopted", measure=measure_id, **{**text, **fields})

    def attacked(self, crisis_id: str = "attack", /, **fields: Any) -> tuple[str, ...]:
        """Have ua notify an armed attack. Returns the ids of the notification and of what it forced, in order."""
        before = len(self.order)
        text: Fields = {"crisis": crisis_id, "kind": "armed_attack", "description": {"en": "An attack"}}
        self.admit("ua", "aggression.notified", **{**text, **fields})
        return tuple(self.order[before:])

    def registers(self, instrument_id: str = PACT, /, **fields: Any) -> str:
        """Have the depositary register an instrument of ua and the guarantors that takes effect on signature."""
        text: Fields = {
            "title": {"en": "A pact"},
            "kind": "treaty",
            "legal_character": "legally_binding",
            "profile": {"effect": "on_signature"},
            "parties": ["ua", *GUARANTORS],
        }
        return self.admit("depositary", "instrument.registered", instrument=instrument_id, **{**text, **fields})

    def commits(self, commitment_id: str = "c-1", agreed: Fields | None = None, /, **fields: Any) -> str:
        """Have the first obligor make a commitment, and the other obligors consent."""
        made = terms() if agreed is None else agreed
        first, *others = [one["party"] for one in made["obligors"]]
        text: Fields = {"instrument": PACT, "title": {"en": commitment_id}, "terms": made}
        event_id = self.admit(first, "commitment.made", commitment=commitment_id, **{**text, **fields})
        for other in others:
            self.admit(other, "consent.given", act=event_id)
        return event_id

    def delivers(self, delivery_id: str = "d-1", commitment_id: str = "c-1", /, **fields: Any) -> str:
        """Have gb hand over 10 pounds under a commitment."""
        done: Fields = {
            "milestone": "handed_over",
            "lines": [{"line": 1, "object": money("10.00")}],
            "occurred": day("2026-05-01"),
            "commitment": commitment_id,
        }
        desk = fields.pop("desk", "gb")
        return self.admit(desk, "delivery.recorded", delivery=delivery_id, **{**done, **fields})

    def grants(self, desk: str, office: str, /, scope: Fields | None = None, **fields: Any) -> Office:
        """Have an office grant another of its party a mandate (delegated, for everything, unless told otherwise)."""
        self.desks[f"{self.desks[desk].party}/{office}"] = granted = self.office(desk, office)
        mandate: Fields = {"standing": "delegated", "office": "minister", "basis": "full_powers"}
        mandate |= {"scope": scope or {"events": ["*"]}, "valid_from": "2026-01-01T00:00:00Z"}
        self.admit(desk, "authority.granted", granted=granted.authority, keys=granted.keys, **{**mandate, **fields})
        return granted

    def office(self, desk: str, name: str) -> Office:
        """Return an office of the same party that nobody has registered."""
        office = principal(self.desks[desk].party)
        office.authority = f"{office.party}/{name}"
        return office


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None


def signed_world(**profile: object) -> World:
    """Return a world in which ua and the guarantors have signed one pact."""
    world = World()
    world.registers(profile={"effect": "on_signature", **profile})
    for desk in ("ua", *GUARANTORS):
        world.admit(desk, "instrument.signed", instrument=PACT, occurred=day("2026-02-01"))
    return world
