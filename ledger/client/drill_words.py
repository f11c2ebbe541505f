"""What an act of a drill does, in a few words."""

from ledger.events.commitments import CommitmentMade
from ledger.events.crises import (
    AggressionNotified,
    ConsultationConvened,
    ConsultationJoined,
    DecisionDeclined,
    DecisionTaken,
)
from ledger.events.header import Event
from ledger.events.measures import MeasureActPublished, MeasureEased, MeasureSuspended
from ledger.events.terms import GoodsObject


def what_of(event: Event) -> str:
    """Return what an act does; of one that has no part in a drill, its type."""
    match event:
        case MeasureEased():
            return f"eases {', '.join(event.parts)} of {event.measure}"
        case MeasureSuspended():
            return f"suspends the whole of {event.measure}"
        case MeasureActPublished():
            return f"publishes the act that {event.measure} needed"
        case AggressionNotified():
            return f"notifies {event.kind.replace('_', ' ')} as {event.crisis}"
        case ConsultationConvened():
            return f"has convened {event.consultation}"
        case ConsultationJoined():
            return f"joins {event.consultation}"
        case CommitmentMade():
            return f"promises {_promised(event)} as {event.commitment}"
        case DecisionTaken():
            by = f", by {', '.join(event.commitments)}" if event.commitments else ""
            return f"decides {', '.join(event.decisions).replace('_', ' ')}{by}"
        case DecisionDeclined():
            return "declines to do more"
        case _:
            return event.type


def _promised(event: CommitmentMade) -> str:
    promised = event.terms.object
    return f"{promised.quantity} x {promised.unit}" if isinstance(promised, GoodsObject) else "something"
