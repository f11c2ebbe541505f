"""Each measure of the scenario against the data: the programmes, the timeline, and its state at each instant."""

import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ledger.client.scenario import Scenario
from ledger.events.header import Event
from ledger.events.measures import MeasureAdopted, MeasureEvent, MeasureRenewed, Snapback, Sunset, Until
from ledger.rules.compact import history
from ledger.rules.measures import MeasureState, measure
from ledger.rules.memory import MemoryCompact

Row = dict[str, str]
Events = dict[str, Event]

TYPES = {
    "Arms embargo": "arms_embargo",
    "Asset freeze": "asset_freeze",
    "Export control": "export_control",
    "Financial restrictions": "financial_restriction",
    "Import restrictions": "import_restriction",
    "Investment ban": "investment_ban",
    "Prohibition to satisfy claims": "other",
    "Services ban": "services_ban",
    "Transportation restrictions": "transport_ban",
    "Travel ban": "travel_ban",
}
BESIDE_THE_SECTORS = {"asset_freeze", "travel_ban", "other"}
"""What the row of EU-RUS has of the other regime that it covers, on human rights, and of claims."""

REPORTED_ALONE = {"2023-01-27", "2023-07-20", "2024-01-29"}
"""Renewals that the timeline lacks."""

PACKAGE = re.compile(r"\b(\d+) (?:(\d{4}-\d\d-\d\d) )?\(([a-z ]+)\)(?: \[([^\]]+)\])?")
SECOND = timedelta(seconds=1)


def adopted(events: Events) -> dict[str, MeasureAdopted]:
    return {event.programme: event for event in events.values() if isinstance(event, MeasureAdopted)}


def renewals(events: Events) -> dict[str, MeasureRenewed]:
    """Return the renewals of the sectoral measures by the day of the decision."""
    found = [event for event in events.values() if isinstance(event, MeasureRenewed)]
    assert {event.measure for event in found} == {"eu-rus-sectoral"}
    return {event.effective_at.date().isoformat(): event for event in found if event.effective_at is not None}


def titles(event: Event) -> str:
    return "; ".join(item.title for item in event.evidence)


def mismatches(row: Row, made: MeasureAdopted) -> set[str]:
    """Return the columns of a programme that the measure does not say."""
    types = {TYPES[name] for name in row["measure_types"].split("|")}
    targets = set(re.findall(r"\(([a-z-]+)\)", " ".join(made.targets)))
    said = {
        "issuer_territory": made.party == row["issuer_territory"],
        "measure_types": set(made.types) == types - (BESIDE_THE_SECTORS if made.programme == "EU-RUS" else set()),
        "target_territories": targets == set(row["target_territories"].split("|")) - _beneficiary(made),
        "legal_acts_and_aliases": _names_its_act(row, made.legal_act),
        "parts": len(made.parts) == len(made.types),
    }
    return {column for column, agrees in said.items() if not agrees}


def _beneficiary(made: MeasureAdopted) -> set[str]:
    """The Union's programme names the beneficiary's own territory, since its people are listed too."""
    return set() if made.programme == "EU-UKR" else {"ua"}


def _names_its_act(row: Row, legal_act: str) -> bool:
    if not row["legal_acts_and_aliases"]:
        return legal_act == "not sourced"
    known = row["legal_acts_and_aliases"]
    numbers = re.findall(r"EO \d+|SI \d+/\d+|\d+/\d+|\d+ CFR Part \d+|Schedule \d+|\b20\d\d\b", legal_act)
    return bool(numbers) and all(number in known for number in numbers)


def test_every_programme_is_entered_or_left_out_by_its_name(
    programmes: list[Row], scenario: Scenario, events: Events
) -> None:
    left_out = " ".join(item.what for item in scenario.left_out if item.kind == "measure")
    entered = adopted(events).keys()
    assert len(programmes) == 40
    named = {row["programme_key"] for row in programmes if re.search(rf"\b{row['programme_key']}(?![A-Z-])", left_out)}
    assert entered - {"EU-TFEU-122"} | named == {row["programme_key"] for row in programmes}
    assert not entered & named


def test_every_measure_says_what_its_programme_says(programmes: list[Row], events: Events) -> None:
    rows = {row["programme_key"]: row for row in programmes}
    made = {key: event for key, event in adopted(events).items() if key != "EU-TFEU-122"}
    assert len(made) == 10
    wrong = {key: found for key, event in made.items() if (found := mismatches(rows[key], event))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("programme", "changes", "columns"),
    [
        ("GB-RUS", {"party": "us"}, {"issuer_territory"}),
        ("US-SSI", {"types": ("financial_restriction",)}, {"measure_types", "parts"}),
        ("AU-RUSSIA", {"targets": ("Belarus (by)",)}, {"target_territories"}),
        ("US-RUSHAR", {"legal_act": "EO 14025"}, {"legal_acts_and_aliases"}),
        ("SECO-UKRAINE", {"legal_act": "Ordinance"}, {"legal_acts_and_aliases"}),
        ("EU-UKR", {"legal_act": "Reg (EU) 833/2014"}, {"legal_acts_and_aliases"}),
    ],
)
def test_a_wrong_measure_is_noticed(
    programmes: list[Row], events: Events, programme: str, changes: dict[str, object], columns: set[str]
) -> None:
    row = next(row for row in programmes if row["programme_key"] == programme)
    assert mismatches(row, msgspec.structs.replace(adopted(events)[programme], **changes)) == columns


def test_the_adoptions_of_the_timeline_are_entered_on_their_day_with_their_act_and_source(
    timeline: list[Row], events: Events
) -> None:
    regimes = {"EU-RUS": "EU-RUS", "EU-UKR": "EU-UKR", "EU (TFEU Art. 122)": "EU-TFEU-122"}
    rows = [row for row in timeline if row["action"] in ("adopt", "list", "immobilise")]
    assert {row["regime"] for row in rows} == regimes.keys()
    for row in rows:
        made = adopted(events)[regimes[row["regime"]]]
        assert made.effective_at == datetime.fromisoformat(row["date"]).replace(tzinfo=UTC)
        assert made.occurred is not None
        assert made.occurred.first.isoformat() == row["date"]
        assert made.legal_act == row["legal_act"]
        assert all(source in titles(made) for source in row["source"].split("; "))
        assert f"Confidence: {row['confidence']}." in made.note["en"]


def test_every_renewal_of_the_timeline_is_entered_and_three_more_that_name_their_own_reports(
    timeline: list[Row], events: Events
) -> None:
    found = renewals(events)
    rows = {row["date"]: row for row in timeline if row["action"] == "renew"}
    assert (len(rows), found.keys() - rows.keys()) == (5, REPORTED_ALONE)
    for day, row in rows.items():
        last = re.search(r"until (\d{4}-\d\d-\d\d)", row["detail"])
        assert last is not None
        assert found[day].expires_at == datetime.fromisoformat(last[1]).replace(tzinfo=UTC) + timedelta(days=1)
        assert found[day].legal_act == row["legal_act"]
        assert all(source in titles(found[day]) for source in row["source"].split("; "))
        assert row["detail"] in found[day].note["en"]
        assert f"Confidence: {row['confidence']}." in found[day].note["en"]
    for day in REPORTED_ALONE:
        assert "Not in the timeline" in found[day].note["en"]
        assert [item.url for item in found[day].evidence if item.url is None] == []


def test_the_packages_stand_in_the_note_with_day_and_confidence_and_memory_is_called_that(
    timeline: list[Row], events: Events
) -> None:
    rows = [row for row in timeline if row["action"] == "package"]
    in_note = {found[1]: found.groups()[1:] for found in PACKAGE.finditer(adopted(events)["EU-RUS"].note["en"])}
    expected = {
        row["detail"].split()[2]: (
            row["date"] or None,
            "not sourced" if row["confidence"] == "none" else row["confidence"],
            row["legal_act"] or None,
        )
        for row in rows
    }
    assert len(expected) == 21
    assert in_note == expected


def test_no_easing_is_made_up_and_nothing_of_the_real_world_snaps_back(events: Events) -> None:
    acts = [event for event in events.values() if isinstance(event, MeasureEvent)]
    assert {type(event) for event in acts} == {MeasureAdopted, MeasureRenewed}
    rules = {key: type(event.default_rule) for key, event in adopted(events).items()}
    assert Snapback not in rules.values()
    assert {key for key, rule in rules.items() if rule is Sunset} == {"EU-RUS", "EU-UKR"}
    unsourced = {key for key, event in adopted(events).items() if "not sourced" in str(event.default_rule)}
    assert {key for key, rule in rules.items() if rule is Until} - unsourced == {"EU-TFEU-122"}


def state(recorded: MemoryCompact, name: str, at: datetime) -> MeasureState:
    found = measure(history(recorded, "measure", name), at)
    assert found is not None
    return found.state


def test_the_sectoral_measures_are_in_force_a_second_before_each_end_and_after_it_where_they_were_renewed(
    recorded: MemoryCompact, events: Events
) -> None:
    name = "eu-rus-sectoral"
    first = datetime(2014, 7, 31, tzinfo=UTC)
    assert (state(recorded, name, first - SECOND), state(recorded, name, first)) == ("not_yet", "in_force")
    rule = adopted(events)["EU-RUS"].default_rule
    assert isinstance(rule, Sunset)
    ends = sorted([rule.expires_at, *(event.expires_at for event in renewals(events).values())])
    assert len(ends) == 9
    for end in ends[:-1]:
        assert [state(recorded, name, at) for at in (end - SECOND, end, end + SECOND)] == ["in_force"] * 3
    last = ends[-1]
    assert last == datetime(2026, 8, 1, tzinfo=UTC)
    assert [state(recorded, name, at) for at in (last - SECOND, last)] == ["in_force", "lapsed"]


def test_the_listings_lapse_in_silence_and_the_immobilised_assets_stay(recorded: MemoryCompact) -> None:
    end = datetime(2026, 9, 16, tzinfo=UTC)
    listings = [state(recorded, "eu-ukr-listings", at) for at in (end - SECOND, end)]
    assert listings == ["in_force", "lapsed"]
    begun = datetime(2025, 12, 12, tzinfo=UTC)
    assets = [
        state(recorded, "eu-cbr-immobilised", at) for at in (begun - SECOND, begun, datetime(2089, 1, 1, tzinfo=UTC))
    ]
    assert assets == ["not_yet", "in_force", "in_force"]


def test_a_renewal_counts_from_its_own_day_and_not_before(recorded: MemoryCompact) -> None:
    renewed = datetime(2023, 1, 27, tzinfo=UTC)
    ends = []
    for at in (renewed - SECOND, renewed):
        found = measure(history(recorded, "measure", "eu-rus-sectoral"), at)
        assert found is not None
        ends.append(found.expires_at)
    assert ends == [datetime(2023, 2, 1, tzinfo=UTC), datetime(2023, 8, 1, tzinfo=UTC)]
