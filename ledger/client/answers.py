"""The answers of the ledger's interface as frozen values, decoded strictly enough to be relied on.

Members that are not named here are ignored: a newer server may say more. Those that are named have their types.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ledger.events.keys import KeyRecord
from ledger.events.values import Digest, EventId

Position = Annotated[int, Meta(ge=1)]
TreeSize = Annotated[int, Meta(ge=0)]


class Admission(Struct, frozen=True):
    """The ledger says that it holds the act: `duplicate` if it already did. The receipt is not yet verified."""

    outcome: Literal["admitted", "duplicate"]
    event: EventId
    position: Position
    tree_size: TreeSize
    receipt: str
    pending_on: tuple[str, ...] = ()


class Problem(Struct, frozen=True):
    """Why not (RFC 9457). `first` is what the ledger holds under the same id, if that is the reason."""

    code: str
    title: str = "refused"
    detail: str = ""
    status: int = 0
    expected: str = ""
    got: str = ""
    do: str = ""
    instance: str = ""
    first: Admission | None = None


Outcome = Admission | Problem
"""What became of one act of a batch: both are expected."""


class LedgerInfo(Struct, frozen=True):
    """What the ledger says about itself. Trust in `log_keys` comes from elsewhere: compare them."""

    origin: str
    opened: bool
    tree_size: TreeSize
    log_keys: tuple[str, ...]
    service_key: KeyRecord | None = None
    name: dict[str, str] | None = None
    purpose: str | None = None
    beneficiary: str | None = None
    depositary: str | None = None
    rules: int | None = None
    demonstration: bool = False


class NextAct(Struct, frozen=True):
    """The place in its authority's chain that the next act must take."""

    sequence: Position
    previous: Digest
    tree_size: TreeSize


class Recorded(Struct, frozen=True):
    """Where an act stands in the log."""

    event: EventId
    position: Position
    entry_sha256: Digest
    stream: str
    standing: object = None


class WitnessShown(Struct, frozen=True):
    """How a witness stands. `tree_size` is the largest tree that it is known to have cosigned, `cosigned_at` when.

    `lag` is how many entries the newest checkpoint has more. `error` is the last thing that went wrong, `error_at`
    when; both stay when the witness cosigns again.
    """

    name: str
    vkey: str
    url: str | None
    state: Literal["no_address", "not_asked", "cosigning", "unreachable", "refusing", "ahead", "alarm"]
    tree_size: TreeSize
    lag: TreeSize
    cosigned_at: datetime | None = None
    error: str | None = None
    error_at: datetime | None = None


class Witnesses(Struct, frozen=True):
    """Whether the newest checkpoint meets the policy, and how each of its witnesses stands.

    `witnessed_size` is the tree size of the newest checkpoint that meets it. Without a policy there is no quorum.
    """

    tree_size: TreeSize
    witnessed_size: TreeSize | None = None
    quorum: Literal["met", "waiting", "lost"] | None = None
    policy: str | None = None
    witnesses: tuple[WitnessShown, ...] = ()


class _OutcomeName(Struct, frozen=True):
    outcome: Literal["admitted", "duplicate", "refused", "conflict"]


class _Ending(Problem, frozen=True, kw_only=True):
    decided: TreeSize


_NAME = msgspec.json.Decoder(_OutcomeName)
_ADMISSION = msgspec.json.Decoder(Admission)
_PROBLEM = msgspec.json.Decoder(Problem)
_ENDING = msgspec.json.Decoder(_Ending)


def decode_outcome(line: bytes) -> Outcome:
    """Return one line of the answer to a batch. Raises msgspec.DecodeError for any other shape."""
    if _NAME.decode(line).outcome in ("admitted", "duplicate"):
        return _ADMISSION.decode(line)
    return _PROBLEM.decode(line)


def ended_early(line: bytes) -> Problem | None:
    """Return why the answer to a batch ends with this line, if it is no outcome: no more outcomes could be told."""
    try:
        return _ENDING.decode(line)
    except msgspec.DecodeError:
        return None
