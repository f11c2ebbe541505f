"""Mandates: what an office may sign, who may give and take that, and what becomes of what it signed without."""

from datetime import timedelta

import pytest

from ledger.events.refusals import Refusal
from ledger.signing.signer import sign_payload
from tests.acts import principal
from tests.world import PACT, Fields, World, day, goods, money, once, signed_world, terms, yearly

CAP = {"events": ["*"], "cap": {"amount": "100.00", "currency": "GBP"}}
TRAINING = {"events": ["*"], "categories": ["training"]}
LOST = {"reason": "compromised", "contested_since": "2026-06-01T00:00:00Z"}


@pytest.fixture
def world() -> World:
    return signed_world()


def made(agreed: dict[str, object], commitment_id: str = "c-9") -> dict[str, object]:
    return {"commitment": commitment_id, "instrument": PACT, "title": {"en": "x"}, "terms": agreed}


def recovery(world: World) -> None:
    world.grants("gb", "recovery", standing="recovery")


@pytest.mark.parametrize(
    "agreed",
    [
        terms(money("100.01")),
        terms(money("1.00", "EUR")),
        terms(money("1.00"), schedule=yearly(2027)),
        terms(money("20.00"), schedule=yearly(2027, 2032)),
        terms(money("1.00"), schedule=yearly(9999)),
        terms(goods("1", "frigate")),
        terms({"kind": "undisclosed"}),
        terms({"kind": "formula", "percent": "0.25", "of": "GDP", "currency": "GBP"}, schedule=yearly(2027)),
    ],
    ids=["above", "other currency", "endless", "sum of periods", "unsound", "goods", "undisclosed", "formula"],
)
def test_what_cannot_be_held_against_a_cap_is_over_it(world: World, agreed: dict[str, object]) -> None:
    world.grants("gb", "capped", CAP)
    assert world.refuse("gb/capped", "commitment.made", **made(agreed)) == Refusal.OVER_CAP


def test_up_to_its_cap_a_mandate_is_good(world: World) -> None:
    world.grants("gb", "capped", CAP)
    world.admit("gb/capped", "commitment.made", **made(terms(money("100.00"))))
    five_years = terms(money("20.00"), schedule=yearly(2027, 2031))
    world.admit("gb/capped", "commitment.made", **made(five_years, "c-8"))


def test_a_cap_is_not_passed_by_amendment_correction_conversion_consent_or_resolution(world: World) -> None:
    world.grants("gb", "capped", CAP)
    world.commits("big", terms(money("500.00")))
    act = world.commits("small", terms(money("50.00")))
    over = terms(money("100.01"))
    assert world.refuse("gb/capped", "commitment.amended", commitment="small", terms=over) == Refusal.OVER_CAP
    change = {"field": "/terms/object/amount", "old": "50.00", "new": "100.01", "reason": "x"}
    assert world.refuse("gb/capped", "act.corrected", act=act, **change) == Refusal.OVER_CAP
    into = {"into": "other", "instrument": PACT, "title": {"en": "x"}, "terms": over}
    assert world.refuse("gb/capped", "commitment.converted", commitment="small", **into) == Refusal.OVER_CAP
    merged = {"commitment": "small", "absorbed": ["big"], "terms": over}
    assert world.refuse("gb/capped", "commitment.merged", **merged) == Refusal.OVER_CAP
    joint = world.admit("de", "commitment.made", **made(terms(money("500.00"), "de", "gb")))
    assert world.refuse("gb/capped", "consent.given", act=joint) == Refusal.OVER_CAP
    formula = {"kind": "formula", "percent": "1", "of": "GDP", "currency": "GBP"}
    world.commits("gdp", terms(formula, schedule=yearly(2025)))
    resolved = {"period": {"first": "2025-01-01", "last": "2025-12-31", "precision": "year"}, "amount": "100.01"}
    resolved |= {"commitment": "gdp", "currency": "GBP", "source": {"title": "Statistics"}}
    assert world.refuse("gb/capped", "commitment.resolved", **resolved) == Refusal.OVER_CAP


def test_a_capped_mandate_releases_nobody_from_more_than_its_cap(world: World) -> None:
    world.grants("ua", "capped", CAP)
    world.commits("big", terms(money("500.00")))
    waived = {"commitment": "big", "reason": "x"}
    assert world.refuse("ua/capped", "commitment.waived", **waived) == Refusal.OVER_CAP
    world.admit("ua/capped", "commitment.waived", **waived, amount="100.00")


def test_a_category_is_not_left_by_amendment_delivery_withdrawal_consent_or_correction(world: World) -> None:
    for desk in ("gb", "ua"):
        world.grants(desk, "trainer", TRAINING)
    act = world.commits()
    world.delivers()
    outside = Refusal.OUT_OF_SCOPE
    retrained = terms(category="training")
    assert world.refuse("gb/trainer", "commitment.made", **made(terms())) == outside
    assert world.refuse("gb/trainer", "commitment.amended", commitment="c-1", terms=retrained) == outside
    assert world.refuse("gb/trainer", "commitment.withdrawn", commitment="c-1", reason="x") == outside
    delivered = {"delivery": "d-2", "commitment": "c-1", "milestone": "handed_over", "occurred": day("2026-05-01")}
    lines = [{"line": 1, "object": money("1.00")}]
    assert world.refuse("gb/trainer", "delivery.recorded", **delivered, lines=lines) == outside
    assert world.refuse("gb/trainer", "delivery.voided", delivery="d-1", reason="x") == outside
    change = {"field": "/terms/object/amount", "old": "100.00", "new": "200.00", "reason": "x"}
    assert world.refuse("gb/trainer", "act.corrected", act=act, **change) == outside
    lowered = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("1.00")))
    assert world.refuse("ua/trainer", "consent.given", act=lowered) == outside
    said = {"delivery": "d-1", "lines": [{"line": 1, "amount": "1.00"}]}
    assert world.refuse("ua/trainer", "delivery.acknowledged", **said) == outside
    world.admit("gb/trainer", "commitment.made", **made(retrained))


def test_a_grant_stays_within_the_scope_of_whoever_gives_it(world: World) -> None:
    narrow = {"events": ["authority.*", "delivery.*"], "categories": ["training"], "cap": CAP["cap"]}
    world.grants("gb", "second", narrow, standing="principal")
    office = world.office("gb/second", "friend")
    fields = {"granted": office.authority, "keys": office.keys, "standing": "delegated", "office": "friend"}
    fields |= {"basis": "full_powers", "valid_from": "2026-01-01T00:00:00Z"}
    wider: list[Fields] = [
        {**narrow, "events": ["*"]},
        {**narrow, "events": ["commitment.made"]},
        {**narrow, "categories": ["training", "naval"]},
        {"events": ["delivery.*"], "cap": CAP["cap"]},
        {"events": ["delivery.*"], "categories": ["training"]},
        {**narrow, "cap": {"amount": "100.01", "currency": "GBP"}},
        {**narrow, "cap": {"amount": "1.00", "currency": "EUR"}},
    ]
    for scope in wider:
        assert world.refuse("gb/second", "authority.granted", **fields, scope=scope) == Refusal.OUT_OF_SCOPE
    world.admit("gb/second", "authority.granted", **fields, scope={**narrow, "events": ["delivery.recorded"]})


def test_a_delegate_grants_and_revokes_nothing_not_even_for_itself(world: World) -> None:
    world.grants("gb", "defence")
    office = world.office("gb", "friend")
    fields = {"granted": office.authority, "keys": office.keys, "standing": "principal", "office": "friend"}
    fields |= {"basis": "full_powers", "valid_from": "2026-01-01T00:00:00Z", "scope": {"events": ["*"]}}
    assert world.refuse("gb/defence", "authority.granted", **fields) == Refusal.SIGNER_NOT_ENTITLED
    revoked = {"revoked": "gb/defence", "reason": "other"}
    assert world.refuse("gb/defence", "authority.revoked", **revoked) == Refusal.SIGNER_NOT_ENTITLED
    office.authority = "de/friend"
    foreign = {**fields, "granted": office.authority, "keys": office.keys}
    assert world.refuse("gb", "authority.granted", **foreign) == Refusal.AUTHORITY_NOT_OF_PARTY
    taken = {**fields, "granted": "gb/defence"}
    assert world.refuse("gb", "authority.granted", **{**taken, "keys": world.desks["gb/defence"].keys}) == (
        Refusal.ALREADY_EXISTS
    )


def test_recovery_grants_a_new_principal_and_does_nothing_else(world: World) -> None:
    recovery(world)
    assert world.refuse("gb/recovery", "commitment.made", **made(terms())) == Refusal.OUT_OF_SCOPE
    world.commits()
    raised = {"commitment": "c-1", "terms": terms(money("200.00"))}
    assert world.refuse("gb/recovery", "commitment.amended", **raised) == Refusal.OUT_OF_SCOPE
    office = world.office("gb", "ministry")
    fields = {"granted": office.authority, "keys": office.keys, "office": "minister", "basis": "full_powers"}
    fields |= {"valid_from": "2026-01-01T00:00:00Z", "scope": {"events": ["*"]}}
    for standing in ("delegated", "recovery"):
        refusal = world.refuse("gb/recovery", "authority.granted", **fields, standing=standing)
        assert refusal == Refusal.SIGNER_NOT_ENTITLED
    world.admit("gb/recovery", "authority.revoked", revoked="gb/principal", **LOST)
    world.grants("gb/recovery", "principal-2", standing="principal")
    world.admit("gb/principal-2", "commitment.amended", **raised)


def test_a_stolen_principal_does_not_shut_out_the_recovery(world: World) -> None:
    recovery(world)
    revoked = {"revoked": "gb/recovery", "reason": "superseded"}
    assert world.refuse("gb", "authority.revoked", **revoked) == Refusal.SIGNER_NOT_ENTITLED
    world.grants("gb", "thief", standing="recovery")
    assert world.refuse("gb/thief", "authority.revoked", **revoked) == Refusal.SIGNER_NOT_ENTITLED
    world.admit("gb/recovery", "authority.revoked", revoked="gb/thief", reason="other")
    assert world.refuse("gb/recovery", "authority.revoked", revoked="gb/thief", reason="other") == (
        Refusal.ALREADY_ENDED
    )
    world.admit("gb/recovery", "authority.revoked", **revoked)


def test_a_stolen_principal_does_not_contest_the_recovery_away(world: World) -> None:
    recovery(world)
    world.admit("gb", "authority.revoked", revoked="gb/principal", **LOST)
    assert not world.authority("gb/recovery").contested
    world.grants("gb/recovery", "principal-2", standing="principal")


def test_what_a_recovery_contests_includes_younger_recoveries_and_not_itself(world: World) -> None:
    recovery(world)
    world.grants("gb", "thief", standing="recovery")
    world.admit("gb/recovery", "authority.revoked", revoked="gb/principal", **LOST)
    assert (world.authority("gb/recovery").contested, world.authority("gb/thief").contested) == (False, True)
    revoked = {"revoked": "gb/recovery", "reason": "other"}
    assert world.refuse("gb/thief", "authority.revoked", **revoked) == Refusal.AUTHORITY_CONTESTED


def test_an_authority_may_revoke_itself_and_then_signs_nothing(world: World) -> None:
    world.admit("gb", "authority.revoked", revoked="gb/principal", reason="superseded")
    assert world.authority("gb/principal").revoked_because == "superseded"
    assert world.refuse("gb", "commitment.made", **made(terms())) == Refusal.AUTHORITY_REVOKED


def test_nobody_revokes_the_office_of_another_party_or_the_service(world: World) -> None:
    for desk, revoked in (("gb", "de/principal"), ("depositary", "depositary/service"), ("gb", "gb/nobody")):
        refusal = world.refuse(desk, "authority.revoked", revoked=revoked, reason="other")
        assert refusal == Refusal.REFERENCE_UNKNOWN


def test_a_mandate_whose_grant_is_contested_signs_nothing_until_it_is_confirmed(world: World) -> None:
    recovery(world)
    world.grants("gb", "second", standing="principal")
    world.grants("gb/second", "defence")
    world.admit("gb", "authority.revoked", revoked="gb/second", **LOST)
    raised = {"commitment": "c-9", "instrument": PACT, "title": {"en": "x"}, "terms": terms()}
    assert world.refuse("gb/defence", "commitment.made", **raised) == Refusal.AUTHORITY_CONTESTED
    world.admit("gb", "act.confirmed", act=world.authority("gb/defence").granted_in)
    world.admit("gb/defence", "commitment.made", **raised)


def test_what_was_done_under_a_grant_that_is_repudiated_is_contested(world: World) -> None:
    world.grants("gb", "second", standing="principal")
    world.grants("gb/second", "defence")
    act = world.admit("gb/defence", "commitment.made", **made(terms()))
    world.admit("gb", "authority.revoked", revoked="gb/second", **LOST)
    world.admit("gb", "act.repudiated", act=world.authority("gb/defence").granted_in, reason="Not ours")
    assert world.authority("gb/defence").revoked_because == "repudiated"
    assert world.act(act).contested
    assert world.refuse("gb/defence", "act.confirmed", act=act) == Refusal.AUTHORITY_REVOKED
    world.admit("gb", "act.repudiated", act=act, reason="Not ours")
    assert world.commitment_or_none("c-9") is None


def test_a_party_whose_admission_is_repudiated_signs_no_more(world: World) -> None:
    world.grants("depositary", "clerk", {"events": ["*"]})
    world.desks["xx"] = office = principal("xx")
    names = [{"language": "en", "name": "Nowhere"}]
    admission = {"subject": "xx", "kind": "state", "names": names, "roles": ["guarantor"], "principal": office.grant}
    admitted = world.admit("depositary/clerk", "party.admitted", **admission)
    fields: Fields = {
        "delivery": "d-9",
        "category": "drones",
        "milestone": "handed_over",
        "occurred": day("2026-05-01"),
    }
    fields |= {"lines": [{"line": 1, "object": goods("1", "drone")}]}
    delivered = world.admit("xx", "delivery.recorded", **fields)
    world.admit("depositary", "authority.revoked", revoked="depositary/clerk", **LOST)
    again = {**fields, "delivery": "d-10"}
    assert world.refuse("xx", "delivery.recorded", **again) == Refusal.AUTHORITY_CONTESTED
    world.admit("depositary", "act.repudiated", act=admitted, reason="Nobody sent them")
    assert world.refuse("xx", "delivery.recorded", **again) == Refusal.AUTHORITY_REVOKED
    assert world.act(delivered).contested


def test_a_repudiated_consent_puts_the_act_back_to_where_it_waited(world: World) -> None:
    world.grants("ua", "deputy")
    world.commits()
    lowered = world.admit("gb", "commitment.amended", commitment="c-1", terms=terms(money("1.00")))
    word = world.admit("ua/deputy", "consent.given", act=lowered)
    assert world.amount("c-1") == "1.00"
    world.admit("ua", "authority.revoked", revoked="ua/deputy", **LOST)
    world.admit("ua", "act.repudiated", act=word, reason="Not ours")
    assert (world.amount("c-1"), world.pending_on(lowered)) == ("100.00", ("ua",))
    world.admit("ua", "consent.given", act=lowered)
    assert world.amount("c-1") == "1.00"


def test_repudiating_a_consent_does_not_revive_what_another_refused(world: World) -> None:
    world.grants("de", "deputy")
    joint = world.admit("gb", "commitment.made", **made(terms(None, "gb", "de", "fr")))
    word = world.admit("de/deputy", "consent.given", act=joint)
    world.admit("fr", "consent.refused", act=joint)
    world.admit("de", "authority.revoked", revoked="de/deputy", **LOST)
    world.admit("de", "act.repudiated", act=word, reason="Not ours")
    assert world.standing(joint) == "refused"


def test_repudiating_an_older_consent_leaves_the_newer(world: World) -> None:
    world.grants("de", "deputy")
    joint = world.admit("gb", "commitment.made", **made(terms(None, "gb", "de", "fr")))
    word = world.admit("de/deputy", "consent.given", act=joint)
    world.admit("de", "consent.withdrawn", act=joint)
    world.admit("de", "consent.given", act=joint)
    world.admit("de", "authority.revoked", revoked="de/deputy", **LOST)
    world.admit("de", "act.repudiated", act=word, reason="Not ours")
    assert world.pending_on(joint) == ("fr",)


def test_a_repudiation_that_was_not_theirs_to_make_is_undone(world: World) -> None:
    recovery(world)
    world.grants("gb", "defence")
    act = world.admit("gb/defence", "commitment.made", **made(terms()))
    world.admit("gb", "authority.revoked", revoked="gb/defence", **LOST)
    theft = world.admit("gb", "act.repudiated", act=act, reason="By a thief")
    assert world.commitment_or_none("c-9") is None
    world.admit("gb/recovery", "authority.revoked", revoked="gb/principal", **LOST)
    world.grants("gb/recovery", "principal-2", standing="principal")
    world.admit("gb/principal-2", "act.repudiated", act=theft, reason="By a thief")
    assert (world.standing(act), world.act(act).contested) == ("effective", True)
    world.admit("gb/principal-2", "act.confirmed", act=act)
    assert world.amount("c-9") == "100.00"


def test_nobody_completes_a_proposal_that_its_own_party_contests(world: World) -> None:
    world.grants("gb", "defence")
    world.commits()
    lowered = world.admit("gb/defence", "commitment.amended", commitment="c-1", terms=terms(money("1.00")))
    world.admit("gb", "authority.revoked", revoked="gb/defence", **LOST)
    assert world.refuse("ua", "consent.given", act=lowered) == Refusal.WRONG_STATE
    world.admit("gb", "act.confirmed", act=lowered)
    world.admit("ua", "consent.given", act=lowered)


def test_nothing_is_contested_from_tomorrow_on(world: World) -> None:
    world.grants("gb", "defence")
    later = {"revoked": "gb/defence", "reason": "compromised", "contested_since": "2026-06-02T00:00:00Z"}
    assert world.refuse("gb", "authority.revoked", **later) == Refusal.FUTURE_FACT


def test_validity_is_decided_by_the_position_in_the_log(world: World) -> None:
    world.grants("gb", "defence", valid_until="2026-07-01T00:00:00Z")
    act = world.admit("gb/defence", "commitment.made", **made(terms()))
    world.admit("gb", "authority.revoked", revoked="gb/defence", reason="left_office")
    world.at("2030-01-01")
    assert (world.standing(act), world.act(act).contested) == ("effective", False)
    # Long expired as well: the first reason listed is given.
    assert world.refuse("gb/defence", "commitment.made", **made(terms(), "c-8")) == Refusal.AUTHORITY_REVOKED


def test_the_service_key_signs_nothing_of_these_streams(world: World) -> None:
    world.desks["service"] = principal("depositary")
    world.desks["service"].authority = "depositary/service"
    world.desks["service"].signers = (world.founded.service,)
    world.commits()
    for event_type, fields in (
        ("commitment.made", made(terms(schedule=once("2027-01-01")))),
        ("party.renamed", {"subject": "gb"}),
        ("consent.given", {"act": world.commits("c-2")}),
    ):
        assert world.refuse("service", event_type, **fields) == Refusal.SERVICE_KEY_ONLY


def test_the_place_in_the_chain_and_the_time_of_issue(world: World) -> None:
    fields, signers = made(terms()), world.desks["gb"].signers
    sequence, previous = world.desks["gb"].sequence + 1, world.desks["gb"].previous
    for place, expected in (
        ({"sequence": sequence + 1}, Refusal.SEQUENCE_MISMATCH),
        ({"sequence": sequence + 1, "previous": "0" * 64}, Refusal.SEQUENCE_MISMATCH),
        ({"previous": "0" * 64}, Refusal.PREVIOUS_MISMATCH),
        ({"previous": previous, "issued_at": world.now + timedelta(minutes=5, seconds=1)}, Refusal.FUTURE_FACT),
    ):
        raw = sign_payload(world.payload("gb", "commitment.made", fields, **place), signers)
        assert world.refused(raw).refusal == expected
    world.submit(
        sign_payload(
            world.payload("gb", "commitment.made", fields, issued_at=world.now + timedelta(minutes=5)), signers
        )
    )
    assert world.commitment_or_none("c-9") is not None


def test_not_yet_valid_and_not_of_the_party(world: World) -> None:
    world.grants("gb", "next", valid_from="2026-06-02T00:00:00Z")
    assert world.refuse("gb/next", "commitment.made", **made(terms())) == Refusal.AUTHORITY_NOT_YET_VALID
    world.desks["posing"] = world.office("gb", "posing")
    world.desks["posing"].party = "de"
    world.desks["posing"].authority = "gb/principal"
    world.desks["posing"].signers = world.desks["gb"].signers
    assert world.refuse("posing", "commitment.made", **made(terms(None, "de"))) == Refusal.AUTHORITY_NOT_OF_PARTY
