"""What a scenario may not be: each refusal names the file and the table."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ledger.client.scenario import ScenarioError, load_scenario

HEAD = """
[ledger]
name.en = "Demonstration"
purpose = "A test"
beneficiary = "ua"
[depositary]
party = "depositary"
authority = "depositary/root"
office = "Depositary"
basis = "ex_officio"
"""

PARTY = """
[[party]]
id = "{0}"
kind = "state"
names = [{{ language = "en", name = "{0}" }}]
roles = ["guarantor"]
principal = {{ authority = "{0}/principal", office = "Minister", basis = "ex_officio" }}
"""

INSTRUMENT = """
[[instrument]]
id = "pact"
title.en = "Pact"
kind = "bilateral"
legal_character = "not_stated"
parties = ["gb", "de", "ua"]
profile.effect = "not_stated"
evidence = [{ title = "The gazette" }]
"""

COMMITMENT = """
[[commitment]]
id = "{id}"
instrument = "pact"
title.en = "Support"
category = "military"
phase = "preventive"
legal_character = "not_stated"
bound = "exact"
object = {{ kind = "money", amount = "5000000.00", currency = "EUR" }}
schedule = {{ kind = "unscheduled" }}
obligors = [{{ party = "gb", share = "1/1" }}]
counts_from = "handed_over"
{more}
"""

DELIVERY = """
[[delivery]]
id = "first"
party = "gb"
commitment = "c-1"
milestone = "handed_over"
occurred = 2024-05-01
lines = [{ line = 1, object = { kind = "money", amount = "1.00", currency = "EUR" } }]
"""

ACTS = INSTRUMENT + COMMITMENT.format(id="c-1", more="") + DELIVERY


def written(directory: Path, acts: str = ACTS, head: str = HEAD) -> Path:
    (directory / "agreements").mkdir()
    (directory / "scenario.toml").write_text(head, "utf-8")
    (directory / "parties.toml").write_text("".join(PARTY.format(party) for party in ("gb", "de", "ua")), "utf-8")
    (directory / "agreements" / "pact.toml").write_text(acts, "utf-8")
    return directory


def test_a_sound_scenario_is_read_in_the_order_of_submission(tmp_path: Path) -> None:
    scenario = load_scenario(written(tmp_path))
    assert [step.label for step in scenario.steps] == [
        "party/gb",
        "party/de",
        "party/ua",
        "instrument/pact",
        "commitment/c-1",
        "delivery/first",
    ]
    assert scenario.depositary.authority == "depositary/root"
    assert scenario.steps[0].needs_keys == "gb/principal"
    assert scenario.steps[4].draft.authority == "gb/principal"


def test_a_child_written_first_is_submitted_after_its_parent(tmp_path: Path) -> None:
    child = COMMITMENT.format(id="c-0", more='part_of = { commitment = "c-1", basis = "stated" }')
    labels = [
        step.label for step in load_scenario(written(tmp_path, INSTRUMENT + child + ACTS[len(INSTRUMENT) :])).steps
    ]
    assert labels.index("commitment/c-1") < labels.index("commitment/c-0")


def test_a_signature_has_the_evidence_of_its_instrument_unless_it_has_its_own(tmp_path: Path) -> None:
    signature = '[[signature]]\ninstrument = "pact"\nparties = ["{0}"]\noccurred = 2024-01-12\n'
    acts = ACTS + signature.format("gb") + signature.format("ua") + 'evidence = [{ title = "A letter" }]\n'
    fields = {step.label: step.draft.fields for step in load_scenario(written(tmp_path, acts)).steps}
    assert fields["signature/pact/gb"]["evidence"] == [{"title": "The gazette"}]
    assert fields["signature/pact/ua"]["evidence"] == [{"title": "A letter"}]


MEASURE = """
[[measure]]
id = "m-1"
party = "gb"
programme = "GB-RUS"
title.en = "Sanctions"
types = ["travel_ban"]
targets = ["Russia (ru)"]
legal_act = "An act"
effective_at = 2024-02-28
default_rule = { kind = "sunset", expires_at = 2024-02-28 }
parts = [{ part = "travel", what = { en = "travel" } }]
"""

RENEWAL = """
[[renewal]]
measure = "m-1"
party = "gb"
effective_at = 2024-02-28T06:00:00Z
expires_at = 2024-12-31
"""


def test_a_measure_begins_with_its_first_day_and_ends_with_its_last(tmp_path: Path) -> None:
    fields = {step.label: step.draft.fields for step in load_scenario(written(tmp_path, MEASURE + RENEWAL)).steps}
    adopted, renewed = fields["measure/m-1"], fields["renewal/m-1/2024-12-31"]
    assert adopted["effective_at"] == datetime(2024, 2, 28, tzinfo=UTC)
    assert adopted["occurred"] == {"first": date(2024, 2, 28), "last": date(2024, 2, 28), "precision": "day"}
    assert adopted["default_rule"] == {"kind": "sunset", "expires_at": datetime(2024, 2, 29, tzinfo=UTC)}
    # An instant is taken as it is, and says no day.
    assert renewed["effective_at"] == datetime(2024, 2, 28, 6, tzinfo=UTC)
    assert "occurred" not in renewed
    assert renewed["expires_at"] == datetime(2025, 1, 1, tzinfo=UTC)


def test_a_step_is_not_ready_without_the_key_set_it_needs(tmp_path: Path) -> None:
    step = load_scenario(written(tmp_path)).steps[0]
    with pytest.raises(ScenarioError, match=r"parties\.toml \[\[party\]\] 1: expected the key set of gb/principal"):
        step.ready(event_ids={}, key_sets={})


def test_a_consent_is_not_ready_without_the_act_it_is_about(tmp_path: Path) -> None:
    halves = 'obligors = [{ party = "gb", share = "1/2" }, { party = "de", share = "1/2" }]'
    acts = ACTS.replace('obligors = [{ party = "gb", share = "1/1" }]', halves)
    consent = next(step for step in load_scenario(written(tmp_path, acts)).steps if step.on_act is not None)
    assert (consent.draft.party, consent.on_act) == ("de", "commitment/c-1")
    with pytest.raises(ScenarioError, match="expected the event id of commitment/c-1"):
        consent.ready(event_ids={"commitment/c-2": "x"}, key_sets={})


PACT = r"agreements/pact\.toml"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[instrument]]", "[[treaty]]", rf"^{PACT}: expected tables party, .*, got treaty$"),
        ("[[instrument]]", "[instrument]", rf"^{PACT}: expected \[\[instrument\]\], a list of tables"),
        ("[[instrument]]", "[[instrument", rf"^{PACT}: expected TOML"),
        ('id = "pact"\n', "", rf"^{PACT} \[\[instrument\]\] 1: expected id = "),
        (
            'id = "c-1"\n',
            'id = "c-1"\ncommitment = "c-2"\n',
            rf"^{PACT} \[\[commitment\]\] 1: expected id or commitment",
        ),
        ("5000000.00", "5000000.0", rf"^{PACT} \[\[commitment\]\] 1 \(commitment/c-1\): .*EUR is written with 2"),
        ('"5000000.00"', "5000000.00", rf"^{PACT} \[\[commitment\]\] 1 .*Expected `str`"),
        ('bound = "exact"', 'bound = "firm"', rf"^{PACT} \[\[commitment\]\] 1 .*firm"),
        ('bound = "exact"', 'bound = "exact"\ncolour = "blue"', rf"^{PACT} \[\[commitment\]\] 1 .*colour"),
        ('instrument = "pact"', 'instrument = "pakt"', rf"^{PACT} \[\[commitment\]\] 1: expected instrument/pakt"),
        ('"gb", "de", "ua"', '"gb", "fr", "ua"', rf"^{PACT} \[\[instrument\]\] 1: expected party/fr"),
        (
            'party = "gb", share',
            'party = "fr", share',
            rf"^{PACT} \[\[commitment\]\] 1: expected a party of \[\[party\]\]",
        ),
        ('obligors = [{ party = "gb", share = "1/1" }]', "obligors = []", rf"^{PACT} \[\[commitment\]\] 1: .*obligors"),
        ('commitment = "c-1"', 'commitment = "c-9"', rf"^{PACT} \[\[delivery\]\] 1: expected commitment/c-9"),
        ('party = "gb"\ncommitment', "commitment", rf"^{PACT} \[\[delivery\]\] 1: expected party = "),
        ("occurred = 2024-05-01\n", "", rf"^{PACT} \[\[delivery\]\] 1 .*occurred is required"),
        ("occurred = 2024-05-01\n", "occurred = 2024\n", rf"^{PACT} \[\[delivery\]\] 1 .*occurred"),
    ],
)
def test_a_wrong_table_is_refused_where_it_stands(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in ACTS
    with pytest.raises(ScenarioError, match=message):
        load_scenario(written(tmp_path, ACTS.replace(old, new)))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            INSTRUMENT,
            rf"{PACT} \[\[instrument\]\] 2: expected a new instrument/pact, got it from {PACT} \[\[instrument\]\] 1",
        ),
        (
            COMMITMENT.format(id="a", more='part_of = { commitment = "b", basis = "stated" }')
            + COMMITMENT.format(id="b", more='part_of = { commitment = "a", basis = "stated" }'),
            rf"{PACT} \[\[commitment\]\] 2: .* got a circle",
        ),
        (
            COMMITMENT.format(id="a", more='part_of = { commitment = "z", basis = "stated" }'),
            rf"{PACT} \[\[commitment\]\] 2: expected commitment/z",
        ),
        (
            '[[acknowledgement]]\ndelivery = "second"\nlines = [{ line = 1, amount = "1.00" }]\n',
            rf"{PACT} \[\[acknowledgement\]\] 1: expected delivery/second",
        ),
        (
            '[[signature]]\ninstrument = "pact"\nparties = ["fr"]\n',
            rf"{PACT} \[\[signature\]\] 1: expected a party of \[\[party\]\], got 'fr'",
        ),
        ('[[signature]]\ninstrument = "pact"\n', rf"{PACT} \[\[signature\]\] 1: expected parties = "),
        (RENEWAL, rf"{PACT} \[\[renewal\]\] 1: expected measure/m-1"),
        (
            MEASURE + RENEWAL.replace("expires_at = 2024-12-31", 'expires_at = "2024-12-31"'),
            rf"{PACT} \[\[renewal\]\] 1: expected expires_at = 2026-01-31, the last day, got '2024-12-31'",
        ),
        (MEASURE.replace('party = "gb"', 'party = "fr"'), rf"{PACT} \[\[measure\]\] 1: expected a party"),
        (MEASURE.replace('kind = "sunset"', 'kind = "dusk"'), rf"{PACT} \[\[measure\]\] 1 \(measure/m-1\)"),
        (
            '[[left_out]]\nkind = "pledge"\nid = "p-1"\nwhat = "a pledge"\n',
            rf"{PACT} \[\[left_out\]\] 1: expected reason = ",
        ),
        (
            '[[left_out]]\nkind = "whim"\nid = "p-1"\nwhat = "a pledge"\nreason = "none"\n',
            rf"{PACT} \[\[left_out\]\] 1: expected kind instrument, pledge, measure, fact, got 'whim'",
        ),
    ],
)
def test_a_table_too_many_is_refused_where_it_stands(tmp_path: Path, more: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=f"^{message}"):
        load_scenario(written(tmp_path, ACTS + more))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'beneficiary = "ua"',
            'beneficiary = "fr"',
            r"scenario\.toml \[ledger\]: expected a beneficiary of \[\[party\]\]",
        ),
        ('name.en = "Demonstration"\n', "", r"scenario\.toml \[ledger\]: expected name\.en"),
        ("[depositary]", "[depository]", r"scenario\.toml: expected \[ledger\] and \[depositary\]"),
        ('basis = "ex_officio"\n', "", r"scenario\.toml \[depositary\]: expected basis"),
    ],
)
def test_a_wrong_head_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in HEAD
    with pytest.raises(ScenarioError, match=f"^{message}"):
        load_scenario(written(tmp_path, head=HEAD.replace(old, new)))


def test_a_directory_without_scenario_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"^scenario\.toml: expected a readable file"):
        load_scenario(tmp_path)
