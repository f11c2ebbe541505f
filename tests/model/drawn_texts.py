"""Random acts on texts, parties and offices."""

from collections.abc import Callable
from datetime import timedelta

import msgspec

from ledger.log.note import format_vkey
from tests.acts import DEPOSITARY, log_key
from tests.model.ground import (
    GIVERS,
    MINISTRIES,
    NEWCOMERS,
    OBSERVER,
    PARTIES,
    STATES,
    ground,
    ministry_of,
    principal_of,
)
from tests.model.naive.docket import Act, in_whose_place
from tests.model.naive.texts import Text, text
from tests.model.walker import Draft, Fields, Walker
from tests.model.worded import CATEGORIES, days

LOG_KEYS = [format_vkey(log_key().vkey) for _ in range(2)]

Draw = Callable[[Walker], Draft | None]


def office(walker: Walker, party: str) -> str:
    """Return an office of a party: mostly its principal, sometimes one with a mandate."""
    granted = [act.payload["granted"] for act in walker.docket.about[f"authority/{party}"]]
    if granted and walker.random.random() < 0.6:
        revoked = {act.payload["revoked"] for act in walker.docket.about[f"revoked/{party}"]}
        chosen: str = walker.random.choice(granted)
        # A mandate that is over is tried now and then.
        return chosen if chosen not in revoked or walker.random.random() < 0.05 else principal_of(party)
    return principal_of(party)


def anybody(walker: Walker) -> str:
    return walker.random.choice(PARTIES)


def profile(walker: Walker, name: str) -> Fields:
    """Return what a text lays down: one of three kinds of text, with some of it left to chance."""
    random = walker.random
    chosen: Fields = {"effect": random.choice(("on_signature", "on_signature", "not_stated"))}
    if name.startswith("joint"):
        chosen["effect"] = "on_ratification"
    if random.random() < 0.02:
        chosen["effect"] = "none"
    if random.random() < 0.6:
        basis = random.choice(("notification_received", "request_received", "attack", "breach"))
        chosen["clock"] = {"basis": basis, "convene_within_hours": 24}
        if random.random() < 0.8:
            chosen["clock"]["decide_within_hours"] = 72
    if random.random() < 0.5:
        chosen["withdrawal_notice_months"] = random.choice((0, 1, 3, 6))
    match random.choice(("none", "none", "years", "until", "tacit")):
        case "years":
            chosen["term"] = {"years": random.choice((1, 2, 10))}
        case "until":
            chosen["term"] = {"until": (walker.today + timedelta(days=random.randint(100, 900))).isoformat()}
        case "tacit":
            chosen |= {"term": {"years": 1}, "renewal": "tacit"}
        case _:
            pass
    if random.random() < 0.5:
        chosen["suspension_moves_due_dates"] = True
    chosen["accession_ends"] = random.choice(("whole", "part", "nothing", "not_stated"))
    chosen["survives_accession"] = random.sample(CATEGORIES, random.randint(0, 2))
    return chosen


def registered(walker: Walker, kind: str | None = None) -> Draft:
    kind = kind or walker.random.choice(("pact", "joint", "bilateral"))
    name = walker.name(kind)
    parties = ["ua", "gb"] if kind == "bilateral" else ["ua", *GIVERS]
    fields: Fields = {
        "instrument": name,
        "title": {"en": name},
        "kind": "bilateral" if kind == "bilateral" else "treaty",
        "legal_character": "legally_binding",
        "profile": profile(walker, name),
        "parties": parties,
    }
    if walker.random.random() < 0.1:
        fields["occurred"] = days(walker.recently())
    return Draft(principal_of(DEPOSITARY), "instrument.registered", fields)


def _text(walker: Walker) -> tuple[str, Text] | None:
    names = walker.reading.names("instrument")
    name = walker.random.choice(names) if names else ""
    found = text(walker.reading, name)
    return (name, found) if found is not None else None


def on_text(walker: Walker, step: str, **fields: object) -> Draft | None:
    """Return an act of a party on a text, mostly one that is in it."""
    found = _text(walker)
    if found is None:
        return None
    name, under = found
    party = walker.random.choice(under.parties) if walker.random.random() < 0.97 else anybody(walker)
    said: Fields = {"instrument": name, **fields}
    acting = in_whose_place(walker.reading, party)
    if acting != party and walker.random.random() < 0.8:
        said["in_place_of"], party = party, acting
    if walker.random.random() < 0.6:
        said["occurred"] = days(walker.recently(), walker.today)
        if walker.random.random() < 0.7:
            said["occurred"] = days(walker.recently())
    return Draft(office(walker, party), f"instrument.{step}", said)


def signed(walker: Walker) -> Draft | None:
    return on_text(walker, "signed")


def ratified(walker: Walker) -> Draft | None:
    return on_text(walker, "ratified")


def applied(walker: Walker) -> Draft | None:
    return on_text(walker, "applied_provisionally")


def reserved(walker: Walker) -> Draft | None:
    names = walker.reading.names("commitment")
    chosen = walker.random.sample(names, 1) if names and walker.random.random() < 0.5 else []
    return on_text(walker, "reserved", text="not at sea", commitments=chosen)


def objected(walker: Walker) -> Draft | None:
    made = [act for act in walker.docket.acts if act.type == "instrument.reserved"]
    if not made:
        return None
    one = walker.random.choice(made)
    fields = {"instrument": one.payload["instrument"], "reservation": one.id, "text": "also at sea"}
    return Draft(principal_of(walker.random.choice(PARTIES)), "instrument.objected", fields)


def notified(walker: Walker) -> Draft | None:
    return on_text(walker, "withdrawal_notified")


def revoked(walker: Walker) -> Draft | None:
    found = _text(walker)
    leaving = [one for one in found[1].parties if found[1].spell(one).leaves is not None] if found is not None else []
    if found is None or not leaving:
        return None
    party = walker.random.choice(leaving)
    return Draft(principal_of(party), "instrument.withdrawal_revoked", {"instrument": found[0]})


def suspended(walker: Walker) -> Draft | None:
    return on_text(walker, "suspended", grounds="a breach")


def resumed(walker: Walker) -> Draft | None:
    found = _text(walker)
    lasting = [one for one in found[1].parties if found[1].spell(one).is_suspended(walker.today)] if found else []
    if found is None or not lasting:
        return None
    fields = {"instrument": found[0], "occurred": days(walker.recently())}
    return Draft(office(walker, walker.random.choice(lasting)), "instrument.resumed", fields)


def extended(walker: Walker) -> Draft | None:
    until = walker.today + timedelta(days=walker.random.randint(100, 1500))
    return on_text(walker, "extended", until=until.isoformat())


def amended(walker: Walker) -> Draft | None:
    found = _text(walker)
    return on_text(walker, "amended", profile=profile(walker, found[0])) if found is not None else None


def terminated(walker: Walker) -> Draft | None:
    reason = walker.random.choice(("by_agreement", "accession", "accession", "replaced"))
    return on_text(walker, "terminated", reason=reason)


def renamed(walker: Walker) -> Draft:
    party = anybody(walker)
    names = [{"language": "en", "name": f"Name {walker.random.randint(1, 9)}", "since": walker.recently().isoformat()}]
    return Draft(principal_of(party), "party.renamed", {"subject": party, "names": names})


def roles_changed(walker: Walker) -> Draft:
    fields = {"subject": walker.random.choice(GIVERS), "roles": ["guarantor", "sanctions_guarantor"]}
    return Draft(principal_of(DEPOSITARY), "party.roles_changed", fields)


def admitted(walker: Walker) -> Draft:
    party = walker.random.choice(NEWCOMERS)
    fields: Fields = {
        "subject": party,
        "kind": "state",
        "names": [{"language": "en", "name": party.upper()}],
        "roles": ["guarantor"],
        "principal": ground().newcomers[party],
    }
    return Draft(principal_of(DEPOSITARY), "party.admitted", fields)


def succeeded(walker: Walker) -> Draft:
    successor, predecessor = walker.random.sample(STATES, 2)
    return Draft(principal_of(successor), "party.succeeded", {"predecessor": predecessor})


def granted(walker: Walker) -> Draft:
    party = walker.random.choice([one for one in PARTIES if one != OBSERVER])
    name = ministry_of(party, walker.random.randrange(MINISTRIES))
    scope: Fields = {"events": [walker.random.choice(("*", "*", "delivery.*", "commitment.*"))]}
    fields: Fields = {
        "granted": name,
        "standing": "delegated",
        "office": "minister",
        "basis": "full_powers",
        "keys": ground().keys[name],
        "scope": scope,
        "valid_from": msgspec.to_builtins(walker.now),
    }
    return Draft(principal_of(party), "authority.granted", fields)


def withdrawn_mandate(walker: Walker) -> Draft | None:
    """Revoke a mandate, mostly as compromised since some time ago, so that what it did is contested."""
    revoked = {act.payload["revoked"] for act in walker.docket.acts if act.type == "authority.revoked"}
    granting = [act for act in walker.docket.acts if act.type == "authority.granted"]
    running = [act for act in granting if act.payload["granted"] not in revoked]
    used = {act.payload["authority"] for act in walker.docket.acts}
    chosen = [act for act in running if act.payload["granted"] in used] or (
        granting if walker.random.random() < 0.1 else []
    )
    if not chosen:
        return None
    one = walker.random.choice(chosen)
    fields: Fields = {"revoked": one.payload["granted"], "reason": "left_office"}
    if walker.random.random() < 0.85:
        since = walker.now - timedelta(days=walker.random.choice((1, 10, 60, 200, 360, 400)))
        fields |= {"reason": "compromised", "contested_since": msgspec.to_builtins(since)}
    return Draft(principal_of(one.party), "authority.revoked", fields)


def rules_adopted(walker: Walker) -> Draft:
    """The second rule set, which there is not."""
    return Draft(principal_of(DEPOSITARY), "rules.adopted", {"rules": walker.random.choice((1, 2))})


def log_keys_adopted(walker: Walker) -> Draft:
    """One of two keys of the log, or both: now and then those that are in force."""
    keys = walker.random.choice((LOG_KEYS[:1], LOG_KEYS[1:], LOG_KEYS))
    return Draft(principal_of(DEPOSITARY), "log_keys.adopted", {"log_keys": keys})


def contested(walker: Walker) -> list[Act]:
    """Return the acts of offices that were revoked as compromised since before: those that may be judged."""
    since: dict[str, str] = {}
    for act in walker.docket.acts:
        if act.type == "authority.revoked" and act.payload.get("contested_since"):
            since[act.payload["revoked"]] = act.payload["contested_since"]
    return [
        act
        for act in walker.docket.acts
        if act.payload["authority"] in since and msgspec.to_builtins(act.recorded_at) >= since[act.payload["authority"]]
    ]


def judged(walker: Walker) -> Draft | None:
    doubted = contested(walker)
    if not doubted:
        return None
    act = walker.random.choice(doubted)
    word = walker.random.choice(("confirmed", "repudiated", "repudiated"))
    return Draft(principal_of(act.party), f"act.{word}", {"act": act.id, "reason": "after a review"})
