"""What observers say about parties, claim by claim: shown beside the parties' own figures and never among them.

An adopted claim stays an observation. Whoever adopts it signs that it is right; what it owes is in its commitments.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from msgspec import Struct

from ledger.events.observations import ClaimedQuantity, ClaimedSum, Flag, Heading
from ledger.events.values import Evidence, Source, When
from ledger.rules.history import History
from ledger.rules.observations import Observation, observation
from projections.answers import Moment
from projections.reading import Known, explained
from projections.timeline import timeline


class ObservationShown(Struct, frozen=True, kw_only=True):
    """One claim of an observer about `about`, as its source states it. `party_id`: the party of this ledger that it is.

    Null is what the source does not say. `replaced_by` is a later reading of the same claim; `adopted_by` the party
    that signed that the claim is right, and `commitment` the one of its own that it says it is.
    """

    observation: str
    observer: str
    recorded_on: date
    about: str
    party_id: str | None
    claim: str
    level: str
    release: str
    activity: str | None
    line: int | None
    category: str
    heading: Heading | None
    sum: ClaimedSum | None
    sum_eur: str | None
    quantity: ClaimedQuantity | None
    announced: When | None
    official_source: bool | None
    flags: tuple[Flag, ...]
    text: str | None
    source: Source
    row: int
    evidence: tuple[Evidence, ...]
    replaces: str | None
    replaced_by: str | None
    adopted_by: str | None
    commitment: str | None
    events: tuple[str, ...]


class ObservationPage(ObservationShown, frozen=True, kw_only=True):
    """One claim of an observer, with every act on it in the order of the log."""

    timeline: tuple[Moment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationFilter:
    """Which claims. None: whatever it is. `replaced`: also those of which there is a later reading."""

    party: str | None = None
    about: str | None = None
    observer: str | None = None
    release: str | None = None
    claim: str | None = None
    level: str | None = None
    category: str | None = None
    flag: str | None = None
    adopted: bool | None = None
    replaced: bool = False

    def takes(self, view: Observation) -> bool:
        """Tell whether a claim is wanted."""
        event = view.recorded
        exact = (
            (self.party, event.party_id),
            (self.about, event.about),
            (self.observer, event.party),
            (self.release, event.release),
            (self.claim, event.claim),
            (self.level, event.level),
            (self.category, event.category),
            (self.adopted, view.adopted_by is not None),
        )
        return (
            all(wanted is None or wanted == found for wanted, found in exact)
            and (self.flag is None or any(one.flag == self.flag for one in event.flags))
            and (self.replaced or view.replaced_by is None)
        )


@dataclass(frozen=True, slots=True)
class Observed:
    """A claim as of the day, and its history."""

    view: Observation
    history: History


def observed(known: Known, histories: Iterable[History], wanted: ObservationFilter) -> Iterator[Observed]:
    """Yield the claims of these histories that are wanted, as of the day."""
    for history in histories:
        view = observation(history, known.as_of)
        if view is not None and wanted.takes(view):
            yield Observed(view, history)


def observation_shown(found: Observed) -> ObservationShown:
    """Return a claim as lists show it."""
    return ObservationShown(**_members(found))


def observation_page(known: Known, found: Observed) -> ObservationPage:
    """Return the page of a claim."""
    return ObservationPage(**_members(found), timeline=timeline(found.history, known.as_of))


_OF_THE_EVENT = (
    *("about", "party_id", "claim", "level", "release", "activity", "line", "heading", "sum", "sum_eur"),
    *("quantity", "announced", "official_source", "flags", "text", "source", "row", "evidence", "replaces"),
)


def _members(found: Observed) -> dict[str, Any]:
    view, event = found.view, found.view.recorded
    behind = [event.id, *(one for one in (view.adopted_in, view.replaced_in) if one is not None)]
    return {
        **{name: getattr(event, name) for name in _OF_THE_EVENT},
        "observation": view.id,
        "observer": event.party,
        "recorded_on": view.recorded_on,
        "category": event.category.value,
        "replaced_by": view.replaced_by,
        "adopted_by": view.adopted_by,
        "commitment": view.commitment,
        "events": tuple(sorted(explained(found.history, behind))),
    }
