"""Random acts on sanctions, crises, requirements, rates and observations."""

from datetime import datetime, timedelta

import msgspec

from tests.acts import BENEFICIARY
from tests.model.drawn_texts import anybody, office
from tests.model.ground import GIVERS, OBSERVER, principal_of
from tests.model.naive.docket import Counted
from tests.model.walker import Draft, Fields, Walker
from tests.model.worded import CATEGORIES, days

PARTS = ("oil", "banks", "steel")
CONDITIONS = ("withdrawal", "reparations")
DECISIONS = ("military_support", "sanctions", "none")


def instant(at: datetime) -> str:
    text: str = msgspec.to_builtins(at)
    return text


def _later(walker: Walker) -> str:
    return instant(
        walker.now + timedelta(days=walker.random.choice((1, 10, 40, 200)), hours=walker.random.randint(0, 9))
    )


def _rule(walker: Walker) -> Fields:
    match walker.random.choice(("sunset", "sunset", "snapback", "snapback", "snapback", "until")):
        case "sunset":
            ends = walker.now + timedelta(days=walker.random.choice((20, 200, 400)))
            return {"kind": "sunset", "expires_at": instant(ends)}
        case "until":
            return {"kind": "until", "condition": {"en": "reparations are paid"}}
        case _:
            pass
    rule: Fields = {"kind": "snapback", "after_days": walker.random.choice((0, 0, 1, 30))}
    if walker.random.random() < 0.3:
        rule["ends_at"] = instant(walker.now + timedelta(days=walker.random.choice((20, 300))))
    if walker.random.random() < 0.4:
        rule["returns_lifted"] = True
    return rule


def adopted(walker: Walker) -> Draft:
    chosen = walker.random.sample(PARTS, walker.random.randint(1, 3))
    fields: Fields = {
        "measure": walker.name("m"),
        "programme": "RUS",
        "title": {"en": "Restrictive measures"},
        "types": ["import_restriction"],
        "targets": ["the aggressor"],
        "legal_act": "Regulation 1",
        "default_rule": _rule(walker),
        "parts": [{"part": one, "what": {"en": one}} for one in chosen],
    }
    if walker.random.random() < 0.4:
        fields["exit_conditions"] = [{"condition": one, "what": {"en": one}} for one in CONDITIONS]
    party = walker.random.choice(GIVERS) if walker.random.random() < 0.95 else anybody(walker)
    return Draft(office(walker, party), "measure.adopted", _stated(walker, fields))


def _stated(walker: Walker, fields: Fields) -> Fields:
    """State when an act takes effect, in the past or to come, or leave it to the entry."""
    if walker.random.random() < 0.4:
        shift = timedelta(days=walker.random.choice((-60, -9, -2, -1, -1, 1, 7)), hours=walker.random.randint(0, 23))
        fields["effective_at"] = instant(walker.now + shift)
    return fields


def _measure(walker: Walker, rule: str) -> tuple[str, Counted] | None:
    """Return a measure and its adoption, mostly one with that default rule."""
    every = [
        (name, act)
        for name in walker.reading.names("measure")
        for act in walker.reading.counted(f"measure/{name}")
        if act.type == "measure.adopted"
    ]
    fitting = [(name, act) for name, act in every if act["default_rule"]["kind"] == rule]
    chosen = fitting if fitting and walker.random.random() < 0.8 else every
    return walker.random.choice(chosen) if chosen else None


def on_measure(walker: Walker, step: str) -> Draft | None:
    found = _measure(walker, "sunset" if step == "renewed" else "snapback")
    if found is None:
        return None
    name, first = found
    keys = [one["part"] for one in first["parts"]]
    fields: Fields = {"measure": name}
    if step == "eased" or (step == "lifted" and walker.random.random() < 0.7):
        fields["parts"] = walker.random.sample(keys, walker.random.randint(1, len(keys)))
    if step in ("eased", "suspended") and walker.random.random() < 0.5:
        fields["until"] = _later(walker)
    if step == "renewed":
        last = datetime.fromisoformat(first["default_rule"].get("expires_at", instant(walker.now)))
        fields["expires_at"] = instant(max(last, walker.now) + timedelta(days=walker.random.choice((-1, 30, 200))))
    if step == "lifted":
        known = [one["condition"] for one in first.get("exit_conditions", [])]
        fields["met"] = walker.random.sample(known, walker.random.randint(0, len(known)))
    party = first.party if walker.random.random() < 0.96 else anybody(walker)
    return Draft(office(walker, party), f"measure.{step}", _stated(walker, fields))


def renewed(walker: Walker) -> Draft | None:
    return on_measure(walker, "renewed")


def eased(walker: Walker) -> Draft | None:
    return on_measure(walker, "eased")


def suspended(walker: Walker) -> Draft | None:
    return on_measure(walker, "suspended")


def lifted(walker: Walker) -> Draft | None:
    return on_measure(walker, "lifted")


def _on_reinstatement(walker: Walker, step: str, fields: Fields) -> Draft | None:
    back = [act for act in walker.docket.acts if act.type == "measure.reinstated"]
    if not back:
        return None
    one = walker.random.choice(back)
    said = {"measure": one.payload["measure"], "reinstatement": one.id, **fields}
    adopted_by = walker.docket.about[f"measure/{one.payload['measure']}"][0].party
    party = adopted_by if step == "act_published" else anybody(walker)
    return Draft(office(walker, party), f"measure.{step}", said)


def published(walker: Walker) -> Draft | None:
    return _on_reinstatement(walker, "act_published", _stated(walker, {"legal_act": "Regulation 2"}))


def contested(walker: Walker) -> Draft | None:
    return _on_reinstatement(walker, "contested", {"statement": "no ground for it"})


def notified(walker: Walker) -> Draft:
    fields: Fields = {
        "crisis": walker.name("attack"),
        "kind": walker.random.choice(("armed_attack", "threat", "breach")),
        "description": {"en": "An attack"},
    }
    if walker.random.random() < 0.5:
        fields["began_at"] = instant(walker.now - timedelta(hours=walker.random.choice((0, 2, 30))))
    party = BENEFICIARY if walker.random.random() < 0.95 else anybody(walker)
    return Draft(office(walker, party), "aggression.notified", fields)


def _answer(walker: Walker, event_type: str, name: str, **fields: object) -> Draft | None:
    opened = [act for act in walker.docket.acts if act.type == "consultation.opened"]
    if not opened:
        return None
    one = walker.random.choice(opened[-4:])
    back = timedelta(hours=walker.random.choice((0, 1, 20, 70)))
    at = walker.now - back
    if walker.random.random() < 0.5:
        at = max(at, datetime.fromisoformat(one.payload["t0"]))
    said: Fields = {"consultation": one.payload["consultation"], name: instant(at), **fields}
    party = walker.random.choice(one.payload["guarantors"]) if walker.random.random() < 0.96 else anybody(walker)
    return Draft(office(walker, party), event_type, said)


def convened(walker: Walker) -> Draft | None:
    return _answer(walker, "consultation.convened", "convened_at", level="ministers")


def joined(walker: Walker) -> Draft | None:
    return _answer(walker, "consultation.joined", "joined_at", level="ministers")


def decided(walker: Walker) -> Draft | None:
    chosen = [walker.random.choice(DECISIONS)]
    return _answer(walker, "decision.taken", "decided_at", decisions=chosen, statement="we help")


def declined(walker: Walker) -> Draft | None:
    return _answer(walker, "decision.declined", "decided_at", statement="nothing more")


def _conduct(walker: Walker, event_type: str, **fields: object) -> Draft | None:
    names = walker.reading.names("consultation")
    if not names:
        return None
    said = {"consultation": walker.random.choice(names), **fields}
    party = BENEFICIARY if walker.random.random() < 0.95 else anybody(walker)
    return Draft(office(walker, party), event_type, said)


def merged(walker: Walker) -> Draft | None:
    names = walker.reading.names("consultation")
    return _conduct(walker, "consultation.merged", into=walker.random.choice(names)) if names else None


def closed(walker: Walker) -> Draft | None:
    return _conduct(walker, "consultation.closed", reason="answered")


def stated(walker: Walker) -> Draft:
    fields: Fields = {
        "requirement": walker.name("r"),
        "title": {"en": "A need"},
        "category": walker.random.choice(CATEGORIES),
        "quantity": str(walker.random.randint(1, 200)),
        "unit": walker.random.choice(("howitzer", "shell")),
    }
    if walker.random.random() < 0.5:
        fields["needed_by"] = days(walker.today + timedelta(days=walker.random.randint(-50, 300)))
    return Draft(office(walker, BENEFICIARY), "requirement.stated", fields)


def _on_requirement(walker: Walker, step: str, fields: Fields) -> Draft | None:
    names = walker.reading.names("requirement")
    if not names:
        return None
    said = {"requirement": walker.random.choice(names), **fields}
    if walker.random.random() < 0.4:
        said["occurred"] = days(walker.recently())
    return Draft(office(walker, BENEFICIARY), f"requirement.{step}", said)


def revised(walker: Walker) -> Draft | None:
    return _on_requirement(walker, "revised", {"quantity": str(walker.random.randint(1, 200))})


def met(walker: Walker) -> Draft | None:
    return _on_requirement(walker, "met", {})


def rates(walker: Walker) -> Draft:
    fields: Fields = {
        "series": "ecb",
        "source": {"title": "Reference rates"},
        "on": walker.recently().isoformat(),
        "base": "EUR",
        "rates": [{"currency": "GBP", "rate": "0.8412"}],
    }
    return Draft(principal_of(OBSERVER), "rates.published", fields)


def observed(walker: Walker) -> Draft:
    fields: Fields = {
        "observation": walker.name("o"),
        "about": "Great Britain",
        "party_id": walker.random.choice(GIVERS),
        "claim": walker.random.choice(("committed", "delivered")),
        "level": "activity_total",
        "release": "r7",
        "activity": f"GBM{walker.random.randint(1, 99)}",
        "category": walker.random.choice(CATEGORIES),
        "source": {"title": "Support Tracker"},
        "row": walker.random.randint(1, 99),
        "sum": {"amount": "12.345", "currency": "EUR"},
    }
    return Draft(principal_of(OBSERVER), "observation.recorded", fields)


def adopted_claim(walker: Walker) -> Draft | None:
    made = [act for act in walker.docket.acts if act.type == "observation.recorded"]
    if not made:
        return None
    one = walker.random.choice(made)
    return Draft(
        principal_of(one.payload["party_id"]), "observation.adopted", {"observation": one.payload["observation"]}
    )
