"""Work that tests hand to worker processes, which import this module by its name."""

import os
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from signal import SIGKILL
from typing import Any

from ledger.events.refusals import Refusal, Rejected
from ledger.log.errors import EntryMalformed


def squared(number: int) -> int:
    return number * number


def own_id(_: object) -> int:
    return os.getpid()


def slept(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def slept_id(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def marked_slowly(marker: str) -> str:
    time.sleep(0.05)
    Path(marker).touch()
    return marker


def loaded(roots: tuple[str, ...]) -> list[str]:
    """Return the modules of these packages that the worker has imported."""
    return sorted(name for name in sys.modules if name.partition(".")[0] in roots)


def rejecting(got: str) -> None:
    raise Rejected(Refusal.NOT_JSON, "JSON (RFC 8259)", got)


def malformed(got: str) -> None:
    raise EntryMalformed("an entry", got)


def killed(_: object) -> None:
    os.kill(os.getpid(), SIGKILL)


def killed_once(marker: str) -> str:
    """End this process the first time, which leaves the marker; answer afterwards."""
    if not Path(marker).exists():
        Path(marker).touch()
        killed(None)
    return marker


def half_an_answer(size: int) -> bytes:
    """Answer `size` bytes, and end in the middle of writing them."""

    def write_half(self: Connection, buffer: memoryview, write: Any = os.write) -> None:
        write(self.fileno(), buffer[: len(buffer) // 2])
        killed(None)

    Connection._send = write_half  # type: ignore[attr-defined]
    return bytes(size)
