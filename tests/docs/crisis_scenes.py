"""Invented acts of a crisis: what is needed, sanctions, an attack and what follows from it, rates and observations."""

from collections.abc import Iterator

from tests.docs.scene import Scene, day, year

ROOT = "depositary/principal"
ATTACK_AT = "2026-01-15T11:20:00Z"


def crisis_scenes() -> Iterator[Scene]:
    """Yield the acts in order. What the rules force follows an act by itself and is no scene."""
    yield from _requirements()
    yield from _measures()
    yield from _aggression()
    yield from _after_reinstatement()
    yield from _consultation()
    yield from _figures()


def _requirements() -> Iterator[Scene]:
    stated = {
        "requirement": "ua-interceptors",
        "title": {"en": "Interceptors for air defence"},
        "category": "air_defence",
        "quantity": "400",
        "unit": "interceptor",
        "needed_by": year(2026),
    }
    yield Scene("requirement", "ua/principal", "requirement.stated", stated)
    revised = {"requirement": "ua-interceptors", "quantity": "520.5", "reason": "The attacks have become heavier."}
    yield Scene("more is required", "ua/principal", "requirement.revised", revised)
    met = {"requirement": "ua-interceptors", "reason": "Enough has come."}
    yield Scene("requirement met", "ua/principal", "requirement.met", met)


def _measures() -> Iterator[Scene]:
    adopted: dict[str, object] = {
        "measure": "gb-energy",
        "programme": "GB-RUS",
        "title": {"en": "Restrictions on trade in energy"},
        "types": ["import_restriction", "transport_ban"],
        "targets": ["crude oil", "tankers"],
        "legal_act": "Regulations 2026 No. 1",
        "default_rule": {"kind": "snapback", "after_days": 0, "returns_lifted": False},
        "parts": [{"part": "oil", "what": {"en": "crude oil"}}, {"part": "tankers", "what": {"en": "port calls"}}],
        "exit_conditions": [{"condition": "withdrawal", "what": {"en": "forces have left"}}],
    }
    yield Scene("measure", "gb/principal", "measure.adopted", adopted)
    sunset = {"kind": "sunset", "expires_at": "2026-07-31T00:00:00Z"}
    assets: dict[str, object] = {"measure": "gb-banks", "types": ["financial_restriction"], "default_rule": sunset}
    yield Scene("sunset measure", "gb/principal", "measure.adopted", adopted | assets)
    renewed = {"measure": "gb-banks", "expires_at": "2027-01-31T00:00:00Z", "legal_act": "Regulations 2026 No. 2"}
    yield Scene("renewal", "gb/principal", "measure.renewed", renewed)
    eased = {"measure": "gb-energy", "parts": ["oil"], "until": "2026-12-31T00:00:00Z"}
    yield Scene("easing", "gb/principal", "measure.eased", eased)
    suspended = {"measure": "gb-banks", "until": "2026-03-01T00:00:00Z"}
    yield Scene("suspended measure", "gb/principal", "measure.suspended", suspended)
    lifted = {"measure": "gb-banks", "parts": ["tankers"], "reason": "The licences were returned."}
    yield Scene("lifting", "gb/principal", "measure.lifted", lifted)


def _aggression() -> Iterator[Scene]:
    attack = {
        "crisis": "attack-2026-01",
        "kind": "armed_attack",
        "description": {"en": "An attack on power stations"},
        "began_at": ATTACK_AT,
    }
    yield Scene("aggression", "ua/principal", "aggression.notified", attack)
    second = attack | {"crisis": "attack-2026-02", "kind": "escalation"}
    yield Scene("second aggression", "ua/principal", "aggression.notified", second)


REINSTATED = "reinstatement of gb-energy"
"""Stands for the event id of what the aggression forced, which the stage puts in its place."""


def _after_reinstatement() -> Iterator[Scene]:
    named = {"measure": "gb-energy", "reinstatement": REINSTATED}
    contested = named | {"statement": "The attack is denied."}
    yield Scene("contestation", "rs/principal", "measure.contested", contested)
    published = named | {"legal_act": "Regulations 2026 No. 3"}
    yield Scene("published act", "gb/principal", "measure.act_published", published)


def _consultation() -> Iterator[Scene]:
    named = {"consultation": "attack-2026-01.nordic-2024"}
    at = {"convened_at": "2026-01-15T14:00:00Z", "level": "heads_of_state", "legal_basis": "Article 2"}
    yield Scene("convening", "dk/principal", "consultation.convened", named | at)
    joined = {"joined_at": "2026-01-15T14:00:00Z", "level": "ministers"}
    yield Scene("joining", "no/principal", "consultation.joined", named | joined)
    decided = {"decided_at": "2026-01-15T14:05:00Z", "statement": "Two batteries go now."}
    taken = named | decided | {"decisions": ["military_support", "sanctions"]}
    yield Scene("decision", "dk/principal", "decision.taken", taken)
    yield Scene("declined", "tr/principal", "decision.declined", named | decided | {"statement": "Nothing more."})
    other = {"consultation": "attack-2026-02.nordic-2024"}
    yield Scene("merged consultations", "ua/principal", "consultation.merged", other | {"into": named["consultation"]})
    yield Scene("closing", "ua/principal", "consultation.closed", named | {"reason": "All have answered."})


def _figures() -> Iterator[Scene]:
    published = {
        "series": "ecb",
        "source": {"title": "Euro foreign exchange reference rates", "released_on": "2026-01-14"},
        "on": "2026-01-14",
        "base": "EUR",
        "rates": [{"currency": "GBP", "rate": "0.8671"}, {"currency": "SEK", "rate": "10.7250"}],
    }
    yield Scene("rates", ROOT, "rates.published", published)
    observed = {
        "observation": "tracker-1",
        "about": "United Kingdom",
        "party_id": "gb",
        "claim": "committed",
        "level": "in_kind_item",
        "release": "tracker-2026-01",
        "activity": "GB-17",
        "line": 2,
        "category": "air_defence",
        "source": {"title": "A public tracker", "released_on": "2026-01-10"},
        "row": 17,
        "heading": {"general": "Military", "specific": "Air defence"},
        "sum": {"amount": "1250000.5", "currency": "GBP", "basis": "price_list"},
        "quantity": {"status": "disclosed", "item": "interceptor", "quantity": "12"},
        "announced": day("2025-12-20"),
        "flags": [{"flag": "date_uncertain", "detail": "Two sources differ."}],
    }
    yield Scene("observation", "rs/principal", "observation.recorded", observed)
    adopted = {"observation": "tracker-1", "evidence": [{"title": "Our own record"}]}
    yield Scene("adopted observation", "gb/principal", "observation.adopted", adopted)


def placed(scene: Scene, reinstatement: str) -> Scene:
    """Return the scene with the reinstatement that it is about."""
    if scene.fields.get("reinstatement") != REINSTATED:
        return scene
    return Scene(scene.label, scene.authority, scene.type, {**scene.fields, "reinstatement": reinstatement})
