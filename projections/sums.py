"""The figures of one obligation, each with the events behind it. None stands where nothing can be counted."""

from collections.abc import Sequence
from typing import Final, Literal

from ledger.events.terms import Bound
from projections.answers import PartState
from projections.figures import NOTHING, ZERO, Amount, Figure, Measure, Tally, figure, total
from projections.owing import Owing
from projections.reading import explained
from projections.settlement import Account, Share

OPEN: Final[tuple[PartState, ...]] = ("open", "overdue", "deferred", "missed")


AccountFigure = Literal["delivered", "acknowledged", "disputed", "under_way", "beyond", "reimbursing"]


class Sums:
    """The figures of one obligation. Each is None where nothing can be counted."""

    def __init__(
        self,
        owing: Owing,
        account: Account | None,
        measure: Measure | None,
        judged: Sequence[tuple[Share, PartState]],
    ) -> None:
        self._owing = owing
        self._account = account
        self._measure = measure
        self._judged = judged
        self._base = explained(owing.history, [owing.view.versions[-1].event_id])

    def _figure(self, amount: Amount) -> Figure | None:
        return figure(amount, self._measure) if self._measure is not None else None

    def _of(self, how: PartState) -> Amount:
        return total(
            Amount(share.open, frozenset(share.part.events) | share.delivered.events)
            for share, found in self._judged
            if found == how
        )

    def _known(self) -> Amount | None:
        """What is promised in the parts that have an amount; None if none of them has."""
        amounts = [share for share, _ in self._judged if share.amount is not None]
        if not amounts and any(share.amount is None for share, _ in self._judged):
            return None
        promised = total(Amount(share.amount or ZERO, frozenset(share.part.events)) for share in amounts)
        return promised.with_events(self._base)

    def promised(self) -> Figure | None:
        known = self._known()
        return self._figure(known) if known is not None else None

    def _released(self) -> Amount:
        return total(share.released for share, _ in self._judged)

    def committed(self) -> Figure | None:
        known = self._known()
        if known is None:
            return None
        if not self._owing.binds:
            return self._figure(Amount(ZERO, known.events))
        released = self._released()
        events = known.events | released.events | frozenset(self._owing.effect.events)
        return self._figure(Amount(known.value - released.value, events))

    def due(self) -> Figure | None:
        owing = self._owing
        is_firm = owing.binds and not owing.is_conditional and owing.terms.bound in (Bound.EXACT, Bound.FLOOR)
        fallen = NOTHING
        for share, _ in self._judged:
            due_on = owing.effect.due_on(share.part.when) if share.part.when is not None else None
            if is_firm and share.amount is not None and due_on is not None and due_on <= owing.as_of:
                events = frozenset(share.part.events) | share.released.events
                fallen = fallen + Amount(share.amount - share.released.value, events)
        return self._figure(fallen)

    def of_account(self, name: AccountFigure) -> Figure | None:
        tally: Tally | None = getattr(self._account, name) if self._account is not None else None
        return self._figure(tally.amount if tally is not None else NOTHING)

    def unanswered(self) -> Figure | None:
        """What was claimed, under way included, and neither acknowledged nor disputed."""
        account = self._account
        if account is None:
            return self._figure(NOTHING)
        claimed = account.delivered.amount + account.under_way.amount
        answered = account.acknowledged.value + account.disputed.value
        return self._figure(Amount(claimed.value - answered, claimed.events))

    def open(self) -> Figure | None:
        if not self._owing.binds:
            return self._figure(NOTHING)
        return self._figure(total(self._of(how) for how in OPEN)) if self._known() is not None else None

    def overdue(self) -> Figure | None:
        return self._figure(self._of("overdue"))

    def overdue_in_suspension(self) -> Figure | None:
        """What of the overdue fell due while performance was suspended."""
        effect = self._owing.effect
        fallen = (
            Amount(share.open, frozenset(one.event_id for one in effect.suspensions))
            for share, how in self._judged
            if how == "overdue" and share.part.when is not None and effect.suspended_on(share.part.when.last)
        )
        return self._figure(total(fallen))

    def suspended(self) -> Figure | None:
        """What is open while performance is suspended."""
        owing = self._owing
        if not owing.binds or not owing.effect.suspended_on(owing.as_of):
            return self._figure(NOTHING)
        events = frozenset(one.event_id for one in owing.effect.suspensions if one.until is None)
        return self._figure(total(self._of(how) for how in OPEN).with_events(events))

    def lapsed(self) -> Figure | None:
        return self._figure(self._of("lapsed"))

    def released(self) -> Figure | None:
        return self._figure(self._released())
