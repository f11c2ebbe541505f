"""The command as a process: what a shell, a pipe and a terminal see."""

import json
import os
import pty
import select
import socket
import subprocess
import time
from pathlib import Path

from ledger.cli.exit_codes import ExitCode
from tests.cli.running import GLEDGER, gledger
from tests.client.scripted_server import answer, scripted
from tests.client.sealed_log import sealed_log


def test_version_and_help_end_well() -> None:
    assert gledger("--version").stdout.startswith(b"gledger ")
    helped = gledger("--help")
    assert helped.returncode == 0
    for name in (b"init", b"key", b"event", b"obligations", b"verify", b"export", b"demo"):
        assert name in helped.stdout
    assert b"Exit codes: 0 valid" in helped.stdout


def test_an_unknown_command_is_usage() -> None:
    result = gledger("frobnicate")
    assert (result.returncode, result.stdout) == (ExitCode.USAGE, b"")


def test_a_server_that_is_away_is_undecidable_without_a_traceback(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        result = gledger("obligations", "gb", "--url", f"http://127.0.0.1:{probe.getsockname()[1]}", directory=tmp_path)
    assert (result.returncode, result.stdout) == (ExitCode.UNDECIDABLE, b"")
    assert b"Traceback" not in result.stderr
    assert b"refused" in result.stderr


def test_an_answer_that_is_cut_off_is_undecidable(tmp_path: Path) -> None:
    with scripted(answer("200 OK", b'{"data":[', length=400)) as script:
        result = gledger("obligations", "gb", "--url", script.url, directory=tmp_path)
    assert (result.returncode, result.stdout) == (ExitCode.UNDECIDABLE, b"")


def test_a_receipt_of_a_lying_server_is_not_called_admitted(tmp_path: Path) -> None:
    """The server says admitted, and hands out the receipt of another act: proven invalid."""
    log = sealed_log()
    envelope = tmp_path / "act.signed.json"
    envelope.write_bytes(log.founding.raws[1] + b"\n")
    receipt = log.receipts[0].decode()
    admission = (
        f'{{"outcome":"admitted","event":"019a3c5e-7b1a-7c3d-8e4f-0123456789ab","position":1,"pending_on":[],'
        f'"tree_size":5,"receipt":{json.dumps(receipt)}}}'
    )
    lies = (answer("201 Created", admission.encode()), answer("200 OK", log.entries[0].raw))
    with scripted(*lies) as script:
        result = gledger(
            "event", "submit", str(envelope), "--url", script.url, "--vkey", log.vkey, "--dir", str(tmp_path)
        )
    assert (result.returncode, result.stdout) == (ExitCode.INVALID, b"")
    assert b"expected payload" in result.stderr
    assert not envelope.with_name("act.tlog-proof").exists()


def test_what_is_no_envelope_is_never_sent(tmp_path: Path) -> None:
    with scripted(answer("500 No")) as script:
        result = gledger("event", "submit", "-", "--url", script.url, stdin=b'{"a":1}\n', directory=tmp_path)
        assert script.asked == []
    assert result.returncode == ExitCode.INVALID
    assert b"envelope_malformed" in result.stderr


def test_an_empty_input_is_usage(tmp_path: Path) -> None:
    assert gledger("event", "submit", "-", "--url", "http://127.0.0.1:9", directory=tmp_path).returncode == 2


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = " ".join([*GLEDGER, "event", "draft", "commitment.made"])
    shell = f"set -o pipefail; {{ {command}; }} | true"
    result = subprocess.run(["bash", "-c", shell], capture_output=True, timeout=60)
    assert b"Traceback" not in result.stderr
    assert b"Broken" not in result.stderr


def test_on_a_terminal_the_passphrase_is_asked_for_and_not_shown(tmp_path: Path) -> None:
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [*GLEDGER, "key", "new", str(tmp_path / "gb.pem")],
        stdin=child, stdout=subprocess.PIPE, stderr=child, start_new_session=True,
    )  # fmt: skip
    os.close(child)
    # The space after the colon comes when the terminal has stopped to show what is typed.
    seen = read_until(parent, b"new key: ")
    os.write(parent, b"open sesame\n")
    seen += read_until(parent, b"onfirmation: ")
    os.write(parent, b"open sesame\n")
    output, _ = process.communicate(timeout=60)
    seen += read_until(parent, None)
    assert process.returncode == 0, seen
    assert len(output.strip()) == 64
    assert b"sesame" not in seen + output
    assert b"ENCRYPTED" in (tmp_path / "gb.pem").read_bytes()


def read_until(terminal: int, wanted: bytes | None) -> bytes:
    """Return what the terminal shows up to `wanted`; None: what it still shows."""
    seen = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (wanted is None or wanted not in seen):
        readable, _, _ = select.select([terminal], [], [], 0.2)
        if not readable and wanted is None:
            break
        try:
            seen += os.read(terminal, 1024) if readable else b""
        except OSError:
            break  # Linux: the other end was closed.
    return seen
