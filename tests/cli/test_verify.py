"""`gledger verify` on files alone: 0 for what is proven, 1 for what is proven false, 3 for what is missing."""

import json
from pathlib import Path

import msgspec
import pytest

from ledger.cli.exit_codes import ExitCode
from ledger.log.note import format_vkey
from tests.acts import log_key
from tests.cli.conftest import Run
from tests.client.sealed_log import SealedLog, sealed_log


@pytest.fixture(scope="module")
def log() -> SealedLog:
    return sealed_log()


@pytest.fixture
def files(tmp_path: Path, log: SealedLog) -> tuple[Path, Path]:
    """A receipt and its entry."""
    receipt, entry = tmp_path / "act.tlog-proof", tmp_path / "act.entry.json"
    receipt.write_bytes(log.receipts[1])
    entry.write_bytes(log.entries[1].raw)
    return receipt, entry


def test_a_receipt_that_verifies_says_which_act_and_who(run: Run, log: SealedLog, files: tuple[Path, Path]) -> None:
    result = run("verify", *files, "--vkey", log.vkey)
    assert result.exit_code == ExitCode.VALID, result.stderr
    assert f"{log.founding.origin} signed a tree of {len(log.entries)} with this entry at 2" in result.stdout
    assert "depositary, as depositary/principal" in result.stdout
    assert log.founding.depositary.signers[0].key_id in result.stdout


def test_the_signature_is_checked_with_the_signers_record(
    run: Run, log: SealedLog, files: tuple[Path, Path], tmp_path: Path
) -> None:
    record = tmp_path / "record.json"
    record.write_bytes(msgspec.json.encode(log.founding.depositary.keys.keys[0]))
    result = run("verify", *files, "--vkey", log.vkey, "--signer-key", record, "--json")
    assert result.exit_code == ExitCode.VALID, result.stderr
    shown = json.loads(result.stdout)
    assert shown["signatures_checked"] == [log.founding.depositary.signers[0].key_id]
    record.write_bytes(msgspec.json.encode(log.founding.beneficiary.keys.keys[0]))
    other = run("verify", *files, "--vkey", log.vkey, "--signer-key", record)
    assert other.exit_code == ExitCode.USAGE
    assert other.stdout == ""


def test_a_line_feed_after_the_entry_is_no_part_of_it(run: Run, log: SealedLog, files: tuple[Path, Path]) -> None:
    files[1].write_bytes(log.entries[1].raw + b"\n")
    assert run("verify", *files, "--vkey", log.vkey).exit_code == ExitCode.VALID


@pytest.mark.parametrize("which", [0, 1])
def test_a_changed_byte_is_proven_invalid(run: Run, log: SealedLog, files: tuple[Path, Path], which: int) -> None:
    raw = bytearray(files[which].read_bytes())
    raw[len(raw) // 2] ^= 1
    files[which].write_bytes(raw)
    result = run("verify", *files, "--vkey", log.vkey)
    assert result.exit_code == ExitCode.INVALID
    assert "expected" in result.stderr
    assert result.stdout == ""


def test_two_line_feeds_are_one_too_many(run: Run, log: SealedLog, files: tuple[Path, Path]) -> None:
    files[1].write_bytes(log.entries[1].raw + b"\n\n")
    assert run("verify", *files, "--vkey", log.vkey).exit_code == ExitCode.INVALID


def test_a_receipt_for_another_entry_is_proven_invalid(run: Run, log: SealedLog, files: tuple[Path, Path]) -> None:
    files[1].write_bytes(log.entries[0].raw)
    assert run("verify", *files, "--vkey", log.vkey).exit_code == ExitCode.INVALID


def test_another_key_does_not_vouch(run: Run, files: tuple[Path, Path]) -> None:
    result = run("verify", *files, "--vkey", format_vkey(log_key().vkey))
    assert result.exit_code == ExitCode.INVALID


def test_another_origin_does_not_vouch(run: Run, log: SealedLog, files: tuple[Path, Path]) -> None:
    result = run("verify", *files, "--vkey", log.vkey, "--origin", "ledger.example/other")
    assert result.exit_code == ExitCode.INVALID


def test_without_a_key_nobody_is_believed(run: Run, files: tuple[Path, Path]) -> None:
    result = run("verify", *files, "--dir", files[0].parent)
    assert result.exit_code == ExitCode.USAGE
    assert "--vkey" in result.stderr


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_that_is_missing_leaves_it_undecided(
    run: Run, log: SealedLog, files: tuple[Path, Path], which: int
) -> None:
    files[which].unlink()
    assert run("verify", *files, "--vkey", log.vkey).exit_code == ExitCode.UNDECIDABLE


def test_a_record_that_is_none_is_said(run: Run, log: SealedLog, files: tuple[Path, Path], tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    record.write_text('{"public_key":"AAAA"}')
    result = run("verify", *files, "--vkey", log.vkey, "--signer-key", record)
    assert result.exit_code == ExitCode.USAGE
    assert "a key record" in result.stderr
