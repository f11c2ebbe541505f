"""Observations: what a third party's table says about a party, and whether that party has said that it is right."""

from dataclasses import dataclass, replace
from datetime import date

from ledger.events.observations import ObservationAdopted, ObservationRecorded
from ledger.rules.history import History, effective, kept


@dataclass(frozen=True, slots=True)
class Observation:
    """A claim as of a date. Never a figure of the party that it is about, until that party adopted it.

    `replaced_by` is the observation by which its observer has replaced it: a later reading of the same claim.
    """

    id: str
    recorded: ObservationRecorded
    recorded_on: date
    adopted_in: str | None = None
    adopted_by: str | None = None
    commitment: str | None = None
    replaced_by: str | None = None
    replaced_in: str | None = None


@kept
def observation(record: History | None, as_of: date | None = None) -> Observation | None:
    """Fold the acts of an observation stream; None where no claim counts."""
    found: Observation | None = None
    for item in effective(record, as_of):
        match item.event:
            case ObservationRecorded() as event if found is None:
                # What replaces a claim stands in both streams; here the claim itself comes first.
                found = _own(record, event, item.on)
            case ObservationRecorded() as event if found is not None:
                found = replace(found, replaced_by=event.observation, replaced_in=event.id)
            case ObservationAdopted() as event if found is not None:
                found = replace(found, adopted_in=event.id, adopted_by=event.party, commitment=event.commitment)
            case _:
                pass
    return found


def _own(record: History | None, event: ObservationRecorded, on: date) -> Observation | None:
    assert record is not None
    is_own = record.stream == f"observation/{event.observation}"
    return Observation(event.observation, event, on) if is_own else None
