"""Corrections: an act of one's own is read with another value in one field, if the result could have been admitted.

Nothing is edited. A correction of a correction is followed back to the act that both are about.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import msgspec

from ledger.events.authorities import ActConfirmed, ActRepudiated
from ledger.events.canonical import SHOWN_CHARACTERS_MAX, canonical_bytes
from ledger.events.commitments import (
    CommitmentAmended,
    CommitmentConverted,
    CommitmentMade,
    CommitmentMerged,
    CommitmentResolved,
    CommitmentWaived,
)
from ledger.events.consents import ConsentEvent
from ledger.events.corrections import ActCorrected, ActDisclosed
from ledger.events.deliveries import DeliveryAcknowledged, DisputeSettled
from ledger.events.header import Event
from ledger.events.instruments import InstrumentRegistered, InstrumentTerminated
from ledger.events.openings import LedgerOpened
from ledger.events.refusals import Refusal, Refused, Rejected
from ledger.rules.commitment_acts import consent_to
from ledger.rules.commitments import commitment
from ledger.rules.compact import Compact, Recorded, history, opened
from ledger.rules.deliveries import NOTHING, delivery
from ledger.rules.forced import ForcedEvent
from ledger.rules.history import Act, History, Reading, field_of, read_with, readings_of, root_of, with_field
from ledger.rules.instruments import instrument
from ledger.rules.parties import acting_for, may_act

NOT_CORRECTABLE: Final = frozenset(
    {"type", "version", "ledger", "id", "party", "authority", "sequence", "previous", "issued_at"}
    | {"subject", "instrument", "commitment", "delivery", "into", "absorbed", "predecessor"}
    | {"requirement", "measure", "crisis", "consultation", "series", "on", "observation", "replaces", "reinstatement"}
    | {"default_rule", "parts"}
    | {"principal", "recovery", "keys", "granted", "revoked", "act", "reservation", "in_place_of"}
)
"""Whose act it is and what it is about: another such value would be another act."""


REMARKS: Final = ("note", "evidence", "reason")
"""What is said beside an act. No rule reads it, so correcting it asks nothing but whose act it is."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction comes to: the act that it is about in the end, as read before and after.

    `differs`: the old value is not what stands there. `is_remark`: only what is said beside the act changes.
    """

    root: Act
    stream: str
    before: Event
    after: Event
    differs: Refused | None
    is_remark: bool


def correction(compact: Compact, event: ActCorrected) -> Correction | Refused:
    """Return what `event` comes to, or the refusal."""
    stream = compact.locate(event.act)
    state = compact.get(stream) if stream is not None else None
    target = state.history.act(event.act) if isinstance(state, Recorded) else None
    if target is None or stream is None or not isinstance(state, Recorded):
        return Refused(Refusal.REFERENCE_UNKNOWN, "an act of this ledger that can be corrected", event.act)
    if not may_act(compact, event.party, (target.event.party,)):
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"{target.event.party}, whose act it is", event.party)
    if target.standing != "effective":
        return Refused(Refusal.WRONG_STATE, "an act that has taken effect", target.standing)
    if (refused := _check_field(target.event, event)) is not None:
        return refused
    readings = readings_of(state.history)
    root = target if not isinstance(target.event, ActCorrected) else root_of(state.history, target.event)
    assert root is not None
    read = read_with(target.event, readings)
    try:
        field = _applied(state.history, readings, event)
    except Rejected as rejected:
        return Refused(Refusal.FIELD_NOT_CORRECTABLE, rejected.refused.expected, rejected.refused.got)
    old, differs = field_of(read, event.field), None
    if old != event.old:
        differs = Refused(Refusal.OLD_VALUE_DIFFERS, f"{old!r} as old"[:SHOWN_CHARACTERS_MAX], repr(event.old)[:80])
    before, after = read_with(root.event, readings), read_with(root.event, [*readings, event])
    # Why a text was terminated is no remark: accession leaves some of it standing.
    is_remark = field.split("/")[1] in REMARKS and not isinstance(root.event, InstrumentTerminated)
    return Correction(root, stream, before, after, differs, is_remark)


def _applied(record: History, readings: list[Reading], event: ActCorrected) -> str:
    """Apply a correction to its act, and that to what it corrects. Returns the field that changes in the end.

    Raises Rejected where a result is no event of its type.
    """
    field, step = event.field, event
    while (target := record.act(step.act)) is not None:
        changed = with_field(read_with(target.event, readings), step.field, step.new)
        if not isinstance(changed, ActCorrected):
            break
        field = field if not field.startswith("/new") else changed.field
        step = changed
    return field


def _check_field(target: Event, event: ActCorrected) -> Refused | None:
    first = event.field.split("/")[1]
    if isinstance(target, ActCorrected):
        allowed = first in ("new", *REMARKS)
    elif isinstance(target, ConsentEvent | ActConfirmed | ActRepudiated | ActDisclosed | LedgerOpened):
        allowed = first in REMARKS
    elif isinstance(target, ForcedEvent):
        # It follows from what was recorded, whatever anybody says of it later.
        allowed = False
    elif isinstance(target, CommitmentConverted | CommitmentMerged):
        # What came of it has terms of its own by now, which are amended.
        allowed = first in REMARKS
    else:
        allowed = first not in NOT_CORRECTABLE
    if not allowed:
        return Refused(Refusal.FIELD_NOT_CORRECTABLE, "a field that says how, not whose or what", event.field)
    return None


def check_result(compact: Compact, found: Correction, event: ActCorrected) -> Refused | None:
    """Return why what was said later does not go with the corrected act: no more is acknowledged than was claimed."""
    if not isinstance(found.after, DeliveryAcknowledged | DisputeSettled) or found.is_remark:
        return None
    state = compact.get(found.stream)
    assert isinstance(state, Recorded)
    acts = tuple(act for act in state.history.acts if act.event.id != event.id)
    payload = msgspec.Raw(canonical_bytes(msgspec.to_builtins(event)))
    last = max(act.position for act in acts) + 1
    own = msgspec.structs.replace(found.root, position=last, effective_at=last, payload=payload)
    view = delivery(msgspec.structs.replace(state.history, acts=(*acts, own)))
    if view is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "a delivery that was not repudiated since", found.after.delivery)
    for line, amount in view.acknowledged.items():
        claimed = view.claimed.get(line, NOTHING)
        if amount > claimed:
            return Refused(Refusal.ABOVE_CLAIMED, f"at most {claimed} of line {line} in all", str(amount))
    return None


def asked_again(compact: Compact, found: Correction, checked: tuple[str, ...], signer: str) -> tuple[str, ...]:
    """Return who has to agree to a correction: who agreed to the act, and who would have to agree to the new one.

    Whoever signs the correction has agreed, for itself and for whom it succeeded.
    """
    ledger = opened(compact)
    assert ledger is not None
    asked = [*found.root.asked, *checked]
    match found.before, found.after:
        case _ if found.is_remark:
            pass
        case ((CommitmentMade() | CommitmentAmended() as before), (CommitmentMade() | CommitmentAmended() as after)):
            asked += consent_to(before.terms, after.terms, ledger.beneficiary)
        case CommitmentResolved() as before, CommitmentResolved() as after:
            asked += [ledger.beneficiary] if _is_less(before, after) else []
        case CommitmentWaived() as before, CommitmentWaived() as after:
            # A release that was given is not taken back by whoever gave it.
            asked += _obligors(compact, before.commitment) if _releases_less(before, after) else ()
        case InstrumentRegistered() as before, InstrumentRegistered():
            # The text is that of those who signed it (VCLT Art. 79).
            text = instrument(history(compact, "instrument", before.instrument))
            asked += [one.party for one in text.adherences if one.signed_on is not None] if text is not None else []
        case _:
            pass
    agreed = acting_for(compact, signer)
    return tuple(party for party in dict.fromkeys(asked) if party not in agreed)


def _is_less(before: CommitmentResolved, after: CommitmentResolved) -> bool:
    is_same = (before.period, before.currency) == (after.period, after.currency)
    return not is_same or Decimal(after.amount) < Decimal(before.amount)


def _releases_less(before: CommitmentWaived, after: CommitmentWaived) -> bool:
    if after.amount is None:
        return False
    return before.amount is None or Decimal(after.amount) < Decimal(before.amount)


def _obligors(compact: Compact, commitment_id: str) -> tuple[str, ...]:
    found = commitment(history(compact, "commitment", commitment_id))
    return found.obligors if found is not None else ()
