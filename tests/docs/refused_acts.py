"""Acts that are well signed and that the rules refuse, one for each code, as in `tests.docs.refused_bytes`."""

import msgspec

from ledger.rules.compact import authority
from tests.acts import DEPOSITARY, Office
from tests.docs.memory_ledger import OPENED_AT, MemoryLedger, example_id, office, seeded
from tests.docs.refused_bytes import GB, mandate
from tests.docs.scene import day, year
from tests.docs.scenes import SALT, SATELLITES, money, terms
from tests.docs.story import Stage

UA = "ua/principal"
DK = "dk/principal"


def proposed(stage: Stage, authority: str, event_type: str, **fields: object) -> bytes:
    """Return the next act of an authority, signed."""
    return stage.office(authority).proposed(event_type, event_id=example_id("refused"), **fields)


def admit(stage: Stage, authority: str, event_type: str, label: str, **fields: object) -> None:
    """Record the next act of an authority."""
    stage.ledger.admit(stage.office(authority).act(event_type, event_id=example_id(label), **fields))


def renaming(signing: Office) -> bytes:
    """Return an act that any office of a party could sign."""
    names = [{"language": "en", "name": "Great Britain"}]
    return signing.proposed("party.renamed", event_id=example_id("refused"), subject="gb", names=names)


def commitment(stage: Stage, promised: dict[str, str], authority: str = GB, **changed: object) -> bytes:
    """Return a new commitment of gb under its agreement."""
    made = {"commitment": "gb-new", "instrument": "gb-ua-2024", "title": {"en": "New"}}
    return proposed(stage, authority, "commitment.made", **made, terms=terms(promised, "gb", **changed))


def delivery(stage: Stage, **changed: object) -> bytes:
    """Return a new delivery of gb under its commitment."""
    recorded = {
        "delivery": "gb-new",
        "commitment": "gb-air-2026",
        "milestone": "handed_over",
        "lines": [{"line": 1, "object": money("1000000.00")}],
        "occurred": day("2026-01-14"),
    }
    return proposed(stage, GB, "delivery.recorded", **(recorded | changed))


def ledger_not_opened(stage: Stage) -> bytes:
    """An act of an authority that is known from before, on a log that has been emptied."""
    stage.ledger = MemoryLedger(known=stage.ledger)
    return renaming(Office("gb", GB, signers=(seeded(GB),)))


def authority_not_of_party(stage: Stage) -> bytes:
    """An act of dk that gb/principal signs."""
    desk = stage.office(GB)
    names = [{"language": "en", "name": "Denmark"}]
    borrowed = Office("dk", GB, signers=desk.signers, sequence=desk.sequence, previous=desk.previous)
    return borrowed.proposed("party.renamed", event_id=example_id("refused"), subject="dk", names=names)


def authority_revoked(stage: Stage) -> bytes:
    """A further act of gb/stores, which was revoked."""
    return renaming(stage.office("gb/stores"))


def authority_contested(stage: Stage) -> bytes:
    """An act of gb/defence after gb/principal, which granted its mandate, was revoked as compromised since before."""
    since = {"contested_since": msgspec.to_builtins(OPENED_AT)}
    admit(stage, "gb/recovery", "authority.revoked", "lost", revoked=GB, reason="compromised", **since)
    return commitment(stage, money("1000000.00"), "gb/defence")


def _limited(stage: Stage, **changed: object) -> bytes:
    admit(stage, GB, "authority.granted", "cabinet", **mandate(office("gb/cabinet"), **changed))
    return renaming(stage.office("gb/cabinet"))


def authority_not_yet_valid(stage: Stage) -> bytes:
    """An act under a mandate that begins next year."""
    return _limited(stage, valid_from="2027-01-01T00:00:00Z")


def authority_expired(stage: Stage) -> bytes:
    """An act under a mandate that ended an hour ago."""
    return _limited(stage, valid_until="2026-01-15T12:30:00Z")


def sequence_mismatch(stage: Stage) -> bytes:
    """An act that leaves out a place in its authority's chain."""
    desk = stage.office(GB)
    desk.sequence += 1
    return renaming(desk)


def previous_mismatch(stage: Stage) -> bytes:
    """An act at the right place that names another act as the one before."""
    desk = stage.office(GB)
    desk.previous = "e3" * 32
    return renaming(desk)


def service_key_only(stage: Stage) -> bytes:
    """An act of a party, signed with the service key."""
    known = authority(stage.ledger.compact, f"{DEPOSITARY}/service")
    assert known is not None
    signers = (seeded("service"),)
    return renaming(Office(DEPOSITARY, known.id, signers=signers, sequence=known.sequence, previous=known.previous))


def signer_not_entitled(stage: Stage) -> bytes:
    """The beneficiary makes a commitment of gb."""
    return commitment(stage, money("1000000.00"), UA)


def out_of_scope(stage: Stage) -> bytes:
    """gb/defence, which has a mandate for commitments and deliveries, renames its party."""
    return renaming(stage.office("gb/defence"))


def over_cap(stage: Stage) -> bytes:
    """gb/defence, which has a mandate up to 500,000,000.00 GBP, commits 900,000,000.00 GBP."""
    return commitment(stage, money("900000000.00"), "gb/defence")


def future_fact(stage: Stage) -> bytes:
    """A delivery that is to happen in March, recorded in January."""
    return delivery(stage, occurred=day("2026-03-01"))


def reference_unknown(stage: Stage) -> bytes:
    """A delivery for a commitment that was never made."""
    return delivery(stage, commitment="gb-air-2062")


def already_exists(stage: Stage) -> bytes:
    """A new commitment under an id that is taken."""
    made = {"commitment": "gb-air-2026", "instrument": "gb-ua-2024", "title": {"en": "Air defence"}}
    return proposed(stage, GB, "commitment.made", **made, terms=terms(money("1000000.00"), "gb"))


def party_not_in_instrument(stage: Stage) -> bytes:
    """dk signs the agreement of gb and ua."""
    return proposed(stage, DK, "instrument.signed", instrument="gb-ua-2024")


def code_unknown(stage: Stage) -> bytes:
    """A commitment made in 2026 in kuna, which were replaced by the euro in 2023."""
    return commitment(stage, money("1000000.00", "HRK"))


def dates_disordered(stage: Stage) -> bytes:
    """Tranches of which the second falls due before the first."""
    parts = [{"due": year(2027), "amount": "400000.00"}, {"due": year(2026), "amount": "600000.00"}]
    return commitment(stage, money("1000000.00"), schedule={"kind": "tranches", "tranches": parts})


def shares_do_not_sum(stage: Stage) -> bytes:
    """One obligor for one third."""
    return commitment(stage, money("1000000.00"), obligors=[{"party": "gb", "share": "1/3"}])


def tranches_do_not_sum(stage: Stage) -> bytes:
    """Tranches of 900,000.00 in a commitment of 1,000,000.00."""
    parts = [{"due": year(2026), "amount": "400000.00"}, {"due": year(2027), "amount": "500000.00"}]
    return commitment(stage, money("1000000.00"), schedule={"kind": "tranches", "tranches": parts})


def unit_mismatch(stage: Stage) -> bytes:
    """A delivery in euro for a commitment in pounds."""
    return delivery(stage, lines=[{"line": 1, "object": money("1000000.00", "EUR")}])


def child_above_parent(stage: Stage) -> bytes:
    """A part of 400,000,000.00 in an envelope of 300,000,000.00."""
    return commitment(stage, money("400000000.00"), part_of={"commitment": "gb-air-2026", "basis": "stated"})


def _resolved(stage: Stage, authority: str, commitment_id: str, period: int, currency: str) -> bytes:
    source = {"title": "National accounts"}
    figure = {"period": year(period), "amount": "7250000000.00", "currency": currency, "source": source}
    return proposed(stage, authority, "commitment.resolved", commitment=commitment_id, **figure)


def not_a_formula(stage: Stage) -> bytes:
    """The resolution of a fixed sum."""
    return _resolved(stage, GB, "gb-air-2026", 2026, "GBP")


def period_already_resolved(stage: Stage) -> bytes:
    """A second resolution of 2024."""
    return _resolved(stage, DK, "dk-share", 2024, "DKK")


def wrong_state(stage: Stage) -> bytes:
    """The resumption of a performance that was not suspended."""
    return proposed(stage, GB, "instrument.resumed", instrument="gb-ua-2024")


def already_ended(stage: Stage) -> bytes:
    """The acknowledgement of a delivery that was voided."""
    lines = [{"line": 1, "amount": "80000000.00"}]
    return proposed(stage, UA, "delivery.acknowledged", delivery="gb-2026-03", lines=lines)


def not_pending(stage: Stage) -> bytes:
    """A consent to an act that had been refused."""
    return proposed(stage, UA, "consent.given", act=example_id("lowering"))


def consent_not_asked(stage: Stage) -> bytes:
    """A consent of dk to what gb asks of ua."""
    return proposed(stage, DK, "consent.given", act=example_id("withdrawal"))


def consent_already_said(stage: Stage) -> bytes:
    """A second consent of no, while tr has not answered yet."""
    asked = {"act": example_id("triple commitment")}
    admit(stage, "no/principal", "consent.given", "consent again", **asked)
    return proposed(stage, "no/principal", "consent.given", **asked)


def line_unknown(stage: Stage) -> bytes:
    """The acknowledgement of line 7 of a delivery of one line."""
    lines = [{"line": 7, "amount": "1.00"}]
    return proposed(stage, UA, "delivery.acknowledged", delivery="gb-2026-02", lines=lines)


def above_claimed(stage: Stage) -> bytes:
    """More is acknowledged than was claimed."""
    lines = [{"line": 1, "amount": "75000000.01"}]
    return proposed(stage, UA, "delivery.acknowledged", delivery="gb-2026-02", lines=lines)


def _corrected(stage: Stage, field: str, old: object, new: object) -> bytes:
    what = {"act": example_id("delivery 2"), "field": field, "old": old, "new": new}
    return proposed(stage, GB, "act.corrected", **what, reason="An example")


def field_not_correctable(stage: Stage) -> bytes:
    """The correction of whose act it was."""
    return _corrected(stage, "/party", "gb", "dk")


def old_value_differs(stage: Stage) -> bytes:
    """The correction of a milestone that the act does not state."""
    return _corrected(stage, "/milestone", "at_hub", "in_transit")


def disclosure_differs(stage: Stage) -> bytes:
    """The opening of a sealed object as two satellites, where three were sealed."""
    opened = {"act": example_id("gb-ears"), "field": "/terms/object", "salt": SALT}
    return proposed(stage, GB, "act.disclosed", **opened, value=msgspec.structs.replace(SATELLITES, quantity="2"))


def not_contested(stage: Stage) -> bytes:
    """The confirmation of an act that nobody put in doubt."""
    return proposed(stage, GB, "act.confirmed", act=example_id("delivery 2"))
