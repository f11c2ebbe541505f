"""Consent: one mechanism for every act that waits for others. A party that is asked says yes or no, once."""

from ledger.events.header import Event
from ledger.events.values import EventId, LongText


class ConsentEvent(Event, frozen=True, kw_only=True):
    """A word on a pending act."""

    act: EventId


class ConsentGiven(ConsentEvent, frozen=True, kw_only=True, tag="consent.given"):
    """The asked party agrees. When nobody is left to ask, the act takes effect at this entry."""


class ConsentRefused(ConsentEvent, frozen=True, kw_only=True, tag="consent.refused"):
    """The asked party does not agree. The act never takes effect; another may be proposed."""

    reason: LongText | None = None


class ConsentWithdrawn(ConsentEvent, frozen=True, kw_only=True, tag="consent.withdrawn"):
    """Takes back a consent that was given, as long as the act is still pending on somebody else."""
