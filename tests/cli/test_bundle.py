"""`gledger bundle` and `gledger verify` of a bundle: what is kept was verified, and the ends of both are told apart."""

import json
from pathlib import Path

import pytest

from ledger.cli.exit_codes import ExitCode
from ledger.log.note import format_vkey
from tests.acts import founding, log_key
from tests.api.served import found, served, settings_for
from tests.audit.logs import RECORDED_AT, STEP
from tests.cli.conftest import Run
from tests.verifier.ledgers import Sealed, cast, honest, with_witnesses

ACT, BEHIND = 6, (3, 5, 7)


@pytest.fixture(scope="module")
def log() -> Sealed:
    return with_witnesses(honest())


@pytest.fixture
def file(tmp_path: Path, log: Sealed) -> Path:
    path = tmp_path / "act.bundle"
    path.write_bytes(log.bundle(ACT, *BEHIND))
    return path


def test_a_bundle_says_which_act_and_by_whom(run: Run, log: Sealed, file: Path) -> None:
    result = run("verify", file, "--vkey", log.vkey)
    assert result.exit_code == ExitCode.VALID, result.stderr
    assert f"{log.founded.origin} signed a tree of 7 with this entry at 6" in result.stdout
    assert "gb, as gb/ministry (minister of defence)" in result.stdout
    assert result.stdout.count("(signature checked)") == 2
    assert "Not shown by a bundle" in result.stderr
    shown = json.loads(run("verify", file, "--vkey", log.vkey, "--json").stdout)
    assert (shown["valid"], shown["position"], shown["own_policy_met"], shown["doubt"]) == (True, 6, True, None)
    assert shown["cosigned"] == ["w0", "w1", "w2"]


def test_a_changed_byte_is_proven_invalid(run: Run, log: Sealed, file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)
    result = run("verify", file, "--vkey", log.vkey)
    assert result.exit_code == ExitCode.INVALID
    assert "expected SHA-256" in result.stderr
    assert result.stdout == ""


def test_nobody_is_believed_by_default(run: Run, file: Path) -> None:
    result = run("verify", file, "--dir", file.parent)
    assert result.exit_code == ExitCode.USAGE
    assert "--vkey, --policy or --anchor" in result.stderr


def test_another_key_or_anchor_does_not_vouch(run: Run, log: Sealed, file: Path) -> None:
    assert run("verify", file, "--vkey", format_vkey(log_key().vkey)).exit_code == ExitCode.INVALID
    assert run("verify", file, "--anchor", "ab" * 32, "--dir", file.parent).exit_code == ExitCode.INVALID
    anchor = log.entries[0].sha256
    assert run("verify", file, "--anchor", anchor, "--dir", file.parent).exit_code == ExitCode.VALID
    assert run("verify", file, "--anchor", anchor.upper(), "--dir", file.parent).exit_code == ExitCode.USAGE


def test_a_policy_of_ones_own_is_met_or_nothing_is_decided(run: Run, log: Sealed, file: Path) -> None:
    policy = file.with_name("policy")
    policy.write_bytes(log.policy)
    arguments = ("verify", file, "--policy", policy, "--dir", file.parent)
    assert run(*arguments).exit_code == ExitCode.VALID
    file.write_bytes(log.bundle(ACT, *BEHIND, note=log.note(log.witnesses[0])))
    assert run(*arguments).exit_code == ExitCode.UNDECIDABLE
    policy.write_text("quorum nobody\n")
    assert run(*arguments).exit_code == ExitCode.USAGE


def test_a_doubt_is_said(run: Run, file: Path) -> None:
    one = cast()
    since = (RECORDED_AT + 5 * STEP).isoformat().replace("+00:00", "Z")
    acts = [one.granted(one.ministry), one.ministry.renaming("Renamed")]
    acts.append(
        one.gb.act("authority.revoked", revoked=one.ministry.authority, reason="compromised", contested_since=since)
    )
    sealed = one.sealed(*acts)
    file.write_bytes(sealed.bundle(ACT, *BEHIND))
    result = run("verify", file, "--vkey", sealed.vkey)
    assert result.exit_code == ExitCode.VALID
    assert "doubt: gb/ministry was revoked at position 7 (compromised)" in result.stdout


def test_a_bundle_stands_alone(run: Run, log: Sealed, file: Path) -> None:
    assert run("verify", file, file, "--vkey", log.vkey).exit_code == ExitCode.USAGE
    other = file.with_name("receipt")
    other.write_text("c2sp.org/tlog-proof@v1\n")
    assert run("verify", other, "--vkey", log.vkey).exit_code == ExitCode.USAGE


def test_an_act_is_fetched_verified_and_kept(run: Run, database_url: str, tmp_path: Path) -> None:
    made = founding()
    out = tmp_path / "act.bundle"
    with served(settings_for(made, database_url, tmp_path / "data")) as one:
        found(one, made)
        admitted = json.loads(one.post(made.offices["gb"].renaming("Renamed")).content)["event"]
        vkey = format_vkey(made.log_signer.vkey)
        kept = run("bundle", admitted, "--url", one.url, "--vkey", vkey, "--out", out)
        assert kept.exit_code == ExitCode.VALID, kept.stderr
        refused = run("bundle", admitted, "--url", one.url, "--vkey", format_vkey(log_key().vkey), "--out", out)
        assert refused.exit_code == ExitCode.INVALID
        unknown = "019a3c5e-7b1a-7c3d-8e4f-0123456789ab"
        assert run("bundle", unknown, "--url", one.url, "--vkey", vkey).exit_code == ExitCode.UNDECIDABLE
    result = run("verify", out, "--vkey", vkey, "--json")
    assert result.exit_code == ExitCode.VALID, result.stderr
    assert json.loads(result.stdout)["event"] == admitted
