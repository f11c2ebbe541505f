"""Authorities: mandates granted and revoked, and the acts that a revocation puts in doubt."""

from datetime import datetime
from decimal import Decimal
from typing import Final, assert_never

import msgspec
from dateutil.relativedelta import relativedelta

from ledger.events.authorities import ActConfirmed, ActRepudiated, AuthorityGranted, AuthorityRevoked, Scope
from ledger.events.header import Event
from ledger.events.openings import LedgerOpened
from ledger.events.parties import Grant
from ledger.events.refusals import Refusal, Refused
from ledger.rules.compact import Authority, Compact, Recorded, authority
from ledger.rules.parties import may_act
from ledger.rules.precedence import first_of
from ledger.rules.standing import covers

CONTESTED_MONTHS_MAX: Final = 12
"""How far back a revocation can put acts in doubt."""

UNLIMITED = Scope(events=("*",))

AuthorityAct = AuthorityGranted | AuthorityRevoked | ActConfirmed | ActRepudiated


def check_authority(
    compact: Compact, signer: Authority, event: AuthorityAct, recorded_at: datetime
) -> Refused | tuple[str, ...]:
    """Decide an act of an authority stream, or on a contested act. Returns nobody to ask, or the refusal."""
    match event:
        case AuthorityGranted():
            return _check_grant(compact, signer, event)
        case AuthorityRevoked():
            target = authority(compact, event.revoked)
            is_own = target is not None and may_act(compact, event.party, (target.party,))
            if target is None or not is_own or target.standing == "service":
                return Refused(Refusal.REFERENCE_UNKNOWN, f"an authority of {event.party!r}", event.revoked)
            return first_of(_check_revocation(signer, target), _check_contesting(event, recorded_at)) or ()
        case ActConfirmed() | ActRepudiated():
            return _check_contested(compact, event)
    assert_never(event)


def _check_grant(compact: Compact, signer: Authority, event: AuthorityGranted) -> Refused | tuple[str, ...]:
    if not event.granted.startswith(f"{event.party}/"):
        return Refused(Refusal.AUTHORITY_NOT_OF_PARTY, f"an authority of {event.party!r}", event.granted)
    if signer.standing == "recovery" and event.standing != "principal":
        return Refused(Refusal.SIGNER_NOT_ENTITLED, "standing 'principal' from the recovery authority", event.standing)
    if signer.standing != "recovery" and (beyond := _beyond(signer.scope, event.scope)) is not None:
        return Refused(Refusal.OUT_OF_SCOPE, "a mandate within that of whoever grants it", beyond)
    if authority(compact, event.granted) is not None:
        return Refused(Refusal.ALREADY_EXISTS, "a new authority id: ids are not reused", event.granted)
    return ()


def _check_revocation(signer: Authority, target: Authority) -> Refused | None:
    """A recovery authority is above the principal: only itself or an older one revokes it.

    So whoever steals a principal's keys cannot shut out the party that they belong to.
    """
    is_above = signer.standing == "recovery" and signer.granted_at <= target.granted_at
    if target.standing == "recovery" and not is_above:
        expected = f"{target.id} itself, or an older recovery authority"
        return Refused(Refusal.SIGNER_NOT_ENTITLED, expected, signer.id)
    if target.revoked_at is not None:
        return Refused(Refusal.ALREADY_ENDED, "an authority in force", f"revoked at position {target.revoked_at}")
    return None


def _check_contesting(event: AuthorityRevoked, recorded_at: datetime) -> Refused | None:
    """What stood in the open for so long, and was not put in doubt, has been acquiesced in (VCLT Art. 45)."""
    earliest = recorded_at - relativedelta(months=CONTESTED_MONTHS_MAX)
    if event.contested_since is None or event.contested_since >= earliest:
        return None
    expected = f"contested_since from {earliest.isoformat()}, {CONTESTED_MONTHS_MAX} months back"
    return Refused(Refusal.DATES_DISORDERED, expected, event.contested_since.isoformat())


def _beyond(own: Scope, given: Scope) -> str | None:
    """Return what of a scope that is given lies beyond one's own, None if nothing does."""
    for pattern in given.events:
        if not any(covers(one, pattern) for one in own.events):
            return pattern
    if own.categories is not None:
        beyond = set(given.categories or ()) - set(own.categories)
        if given.categories is None or beyond:
            return ", ".join(sorted(beyond)) or "all categories"
    if own.cap is not None:
        if given.cap is None:
            return "no cap"
        if given.cap.currency != own.cap.currency or Decimal(given.cap.amount) > Decimal(own.cap.amount):
            return f"{given.cap.amount} {given.cap.currency}"
    return None


def _check_contested(compact: Compact, event: ActConfirmed | ActRepudiated) -> Refused | tuple[str, ...]:
    stream = compact.locate(event.act)
    state = compact.get(stream) if stream is not None else None
    if isinstance(state, Authority) and state.granted_in == event.act:
        owner, contested = state.party, state.contested
    elif isinstance(state, Recorded) and (act := state.history.act(event.act)) is not None:
        owner, contested = act.event.party, act.contested
    else:
        return Refused(Refusal.REFERENCE_UNKNOWN, "an act in this ledger that can be contested", event.act)
    if not may_act(compact, event.party, (owner,)):
        return Refused(Refusal.SIGNER_NOT_ENTITLED, f"{owner}, whose act it is", event.party)
    if not contested:
        return Refused(Refusal.NOT_CONTESTED, "a contested act", event.act)
    return ()


def granted(event: AuthorityGranted, position: int) -> Authority:
    """Return the authority that a grant creates."""
    return Authority(
        id=event.granted,
        party=event.party,
        standing=event.standing,
        office=event.office,
        basis=event.basis,
        keys=event.keys,
        scope=event.scope,
        valid_from=event.valid_from,
        valid_until=event.valid_until,
        granted_by=event.authority,
        granted_in=event.id,
        granted_at=position,
    )


def first_authority(event: Event, grant: Grant, party: str, standing: str, position: int) -> Authority:
    """Return an authority that comes with the admission of its party, or with the opening of the ledger."""
    return Authority(
        id=grant.authority,
        party=party,
        standing="recovery" if standing == "recovery" else "principal",
        office=grant.office,
        basis=grant.basis,
        keys=grant.keys,
        scope=UNLIMITED,
        valid_from=event.issued_at,
        valid_until=None,
        granted_by=event.authority,
        granted_in=event.id,
        granted_at=position,
    )


def service_of(event: LedgerOpened, authority_id: str, position: int) -> Authority:
    """Return the authority of the service key, which signs only what the rules force."""
    return Authority(
        id=authority_id,
        party=event.party,
        standing="service",
        office="the ledger itself",
        basis="ex_officio",
        keys=msgspec.structs.replace(event.root.keys, keys=(event.service_key,), threshold=1),
        scope=UNLIMITED,
        valid_from=event.issued_at,
        valid_until=None,
        granted_by=event.authority,
        granted_in=event.id,
        granted_at=position,
    )
