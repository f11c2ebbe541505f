"""Invented tables into a real ledger: what changed, what was refused, what was broken off, what a guarantor adopts."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger.cli.exit_codes import ExitCode
from tests.acts import principal
from tests.api.served import Served
from tests.observations.observers import ITEM, OBSERVER, TOTAL, Place, Row, Writing, row

BATCH = 200


def package(number: int, **changed: str) -> list[Row]:
    """Return an activity of its own: a total of one line, and its item, committed and delivered."""
    activity = {"activity_id": f"XXM{number}", **changed}
    return [row(TOTAL, **activity), row(ITEM, **activity), row(ITEM, **activity, record_type="delivery")]


def base(number: int, what: str) -> str:
    return f"obs.kiel-r7.xxm{number}-1.{what}"


def test_a_claim_is_what_the_row_says_with_all_its_decimals(here: Place, table: Writing) -> None:
    result, report = here.kiel(table(package(1)))
    assert result.exit_code == 0, result.stderr
    assert report["rows"]["recorded"] == 3
    assert report["donors"] == [{"name": "United Kingdom", "claims": 3, "party_id": "gb"}]
    total = here.one(f"/v1/observations/{base(1, 'committed.total')}")
    assert total["sum"] == {"amount": "1000.5", "currency": "GBP", "basis": "stated_by_donor"}
    assert (total["sum_eur"], total["category"], total["observer"]) == ("1150.123456789", "military", "obs")
    assert total["announced"] == {"first": "2022-03-01", "last": "2022-03-01", "precision": "day"}
    assert [one["url"] for one in total["evidence"]] == ["https://source.example/1"]
    item = here.one(f"/v1/observations/{base(1, 'delivered.item')}")
    assert item["quantity"]["quantity"] == "20"
    assert (item["sum"]["basis"], item["category"], item["row"]) == ("price_list", "weapons", 4)
    assert [moment["type"] for moment in item["timeline"]] == ["observation.recorded"]


def test_a_changed_row_is_told_and_recorded_as_a_later_reading(here: Place, table: Writing) -> None:
    here.kiel(table(package(2)))
    changed = package(2)
    changed[1] = row(changed[1], quantity="18", item_subtype="Wheeled")
    result, report = here.kiel(table(changed))
    assert result.exit_code == 0, result.stderr
    assert (report["rows"]["changed"], report["rows"]["unchanged"], report["rows"]["recorded"]) == (1, 2, 0)
    first, second = base(2, "committed.item"), f"{base(2, 'committed.item')}.2"
    told = {"row": 3, "observation": second, "replaces": first, "fields": ["quantity"]}
    assert report["changed"] == [told]
    assert f"changed: row 3 {second} replaces {first} (quantity)" in result.stdout
    assert here.one(f"/v1/observations/{first}")["replaced_by"] == second
    assert here.one(f"/v1/observations/{second}")["replaces"] == first
    listed = [one["observation"] for one in here.read("/v1/observations", claim="committed", level="in_kind_item")]
    assert (first in listed, second in listed) == (False, True)
    both = here.read("/v1/observations", claim="committed", level="in_kind_item", replaced=True)
    assert {first, second} <= {one["observation"] for one in both}
    # Read again it is unchanged; changed back, it is a third reading.
    assert here.kiel(table(changed))[1]["rows"]["unchanged"] == 3
    assert here.kiel(table(package(2)))[1]["changed"][0]["observation"] == f"{base(2, 'committed.item')}.3"


def test_another_order_of_rows_changes_nothing_and_a_row_that_is_gone_is_told(here: Place, table: Writing) -> None:
    here.kiel(table(package(3)))
    before = here.server.tree_size()
    result, report = here.kiel(table(package(3)[::-1][:2]))
    assert result.exit_code == 0, result.stderr
    assert (report["rows"]["unchanged"], here.server.tree_size()) == (2, before)
    assert base(3, "committed.total") not in report["missing"]
    result, report = here.kiel(table(package(3)[:2]))
    assert base(1, "delivered.item") in report["missing"]
    assert f"no longer in the file: {base(3, 'delivered.item')}" in result.stdout


def test_a_row_that_is_refused_holds_up_none_of_the_others(here: Place, table: Writing) -> None:
    rows = [
        *package(4),
        row(TOTAL, activity_id="XXM41", amount="-5"),
        row(ITEM, activity_id="XXM42", quantity="-1"),
        row(TOTAL, activity_id="XXM43", currency="XQQ"),
        row(TOTAL, activity_id="XXM44", record_type="promise"),
        row(TOTAL, activity_id="XXM45", guarantor_name_in_source=""),
        row(TOTAL, activity_id="", line="1"),
        row(TOTAL, activity_id="XXM46", line="0"),
        row(ITEM, activity_id="XXM47", item=""),
        row(TOTAL, activity_id="XXM4"),
        row(TOTAL, activity_id="XXM4", amount="7"),
    ]
    result, report = here.kiel(table(rows))
    assert result.exit_code == ExitCode.USAGE
    assert (report["rows"]["recorded"], report["rows"]["refused"], report["rows"]["read"]) == (3, 10, 13)
    reasons = {one["row"]: one["reason"] for one in report["refused"]}
    assert reasons[5] == "amount: -5 is below zero"
    assert reasons[6] == "quantity: -1 is below zero"
    assert reasons[7] == "expected a currency that there is or was, got 'XQQ'"
    assert reasons[8].startswith("expected a commitment or a delivery")
    assert reasons[9] == "it names no donor"
    assert reasons[10] == "it names no activity"
    assert reasons[11] == "expected a line of 1 to 10000, got '0'"
    assert reasons[12] == "it names no item"
    assert reasons[13] == reasons[14] == "a second XXM4 1 committed activity_total: the first is in row 2"


def test_a_dry_run_reports_and_neither_signs_nor_asks_anybody(here: Place, table: Writing) -> None:
    before = here.server.tree_size()
    result = here.gledger("import", "kiel", table(package(5)), "--observer", OBSERVER, "--dry-run", "--json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert (report["ledger"], report["rows"]["unsettled"], report["rows"]["read"]) == (None, 3, 3)
    assert here.server.tree_size() == before


def test_the_caller_says_who_is_meant_and_a_party_that_is_admitted_later_is_named_then(
    here: Place, table: Writing
) -> None:
    named = {"guarantor_iso": "", "guarantor_name_in_source": "Kingdom of the North"}
    rows = table(package(6, **named))
    _, report = here.kiel(rows)
    assert report["donors"] == [{"name": "Kingdom of the North", "claims": 3, "party_id": None}]
    assert here.kiel(rows, "--party", "Kingdom of the North=xx")[0].exit_code == ExitCode.USAGE
    result, report = here.kiel(rows, "--party", "kingdom of the north=cz")
    assert result.exit_code == 0, result.stderr
    assert [one["fields"] for one in report["changed"]] == [["party_id"]] * 3
    assert len(here.read("/v1/observations", party="cz")) == 3


def test_the_eu_is_found_by_its_code_and_its_bank_is_no_party(here: Place, table: Writing) -> None:
    eu = package(7, guarantor_iso="EU", guarantor_name_in_source="EU (Commission and Council)")
    bank = package(8, guarantor_iso="EU-EIB", guarantor_name_in_source="European Investment Bank")
    _, report = here.kiel(table([*eu, *bank]))
    assert {one["name"]: one["party_id"] for one in report["donors"]} == {
        "EU (Commission and Council)": "eu",
        "European Investment Bank": None,
    }


def test_who_is_no_observer_records_nothing_and_the_report_says_how_far_it_came(here: Place, table: Writing) -> None:
    before = here.server.tree_size()
    report_file = here.home / "refused.json"
    key = ("--key", here.home / "obs.pem", "--url", here.server.url, "--yes", "--dir", here.home)
    result = here.gledger(
        "import", "kiel", table(package(9)), "--observer", "gb/principal", *key, "--report", report_file
    )
    assert result.exit_code == ExitCode.NOT_AUTHORISED
    assert "key_unknown" in result.stderr
    assert json.loads(report_file.read_text())["rows"]["unsettled"] == 3
    assert here.server.tree_size() == before


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--observer", "obs"), ExitCode.USAGE, "--observer with an authority"),
        (("--observer", OBSERVER), ExitCode.USAGE, "--key with a key of the observer"),
        (("--observer", OBSERVER, "--release", "8"), ExitCode.USAGE, "--until with the last day"),
        (("--observer", OBSERVER, "--release", "seven"), ExitCode.USAGE, "number of a release"),
        (("--observer", OBSERVER, "--until", "tomorrow", "--release", "8"), ExitCode.USAGE, "a day such as"),
        (("--observer", OBSERVER, "--key", "k", "--url", "http://127.0.0.1:9"), ExitCode.UNDECIDABLE, "an answer"),
    ],
)
def test_what_is_missing_or_cannot_be_reached_is_said(
    here: Place, table: Writing, options: tuple[str, ...], code: ExitCode, said: str
) -> None:
    result = here.gledger("import", "kiel", table(package(10)), *options, "--dir", here.home)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr


def test_without_a_yes_and_a_terminal_nothing_is_signed(here: Place, table: Writing) -> None:
    before = here.server.tree_size()
    key = ("--key", here.home / "obs.pem", "--url", here.server.url, "--dir", here.home)
    result = here.gledger("import", "kiel", table(package(11)), "--observer", OBSERVER, *key)
    assert (result.exit_code, here.server.tree_size()) == (ExitCode.USAGE, before)
    assert '"observation": "obs.kiel-r7.xxm11-1.committed.total"' in result.stderr
    assert "a terminal to ask on" in result.stderr


def test_another_release_is_another_statement_and_is_not_summed_with_it(here: Place, table: Writing) -> None:
    rows = package(12, announced_from="2022-11-01", announced_to="2022-11-01")
    _, report = here.kiel(table(rows), "--release", "8", "--until", "2022-11-20")
    assert (report["rows"]["recorded"], report["treatments"]) == (3, [])
    _, report = here.kiel(table(rows))
    assert [one["flag"] for one in report["treatments"]] == ["date_after_release"]
    lines = here.read("/v1/observations/totals", level="activity_total", claim="committed", by="level")
    assert {line["release"] for line in lines} == {"kiel-r7", "kiel-r8"}
    (of_8,) = [line for line in lines if line["release"] == "kiel-r8"]
    assert (of_8["claims"], of_8["sum_eur"]) == (1, "1150.123456789")


def test_a_run_that_was_killed_goes_on_where_it_was(here: Place, table: Writing) -> None:
    rows = [row for number in range(1000, 1300) for row in package(number)]
    file = table(rows)
    command = [sys.executable, "-m", "ledger.cli", "import", "kiel", str(file), "--observer", OBSERVER, "--yes"]
    command += ["--key", str(here.home / "obs.pem"), "--url", here.server.url, "--dir", str(here.home)]
    before = here.server.tree_size()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _wait_for(here.server, before + BATCH, process)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(30) == -signal.SIGKILL
    recorded = here.server.tree_size() - before
    assert 0 < recorded < len(rows)
    result, report = here.kiel(file)
    assert result.exit_code == 0, result.stderr
    assert (report["rows"]["unchanged"], report["rows"]["recorded"]) == (recorded, len(rows) - recorded)
    assert here.server.tree_size() == before + len(rows)


def _wait_for(server: Served, tree_size: int, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 60
    while server.tree_size() < tree_size:
        assert process.poll() is None, "the import ended before it was killed"
        assert time.monotonic() < give_up, "nothing was recorded in time"


def test_a_guarantor_adopts_a_claim_from_a_draft_and_it_stays_an_observation(
    here: Place, table: Writing, tmp_path: Path
) -> None:
    here.kiel(table(package(13)))
    claim = base(13, "delivered.item")
    draft = tmp_path / "adoption.toml"
    given = ("party=gb", "authority=gb/principal", f"observation={claim}")
    drafted = here.gledger(
        "event", "draft", "observation.adopted", "--out", draft, *(w for one in given for w in ("--set", one))
    )
    assert drafted.exit_code == 0, drafted.stderr
    assert f'observation = "{claim}"' in draft.read_text()
    assert '# commitment = ""' in draft.read_text()
    other = principal("de")
    assert here.server.post(other.act("observation.adopted", observation=claim)).status_code == 403
    here.admit(here.made.offices["gb"].act("observation.adopted", observation=claim))
    shown = here.one(f"/v1/observations/{claim}")
    assert (shown["adopted_by"], shown["commitment"]) == ("gb", None)
    assert len(shown["events"]) == 2
    assert [one["observation"] for one in here.read("/v1/observations", adopted=True)] == [claim]
    # It says that it is right; what it owes is what it committed itself to, and that is nothing.
    assert here.read("/v1/guarantors/gb/obligations") == []
    assert here.one("/v1/guarantors/gb")["deliveries"] == 0
    (line,) = here.read("/v1/observations/totals", adopted=True)
    assert (line["adopted"], line["claims"]) == (1, 1)
    again = here.server.post(here.made.offices["gb"].proposed("observation.adopted", observation=claim))
    assert again.json()["code"] == "already_exists"
