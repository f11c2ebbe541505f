"""`gledger audit` as it is typed: what it prints, and how it ends."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ledger.audit.export import CHECKPOINT, ENTRIES, PROJECTIONS
from ledger.audit.findings import Report, Verdict
from ledger.cli.main import app
from ledger.log.note import format_vkey
from projections.audited_file import guarantors_of, known_from, obligations_answer
from projections.commands.auditing import decided
from tests.acts import log_key
from tests.audit.dishonest_server import Served, serving
from tests.audit.histories import History
from tests.audit.logs import Log, audited, checkpoint_over, exported
from tests.audit.ten_entries import ten_entry_export


def gledger(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture(scope="module")
def history() -> History:
    history = History(7)
    history.run(60)
    return history


@pytest.fixture(scope="module")
def log(history: History) -> Log:
    return history.run(0)


def served_honestly(log: Log) -> Served:
    known = known_from(audited(log))

    def obligations(party: str, query: dict[str, str]) -> dict[str, Any]:
        data = obligations_answer(known, party)
        return {"data": data, "known_at": int(query["known_at"]), "as_of": query["as_of"], "more": "ignored"}

    return Served(log, obligations)


def test_a_clean_export_prints_a_line_for_each_thing_proved(tmp_path: Path) -> None:
    export = ten_entry_export(tmp_path / "export")
    done = gledger("audit", str(export.directory))
    assert done.exit_code == 0, done.output
    for what in (
        "entries",
        "hash chain",
        "signatures",
        "own chains",
        "admissions",
        "tree",
        "checkpoint",
        "obligations",
    ):
        assert f"proved   {what}" in done.stdout
    assert "believed The anchor was taken from the log itself" in done.stdout


def test_a_lie_is_printed_with_its_place_and_ends_with_1(tmp_path: Path) -> None:
    directory = ten_entry_export(tmp_path / "export").directory
    raw = (directory / ENTRIES).read_bytes()
    lines = raw.splitlines(keepends=True)
    (directory / ENTRIES).write_bytes(b"".join(lines[:6] + lines[7:]))
    done = gledger("audit", str(directory))
    assert done.exit_code == 1
    assert f"INVALID  position_wrong at {ENTRIES}, byte {sum(map(len, lines[:6]))}, entry 7" in done.stdout
    assert "valid:" not in done.stdout
    report = json.loads(gledger("audit", str(directory), "--json").stdout)
    assert (report["verdict"], report["finding"]["position"]) == ("invalid", 7)
    assert report["finding"]["evidence"]["entry"].encode() + b"\n" == lines[7]


def test_pins_from_the_command_line(history: History, log: Log, tmp_path: Path) -> None:
    directory = str(exported(log, tmp_path / "export").directory)
    right, wrong = format_vkey(history.founding.log_signer.vkey), format_vkey(log_key().vkey)
    anchor = sha256(log.entries[0]).hexdigest()
    pinned = gledger("audit", directory, "--vkey", right)
    assert (pinned.exit_code, "anchor was taken" in pinned.stdout) == (0, False)
    assert gledger("audit", directory, "--vkey", wrong).exit_code == 1
    assert gledger("audit", directory, "--vkey", right, "--vkey", wrong).exit_code == 1
    assert gledger("audit", directory, "--anchor", "0" * 64).exit_code == 1
    assert gledger("audit", directory, "--anchor", "not a digest").exit_code == 2
    assert gledger("audit", directory, "--vkey", "not a key").exit_code == 2
    assert gledger("audit", directory, "--anchor", anchor).exit_code == 0


def test_an_older_checkpoint_from_a_file(history: History, log: Log, tmp_path: Path) -> None:
    directory = str(exported(log, tmp_path / "export").directory)
    kept = tmp_path / "kept"
    kept.write_bytes(checkpoint_over(log.entries[:9], history.founding.log_signer))
    assert gledger("audit", directory, "--since", str(kept)).exit_code == 0
    kept.write_bytes(checkpoint_over(log.entries[1:10], history.founding.log_signer))
    done = gledger("audit", directory, "--since", str(kept))
    assert (done.exit_code, "history_rewritten" in done.stdout) == (1, True)
    assert gledger("audit", directory, "--since", str(tmp_path / "absent")).exit_code == 3


def test_the_acts_of_one_party(history: History, log: Log, tmp_path: Path) -> None:
    directory = str(exported(log, tmp_path / "export").directory)
    done = json.loads(gledger("audit", directory, "--party", "gb", "--json").stdout)
    expected = [event_type for event_type, party in history.kinds() if party == "gb"]
    assert [act["type"] for act in done["party"]["acts"]] == expected
    assert done["party"]["complete"] is True
    assert f"tree size {len(log.entries)}" in done["party"]["statement"]
    nobody = gledger("audit", directory, "--party", "zz")
    assert "No authority of zz has acted" in nobody.stdout


def test_the_acts_of_a_party_in_a_log_with_a_lie_are_not_called_complete(log: Log, tmp_path: Path) -> None:
    cut = log.with_entries(log.entries[:-1])
    done = gledger("audit", str(exported(cut, tmp_path / "export").directory), "--party", "gb")
    assert (done.exit_code, "no complete list" in done.stdout) == (1, True)


@pytest.mark.parametrize("missing", [ENTRIES, CHECKPOINT])
def test_a_missing_file_ends_with_3(tmp_path: Path, missing: str) -> None:
    directory = ten_entry_export(tmp_path / "export").directory
    (directory / missing).unlink()
    assert gledger("audit", str(directory)).exit_code == 3


def test_project_writes_the_figures_that_an_audit_then_checks(tmp_path: Path) -> None:
    directory = ten_entry_export(tmp_path / "export").directory
    before = (directory / PROJECTIONS).read_bytes()
    (directory / PROJECTIONS).unlink()
    assert gledger("project", str(directory)).exit_code == 0
    assert (directory / PROJECTIONS).read_bytes() == before


def test_project_adds_nothing_to_an_export_with_a_lie(log: Log, tmp_path: Path) -> None:
    directory = exported(log.with_entries(log.entries[:-1]), tmp_path / "export").directory
    assert gledger("project", str(directory)).exit_code == 1
    assert not (directory / PROJECTIONS).exists()


def test_a_fault_of_the_program_itself_proves_nothing() -> None:
    def failing() -> Report:
        raise ZeroDivisionError

    report = decided("somewhere", failing)
    assert (report.verdict, report.exit_code) == (Verdict.UNDECIDED, 3)


# A server.


def test_an_honest_server_is_accepted_with_every_guarantor_compared(log: Log) -> None:
    served = served_honestly(log)
    with serving(served) as url:
        done = gledger("audit", url)
    assert done.exit_code == 0, done.output
    guarantors = guarantors_of(known_from(audited(log)))
    assert [path.split("/")[3] for path in served.asked if "guarantors" in path] == guarantors
    assert {"de", "fr", "gb"} <= set(guarantors)
    assert all(f"known_at={len(log.entries)}" in path for path in served.asked if "guarantors" in path)


def test_a_server_that_answers_another_figure_is_found(log: Log) -> None:
    served = served_honestly(log)
    honest = served.obligations

    def lying(party: str, query: dict[str, str]) -> dict[str, Any]:
        answer = honest(party, query)
        return {**answer, "data": answer["data"][:-1]} if party == "gb" else answer

    served.obligations = lying
    with serving(served) as url:
        done = gledger("audit", url)
    assert done.exit_code == 1
    assert f"projection_wrong at {url}/v1/guarantors/gb/obligations" in done.stdout


def test_a_server_that_answers_about_another_time_is_found(log: Log) -> None:
    served = served_honestly(log)
    honest = served.obligations
    served.obligations = lambda party, query: {**honest(party, query), "known_at": 1}
    with serving(served) as url:
        assert gledger("audit", url).exit_code == 1


def test_a_server_that_withholds_entries_is_found(log: Log) -> None:
    served = served_honestly(log)
    served.log = log.with_entries(log.entries[:-2])
    with serving(served) as url:
        done = gledger("audit", url)
    assert (done.exit_code, "tree_size_wrong" in done.stdout) == (1, True)


@pytest.mark.parametrize("absent", ["/v1/checkpoint", "/v1/entries", "/v1/guarantors/de/obligations"])
def test_a_server_that_does_not_answer_leaves_the_audit_undecided(log: Log, absent: str) -> None:
    served = served_honestly(log)
    served.absent.add(absent)
    with serving(served) as url:
        assert gledger("audit", url).exit_code == 3
