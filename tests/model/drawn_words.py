"""Random words on acts: consents, corrections of one's own acts, and openings of what was sealed."""

from typing import Any

from tests.acts import DEPOSITARY
from tests.model.drawn_texts import anybody, office
from tests.model.ground import principal_of
from tests.model.naive.docket import Act, value_at
from tests.model.walker import Draft, Fields, Walker
from tests.model.worded import SALT, amount, days, hidden, varied, written

AMOUNTS = {
    "commitment.made": ("/terms/object/amount", "/terms/object/quantity"),
    "commitment.amended": ("/terms/object/amount", "/terms/object/quantity"),
    "commitment.resolved": ("/amount",),
    "commitment.waived": ("/amount",),
    "delivery.recorded": ("/lines/0/object/amount", "/lines/0/object/quantity"),
    "delivery.corrected": ("/lines/0/object/amount", "/lines/0/object/quantity"),
    "delivery.acknowledged": ("/lines/0/amount",),
    "delivery.disputed": ("/lines/0/amount",),
}
"""The fields with an amount, by the type of the act."""

TERMED = ("commitment.made", "commitment.amended")


def said(walker: Walker) -> Draft | None:
    """Say yes, no, or not any more to an act that waits; or to any act, which does not."""
    waiting = [act for act in walker.docket.acts if act.asked and walker.reading.standing(act) == "pending"]
    if waiting and walker.random.random() < 0.97:
        act = walker.random.choice(waiting)
        open_asked = [one for one in act.asked if one not in walker.reading.consented(act)]
        party = walker.random.choice(open_asked or list(act.asked))
    elif walker.random.random() < 0.2:
        act, party = walker.random.choice(walker.docket.acts), anybody(walker)
    else:
        return None
    word = walker.random.choice(("given",) * 14 + ("refused", "withdrawn"))
    if word == "withdrawn" and walker.random.random() < 0.7:
        agreed = sorted(walker.reading.consented(act))
        party = walker.random.choice(agreed) if agreed else act.party
    signer = principal_of(party) if party == DEPOSITARY else office(walker, party)
    return Draft(signer, f"consent.{word}", {"act": act.id})


def corrected(walker: Walker) -> Draft | None:
    """Correct an act, or a correction: an amount, terms, a day, or a remark; now and then with a wrong old value."""
    acts = [act for act in walker.docket.acts[walker.founded :] if act.asked == () or walker.reading.effect(act)]
    if not acts:
        return None
    act = walker.random.choice(acts)
    corrections = [one for one in acts if one.type == "act.corrected"]
    if corrections and walker.random.random() < 0.3:
        act = walker.random.choice(corrections)
    change = _change(walker, act)
    if change is None:
        return None
    field, new = change
    old = value_at(walker.reading.payload(act), field)
    if walker.random.random() < 0.03:
        old = "something else"
    fields: Fields = {"act": act.id, "field": field, "new": new, "reason": "a slip"}
    if old is not None:
        fields["old"] = old
    if walker.random.random() < 0.3:
        fields["occurred"] = days(walker.recently())
    party = act.party if walker.random.random() < 0.98 else anybody(walker)
    signer = principal_of(party) if party == DEPOSITARY else office(walker, party)
    return Draft(signer, "act.corrected", fields)


def _change(walker: Walker, act: Act) -> tuple[str, Any] | None:
    payload = walker.reading.payload(act)
    if act.type == "act.corrected":
        return _rewritten(walker, payload)
    ways = ["remark", *(["amount"] * 4 if act.type in AMOUNTS else []), *(["terms"] if act.type in TERMED else [])]
    ways += ["day"] if payload.get("occurred") else []
    match walker.random.choice(ways):
        case "remark" if walker.random.random() < 0.5:
            return "/note", {"en": f"remark {walker.random.randint(1, 9)}"}
        case "amount":
            fields = [one for one in AMOUNTS[act.type] if value_at(payload, one) is not None]
            return (fields[0], _figure(walker, str(value_at(payload, fields[0])))) if fields else None
        case "terms":
            return "/terms", varied(walker.random, payload["terms"], walker.today)
        case "day":
            return "/occurred", days(walker.recently())
        case _:
            pass
    return None


def _figure(walker: Walker, old: str) -> str:
    """Return another amount with as many decimals."""
    decimals = len(old.partition(".")[2])
    kind: Fields = {"kind": "money", "currency": "EUR"} if decimals == 2 else {"kind": "goods"}
    return written(amount(walker.random), kind) if decimals else str(walker.random.randint(1, 120))


def _rewritten(walker: Walker, payload: Fields) -> tuple[str, Any] | None:
    new = payload.get("new")
    if payload["field"].endswith("/occurred"):
        return "/new", days(walker.recently())
    if payload["field"].endswith("/note") or isinstance(new, dict):
        return (
            ("/new", varied(walker.random, new, walker.today)) if new and "object" in new else ("/note", {"en": "so"})
        )
    return ("/new", _figure(walker, new)) if isinstance(new, str) else None


def disclosed(walker: Walker) -> Draft | None:
    """Open a commitment that was sealed, by guessing what is in it: right one time in five."""
    made = [
        act
        for act in walker.docket.acts
        if act.type in TERMED and act.payload["terms"]["object"].get("confidential") is not None
    ]
    if not made:
        return None
    act = walker.random.choice(made)
    fields = {"act": act.id, "field": "/terms/object", "salt": SALT, "value": hidden(walker.random)}
    return Draft(office(walker, act.party), "act.disclosed", fields)
