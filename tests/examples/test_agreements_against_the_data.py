"""Each instrument of the data, row by row and field by field, against what the scenario registers and who signs."""

import re
from datetime import date

import msgspec
import pytest

from ledger.client.scenario import Scenario
from ledger.events.header import Event
from ledger.events.instruments import Clock, InstrumentRatified, InstrumentRegistered, InstrumentSigned, Term
from ledger.events.parties import PartyAdmitted

AgreementRow = dict[str, str]
Events = dict[str, Event]

APPROVAL_NEEDED = {"LU-2024", "UK-2025-100Y", "US-2026-DRAFT", "PARIS-2026"}
SAID_TO_BIND_NOBODY = ("non-binding", "not legally binding")


def registered(events: Events, agreement_id: str) -> InstrumentRegistered:
    event = events[f"instrument/{agreement_id.lower()}"]
    assert isinstance(event, InstrumentRegistered)
    return event


def signatures(events: Events, agreement_id: str) -> list[InstrumentSigned]:
    return [
        event
        for event in events.values()
        if isinstance(event, InstrumentSigned) and event.instrument == agreement_id.lower()
    ]


def mismatches(row: AgreementRow, instrument: InstrumentRegistered, events: Events) -> set[str]:
    """Return the columns of a row that the registered instrument does not say."""
    note, profile = instrument.note["en"], instrument.profile
    clock = profile.clock
    said = {
        "iso": row["iso"] in ("", "G7", "MULTI") or _code_of(row) in _codes(instrument, events),
        "place": (instrument.place or "") == row["place"],
        "term_years": str(profile.term.years or "") == row["term_years"] and profile.term.until is None,
        "consult_24h": (clock is not None and clock.convene_within_hours == 24) == (row["consult_24h"] == "yes"),
        "decide": (clock is not None and clock.decide_within_hours == 72)
        == ("decide within 72" in row["consult_note"]),
        "basis": clock is None or clock.basis == _basis(row),
        "effect": profile.effect == _effect(row),
        "notice": (profile.withdrawal_notice_months == 6) == ("effective 6 months later" in _end(row)),
        "legal_character": instrument.legal_character == _character(row),
        "quoted": all(
            row[column].rstrip(".") in note
            for column in ("legal_character", "ratification_status", "data_quality_note", "pledge_summary")
        ),
        "confidence": note.endswith(f"Confidence: {row['confidence']}."),
        "sources": set(re.findall(r"https?://[^;\s]+", row["sources"]))
        == {item.url for item in instrument.evidence if item.url},
    }
    return {column for column, agrees in said.items() if not agrees}


def _end(row: AgreementRow) -> str:
    return row["termination_or_extension"]


def _code_of(row: AgreementRow) -> str:
    return "EUE" if row["iso"] == "EU" else row["iso"]


def _codes(instrument: InstrumentRegistered, events: Events) -> set[str]:
    admitted = [events[f"party/{party}"] for party in instrument.parties]
    return {code.code for party in admitted if isinstance(party, PartyAdmitted) for code in party.codes}


def _basis(row: AgreementRow) -> str:
    if "At request" in row["consult_note"]:
        return "request_received"
    if "military attack" in row["consult_note"] or "the first 24 hours" in row["consult_note"]:
        return "attack"
    return "notification_received"


def _effect(row: AgreementRow) -> str:
    if row["kind"] == "recommendations":
        return "none"
    if "on signature" in row["entry_into_force"]:
        return "on_signature"
    return "on_ratification" if row["agreement_id"] in APPROVAL_NEEDED else "not_stated"


def _character(row: AgreementRow) -> str:
    text = row["legal_character"].lower()
    if text.startswith("legally binding treaty"):
        return "legally_binding"
    return "non_binding" if any(words in text for words in SAID_TO_BIND_NOBODY) else "not_stated"


def is_signed(row: AgreementRow) -> bool:
    return row["date_signed"] != "" and row["kind"] != "recommendations"


def test_all_36_instruments_are_registered(agreements: list[AgreementRow], scenario: Scenario, events: Events) -> None:
    assert len(agreements) == 36
    assert {
        row["agreement_id"] for row in agreements if f"instrument/{row['agreement_id'].lower()}" not in events
    } == set()
    assert [item.id for item in scenario.left_out if item.kind == "instrument"] == []


def test_every_instrument_says_what_its_row_says(agreements: list[AgreementRow], events: Events) -> None:
    wrong = {
        row["agreement_id"]: found
        for row in agreements
        if (found := mismatches(row, registered(events, row["agreement_id"]), events))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("agreement", "changes", "columns"),
    [
        ("UK-2024", {"clock": None}, {"consult_24h"}),
        ("DE-2024", {"clock": Clock("notification_received", 24)}, {"consult_24h"}),
        ("FR-2024", {"clock": Clock("notification_received", 24)}, {"basis"}),
        ("LU-2024", {"effect": "on_signature"}, {"effect"}),
        ("US-2024", {"withdrawal_notice_months": 12}, {"notice"}),
        ("HR-2024", {"term": Term(years=10)}, {"term_years"}),
    ],
)
def test_a_wrong_profile_is_noticed(
    agreements: list[AgreementRow], events: Events, agreement: str, changes: dict[str, object], columns: set[str]
) -> None:
    row = next(row for row in agreements if row["agreement_id"] == agreement)
    instrument = registered(events, agreement)
    wrong = msgspec.structs.replace(instrument, profile=msgspec.structs.replace(instrument.profile, **changes))
    assert mismatches(row, wrong, events) == columns


def test_what_was_signed_is_signed_on_its_day_by_its_parties(agreements: list[AgreementRow], events: Events) -> None:
    for row in filter(is_signed, agreements):
        signed = signatures(events, row["agreement_id"])
        day = date.fromisoformat(row["date_signed"])
        certain = "Exact day" not in row["data_quality_note"]
        for event in signed:
            assert event.occurred is not None
            assert event.occurred.first == day
            assert (event.occurred.precision == "day") == certain
        parties = set(registered(events, row["agreement_id"]).parties)
        silent = {"us"} if row["agreement_id"] == "PARIS-2026" else set()
        assert {event.party for event in signed} == parties - silent


def test_what_was_not_signed_is_not(agreements: list[AgreementRow], events: Events) -> None:
    unsigned = {row["agreement_id"] for row in agreements if not is_signed(row)}
    assert unsigned == {"KSC-2022", "BG-2024-UNSIGNED", "US-2026-DRAFT"}
    assert [event for agreement in unsigned for event in signatures(events, agreement)] == []


def test_only_the_sourced_ratification_is_entered(agreements: list[AgreementRow], events: Events) -> None:
    assert any("Verkhovna Rada ratified 2025-09-17" in row["ratification_status"] for row in agreements)
    ratified = [event for event in events.values() if isinstance(event, InstrumentRatified)]
    assert [(event.instrument, event.party) for event in ratified] == [("uk-2025-100y", "ua")]
    assert ratified[0].occurred is not None
    assert ratified[0].occurred.last == date(2025, 9, 17)
