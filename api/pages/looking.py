"""What a page may look at: the read models as of the visit's day and tree size, and what things are called.

Everything is read from one snapshot, so the figures of one page agree with each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from api.pages.languages import alphabetical
from api.pages.visits import Visit
from api.service import Service
from ledger.events.values import Texts
from ledger.log.note import KeyKind, parse_vkey
from ledger.rules.compact import LEDGER, Opened, Recorded
from ledger.rules.crises import crisis
from ledger.rules.measures import measure
from projections.folding import ActRow
from projections.reading import Known
from projections.stored_rows import StoredRows

Content = dict[str, Any]
"""What a template is given beside what every page has."""

LANGUAGE_LAST_RESORT = "en"


@dataclass(frozen=True)
class Said:
    """A text that a party wrote, and the language that it is in."""

    text: str
    language: str


@dataclass
class Looking:
    """One visit's view of the ledger. Used by one thread for one page."""

    service: Service
    visit: Visit
    rows: StoredRows
    known: Known
    _acts: dict[str, ActRow | None] = field(default_factory=dict)

    @property
    def log_vkey(self) -> str:
        """The Ed25519 key of the log that is in force, which every reader of signed notes understands."""
        ledger = self.rows.states([LEDGER]).get(LEDGER)
        keys = ledger.log_keys if isinstance(ledger, Opened) else self.service.log_vkeys
        return next(text for text in keys if parse_vkey(text).kind is KeyKind.ED25519)

    @cached_property
    def parties(self) -> Mapping[str, str]:
        """The names of all parties on the day, in the language of the page, by id."""
        language, on = self.visit.language, self.visit.as_of
        histories = self.known.take(self.rows.of_kind("party"))
        ids = (one.stream.partition("/")[2] for one in histories)
        views = (view for one in ids if (view := self.known.party(one)) is not None)
        return {view.id: view.name(language, on) for view in views}

    def name(self, party: str) -> str:
        """Return the name of a party; its id if it is not known."""
        return self.parties.get(party, party)

    def names(self, parties: Iterable[str]) -> list[str]:
        """Return parties by their ids, in the alphabetical order of their names."""
        return sorted(parties, key=lambda one: alphabetical(self.name(one)))

    def said(self, texts: Mapping[str, str]) -> Said | None:
        """Return a text in the language of the page, else in English, else in whatever it was given."""
        for language in (self.visit.language, LANGUAGE_LAST_RESORT, *sorted(texts)):
            if language in texts:
                return Said(texts[language], language)
        return None

    def instrument_title(self, instrument: str) -> Said:
        """Return the title of an instrument; its id if it is not known."""
        text = self.known.instrument(instrument)
        return self.titled(instrument, text.title if text is not None else {})

    def commitment_title(self, commitment: str) -> Said:
        """Return the title of a commitment; its id if it is not known."""
        made = self.known.commitment(commitment)
        return self.titled(commitment, made.view.title if made is not None else self._proposed_title(commitment))

    def measure_title(self, measure_id: str) -> Said:
        """Return the title of a measure of sanctions; its id if it is not known."""
        found = measure(self.known.history(f"measure/{measure_id}"), self.known.instant)
        return self.titled(measure_id, found.adopted.title if found is not None else {})

    def crisis_title(self, crisis_id: str) -> Said:
        """Return how the beneficiary describes a crisis; its id if it is not known."""
        found = crisis(self.known.history(f"crisis/{crisis_id}"))
        return self.titled(crisis_id, found.notified.description if found is not None else {})

    def _proposed_title(self, commitment: str) -> Texts:
        history = self.known.history(f"commitment/{commitment}")
        events = (act.event for act in history.acts) if history is not None else iter(())
        return next((title for event in events if (title := getattr(event, "title", None))), {})

    def titled(self, entity: str, texts: Mapping[str, str]) -> Said:
        """Return a title in the language of the page, or else the id of what has none."""
        return self.said(texts) or Said(entity, LANGUAGE_LAST_RESORT)

    def fetch_instruments(self, instruments: Iterable[str]) -> None:
        """Read the instruments whose titles will be asked for, at once."""
        self.known.fetch(f"instrument/{one}" for one in instruments)

    def acts(self, events: Iterable[str]) -> list[ActRow]:
        """Return acts in the order of the log. Read once: whoever needs many asks for all of them first."""
        wanted = dict.fromkeys(events)
        missing = [one for one in wanted if one not in self._acts]
        if missing:
            found = self.rows.acts_of(missing)
            self._acts.update({one: found.get(one) for one in missing})
        return sorted((row for one in wanted if (row := self._acts[one]) is not None), key=lambda row: row.position)

    def crisis_of(self, notification: str) -> str | None:
        """Return the crisis that an act notified."""
        return next((row.stream.partition("/")[2] for row in self.acts([notification])), None)

    def standing(self, stream: str, event_id: str) -> Content | None:
        """Return how an act stands at this tree size; None for streams whose acts all took effect when recorded."""
        state = self.rows.states([stream]).get(stream)
        act = state.history.act(event_id) if isinstance(state, Recorded) else None
        if act is None:
            return None
        waiting = [party for party in act.asked if party not in act.consented] if act.standing == "pending" else []
        return {"state": act.standing, "contested": act.contested, "waiting": waiting, "consented": act.consented}
