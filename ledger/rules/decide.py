"""Admit or refuse: on form only, never on substance. The only place that constructs Admitted.

Pure: the same state, act and time always give the same decision, so an auditor repeats every one of them.
"""

from collections.abc import Callable
from datetime import datetime
from typing import cast

import msgspec

from ledger.events.authorities import ActConfirmed, ActRepudiated, AuthorityGranted, AuthorityRevoked
from ledger.events.commitments import CommitmentEvent
from ledger.events.consents import ConsentGiven, ConsentRefused, ConsentWithdrawn
from ledger.events.corrections import ActCorrected, ActDisclosed
from ledger.events.crises import AggressionNotified, ConsultationEvent, ConsultationOpened
from ledger.events.deliveries import DeliveryEvent
from ledger.events.header import FIRST_PREVIOUS, Event
from ledger.events.instruments import InstrumentEvent, InstrumentRegistered
from ledger.events.keys import KeySet
from ledger.events.measures import MeasureEvent, MeasureReinstated
from ledger.events.observations import ObservationAdopted, ObservationRecorded
from ledger.events.openings import LedgerOpened, LogKeysAdopted, RulesAdopted
from ledger.events.parties import PartyAdmitted, PartyRenamed, PartyRolesChanged, PartySucceeded
from ledger.events.rates import RatesPublished
from ledger.events.refusals import Refusal, Refused
from ledger.events.registry import service_authority
from ledger.events.requirements import RequirementEvent
from ledger.events.stages import Admitted, Verified
from ledger.rules.authorities import check_authority
from ledger.rules.commitment_acts import CommitmentAct, check_commitment
from ledger.rules.compact import Authority, Compact, Opened, Recorded, State, authority, opened
from ledger.rules.consents import completes, pending_act
from ledger.rules.corrections import asked_again, check_result, correction
from ledger.rules.crisis_acts import ConsultationAct, check_consultation, check_notification
from ledger.rules.delivery_acts import DeliveryAct, check_delivery
from ledger.rules.disclosures import check_disclosure
from ledger.rules.forced import Due, next_due
from ledger.rules.history import Act
from ledger.rules.instrument_acts import check_instrument, check_registration
from ledger.rules.instruments import InstrumentAct
from ledger.rules.log_keys import check_keys_of_log, check_log_keys
from ledger.rules.mandates import check_mandate
from ledger.rules.measure_acts import check_measure
from ledger.rules.observation_acts import check_adopted, check_observed
from ledger.rules.parties import check_party
from ledger.rules.precedence import first_of
from ledger.rules.rate_acts import check_rates
from ledger.rules.requirement_acts import check_requirement
from ledger.rules.requirements import RequirementAct
from ledger.rules.standing import check_facts, check_standing

RULES_VERSION = 1
"""The newest rule set that this code decides by."""


def keys_of(compact: Compact, event: Event) -> Callable[[str], KeySet | None]:
    """Return where `ledger.signing.verify` finds keys: in the state, and for the opening in the opening itself."""

    def keys(authority_id: str) -> KeySet | None:
        known = authority(compact, authority_id)
        if known is not None:
            return known.keys
        if isinstance(event, LedgerOpened) and authority_id == event.root.authority and opened(compact) is None:
            return event.root.keys
        return None

    return keys


def decide(compact: Compact, verified: Verified, recorded_at: datetime) -> Admitted | Refused:
    """Return the act as admitted, with the parties whose consent it waits for, or the first reason against it."""
    event = verified.event
    due = next_due(compact)
    if due is not None:
        return _check_forced(due, verified, recorded_at) or Admitted(verified, ())
    ledger = opened(compact)
    if ledger is None or isinstance(event, LedgerOpened):
        outcome = _check_opening(ledger, event, recorded_at)
    else:
        signer = authority(compact, event.authority)
        if signer is None:
            return Refused(Refusal.AUTHORITY_UNKNOWN, "a registered authority", event.authority)
        decided = check_act(compact, signer, event, recorded_at)
        outcome = (
            first_of(
                check_standing(signer, event, recorded_at),
                check_mandate(compact, signer, event),
                decided if isinstance(decided, Refused) else None,
            )
            or decided
        )
    return outcome if isinstance(outcome, Refused) else Admitted(verified, outcome)


def _check_forced(due: Due, verified: Verified, recorded_at: datetime) -> Refused | None:
    """Nothing comes between an act and what it forces, and what it forces is the same to the byte for everybody."""
    expected = f"{due.act.type} of {due.act.subject}, which {due.act.cause} forces, at {due.recorded_at.isoformat()}"
    event = verified.event
    if event.type != due.act.type:
        return Refused(Refusal.WRONG_STATE, expected, event.type)
    if verified.envelope.payload != due.payload:
        return Refused(Refusal.WRONG_STATE, expected, f"another payload, SHA-256 {verified.envelope.payload_sha256}")
    if recorded_at != due.recorded_at:
        return Refused(Refusal.WRONG_STATE, expected, f"recorded at {recorded_at.isoformat()}")
    return None


def _check_opening(ledger: Opened | None, event: Event, recorded_at: datetime) -> Refused | tuple[str, ...]:
    if not isinstance(event, LedgerOpened):
        return Refused(Refusal.LEDGER_NOT_OPENED, "ledger.opened as the first entry", event.type)
    if event.root.authority != event.authority or not event.authority.startswith(f"{event.party}/"):
        return Refused(Refusal.AUTHORITY_NOT_OF_PARTY, f"the root authority of {event.party!r}", event.authority)
    if event.sequence != 1:
        return Refused(Refusal.SEQUENCE_MISMATCH, "sequence 1", str(event.sequence))
    if event.previous != FIRST_PREVIOUS:
        return Refused(Refusal.PREVIOUS_MISMATCH, f"previous {FIRST_PREVIOUS}", event.previous)
    refused = first_of(check_keys_of_log(event.log_keys, event.ledger), check_facts(event, recorded_at))
    if refused is not None:
        return refused
    if event.rules != RULES_VERSION:
        return Refused(Refusal.REFERENCE_UNKNOWN, f"rule set {RULES_VERSION}", str(event.rules))
    if ledger is not None or event.authority == service_authority(event.party):
        return Refused(Refusal.ALREADY_EXISTS, "one opening, by an authority of its own", event.authority)
    if event.beneficiary == event.party:
        return Refused(Refusal.WRONG_STATE, "a depositary that is not the beneficiary", event.beneficiary)
    return ()


def check_act(compact: Compact, signer: Authority, event: Event, recorded_at: datetime) -> Refused | tuple[str, ...]:
    """Decide an act of an authority in good standing, by the rules of its stream."""
    match event:
        # Most acts are on deliveries, and a case that does not match costs 0.07 us.
        case DeliveryEvent():
            return check_delivery(compact, cast("DeliveryAct", event))
        case RulesAdopted():
            return _check_rules(compact, event)
        case LogKeysAdopted():
            return check_log_keys(compact, event)
        case PartyAdmitted() | PartyRenamed() | PartyRolesChanged() | PartySucceeded():
            return check_party(compact, event)
        case AuthorityGranted() | AuthorityRevoked() | ActConfirmed() | ActRepudiated():
            return check_authority(compact, signer, event, recorded_at)
        case InstrumentRegistered():
            return check_registration(compact, event)
        case ConsentGiven() | ConsentRefused() | ConsentWithdrawn():
            return _check_consent(compact, signer, event, recorded_at)
        case ActCorrected():
            return _check_correction(compact, signer, event, recorded_at)
        case ActDisclosed():
            return check_disclosure(compact, event)
        case InstrumentEvent():
            assert isinstance(event, InstrumentAct)
            return check_instrument(compact, event, recorded_at)
        case CommitmentEvent():
            assert isinstance(event, CommitmentAct)
            return check_commitment(compact, event)
        case _:
            return _check_mechanism(compact, event, recorded_at)


def _check_mechanism(compact: Compact, event: Event, recorded_at: datetime) -> Refused | tuple[str, ...]:
    """Decide an act of the streams by which sanctions return and guarantors consult."""
    match event:
        case MeasureReinstated() | ConsultationOpened():
            return Refused(
                Refusal.SERVICE_KEY_ONLY, "an act that the rules force, made by the ledger itself", event.type
            )
        case RequirementEvent():
            assert isinstance(event, RequirementAct)
            return check_requirement(compact, event)
        case MeasureEvent():
            return check_measure(compact, event, recorded_at)
        case AggressionNotified():
            return check_notification(compact, event)
        case ConsultationEvent():
            assert isinstance(event, ConsultationAct)
            return check_consultation(compact, event, recorded_at)
        case RatesPublished():
            return check_rates(compact, event)
        case ObservationRecorded():
            return check_observed(compact, event)
        case ObservationAdopted():
            return check_adopted(compact, event)
        case _:
            raise AssertionError(f"no rule for {event.type}")


def _check_rules(compact: Compact, event: RulesAdopted) -> Refused | tuple[str, ...]:
    ledger = opened(compact)
    assert ledger is not None
    if event.party != ledger.depositary:
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"the depositary, {ledger.depositary}", event.party)
    if event.rules > RULES_VERSION:
        return Refused(Refusal.REFERENCE_UNKNOWN, f"a rule set up to {RULES_VERSION}", str(event.rules))
    if event.rules <= ledger.rules:
        return Refused(Refusal.ALREADY_EXISTS, f"a rule set after {ledger.rules}", str(event.rules))
    return ()


def _check_consent(
    compact: Compact,
    signer: Authority,
    event: ConsentGiven | ConsentRefused | ConsentWithdrawn,
    recorded_at: datetime,
) -> Refused | tuple[str, ...]:
    act = pending_act(compact, event)
    if isinstance(act, Refused) or not completes(compact, act, event):
        return act if isinstance(act, Refused) else ()
    # Much may have happened since it was proposed: it takes effect only if it could still be admitted now.
    stream = compact.locate(event.act)
    assert stream is not None
    said = _said_of(compact, stream, event.act)
    again = check_act(
        _Reading(compact, stream, lambda one: None if one.event.id in said else one), signer, act.event, recorded_at
    )
    if isinstance(again, Refused):
        return again
    unasked = [party for party in again if party not in act.asked]
    if unasked:
        # What was a proposal to some is by now one to others too, who were never asked.
        return Refused(Refusal.WRONG_STATE, f"an act that needs only {', '.join(act.asked)}", ", ".join(unasked))
    return ()


def _said_of(compact: Compact, stream: str, event_id: str) -> set[str]:
    """Return an act, and every act on it, and on those."""
    state = compact.get(stream)
    assert isinstance(state, Recorded)
    said = {event_id}
    for act in state.history.acts:
        if getattr(act.event, "act", None) in said:
            said.add(act.event.id)
    return said


def _check_correction(
    compact: Compact, signer: Authority, event: ActCorrected, recorded_at: datetime
) -> Refused | tuple[str, ...]:
    found = correction(compact, event)
    if isinstance(found, Refused):
        return found
    if found.is_remark:
        return found.differs or asked_again(compact, found, (), event.party)
    # As if the act had been made with the corrected value, on what its stream held before it.
    before = _Reading(compact, found.stream, lambda one: _held_before(found.root.position, one))
    checked = check_act(before, signer, found.after, recorded_at)
    refused = first_of(
        checked if isinstance(checked, Refused) else None,
        check_facts(found.after, recorded_at),
        check_result(compact, found, event),
        found.differs,
    )
    return refused or asked_again(compact, found, checked if not isinstance(checked, Refused) else (), event.party)


def _held_before(position: int, act: Act) -> Act | None:
    """Return an act as its stream held it before a position, where it did: what took effect later was waiting then."""
    if act.position >= position:
        return None
    if act.effective_at is not None and act.effective_at >= position:
        return msgspec.structs.replace(act, standing="pending", effective_at=None, effective_since=None)
    return act


class _Reading:
    """A Compact in which the acts of one stream are read differently; None: as if it had not been recorded."""

    def __init__(self, compact: Compact, stream: str, read: Callable[[Act], Act | None]) -> None:
        self._compact = compact
        self._stream = stream
        self._read = read

    def get(self, stream: str) -> State | None:
        state = self._compact.get(stream)
        if stream != self._stream or not isinstance(state, Recorded):
            return state
        acts = tuple(read for act in state.history.acts if (read := self._read(act)) is not None)
        return Recorded(history=msgspec.structs.replace(state.history, acts=acts))

    def locate(self, event_id: str) -> str | None:
        return self._compact.locate(event_id)

    def acts_since(self, authority: str, since: datetime) -> tuple[str, ...]:
        return self._compact.acts_since(authority, since)
