"""Openings: a confidential object is published, with the salt that proves it to be what was signed.

What was promised was fixed by its digest, so nobody is asked. Judged is what form demands of any such object: that its
codes were in use on the day of the act, and that envelopes still hold what is counted in them.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from ledger.events.commitments import CommitmentConverted, CommitmentEvent
from ledger.events.corrections import ActDisclosed, salted_sha256
from ledger.events.header import Event
from ledger.events.refusals import Refusal, Refused
from ledger.events.terms import Terms, UndisclosedObject
from ledger.rules.commitments import commitment
from ledger.rules.compact import Compact, Recorded, history
from ledger.rules.history import Act, History, dated, field_of, in_effect, opens, read_with, readings_of, with_field
from ledger.rules.instruments import instrument
from ledger.rules.parties import may_act
from ledger.rules.precedence import first_of
from ledger.rules.standing import terms_of
from ledger.rules.terms import Proposal, check_currencies, check_nesting, currencies_of

OBJECT: Final = "/terms/object"
"""The one place in an act that may hold a confidential value."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What an opening comes to: the act, as read before and with the value."""

    act: Act
    before: Event
    after: Event


def opening(compact: Compact, event: ActDisclosed) -> Opening | Refused:
    """Return what `event` opens, or why there is nothing to open. Whether it is what was sealed is not asked here."""
    stream = compact.locate(event.act)
    state = compact.get(stream) if stream is not None else None
    act = state.history.act(event.act) if isinstance(state, Recorded) else None
    if act is None or not isinstance(state, Recorded):
        return Refused(Refusal.REFERENCE_UNKNOWN, "an act of this ledger with terms", event.act)
    if not may_act(compact, event.party, (act.event.party,)):
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"{act.event.party}, whose act it is", event.party)
    before = read_with(act.event, readings_of(state.history))
    terms = terms_of(before)
    if terms is None or event.field != OBJECT or not _is_sealed(terms):
        return _nothing_sealed(state.history, event, terms)
    return Opening(act, before, with_field(before, OBJECT, msgspec.to_builtins(event.value)))


def _is_sealed(terms: Terms) -> bool:
    return isinstance(terms.object, UndisclosedObject) and terms.object.confidential is not None


def _nothing_sealed(record: History, event: ActDisclosed, terms: Terms | None) -> Refused:
    for act in in_effect(record):
        earlier = act.event
        if isinstance(earlier, ActDisclosed) and (earlier.act, earlier.field) == (event.act, event.field):
            return Refused(Refusal.ALREADY_EXISTS, "one opening", f"opened in {earlier.id}")
    if terms is None:
        got = "an act without terms"
    elif event.field != OBJECT:
        got = event.field
    else:
        got = f"{terms.object.__struct_config__.tag} without a digest"
    return Refused(Refusal.REFERENCE_UNKNOWN, f"a confidential value at {OBJECT}", got)


def check_disclosure(compact: Compact, event: ActDisclosed) -> Refused | tuple[str, ...]:
    """Decide an opening. Returns nobody to ask, or the refusal."""
    found = opening(compact, event)
    if isinstance(found, Refused):
        return found
    terms = terms_of(found.after)
    assert terms is not None
    pending = differs = None
    if found.act.standing != "effective":
        # Until then it has no effect; and what is asked of others is asked in the words that they were sent.
        pending = Refused(Refusal.WRONG_STATE, "an act that has taken effect", found.act.standing)
    if not opens(found.before, event):
        digest = salted_sha256(bytes.fromhex(event.salt), event.value)
        sealed = field_of(found.before, f"{OBJECT}/confidential/salted_sha256")
        differs = Refused(Refusal.DISCLOSURE_DIFFERS, f"salt and value of {sealed}", digest)
    return (
        first_of(
            check_currencies(currencies_of(event.value), _agreed_on(found.after)),
            _check_in_force(compact, found, terms),
            pending,
            differs,
        )
        or ()
    )


def _agreed_on(event: Event) -> date:
    if isinstance(event, CommitmentConverted) and event.agreed_on is not None:
        return event.agreed_on
    return dated(event)


def _check_in_force(compact: Compact, found: Opening, terms: Terms) -> Refused | None:
    """What is in force fits where it is counted. Of terms that were replaced nothing is counted any more."""
    event = found.after
    assert isinstance(event, CommitmentEvent)
    commitment_id = event.into if isinstance(event, CommitmentConverted) else event.commitment
    view = commitment(history(compact, "commitment", commitment_id))
    if view is None or view.state != "open" or view.versions[-1].event_id != event.id:
        return None
    under = instrument(history(compact, "instrument", view.instrument))
    assert under is not None
    return check_nesting(compact, Proposal(view.id, under, terms, view.versions[-1].since))
