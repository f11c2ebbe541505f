"""The demonstration: everything there, found again, gone on with after a kill, and not in somebody else's ledger."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.cli.demo import SCENARIO
from ledger.cli.exit_codes import ExitCode
from ledger.client.connection import Connection
from ledger.client.demo import demonstrate
from ledger.client.demo_acts import demo_event_id
from ledger.client.errors import ClientError
from ledger.client.http import LedgerClient
from ledger.client.scenario import Scenario, load_scenario
from tests.cli.conftest import ORIGIN, Run
from tests.cli.running import GLEDGER, running_ledger

KILLED_AFTER_ENTRIES = 40


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(SCENARIO)


@pytest.fixture
def client(ledger_url: str) -> Iterator[LedgerClient]:
    with Connection(ledger_url) as connection:
        yield LedgerClient(connection)


def silent(settled: int, total: int) -> None:
    """A progress bar that nobody watches."""


def test_everything_is_submitted_once_and_found_again(client: LedgerClient, scenario: Scenario, tmp_path: Path) -> None:
    steps = len(scenario.steps)
    first = demonstrate(client, scenario, tmp_path / "demo", silent)
    assert (first.submitted, first.found, first.refused) == (steps, 0, ())
    assert first.info.tree_size == steps + 1
    assert first.info.demonstration
    second = demonstrate(client, scenario, tmp_path / "demo", silent)
    assert (second.submitted, second.found) == (0, steps)
    # Without its keys nothing can be added, and what is there can still be shown.
    third = demonstrate(client, scenario, tmp_path / "elsewhere", silent)
    assert (third.submitted, third.found, third.info.tree_size) == (0, steps, steps + 1)


def test_a_run_that_was_killed_goes_on_where_it_was(
    ledger_url: str, client: LedgerClient, scenario: Scenario, tmp_path: Path
) -> None:
    data = tmp_path / "demo"
    process = subprocess.Popen(
        [*GLEDGER, "demo", "--url", ledger_url, "--no-serve", "--data", str(data)], stderr=subprocess.DEVNULL
    )
    try:
        while client.ledger().tree_size < KILLED_AFTER_ENTRIES:
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    done = demonstrate(client, scenario, data, silent)
    assert done.refused == ()
    assert done.found >= KILLED_AFTER_ENTRIES - 1
    assert done.submitted + done.found == len(scenario.steps)
    assert done.info.tree_size == len(scenario.steps) + 1


def test_a_ledger_that_was_half_filled_with_other_keys_is_not_touched(
    client: LedgerClient, scenario: Scenario, tmp_path: Path
) -> None:
    half = Scenario(
        name=scenario.name,
        purpose=scenario.purpose,
        beneficiary=scenario.beneficiary,
        depositary=scenario.depositary,
        steps=scenario.steps[:5],
        left_out=(),
    )
    demonstrate(client, half, tmp_path / "demo", silent)
    with pytest.raises(ClientError, match="the demonstration keys that the ledger was opened with"):
        demonstrate(client, scenario, tmp_path / "other", silent)
    assert client.ledger().tree_size == 6


def test_a_ledger_of_somebody_else_is_not_touched(
    client: LedgerClient, run: Run, ledger_url: str, scenario: Scenario, tmp_path: Path
) -> None:
    opened = run("init", tmp_path / "real", "--url", ledger_url, "--no-passphrase", "--yes", "--submit")
    assert opened.exit_code == 0, opened.stderr
    result = run("demo", "--url", ledger_url, "--no-serve", "--data", tmp_path / "demo")
    assert result.exit_code == ExitCode.USAGE
    assert "one that somebody else opened" in result.stderr
    assert client.ledger().tree_size == 1


def test_a_step_that_is_refused_is_listed_and_the_others_go_on(
    client: LedgerClient, scenario: Scenario, tmp_path: Path
) -> None:
    """The first party is admitted twice under different labels: the second is refused, and nothing after it."""
    first, *others = scenario.steps[:8]
    twice = type(first)("party/again", first.place, first.draft, first.needs_keys, first.on_act)
    changed = Scenario(
        scenario.name, scenario.purpose, scenario.beneficiary, scenario.depositary, (first, twice, *others), ()
    )
    done = demonstrate(client, changed, tmp_path / "demo", silent)
    assert [(one.step.label, one.problem.code) for one in done.refused] == [("party/again", "already_exists")]
    assert done.submitted == 8


def test_ids_depend_on_the_ledger_and_the_label_alone() -> None:
    one = demo_event_id("ledger.example/a", "party/gb")
    assert one == demo_event_id("ledger.example/a", "party/gb")
    assert len({one, demo_event_id("ledger.example/b", "party/gb"), demo_event_id("ledger.example/a", "party/de")}) == 3


def test_demonstration_keys_are_for_their_owner_alone(client: LedgerClient, scenario: Scenario, tmp_path: Path) -> None:
    demonstrate(client, scenario, tmp_path / "demo", silent)
    keys = tmp_path / "demo" / "demo-keys"
    assert keys.stat().st_mode & 0o777 == 0o700
    files = list(keys.iterdir())
    assert len(files) == 34  # 33 parties and the depositary.
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_the_demonstration_prints_what_it_should(run: Run, ledger_url: str, tmp_path: Path) -> None:
    result = run("demo", "--url", ledger_url, "--no-serve", "--data", tmp_path / "demo")
    assert result.exit_code == 0, result.stderr
    assert "36 of the 36 instruments of the sources are in the ledger; and 3 more" in result.stdout
    assert "34 of the 35 pledges of the sources are in the ledger, 1 left out with its reason" in result.stdout
    assert "Missing:" not in result.stdout
    assert "No government made any of them." in result.stdout
    assert "An indicative pledge is not a commitment" in result.stdout
    assert f"{ledger_url}/v1/checkpoint" in result.stdout
    # A fiscal year that passed, a treaty that is not in force, an exact third.
    for words in ("p-uk-1 ", " 2 500 000 000 ", " since 2025-04-01", "(6 000 000 000)", " 16/3 "):
        assert words in result.stdout
    audited = subprocess.run([*GLEDGER, "audit", ledger_url], capture_output=True, timeout=120)
    assert audited.returncode == 0, audited.stderr
    listed = run("obligations", "gb", "--url", ledger_url, "--json")
    assert listed.exit_code == 0, listed.stderr
    assert "p-uk-1" in {row["commitment"] for row in json.loads(listed.stdout)["data"]}
    table = run("obligations", "--url", ledger_url)
    assert "p-uk-1" in table.stdout
    written = run("obligations", "--url", ledger_url, "--csv")
    assert written.exit_code == 0, written.stderr
    heads = [line for line in written.stdout.splitlines() if "commitment" in line and "guarantor" in line]
    assert len(heads) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_ctrl_c_stops_everything_that_was_started(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with (tmp_path / "talk").open("wb") as talk:
        process = subprocess.Popen(
            [*GLEDGER, "demo", "--data", str(data), "--port", str(port)],
            stdout=subprocess.DEVNULL, stderr=talk, env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 90
            while b"until Ctrl-C" not in (tmp_path / "talk").read_bytes():
                assert process.poll() is None, (tmp_path / "talk").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert started_in(data)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        finally:
            process.kill()
    assert started_in(data) == []


def started_in(data: Path) -> list[str]:
    """Return the command lines of all processes that work in a directory: server and database."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if entry.name != str(os.getpid()) and any(str(data).encode() in word for word in words):
            found.append(b" ".join(words).decode(errors="replace"))
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_port_that_is_taken_is_said(run: Run, ledger_url: str, tmp_path: Path) -> None:
    port = ledger_url.rpartition(":")[2]
    result = run("demo", "--port", port, "--data", tmp_path / "demo")
    assert result.exit_code == ExitCode.USAGE
    assert "choose another port" in result.stderr
    assert not (tmp_path / "demo").exists()


def test_a_server_that_cannot_start_says_its_last_words(
    run: Run, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_ledger(database_url, tmp_path / "data", ORIGIN):
        result = run("demo", "--port", str(free_port()), "--data", tmp_path / "data", "--no-serve")
    assert result.exit_code == ExitCode.UNDECIDABLE
    assert "Its last words" in result.stderr
