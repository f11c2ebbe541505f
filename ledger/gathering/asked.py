"""One witness as it is asked: whether to ask it now, and what its answer changes. The caller brings the time.

A witness may have several keys, each under a name of its own in the policy: one question, one line by each key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ledger.gathering.standing import Standing, WitnessStanding
from ledger.log.note import VerifierKey
from ledger.log.policy import Policy, Witness
from ledger.witness.asking import Ahead, Alarm, AskAgain, BackOff, Cosigned, Outcome, Refused, WitnessState

BACK_OFF_SECONDS_FIRST: Final = 0.5
BACK_OFF_SECONDS_MAX: Final = 60.0
REFRESH_SECONDS: Final = 3600
"""A checkpoint that stays the newest is cosigned again after this time: whoever sees it learns that it still is."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, in POSIX seconds; the same on a clock that never goes back; and chance, from 0 to 1, for the jitter."""

    posix_s: int
    steady_s: float
    chance: float


@dataclass(slots=True)
class Asked:
    """The witness at `url`. `cosigned` says of each key which tree it cosigned last, and when."""

    url: str
    witnesses: tuple[Witness, ...]
    state: WitnessState
    cosigned: dict[VerifierKey, tuple[int, int]] = field(default_factory=dict)
    standing: Standing = Standing.NOT_ASKED
    error: str | None = None
    error_at: int | None = None
    is_busy: bool = False
    _failures: int = 0
    _not_before_s: float = 0.0

    def wants(self, tree_size: int, now: Moment) -> bool:
        """Tell whether to ask it about the tree of `tree_size` now. After an alarm it is not asked any more."""
        if self.is_busy or self.standing is Standing.ALARM or now.steady_s < self._not_before_s:
            return False
        size, at = max(self.cosigned.values(), default=(0, 0))
        return tree_size > size or (tree_size == size and now.posix_s >= at + REFRESH_SECONDS)

    def take(self, outcome: Outcome, tree_size: int, now: Moment) -> None:
        """Take in what it answered about the tree of `tree_size`."""
        self.state = outcome.state
        match outcome:
            case Cosigned(timestamps=timestamps, dropped=dropped):
                self.cosigned |= {vkey: (tree_size, at) for vkey, at in timestamps.items()}
                self.standing, self._failures = Standing.COSIGNING, 0
                if dropped:
                    self._note("; ".join(dropped), now)
            case Ahead(witness_size=size):
                self._fail(Standing.AHEAD, f"it has recorded size {size}, the log has {tree_size}", now)
            case BackOff(reason=reason, wait_s=wait_s):
                self._fail(Standing.UNREACHABLE, reason, now, wait_s or 0.0)
            case Refused(status=status, reason=reason):
                self._fail(Standing.REFUSING, f"status {status}: {reason}", now)
            case Alarm(reason=reason):
                self._fail(Standing.ALARM, reason, now)
            case AskAgain():
                raise AssertionError("whoever asks does so twice at most")

    def postpone(self, now: Moment) -> None:
        """Ask later: the log itself could not ask, or could not keep the answer."""
        self._failures += 1
        self._not_before_s = now.steady_s + back_off_s(self._failures, now.chance)

    def standings(self) -> list[WitnessStanding]:
        """Return how each of its keys stands."""
        return [
            WitnessStanding(witness, self.standing, size, at or None, self.error, self.error_at)
            for witness in self.witnesses
            for size, at in [self.cosigned.get(witness.vkey, (0, 0))]
        ]

    def _fail(self, standing: Standing, reason: str, now: Moment, wait_s: float = 0.0) -> None:
        self.standing = standing
        self._note(reason, now)
        self.postpone(now)
        self._not_before_s = max(self._not_before_s, now.steady_s + wait_s)

    def _note(self, reason: str, now: Moment) -> None:
        self.error, self.error_at = reason, now.posix_s


def back_off_s(failures: int, chance: float) -> float:
    """Return how long to wait after so many failures in a row: doubling, bounded, and between half and all of it."""
    longest = min(BACK_OFF_SECONDS_FIRST * 2.0 ** min(failures - 1, 30), BACK_OFF_SECONDS_MAX)
    return longest * (1 + chance) / 2


def asked_by(policy: Policy, newest: Mapping[str, tuple[int, int]]) -> tuple[Asked, ...]:
    """Return the witnesses of `policy` that have an address, each address once.

    `newest` is what is stored of them: by `key_name`, the last tree and time.
    """
    by_url: dict[str, list[Witness]] = {}
    for witness in policy.witnesses:
        if witness.url is not None:
            by_url.setdefault(witness.url.rstrip("/"), []).append(witness)
    return tuple(_asked(url, witnesses, newest) for url, witnesses in by_url.items())


def key_name(vkey: VerifierKey) -> str:
    """Return the name and id of a key: witness.example/gb+5f3a91c2"""
    return f"{vkey.name}+{vkey.key_id.hex()}"


def key_names(witnesses: Iterable[Witness]) -> list[str]:
    return [key_name(witness.vkey) for witness in witnesses]


def _asked(url: str, witnesses: list[Witness], newest: Mapping[str, tuple[int, int]]) -> Asked:
    vkeys = tuple(witness.vkey for witness in witnesses)
    cosigned = {vkey: newest[name] for vkey in vkeys if (name := key_name(vkey)) in newest}
    size = max((size for size, _ in cosigned.values()), default=0)
    return Asked(url, tuple(witnesses), WitnessState(vkeys, size, size), cosigned)
