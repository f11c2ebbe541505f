"""What a profile says, as tables: which functions the time of each thread went to.

py-spy (installed by hand) takes the profile, and this reads it:

    py-spy record --pid PID --threads --subprocesses --format raw --output FILE
    python -m tests.bench.profiled FILE
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

THREAD_MIN: Final = 0.04
"""Threads with a smaller share of all samples are left out."""

SHOWN_MIN: Final = 0.06
OWN_MIN: Final = 0.03
"""Functions with smaller shares of their thread are left out; those of libraries if little is their own."""

PLUMBING_MIN: Final = 0.97
"""Functions with a larger share only lead to the others."""

_FRAME: Final = re.compile(r"(?P<function>.+) \((?P<file>[^()]+?)(?::\d+)?\)")
_THREAD: Final = re.compile(r"thread \([^)]*\): (?P<name>.+)")
_WORKER: Final = "(multiprocessing/spawn.py)"
_OURS: Final = ("(ledger/", "(projections/", "(api/")


@dataclass
class Thread:
    """Samples of one thread: all of them, and by function those with it at the top and those with it anywhere."""

    samples: int = 0
    own: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)

    def take(self, functions: Sequence[str], samples: int) -> None:
        self.samples += samples
        self.own[functions[-1]] += samples
        self.reached.update(dict.fromkeys(functions, samples))

    def rows(self) -> Iterator[tuple[str, float, float]]:
        """Yield functions with the shares of the thread's samples that reached them and that were their own."""
        for function, reached in self.reached.most_common():
            shares = reached / self.samples, self.own[function] / self.samples
            is_way = shares[0] >= SHOWN_MIN and any(one in function for one in _OURS) and "<locals>" not in function
            if shares[0] < PLUMBING_MIN and (is_way or shares[1] >= OWN_MIN):
                yield function, *shares


def threads_of(lines: Iterable[str]) -> dict[str, Thread]:
    """Return the threads of a profile by name; those of worker processes are one. Lines: `frame;frame;frame COUNT`."""
    threads: defaultdict[str, Thread] = defaultdict(Thread)
    for line in lines:
        stack, _, samples = line.rstrip("\n").rpartition(" ")
        frames = stack.split(";")
        names = [found["name"] for frame in frames if (found := _THREAD.fullmatch(frame)) is not None]
        functions = [f"{found['function']} ({found['file']})" for one in frames if (found := _FRAME.fullmatch(one))]
        if functions:
            is_worker = any(_WORKER in function for function in functions)
            threads["worker" if is_worker else names[0] if names else "all"].take(functions, int(samples))
    return dict(threads)


def tables(threads: dict[str, Thread]) -> str:
    """Return a table for each thread, the busiest first."""
    total = sum(thread.samples for thread in threads.values())
    parts = []
    for name, thread in sorted(threads.items(), key=lambda item: -item[1].samples):
        if thread.samples < THREAD_MIN * total:
            continue
        parts.append(f"### {name}: {thread.samples / total:.0%} of {total:,} samples\n")
        parts.append("| function | with what it calls | itself |\n|---|---|---|")
        parts += [f"| `{function}` | {reached:.0%} | {own:.0%} |" for function, reached, own in thread.rows()]
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    with Path(sys.argv[1]).open(encoding="utf-8") as file:
        print(tables(threads_of(file)))
