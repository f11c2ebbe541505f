"""One commitment seen from one obligor: where each part of it stands on the day, and where the whole does.

A cap lapses with its period and a target is missed; only an exact figure and a floor are ever overdue, after the last
possible day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ledger.events.terms import Bound, Obligor, Recurrence, Terms
from ledger.rules.commitments import Commitment
from ledger.rules.history import History
from ledger.rules.instruments import Instrument
from projections.answers import PartState, State
from projections.effect import Effect
from projections.parts import next_part
from projections.reading import Known
from projections.settlement import Share

CLOSED: Final[tuple[State, ...]] = ("fulfilled", "lapsed", "withdrawn", "terminated", "waived", "converted", "merged")


@dataclass(frozen=True, slots=True)
class Owing:
    """One commitment seen from one obligor, while its answer is put together."""

    known: Known
    view: Commitment
    history: History
    obligor: Obligor
    text: Instrument | None
    effect: Effect
    is_agreed: bool

    @property
    def terms(self) -> Terms:
        return self.view.terms

    @property
    def as_of(self) -> date:
        return self.known.as_of

    @property
    def binds(self) -> bool:
        """Whether anything is owed at all, or was until it ended."""
        return self.is_agreed and self.effect.standing == "in_effect"

    @property
    def is_conditional(self) -> bool:
        return self.terms.phase == "on_activation"


def judge(owing: Owing, share: Share) -> PartState:
    """Return where one part stands for its obligor on the day."""
    if share.amount is None:
        return "indeterminate"
    if share.open == 0:
        return "fulfilled" if share.released.value == 0 else "released"
    if not owing.binds or owing.is_conditional or share.part.when is None:
        return "open"
    if owing.terms.bound == Bound.CAP:
        return "lapsed" if share.part.when.last < owing.as_of else "open"
    due_on = owing.effect.due_on(share.part.when)
    if due_on is None:
        return "deferred"
    if due_on >= owing.as_of:
        return "open"
    return "missed" if owing.terms.bound == Bound.TARGET else "overdue"


def state_of(owing: Owing, judged: Sequence[tuple[Share, PartState]]) -> State:
    """Return where the obligation stands, the first that applies."""
    if not owing.is_agreed:
        return "pending"
    if owing.view.state != "open":
        return owing.view.state
    if owing.effect.standing != "in_effect":
        return owing.effect.standing
    if owing.is_conditional and owing.effect.ended_by is None:
        return "awaiting_activation"
    match owing.effect.ended_by:
        case "withdrawal":
            return "withdrawn"
        case "termination":
            return "terminated"
        case "term":
            return "lapsed"
        case None:
            return _running_state(owing, judged)


def _running_state(owing: Owing, judged: Sequence[tuple[Share, PartState]]) -> State:
    states = {how for _, how in judged}
    is_recurring = isinstance(owing.terms.schedule, Recurrence)
    goes_on = is_recurring and next_part(owing.view, owing.as_of) is not None
    if states and not goes_on and states <= {"fulfilled", "released"}:
        return "fulfilled"
    if states and not goes_on and "lapsed" in states and states <= {"fulfilled", "released", "lapsed"}:
        return "lapsed"
    return "suspended" if owing.effect.suspended_on(owing.as_of) else "in_effect"


def overdue_since(owing: Owing, judged: Sequence[tuple[Share, PartState]]) -> date | None:
    """Return the first day on which something was overdue that still is."""
    last_days = [
        due_on
        for share, how in judged
        if how == "overdue" and share.part.when is not None and (due_on := owing.effect.due_on(share.part.when))
    ]
    return min(last_days) + timedelta(days=1) if last_days else None
