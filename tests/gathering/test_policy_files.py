"""LEDGER_POLICY_FILE: a policy that cannot work is told at the start, with what it should be."""

from pathlib import Path

import pytest

from api.settings import SettingsError, policy_from
from ledger.log.cosignature import ed25519_cosigner
from ledger.log.note import format_vkey
from ledger.log.policy import POLICY_BYTES_MAX
from tests.witness.histories import two_faced_log

ORIGIN = "ledger.example/compact"
LOG = f"log {format_vkey(two_faced_log(ORIGIN).vkey)}\n"
OTHER = f"log {format_vkey(two_faced_log('other.example/log').vkey)}\n"
KEY = format_vkey(ed25519_cosigner("witness.example/gb", bytes(32)).vkey)
WITNESS = f"witness gb {KEY} https://witness.example/gb\n"


def read(path: Path, raw: bytes) -> bytes | None:
    path.write_bytes(raw)
    return policy_from({"LEDGER_POLICY_FILE": str(path)}, ORIGIN)


@pytest.mark.parametrize("text", [f"{LOG}{WITNESS}quorum gb\n", f"{WITNESS}quorum gb", f"{LOG}{OTHER}quorum none\n"])
def test_a_policy_is_kept_as_it_is(tmp_path: Path, text: str) -> None:
    assert read(tmp_path / "policy", text.encode()) == text.encode()


def test_without_the_variable_there_is_none() -> None:
    assert policy_from({}, ORIGIN) is None
    assert policy_from({"LEDGER_POLICY_FILE": ""}, ORIGIN) is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "a policy with a line 'quorum <name>'"),
        (b"quorum gb\n", "the name of a witness or group of an earlier line"),
        (b"#" * (POLICY_BYTES_MAX + 1), f"at most {POLICY_BYTES_MAX} bytes"),
        (f"{OTHER}{WITNESS}quorum gb\n".encode(), "a key of the log ledger.example/compact"),
        (f"{LOG}witness gb {KEY}\nquorum gb\n".encode(), "addresses of witnesses enough for the quorum"),
        (f"{LOG}witness gb {KEY} witness.example/gb\nquorum gb\n".encode(), "addresses in http:// or https://"),
        (f"{LOG}witness gb {KEY} ftp://witness.example\nquorum gb\n".encode(), "addresses in http:// or https://"),
        (f"{LOG}witness gb {KEY} https://w\xff\nquorum gb\n".encode("latin-1"), "addresses in http:// or https://"),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, raw: bytes, expected: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(tmp_path / "policy", raw)
    assert expected in str(refused.value)
    assert str(refused.value).isascii()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"LEDGER_POLICY_FILE to name a readable file; got .*nowhere"):
        policy_from({"LEDGER_POLICY_FILE": str(tmp_path / "nowhere")}, ORIGIN)
