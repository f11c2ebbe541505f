"""The scenario by itself: every act is an event, in an order that can be submitted, with its source."""

from collections import Counter

from ledger.client.scenario import Scenario
from ledger.events.commitments import CommitmentMade
from ledger.events.deliveries import DeliveryAcknowledged, DeliveryDisputed, DeliveryRecorded
from ledger.events.header import Event
from ledger.events.instruments import InstrumentEvent, InstrumentRegistered
from ledger.events.measures import MeasureEvent
from ledger.events.parties import PartyAdmitted, Role
from ledger.events.values import share_of

Events = dict[str, Event]

G7 = {"ca", "de", "fr", "gb", "it", "jp", "us"}
NEITHER_G7_NOR_EU = {"al", "is", "no", "ua"}
SANCTIONS_ALONE = {"au", "bg", "ch"}


def test_every_step_decodes_as_the_event_it_drafts(scenario: Scenario, events: Events) -> None:
    assert [event.type for event in events.values()] == [step.draft.type for step in scenario.steps]


def test_the_name_says_that_no_government_signed(scenario: Scenario) -> None:
    assert scenario.name["en"] == "Demonstration ledger: signatures made by no government"
    assert "Демонстраційний" in scenario.name["uk"]


def test_every_figure_has_its_source(events: Events) -> None:
    sourced = InstrumentEvent | InstrumentRegistered | CommitmentMade | DeliveryRecorded | MeasureEvent
    unsourced = [label for label, event in events.items() if isinstance(event, sourced) and not event.evidence]
    assert unsourced == []


def test_every_party_has_both_names_and_a_code_and_keys_to_be_made(scenario: Scenario, events: Events) -> None:
    admitted = [event for event in events.values() if isinstance(event, PartyAdmitted)]
    assert len(admitted) == 33
    for event in admitted:
        assert {name.language for name in event.names} == {"en", "uk"}
        assert len(event.codes) == 1
    assert {step.needs_keys for step in scenario.steps} - {None} == {event.principal.authority for event in admitted}


def test_roles_follow_what_a_party_is(events: Events) -> None:
    roles = {event.subject: set(event.roles) for event in events.values() if isinstance(event, PartyAdmitted)}
    assert roles["ua"] == {Role.BENEFICIARY}
    assert all(roles[party] == {Role.SANCTIONS_GUARANTOR} for party in SANCTIONS_ALONE)
    assert {party for party, held in roles.items() if Role.SANCTIONS_GUARANTOR not in held} == NEITHER_G7_NOR_EU
    assert all(Role.SANCTIONS_GUARANTOR in roles[party] for party in {*G7, "eu"})
    # Bulgaria approved and did not sign; Australia and Switzerland are entered for their sanctions.
    assert {party for party, held in roles.items() if Role.GUARANTOR not in held} == {*SANCTIONS_ALONE, "ua"}


def test_three_obligors_owe_exact_thirds_and_the_others_consent(scenario: Scenario, events: Events) -> None:
    howitzers = events["commitment/zuzana-2"]
    assert isinstance(howitzers, CommitmentMade)
    assert [obligor.share for obligor in howitzers.terms.obligors] == ["1/3", "1/3", "1/3"]
    assert sum(share_of(obligor.share) for obligor in howitzers.terms.obligors) == 1
    consents = [(step.draft.party, step.on_act) for step in scenario.steps if step.draft.type == "consent.given"]
    assert consents == [("de", "commitment/zuzana-2"), ("no", "commitment/zuzana-2")]


def test_a_commitment_comes_after_the_one_it_is_part_of(events: Events) -> None:
    labels = list(events)
    nested = 0
    for label, event in events.items():
        if isinstance(event, CommitmentMade) and event.terms.part_of is not None:
            assert labels.index(f"commitment/{event.terms.part_of.commitment}") < labels.index(label)
            nested += 1
    assert nested == 4


def test_exactly_one_dispute_and_it_says_that_it_is_made_up(events: Events) -> None:
    disputes = [event for event in events.values() if isinstance(event, DeliveryDisputed)]
    assert [dispute.delivery for dispute in disputes] == ["pt-m113-2022"]
    assert "made up for this demonstration" in (disputes[0].statement or "")
    assert "made up for this demonstration; the figures are from" in disputes[0].note["en"]


def test_acknowledgements_say_that_they_are_made_up_and_stay_within_what_was_claimed(events: Events) -> None:
    acknowledged = [event for event in events.values() if isinstance(event, DeliveryAcknowledged)]
    claimed = {event.delivery: event for event in events.values() if isinstance(event, DeliveryRecorded)}
    assert len(acknowledged) == 6
    for event in acknowledged:
        assert "Made up" in event.note["en"]
        line = claimed[event.delivery].lines[0].object
        assert int(event.lines[0].amount) <= int(getattr(line, "quantity", "0"))


def test_a_delivery_is_recorded_by_an_obligor_in_the_unit_of_its_commitment(events: Events) -> None:
    for event in events.values():
        if not isinstance(event, DeliveryRecorded):
            continue
        commitment = events[f"commitment/{event.commitment}"]
        assert isinstance(commitment, CommitmentMade)
        assert event.party in {obligor.party for obligor in commitment.terms.obligors}
        assert getattr(event.lines[0].object, "unit", "") == getattr(commitment.terms.object, "unit", None)


def test_every_obligor_is_a_party_to_the_instrument(events: Events) -> None:
    for event in events.values():
        if isinstance(event, CommitmentMade):
            instrument = events[f"instrument/{event.instrument}"]
            assert isinstance(instrument, InstrumentRegistered)
            assert {obligor.party for obligor in event.terms.obligors} <= set(instrument.parties)


def test_three_texts_are_beyond_the_36(events: Events) -> None:
    kinds = Counter(event.type for event in events.values())
    assert kinds["instrument.registered"] == 36 + 3
    assert kinds["commitment.made"] == 34 + 7
