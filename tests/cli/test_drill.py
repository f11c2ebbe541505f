"""The drill for real: what comes back, who has missed what and when, that it says what it is, and where it refuses."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.demo import SCENARIO
from ledger.cli.demo_server import ORIGIN
from ledger.cli.exit_codes import ExitCode
from ledger.client.connection import Connection
from ledger.client.demo import demonstrate
from ledger.client.drill_script import CAST, COPIES, parts_of
from ledger.client.http import LedgerClient
from ledger.client.scenario import load_scenario
from tests.acts import founding
from tests.api.served import found, served, settings_for
from tests.cli.conftest import Run
from tests.cli.running import GLEDGER, running_ledger
from tests.conftest import REPOSITORY
from tests.docs.transcript import settled
from tests.postgres import fresh_database

PAGE = REPOSITORY / "docs" / "drill.md"
SHORTENED = "[…]"
Scene = dict[str, Any]

_VARYING = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "(address)"),
    (re.compile(r"\b[0-9a-f]{12}…"), "(key)"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "(day)"),
)


@pytest.fixture(scope="module")
def place(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a ledger that holds the demonstration, and the directory of its keys."""
    data = tmp_path_factory.mktemp("drill")
    with fresh_database(postgres_server) as database, running_ledger(database, data / "server", ORIGIN) as url:
        with Connection(url) as connection:
            done = demonstrate(LedgerClient(connection), load_scenario(SCENARIO), data, lambda settled, total: None)
        assert done.refused == ()
        yield url, data


@pytest.fixture(scope="module")
def printed(place: tuple[str, Path], run: Run) -> str:
    """What the first drill prints."""
    url, data = place
    result = run("drill", "--url", url, "--data", data)
    assert result.exit_code == ExitCode.VALID, result.output
    return result.stdout


@pytest.fixture(scope="module")
def scenes(place: tuple[str, Path], printed: str, run: Run) -> list[Scene]:
    """The scenes of the second drill on the same ledger."""
    url, data = place
    result = run("drill", "--url", url, "--data", data, "--json")
    assert result.exit_code == ExitCode.VALID, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def only(scenes: list[Scene], kind: str) -> Scene:
    (found,) = (scene for scene in scenes if scene["scene"] == kind)
    return found


def asked(scenes: list[Scene]) -> list[Scene]:
    return [scene for scene in scenes if scene["scene"] == "asked"]


def joint(scene: Scene) -> Scene:
    rows: list[Scene] = scene["consultations"]
    (found,) = (row for row in rows if row["consultation"] == scene["joint"])
    return found


def state(scene: Scene, measure: str) -> str:
    (found,) = (row["state"] for row in scene["measures"] if row["measure"] == measure)
    return str(found)


def section(printed: str, heading: str) -> str:
    """Return what is printed under the first heading that holds some words."""
    (found,) = (part for part in printed.split("\n\nEXERCISE · ") if heading in part.partition("\n")[0])
    return found


def normal(text: str) -> list[str]:
    lines = settled(text)
    for pattern, kind in _VARYING:
        lines = [pattern.sub(kind, line) for line in lines]
    return lines


def test_the_page_shows_what_a_first_drill_prints(printed: str) -> None:
    """Every line of the page in its order; what the page leaves out it says."""
    (block,) = re.findall(r"^```text\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    real = iter(normal(printed))
    missing = [line for line in normal(block) if SHORTENED not in line and line not in real]
    assert missing == []
    assert block.count(SHORTENED) < 10


def test_a_first_drill_brings_back_what_was_eased_and_says_that_nothing_else_moved(printed: str) -> None:
    returned = section(printed, "Sanctions come back")
    rows = {line.split()[1]: line for line in returned.splitlines() if "(checked)" in line}
    assert rows.keys() == {"exercise-us-rushar", "exercise-gb-rus", "exercise-eu-rus-sectoral"}
    assert "imports, services" in rows["exercise-us-rushar"]
    assert "investment" not in rows["exercise-us-rushar"]
    assert "Nothing to bring back, or announced before: exercise-au-russia" in returned


def test_who_is_silent_is_not_missed_at_72_hours_and_missed_a_second_later(printed: str) -> None:
    at, later = section(printed, ", 72 hours after t0"), printed.split("EXERCISE · ")[-2]
    silent = parts_of(1).silent
    assert re.search(rf" {silent} +silent +not missed", at)
    assert re.search(rf" {silent} +silent +missed", later)
    assert "a second later" in later.partition("\n")[0]
    for part in printed.split("\n\nEXERCISE · "):
        if part.startswith("now ") or ", 24 hours after t0" in part.partition("\n")[0]:
            assert not re.search(rf" {silent} +silent +missed", part)


def test_every_line_about_a_later_instant_says_that_it_is_about_the_future(printed: str) -> None:
    parts = [part for part in printed.split("\n\nEXERCISE · ") if part.startswith("future ")]
    assert len(parts) == 4
    for part in parts:
        heading, *lines = part.splitlines()
        instant = heading.partition(",")[0]
        table = [line for line in lines if line.strip(" ─") and not line.startswith(" as of")]
        assert len(table) >= 2
        assert [line for line in table if not line.strip().startswith(instant)] == []


def test_it_says_everywhere_that_it_is_an_exercise(printed: str, scenes: list[Scene]) -> None:
    assert "no government made any of them, and no attack is reported" in " ".join(printed.split())
    assert "The ledger's clock is not turned" in printed
    headings = [line for line in printed.splitlines() if " · " in line]
    assert len(headings) == 13
    assert all(line.startswith("EXERCISE · ") for line in headings)
    assert all(scene["exercise"] is True for scene in scenes)
    assert len(only(scenes, "begun")["notices"]) == 2


def test_a_second_drill_is_a_second_crisis_and_what_is_announced_is_not_announced_again(scenes: list[Scene]) -> None:
    assert {scene["drill"] for scene in scenes} == {"drill-2"}
    assert [act["what"].split()[0] for act in only(scenes, "eased")["acts"]] == ["eases", "suspends"]
    returned = only(scenes, "returned")
    assert {row["measure"]: len(row["parts"]) for row in returned["measures"]} == {
        "exercise-us-rushar": 2,
        "exercise-gb-rus": 9,
    }
    assert returned["unmoved"] == ["exercise-eu-rus-sectoral", "exercise-au-russia"]
    notified = only(scenes, "notified")["act"]["position"]
    forced = [row["position"] for row in only(scenes, "clocks")["consultations"] + returned["measures"]]
    assert forced == list(range(notified + 1, notified + 1 + len(forced)))


def test_the_clock_is_fixed_at_receipt_for_every_text_that_has_one(scenes: list[Scene]) -> None:
    received = datetime.fromisoformat(only(scenes, "notified")["received_at"])
    clocks = {row["consultation"].partition(".")[2]: row for row in only(scenes, "clocks")["consultations"]}
    assert len(clocks) == 11
    for row in clocks.values():
        assert datetime.fromisoformat(row["t0"]) == received
        assert datetime.fromisoformat(row["convene_by"]) - received == timedelta(hours=24)
    assert {name for name, row in clocks.items() if row["decide_by"] is not None} == {"exercise-compact"}
    assert datetime.fromisoformat(clocks["exercise-compact"]["decide_by"]) - received == timedelta(hours=72)
    assert set(clocks["exercise-compact"]["guarantors"]) == set(CAST)


def test_what_the_ledger_answers_at_each_instant(scenes: list[Scene]) -> None:
    parts = parts_of(2)
    now, at_24, past_24, at_72, past_72 = asked(scenes)
    assert [scene["is_future"] for scene in asked(scenes)] == [False, True, True, True, True]
    standings = {row["party"]: row["standing"] for row in joint(now)["answers"]}
    assert standings == dict.fromkeys(parts.present, "decided") | {parts.declines: "declined", parts.silent: "silent"}
    promised = {row["party"] for row in joint(now)["answers"] if row["commitments"]}
    assert promised == {parts.convenes, parts.commits}
    assert [joint(scene)["missed"] for scene in (now, at_24, past_24, at_72)] == [[]] * 4
    assert joint(past_72)["missed"] == joint(past_72)["silent"] == [parts.silent]
    others = [row for row in at_24["consultations"] if row["convening"] == "awaited"]
    assert others
    missed = {row["consultation"] for row in past_24["consultations"] if row["convening"] == "missed"}
    assert missed == {row["consultation"] for row in others}
    assert [state(scene, "exercise-eu-rus-sectoral") for scene in (now, at_24, at_72)] == [
        "in_part",
        "in_part",
        "in_force",
    ]


def test_the_audit_ends_it_and_counts_every_entry(scenes: list[Scene]) -> None:
    audited = only(scenes, "audited")
    assert scenes[-1] is audited
    assert (audited["exit_code"], audited["verdict"]) == (0, "valid")
    assert audited["tree_size"] == asked(scenes)[-1]["known_at"]


def test_no_measure_that_anybody_adopted_was_touched(scenes: list[Scene], place: tuple[str, Path]) -> None:
    with Connection(place[0]) as connection:
        rows = LedgerClient(connection).read_all("/v1/measures")["data"]
    sourced = [row for row in rows if not row["measure"].startswith("exercise-")]
    assert len(sourced) == 11
    assert {row["state"] for row in sourced} <= {"in_force", "lapsed"}
    assert all(row["title"]["en"].startswith("EXERCISE: ") for row in rows if row not in sourced)
    assert {one.measure for one in COPIES} <= {row["measure"] for row in sourced}


def test_the_parts_go_round() -> None:
    assert [parts_of(number).silent for number in range(1, 8)] == ["pl", "gb", "ca", "us", "eu", "fr", "pl"]


def test_keys_that_are_not_those_of_the_ledger_are_said(place: tuple[str, Path], run: Run, tmp_path: Path) -> None:
    result = run("drill", "--url", place[0], "--data", tmp_path)
    assert result.exit_code == ExitCode.USAGE
    assert "the demonstration keys that the ledger was opened with" in result.stderr
    assert result.stdout == ""


def test_ctrl_c_ends_it_in_order(place: tuple[str, Path]) -> None:
    url, data = place
    command = [*GLEDGER, "drill", "--url", url, "--data", str(data), "--pace", "50", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["scene"] == "begun"
        process.send_signal(signal.SIGINT)
        _, talk = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == ExitCode.UNDECIDABLE
    assert talk.splitlines() == ["Stopped. What was submitted stays in the ledger: the next drill is another crisis."]


def test_a_ledger_that_is_no_demonstration_is_not_touched(
    database_url: str, run: Run, tmp_path: Path, place: tuple[str, Path]
) -> None:
    made = founding()
    with served(settings_for(made, database_url, tmp_path)) as one:
        unopened = run("drill", "--url", one.url, "--data", place[1])
        found(one, made)
        opened = run("drill", "--url", one.url, "--data", place[1])
        assert one.tree_size() == len(made.raws)
    for result in (unopened, opened):
        assert result.exit_code == ExitCode.USAGE
        assert result.stdout == ""
        assert "expected a demonstration ledger" in result.stderr
    assert "one not opened yet" in unopened.stderr
    assert "does not say of itself that it is one" in opened.stderr


def test_a_ledger_that_nobody_reaches_leaves_it_undecided(run: Run, tmp_path: Path) -> None:
    result = run("drill", "--url", "http://127.0.0.1:9", "--data", tmp_path)
    assert result.exit_code == ExitCode.UNDECIDABLE
    assert "an answer from http://127.0.0.1:9" in result.stderr


@pytest.mark.parametrize("pace", ["-1", "61"])
def test_a_pace_that_nobody_could_bear_is_refused(run: Run, pace: str) -> None:
    result = run("drill", "--url", "http://127.0.0.1:9", "--pace", pace)
    assert result.exit_code == ExitCode.USAGE
    assert "--pace from 0 to 60 seconds" in result.stderr
