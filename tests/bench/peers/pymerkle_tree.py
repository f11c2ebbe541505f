"""The tree of pymerkle: append the lines of a file in batches, and prove each leaf of a batch.

    python pymerkle_tree.py FILE FIRST COUNT BATCH   prints leaves appended and proved in a second, in memory

Run by a Python that has pymerkle (GPL-3.0), never by that of the project.
"""

import sys
import time
from itertools import islice

from pymerkle import InmemoryTree  # type: ignore[import-not-found, unused-ignore]


def main(path: str, first: int, count: int, batch: int) -> float:
    """Return leaves per second."""
    with open(path, "rb") as file:
        records = [line[:-1] for line in islice(file, first, first + count)]
    tree = InmemoryTree(algorithm="sha256")
    began = time.perf_counter()
    for start in range(0, len(records), batch):
        for record in records[start : start + batch]:
            tree.append_entry(record)
        size = tree.get_size()
        for index in range(start, size):
            tree.prove_inclusion(index + 1, size)
    return len(records) / (time.perf_counter() - began)


if __name__ == "__main__":
    print(main(sys.argv[1], *map(int, sys.argv[2:5])))
