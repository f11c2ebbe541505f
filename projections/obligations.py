"""What each guarantor owes under each commitment, as of a day and as known at a tree size.

Pure over `Known`: the same rows and the same day always give the same answer, in whatever store the rows are kept.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Literal

from ledger.events.commitments import CommitmentMade
from ledger.events.terms import FormulaObject, Recurrence, Terms, UndisclosedObject
from ledger.events.values import share_of
from ledger.rules.commitments import Commitment, TermsFrom
from ledger.rules.history import History, dated
from projections.answers import (
    EffectShown,
    Obligation,
    PartShown,
    PartState,
    ReservationShown,
)
from projections.claims import claims_of
from projections.effect import Effect, effect_of
from projections.figures import Amount, Figure, Measure, allot, figure, measure_of
from projections.owing import Owing, judge, overdue_since, state_of
from projections.parts import Part, next_part, parts_of
from projections.reading import Known, Made, explained
from projections.settlement import Account, Settlement, Share, settle
from projections.sums import Sums
from projections.timeline import pending


def obligations_of(known: Known, party: str) -> tuple[Obligation, ...]:
    """Return what a party owes or has proposed to owe, open or closed, by commitment id."""
    histories = known.take(known.rows.of_party("commitment", party))
    fetch_around(known, histories)
    every = (one for history in histories for one in obligations_under(known, history))
    return tuple(one for one in every if one.guarantor == party)


def every_obligation(known: Known) -> tuple[Obligation, ...]:
    """Return the obligations of all guarantors, by commitment id, then in the order of the obligors."""
    histories = known.take(known.rows.of_kind("commitment"))
    fetch_around(known, histories)
    return tuple(one for history in histories for one in obligations_under(known, history))


def fetch_around(known: Known, histories: Sequence[History]) -> None:
    """Read what obligations under these commitments need, in few queries: texts, parts, deliveries."""
    waiting = {history.stream.partition("/")[2] for history in histories}
    near = {child for history in histories for child in history.children}
    while near - waiting:
        waiting |= near
        known.fetch(f"commitment/{one}" for one in near)
        found = (known.history(f"commitment/{one}") for one in near)
        near = {child for history in found if history is not None for child in history.children}
    made = [one for commitment_id in waiting if (one := known.commitment(commitment_id)) is not None]
    absorbed = {other for one in made for other in one.view.absorbed}
    parents = {one.view.terms.part_of.commitment for one in made if one.view.terms.part_of is not None}
    known.fetch([f"commitment/{one}" for one in absorbed | parents])
    known.fetch([f"instrument/{one.view.instrument}" for one in made])
    known.fetch_deliveries(sorted(waiting | absorbed))


def obligations_under(known: Known, history: History) -> tuple[Obligation, ...]:
    """Return one obligation for each obligor of a commitment; none for a proposal that was refused or disowned."""
    made = known.commitment(history.stream.partition("/")[2])
    view = made.view if made is not None else proposed(history, known.as_of)
    if view is None:
        return ()
    text = known.instrument(view.instrument)
    settlement = settlement_of(known, made) if made is not None else None
    found = []
    for obligor in view.terms.obligors:
        effect = effect_of(text, obligor.party, view, known.as_of)
        owing = Owing(known, view, history, obligor, text, effect, made is not None)
        account = settlement.account(obligor.party) if settlement is not None else None
        found.append(_obligation(owing, account))
    return tuple(found)


def proposed(history: History, as_of: date) -> Commitment | None:
    """Return the commitment that a pending act would make, or None."""
    for act in history.acts:
        event = act.event
        if isinstance(event, CommitmentMade) and act.standing == "pending" and dated(event) <= as_of:
            version = TermsFrom(dated(event), event.terms, event.id)
            return Commitment(
                id=event.commitment,
                instrument=event.instrument,
                title=event.title,
                made_on=dated(event),
                made_in=event.id,
                versions=(version,),
                article=event.article,
                valuations=event.valuations,
                events=(event.id,),
            )
    return None


def settlement_of(known: Known, made: Made) -> Settlement | None:
    """Return the accounts of the obligors of a commitment on the day; None where it has no figure."""
    measure = measure_of(made.view.terms.object)
    if measure is None:
        return None
    parts = tuple(
        Part(part.when, part.amount, tuple(sorted(explained(made.history, part.events))))
        for part in parts_of(made.view, known.as_of)
    )
    return settle(made.view, measure, parts, claims_of(known, made, measure))


def _obligation(owing: Owing, account: Account | None) -> Obligation:
    view, terms = owing.view, owing.terms
    measure = measure_of(terms.object)
    shares = _shares(owing, account)
    if owing.binds and measure is not None:
        _end_with_the_text(owing, shares)
    judged = [(share, judge(owing, share)) for share in shares]
    state = state_of(owing, judged)
    sums = Sums(owing, account, measure, judged)
    following = next_part(view, owing.as_of) if state in ("in_effect", "suspended", "fulfilled") else None
    return Obligation(
        guarantor=owing.obligor.party,
        commitment=view.id,
        title=view.title,
        instrument=view.instrument,
        article=view.article,
        category=terms.category,
        phase=terms.phase,
        legal_character=terms.legal_character,
        bound=terms.bound,
        kind=_kind(terms),
        unit=measure.unit if measure is not None else None,
        formula=_formula(terms),
        share=owing.obligor.share,
        liability=terms.liability,
        obligors=view.obligors,
        counts_from=terms.counts_from,
        state=state,
        effect=_effect_shown(owing.effect),
        made_on=view.made_on,
        part_of=terms.part_of.commitment if terms.part_of is not None else None,
        counted_in=counted_in(owing.known, terms),
        parts_within=owing.history.children,
        absorbed=view.absorbed,
        became=view.became,
        schedule=terms.schedule,
        promised=sums.promised(),
        committed=sums.committed(),
        due=sums.due(),
        delivered=sums.of_account("delivered"),
        acknowledged=sums.of_account("acknowledged"),
        disputed=sums.of_account("disputed"),
        unanswered=sums.unanswered(),
        under_way=sums.of_account("under_way"),
        open=sums.open(),
        overdue=sums.overdue(),
        overdue_since=overdue_since(owing, judged),
        overdue_in_suspension=sums.overdue_in_suspension(),
        suspended=sums.suspended(),
        lapsed=sums.lapsed(),
        released=sums.released(),
        beyond_commitment=sums.of_account("beyond"),
        reimbursements=sums.of_account("reimbursing"),
        indeterminate_parts=sum(1 for share in shares if share.amount is None) if measure is not None else 0,
        next_due=_next_shown(owing, measure, following),
        parts=tuple(_part_shown(owing, measure, share, how) for share, how in judged) if measure is not None else (),
        pending=pending(owing.history, owing.as_of),
        reservations=_reservations(owing),
        conditions=terms.conditions,
        valuations=view.valuations,
        deliveries=tuple(dict.fromkeys(account.deliveries)) if account is not None else _delivery_ids(owing),
        events=tuple(sorted(explained(owing.history, view.events))),
    )


def _shares(owing: Owing, account: Account | None) -> list[Share]:
    """Return what the obligor owes of each part; of a proposal, what it would owe."""
    measure = measure_of(owing.terms.object)
    if measure is None:
        return []
    if account is None:
        number = owing.view.obligors.index(owing.obligor.party)
        weights = [share_of(one.share) for one in owing.terms.obligors]
        divided = [
            (part, allot(part.amount, weights, measure.decimals)[number] if part.amount is not None else None)
            for part in parts_of(owing.view, owing.as_of)
        ]
        return [Share(part, amount) for part, amount in divided]
    until = owing.effect.until
    if until is None or not isinstance(owing.terms.schedule, Recurrence):
        return account.shares
    # A period that would have begun after the end of the text is no period.
    return [share for share in account.shares if share.part.when is None or share.part.when.first < until]


def _end_with_the_text(owing: Owing, shares: Iterable[Share]) -> None:
    """Release what falls due after the text has ended for the obligor; arrears survive."""
    until = owing.effect.until
    if until is None or until > owing.as_of:
        return
    for share in shares:
        if share.amount is not None and (share.part.when is None or share.part.when.last >= until):
            share.let_go.add(share.open, owing.effect.events)


def _part_shown(owing: Owing, measure: Measure, share: Share, how: PartState) -> PartShown:
    when = share.part.when
    return PartShown(
        due=when,
        due_on=owing.effect.due_on(when) if when is not None else None,
        state=how,
        amount=_written(share.amount, share.part.events, measure),
        delivered=figure(share.delivered, measure),
        open=_written(share.open, share.part.events, measure) if share.amount is not None else None,
    )


def _written(value: Fraction | None, events: tuple[str, ...], measure: Measure) -> Figure | None:
    return figure(Amount(value, frozenset(events)), measure) if value is not None else None


def _next_shown(owing: Owing, measure: Measure | None, part: Part | None) -> PartShown | None:
    until = owing.effect.until
    if part is None or part.when is None or measure is None or (until is not None and part.when.last >= until):
        return None
    number = owing.view.obligors.index(owing.obligor.party)
    weights = [share_of(one.share) for one in owing.terms.obligors]
    amount = allot(part.amount, weights, measure.decimals)[number] if part.amount is not None else None
    state: PartState = "open" if amount is not None else "indeterminate"
    return _part_shown(owing, measure, Share(part, amount), state)


def _effect_shown(effect: Effect) -> EffectShown:
    return EffectShown(
        basis=effect.basis,
        read_as="on_signature" if effect.basis == "not_stated" else None,
        since=effect.since,
        until=effect.until,
        ended_by=effect.ended_by,
        survives_accession=effect.survives,
        events=effect.events,
    )


def _kind(terms: Terms) -> Literal["money", "goods", "service", "formula", "undisclosed"]:
    tag: Literal["money", "goods", "service", "formula", "undisclosed"] = terms.object.__struct_config__.tag  # type: ignore[assignment]
    return tag


def _formula(terms: Terms) -> str | None:
    promised = terms.object
    return f"{promised.percent} % of {promised.of}" if isinstance(promised, FormulaObject) else None


def counted_in(known: Known, terms: Terms) -> str | None:
    """Return the envelope in whose figures terms are counted: the one they are part of, if both are in one unit."""
    if terms.part_of is None or isinstance(terms.object, UndisclosedObject):
        return None
    parent = known.commitment(terms.part_of.commitment)
    if parent is None or measure_of(parent.view.terms.object) != measure_of(terms.object):
        return None
    return parent.view.id


def _reservations(owing: Owing) -> tuple[ReservationShown, ...]:
    found = owing.text.reservations if owing.text is not None else ()
    return tuple(
        ReservationShown(event=one.event_id, party=one.party, text=one.text, objections=one.objections)
        for one in found
        if one.party == owing.obligor.party and (not one.commitments or owing.view.id in one.commitments)
    )


def _delivery_ids(owing: Owing) -> tuple[str, ...]:
    given = owing.known.deliveries(owing.view.id)
    return tuple(one.view.id for one in given if one.view.party == owing.obligor.party)
