"""Keys: made once, encrypted unless somebody says otherwise, never overwritten, with records that prove possession."""

import json
import stat
from pathlib import Path

import msgspec
import pytest

from ledger.cli.exit_codes import ExitCode
from ledger.events.keys import KeyRecord, KeySet
from ledger.signing.possession import check_key_set
from ledger.signing.signer import load_signer
from tests.cli.conftest import ORIGIN, Run


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256"])
def test_a_new_key_is_encrypted_and_its_record_proves_possession(
    run: Run, tmp_path: Path, passphrase: Path, algorithm: str
) -> None:
    file = tmp_path / "gb.pem"
    result = run(
        "key", "new", file, "--algorithm", algorithm, "--passphrase-file", passphrase,
        "--authority", "gb/principal", "--origin", ORIGIN, "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    shown = json.loads(result.stdout)
    record = msgspec.convert(shown["record"], KeyRecord)
    check_key_set(ORIGIN, "gb/principal", KeySet((record,), 1))
    assert record.algorithm == algorithm
    assert load_signer(file, b"correct horse battery staple").key_id == shown["key_id"]
    assert b"ENCRYPTED" in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_show_says_what_new_said(run: Run, tmp_path: Path, passphrase: Path) -> None:
    made = run("key", "new", "gb", "--dir", tmp_path, "--passphrase-file", passphrase)
    shown = run("key", "show", "gb", "--dir", tmp_path, "--passphrase-file", passphrase)
    assert (made.exit_code, shown.exit_code) == (0, 0)
    assert made.stdout == shown.stdout
    assert len(made.stdout.strip()) == 64
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_key_is_never_overwritten(run: Run, tmp_path: Path) -> None:
    run("key", "new", "gb", "--dir", tmp_path, "--no-passphrase")
    before = (tmp_path / "keys" / "gb.pem").read_bytes()
    result = run("key", "new", "gb", "--dir", tmp_path, "--no-passphrase")
    assert result.exit_code == ExitCode.USAGE
    assert "Keys are not overwritten" in result.stderr
    assert (tmp_path / "keys" / "gb.pem").read_bytes() == before


def test_a_wrong_passphrase_is_not_authorised_and_is_not_repeated(run: Run, tmp_path: Path, passphrase: Path) -> None:
    run("key", "new", "gb", "--dir", tmp_path, "--passphrase-file", passphrase)
    passphrase.write_bytes(b"wrong horse\n")
    result = run("key", "show", "gb", "--dir", tmp_path, "--passphrase-file", passphrase)
    assert result.exit_code == ExitCode.NOT_AUTHORISED
    assert "horse" not in result.output
    assert result.stdout == ""


def test_without_a_terminal_nobody_is_asked(run: Run, tmp_path: Path) -> None:
    result = run("key", "new", "gb", "--dir", tmp_path)
    assert result.exit_code == ExitCode.USAGE
    assert "--passphrase-file" in result.stderr
    assert not (tmp_path / "keys" / "gb.pem").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--algorithm", "rsa"), "ed25519, ecdsa-p256"),
        (("--authority", "gb/principal"), "--origin"),
    ],
)
def test_what_is_wrong_is_said_before_a_key_is_made(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = run("key", "new", "gb", "--dir", tmp_path, "--no-passphrase", *arguments)
    assert result.exit_code == ExitCode.USAGE
    assert said in result.stderr
    assert list(tmp_path.glob("**/*.pem")) == []


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key_is_said(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "gb.pem"
    file.write_bytes(content)
    result = run("key", "show", file)
    assert result.exit_code == ExitCode.USAGE
    assert "private key" in result.stderr


def test_an_empty_passphrase_is_none(run: Run, tmp_path: Path, passphrase: Path) -> None:
    passphrase.write_bytes(b"\n")
    result = run("key", "new", "gb", "--dir", tmp_path, "--passphrase-file", passphrase)
    assert result.exit_code == ExitCode.USAGE
    assert "an empty line" in result.stderr


def test_a_key_that_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    result = run("key", "show", "nobody", "--dir", tmp_path)
    assert result.exit_code == ExitCode.USAGE
    assert "gledger key new" in result.stderr
