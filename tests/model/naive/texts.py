"""Instruments: who has signed, for whom a text has effect, since when and until when, and who has suspended it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.model.naive.calendar import A_DAY, months_later
from tests.model.naive.docket import Counted, Reading, day_of

NOTICE_MONTHS = 12
"""Where the text says nothing else (VCLT Art. 56)."""


@dataclass
class Spell:
    """How one party stands to a text from its signature on, until it leaves. `leaves`: the first day without it."""

    signed: date | None = None
    ratified: date | None = None
    applied: date | None = None
    leaves: date | None = None
    suspended: list[tuple[date, date | None]] = field(default_factory=list)

    def is_suspended(self, day: date) -> bool:
        return any(since <= day and (until is None or day < until) for since, until in self.suspended)


@dataclass
class Text:
    """An instrument as of a day. `spells`: of each party, the last one that of today."""

    profile: dict[str, Any]
    parties: list[str]
    spells: dict[str, list[Spell]]
    reservations: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    in_force_on: date | None = None
    ended: tuple[date, str] | None = None
    until: date | None = None

    def spell(self, party: str, made_on: date | None = None) -> Spell:
        """Return how a party stands; towards what it promised on a day, how it stood then: nothing is revived."""
        every = self.spells.get(party, [Spell()])
        then = [one for one in every[:-1] if one.leaves is not None and made_on is not None and made_on < one.leaves]
        return then[0] if then else every[-1]

    @property
    def signatories(self) -> list[str]:
        return [party for party in self.parties if self.spell(party).signed is not None]

    def bound_from(self, spell: Spell) -> date | None:
        """Return the first day on which the text has effect for a party that stands to it so."""
        match self.profile["effect"]:
            case "on_signature" | "not_stated":
                return spell.signed
            case "on_ratification":
                starts = [spell.applied] if spell.applied is not None else []
                if self.in_force_on is not None and spell.ratified is not None:
                    starts.append(max(self.in_force_on, spell.ratified))
                return min(starts, default=None)
            case _:
                pass
        return None

    def over_from(self, spell: Spell, category: str | None) -> tuple[date, str] | None:
        """Return the first day on which a text that had effect for a party has none any more, and what ended it.

        What is of a category may survive an accession. Without one it is asked of the text itself.
        """
        ends = []
        if spell.leaves is not None:
            ends.append((spell.leaves, "withdrawal"))
        if self.ended is not None and (category is None or not self.survives(category)):
            ends.append((self.ended[0], "termination"))
        term = self._term_over(spell)
        if term is not None:
            ends.append((term, "term"))
        return min(ends, key=lambda one: one[0], default=None)

    def _term_over(self, spell: Spell) -> date | None:
        """Return the first day after the term: as extended, as stated, or so many years after the text took effect."""
        term = self.profile.get("term") or {}
        begins = self.bound_from(spell)
        if self.until is not None:
            return self.until + A_DAY
        if self.profile.get("renewal") == "tacit":
            return None
        if term.get("until"):
            return day_of(term["until"]) + A_DAY
        if term.get("years") and begins is not None:
            return months_later(begins, 12 * int(term["years"]))
        return None

    def survives(self, category: str) -> bool:
        """Return whether what is of a category outlives the accession that ended the text."""
        if self.ended is None or self.ended[1] != "accession":
            return False
        how = self.profile.get("accession_ends", "not_stated")
        if how == "nothing":
            return True
        return how != "whole" and category in self.profile.get("survives_accession", [])


def text(reading: Reading, instrument: str, as_of: date | None = None) -> Text | None:
    """Return an instrument as it was registered and acted on until a day, or None."""
    asked = ("text", instrument, as_of)
    if asked not in reading.answered:
        reading.answered[asked] = _text(reading, instrument, as_of)
    found: Text | None = reading.answered[asked]
    return found


def _text(reading: Reading, instrument: str, as_of: date | None) -> Text | None:
    found: Text | None = None
    for act in reading.counted(f"instrument/{instrument}", as_of):
        if act.type == "instrument.registered":
            parties = list(act.get("parties", []))
            found = Text(act["profile"], parties, {party: [Spell()] for party in parties})
        elif found is not None:
            _change(found, act)
            _enters(found)
    return found


def _change(found: Text, act: Counted) -> None:
    party = act.get("in_place_of") or act.party
    spell = found.spell(party)
    match act.type:
        case "instrument.signed" if spell.leaves is not None:
            found.spells[party].append(Spell(signed=act.on))
        case "instrument.signed":
            spell.signed = act.on
        case "instrument.ratified":
            spell.ratified = act.on
        case "instrument.applied_provisionally":
            spell.applied = act.on
        case "instrument.reserved":
            found.reservations[act.act.id] = (party, list(act.get("commitments", [])))
        case "instrument.withdrawal_notified":
            notice = found.profile.get("withdrawal_notice_months")
            months = NOTICE_MONTHS if notice is None else notice
            # Receipt by the ledger is what a notice runs from.
            spell.leaves = months_later(act.act.recorded_at.date(), months)
        case "instrument.withdrawal_revoked":
            spell.leaves = None
        case "instrument.suspended":
            spell.suspended.append((act.on, None))
        case "instrument.resumed" if spell.suspended:
            since, _ = spell.suspended.pop()
            spell.suspended.append((since, act.on))
        case "instrument.extended":
            found.until = day_of(act["until"])
        case "instrument.amended":
            found.profile = act["profile"]
        case "instrument.terminated":
            found.ended = (act.on, act["reason"])
        case _:
            pass


def _enters(found: Text) -> None:
    """A text that needs ratification is in force once all who have signed it, two at least, have ratified."""
    ratified = [found.spell(one).ratified for one in found.signatories]
    days = [day for day in ratified if day is not None]
    if found.in_force_on is None and len(ratified) >= 2 and len(days) == len(ratified):
        found.in_force_on = max(days)
