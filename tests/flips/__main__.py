"""Change every bit of an export and say how each change was found: `python -m tests.flips DIR --entries 1000`.

DIR is an export; with `--entries` it is made if it is not there. `--part 2/8` does the second eighth, `--processes 2`
shares the work between two processes. What was done is kept in DIR and not done again. Ends with 1 if a change was
missed.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.flips.exports import make_export
from tests.flips.parts import Part, Tried, run


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.flips", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--entries", type=int, help="make an export of so many entries if there is none")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--part", default="1/1")
    asked = parser.parse_args(arguments)
    if asked.entries is not None and not asked.directory.exists():
        make_export(asked.directory, asked.entries)
    number, of = map(int, asked.part.split("/"))
    first = (number - 1) * asked.processes + 1
    parts = [Part(asked.directory, one, of * asked.processes) for one in range(first, first + asked.processes)]
    began = time.monotonic()
    if len(parts) == 1:
        done = run(parts[0], partial(said, "", began))
    else:
        with ProcessPoolExecutor(len(parts)) as processes:
            done = [one for part in processes.map(partial(run_one, began), parts) for one in part]
    return report(done)


def run_one(began: float, part: Part) -> list[Tried]:
    """Do one part in a process of its own."""
    return run(part, partial(said, f"part {part.number}/{part.of}, ", began))


def said(where: str, began: float, text: str) -> None:
    print(f"{time.monotonic() - began:7.0f} s  {where}{text}", flush=True)


def report(done: list[Tried]) -> int:
    """Print what was found by which lie; return 1 if anything was missed."""
    lies: Counter[str] = Counter()
    for one in done:
        lies.update(one.lies)
    for lie, count in lies.most_common():
        print(f"{count:12,}  {lie}")
    flips, missed = sum(one.flips for one in done), sum(len(one.missed) for one in done)
    print(f"{flips:12,}  flips of {len(done)} entries and checkpoints, {missed} missed")
    for one in done:
        for bit in one.missed:
            print(f"MISSED  bit {bit % 8} of byte {bit // 8} of entry {one.entry}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
