"""What a submitter is told. An act is identified by its event's id and its payload."""

from dataclasses import dataclass

from ledger.events.refusals import Refused


@dataclass(frozen=True, slots=True)
class Sealed:
    """The act is in the log, and this is the proof.

    `entry` is the entry's exact bytes at `position`, `receipt` the tlog-proof at `tree_size`: the same bytes for ever.
    `pending_on` are the parties whose consent it waited for when it was admitted. `duplicate` tells that it had been
    recorded before this submission.
    """

    event_id: str
    position: int
    entry: bytes
    receipt: bytes
    pending_on: tuple[str, ...]
    duplicate: bool
    tree_size: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another payload was recorded under this event's id. `first` is what was recorded; both are kept."""

    refused: Refused
    first: Sealed


Outcome = Sealed | Refused | Conflict
