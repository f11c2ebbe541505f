"""Decides the acts in a crisis: the beneficiary notifies, each guarantor answers for itself and waits for nobody.

A closed consultation still takes what a guarantor decides: no act of another party keeps a decision out of the record.
"""

from datetime import datetime
from typing import assert_never

from ledger.events.crises import (
    AggressionNotified,
    ConsultationClosed,
    ConsultationConvened,
    ConsultationJoined,
    ConsultationMerged,
    DecisionDeclined,
    DecisionTaken,
)
from ledger.events.refusals import Refusal, Refused
from ledger.rules.commitments import commitment
from ledger.rules.compact import Compact, history
from ledger.rules.crises import Consultation, consultation, stated_instant
from ledger.rules.parties import may_act
from ledger.rules.precedence import first_of
from ledger.rules.requirement_acts import check_beneficiary
from ledger.rules.standing import CLOCK_SKEW

ConsultationAct = (
    ConsultationConvened
    | ConsultationJoined
    | DecisionTaken
    | DecisionDeclined
    | ConsultationMerged
    | ConsultationClosed
)
"""What a party can do in an open consultation."""


def check_notification(compact: Compact, event: AggressionNotified) -> Refused | tuple[str, ...]:
    """Decide a notification of aggression. Returns nobody to ask, or the refusal."""
    record = history(compact, "crisis", event.crisis)
    exists = None
    if record is not None and record.acts:
        exists = Refused(Refusal.ALREADY_EXISTS, "a new crisis id: ids are not reused", event.crisis)
    return first_of(check_beneficiary(compact, event.party), exists) or ()


def check_consultation(compact: Compact, event: ConsultationAct, recorded_at: datetime) -> Refused | tuple[str, ...]:
    """Decide an act in a consultation. Returns nobody to ask, or the refusal."""
    # All that is recorded counts, also what a guarantor's clock, a little ahead, has stated for a moment from now.
    found = consultation(history(compact, "consultation", event.consultation), recorded_at + CLOCK_SKEW)
    if found is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a consultation that was opened", event.consultation)
    return first_of(_check_signer(compact, found, event), _check_step(compact, found, event)) or ()


def _check_signer(compact: Compact, found: Consultation, event: ConsultationAct) -> Refused | None:
    if isinstance(event, ConsultationMerged | ConsultationClosed):
        return check_beneficiary(compact, event.party)
    if may_act(compact, event.party, found.opened.guarantors):
        return None
    expected = f"a guarantor that {found.opened.instrument} binds: {', '.join(found.opened.guarantors)}"
    return Refused(Refusal.SIGNER_NOT_ENTITLED, expected, event.party)


def _check_step(compact: Compact, found: Consultation, event: ConsultationAct) -> Refused | None:
    answer = found.answer(event.party)
    match event:
        case ConsultationConvened():
            convened = any(one.party == event.party for one in found.convenings)
            return first_of(_once(convened, "one convening by a guarantor", event.party), _check_open(found))
        case ConsultationJoined():
            joined = answer.joined_at is not None
            return first_of(
                _check_since(found, event),
                _once(joined, "a guarantor that has not joined", event.party),
                _check_open(found),
            )
        case DecisionTaken():
            return first_of(_check_since(found, event), _check_commitments(compact, event))
        case DecisionDeclined():
            once = _once(answer.standing == "declined", "a guarantor that has not declined", event.party)
            decided = None
            if answer.standing == "decided":
                decided = Refused(Refusal.WRONG_STATE, "a guarantor that has decided nothing", answer.standing)
            return first_of(_check_since(found, event), once, decided)
        case ConsultationMerged():
            return _check_merger(compact, found, event)
        case ConsultationClosed():
            return _check_open(found)
    assert_never(event)


def _check_since(found: Consultation, event: ConsultationAct) -> Refused | None:
    """An answer is to this crisis, so it cannot be older; a meeting that was under way may be held as the convening."""
    stated = stated_instant(event)
    if stated is None or stated >= found.opened.t0:
        return None
    expected = f"an instant from {found.opened.t0.isoformat()}, when the clock begins"
    return Refused(Refusal.DATES_DISORDERED, expected, stated.isoformat())


def _once(done: bool, expected: str, party: str) -> Refused | None:
    return Refused(Refusal.ALREADY_EXISTS, expected, f"{party} did before") if done else None


def _check_open(found: Consultation) -> Refused | None:
    if found.closed_at is None:
        return None
    return Refused(Refusal.ALREADY_ENDED, f"{found.id} not closed", f"closed at {found.closed_at.isoformat()}")


def _check_commitments(compact: Compact, event: DecisionTaken) -> Refused | None:
    for one in event.commitments:
        known = commitment(history(compact, "commitment", one))
        if known is None or not may_act(compact, event.party, known.obligors):
            return Refused(Refusal.REFERENCE_UNKNOWN, f"commitments in effect of {event.party}", one)
    return None


def _check_merger(compact: Compact, found: Consultation, event: ConsultationMerged) -> Refused | None:
    into = consultation(history(compact, "consultation", event.into), found.at)
    if into is None or into.id == found.id:
        return Refused(Refusal.REFERENCE_UNKNOWN, "another consultation that was opened", event.into)
    merged = None
    if found.merged_into is not None:
        merged = Refused(Refusal.ALREADY_EXISTS, "a consultation that is not merged", f"into {found.merged_into}")
    elsewhere = None
    if into.merged_into is not None:
        elsewhere = Refused(Refusal.WRONG_STATE, "a consultation that is not merged itself", f"into {into.merged_into}")
    return first_of(merged, elsewhere, _check_open(found), _check_open(into))
