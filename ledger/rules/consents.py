"""Consent: a pending act has no effect until each party that is asked has agreed, and is checked once more then.

Who proposed it may take it back by withdrawing its own agreement, as long as it is pending.
"""

import msgspec

from ledger.events.consents import ConsentGiven, ConsentRefused, ConsentWithdrawn
from ledger.events.refusals import Refusal, Refused
from ledger.rules.compact import Compact, Recorded
from ledger.rules.history import Act, History
from ledger.rules.parties import acting_for

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
    if isinstance(event, ConsentGiven) and act.contested:
        return Refused(Refusal.WRONG_STATE, "a proposal that its own party does not contest", "contested")
    if isinstance(event, ConsentWithdrawn) and event.party == act.event.party:
        return act
    speaks_for = spoken_for(compact, event.party, act.asked)
    if not speaks_for:
        return Refused(Refusal.CONSENT_NOT_ASKED, f"one of {', '.join(act.asked)}", event.party)
    has_agreed = set(speaks_for) <= set(act.consented)
    if isinstance(event, ConsentWithdrawn) and not has_agreed:
        return Refused(Refusal.CONSENT_NOT_ASKED, f"a consent that {event.party} gave", "none")
    if isinstance(event, ConsentGiven) and has_agreed:
        return Refused(Refusal.CONSENT_ALREADY_SAID, f"one consent of {event.party}", "a second")
    return act


def spoken_for(compact: Compact, party: str, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of `asked` for whom a word of `party` counts: itself, and whomever it succeeded."""
    acts_for = acting_for(compact, party)
    return tuple(one for one in asked if one in acts_for)


def completes(compact: Compact, act: Act, event: ConsentAct) -> bool:
    """Return whether nobody is left to ask after `event`."""
    agreed = {*act.consented, *spoken_for(compact, event.party, act.asked)}
    return isinstance(event, ConsentGiven) and set(act.asked) <= agreed


def recounted(compact: Compact, history: History, target: Act) -> Act:
    """Return `target` as the words on it that still count leave it: refused, in effect, or waiting again.

    A withdrawal of consent takes it back even where the withdrawal was repudiated: agreeing is said anew. A proposal
    whose withdrawal was repudiated waits again: that takes nothing from anybody.
    """
    agreed: set[str] = set()
    is_refused = False
    for act in history.acts:
        word = act.event
        if not isinstance(word, ConsentAct) or word.act != target.event.id:
            continue
        speaks_for = spoken_for(compact, word.party, target.asked)
        match word:
            case ConsentWithdrawn():
                agreed -= set(speaks_for)
                is_refused = is_refused or (word.party == target.event.party and act.standing == "effective")
            case ConsentGiven() if act.standing == "effective":
                agreed |= set(speaks_for)
            case ConsentRefused() if act.standing == "effective":
                is_refused = True
            case ConsentGiven() | ConsentRefused():
                pass
    consented = tuple(party for party in target.consented if party in agreed)
    if is_refused:
        return msgspec.structs.replace(target, consented=consented, standing="refused")
    if set(target.asked) <= set(consented) and target.effective_at is not None:
        return msgspec.structs.replace(target, consented=consented, standing="effective")
    return msgspec.structs.replace(
        target, consented=consented, standing="pending", effective_at=None, effective_since=None
    )
