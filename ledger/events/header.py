"""The fields that every event carries, whatever its type."""

from typing import Annotated

from msgspec import Meta, Struct

from ledger.events.values import (
    AuthorityId,
    Digest,
    EventId,
    Evidence,
    Instant,
    Notes,
    Origin,
    PartyId,
    When,
    require_utc,
)

FIRST_PREVIOUS = "0" * 64
"""`previous` of an authority's first event."""


# gc=False, for events and for what holds them: values without cycles, by the thousand. The collector would look at each
# of them again and again, for 16 of 56 us of an act that is decided and kept, and 15 of 20 us of a state that is read.
class Event(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """A signed act. `type` is the tag of the subclass; `version` is the version of that type.

    `sequence` counts the authority's admitted events from 1, and `previous` is the SHA-256 of the payload of the
    one before (64 zeros for the first): so a party can prove that nothing of its own was dropped.
    """

    version: Annotated[int, Meta(ge=1, le=1, description="version of this event type")]
    ledger: Origin
    id: EventId
    party: PartyId
    authority: AuthorityId
    sequence: Annotated[int, Meta(ge=1, description="number of this act among those of its authority, from 1")]
    previous: Annotated[Digest, Meta(description="SHA-256 of the authority's previous admitted payload")]
    issued_at: Annotated[Instant, Meta(description="when the signer says it was issued")]
    occurred: When | None = None
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=32)] = ()
    note: Notes = {}

    def __post_init__(self) -> None:
        require_utc(self.issued_at, "issued_at")

    @property
    def type(self) -> str:
        """The dotted type, such as `commitment.made`."""
        return str(self.__struct_config__.tag)
