"""Each pledge of the data, row by row and field by field, against what the scenario really says about it."""

from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest

from ledger.client.scenario import Scenario
from ledger.events.commitments import CommitmentMade
from ledger.events.header import Event
from ledger.events.instruments import InstrumentRegistered
from ledger.events.parties import PartyAdmitted
from ledger.events.terms import (
    Bound,
    FormulaObject,
    GoodsObject,
    MoneyObject,
    Once,
    PartOf,
    Recurrence,
    ServiceObject,
    Terms,
    Unscheduled,
)
from ledger.events.values import When

PledgeRow = dict[str, str]
Events = dict[str, Event]


def mismatches(row: PledgeRow, made: CommitmentMade, events: Events) -> set[str]:
    """Return the columns of a row that the commitment does not say."""
    terms = made.terms
    said = {
        "pledge_id": made.commitment.upper() == row["pledge_id"],
        "agreement_id": made.instrument.upper() == row["agreement_id"],
        "iso": _codes(terms, events) == {"EUE" if row["iso"] == "EU" else row["iso"]},
        "floor_or_cap": terms.bound.value == row["floor_or_cap"],
        "amount": Decimal(_number(terms)) == Decimal(row["amount"]),
        "currency": _currency(terms) == row["currency"],
        "unit": _says_unit(row["unit"], terms),
        "period": _period(terms) == (row["period_from"], row["period_to"]),
        "precision": _says_precision(row, terms),
        "nested_in": _nesting(terms) == row["nested_in"],
        "basis": row["basis"] in made.note["en"],
        "verb_in_source": row["verb_in_source"] in made.note["en"],
        "confidence": f"Confidence: {row['confidence']}" in made.note["en"],
        "source": [item.strip() for item in row["source"].split(";")] == [item.title for item in made.evidence],
    }
    return {column for column, agrees in said.items() if not agrees}


def _codes(terms: Terms, events: Events) -> set[str]:
    admitted = [events[f"party/{obligor.party}"] for obligor in terms.obligors]
    return {code.code for party in admitted if isinstance(party, PartyAdmitted) for code in party.codes}


def _number(terms: Terms) -> str:
    match terms.object:
        case MoneyObject(amount=number) | FormulaObject(percent=number):
            return number
        case GoodsObject(quantity=number) | ServiceObject(quantity=number):
            return number
        case _:
            raise AssertionError("no pledge of the data is undisclosed")


def _currency(terms: Terms) -> str:
    return terms.object.currency if isinstance(terms.object, MoneyObject) else ""


def _says_unit(unit: str, terms: Terms) -> bool:
    once_a_year = isinstance(terms.schedule, Recurrence) and terms.schedule.every == "year"
    match unit, terms.object:
        case "money", MoneyObject():
            return not once_a_year
        case "money per year", MoneyObject():
            return once_a_year
        case "% of GDP per year", FormulaObject(of="gross domestic product"):
            return once_a_year
        case "persons trained per year", ServiceObject(unit="person trained"):
            return once_a_year
        case _, GoodsObject(unit=one):
            return unit in (one, f"{one}s") and not once_a_year
        case _:
            return False


def _period(terms: Terms) -> tuple[str, str]:
    match terms.schedule:
        case Once(due=due):
            return due.first.isoformat(), due.last.isoformat()
        case Recurrence(first=first, until=until):
            return first.first.isoformat(), until.isoformat() if until else ""
        case Unscheduled():
            return "", ""
        case _:
            raise AssertionError("no pledge of the data has tranches")


def _says_precision(row: PledgeRow, terms: Terms) -> bool:
    match terms.schedule:
        case Once(due=due):
            months = f"{due.first:%m-%d}/{due.last:%m-%d}/{due.last.year - due.first.year}"
            expected = {"01-01/12-31/0": "year", "04-01/03-31/1": "fiscal_year"}.get(months, "interval")
            return due.precision == expected
        case Recurrence(first=first):
            next_first = date(first.first.year + 1, first.first.month, first.first.day)
            return first.last + timedelta(days=1) == next_first and first.precision == "year"
        case _:
            return row["period_from"] == ""


def _nesting(terms: Terms) -> str:
    if terms.part_of is None:
        return ""
    return terms.part_of.commitment.upper() + ("?" if terms.part_of.basis == "presumed" else "")


def made(events: Events, pledge_id: str) -> CommitmentMade:
    event = events[f"commitment/{pledge_id.lower()}"]
    assert isinstance(event, CommitmentMade)
    return event


def test_every_pledge_is_entered_or_left_out_with_a_reason(
    pledges: list[PledgeRow], scenario: Scenario, events: Events
) -> None:
    left_out = {item.id.upper(): item.reason for item in scenario.left_out if item.kind == "pledge"}
    entered = {row["pledge_id"] for row in pledges if f"commitment/{row['pledge_id'].lower()}" in events}
    assert len(pledges) == 35
    assert entered | left_out.keys() == {row["pledge_id"] for row in pledges}
    assert not entered & left_out.keys()
    assert all(len(reason) > 20 for reason in left_out.values())


def test_only_the_pledge_that_merely_considers_is_left_out(pledges: list[PledgeRow], scenario: Scenario) -> None:
    considered = {row["pledge_id"] for row in pledges if row["floor_or_cap"] == "consider"}
    assert {item.id.upper() for item in scenario.left_out if item.kind == "pledge"} == considered == {"P-PL-1"}


def test_every_entered_pledge_says_what_its_row_says(pledges: list[PledgeRow], events: Events) -> None:
    wrong = {
        row["pledge_id"]: found
        for row in pledges
        if row["floor_or_cap"] != "consider" and (found := mismatches(row, made(events, row["pledge_id"]), events))
    }
    assert wrong == {}


def test_no_pledge_is_firmer_in_law_than_its_instrument(pledges: list[PledgeRow], events: Events) -> None:
    for row in pledges:
        if row["floor_or_cap"] == "consider":
            continue
        instrument = events[f"instrument/{row['agreement_id'].lower()}"]
        assert isinstance(instrument, InstrumentRegistered)
        assert made(events, row["pledge_id"]).terms.legal_character in (instrument.legal_character, "not_stated")


def _with(made: CommitmentMade, **changes: object) -> CommitmentMade:
    return msgspec.structs.replace(made, terms=msgspec.structs.replace(made.terms, **changes))


@pytest.mark.parametrize(
    ("pledge", "changes", "columns"),
    [
        ("P-UK-1", {"object": MoneyObject("2500000001.00", "GBP")}, {"amount"}),
        ("P-UK-1", {"object": MoneyObject("2500000000.00", "EUR")}, {"currency"}),
        ("P-UK-1", {"bound": Bound.FLOOR}, {"floor_or_cap"}),
        ("P-FR-1", {"bound": Bound.EXACT}, {"floor_or_cap"}),
        ("P-UK-2", {"part_of": None}, {"nested_in"}),
        ("P-DK-1", {"part_of": PartOf("p-dk-2", "stated")}, {"nested_in"}),
        (
            "P-UK-1",
            {"schedule": Once(When(date(2024, 1, 1), date(2024, 12, 31), "year"))},
            {"period"},
        ),
        (
            "P-UK-1",
            {"schedule": Once(When(date(2024, 4, 1), date(2025, 3, 31), "interval"))},
            {"precision"},
        ),
        ("P-SI-1", {"schedule": Once(When(date(2024, 7, 18), date(2024, 7, 18), "day"))}, {"period", "precision"}),
        ("P-LV-1", {"object": FormulaObject("0.26", "gross domestic product", "EUR")}, {"amount"}),
        ("P-LV-2", {"schedule": Once(When(date(2024, 1, 1), date(2026, 12, 31), "interval"))}, {"unit"}),
        ("P-NL-2", {"object": GoodsObject("22", "CB90")}, {"unit"}),
        ("P-CZ-1", {"object": GoodsObject("4000", "person trained")}, {"unit"}),
    ],
)
def test_a_wrong_field_is_noticed(
    pledges: list[PledgeRow], events: Events, pledge: str, changes: dict[str, object], columns: set[str]
) -> None:
    row = next(row for row in pledges if row["pledge_id"] == pledge)
    assert mismatches(row, _with(made(events, pledge), **changes), events) == columns
