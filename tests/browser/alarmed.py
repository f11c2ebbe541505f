"""A ledger in which the second half of the Compact is at work, for its pages: sanctions, two attacks, needs, claims.

Everything is signed by the parties themselves; what the rules force by the notifications, the server signs.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.acts import Founding, Office, admission, founding, principal
from tests.api.served import Served, found, served, settings_for
from tests.browser.ledgers import wait_until_folded
from tests.postgres import fresh_database
from tests.projections.world import day, goods, money, once, terms

ATTACK: Final = "attack-east"
SECOND: Final = "attack-north"
PACT: Final = "pact"
AGREEMENT: Final = "gb-agreement"
BEGAN_HOURS_AGO: Final = 50
"""So the convening is overdue while there is time to decide."""

SYSTEMS: Final = 55
"""More claims than one page lists."""

CONDITIONS: Final = (
    {"condition": "ceasefire", "what": {"en": "a lasting ceasefire", "uk": "тривале припинення вогню"}},
    {"condition": "prisoners", "what": {"en": "every prisoner returned"}},
)
PARTS: Final = (
    {"part": "oil", "what": {"en": "import of crude oil", "uk": "імпорт сирої нафти"}},
    {"part": "banks", "what": {"en": "correspondent accounts of two banks"}},
    {"part": "ships", "what": {"en": "port calls"}},
)


@contextmanager
def alarmed(server: str, data: Path) -> Iterator[Served]:
    """Yield the ledger, on the database server `server`."""
    made = founding()
    observer = principal("institute", ledger=made.origin)
    observer.issued_at = made.depositary.issued_at
    with fresh_database(server) as url, served(settings_for(made, url, data)) as one:
        found(one, made)
        acts = [admission(made.depositary, observer, "observer"), *_texts(made), *_sanctions(made), *_needs(made)]
        _submit(one, [*acts, *_claims(observer)])
        _submit(one, [*_attacks(made), *_answers(made)])
        wait_until_folded(one)
        yield one


def _submit(one: Served, acts: list[bytes]) -> None:
    outcomes = [json.loads(line) for line in one.batch(acts).text.splitlines()]
    assert {outcome["outcome"] for outcome in outcomes} == {"admitted"}, outcomes


def _instant(hours_from_now: float) -> str:
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours_from_now)
    text: str = msgspec.to_builtins(at)
    return text


def _texts(made: Founding) -> Iterator[bytes]:
    """A pact of all with a clock from the attack, and an agreement of two with one from the notification."""
    for name, basis, title, parties in (
        (PACT, "attack", {"en": "Pact of the guarantors", "uk": "Пакт гарантів"}, list(made.offices)),
        (AGREEMENT, "notification_received", {"en": "Agreement of two"}, ["ua", "gb"]),
    ):
        clock = {"basis": basis, "convene_within_hours": 24, "decide_within_hours": 72}
        yield made.depositary.act(
            "instrument.registered",
            instrument=name,
            title=title,
            kind="treaty",
            legal_character="legally_binding",
            profile={"effect": "on_signature", "clock": clock},
            parties=parties,
        )
        for party in parties:
            yield made.offices[party].act("instrument.signed", instrument=name, occurred=day("2024-01-01"))


def _sanctions(made: Founding) -> Iterator[bytes]:
    """One measure of each default rule and state: eased, suspended, lifted early, lapsed, to come."""
    gb, de, fr = (made.offices[party] for party in ("gb", "de", "fr"))
    yield _adopted(gb, "gb-oil", {"kind": "snapback"})
    yield gb.act("measure.eased", measure="gb-oil", parts=["oil", "ships"], legal_act="Licence 7")
    yield _adopted(gb, "gb-banks", {"kind": "snapback", "after_days": 30}, programme="GB-FIN")
    yield gb.act("measure.suspended", measure="gb-banks", until=_instant(24 * 200))
    yield _adopted(de, "de-trade", {"kind": "sunset", "expires_at": _instant(24 * 20)}, programme="EU-RUS")
    yield _adopted(de, "de-coal", {"kind": "sunset", "expires_at": "2026-02-01T00:00:00Z"}, programme="EU-RUS")
    yield _adopted(de, "de-ports", {"kind": "sunset", "expires_at": _instant(24 * 300)}, effective_at=_instant(24 * 9))
    until = {"kind": "until", "condition": {"en": "reparations are paid", "uk": "виплачено репарації"}}
    yield _adopted(fr, "fr-assets", until, types=["immobilised_assets"])
    yield _adopted(fr, "fr-travel", until, types=["travel_ban"])
    yield fr.act("measure.lifted", measure="fr-travel", parts=["ships"], met=["ceasefire"], reason="A separate accord.")


def _adopted(office: Office, measure: str, rule: dict[str, Any], **fields: Any) -> bytes:
    text: dict[str, Any] = {
        "programme": f"{office.party.upper()}-RUS",
        "title": {"en": f"Restrictive measures {measure}", "uk": f"Обмежувальні заходи {measure}"},
        "types": ["import_restriction", "financial_restriction"],
        "targets": ["the aggressor"],
        "legal_act": "Regulation 1",
        "parts": PARTS,
        "exit_conditions": CONDITIONS,
        "effective_at": "2026-01-15T00:00:00Z",
        "evidence": [{"title": "Official Journal", "url": "https://journal.example/1"}],
    }
    return office.act("measure.adopted", measure=measure, default_rule=rule, **{**text, **fields})


def _needs(made: Founding) -> Iterator[bytes]:
    """A need that is covered in part and late, one that is met, one that nobody promised; promises, some delivered."""
    ua, gb, de = made.beneficiary, made.offices["gb"], made.offices["de"]
    for requirement, category, quantity, unit, by in (
        ("guns", "artillery", "100", "howitzer", "2026-01-31"),
        ("interceptors", "air_defence", "12", "launcher", "2027-06-30"),
        ("radios", "non_lethal", "500", "radio", "2026-01-31"),
        ("money", "macro_financial", "900000000", "EUR", "2027-12-31"),
    ):
        title = {"en": f"Need of {requirement}", "uk": f"Потреба: {requirement}"}
        stated: dict[str, Any] = {
            "title": title,
            "category": category,
            "quantity": quantity,
            "unit": unit,
            "needed_by": day(by),
        }
        yield ua.act("requirement.stated", requirement=requirement, **stated)
    yield ua.act(
        "requirement.revised", requirement="guns", quantity="80", needed_by=day("2026-01-31"), reason="Repaired."
    )
    yield ua.act("requirement.met", requirement="radios")
    for office, commitment, promised, category, last in (
        (gb, "gb-guns", goods("40", "howitzer"), "artillery", "2026-01-31"),
        (de, "de-guns", goods("20", "howitzer"), "artillery", "2027-01-31"),
        (de, "de-money", money("300000000.00"), "macro_financial", "2026-12-31"),
        (gb, "gb-tanks", goods("14", "tank"), "weapons", "2025-12-31"),
    ):
        yield office.act(
            "commitment.made",
            commitment=commitment,
            instrument=PACT,
            title={"en": f"Commitment {commitment}"},
            terms=terms(promised, once("2025-01-01", last), office.party, category=category),
            occurred=day("2024-06-01"),
        )
    for delivery, commitment, lines in (
        ("gb-guns-1", "gb-guns", goods("25", "howitzer")),
        ("gb-tanks-1", "gb-tanks", goods("14", "tank")),
    ):
        yield gb.act(
            "delivery.recorded",
            delivery=delivery,
            commitment=commitment,
            milestone="handed_over",
            lines=[{"line": 1, "object": lines}],
            occurred=day("2025-09-01"),
        )
    received = [{"line": 1, "amount": "20"}]
    yield ua.act("delivery.acknowledged", delivery="gb-guns-1", lines=received, occurred=day("2025-10-01"))


def _claims(observer: Office) -> Iterator[bytes]:
    """What an institute says of two parties, one of them with many systems; one quantity is undisclosed."""
    for number, (about, party, claim, sum_eur) in enumerate(
        (
            ("United Kingdom", "gb", "committed", "23456872.86374908"),
            ("United Kingdom", "gb", "delivered", "1000000"),
            ("Germany", "de", "committed", "5000000.5"),
        )
    ):
        stated: dict[str, Any] = {"sum": {"amount": sum_eur, "currency": "EUR"}, "sum_eur": sum_eur, "party_id": party}
        yield _claim(observer, f"r7-{number}", about=about, claim=claim, level="activity_total", **stated)
    yield _claim(
        observer,
        "r7-hidden",
        about="Elsewhere",
        claim="committed",
        level="in_kind_item",
        quantity={"status": "undisclosed", "item": "radar"},
        flags=[{"flag": "quantity_undisclosed"}],
    )
    for number in range(SYSTEMS):
        yield _claim(
            observer,
            f"s-{number:02}",
            about="France",
            party_id="fr",
            claim="delivered",
            level="system_total",
            quantity={"status": "disclosed", "item": f"system {number}", "quantity": "2"},
        )


def _claim(observer: Office, observation: str, **fields: Any) -> bytes:
    return observer.act(
        "observation.recorded",
        observation=observation,
        release="institute-r7",
        activity=observation,
        category="military",
        heading={"general": "Heavy weapons"},
        source={"title": "Table of the institute, release 7", "url": "https://institute.example/7"},
        row=2,
        announced=day("2022-03-01", "2022-03-31", "month"),
        text="Announced at a press conference.",
        **fields,
    )


def _attacks(made: Founding) -> Iterator[bytes]:
    ua = made.beneficiary
    described = {"en": "Missile attack on the east", "uk": "Ракетний удар по сходу"}
    evidence = [{"title": "Report of the general staff", "url": "https://staff.example/1"}]
    began = _instant(-BEGAN_HOURS_AGO)
    yield ua.act(
        "aggression.notified",
        crisis=ATTACK,
        kind="armed_attack",
        description=described,
        began_at=began,
        evidence=evidence,
    )
    yield ua.act(
        "aggression.notified",
        crisis=SECOND,
        kind="escalation",
        description={"en": "Troops in the north"},
        began_at=_instant(-1),
    )


def _answers(made: Founding) -> Iterator[bytes]:
    gb, de = made.offices["gb"], made.offices["de"]
    first, second = f"{ATTACK}.{PACT}", f"{SECOND}.{PACT}"
    met: dict[str, Any] = {"consultation": first, "level": "ministers"}
    yield gb.act("consultation.convened", convened_at=_instant(-20), legal_basis="Article 4", **met)
    yield gb.act("consultation.joined", joined_at=_instant(-20), **met)
    yield gb.act(
        "decision.taken",
        consultation=first,
        decided_at=_instant(-2),
        decisions=["military_support", "sanctions"],
        statement="More guns.\nAnd what was eased comes back.",
        commitments=["gb-guns"],
    )
    yield de.act("decision.declined", consultation=first, decided_at=_instant(-1), statement="Nothing beyond this.")
    yield made.beneficiary.act("consultation.merged", consultation=second, into=first)
    yield made.beneficiary.act("consultation.closed", consultation=f"{SECOND}.{AGREEMENT}", reason="Settled by phone.")
