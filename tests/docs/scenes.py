"""Invented acts, one of every type at least, in an order in which each is admitted. No figure in it is a state's own.

`Scene.label` names the act: its id is made from it, and later acts refer to it by `example_id(label)`.
"""

from collections.abc import Iterator, Mapping

import msgspec

from ledger.events.corrections import salted_sha256
from ledger.events.registry import service_authority
from ledger.events.terms import GoodsObject
from ledger.log.note import format_vkey
from ledger.signing.signer import key_record
from tests.acts import BENEFICIARY, DEPOSITARY, ISSUED_AT, ORIGIN
from tests.docs.crisis_scenes import crisis_scenes
from tests.docs.memory_ledger import example_id, log_signers, office, seeded
from tests.docs.scene import Scene, day, year

ROOT = f"{DEPOSITARY}/principal"
NAMES = {
    "ua": "Ukraine",
    "gb": "United Kingdom",
    "dk": "Denmark",
    "no": "Norway",
    "tr": "Turkey",
    "cs": "Serbia and Montenegro",
    "rs": "Serbia",
}
HOUR = msgspec.to_builtins(ISSUED_AT.replace(hour=12, minute=45))

SALT = bytes(range(32)).hex()
SATELLITES = GoodsObject(quantity="3", unit="radar satellite")


def money(amount: str, currency: str = "GBP") -> dict[str, str]:
    return {"kind": "money", "amount": amount, "currency": currency}


def terms(promised: Mapping[str, object], *obligors: str, **changed: object) -> dict[str, object]:
    """Return sound terms in equal shares: binding, exact, within 2026, for air defence, unless told otherwise."""
    return {
        "category": "air_defence",
        "phase": "preventive",
        "legal_character": "legally_binding",
        "bound": "exact",
        "object": promised,
        "schedule": {"kind": "once", "due": year(2026)},
        "obligors": [{"party": party, "share": f"1/{len(obligors)}"} for party in obligors],
        "counts_from": "handed_over",
        **changed,
    }


def scenes() -> Iterator[Scene]:
    """Yield every act, from the opening on."""
    yield from _founding()
    yield from _instruments()
    yield from _mandates()
    yield from _commitments()
    yield from _conversions()
    yield from _secrets()
    yield from _deliveries()
    yield from _delivery_corrections()
    yield from _contested_acts()
    yield from _instrument_changes()
    yield from crisis_scenes()
    yield Scene(
        "new log keys", ROOT, "log_keys.adopted", {"log_keys": [format_vkey(one.vkey) for one in log_signers()]}
    )


def _founding() -> Iterator[Scene]:
    service = key_record(seeded("service"), ORIGIN, service_authority(DEPOSITARY))
    opening = {
        "name": {"en": "Depositary of the Compact"},
        "beneficiary": BENEFICIARY,
        "root": office(ROOT).grant,
        "service_key": service,
        "log_keys": [format_vkey(log_signers()[0].vkey)],
        "rules": 1,
        "purpose": "Examples for the reference",
    }
    yield Scene("opening", ROOT, "ledger.opened", opening)
    for party in ("gb", "ua", "dk", "no", "tr", "cs", "rs"):
        yield Scene(f"admission of {party}", ROOT, "party.admitted", admission(party))
    names = [{"language": "en", "name": "Türkiye", "since": "2022-06-02"}]
    yield Scene("new name", ROOT, "party.renamed", {"subject": "tr", "names": names})
    roles = ["guarantor", "sanctions_guarantor"]
    yield Scene("new roles", ROOT, "party.roles_changed", {"subject": "gb", "roles": roles})
    yield Scene("succession", "rs/principal", "party.succeeded", {"predecessor": "cs", "occurred": day("2006-06-05")})
    yield Scene("receipt of the succession", ROOT, "consent.given", {"act": example_id("succession")})


def admission(party: str) -> dict[str, object]:
    """Return the fields that admit a party: the beneficiary, or a guarantor, or one that only takes part."""
    name = NAMES[party]
    roles = {BENEFICIARY: "beneficiary", "cs": "observer", "rs": "observer"}
    return {
        "subject": party,
        "kind": "state",
        "names": [{"language": "en", "name": name}],
        "codes": [{"code": "GBR"}] if party == "gb" else [],
        "roles": [roles.get(party, "guarantor")],
        "principal": office(f"{party}/principal").grant,
        "recovery": office("gb/recovery").grant if party == "gb" else None,
    }


def _instruments() -> Iterator[Scene]:
    notice = {"withdrawal_notice_months": 6, "term": {"years": 10}, "survives_accession": ["air_defence"]}
    clock = {"basis": "request_received", "convene_within_hours": 24, "decide_within_hours": 72}
    agreement = {
        "instrument": "gb-ua-2024",
        "title": {"en": "Agreement on Security Co-operation"},
        "kind": "bilateral",
        "legal_character": "legally_binding",
        "profile": {"effect": "on_ratification", "clock": clock, **notice},
        "parties": ["gb", "ua"],
        "texts": [{"language": "en", "sha256": "5f" * 32}],
        "place": "Kyiv",
    }
    yield Scene("agreement", ROOT, "instrument.registered", agreement)
    joint = agreement | {"instrument": "nordic-2024", "kind": "declaration", "parties": ["dk", "no", "tr", "ua"]}
    yield Scene(
        "joint declaration",
        ROOT,
        "instrument.registered",
        joint | {"profile": {"effect": "on_signature", "clock": clock}},
    )
    named = {"instrument": "gb-ua-2024"}
    signed = named | {"occurred": day("2024-01-12"), "signatory": "Prime Minister"}
    yield Scene("signature of gb", "gb/principal", "instrument.signed", signed)
    yield Scene("signature of ua", "ua/principal", "instrument.signed", signed)
    for party in ("dk", "no", "tr", "ua"):
        signature = {"instrument": "nordic-2024", "occurred": day("2024-02-23")}
        yield Scene(f"joint signature of {party}", f"{party}/principal", "instrument.signed", signature)
    ratified = named | {"occurred": day("2024-07-10"), "domestic_act": "Treaty Series No. 1"}
    yield Scene("ratification of gb", "gb/principal", "instrument.ratified", ratified)
    provisional = named | {"occurred": day("2024-02-01"), "articles": ["Article 3"]}
    yield Scene("provisional application", "ua/principal", "instrument.applied_provisionally", provisional)
    reserved = named | {"text": "Article 7 is read as not covering the overseas territories."}
    yield Scene("reservation", "gb/principal", "instrument.reserved", reserved)
    objected = named | {"reservation": example_id("reservation"), "text": "The reservation is not accepted."}
    yield Scene("objection", "ua/principal", "instrument.objected", objected)
    reason = {"reason": "A new agreement is being prepared."}
    yield Scene("notice", "gb/principal", "instrument.withdrawal_notified", named | reason)
    yield Scene("notice revoked", "gb/principal", "instrument.withdrawal_revoked", named)
    grounds = {"grounds": "Export licences are under review."}
    yield Scene("suspension", "gb/principal", "instrument.suspended", named | grounds)
    yield Scene("resumption", "gb/principal", "instrument.resumed", named)


def _mandates() -> Iterator[Scene]:
    scope = {"events": ["commitment.*", "delivery.*"], "cap": {"amount": "500000000.00", "currency": "GBP"}}
    granted = {
        "granted": "gb/defence",
        "standing": "delegated",
        "office": "Minister of Defence",
        "basis": "full_powers",
        "keys": office("gb/defence").keys,
        "scope": scope,
        "valid_from": msgspec.to_builtins(ISSUED_AT),
        "valid_until": "2027-12-31T23:59:59Z",
    }
    yield Scene("mandate", "gb/principal", "authority.granted", granted)
    stores = granted | {"granted": "gb/stores", "keys": office("gb/stores").keys, "scope": {"events": ["delivery.*"]}}
    yield Scene("second mandate", "gb/principal", "authority.granted", stores)


def _commitments() -> Iterator[Scene]:
    made = {
        "commitment": "gb-air-2026",
        "instrument": "gb-ua-2024",
        "article": "Article 4",
        "title": {"en": "Air defence in 2026"},
        "terms": terms(money("250000000.00"), "gb"),
    }
    yield Scene("commitment", "gb/principal", "commitment.made", made)
    guns = terms({"kind": "goods", "quantity": "16", "unit": "howitzer"}, "dk", "no", category="artillery")
    howitzers = {"commitment": "howitzers", "instrument": "nordic-2024", "title": {"en": "Howitzers"}, "terms": guns}
    yield Scene("joint commitment", "dk/principal", "commitment.made", howitzers)
    yield Scene("consent of no", "no/principal", "consent.given", {"act": example_id("joint commitment")})
    raised = {"commitment": "gb-air-2026", "terms": terms(money("300000000.00"), "gb")}
    yield Scene("raise", "gb/principal", "commitment.amended", raised)
    lowered = {"commitment": "gb-air-2026", "terms": terms(money("200000000.00"), "gb")}
    yield Scene("lowering", "gb/principal", "commitment.amended", lowered)
    refusal = {"act": example_id("lowering"), "reason": "The need has not become less."}
    yield Scene("lowering refused", "ua/principal", "consent.refused", refusal)
    formula = {"kind": "formula", "percent": "0.25", "of": "gross domestic product", "currency": "DKK"}
    yearly = {"kind": "recurrence", "every": "year", "first": year(2024)}
    share = terms(formula, "dk", category="military", schedule=yearly)
    promised = {"commitment": "dk-share", "instrument": "nordic-2024", "title": {"en": "A share"}, "terms": share}
    yield Scene("formula", "dk/principal", "commitment.made", promised)
    resolved = {
        "commitment": "dk-share",
        "period": year(2024),
        "amount": "7250000000.00",
        "currency": "DKK",
        "source": {"title": "National accounts 2024", "released_on": "2025-06-30"},
    }
    yield Scene("resolution", "dk/principal", "commitment.resolved", resolved)
    correction = {
        "act": example_id("resolution"),
        "field": "/amount",
        "old": "7250000000.00",
        "new": "7260000000.00",
        "reason": "A digit was misread in the source.",
    }
    yield Scene("correction", "dk/principal", "act.corrected", correction)
    joint = terms(formula, "dk", "no", category="military", schedule=yearly)
    shared = {
        "commitment": "joint-share",
        "instrument": "nordic-2024",
        "title": {"en": "A joint share"},
        "terms": joint,
    }
    yield Scene("joint formula", "dk/principal", "commitment.made", shared)
    yield Scene("consent to the formula", "no/principal", "consent.given", {"act": example_id("joint formula")})
    yield Scene("joint resolution", "no/principal", "commitment.resolved", resolved | {"commitment": "joint-share"})
    less = {
        "field": "/terms/object/amount",
        "old": "300000000.00",
        "new": "290000000.00",
        "reason": "A digit is wrong.",
    }
    yield Scene("lowering correction", "gb/principal", "act.corrected", {"act": example_id("raise"), **less})


def _conversions() -> Iterator[Scene]:
    for label in ("gb-drones", "gb-boats", "gb-fuel", "gb-radars", "gb-radios", "gb-tents"):
        made = {"commitment": label, "instrument": "gb-ua-2024", "title": {"en": label}}
        yield Scene(label, "gb/principal", "commitment.made", made | {"terms": terms(money("1000000.00"), "gb")})
    withdrawn = {"commitment": "gb-drones", "reason": "The programme was ended."}
    yield Scene("withdrawal", "gb/principal", "commitment.withdrawn", withdrawn)
    waived = {"commitment": "gb-boats", "amount": "400000.00", "reason": "Two boats came from elsewhere."}
    yield Scene("waiver", "ua/principal", "commitment.waived", waived)
    ten = terms({"kind": "goods", "quantity": "10", "unit": "fuel truck"}, "gb", category="non_lethal")
    converted = {"commitment": "gb-fuel", "into": "gb-fuel-trucks", "instrument": "gb-ua-2024", "terms": ten}
    titled = converted | {"title": {"en": "Fuel trucks"}, "agreed_on": "2026-01-10"}
    yield Scene("conversion", "gb/principal", "commitment.converted", titled)
    merged = {"commitment": "gb-radars", "absorbed": ["gb-radios"], "terms": terms(money("2000000.00"), "gb")}
    yield Scene("merger", "gb/principal", "commitment.merged", merged)
    three = terms(money("3000000.00"), "dk", "no", "tr")
    triple = {"commitment": "tents", "instrument": "nordic-2024", "title": {"en": "Tents"}, "terms": three}
    yield Scene("triple commitment", "dk/principal", "commitment.made", triple)
    yield Scene("consent to be taken back", "no/principal", "consent.given", {"act": example_id("triple commitment")})
    taken_back = {"act": example_id("triple commitment")}
    yield Scene("consent taken back", "no/principal", "consent.withdrawn", taken_back)


def _secrets() -> Iterator[Scene]:
    sealed = {"kind": "undisclosed", "confidential": {"salted_sha256": salted_sha256(bytes.fromhex(SALT), SATELLITES)}}
    for label in ("gb-eyes", "gb-ears"):
        made = {"commitment": label, "instrument": "gb-ua-2024", "title": {"en": "Reconnaissance"}}
        agreed = terms(sealed, "gb", category="intelligence")
        yield Scene(label, "gb/principal", "commitment.made", made | {"terms": agreed})
    opened = {"act": example_id("gb-eyes"), "field": "/terms/object", "salt": SALT, "value": SATELLITES}
    yield Scene("opening of a secret", "gb/principal", "act.disclosed", opened)


def _deliveries() -> Iterator[Scene]:
    one = {"line": 1, "object": money("80000000.00"), "description": "Interceptors"}
    recorded = {
        "delivery": "gb-2026-01",
        "commitment": "gb-air-2026",
        "milestone": "dispatched",
        "lines": [one],
        "occurred": {"first": "2026-01-01", "last": "2026-01-10", "precision": "interval"},
        "valuations": [{"basis": "replacement", "amount": "95000000.00", "currency": "GBP", "line": 1}],
    }
    yield Scene("delivery", "gb/principal", "delivery.recorded", recorded)
    for number in (2, 3, 4):
        again = recorded | {"delivery": f"gb-2026-0{number}", "valuations": []}
        yield Scene(f"delivery {number}", "gb/principal", "delivery.recorded", again)
    reached = {"delivery": "gb-2026-01", "milestone": "handed_over", "occurred": day("2026-01-12")}
    yield Scene("hand-over", "gb/principal", "delivery.advanced", reached)
    accepted = {"delivery": "gb-2026-01", "lines": [{"line": 1, "amount": "60000000.00"}]}
    yield Scene("acknowledgement", "ua/principal", "delivery.acknowledged", accepted)
    contested = {"delivery": "gb-2026-01", "lines": [{"line": 1, "amount": "20000000.00"}]}
    disputed = contested | {"grounds": "short_quantity", "statement": "A quarter was not in the consignment."}
    yield Scene("dispute", "ua/principal", "delivery.disputed", disputed)
    settled = {"delivery": "gb-2026-01", "lines": [{"line": 1, "amount": "70000000.00"}]}
    yield Scene("settlement", "gb/principal", "dispute.settled", settled)


def _delivery_corrections() -> Iterator[Scene]:
    lines = [{"line": 1, "object": money("75000000.00"), "description": "Interceptors"}]
    corrected = {"delivery": "gb-2026-02", "lines": lines, "reason": "The invoice was for less."}
    yield Scene("corrected lines", "gb/principal", "delivery.corrected", corrected)
    voided = {"delivery": "gb-2026-03", "reason": "The consignment never left."}
    yield Scene("void delivery", "gb/principal", "delivery.voided", voided)
    duplicate = {"delivery": "gb-2026-04", "duplicate_of": "gb-2026-01"}
    yield Scene("duplicate", "gb/principal", "delivery.marked_duplicate", duplicate)


def _contested_acts() -> Iterator[Scene]:
    for number in (5, 6):
        recorded = {
            "delivery": f"gb-2026-0{number}",
            "category": "non_lethal",
            "milestone": "handed_over",
            "lines": [{"line": 1, "object": {"kind": "goods", "quantity": "40", "unit": "generator"}}],
            "occurred": day("2026-01-14"),
        }
        yield Scene(f"delivery {number}", "gb/stores", "delivery.recorded", recorded)
    revoked = {"revoked": "gb/stores", "reason": "compromised", "contested_since": HOUR}
    yield Scene("revocation", "gb/principal", "authority.revoked", revoked)
    yield Scene("confirmation", "gb/principal", "act.confirmed", {"act": example_id("delivery 5")})
    disowned = {"act": example_id("delivery 6"), "reason": "Nothing was handed over on that day."}
    yield Scene("repudiation", "gb/principal", "act.repudiated", disowned)


def _instrument_changes() -> Iterator[Scene]:
    named = {"instrument": "gb-ua-2024"}
    yield Scene("extension", "gb/principal", "instrument.extended", named | {"until": "2044-01-11"})
    profile = {"effect": "on_ratification", "withdrawal_notice_months": 12, "renewal": "tacit"}
    yield Scene("amendment", "gb/principal", "instrument.amended", named | {"profile": profile})
    yield Scene("termination", "ua/principal", "instrument.terminated", named | {"reason": "accession"})
