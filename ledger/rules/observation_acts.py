"""Decides the acts on observations: an observer records a claim, and only the party it is about can adopt it."""

from ledger.events.currencies import exponent
from ledger.events.observations import ObservationAdopted, ObservationRecorded
from ledger.events.parties import Role
from ledger.events.refusals import Refusal, Refused
from ledger.rules.commitments import commitment
from ledger.rules.compact import Compact, history
from ledger.rules.observations import observation
from ledger.rules.parties import may_act, party_of
from ledger.rules.precedence import first_of


def check_observed(compact: Compact, event: ObservationRecorded) -> Refused | tuple[str, ...]:
    """Decide a claim of an observer. Returns nobody to ask, or the refusal."""
    known = party_of(compact, event.party)
    if known is None or Role.OBSERVER not in known.roles:
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"a party with the role {Role.OBSERVER}", event.party)
    unknown = exists = code = None
    replaced = _check_replaced(compact, event)
    if event.party_id is not None and party_of(compact, event.party_id) is None:
        unknown = Refused(Refusal.REFERENCE_UNKNOWN, "an admitted party", event.party_id)
    record = history(compact, "observation", event.observation)
    if record is not None and record.acts:
        exists = Refused(Refusal.ALREADY_EXISTS, "a new observation id: ids are not reused", event.observation)
    if event.sum is not None and exponent(event.sum.currency) is None:
        # A source may state an old figure in a currency that is retired by now; it must only have existed.
        code = Refused(Refusal.CODE_UNKNOWN, "a currency that there is or was", event.sum.currency)
    return first_of(unknown, exists, code, replaced) or ()


def _check_replaced(compact: Compact, event: ObservationRecorded) -> Refused | None:
    """A newer reading of a claim takes the place of the observer's own, once; a claim stays what it is a claim of."""
    if event.replaces is None:
        return None
    found = observation(history(compact, "observation", event.replaces))
    if found is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "an observation that was recorded", event.replaces)
    if found.recorded.party != event.party:
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"{found.recorded.party}, whose observation it is", event.party)
    if found.replaced_by not in (None, event.observation):
        return Refused(Refusal.ALREADY_EXISTS, f"the newest reading, {found.replaced_by}", event.replaces)
    if _subject(found.recorded) != _subject(event):
        return Refused(Refusal.WRONG_STATE, f"a claim of {_subject(found.recorded)}", f"{_subject(event)}")
    return None


def _subject(event: ObservationRecorded) -> str:
    return f"{event.release}, {event.activity} line {event.line}, {event.level} {event.claim}"


def check_adopted(compact: Compact, event: ObservationAdopted) -> Refused | tuple[str, ...]:
    """Decide the adoption of a claim. Returns nobody to ask, or the refusal."""
    found = observation(history(compact, "observation", event.observation))
    if found is None:
        return Refused(Refusal.REFERENCE_UNKNOWN, "an observation that was recorded", event.observation)
    about = found.recorded.party_id
    if about is None or not may_act(compact, event.party, (about,)):
        expected = f"{about}, which it is about" if about is not None else "nobody: it names no party of this ledger"
        return Refused(Refusal.SIGNER_NOT_ENTITLED, expected, event.party)
    exists = stale = None
    if found.replaced_by is not None:
        stale = Refused(Refusal.WRONG_STATE, f"its newest reading, {found.replaced_by}", event.observation)
    if found.adopted_in is not None:
        exists = Refused(Refusal.ALREADY_EXISTS, "one adoption", f"adopted in {found.adopted_in}")
    return first_of(_check_commitment(compact, event), exists, stale) or ()


def _check_commitment(compact: Compact, event: ObservationAdopted) -> Refused | None:
    if event.commitment is None:
        return None
    known = commitment(history(compact, "commitment", event.commitment))
    if known is not None and event.party in {one.party for one in known.terms.obligors}:
        return None
    return Refused(Refusal.REFERENCE_UNKNOWN, f"a commitment in effect of {event.party}", event.commitment)
