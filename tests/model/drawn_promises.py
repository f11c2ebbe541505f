"""Random acts on commitments and deliveries."""

from datetime import timedelta
from fractions import Fraction

from tests.acts import BENEFICIARY
from tests.model.drawn_texts import anybody, office
from tests.model.ground import GIVERS
from tests.model.naive.handovers import MILESTONES, Handover, handover
from tests.model.naive.promises import Promise, parts_of, promise
from tests.model.walker import Draft, Fields, Walker
from tests.model.worded import (
    CATEGORIES,
    amount,
    counted,
    days,
    figure,
    money,
    recurrence,
    terms,
    tranches,
    varied,
    with_amount,
    written,
)


def promises(walker: Walker) -> list[Promise]:
    """Return the commitments that have taken effect."""
    every = (promise(walker.reading, name) for name in walker.reading.names("commitment"))
    return [one for one in every if one is not None]


def some_promise(walker: Walker) -> Promise | None:
    """Return a commitment, mostly one that has not ended."""
    every = promises(walker)
    running = [one for one in every if one.state == "open"]
    chosen = running if running and walker.random.random() < 0.9 else every
    return walker.random.choice(chosen) if chosen else None


def _instrument(walker: Walker, party: str) -> str | None:
    names = walker.reading.names("instrument")
    fitting = [one for one in names if party == "gb" or not one.startswith("bilateral")]
    return walker.random.choice(fitting) if fitting else None


def _members(instrument: str) -> tuple[str, ...]:
    return ("gb",) if instrument.startswith("bilateral") else GIVERS


def _nested(walker: Walker, made: Fields) -> Fields:
    """Put terms within an open commitment, mostly in its unit, sometimes above it."""
    every = [one for one in promises(walker) if one.state == "open" and one.terms["object"]["kind"] != "undisclosed"]
    if not every or walker.random.random() > 0.35:
        return made
    whole = walker.random.choice(every)
    nested = {**made, "part_of": {"commitment": whole.id, "basis": walker.random.choice(("stated", "presumed"))}}
    if walker.random.random() < 0.8 and figure(whole.terms["object"]) is not None:
        holds = figure(whole.terms["object"]) or Fraction(1)
        part = with_amount(whole.terms["object"], holds * walker.random.choice((1, 2, 3, 5, 8, 11)) / 10)
        nested["object"] = part
        if nested["schedule"]["kind"] == "tranches":
            nested["schedule"] = tranches(walker.random, walker.today, part)
        if walker.random.random() < 0.5:
            around = whole.terms["schedule"]
            nested["schedule"] = around if around["kind"] != "tranches" else nested["schedule"]
        elif whole.terms["schedule"]["kind"] == "recurrence" and walker.random.random() < 0.5:
            begins = walker.today + timedelta(days=walker.random.randint(-200, 900))
            nested["schedule"] = recurrence(walker.random, begins)
        if walker.random.random() < 0.5:
            nested["obligors"] = whole.terms["obligors"]
    return nested


def _spoilt(walker: Walker, made: Fields) -> Fields:
    """Make terms unsound, now and then."""
    if walker.random.random() > 0.06:
        return made
    match walker.random.choice(("shares", "tranches", "twice")):
        case "shares":
            first, *rest = made["obligors"]
            return {**made, "obligors": [{**first, "share": "1/5"}, *rest]}
        case "tranches" if figure(made["object"]) is not None:
            parts = tranches(walker.random, walker.today, made["object"])
            parts["tranches"][0]["amount"] = written(amount(walker.random), made["object"])
            return {**made, "schedule": parts}
        case _:
            return {**made, "obligors": [*made["obligors"], made["obligors"][0]]}


def made(walker: Walker) -> Draft | None:
    party = walker.random.choice(GIVERS)
    instrument = _instrument(walker, party)
    if instrument is None:
        return None
    agreed = _spoilt(walker, _nested(walker, terms(walker.random, walker.today, party, _members(instrument))))
    fields: Fields = {
        "commitment": walker.name("c"),
        "instrument": instrument,
        "title": {"en": "A promise"},
        "terms": agreed,
    }
    if walker.random.random() < 0.5:
        fields["occurred"] = days(walker.recently(), walker.recently())
    signer = agreed["obligors"][0]["party"] if walker.random.random() < 0.97 else anybody(walker)
    return Draft(office(walker, signer), "commitment.made", fields)


def _obligor(walker: Walker, found: Promise) -> str:
    party = walker.random.choice(found.obligors) if walker.random.random() < 0.95 else anybody(walker)
    return office(walker, party)


def _dated(walker: Walker, fields: Fields) -> Fields:
    if walker.random.random() < 0.5:
        fields["occurred"] = days(walker.recently())
    return fields


def amended(walker: Walker) -> Draft | None:
    found = some_promise(walker)
    if found is None:
        return None
    changed = varied(walker.random, found.terms, walker.today)
    if found.instrument.startswith("bilateral"):
        changed["obligors"] = found.terms["obligors"]
        changed.pop("liability", None)
    if walker.random.random() < 0.15:
        changed = _nested(walker, changed)
    elif walker.random.random() < 0.1:
        changed.pop("part_of", None)
    fields = {"commitment": found.id, "terms": _spoilt(walker, changed)}
    return Draft(_obligor(walker, found), "commitment.amended", _dated(walker, fields))


def resolved(walker: Walker) -> Draft | None:
    formulas = [one for one in promises(walker) if one.terms["object"]["kind"] == "formula"]
    found = walker.random.choice(formulas) if formulas else some_promise(walker)
    if found is None or (not formulas and walker.random.random() < 0.8):
        return None
    parts = [part.days for part in parts_of(found, walker.today) if part.days is not None]
    period = walker.random.choice(parts) if parts else (walker.recently(), walker.today)
    fields = {
        "commitment": found.id,
        "period": {"first": period[0].isoformat(), "last": period[1].isoformat(), "precision": "interval"},
        "amount": written(amount(walker.random), {"kind": "money", "currency": "EUR"}),
        "currency": "EUR",
        "source": {"title": "National accounts"},
    }
    return Draft(_obligor(walker, found), "commitment.resolved", _dated(walker, fields))


def withdrawn(walker: Walker) -> Draft | None:
    found = some_promise(walker)
    if found is None:
        return None
    fields = {"commitment": found.id, "reason": "a new budget"}
    return Draft(_obligor(walker, found), "commitment.withdrawn", _dated(walker, fields))


def waived(walker: Walker) -> Draft | None:
    found = some_promise(walker)
    if found is None:
        return None
    fields: Fields = {"commitment": found.id, "reason": "no longer needed"}
    if walker.random.random() < 0.8:
        promised = found.terms["object"]
        written_as = promised if figure(promised) is not None else {"kind": "money", "currency": "EUR"}
        fields["amount"] = written(amount(walker.random, 60), written_as)
    party = BENEFICIARY if walker.random.random() < 0.95 else anybody(walker)
    return Draft(office(walker, party), "commitment.waived", _dated(walker, fields))


def converted(walker: Walker) -> Draft | None:
    found = some_promise(walker)
    if found is None:
        return None
    fresh = terms(walker.random, walker.today, found.obligors[0], _members(found.instrument))
    fields: Fields = {
        "commitment": found.id,
        "into": walker.name("c"),
        "instrument": found.instrument,
        "title": {"en": "Another promise"},
        "terms": _nested(walker, fresh),
    }
    if walker.random.random() < 0.3:
        fields["agreed_on"] = walker.recently().isoformat()
    party = walker.random.choice((*found.obligors, BENEFICIARY))
    return Draft(office(walker, party), "commitment.converted", _dated(walker, fields))


def merged(walker: Walker) -> Draft | None:
    every = [one for one in promises(walker) if one.state == "open"]
    if len(every) < 2:
        return None
    first, second = walker.random.sample(every, 2)
    sums = [figure(one.terms["object"]) for one in (first, second)]
    joined = dict(first.terms)
    alike = [{**one.terms["object"], "amount": "", "quantity": ""} for one in (first, second)]
    if alike[0] == alike[1] and None not in sums:
        whole = with_amount(first.terms["object"], sum((one for one in sums if one is not None), Fraction(0)))
        joined = {**joined, "object": whole}
        if joined["schedule"]["kind"] == "tranches":
            joined["schedule"] = tranches(walker.random, walker.today, whole)
    fields = {"commitment": first.id, "absorbed": [second.id], "terms": joined}
    party = walker.random.choice((*first.obligors, BENEFICIARY))
    return Draft(office(walker, party), "commitment.merged", _dated(walker, fields))


def recorded(walker: Walker) -> Draft | None:
    """A delivery under a commitment, in its unit or, now and then, in another; or a voluntary one."""
    found = some_promise(walker) if walker.random.random() < 0.88 else None
    handed = _handovers(walker)
    lines = [_line(walker, number, found) for number in range(1, walker.random.choice((1, 1, 1, 2)) + 1)]
    fields: Fields = {
        "delivery": walker.name("d"),
        "milestone": walker.random.choice(("dispatched", "in_transit", "handed_over", "handed_over", "handed_over")),
        "lines": lines,
        "occurred": days(walker.recently(), walker.recently()),
    }
    if handed and walker.random.random() < 0.1:
        fields["reimburses"] = walker.random.choice(handed).id
    if found is None:
        fields["category"] = walker.random.choice(CATEGORIES)
        return Draft(office(walker, walker.random.choice(GIVERS)), "delivery.recorded", fields)
    fields["commitment"] = found.id
    return Draft(_obligor(walker, found), "delivery.recorded", fields)


def _line(walker: Walker, number: int, found: Promise | None) -> Fields:
    random = walker.random
    given = random.choice((money(random, 60), counted(random, 60)))
    if found is not None and random.random() < 0.95:
        promised = found.terms["object"]
        if promised["kind"] in ("money", "formula"):
            given = {"kind": "money", "currency": promised["currency"]}
            given["amount"] = written(amount(random, 60), given)
        elif promised["kind"] in ("goods", "service"):
            given = with_amount({"kind": promised["kind"], "unit": promised["unit"]}, amount(random, 60))
    return {"line": number, "object": given}


def _handovers(walker: Walker) -> list[Handover]:
    every = (handover(walker.reading, name) for name in walker.reading.names("delivery"))
    return [one for one in every if one is not None]


def _handover(walker: Walker) -> Handover | None:
    every = _handovers(walker)
    running = [one for one in every if one.state == "recorded"]
    chosen = running if running and walker.random.random() < 0.95 else every
    return walker.random.choice(chosen) if chosen else None


def _own(walker: Walker, found: Handover) -> str:
    return office(walker, found.party if walker.random.random() < 0.96 else anybody(walker))


def advanced(walker: Walker) -> Draft | None:
    every = [one for one in _handovers(walker) if one.reached[-1][0] != "handed_over"]
    found = walker.random.choice(every) if every else None
    if found is None:
        return None
    first = found.reached[-1][1][0]
    later = first + timedelta(days=walker.random.choice((0, 3, 20, 60)))
    stages = MILESTONES[MILESTONES.index(found.reached[-1][0]) :]
    fields = {
        "delivery": found.id,
        "milestone": walker.random.choice(stages),
        "occurred": days(min(later, walker.today), walker.today if walker.random.random() < 0.2 else None),
    }
    return Draft(_own(walker, found), "delivery.advanced", fields)


def spoken(walker: Walker, word: str, **fields: object) -> Draft | None:
    """A word on a line of a delivery: part of it, all of it, or a little more than there is."""
    found = _handover(walker)
    if found is None:
        return None
    line = walker.random.choice(found.lines)
    accepted = found.accepted.get(line["line"], Fraction(0))
    left = found.claimed[line["line"]] - accepted
    said = max(left * walker.random.choice((1, 1, Fraction(1, 2), Fraction(1, 3), Fraction(11, 10))), Fraction(0))
    number = line["line"] if walker.random.random() < 0.97 else 9
    amounts = [{"line": number, "amount": written(said, line["object"])}]
    party = BENEFICIARY if word != "dispute.settled" or walker.random.random() < 0.5 else found.party
    if walker.random.random() < 0.03:
        party = anybody(walker)
    said_so: Fields = {"delivery": found.id, "lines": amounts, **fields}
    return Draft(office(walker, party), word, _dated(walker, said_so))


def acknowledged(walker: Walker) -> Draft | None:
    return spoken(walker, "delivery.acknowledged")


def disputed(walker: Walker) -> Draft | None:
    return spoken(walker, "delivery.disputed", grounds="defective")


def settled(walker: Walker) -> Draft | None:
    every = [one for one in _handovers(walker) if any(one.contested.values())]
    return spoken(walker, "dispute.settled") if every or walker.random.random() < 0.1 else None


def relined(walker: Walker) -> Draft | None:
    found = _handover(walker)
    if found is None:
        return None
    lines = [{**one, "object": with_amount(one["object"], amount(walker.random, 60))} for one in found.lines]
    fields = {"delivery": found.id, "lines": lines, "reason": "counted again"}
    return Draft(_own(walker, found), "delivery.corrected", _dated(walker, fields))


def voided(walker: Walker) -> Draft | None:
    found = _handover(walker)
    if found is None:
        return None
    fields = {"delivery": found.id, "reason": "it was not"}
    return Draft(_own(walker, found), "delivery.voided", _dated(walker, fields))


def duplicated(walker: Walker) -> Draft | None:
    every = _handovers(walker)
    if len(every) < 2:
        return None
    first, second = walker.random.sample(every, 2)
    fields = {"delivery": first.id, "duplicate_of": second.id}
    return Draft(_own(walker, first), "delivery.marked_duplicate", _dated(walker, fields))
