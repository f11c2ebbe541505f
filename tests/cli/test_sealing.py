"""Sealing writes one secret that nobody else can read, and its digest; what opens it later is that file."""

import json
import stat
import tomllib
from pathlib import Path

import pytest

from ledger.cli.exit_codes import ExitCode
from ledger.client.errors import ClientError
from ledger.client.sealing import read_secret, secret_of
from ledger.events.corrections import SALT_BYTES
from ledger.events.refusals import Refusal, Rejected
from tests.cli.conftest import Run

SATELLITES = ("--set", "kind=goods", "--set", "quantity=3", "--set", "unit=radar satellite")
GOODS = {"kind": "goods", "quantity": "3", "unit": "radar satellite"}


def test_the_secret_is_for_its_owner_and_the_digest_for_everybody(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "eyes.secret.json"
    result = run("value", "seal", file, *SATELLITES)
    assert result.exit_code == 0, result.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secret = read_secret(file)
    digest = json.loads(result.stdout)["confidential"]["salted_sha256"]
    assert secret.sealed.confidential is not None
    assert digest == secret.sealed.confidential.salted_sha256
    assert len(bytes.fromhex(secret.salt)) == SALT_BYTES
    assert secret.salt not in result.stdout + result.stderr
    assert "satellite" not in result.stdout + result.stderr


def test_two_seals_of_one_value_tell_nobody_that_it_is_one(run: Run, tmp_path: Path) -> None:
    first, second = (run("value", "seal", tmp_path / name, *SATELLITES).stdout for name in ("a", "b"))
    assert first != second


def test_a_secret_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "eyes.secret.json"
    run("value", "seal", file, *SATELLITES)
    before = file.read_bytes()
    again = run("value", "seal", file, *SATELLITES)
    assert (again.exit_code, again.stdout) == (ExitCode.USAGE, "")
    assert file.read_bytes() == before


def test_a_value_is_read_from_stdin_where_a_command_line_would_show_it(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "sum.secret.json"
    result = run("value", "seal", file, stdin=b'{"kind": "money", "amount": "5.00", "currency": "GBP"}')
    assert result.exit_code == 0, result.stderr
    assert read_secret(file).opening()["value"] == {"kind": "money", "amount": "5.00", "currency": "GBP"}


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"[]",
        b"{}",
        b'{"kind": "money", "amount": "5", "currency": "GBP"}',
        b'{"kind": "money", "amount": "5.00", "currency": "XQQ"}',
        b'{"kind": "goods", "quantity": 3, "unit": "tank"}',
        b'{"kind": "goods", "quantity": "3.0", "unit": "tank"}',
        b'{"kind": "undisclosed"}',
    ],
)
def test_what_no_act_could_hold_is_not_sealed(run: Run, tmp_path: Path, value: bytes) -> None:
    result = run("value", "seal", tmp_path / "secret.json", stdin=value)
    assert result.exit_code == ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


def test_text_that_could_not_be_signed_is_not_sealed() -> None:
    formula = {"kind": "formula", "percent": "0.25", "of": "Cafe\u0301", "currency": "EUR"}
    with pytest.raises(Rejected) as caught:
        secret_of(formula, bytes(SALT_BYTES))
    assert caught.value.refused.refusal == Refusal.NOT_NFC


def test_the_opening_is_drafted_from_the_secret(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "eyes.secret.json"
    run("value", "seal", file, *SATELLITES)
    result = run("event", "draft", "act.disclosed", "--opening", file, "--set", "party=gb")
    drafted = tomllib.loads(result.stdout)
    assert (drafted["value"], drafted["salt"], drafted["field"]) == (GOODS, read_secret(file).salt, "/terms/object")
    assert run("event", "draft", "commitment.made", "--opening", file).exit_code == ExitCode.USAGE


@pytest.mark.parametrize("written", [b"", b"{}", b'{"salt":"5f","value":{"kind":"goods","quantity":"3","unit":"x"}}'])
def test_what_is_no_secret_opens_nothing(run: Run, tmp_path: Path, written: bytes) -> None:
    file = tmp_path / "secret.json"
    file.write_bytes(written)
    with pytest.raises(ClientError):
        read_secret(file)
    assert run("event", "draft", "act.disclosed", "--opening", file).exit_code == ExitCode.USAGE
    assert run("event", "draft", "act.disclosed", "--opening", tmp_path / "none").exit_code == ExitCode.USAGE
