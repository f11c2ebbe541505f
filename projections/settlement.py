"""Claims against parts: what of each part each obligor has delivered, what was released or lapsed, what is still open.

    1. Each part is divided among the obligors by their shares; money by largest remainder, units exactly.
    2. Claims, waivers and the end of the commitment are taken in the order of their days.
    3. A claim fills what its own party owes, the oldest part first. Under joint liability it is divided by the shares.
    4. What is left of it fills what the other obligors owe, in proportion: the object is owed once.
    5. What is left then is beyond the commitment.

A recurring promise starts anew in each period, so a claim fills periods that have begun; a sum in dated parts can be
delivered early. A cap lapses with its period: what comes later is beyond it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from ledger.events.terms import Bound, Recurrence, Terms
from ledger.events.values import share_of
from ledger.rules.commitments import Commitment
from projections.claims import Claim
from projections.figures import ZERO, Amount, Measure, Tally, allot, is_written_in, measure_of
from projections.parts import Part


@dataclass(slots=True)
class Share:
    """What one obligor owes of one part, while claims are taken. `amount` None: indeterminate."""

    part: Part
    amount: Fraction | None
    filled: Tally = field(default_factory=Tally)
    let_go: Tally = field(default_factory=Tally)

    @property
    def delivered(self) -> Amount:
        return self.filled.amount

    @property
    def released(self) -> Amount:
        return self.let_go.amount

    @property
    def open(self) -> Fraction:
        """What is neither delivered nor released."""
        if self.amount is None:
            return ZERO
        left = self.amount - self.filled.value if self.filled.value else self.amount
        return left - self.let_go.value if self.let_go.value else left


@dataclass(slots=True)
class Account:
    """One obligor: its shares in the order of the parts, and what was claimed and said of its deliveries."""

    party: str
    share: Fraction
    shares: list[Share]
    delivered: Tally = field(default_factory=Tally)
    acknowledged: Tally = field(default_factory=Tally)
    disputed: Tally = field(default_factory=Tally)
    under_way: Tally = field(default_factory=Tally)
    beyond: Tally = field(default_factory=Tally)
    reimbursing: Tally = field(default_factory=Tally)
    reimbursing_acknowledged: Tally = field(default_factory=Tally)
    deliveries: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Settlement:
    """The accounts of all obligors of one commitment. `settle` makes it."""

    terms: Terms
    measure: Measure
    parts: tuple[Part, ...]
    accounts: tuple[Account, ...]

    def account(self, party: str) -> Account | None:
        """Return the account of an obligor, or None for a party that is none."""
        return next((one for one in self.accounts if one.party == party), None)

    def take(self, claim: Claim) -> None:
        """Credit a claim that has reached the milestone that counts."""
        if self.terms.liability == "joint":
            portions = allot(claim.claimed.value, [one.share for one in self.accounts], self.measure.decimals)
        else:
            portions = [claim.claimed.value if one.party == claim.party else ZERO for one in self.accounts]
        eligible = [index for index, part in enumerate(self.parts) if self._takes(part, claim)]
        credited = [self._fill(number, eligible, portion, claim) for number, portion in enumerate(portions)]
        left = claim.claimed.value
        for filled in credited:
            left = left - filled if filled else left
        for index in eligible:
            if left == 0:
                break
            opens = [account.shares[index].open for account in self.accounts]
            for number, amount in enumerate(allot(min(left, sum(opens, ZERO)), opens, self.measure.decimals)):
                credited[number] += self._fill(number, [index], amount, claim)
                left -= amount
        self._credit(claim, credited, left)

    def _takes(self, part: Part, claim: Claim) -> bool:
        """Tell whether a part can be fulfilled by what was delivered on those days."""
        if part.when is None or claim.when is None:
            return True
        if self.terms.bound == Bound.CAP and claim.when.first > part.when.last:
            return False
        if not isinstance(self.terms.schedule, Recurrence) or part.when.first <= claim.when.last:
            return True
        # Before the first period begins, a delivery can only be meant for that one.
        return part is self.parts[0]

    def _fill(self, number: int, indexes: Sequence[int], amount: Fraction, claim: Claim) -> Fraction:
        filled = ZERO
        for index in indexes:
            if filled == amount:
                break
            share = self.accounts[number].shares[index]
            taken = min(amount - filled if filled else amount, share.open)
            if taken > 0:
                share.filled.add(taken, claim.claimed.events)
                filled = filled + taken if filled else taken
        return filled

    def _credit(self, claim: Claim, credited: list[Fraction], left: Fraction) -> None:
        """Note who is credited with how much; what is left belongs to the claimant, or else to the first obligor."""
        own = next((number for number, one in enumerate(self.accounts) if one.party == claim.party), 0)
        is_indeterminate = any(part.amount is None for part in self.parts)
        if left > 0 and not is_indeterminate:
            self.accounts[own].beyond.add(left, claim.claimed.events)
        if left:
            credited = [amount + (left if number == own else ZERO) for number, amount in enumerate(credited)]
        said = (
            allot(claim.acknowledged.value, credited, self.measure.decimals),
            allot(claim.disputed.value, credited, self.measure.decimals),
        )
        for number, account in enumerate(self.accounts):
            if not credited[number]:
                continue
            account.deliveries.append(claim.delivery)
            account.delivered.add(credited[number], claim.claimed.events)
            account.acknowledged.add(said[0][number], claim.acknowledged.events)
            account.disputed.add(said[1][number], claim.disputed.events)
            if claim.reimburses is not None:
                account.reimbursing.add(credited[number], claim.claimed.events)
                account.reimbursing_acknowledged.add(said[0][number], claim.acknowledged.events)

    def note_under_way(self, claim: Claim) -> None:
        """Note a claim that has not reached the milestone that counts. What the beneficiary said of it stands."""
        own = next((one for one in self.accounts if one.party == claim.party), self.accounts[0])
        own.deliveries.append(claim.delivery)
        own.under_way.add(claim.claimed.value, claim.claimed.events)
        own.acknowledged.add(claim.acknowledged.value, claim.acknowledged.events)
        own.disputed.add(claim.disputed.value, claim.disputed.events)
        if claim.reimburses is not None:
            own.reimbursing_acknowledged.add(claim.acknowledged.value, claim.acknowledged.events)

    def release(self, amount: Fraction | None, event_id: str) -> None:
        """Release the obligors from `amount`, the oldest parts first, or from all that is open."""
        for index in range(len(self.parts)):
            opens = [account.shares[index].open for account in self.accounts]
            open_now = sum(opens, ZERO)
            released = open_now if amount is None else min(amount, open_now)
            for account, portion in zip(self.accounts, allot(released, opens, self.measure.decimals), strict=True):
                account.shares[index].let_go.add(portion, [event_id])
            if amount is not None:
                amount -= released


def settle(view: Commitment, measure: Measure, parts: tuple[Part, ...], claims: Sequence[Claim]) -> Settlement:
    """Return the accounts of a commitment after all claims, waivers and its end."""
    shares = [share_of(obligor.share) for obligor in view.terms.obligors]
    divided = [
        allot(part.amount, shares, measure.decimals) if part.amount is not None else [None for _ in shares]
        for part in parts
    ]
    accounts = tuple(
        Account(
            obligor.party,
            shares[number],
            [Share(part, divided[index][number]) for index, part in enumerate(parts)],
        )
        for number, obligor in enumerate(view.terms.obligors)
    )
    settlement = Settlement(view.terms, measure, parts, accounts)
    for claim in claims:
        if claim.when is None:
            settlement.note_under_way(claim)
    for _, step in sorted(_steps(view, measure, claims), key=lambda item: item[0]):
        if isinstance(step, Claim):
            settlement.take(step)
        else:
            settlement.release(*step)
    return settlement


def _steps(
    view: Commitment, measure: Measure, claims: Sequence[Claim]
) -> list[tuple[tuple[date, int], Claim | tuple[Fraction | None, str]]]:
    """Return what happened, each with its day; on one day a delivery comes before a release.

    What was released in a unit in which nothing is promised any more releases nothing: the new terms say what is owed.
    """
    steps: list[tuple[tuple[date, int], Claim | tuple[Fraction | None, str]]] = [
        ((claim.when.last, 0), claim) for claim in claims if claim.when is not None
    ]
    for waiver in view.waivers:
        amount = Fraction(waiver.amount) if waiver.amount is not None else None
        if amount is None or (measure_of(waiver.counted) == measure and is_written_in(amount, measure)):
            steps.append(((waiver.on, 1), (amount, waiver.event_id)))
    if view.ended_on is not None and view.ended_in is not None and view.state != "waived":
        steps.append(((view.ended_on, 2), (None, view.ended_in)))
    return steps
