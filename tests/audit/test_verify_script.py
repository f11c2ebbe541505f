"""docs/verify-export.sh: chain and one signature of an export, with nothing of ours and next to nothing of others."""

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.audit.export import ENTRIES, ExportDirectory
from tests.audit.ten_entries import ten_entry_export
from tests.audit.test_byte_flips import flips
from tests.conftest import REPOSITORY

SCRIPT = REPOSITORY / "docs" / "verify-export.sh"
LINES_MAX = 30
ALLOWED = ("sh", "jq", "sha256sum", "openssl", "mktemp", "rm")

pytestmark = [pytest.mark.skipif(shutil.which(tool) is None, reason=f"no {tool} on this machine") for tool in ALLOWED]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> ExportDirectory:
    return ten_entry_export(tmp_path_factory.mktemp("script") / "export")


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that holds the allowed programs and no other."""
    directory = tmp_path_factory.mktemp("tools")
    for tool in ALLOWED:
        (directory / tool).symlink_to(str(shutil.which(tool)))
    return directory


def verify(tools: Path, directory: Path, *more: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(tools), "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
    command = [str(tools / "sh"), str(SCRIPT), str(directory), *more]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def with_entries(export: ExportDirectory, directory: Path, content: bytes) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / ENTRIES).write_bytes(content)
    return directory


def test_the_script_is_short() -> None:
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) <= LINES_MAX


def test_an_honest_export_is_accepted(export: ExportDirectory, tools: Path) -> None:
    lines = (export.directory / ENTRIES).read_bytes().splitlines()
    ends = sha256(lines[0]).hexdigest(), sha256(lines[-1]).hexdigest()
    for more in ([], [ends[0]]):
        done = verify(tools, export.directory, *more)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"OK: 10 entries in one chain, signed beginning {ends[0]}, end {ends[1]}\n"


def test_a_changed_byte_is_refused(export: ExportDirectory, tools: Path, tmp_path: Path) -> None:
    """All over the file; in the last entry, which no later one names, it may show in the printed end alone."""
    raw = (export.directory / ENTRIES).read_bytes()
    last = raw.rindex(b"\n", 0, -1)
    end = sha256(raw[last + 1 : -1]).hexdigest()
    for at, changed in flips(raw, 3, 211):
        done = verify(tools, with_entries(export, tmp_path / "changed", changed))
        refused = done.returncode == 1 and "INVALID" in done.stderr and not done.stdout
        assert refused or (at > last and end not in done.stdout), f"byte {at}: {done}"


def test_a_changed_last_entry_shows_in_the_end_that_is_printed(
    export: ExportDirectory, tools: Path, tmp_path: Path
) -> None:
    raw = (export.directory / ENTRIES).read_bytes()
    changed = raw[:-5] + b"9" + raw[-4:]
    done = verify(tools, with_entries(export, tmp_path / "changed", changed))
    assert done.stdout.split()[-1] == sha256(changed.splitlines()[-1]).hexdigest()


def test_an_opening_that_its_root_key_did_not_sign_is_refused(
    export: ExportDirectory, tools: Path, tmp_path: Path
) -> None:
    """The chain of one entry is in order: it is the signature that fails."""
    opening = (export.directory / ENTRIES).read_bytes().splitlines()[0]
    at = opening.index(b'"sig":"') + 10
    changed = opening[:at] + (b"A" if opening[at : at + 1] != b"A" else b"B") + opening[at + 1 :]
    assert verify(tools, with_entries(export, tmp_path / "good", opening + b"\n")).returncode == 0
    done = verify(tools, with_entries(export, tmp_path / "bad", changed + b"\n"))
    assert (done.returncode, "INVALID: signature" in done.stderr) == (1, True)


def test_other_forms_are_refused(export: ExportDirectory, tools: Path, tmp_path: Path) -> None:
    raw = (export.directory / ENTRIES).read_bytes()
    lines = raw.splitlines(keepends=True)
    swapped = b"".join([*lines[:4], lines[5], lines[4], *lines[6:]])
    for content in (b"", b"\n", b"{}\n", raw[:-1], raw + b"x", b"".join(lines[1:]), swapped, raw + lines[-1]):
        done = verify(tools, with_entries(export, tmp_path / "other", content))
        assert done.returncode == 1, f"{content[-80:]!r}: {done}"


def test_another_beginning_than_the_one_known_is_refused(export: ExportDirectory, tools: Path) -> None:
    assert verify(tools, export.directory, "0" * 64).returncode == 1


def test_no_export_is_undecided(tools: Path, tmp_path: Path) -> None:
    assert verify(tools, tmp_path).returncode == 3
