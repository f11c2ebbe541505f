"""May this authority sign this act, here and now? Decided by log position, not by anybody's wall clock.

Asked in the order of the refusals: mandate, sequence, office, scope, future. Whether the scope reaches the category and
the amount is asked by `ledger.rules.mandates`.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from ledger.events.authorities import AuthorityGranted, AuthorityRevoked
from ledger.events.commitments import (
    CommitmentAmended,
    CommitmentConverted,
    CommitmentMade,
    CommitmentMerged,
    CommitmentResolved,
)
from ledger.events.crises import AggressionNotified
from ledger.events.deliveries import DeliveryEvent
from ledger.events.header import Event
from ledger.events.observations import ObservationRecorded
from ledger.events.rates import RatesPublished
from ledger.events.refusals import Refusal, Refused
from ledger.events.terms import Terms
from ledger.rules.compact import Authority
from ledger.rules.crises import stated_instant

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of the ledger's clock `issued_at` may be."""

EARLIEST_ZONE = timedelta(hours=14)
"""A day has begun somewhere on Earth 14 hours before it begins in UTC."""

_SCOPES_KEPT_MAX: Final = 1_024

RECOVERY_EVENTS = ("authority.granted", "authority.revoked")


def check_standing(authority: Authority, event: Event, recorded_at: datetime) -> Refused | None:
    """Return the first reason why `authority` may not sign `event`, or None."""
    if authority.party != event.party:
        return Refused(Refusal.AUTHORITY_NOT_OF_PARTY, f"an authority of {event.party!r}", authority.id)
    if authority.revoked_at is not None:
        return Refused(
            Refusal.AUTHORITY_REVOKED, f"{authority.id} in force", f"revoked at position {authority.revoked_at}"
        )
    if authority.contested:
        return Refused(Refusal.AUTHORITY_CONTESTED, "a mandate whose grant is not contested", authority.granted_in)
    if recorded_at < authority.valid_from:
        return Refused(
            Refusal.AUTHORITY_NOT_YET_VALID, f"a time from {authority.valid_from.isoformat()}", recorded_at.isoformat()
        )
    if authority.valid_until is not None and recorded_at >= authority.valid_until:
        return Refused(
            Refusal.AUTHORITY_EXPIRED, f"a time before {authority.valid_until.isoformat()}", recorded_at.isoformat()
        )
    return _check_chain(authority, event) or _check_office(authority, event) or check_facts(event, recorded_at)


def _check_chain(authority: Authority, event: Event) -> Refused | None:
    if event.sequence != authority.sequence + 1:
        return Refused(Refusal.SEQUENCE_MISMATCH, f"sequence {authority.sequence + 1}", str(event.sequence))
    if event.previous != authority.previous:
        return Refused(Refusal.PREVIOUS_MISMATCH, f"previous {authority.previous}", event.previous)
    return None


def _check_office(authority: Authority, event: Event) -> Refused | None:
    if authority.standing == "service":
        return Refused(Refusal.SERVICE_KEY_ONLY, "acts that the rules force, made by the ledger itself", event.type)
    if authority.standing == "delegated" and isinstance(event, AuthorityGranted | AuthorityRevoked):
        return Refused(Refusal.SIGNER_NOT_ENTITLED, "the party's principal or recovery authority", authority.id)
    if authority.standing != "principal" and event.type in ("act.confirmed", "act.repudiated"):
        return Refused(Refusal.SIGNER_NOT_ENTITLED, "the party's principal authority", authority.id)
    if authority.standing == "recovery" and event.type not in RECOVERY_EVENTS:
        return Refused(Refusal.OUT_OF_SCOPE, f"one of {', '.join(RECOVERY_EVENTS)}", event.type)
    if not covered(authority.scope.events, event.type):
        return Refused(Refusal.OUT_OF_SCOPE, f"one of {', '.join(authority.scope.events)}", event.type)
    return None


@lru_cache(maxsize=_SCOPES_KEPT_MAX)
def covered(patterns: tuple[str, ...], event_type: str) -> bool:
    """Return whether one of `patterns` covers `event_type`. Kept: scopes are few, and asked of every act."""
    return any(covers(pattern, event_type) for pattern in patterns)


def covers(pattern: str, event_type: str) -> bool:
    """Return whether `*`, `stream.*` or an exact type covers `event_type`."""
    return pattern in ("*", event_type) or (pattern.endswith(".*") and event_type.startswith(pattern[:-1]))


def terms_of(event: Event) -> Terms | None:
    """Return the terms that an act proposes, if it proposes any."""
    match event:
        case CommitmentMade() | CommitmentAmended() | CommitmentConverted() | CommitmentMerged():
            return event.terms
        case _:
            return None


def check_facts(event: Event, recorded_at: datetime) -> Refused | None:
    """Return a refusal for what has not happened yet: nobody can have done, agreed or found out what is to come."""
    if event.issued_at > recorded_at + CLOCK_SKEW:
        return Refused(Refusal.FUTURE_FACT, f"issued_at until {recorded_at.isoformat()}", event.issued_at.isoformat())
    today = (recorded_at + EARLIEST_ZONE).date()
    for name, day in _days_of(event):
        if day > today:
            return Refused(Refusal.FUTURE_FACT, f"{name} until {today}, the last possible day included", str(day))
    for name, instant in _instants_of(event):
        if instant > recorded_at + CLOCK_SKEW:
            return Refused(Refusal.FUTURE_FACT, f"{name} until {recorded_at.isoformat()}", instant.isoformat())
    return None


def _instants_of(event: Event) -> Iterator[tuple[str, datetime]]:
    """Yield the instants that an act states as past, each with its name."""
    if isinstance(event, DeliveryEvent):
        return
    if isinstance(event, AuthorityRevoked) and event.contested_since is not None:
        yield "contested_since", event.contested_since
    if isinstance(event, AggressionNotified) and event.began_at is not None:
        yield "began_at", event.began_at
    if (stated := stated_instant(event)) is not None:
        yield "the instant of what was done", stated


def _days_of(event: Event) -> Iterator[tuple[str, date]]:
    """Yield the days that an act states as past, each with its name."""
    if event.occurred is not None:
        yield "occurred", event.occurred.last
    if isinstance(event, DeliveryEvent):
        return
    if isinstance(event, CommitmentConverted) and event.agreed_on is not None:
        yield "agreed_on", event.agreed_on
    if isinstance(event, CommitmentResolved):
        # A statistic of a period cannot be known before the period has begun.
        yield "period from", event.period.first
        if event.source.released_on is not None:
            yield "released_on", event.source.released_on
    if isinstance(event, RatesPublished):
        yield "on", event.on
    if isinstance(event, RatesPublished | ObservationRecorded) and event.source.released_on is not None:
        yield "released_on", event.source.released_on
