"""The processes that are measured: apart from the one that measures, watched, and ended by their own numbers."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

ROOT: Final = Path(__file__).resolve().parents[2]
SAMPLE_SECONDS: Final = 0.4
STOP_SECONDS_MAX: Final = 120
START_SECONDS_MAX: Final = 900.0


class Failed(Exception):
    """A process that is measured ended otherwise than it should; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended. CPU is that of the process and its children; memory that of the whole tree, at its peak."""

    code: int
    said: str
    seconds: float
    cpu_seconds: float
    memory_mb: float


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a process: this one's, with the modules of this checkout before any other's."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **(extra or {})}


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def gledger(*arguments: str) -> list[str]:
    """Return the command line of `gledger`, of this checkout."""
    return python("ledger.cli", *arguments)


def tree(pid: int) -> list[psutil.Process]:
    """Return the process `pid` and all that it started, itself first; nothing if it is gone."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill_tree(process: "subprocess.Popen[str]") -> None:
    """Kill a process that was started here with everything that it started, all at once and without a word."""
    for one in tree(process.pid):
        with suppress(psutil.NoSuchProcess):
            one.send_signal(signal.SIGKILL)
    process.wait(STOP_SECONDS_MAX)


def memory_bytes(pid: int, *, without: str = "postgres") -> int:
    """Return what a tree of processes holds, shared pages shared out among those who share them (PSS).

    Processes whose name has `without` in it are left out.
    """
    total = 0
    for one in tree(pid):
        with suppress(psutil.Error, OSError):
            if without not in one.name():
                total += one.memory_full_info().pss
    return total


class Memory:
    """Samples what a tree of processes holds, in a thread of its own; `peak_mb` is the largest sum seen."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    @property
    def peak_mb(self) -> float:
        return self._peak / 1e6

    def _sample(self) -> None:
        while not self._stopping.is_set():
            self._peak = max(self._peak, memory_bytes(self._pid))
            self._stopping.wait(SAMPLE_SECONDS)


def ended(command: Sequence[str], *, extra: Mapping[str, str] | None = None, seconds_max: float = 3600) -> Ended:
    """Run a command to its end. Raises Failed if it takes longer than `seconds_max`."""
    began, cpu_before = time.perf_counter(), children_cpu_seconds()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment(extra)
    )
    with Memory(process.pid) as memory:
        try:
            said, _ = process.communicate(timeout=seconds_max)
        except subprocess.TimeoutExpired:
            kill_tree(process)
            raise Failed(f"{' '.join(command)}: not ended after {seconds_max:.0f} s") from None
        seconds = time.perf_counter() - began
    return Ended(process.returncode, said, seconds, children_cpu_seconds() - cpu_before, memory.peak_mb)


def children_cpu_seconds() -> float:
    """Return the CPU of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def require(outcome: Ended, what: str) -> Ended:
    """Return `outcome`. Raises Failed unless it ended with 0."""
    if outcome.code != 0:
        raise Failed(f"{what} ended with {outcome.code}: {outcome.said[-2000:]}")
    return outcome


@contextmanager
def announced(
    command: Sequence[str], extra: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield a server and the address that it says, once, when it is ready: `… at http://…`. Stop it then."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(extra)
    )
    assert process.stderr is not None
    try:
        said = ""
        while " at http://" not in (line := process.stderr.readline()):
            said += line
            if not line:
                raise Failed(f"{' '.join(command)} did not start: {said[-2000:]}")
        # Nobody may be held up for want of a reader.
        threading.Thread(target=_drain, args=[process], daemon=True).start()
        yield process, line.partition(" at ")[2].split()[0]
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            kill_tree(process)


def _drain(process: "subprocess.Popen[str]") -> None:
    assert process.stderr is not None
    with suppress(ValueError):
        for _ in process.stderr:
            pass
