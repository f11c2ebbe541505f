"""By what the state of a stream is found: the parties it concerns, its instrument, the commitment it is under.

Derived from the stream alone. A link may lead to more than counts in the end, such as an obligor of terms that were
never agreed: the answers decide what counts.
"""

from collections.abc import Iterator

from msgspec import Struct

from ledger.events.commitments import CommitmentConverted, CommitmentMade
from ledger.events.crises import ConsultationOpened
from ledger.events.deliveries import DeliveryEvent, DeliveryRecorded
from ledger.events.header import Event
from ledger.events.instruments import InstrumentRegistered
from ledger.events.observations import ObservationRecorded
from ledger.events.parties import PartyAdmitted, PartyRenamed, PartyRolesChanged, PartySucceeded
from ledger.rules.compact import Authority, Index, Opened, State
from ledger.rules.history import History, effective, kept
from ledger.rules.standing import terms_of


class Links(Struct, frozen=True):
    """`parties` are sorted, each once. `commitment`: what a delivery is under, or what a commitment is a part of."""

    parties: tuple[str, ...] = ()
    instrument: str | None = None
    commitment: str | None = None


def links_of(state: State) -> Links:
    """Return by what the state is found."""
    if isinstance(state, Opened):
        return Links(_each_once((state.depositary, state.beneficiary)))
    if isinstance(state, Authority):
        return Links((state.party,))
    if isinstance(state, Index):
        return Links()
    history = state.history
    kind, _, entity = history.stream.partition("/")
    match kind:
        case "party":
            return Links((entity,))
        case "instrument":
            return Links(_each_once(_named(history)), instrument=entity)
        case "commitment":
            return _commitment_links(history)
        case "delivery":
            return _delivery_links(history)
        case "consultation":
            return _consultation_links(history)
        case "requirement" | "measure" | "crisis" | "rates" | "observation":
            return Links(_each_once(_named(history)))
        case _:
            raise AssertionError(f"no links for {history.stream}")


@kept
def _commitment_links(history: History) -> Links:
    # Kept, because each delivery under a commitment asks for its instrument.
    entity = history.stream.partition("/")[2]
    events = _read(history)
    first = next((event for event in events if _makes(event, entity)), None)
    part_of = next((terms.part_of for event in reversed(events) if (terms := terms_of(event)) is not None), None)
    return Links(
        _each_once(_named(history)),
        instrument=first.instrument if isinstance(first, CommitmentMade | CommitmentConverted) else None,
        commitment=part_of.commitment if part_of is not None else None,
    )


def _makes(event: Event, commitment: str) -> bool:
    match event:
        case CommitmentMade():
            return True
        case CommitmentConverted():
            return event.into == commitment
        case _:
            return False


def _delivery_links(history: History) -> Links:
    # What a delivery is under cannot be corrected, so the act as it was signed tells.
    recorded = next((act.event for act in history.acts if isinstance(act.event, DeliveryRecorded)), None)
    if recorded is None:
        return Links(_each_once(_named(history)))
    return Links((recorded.party,), commitment=recorded.commitment)


def _consultation_links(history: History) -> Links:
    opened = next((act.event for act in history.acts if isinstance(act.event, ConsultationOpened)), None)
    assert opened is not None
    return Links(_each_once(_named(history)), instrument=opened.instrument)


def _read(history: History) -> tuple[Event, ...]:
    """Return the effective acts as corrected; where none is effective yet, the acts as they were proposed."""
    counting = tuple(item.event for item in effective(history))
    return counting or tuple(act.event for act in history.acts)


def _named(history: History) -> Iterator[str]:
    for act in history.acts:
        yield act.event.party
        yield from parties_of(act.event)


def parties_of(event: Event) -> tuple[str, ...]:
    """Return the parties that an act names, beside the one that signs it."""
    if isinstance(event, DeliveryEvent):
        # Most acts, which would be compared with all that follows.
        return ()
    terms = terms_of(event)
    if terms is not None:
        return tuple(obligor.party for obligor in terms.obligors)
    match event:
        case PartyAdmitted() | PartyRenamed() | PartyRolesChanged():
            return (event.subject,)
        case PartySucceeded():
            return (event.predecessor,)
        case InstrumentRegistered():
            return event.parties
        case ConsultationOpened():
            return event.guarantors
        case ObservationRecorded():
            return (event.party_id,) if event.party_id is not None else ()
        case _:
            return ()


def _each_once(parties: Iterator[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(parties)))
