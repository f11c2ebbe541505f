"""A draft can be made of every event type, says what it wants, and chooses nothing for the signer."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.client.draft import payload_of
from ledger.client.draft_files import read_draft, read_settings
from ledger.client.errors import ClientError
from ledger.client.skeleton import skeleton
from ledger.events.commitments import CommitmentMade
from ledger.events.header import FIRST_PREVIOUS
from ledger.events.refusals import Rejected
from ledger.events.registry import EVENT_TYPES, decode
from ledger.events.terms import MoneyObject

ID = "019a3c5e-7b1a-7c3d-8e4f-0123456789ab"


def payload_from(file: Path) -> bytes:
    return payload_of(
        read_draft(file),
        ledger="ledger.example/compact",
        event_id=ID,
        sequence=1,
        previous=FIRST_PREVIOUS,
        issued_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_skeleton_reads_back_as_its_values_with_and_without_what_is_offered(event_type: str) -> None:
    made = skeleton(event_type, {})
    assert tomllib.loads(made.toml()) == made.values()
    # Behind `# ` stands a field that can be switched on; what is further in explains.
    switched_on = "\n".join(
        line.removeprefix("# ") if " = " in line and not line.startswith("#  ") else line
        for line in made.toml().splitlines()
    )
    assert tomllib.loads(switched_on).keys() > made.values().keys()


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_an_unfilled_skeleton_is_never_signed(event_type: str, tmp_path: Path) -> None:
    file = tmp_path / "draft.toml"
    file.write_text(skeleton(event_type, {"party": "gb", "authority": "gb/principal"}).toml())
    with pytest.raises(Rejected):
        payload_from(file)


def test_a_skeleton_with_everything_set_signs_as_it_is(tmp_path: Path) -> None:
    settings = read_settings(
        [
            "party=gb",
            "authority=gb/principal",
            "commitment=p-1",
            "instrument=uk-2024",
            "title.en=Support",
            "terms.category=military",
            "terms.phase=preventive",
            "terms.legal_character=not_stated",
            "terms.bound=floor",
            "terms.object.kind=money",
            "terms.object.amount=2500000000.00",
            "terms.object.currency=GBP",
            'terms.schedule={"kind":"unscheduled"}',
            'terms.obligors=[{"party":"gb","share":"1/1"}]',
            "terms.counts_from=handed_over",
            'note.en=With a "quote" and a \\',
        ]
    )
    file = tmp_path / "draft.toml"
    file.write_text(skeleton("commitment.made", settings).toml())
    event = decode(payload_from(file))
    assert isinstance(event, CommitmentMade)
    assert event.terms.object == MoneyObject("2500000000.00", "GBP")
    assert event.note == {"en": 'With a "quote" and a \\'}


def test_whole_numbers_become_numbers_where_the_schema_has_them() -> None:
    made = skeleton("rules.adopted", read_settings(["rules=2"]))
    assert made.values()["rules"] == 2


def test_digits_stay_text_where_the_schema_has_text() -> None:
    made = skeleton("commitment.waived", read_settings(["amount=5"]))
    assert made.values()["amount"] == "5"


@pytest.mark.parametrize(
    ("event_type", "settings", "message"),
    [
        ("commitment.maid", [], "an event type of this rule set"),
        ("commitment.made", ["terms.bownd=floor"], "fields of terms"),
        ("commitment.made", ["bound=floor"], "fields of this type"),
        ("commitment.made", ["sequence=4"], "set on signing"),
        ("commitment.made", ["terms.object.kind=gold"], "kind of money, goods"),
        ("commitment.made", ["terms.object.amount=1.00"], "kind of money, goods"),
    ],
)
def test_a_field_that_is_none_is_refused(event_type: str, settings: list[str], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        skeleton(event_type, read_settings(settings))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["nothing"], "field=value"),
        (["=value"], "field=value"),
        (["a=1", "a=2"], "one value for a"),
        (["a=1", "a.b=2"], "set as a whole"),
        (["a={"], "JSON after"),
        (['a={"amount": 1.5}'], "no integer"),
        (['a={"b":1,"b":2}'], "a key twice"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(settings: list[str], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        read_settings(settings)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "type = 'consent.given'\nparty = 'gb'\n", "authority ="),
        ("a.toml", "type = 'consent.given'\nparty = ''\nauthority = 'x'", "party ="),
        ("a.toml", "type = ", "TOML in UTF-8"),
        ("a.json", "[1]", "an object"),
        ("a.json", '{"type":1.5}', "no integer"),
        ("a.json", '{"type":"a","type":"b"}', "a key twice"),
        ("a.toml", "x" * 300_000, "at most 262144 bytes"),
    ],
)
def test_a_file_that_is_no_draft_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(ClientError, match=message):
        read_draft(file)


def test_a_draft_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="a readable file"):
        read_draft(tmp_path / "missing.toml")
