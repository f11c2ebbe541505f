"""What a power cut would find: the order of system calls, as the kernel sees them, between a request and its signature.

kill -9 shows nothing about it, since the kernel keeps what was written. The control is the same store told not to sync.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.witness.witnesses import made_witness

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")

ONE_SWAP = """
import os, sys
from pathlib import Path
from ledger.witness import store
from ledger.witness.protocol import StatedTree
heads = store.opened(Path(sys.argv[1]))
if sys.argv[2] == "unsynced":
    connect = store.sqlite3.connect
    class Unsynced(store.sqlite3.Connection):
        def execute(self, statement, *more):
            return super().execute(statement.replace("EXTRA", "OFF"), *more)
    store.sqlite3.connect = lambda *args, **named: connect(*args, **named, factory=Unsynced)
os.write(2, b"begun\\n")
assert heads.swap(None, StatedTree("ledger.example/compact", 1, bytes(32)), b"note", lambda: 1) is not None
os.write(2, b"signed\\n")
"""
CALL = re.compile(r"(?:\[pid +\d+\] )?(fsync|fdatasync|unlink|pwrite64|write)\((?:\d+<([^>]*)>|\"([^\"]*)\")")


def _calls(directory: Path, how: str) -> list[tuple[str, str]]:
    """Return each call between the beginning of a swap and the signature, with the last part of its path."""
    watched = "trace=fsync,fdatasync,unlink,pwrite64,write"
    command = [
        "strace",
        "-f",
        "-y",
        "-e",
        watched,
        sys.executable,
        "-c",
        ONE_SWAP,
        str(directory / "heads.sqlite"),
        how,
    ]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=60)
    if "ptrace" in ended.stderr and ended.returncode:
        pytest.skip("strace may not trace here")
    assert ended.returncode == 0, ended.stderr[-2000:]
    told = ended.stderr.partition('"begun\\n"')[2].partition('"signed\\n"')[0]
    found = [CALL.match(line) for line in told.splitlines()]
    return [(one[1], (one[2] or one[3]).rpartition("/")[2]) for one in found if one is not None]


def _last(calls: list[tuple[str, str]], *wanted: str) -> int:
    return max(nth for nth, (call, path) in enumerate(calls) if call in wanted[:-1] and path == wanted[-1])


def test_a_head_is_on_the_disk_before_it_is_signed(tmp_path: Path) -> None:
    made = made_witness(tmp_path / "witness")
    calls = _calls(made.directory, "as it is")
    written = _last(calls, "pwrite64", "heads.sqlite")
    synced = _last(calls, "fsync", "fdatasync", "heads.sqlite")
    committed = _last(calls, "unlink", "heads.sqlite-journal")
    # Without the last of these a power cut could bring the journal back, and the journal the old head.
    remembered = _last(calls, "fsync", "fdatasync", "witness")
    assert written < synced < committed < remembered


def test_the_same_look_at_a_store_that_does_not_sync(tmp_path: Path) -> None:
    made = made_witness(tmp_path / "witness")
    calls = _calls(made.directory, "unsynced")
    assert ("pwrite64", "heads.sqlite") in calls
    assert not [call for call, _ in calls if call in ("fsync", "fdatasync")]
