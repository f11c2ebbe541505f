"""The page about signing is a transcript: its commands run as they stand and print what it says."""

from pathlib import Path

import pytest

from ledger.events.corrections import salted_sha256
from ledger.events.terms import GoodsObject
from tests.acts import founding
from tests.api.served import served, settings_for
from tests.docs.transcript import Step, run, settled, steps

PAGE = Path(__file__).resolve().parents[2] / "docs" / "signing.md"
ADDRESS = "http://127.0.0.1:8080"


@pytest.mark.slow
def test_every_command_of_the_page_runs_and_prints_what_the_page_says(database_url: str, tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    desk.mkdir()
    with served(settings_for(founding("ledger.example/compact"), database_url, tmp_path / "server")) as server:
        for step in steps(PAGE.read_text(encoding="utf-8")):
            printed = run(Step(step.commands.replace(ADDRESS, server.url), step.printed), desk, {"NO_COLOR": "1"})
            assert settled(printed) == settled(step.printed), step.commands


def test_the_page_has_steps_that_print_something() -> None:
    found = list(steps(PAGE.read_text(encoding="utf-8")))
    assert len(found) >= 8
    assert sum(bool(step.printed) for step in found) >= 7
    assert ADDRESS in found[0].commands


def test_a_command_that_fails_or_prints_something_else_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="lost"):
        run(Step("echo lost >&2; false; echo never", ""), tmp_path, {"GLEDGER_URL": ""})
    assert settled("admitted at position 2") != settled("admitted at position 3")
    digest = "5f" * 32
    assert settled(f"root {digest}") == settled(f"root {'a0' * 32}")


def test_what_one_step_defines_the_next_one_has(tmp_path: Path) -> None:
    run(Step('export GLEDGER_URL=here\ngreet() { echo "good $1"; }', ""), tmp_path, {})
    assert run(Step('greet morning; echo "$GLEDGER_URL"', ""), tmp_path, {}) == "good morning\nhere\n"


def test_the_published_digest_is_that_of_the_published_salt_and_value(tmp_path: Path) -> None:
    (published,) = [one for one in steps(PAGE.read_text(encoding="utf-8")) if "openssl dgst" in one.commands]
    salt, value = bytes(range(32)), GoodsObject(quantity="3", unit="radar satellite")
    assert salt.hex() in published.commands
    assert published.printed == f"{salted_sha256(salt, value)}\n"
    # To the letter: another digest would be no sample of anything.
    assert run(published, tmp_path, {"GLEDGER_URL": ""}) == published.printed
