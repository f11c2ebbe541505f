"""Does a mandate reach what an act is about: every category it touches, every amount of money that it moves?

A word on an act and a correction of one reach as far as the act itself. What cannot be held against a cap is over it.
"""

from collections.abc import Iterator
from decimal import Decimal

from ledger.events.authorities import Scope
from ledger.events.commitments import (
    CommitmentEvent,
    CommitmentMade,
    CommitmentMerged,
    CommitmentResolved,
    CommitmentWaived,
    CommitmentWithdrawn,
)
from ledger.events.consents import ConsentEvent
from ledger.events.corrections import ActCorrected, ActDisclosed
from ledger.events.deliveries import DeliveryEvent, DeliveryRecorded
from ledger.events.header import Event
from ledger.events.observations import ObservationAdopted, ObservationRecorded
from ledger.events.refusals import Refusal, Refused
from ledger.events.requirements import RequirementEvent, RequirementStated
from ledger.events.terms import MoneyObject, Recurrence, Terms
from ledger.events.values import Category, Money
from ledger.rules.commitments import commitment
from ledger.rules.compact import Authority, Compact, Recorded, history
from ledger.rules.corrections import Correction, correction
from ledger.rules.deliveries import delivery
from ledger.rules.disclosures import Opening, opening
from ledger.rules.observations import observation
from ledger.rules.requirements import requirement
from ledger.rules.schedules import FIRST_DAY, LAST_DAY, periods_until, stated_days
from ledger.rules.standing import terms_of

Unmeasured = str
"""What an act moves that is no sum of money."""


def check_mandate(compact: Compact, signer: Authority, event: Event) -> Refused | None:
    """Return why the scope of `signer` does not reach this act, or None."""
    scope = signer.scope
    if scope.categories is None and scope.cap is None:
        return None
    return _check_categories(compact, scope, event) or _check_cap(compact, scope, event)


def _check_categories(compact: Compact, scope: Scope, event: Event) -> Refused | None:
    if scope.categories is None:
        return None
    for category in categories_of(compact, event):
        if category not in scope.categories:
            return Refused(Refusal.OUT_OF_SCOPE, f"a category of {', '.join(scope.categories)}", category)
    return None


def _check_cap(compact: Compact, scope: Scope, event: Event) -> Refused | None:
    cap = scope.cap
    if cap is None:
        return None
    expected = f"at most {cap.amount} {cap.currency}"
    for amount in amounts_of(compact, event):
        if not isinstance(amount, Money):
            return Refused(Refusal.OVER_CAP, expected, amount)
        if amount.currency != cap.currency:
            return Refused(Refusal.OVER_CAP, f"an amount in {cap.currency}, the cap's currency", amount.currency)
        if Decimal(amount.amount) > Decimal(cap.amount):
            return Refused(Refusal.OVER_CAP, expected, f"{amount.amount} {amount.currency}")
    return None


def categories_of(compact: Compact, event: Event) -> Iterator[Category]:
    """Yield the categories that an act is about: those it names, and those of what it acts on."""
    terms = terms_of(event)
    if terms is not None:
        yield terms.category
    match event:
        case CommitmentMade():
            return
        case CommitmentMerged():
            for one in (event.commitment, *event.absorbed):
                yield from _category_of(compact, one)
        case CommitmentEvent():
            yield from _category_of(compact, event.commitment)
        case DeliveryRecorded():
            yield from _delivered(compact, event.commitment, event.category)
        case DeliveryEvent():
            found = delivery(history(compact, "delivery", event.delivery))
            if found is not None:
                yield from _delivered(compact, found.commitment, found.category)
        case RequirementStated() | ObservationRecorded():
            yield event.category
        case RequirementEvent():
            needed = requirement(history(compact, "requirement", event.requirement))
            if needed is not None:
                yield needed.category
        case ObservationAdopted():
            claimed = observation(history(compact, "observation", event.observation))
            if claimed is not None:
                yield claimed.recorded.category
        case ConsentEvent():
            spoken_of = _act_of(compact, event.act)
            if spoken_of is not None:
                yield from categories_of(compact, spoken_of)
        case ActCorrected():
            found_out = correction(compact, event)
            if isinstance(found_out, Correction):
                yield from categories_of(compact, found_out.before)
                yield from categories_of(compact, found_out.after)
        case ActDisclosed():
            opened = opening(compact, event)
            if isinstance(opened, Opening):
                yield from categories_of(compact, opened.after)
        case _:
            return


def _category_of(compact: Compact, commitment_id: str) -> Iterator[Category]:
    found = commitment(history(compact, "commitment", commitment_id))
    if found is not None:
        yield found.terms.category


def _delivered(compact: Compact, commitment_id: str | None, category: Category | None) -> Iterator[Category]:
    if category is not None:
        yield category
    if commitment_id is not None:
        yield from _category_of(compact, commitment_id)


def _act_of(compact: Compact, event_id: str) -> Event | None:
    stream = compact.locate(event_id)
    state = compact.get(stream) if stream is not None else None
    act = state.history.act(event_id) if isinstance(state, Recorded) else None
    return act.event if act is not None else None


def amounts_of(compact: Compact, event: Event) -> Iterator[Money | Unmeasured]:
    """Yield what an act obliges to, or releases from: the whole, whatever the share of the party that signs."""
    terms = terms_of(event)
    if terms is not None:
        yield exposure(terms)
    match event:
        case CommitmentResolved():
            yield Money(event.amount, event.currency)
        case CommitmentWaived() | CommitmentWithdrawn():
            found = commitment(history(compact, "commitment", event.commitment))
            if found is not None:
                part = event.amount if isinstance(event, CommitmentWaived) else None
                yield _released(found.terms, part)
        case ConsentEvent():
            spoken_of = _act_of(compact, event.act)
            if spoken_of is not None:
                yield from amounts_of(compact, spoken_of)
        case ActCorrected():
            found_out = correction(compact, event)
            if isinstance(found_out, Correction):
                yield from amounts_of(compact, found_out.after)
        case ActDisclosed():
            opened = opening(compact, event)
            if isinstance(opened, Opening):
                yield from amounts_of(compact, opened.after)
        case _:
            return


def _released(terms: Terms, part: str | None) -> Money | Unmeasured:
    if part is None or not isinstance(terms.object, MoneyObject):
        return exposure(terms)
    return Money(part, terms.object.currency)


def exposure(terms: Terms) -> Money | Unmeasured:
    """Return the sum that terms come to over all their periods, or what they are where that is no sum of money."""
    if not isinstance(terms.object, MoneyObject):
        return f"{type(terms.object).__name__}, which no sum of money measures"
    if not isinstance(terms.schedule, Recurrence):
        return Money(terms.object.amount, terms.object.currency)
    is_within = all(FIRST_DAY <= day <= LAST_DAY for day in stated_days(terms.schedule))
    if terms.schedule.until is None or not is_within:
        return f"{terms.object.amount} {terms.object.currency} again and again, without end"
    periods = len(periods_until(terms.schedule, terms.schedule.until))
    return Money(str(periods * Decimal(terms.object.amount)), terms.object.currency)
