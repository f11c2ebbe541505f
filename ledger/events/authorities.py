"""The stream `authority`: offices with a mandate and keys, and what becomes of acts that were not theirs to make."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.events.header import Event
from ledger.events.keys import KeySet
from ledger.events.values import AuthorityId, Category, EventId, Instant, LongText, Money, ShortText, require_utc

EventPattern = Annotated[
    str,
    Meta(
        pattern=r"^(\*|[a-z]+\.(\*|[a-z_]+))$(?!\n)",
        description="an event type, a stream (`delivery.*`) or `*`",
        examples=["delivery.*"],
    ),
]


class Scope(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What a mandate covers. Absent categories: all. Absent cap: none. The cap holds for each single act."""

    events: Annotated[tuple[EventPattern, ...], Meta(min_length=1, max_length=48)]
    categories: Annotated[tuple[Category, ...], Meta(min_length=1, max_length=24)] | None = None
    cap: Money | None = None


class AuthorityGranted(Event, frozen=True, kw_only=True, tag="authority.granted"):
    """A mandate. `principal` replaces nothing by itself: revoke the old one to retire it.

    The principal grants any standing; the recovery authority may only grant a new principal.
    """

    granted: AuthorityId
    standing: Literal["principal", "delegated", "recovery"]
    office: ShortText
    basis: Literal["ex_officio", "full_powers"]
    keys: KeySet
    scope: Scope
    valid_from: Instant
    valid_until: Instant | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require_utc(self.valid_from, "valid_from")
        if self.valid_until is not None:
            require_utc(self.valid_until, "valid_until")
            if self.valid_until <= self.valid_from:
                raise ValueError("valid_until must be after valid_from")


class AuthorityRevoked(Event, frozen=True, kw_only=True, tag="authority.revoked"):
    """From the next entry on, `revoked` can sign nothing. Its acts admitted since `contested_since` are contested.

    For a compromise that is when the key was lost; for an office-holder who had left, when the mandate had ended.
    """

    revoked: AuthorityId
    reason: Literal["left_office", "superseded", "compromised", "other"]
    contested_since: Instant | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.reason == "compromised" and self.contested_since is None:
            raise ValueError("reason 'compromised' needs contested_since: when the key was lost")
        if self.contested_since is not None:
            require_utc(self.contested_since, "contested_since")


class ActConfirmed(Event, frozen=True, kw_only=True, tag="act.confirmed"):
    """The principal stands by a contested act: it is no longer contested."""

    act: EventId
    reason: LongText | None = None


class ActRepudiated(Event, frozen=True, kw_only=True, tag="act.repudiated"):
    """The principal disowns a contested act: it stays in the log and has no effect from here on."""

    act: EventId
    reason: LongText
