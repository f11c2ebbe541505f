"""`gledger witness`: set up in a few commands, run by one, and never by accident over what was cosigned."""

import json
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from ledger.cli.exit_codes import ExitCode
from ledger.cli.main import app
from ledger.log.note import format_vkey, parse_vkey
from ledger.witness.protocol import format_add_checkpoint
from tests.cli.running import GLEDGER, gledger
from tests.witness.histories import TwoFacedLog, leaves
from tests.witness.processes import Serving
from tests.witness.test_log_lists import LIST

Witness = Callable[..., Any]
FIVE = leaves(5)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """Run a command of `gledger witness` on one directory."""

    def run(command: str, *arguments: str) -> Any:
        return CliRunner().invoke(app, ["witness", command, str(tmp_path / "w"), *arguments])

    return run


def test_from_nothing_to_a_cosignature(tmp_path: Path, witness: Witness, log: TwoFacedLog) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse\n")
    locked = ("--passphrase-file", str(passphrase))
    made = witness("init", "--name", "witness.example/gb", "--mldsa", *locked)
    assert made.exit_code == 0, made.output
    vkeys = [parse_vkey(line) for line in made.stdout.splitlines()]
    assert [vkey.name for vkey in vkeys] == ["witness.example/gb", "witness.example/gb/mldsa44"]
    assert witness("show").stdout == made.stdout
    assert stat.S_IMODE((tmp_path / "w/keys/ed25519.pem").stat().st_mode) == 0o600
    assert b"ENCRYPTED" in (tmp_path / "w/keys/ed25519.pem").read_bytes()
    assert "1 new of 1 keys" in witness("trust", format_vkey(log.vkey)).stderr
    with Serving(tmp_path / "w", *locked) as serving:
        url = f"http://127.0.0.1:{serving.port}"
        answer = httpx.post(f"{url}/add-checkpoint", content=format_add_checkpoint(0, (), log.note(FIVE)))
        assert (answer.status_code, answer.content.count(b"\n")) == (200, 2)
        shown = json.loads(witness("show", "--json").stdout)
    assert shown["trusted"] == [{"origin": log.origin, "vkey": format_vkey(log.vkey)}]
    assert shown["heads"][log.origin]["tree_size"] == 5


def test_a_witness_is_made_once(witness: Witness) -> None:
    made = witness("init", "--name", "witness.example/gb", "--no-passphrase")
    again = witness("init", "--name", "witness.example/fr", "--no-passphrase")
    assert again.exit_code == ExitCode.USAGE
    assert "keys are not overwritten" in again.stderr
    assert witness("show").stdout == made.stdout


def test_keys_without_their_store_are_not_served(tmp_path: Path, witness: Witness) -> None:
    witness("init", "--name", "witness.example/gb", "--no-passphrase")
    (tmp_path / "w/heads.sqlite").unlink()
    for command, *more in (("show",), ("serve", "--port", "0"), ("trust", format_vkey(parse_vkey(LIST_KEY)))):
        ended = witness(command, *more)
        assert ended.exit_code == ExitCode.UNDECIDABLE, ended.output
        assert "this witness is over" in ended.stderr
        assert ended.stdout == ""


LIST_KEY = next(line.removeprefix("vkey ") for line in LIST.splitlines() if line.startswith("vkey "))


def test_locked_keys_are_not_served_unasked(tmp_path: Path, witness: Witness) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse\n")
    witness("init", "--name", "witness.example/gb", "--passphrase-file", str(passphrase))
    assert witness("serve", "--port", "0").exit_code == ExitCode.NOT_AUTHORISED
    passphrase.write_text("wrong horse\n")
    ended = witness("serve", "--port", "0", "--passphrase-file", str(passphrase))
    assert ended.exit_code == ExitCode.NOT_AUTHORISED
    assert "horse" not in ended.output


def test_a_list_is_trusted_whole(tmp_path: Path, witness: Witness) -> None:
    witness("init", "--name", "witness.example/gb", "--no-passphrase")
    file = tmp_path / "logs"
    file.write_text(LIST)
    assert "3 new of 3 keys" in witness("trust", "--list", str(file)).stderr
    assert "0 new of 3 keys" in witness("trust", "--list", str(file)).stderr
    file.write_text(LIST.replace("qpd 24", "qpm 24"))
    assert witness("trust", "--list", str(file)).exit_code == ExitCode.USAGE
    assert witness("distrust", LIST_KEY).exit_code == 0
    assert witness("distrust", LIST_KEY).exit_code == ExitCode.USAGE
    assert len(json.loads(witness("show", "--json").stdout)["trusted"]) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("trust",),
        ("trust", "no key"),
        ("trust", LIST_KEY, "--origin", ""),
        ("distrust", "no key"),
        ("init", "--name", "with space", "--no-passphrase"),
        ("init", "--name", "n" * 300, "--mldsa", "--no-passphrase"),
        ("init", "--name", "witness.example/gb"),
    ],
)
def test_what_the_caller_can_change_is_usage(tmp_path: Path, witness: Witness, arguments: tuple[str, ...]) -> None:
    if arguments[0] != "init":
        witness("init", "--name", "witness.example/gb", "--no-passphrase")
    ended = witness(*arguments)
    assert ended.exit_code == ExitCode.USAGE, ended.output
    assert ended.stdout == ""
    if arguments[0] == "init":
        assert not (tmp_path / "w").exists()


def test_a_port_that_is_taken_is_told(tmp_path: Path, witness: Witness) -> None:
    witness("init", "--name", "witness.example/gb", "--no-passphrase")
    with Serving(tmp_path / "w") as serving:
        ended = gledger("witness", "serve", str(tmp_path / "w"), "--port", str(serving.port))
        assert (ended.returncode, b"Address already in use" in ended.stderr) == (ExitCode.USAGE, True)


def test_a_stop_is_an_ordinary_end(tmp_path: Path, witness: Witness) -> None:
    witness("init", "--name", "witness.example/gb", "--no-passphrase")
    command = [*GLEDGER, "witness", "serve", str(tmp_path / "w"), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "the witness witness.example/gb is ready at http://127.0.0.1:" in process.stderr.readline()
        process.terminate()
        assert process.wait(30) == 0
        assert process.stderr.read() == "stopped\n"
