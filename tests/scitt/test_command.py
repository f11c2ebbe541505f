"""`gledger receipt --cose` and `gledger verify`: from a ledger into files, and from files to what they prove."""

import json
from pathlib import Path

import pytest
from typer.testing import Result

from ledger.cli.exit_codes import ExitCode
from ledger.log.note import format_vkey
from ledger.signing.dsse import parse
from tests.acts import Founding, log_key, new_id
from tests.api.served import Served
from tests.cli.conftest import Run, run

__all__ = ["run"]


@pytest.fixture
def event(ledger: Served, made: Founding) -> str:
    raw = made.depositary.renaming("One", subject="gb")
    assert ledger.post(raw).status_code == 201
    return parse(raw).event.id


def fetch(run: Run, ledger: Served, made: Founding, event: str, directory: Path, *more: str) -> Result:
    files = ("--out", directory / "act.receipt", "--entry", directory / "act.entry.json")
    place = ("--url", ledger.url, "--vkey", format_vkey(made.log_signer.vkey), "--dir", directory)
    return run("receipt", event, *files, *place, *more)


@pytest.mark.parametrize(("more", "begins"), [(["--cose"], b"\xd2\x84"), ([], b"c2sp.org/tlog-proof@v1\n")])
def test_a_receipt_is_fetched_verified_and_kept(
    run: Run, ledger: Served, made: Founding, event: str, tmp_path: Path, more: list[str], begins: bytes
) -> None:
    done = fetch(run, ledger, made, event, tmp_path, *more)
    assert done.exit_code == ExitCode.VALID, done.stderr
    assert "verified" in done.stdout
    assert (tmp_path / "act.receipt").read_bytes().startswith(begins)
    files = (tmp_path / "act.receipt", tmp_path / "act.entry.json")
    proven = run("verify", *files, "--vkey", format_vkey(made.log_signer.vkey), "--json")
    assert proven.exit_code == ExitCode.VALID, proven.stderr
    assert json.loads(proven.stdout)["event"] == event


def test_both_dialects_say_the_same(run: Run, ledger: Served, made: Founding, event: str, tmp_path: Path) -> None:
    said = []
    for more in ([], ["--cose"]):
        assert fetch(run, ledger, made, event, tmp_path, *more, "--json").exit_code == ExitCode.VALID
        files = (tmp_path / "act.receipt", tmp_path / "act.entry.json")
        said.append(run("verify", *files, "--vkey", format_vkey(made.log_signer.vkey), "--json").stdout)
    assert said[0] == said[1]


def test_a_changed_cose_receipt_is_proven_invalid(
    run: Run, ledger: Served, made: Founding, event: str, tmp_path: Path
) -> None:
    assert fetch(run, ledger, made, event, tmp_path, "--cose").exit_code == ExitCode.VALID
    receipt, entry = tmp_path / "act.receipt", tmp_path / "act.entry.json"
    whole = receipt.read_bytes()
    for at in (1, len(whole) // 2, len(whole) - 1):
        receipt.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        done = run("verify", receipt, entry, "--vkey", format_vkey(made.log_signer.vkey))
        assert done.exit_code == ExitCode.INVALID
        assert (done.stdout, "expected" in done.stderr) == ("", True)
    receipt.write_bytes(whole)
    assert run("verify", receipt, entry, "--vkey", format_vkey(log_key().vkey)).exit_code == ExitCode.INVALID
    assert run("verify", receipt, entry, "--vkey", format_vkey(made.log_signer.vkey)).exit_code == ExitCode.VALID


def test_a_policy_cannot_decide_on_a_cose_receipt(
    run: Run, ledger: Served, made: Founding, event: str, tmp_path: Path
) -> None:
    policy = tmp_path / "policy"
    policy.write_text(f"log {format_vkey(made.log_signer.vkey)}\nquorum none\n", encoding="utf-8")
    files = (tmp_path / "act.receipt", tmp_path / "act.entry.json")
    for more, code in (([], ExitCode.VALID), (["--cose"], ExitCode.UNDECIDABLE)):
        assert fetch(run, ledger, made, event, tmp_path, *more).exit_code == ExitCode.VALID
        done = run("verify", *files, "--policy", policy)
        assert done.exit_code == code, done.stderr
    assert "a COSE receipt, which holds none" in done.stderr


def test_what_is_not_verified_is_not_kept(run: Run, ledger: Served, made: Founding, event: str, tmp_path: Path) -> None:
    other = ("--url", ledger.url, "--vkey", format_vkey(log_key().vkey), "--dir", tmp_path)
    done = run("receipt", event, "--cose", "--out", tmp_path / "act.receipt", *other)
    assert done.exit_code == ExitCode.INVALID
    assert list(tmp_path.iterdir()) == []


def test_an_act_that_is_not_there_leaves_it_undecided(run: Run, ledger: Served, made: Founding, tmp_path: Path) -> None:
    done = fetch(run, ledger, made, new_id(), tmp_path, "--cose")
    assert done.exit_code == ExitCode.UNDECIDABLE
    assert "not_found: expected the id of a recorded act" in done.stderr
