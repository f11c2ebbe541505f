"""Requirements: what the beneficiary needs of a capability, and by when, as it said last. A fold of one history."""

from dataclasses import dataclass, replace
from datetime import date

from ledger.events.requirements import RequirementMet, RequirementRevised, RequirementStated
from ledger.events.values import Category, Texts, When
from ledger.rules.history import Effective, History, effective, kept

RequirementAct = RequirementStated | RequirementRevised | RequirementMet


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement as of a date. `met_on` is the day on which the beneficiary said that it is met."""

    id: str
    party: str
    title: Texts
    category: Category
    quantity: str
    unit: str
    needed_by: When | None
    stated_on: date
    met_on: date | None = None
    events: tuple[str, ...] = ()


@kept
def requirement(record: History | None, as_of: date | None = None) -> Requirement | None:
    """Fold the acts of a requirement stream; None where no statement counts."""
    found: Requirement | None = None
    for item in effective(record, as_of):
        found = _evolve(found, item)
    return found


def _evolve(state: Requirement | None, item: Effective) -> Requirement | None:
    match item.event:
        case RequirementStated() as event:
            return Requirement(
                id=event.requirement,
                party=event.party,
                title=event.title,
                category=event.category,
                quantity=event.quantity,
                unit=event.unit,
                needed_by=event.needed_by,
                stated_on=item.on,
                events=(event.id,),
            )
        case RequirementRevised() as event if state is not None:
            events = (*state.events, event.id)
            return replace(state, quantity=event.quantity, needed_by=event.needed_by, events=events)
        case RequirementMet() as event if state is not None:
            return replace(state, met_on=item.on, events=(*state.events, event.id))
        case _:
            return state
