"""How each witness stands with the log, and whether the quorum of the policy does; values, to be shown. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.gathering.published import Published
from ledger.log.policy import Policy, Witness

GRACE_SECONDS: Final = 10.0
"""How long the newest checkpoint may wait for its witnesses before the quorum is called lost."""


class Standing(StrEnum):
    """What is known of a witness, by its last answer."""

    NO_ADDRESS = "no_address"
    NOT_ASKED = "not_asked"
    COSIGNING = "cosigning"
    UNREACHABLE = "unreachable"
    REFUSING = "refusing"
    AHEAD = "ahead"
    ALARM = "alarm"


class Quorum(StrEnum):
    """Whether the newest checkpoint meets the policy: yes; not yet, they are being asked; no, they do not suffice."""

    MET = "met"
    WAITING = "waiting"
    LOST = "lost"


FAILING: Final = frozenset({Standing.NO_ADDRESS, Standing.UNREACHABLE, Standing.REFUSING, Standing.ALARM})
"""A witness that is ahead is none of them: another process of this log may just have asked it."""


@dataclass(frozen=True, slots=True)
class WitnessStanding:
    """One witness of the policy. Sizes are 0 and times None before the first; times in POSIX seconds.

    `error` is the last thing that went wrong, at `error_at`; it stays when the witness cosigns again.
    """

    witness: Witness
    standing: Standing
    tree_size: int
    cosigned_at: int | None
    error: str | None
    error_at: int | None


@dataclass(frozen=True, slots=True)
class Gathered:
    """How it stands with all witnesses. `tree_size` is that of the newest checkpoint of the log."""

    policy: Policy
    tree_size: int
    published: Published | None
    witnesses: tuple[WitnessStanding, ...]
    quorum: Quorum

    @property
    def witnessed_size(self) -> int:
        """The tree size of the newest checkpoint that meets the policy; 0 before the first."""
        return self.published.tree_size if self.published is not None else 0


def quorum_of(policy: Policy, standings: Mapping[str, Standing], lag: int, behind_s: float) -> Quorum:
    """Return how the quorum stands if the newest checkpoint has `lag` entries more than one that meets the policy.

    `behind_s` is for how many seconds there has been a lag.
    """
    if lag == 0:
        return Quorum.MET
    able = [name for name, standing in standings.items() if standing not in FAILING]
    return Quorum.WAITING if policy.is_met_by(able) and behind_s < GRACE_SECONDS else Quorum.LOST


def readable(name: str) -> str:
    """Return a name of a policy as text: its octets need not be UTF-8."""
    return name.encode(errors="surrogateescape").decode(errors="replace")
