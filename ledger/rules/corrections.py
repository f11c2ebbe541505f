"""Corrections: an act of one's own is read with another value in one field, if the result could have been admitted.

Nothing is edited. A correction of a correction is followed back to the act that both are about.
"""

from dataclasses import dataclass
from typing import Final

from ledger.events.authorities import ActConfirmed, ActRepudiated
from ledger.events.commitments import CommitmentAmended, CommitmentMade
from ledger.events.consents import ConsentEvent
from ledger.events.corrections import ActCorrected
from ledger.events.header import Event
from ledger.events.openings import LedgerOpened
from ledger.events.refusals import Refusal, Refused, Rejected
from ledger.rules.commitment_acts import consent_to
from ledger.rules.compact import Compact, Recorded, opened
from ledger.rules.history import Act, corrected, field_of

NOT_CORRECTABLE: Final = frozenset(
    {"type", "version", "ledger", "id", "party", "authority", "sequence", "previous", "issued_at"}
    | {"subject", "instrument", "commitment", "delivery", "into", "absorbed", "predecessor"}
    | {"principal", "recovery", "keys", "granted", "revoked", "act", "reservation"}
)
"""Whose act it is and what it is about: another such value would be another act."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction comes to: the act that it is about in the end, as read before and after."""

    root: Act
    stream: str
    before: Event
    after: Event


def correction(compact: Compact, event: ActCorrected) -> Correction | Refused:
    """Return what `event` comes to, or the refusal."""
    stream = compact.locate(event.act)
    state = compact.get(stream) if stream is not None else None
    target = state.history.act(event.act) if isinstance(state, Recorded) else None
    if target is None or stream is None or not isinstance(state, Recorded):
        return Refused(Refusal.REFERENCE_UNKNOWN, "an act of this ledger that can be corrected", event.act)
    if target.event.party != event.party:
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"{target.event.party}, whose act it is", event.party)
    if target.standing != "effective":
        return Refused(Refusal.WRONG_STATE, "an act that has taken effect", target.standing)
    if (refused := _check_field(target.event, event)) is not None:
        return refused
    standing = [one.event for one in state.history.acts if one.standing == "effective"]
    corrections = [one for one in standing if isinstance(one, ActCorrected)]
    root = target
    while isinstance(root.event, ActCorrected):
        found = state.history.act(root.event.act)
        assert found is not None
        root = found
    try:
        read = corrected(target.event, corrections)
        before = corrected(root.event, corrections)
        after = corrected(root.event, [*corrections, event])
    except Rejected as rejected:
        return Refused(Refusal.FIELD_NOT_CORRECTABLE, rejected.refused.expected, rejected.refused.got)
    if field_of(read, event.field) != event.old:
        return Refused(Refusal.OLD_VALUE_DIFFERS, f"{field_of(read, event.field)!r} as old", repr(event.old)[:80])
    return Correction(root, stream, before, after)


def _check_field(target: Event, event: ActCorrected) -> Refused | None:
    first = event.field.split("/")[1]
    if isinstance(target, ActCorrected):
        allowed = first in ("new", "reason", "note", "evidence")
    elif isinstance(target, ConsentEvent | ActConfirmed | ActRepudiated | LedgerOpened):
        allowed = first in ("note", "evidence", "reason")
    else:
        allowed = first not in NOT_CORRECTABLE
    if not allowed:
        return Refused(Refusal.FIELD_NOT_CORRECTABLE, "a field that says how, not whose or what", event.field)
    return None


def asked_again(compact: Compact, found: Correction, checked: tuple[str, ...]) -> tuple[str, ...]:
    """Return who has to agree to a correction: who agreed to the act, and who would have to agree to the new one."""
    ledger = opened(compact)
    assert ledger is not None
    asked = [*found.root.asked, *checked]
    match found.before, found.after:
        case ((CommitmentMade() | CommitmentAmended() as before), (CommitmentMade() | CommitmentAmended() as after)):
            asked += consent_to(before.terms, after.terms, ledger.beneficiary)
        case _:
            pass
    return tuple(party for party in dict.fromkeys(asked) if party != found.before.party)
