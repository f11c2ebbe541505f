"""Every code that the rules may give is given where it is promised, and of several reasons the first that is listed."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from ledger.events.refusals import Refusal, Refused
from ledger.rules.decide import decide
from ledger.rules.memory import MemoryCompact
from ledger.rules.precedence import first_of
from ledger.signing.signer import sign_payload
from tests.acts import principal
from tests.world import PACT, Fields, World, day, goods, money, once, signed_world, terms, tranches, yearly

CODES = list(Refusal)[list(Refusal).index(Refusal.LEDGER_NOT_OPENED) :]
FORMULA: Fields = {"kind": "formula", "percent": "0.25", "of": "gross domestic product", "currency": "EUR"}
YEAR: Fields = {"first": "2025-01-01", "last": "2025-12-31", "precision": "year"}
NESTED: Fields = {"part_of": {"commitment": "c-1", "basis": "stated"}}


def made(agreed: Fields | None = None, **changed: object) -> Fields:
    fields: Fields = {"commitment": "new", "instrument": PACT, "title": {"en": "x"}, "terms": agreed or terms()}
    return {**fields, **changed}


def makes(agreed: Fields, **changed: object) -> Callable[[World], Refusal]:
    return lambda world: world.refuse("gb", "commitment.made", **made(agreed, **changed))


def refuses(desk: str, event_type: str, /, **fields: object) -> Callable[[World], Refusal]:
    return lambda world: world.refuse(desk, event_type, **fields)


def placed(**place: object) -> Callable[[World], Refusal]:
    def refusal(world: World) -> Refusal:
        payload = world.payload("gb", "commitment.made", made(), **place)
        return world.refused(sign_payload(payload, world.desks["gb"].signers)).refusal

    return refusal


def not_opened(world: World) -> Refusal:
    raw = sign_payload(world.payload("gb", "commitment.made", made()), world.desks["gb"].signers)
    outcome = decide(MemoryCompact(), world.verified(raw), world.now)
    assert isinstance(outcome, Refused)
    return outcome.refusal


def posing(world: World) -> Refusal:
    world.desks["posing"] = office = principal("de")
    office.authority, office.signers = "gb/principal", world.desks["gb"].signers
    return world.refuse("posing", "commitment.made", **made(terms(None, "de")))


def by_a_minister(code_of: Callable[[World], None], **mandate: Any) -> Callable[[World], Refusal]:
    def refusal(world: World) -> Refusal:
        world.grants("gb", "minister", **mandate)
        code_of(world)
        return world.refuse("gb/minister", "commitment.made", **made())

    return refusal


def revoked(world: World) -> None:
    world.admit("gb", "authority.revoked", revoked="gb/minister", reason="left_office")


def grant_contested(world: World) -> Refusal:
    world.grants("gb", "second", standing="principal")
    world.grants("gb/second", "minister")
    since = {"reason": "compromised", "contested_since": "2026-06-01T00:00:00Z"}
    world.admit("gb", "authority.revoked", revoked="gb/second", **since)
    return world.refuse("gb/minister", "commitment.made", **made())


def by_the_service(world: World) -> Refusal:
    world.desks["service"] = office = principal("depositary")
    office.authority, office.signers = "depositary/service", (world.founded.service,)
    return world.refuse("service", "party.renamed", subject="gb")


def resolved(world: World) -> Refusal:
    world.commits("gdp", terms(FORMULA, schedule=yearly(2025)))
    fields = {"commitment": "gdp", "period": YEAR, "amount": "1.00", "currency": "EUR", "source": {"title": "x"}}
    world.admit("gb", "commitment.resolved", **fields)
    return world.refuse("gb", "commitment.resolved", **fields)


def withdrawn(world: World) -> Refusal:
    ended = world.admit("gb", "commitment.withdrawn", commitment="c-1", reason="x")
    world.admit("ua", "consent.given", act=ended)
    return world.refuse("gb", "commitment.amended", commitment="c-1", terms=terms())


def on_the_made(desk: str, event_type: str, /, **fields: object) -> Callable[[World], Refusal]:
    return lambda world: world.refuse(desk, event_type, act=world.commitment("c-1").made_in, **fields)


def twice_consented(world: World) -> Refusal:
    act = world.admit("gb", "commitment.made", **made(terms(None, "gb", "de", "fr")))
    world.admit("de", "consent.given", act=act)
    return world.refuse("de", "consent.given", act=act)


def not_asked(world: World) -> Refusal:
    act = world.admit("gb", "commitment.made", **made(terms(None, "gb", "de")))
    return world.refuse("fr", "consent.given", act=act)


def acknowledged(line: int, amount: str) -> Callable[[World], Refusal]:
    return refuses("ua", "delivery.acknowledged", delivery="d-1", lines=[{"line": line, "amount": amount}])


def opened_as_another(world: World) -> Refusal:
    sealed = {"kind": "undisclosed", "confidential": {"salted_sha256": "ab" * 32}}
    made = world.commits("secret", terms(sealed))
    opened = {"act": made, "field": "/terms/object", "salt": "5f" * 32, "value": goods("3")}
    return world.refuse("gb", "act.disclosed", **opened)


EXAMPLES: dict[Refusal, Callable[[World], Refusal]] = {
    Refusal.LEDGER_NOT_OPENED: not_opened,
    Refusal.AUTHORITY_NOT_OF_PARTY: posing,
    Refusal.AUTHORITY_REVOKED: by_a_minister(revoked),
    Refusal.AUTHORITY_CONTESTED: grant_contested,
    Refusal.AUTHORITY_NOT_YET_VALID: by_a_minister(lambda world: None, valid_from="2026-06-02T00:00:00Z"),
    Refusal.AUTHORITY_EXPIRED: by_a_minister(lambda world: None, valid_until="2026-06-01T00:00:00Z"),
    Refusal.SEQUENCE_MISMATCH: placed(sequence=99),
    Refusal.PREVIOUS_MISMATCH: placed(previous="0" * 64),
    Refusal.SERVICE_KEY_ONLY: by_the_service,
    Refusal.SIGNER_NOT_ENTITLED: refuses("de", "commitment.amended", commitment="c-1", terms=terms()),
    Refusal.OUT_OF_SCOPE: by_a_minister(lambda world: None, scope={"events": ["delivery.*"]}),
    Refusal.OVER_CAP: by_a_minister(
        lambda world: None, scope={"events": ["*"], "cap": {"amount": "99.99", "currency": "GBP"}}
    ),
    Refusal.FUTURE_FACT: makes(terms(), occurred=day("2026-06-03")),
    Refusal.REFERENCE_UNKNOWN: makes(terms(), instrument="unheard-of"),
    Refusal.ALREADY_EXISTS: makes(terms(), commitment="c-1"),
    Refusal.PARTY_NOT_IN_INSTRUMENT: makes(terms(None, "gb", "depositary")),
    Refusal.CODE_UNKNOWN: makes(terms(money("1.00", "HRK"))),
    Refusal.DATES_DISORDERED: makes(terms(schedule=tranches(("2028-01-01", "50.00"), ("2027-01-01", "50.00")))),
    Refusal.SHARES_DO_NOT_SUM: makes(terms(obligors=[{"party": "gb", "share": "1/2"}])),
    Refusal.TRANCHES_DO_NOT_SUM: makes(terms(schedule=tranches(("2027-01-01", "50.00")))),
    Refusal.UNIT_MISMATCH: makes(terms(money("1.00", "EUR"), **NESTED)),
    Refusal.CHILD_ABOVE_PARENT: makes(terms(money("100.01"), **NESTED)),
    Refusal.NOT_A_FORMULA: refuses(
        *("gb", "commitment.resolved"),
        commitment="c-1",
        period=YEAR,
        amount="1.00",
        currency="GBP",
        source={"title": "x"},
    ),
    Refusal.PERIOD_ALREADY_RESOLVED: resolved,
    Refusal.WRONG_STATE: refuses("gb", "instrument.resumed", instrument=PACT),
    Refusal.ALREADY_ENDED: withdrawn,
    Refusal.NOT_PENDING: on_the_made("gb", "consent.given"),
    Refusal.CONSENT_NOT_ASKED: not_asked,
    Refusal.CONSENT_ALREADY_SAID: twice_consented,
    Refusal.LINE_UNKNOWN: acknowledged(2, "1.00"),
    Refusal.ABOVE_CLAIMED: acknowledged(1, "10.01"),
    Refusal.FIELD_NOT_CORRECTABLE: on_the_made(
        *("gb", "act.corrected"), field="/commitment", old="c-1", new="c-2", reason="x"
    ),
    Refusal.OLD_VALUE_DIFFERS: on_the_made(
        *("gb", "act.corrected"), field="/terms/object/amount", old="99.00", new="101.00", reason="x"
    ),
    Refusal.DISCLOSURE_DIFFERS: opened_as_another,
    Refusal.NOT_CONTESTED: on_the_made("gb", "act.confirmed"),
}


@pytest.fixture
def world() -> World:
    world = signed_world()
    world.commits()
    world.delivers()
    return world


def test_no_code_of_the_rules_is_without_an_example() -> None:
    assert list(EXAMPLES) == CODES


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_given_where_it_is_promised(world: World, code: Refusal) -> None:
    assert EXAMPLES[code](world) == code


def test_the_first_listed_wins_whichever_was_found_first() -> None:
    refused = [Refused(code, "x", "y") for code in CODES]
    for early, late in pairwise(refused):
        assert first_of(late, None, early) == first_of(early, late) == early
    assert first_of(None, None) is None


def mended(world: World, desk: str, event_type: str, steps: list[Fields]) -> list[Refusal]:
    """Return the refusals of an act as its reasons are mended one by one; the last mending gets it admitted."""
    fields: Fields = {}
    found = []
    for number, step in enumerate(steps):
        fields |= step
        if number == len(steps) - 1:
            world.admit(desk, event_type, **fields)
        else:
            found.append(world.refuse(desk, event_type, **fields))
    return found


def test_a_commitment_with_everything_wrong_is_told_one_reason_after_another_in_their_order(world: World) -> None:
    cap = {"amount": "500.00", "currency": "GBP"}
    world.grants("gb", "minister", {"events": ["commitment.*"], "categories": ["training"], "cap": cap})
    withdrawn(world)  # The envelope c-1 is no longer open.
    world.commits("euro", terms(money("100.00", "EUR")))
    late_first = tranches(("2028-01-01", "300.00"), ("2027-01-01", "400.00"))
    in_order = tranches(("2027-01-01", "300.00"), ("2028-01-01", "100.00"))
    half, whole = [{"party": "gb", "share": "1/2"}], [{"party": "gb", "share": "1/1"}]
    strange = [{"party": "gb", "share": "1/4"}, {"party": "depositary", "share": "1/4"}]
    others = [{"party": "de", "share": "1/2"}]
    nobody, euro = {"part_of": {"commitment": "gone", "basis": "stated"}}, {"commitment": "euro", "basis": "stated"}
    training = {"category": "training"}

    def agreed(promised: Fields, **changed: object) -> Fields:
        return {"terms": terms(promised, **{"schedule": late_first, "obligors": strange, **training, **changed})}

    gone = money("700.00", "HRK")
    steps = [
        {
            **made(commitment="c-1"),
            "occurred": day("2027-01-01"),
            **agreed(gone, category="naval", obligors=others, **nobody),
        },
        agreed(gone, category="naval", **nobody),
        agreed(gone, **nobody),
        agreed(money("500.00"), **nobody),
        {"occurred": day("2026-05-01")},
        agreed(money("500.00"), part_of=euro),
        {"commitment": "new"},
        agreed(money("500.00"), obligors=half, part_of=euro),
        agreed(money("500.00"), obligors=half, part_of=euro, schedule=in_order),
        agreed(money("500.00"), obligors=whole, part_of=euro, schedule=in_order),
        agreed(money("400.00"), obligors=whole, part_of=euro, schedule=in_order),
        agreed(money("400.00"), obligors=whole, schedule=in_order, **NESTED),
        agreed(money("100.00"), obligors=whole, schedule=once("2027-12-31"), **NESTED),
        agreed(money("100.00"), obligors=whole, schedule=once("2027-12-31")),
    ]
    assert mended(world, "gb/minister", "commitment.made", steps) == [
        Refusal.SIGNER_NOT_ENTITLED,
        Refusal.OUT_OF_SCOPE,
        Refusal.OVER_CAP,
        Refusal.FUTURE_FACT,
        Refusal.REFERENCE_UNKNOWN,
        Refusal.ALREADY_EXISTS,
        Refusal.PARTY_NOT_IN_INSTRUMENT,
        Refusal.DATES_DISORDERED,
        Refusal.SHARES_DO_NOT_SUM,
        Refusal.TRANCHES_DO_NOT_SUM,
        Refusal.UNIT_MISMATCH,
        Refusal.CHILD_ABOVE_PARENT,
        Refusal.ALREADY_ENDED,
    ]


def test_a_delivery_with_everything_wrong(world: World) -> None:
    world.commits("euro", terms(money("100.00", "EUR")))
    steps: list[Fields] = [
        {
            "delivery": "d-1",
            "commitment": "euro",
            "milestone": "handed_over",
            "occurred": day("2027-01-01"),
            "lines": [{"line": 1, "object": money("1.00", "HRK")}, {"line": 1, "object": money("1.00", "HRK")}],
            "valuations": [{"basis": "list", "amount": "1.00", "currency": "HRK", "line": 9}],
            "reimburses": "unheard-of",
        },
        {"occurred": day("2026-05-01")},
        {"reimburses": "d-1"},
        {"delivery": "new"},
        {"lines": [{"line": 1, "object": money("1.00", "HRK")}]},
        {"lines": [{"line": 1, "object": money("1.00")}]},
        {"valuations": [{"basis": "list", "amount": "1.00", "currency": "EUR", "line": 9}]},
        {"lines": [{"line": 1, "object": money("1.00", "EUR")}]},
        {"valuations": [{"basis": "list", "amount": "1.00", "currency": "EUR", "line": 1}]},
    ]
    assert mended(world, "gb", "delivery.recorded", steps) == [
        Refusal.FUTURE_FACT,
        Refusal.REFERENCE_UNKNOWN,
        Refusal.ALREADY_EXISTS,
        Refusal.ALREADY_EXISTS,
        Refusal.CODE_UNKNOWN,
        Refusal.CODE_UNKNOWN,
        Refusal.UNIT_MISMATCH,
        Refusal.LINE_UNKNOWN,
    ]


def test_what_a_stranger_asks_of_what_has_ended_is_not_its_to_ask(world: World) -> None:
    withdrawn(world)
    assert world.refuse("de", "commitment.amended", commitment="c-1", terms=terms()) == Refusal.SIGNER_NOT_ENTITLED
    world.admit("gb", "delivery.voided", delivery="d-1", reason="x")
    assert world.refuse("gb", "delivery.acknowledged", delivery="d-1", lines=[{"line": 1, "amount": "1.00"}]) == (
        Refusal.SIGNER_NOT_ENTITLED
    )
    advanced: Fields = {"delivery": "d-1", "milestone": "dispatched"}
    early = {**advanced, "occurred": day("2026-04-01")}
    assert world.refuse("gb", "delivery.advanced", **early) == Refusal.DATES_DISORDERED
    assert world.refuse("gb", "delivery.advanced", **advanced, occurred=day("2026-05-02")) == Refusal.WRONG_STATE
    assert world.refuse("ua", "delivery.acknowledged", delivery="d-1", lines=[{"line": 9, "amount": "1.00"}]) == (
        Refusal.ALREADY_ENDED
    )


def test_a_correction_is_told_what_its_result_lacks_before_what_it_misquotes(world: World) -> None:
    act = world.commits("c-2", terms(money("100.00"), **NESTED))
    change: Fields = {"act": act, "field": "/terms/object/amount", "old": "99.00", "reason": "x"}
    assert world.refuse("gb", "act.corrected", **change, new="100.01") == Refusal.CHILD_ABOVE_PARENT
    assert world.refuse("gb", "act.corrected", **change, new="100.00") == Refusal.OLD_VALUE_DIFFERS
    assert world.refuse("gb", "act.corrected", **change, new="1.000") == Refusal.FIELD_NOT_CORRECTABLE
    assert world.refuse("de", "act.corrected", **change, new="1.000") == Refusal.SIGNER_NOT_ENTITLED


def test_an_admission_is_the_depositary_s_and_its_ids_are_new(world: World) -> None:
    office = principal("xx")
    names = [{"language": "en", "name": "X"}]
    fields: Fields = {"subject": "xx", "kind": "state", "names": names, "roles": ["guarantor"]}
    foreign = {**fields, "subject": "yy", "principal": office.grant}
    assert world.refuse("gb", "party.admitted", **foreign) == Refusal.AUTHORITY_NOT_OF_PARTY
    assert world.refuse("gb", "party.admitted", **fields, principal=office.grant) == Refusal.SIGNER_NOT_ENTITLED
    twice = {**fields, "principal": office.grant, "recovery": office.grant}
    assert world.refuse("depositary", "party.admitted", **twice) == Refusal.ALREADY_EXISTS
    act = world.admit("depositary", "party.admitted", **fields, principal=office.grant)
    other = principal("xx")
    other.authority = "xx/other"
    assert world.refuse("depositary", "party.admitted", **fields, principal=other.grant) == Refusal.ALREADY_EXISTS
    renamed = {"act": act, "field": "/names/0/name", "old": "X", "new": "Y", "reason": "x"}
    world.admit("depositary", "act.corrected", **renamed)
    assert world.party("xx").names[0].name == "Y"


def test_roles_rules_and_openings_are_the_depositary_s(world: World) -> None:
    assert world.refuse("gb", "party.roles_changed", subject="gb", roles=["observer"]) == Refusal.SIGNER_NOT_ENTITLED
    world.admit("depositary", "party.roles_changed", subject="gb", roles=["guarantor", "sanctions_guarantor"])
    assert world.party("gb").roles == ("guarantor", "sanctions_guarantor")
    unknown = {"subject": "zz", "roles": ["observer"]}
    assert world.refuse("depositary", "party.roles_changed", **unknown) == Refusal.REFERENCE_UNKNOWN
    assert world.refuse("gb", "rules.adopted", rules=2) == Refusal.SIGNER_NOT_ENTITLED
    assert world.refuse("depositary", "rules.adopted", rules=2) == Refusal.REFERENCE_UNKNOWN
    assert world.refuse("depositary", "rules.adopted", rules=1) == Refusal.ALREADY_EXISTS
    raw = world.founded.raws[0]
    assert world.refused(raw).refusal == Refusal.ALREADY_EXISTS


def test_instruments_are_registered_by_the_depositary_among_parties_it_knows(world: World) -> None:
    text: Fields = {"instrument": "new", "title": {"en": "x"}, "kind": "treaty", "legal_character": "not_stated"}
    text |= {"profile": {"effect": "not_stated"}, "parties": ["ua", "gb"]}
    assert world.refuse("gb", "instrument.registered", **text) == Refusal.SIGNER_NOT_ENTITLED
    clock = {"basis": "breach", "convene_within_hours": 72, "decide_within_hours": 24}
    for changed, expected in (
        ({"parties": ["ua", "zz"]}, Refusal.REFERENCE_UNKNOWN),
        ({"parent": "unheard-of"}, Refusal.REFERENCE_UNKNOWN),
        ({"parties": ["ua", "ua"]}, Refusal.ALREADY_EXISTS),
        ({"instrument": PACT}, Refusal.ALREADY_EXISTS),
        ({"profile": {"effect": "none", "clock": clock}}, Refusal.DATES_DISORDERED),
        ({"profile": {"effect": "none", "term": {"until": "9999-12-31"}}}, Refusal.DATES_DISORDERED),
    ):
        assert world.refuse("depositary", "instrument.registered", **{**text, **changed}) == expected
    world.admit("depositary", "instrument.registered", **text)
    assert world.refuse("de", "instrument.signed", instrument="new") == Refusal.PARTY_NOT_IN_INSTRUMENT
    for step in ("ratified", "applied_provisionally", "withdrawal_notified"):
        assert world.refuse("gb", f"instrument.{step}", instrument="new") == Refusal.WRONG_STATE
    world.admit("gb", "instrument.signed", instrument="new", occurred=day("2026-05-01"))
    assert world.refuse("gb", "instrument.signed", instrument="new") == Refusal.ALREADY_EXISTS
    early: Fields = {"instrument": "new", "occurred": day("2026-04-30")}
    assert world.refuse("gb", "instrument.ratified", **early) == Refusal.DATES_DISORDERED
    for step in ("ratified", "applied_provisionally"):
        world.admit("gb", f"instrument.{step}", instrument="new")
        assert world.refuse("gb", f"instrument.{step}", instrument="new") == Refusal.ALREADY_EXISTS


def test_a_text_is_amended_by_all_who_signed_it(world: World) -> None:
    profile = {"effect": "on_signature", "withdrawal_notice_months": 6}
    amended = world.admit("ua", "instrument.amended", instrument=PACT, profile=profile)
    for desk in ("gb", "de"):
        world.admit(desk, "consent.given", act=amended)
        assert world.instrument().profile.withdrawal_notice_months is None
    world.admit("fr", "consent.given", act=amended)
    assert world.instrument().profile.withdrawal_notice_months == 6


def test_a_dispute_is_settled_by_both(world: World) -> None:
    settled: Fields = {"delivery": "d-1", "lines": [{"line": 1, "amount": "4.00"}]}
    assert world.refuse("gb", "dispute.settled", **settled) == Refusal.WRONG_STATE
    world.admit("ua", "delivery.disputed", delivery="d-1", lines=[{"line": 1, "amount": "6.00"}], grounds="defective")
    assert world.refuse("de", "dispute.settled", **settled) == Refusal.SIGNER_NOT_ENTITLED
    act = world.admit("gb", "dispute.settled", **settled)
    assert world.pending_on(act) == ("ua",)
    assert dict(world.delivery("d-1").acknowledged) == {}
    world.admit("ua", "consent.given", act=act)
    assert {line: str(amount) for line, amount in world.delivery("d-1").acknowledged.items()} == {1: "4.00"}
    assert dict(world.delivery("d-1").disputed) == {}


def test_a_delivery_is_corrected_in_its_own_lines_and_units(world: World) -> None:
    corrected: Fields = {"delivery": "d-1", "reason": "x"}
    wrong = [{"line": 1, "object": goods("1", "tank")}]
    assert world.refuse("gb", "delivery.corrected", **corrected, lines=wrong) == Refusal.UNIT_MISMATCH
    right = [{"line": 1, "object": money("9.00")}]
    assert world.refuse("ua", "delivery.corrected", **corrected, lines=right) == Refusal.SIGNER_NOT_ENTITLED
    world.admit("gb", "delivery.corrected", **corrected, lines=right)
    assert {line: str(amount) for line, amount in world.delivery("d-1").claimed.items()} == {1: "9.00"}
