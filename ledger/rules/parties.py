"""Parties: dated names and codes, roles, succession. Ids are stable and never reused."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from ledger.events.openings import LedgerOpened
from ledger.events.parties import (
    DatedCode,
    DatedName,
    PartyAdmitted,
    PartyRenamed,
    PartyRolesChanged,
    PartySucceeded,
    Role,
)
from ledger.events.refusals import Refusal, Refused
from ledger.rules.compact import Compact, authority, history, opened
from ledger.rules.history import Effective, History, effective, kept

PartyAct = PartyAdmitted | PartyRenamed | PartyRolesChanged | PartySucceeded


@dataclass(frozen=True, slots=True)
class Party:
    """A party as of a date. `succeeded_by` and `predecessors` are party ids."""

    id: str
    kind: str
    names: tuple[DatedName, ...]
    codes: tuple[DatedCode, ...]
    roles: tuple[Role, ...]
    succeeded_by: str | None = None
    predecessors: tuple[str, ...] = ()

    def name(self, language: str, on: date) -> str:
        """Return the name in use on a day: in `language`, else in English, else the id."""
        for wanted in (language, "en"):
            used = [n for n in self.names if n.language == wanted and (n.since is None or n.since <= on)]
            if used:
                return max(used, key=lambda n: n.since or date.min).name
        return self.id


@kept
def party(record: History | None, as_of: date | None = None) -> Party | None:
    """Fold the acts of a party stream; None where there is none."""
    found: Party | None = None
    for item in effective(record, as_of):
        found = _evolve(record.stream.partition("/")[2] if record else "", found, item)
    return found


def _evolve(party_id: str, state: Party | None, item: Effective) -> Party | None:
    match item.event:
        case LedgerOpened() as event:
            names = tuple(DatedName(language, text) for language, text in event.name.items())
            return Party(party_id, "organisation", names, (), (Role.DEPOSITARY,))
        case PartyAdmitted() as event:
            return Party(party_id, event.kind, event.names, event.codes, event.roles)
        case PartyRenamed() as event if state is not None:
            return replace(state, names=state.names + event.names, codes=state.codes + event.codes)
        case PartyRolesChanged() as event if state is not None:
            return replace(state, roles=event.roles)
        case PartySucceeded() as event if state is not None:
            if event.party == party_id:
                return replace(state, predecessors=(*state.predecessors, event.predecessor))
            return replace(state, succeeded_by=event.party)
        case _:
            return state


def party_of(compact: Compact, party_id: str) -> Party | None:
    """Return the party as it now is, or None."""
    return party(history(compact, "party", party_id))


def acting_for(compact: Compact, party_id: str) -> tuple[str, ...]:
    """Return the parties in whose place `party_id` acts: itself, and whomever it succeeded, at any remove."""
    found = [party_id]
    for one in found:
        known = party_of(compact, one)
        found += [before for before in (known.predecessors if known is not None else ()) if before not in found]
    return tuple(found)


def successor_of(compact: Compact, party_id: str) -> str:
    """Return who acts in the place of a party now: its last successor, or itself."""
    known = party_of(compact, party_id)
    while known is not None and known.succeeded_by is not None:
        known = party_of(compact, known.succeeded_by)
    return known.id if known is not None else party_id


def may_act(compact: Compact, party_id: str, entitled: Collection[str]) -> bool:
    """Return whether `party_id` is one of `entitled`, or the successor of one."""
    return party_id in entitled or any(one in entitled for one in acting_for(compact, party_id))


def check_party(compact: Compact, event: PartyAct) -> Refused | tuple[str, ...]:
    """Decide an act of a party stream. Returns the parties to ask (none), or the refusal."""
    ledger = opened(compact)
    assert ledger is not None
    is_depositary = event.party == ledger.depositary
    match event:
        case PartyAdmitted():
            return _check_admission(compact, event, is_depositary) or ()
        case PartyRenamed():
            if not is_depositary and event.party != event.subject:
                return Refused(Refusal.SIGNER_NOT_ENTITLED, "the depositary or the party itself", event.party)
            if party_of(compact, event.subject) is None:
                return Refused(Refusal.REFERENCE_UNKNOWN, "an admitted party", event.subject)
            return _check_codes(event.codes) or ()
        case PartyRolesChanged():
            if not is_depositary:
                return Refused(Refusal.SIGNER_NOT_ENTITLED, "the depositary", event.party)
            if party_of(compact, event.subject) is None:
                return Refused(Refusal.REFERENCE_UNKNOWN, "an admitted party", event.subject)
            return ()
        case PartySucceeded():
            predecessor = party_of(compact, event.predecessor)
            if predecessor is None or event.predecessor == event.party:
                return Refused(Refusal.REFERENCE_UNKNOWN, "another admitted party", event.predecessor)
            if predecessor.succeeded_by is not None:
                return Refused(Refusal.ALREADY_ENDED, "a party without successor", f"{predecessor.succeeded_by}")
            if event.predecessor in acting_for(compact, event.party) or event.party in acting_for(
                compact, event.predecessor
            ):
                return Refused(Refusal.ALREADY_ENDED, "a successor that was not succeeded itself", event.party)
            # A succession takes over obligations of somebody else: the depositary confirms that it was notified.
            return (ledger.depositary,)
    assert_never(event)


def _check_admission(compact: Compact, event: PartyAdmitted, is_depositary: bool) -> Refused | None:
    grants = [grant.authority for grant in (event.principal, event.recovery) if grant is not None]
    foreign = next((one for one in grants if not one.startswith(f"{event.subject}/")), None)
    if foreign is not None:
        return Refused(Refusal.AUTHORITY_NOT_OF_PARTY, f"an authority of {event.subject!r}", foreign)
    if not is_depositary:
        return Refused(Refusal.SIGNER_NOT_ENTITLED, "the depositary", event.party)
    record = history(compact, "party", event.subject)
    if record is not None and record.acts:
        return Refused(Refusal.ALREADY_EXISTS, "a new party id: ids are not reused", event.subject)
    for one in grants:
        known = authority(compact, one)
        if known is not None and known.granted_in != event.id:
            return Refused(Refusal.ALREADY_EXISTS, "a new authority id", one)
    if len(set(grants)) != len(grants):
        return Refused(Refusal.ALREADY_EXISTS, "two different authority ids", grants[0])
    return _check_codes(event.codes)


def _check_codes(codes: tuple[DatedCode, ...]) -> Refused | None:
    for one in codes:
        if one.since is not None and one.until is not None and one.until < one.since:
            return Refused(Refusal.DATES_DISORDERED, f"{one.code} until a day from {one.since}", str(one.until))
    return None
