"""Consent: a pending act has no effect until each party that is asked has agreed, and is checked once more then."""

from ledger.events.consents import ConsentGiven, ConsentRefused, ConsentWithdrawn
from ledger.events.refusals import Refusal, Refused
from ledger.rules.compact import Compact, Recorded
from ledger.rules.history import Act

ConsentAct = ConsentGiven | ConsentRefused | ConsentWithdrawn


def pending_act(compact: Compact, event: ConsentAct) -> Act | Refused:
    """Return the act that waits for the word of `event.party`, or why it does not."""
    stream = compact.locate(event.act)
    state = compact.get(stream) if stream is not None else None
    act = state.history.act(event.act) if isinstance(state, Recorded) else None
    if act is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "an act of this ledger that can wait for consent", event.act)
    if act.standing != "pending":
        return Refused(Refusal.NOT_PENDING, "a pending act", act.standing)
    if event.party not in act.asked:
        return Refused(Refusal.CONSENT_NOT_ASKED, f"one of {', '.join(act.asked)}", event.party)
    has_agreed = event.party in act.consented
    if isinstance(event, ConsentWithdrawn) and not has_agreed:
        return Refused(Refusal.CONSENT_NOT_ASKED, f"a consent that {event.party} gave", "none")
    if isinstance(event, ConsentGiven) and has_agreed:
        return Refused(Refusal.CONSENT_ALREADY_SAID, f"one consent of {event.party}", "a second")
    return act


def completes(act: Act, event: ConsentAct) -> bool:
    """Return whether nobody is left to ask after `event`."""
    return isinstance(event, ConsentGiven) and set(act.asked) <= {*act.consented, event.party}
