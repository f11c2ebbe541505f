"""A real ledger for the command line to talk to: `gledger up` in a process of its own, on a database of its own."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

GLEDGER: Final = (sys.executable, "-m", "ledger.cli")
START_SECONDS_MAX: Final = 60.0
STOP_SECONDS_MAX: Final = 30.0
_READY: Final = re.compile(r"is ready at (http://\S+)")


@contextmanager
def running_ledger(database_url: str, data: Path, origin: str) -> Iterator[str]:
    """Yield the address of a fresh ledger called `origin`; stop it in order afterwards."""
    command = [*GLEDGER, "up", "--data", str(data), "--port", "0", "--origin", origin]
    process = subprocess.Popen(
        command, env={**os.environ, "DATABASE_URL": database_url}, stderr=subprocess.PIPE, text=True
    )
    # A server that never gets ready must fail the test and not hang it.
    watchdog = threading.Timer(START_SECONDS_MAX, process.kill)
    watchdog.start()
    try:
        yield _address(process)
    finally:
        watchdog.cancel()
        process.terminate()
        process.communicate(timeout=STOP_SECONDS_MAX)
    assert process.returncode == 0


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if found := _READY.search(line):
            return found[1]
    raise AssertionError(f"the ledger did not start: {''.join(said)}")


def gledger(*arguments: str, stdin: bytes = b"", directory: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a shell would."""
    return subprocess.run([*GLEDGER, *arguments], input=stdin, capture_output=True, cwd=directory, timeout=120)
