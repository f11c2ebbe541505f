"""The programs of docs/scitt.md, run as they stand there, in processes of their own, against a real server."""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from ledger.log.cose import cose_signer
from ledger.signing.dsse import parse
from ledger.signing.signer import Ed25519Signer, save_signer
from tests.acts import Founding
from tests.api.served import Served
from tests.conftest import REPOSITORY
from tests.scitt.stated import COSE

PAGE = (REPOSITORY / "docs" / "scitt.md").read_text(encoding="utf-8")
VERIFY, STATE = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
LINES_MAX = 40
ALLOWED = {"sys", "json", "base64", "hashlib", "cbor2", "cryptography"}


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    # Isolated: neither this checkout nor the working directory is importable.
    command = [sys.executable, "-I", "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=60, check=False)


def test_the_programs_are_short_and_use_nothing_of_ours() -> None:
    for program in (VERIFY, STATE):
        assert len(program.splitlines()) <= LINES_MAX
        assert set(re.findall(r"^(?:from|import) (\w+)", program, re.M)) <= ALLOWED


@pytest.fixture
def stated(ledger: Served, made: Founding, tmp_path: Path) -> tuple[Path, str]:
    """A directory with the files of a registered statement, as the page names them, and the id of its event."""
    envelope, signer = made.depositary.renaming("One", subject="gb"), made.depositary.signers[0]
    assert isinstance(signer, Ed25519Signer)
    (tmp_path / "act.signed.json").write_bytes(envelope)
    save_signer(signer, tmp_path / "principal.pem", None)
    done = run(STATE, tmp_path / "act.signed.json", tmp_path / "principal.pem")
    assert done.returncode == 0, done.stderr
    answer = ledger.http.post("/entries", content=done.stdout, headers=COSE)
    assert answer.status_code == 201, answer.content
    event = parse(envelope).event.id
    (tmp_path / "act.cose").write_bytes(answer.content)
    (tmp_path / "act.entry.json").write_bytes(ledger.get(f"/v1/events/{event}/entry").content)
    (tmp_path / "keys.cbor").write_bytes(ledger.get("/.well-known/scitt-keys").content)
    return tmp_path, event


def verified(directory: Path, words: Iterable[str]) -> subprocess.CompletedProcess[bytes]:
    return run(VERIFY, *(directory / name for name in ("act.cose", "act.entry.json", "keys.cbor")), *words)


def test_a_statement_made_and_verified_as_the_page_says(stated: tuple[Path, str], made: Founding) -> None:
    directory, event = stated
    kid = cose_signer(made.log_signer).key.key_id.hex()
    done = verified(directory, [made.origin, event, kid])
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"valid: {made.origin} signed a tree of ".encode())
    others = ("ledger.example/other", event, kid), (made.origin, event[:-1] + "x", kid), (made.origin, event, "0" * 64)
    for words in others:
        assert verified(directory, words).returncode == 1


def test_the_program_of_the_page_says_no(stated: tuple[Path, str], made: Founding) -> None:
    """The control: a bit in each part of what it reads."""
    directory, event = stated
    words = [made.origin, event, cose_signer(made.log_signer).key.key_id.hex()]
    receipt, entry = (directory / "act.cose").read_bytes(), (directory / "act.entry.json").read_bytes()
    for name, raw, at in (
        *(("act.cose", receipt, at) for at in (0, 40, 70, 100, len(receipt) - 80, len(receipt) - 1)),
        *(("act.entry.json", entry, at) for at in (0, len(entry) // 2, len(entry) - 2)),
    ):
        (directory / name).write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        done = verified(directory, words)
        assert done.returncode == 1, (name, at)
        assert done.stdout == b""
        (directory / name).write_bytes(raw)
    assert verified(directory, words).returncode == 0
